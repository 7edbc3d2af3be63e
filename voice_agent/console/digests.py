"""The digests of past calls, each worked out once and kept in the store: numbers look at thousands of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Column, Connection, Float, String, Table, Text, select

from voice_agent.console.digest import Digest, digest
from voice_agent.console.folding import fold
from voice_agent.console.sources import Source
from voice_agent.errors import StoreUnavailable
from voice_agent.store import Store, insert_new, metadata

CHUNK = 100
CATCH_UP_SECONDS = 20.0
DAY_SECONDS = 86_400.0
SHAPE = "1"
"""Of the JSON; digests of another shape are worked out anew."""

digests = Table(
    "call_digests",
    metadata,
    Column("call_sid", String(64), primary_key=True),
    Column("shape", String(8), primary_key=True),
    Column("number", String(40), nullable=False, index=True),
    Column("started", Float, nullable=False, index=True),
    Column("data", Text, nullable=False),
    info={"by": ("number", "call_sid"), "written": "started"},
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Digests:
    store: Store
    source: Source

    async def since(self, wall: float) -> list[Digest]:
        """Of calls that began at `wall` (UNIX seconds) or later and are over, the newest first."""
        wanted = select(digests.c.data).where(digests.c.started >= wall, digests.c.shape == SHAPE)
        known = [_parsed(text) for text in await self.store.look(lambda c: list(c.execute(wanted).scalars()))]
        have = {one.call_sid for one in known}
        missing = [sid for sid in await self.source.ended_since(wall) if sid not in have]
        for start in range(0, len(missing), CHUNK):
            made = [digest(fold(kept)) for kept in await self.source.calls(missing[start : start + CHUNK])]
            await self.store.run(lambda c, made=made: _keep(c, made))  # type: ignore[misc]
            known += made
            await asyncio.sleep(0)
        return sorted(known, key=lambda one: -one.started)

    async def catch_up(self) -> None:
        """Work through what has ended, every little while, so that nobody who opens a page waits for it."""
        while True:
            await asyncio.sleep(CATCH_UP_SECONDS)
            try:
                await self.since(time.time() - DAY_SECONDS)
            except StoreUnavailable:
                log.warning("digests of calls wait for the store")


def _keep(connection: Connection, made: Sequence[Digest]) -> None:
    for one in made:
        row = {"call_sid": one.call_sid, "shape": SHAPE, "number": one.number, "started": one.started}
        insert_new(connection, digests, {**row, "data": orjson.dumps(one.as_json()).decode()})


def _parsed(text: str) -> Digest:
    data = orjson.loads(text)
    data["writes"], data["latencies"] = tuple(data["writes"]), tuple(data["latencies"])
    return Digest(**data)
