"""Work that has to happen even if this process does not live to do it: asked for in the store, carried out elsewhere.

Asking is one row, written in the transaction of whatever makes the work necessary (`want`), so there is no moment in
which the one exists without the other. The worker process (worker.py) hands each row over to the durable engine under
the job's key and removes it; handed over twice it is still one job. A process that holds calls never meets the engine.

Keys are chosen by whoever asks, and are unique over all jobs: `settle:CA1:ab12`, `page:CA1:gas`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Column, Connection, Float, Integer, String, Table, Text, delete, insert, select

from voice_agent.store import Store, metadata

MOST_KEY = 200
MOST_MESSAGE_BYTES = 64_000

wanted = Table(
    "wanted_jobs",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("key", String(MOST_KEY), nullable=False),
    Column("name", String(80), nullable=False),  # empty for a signal to the job of that key
    Column("data", Text, nullable=False),
    Column("due", Float, nullable=False),
    sqlite_autoincrement=True,
    info={"impersonal": "jobs are told ids of rows, never what people said"},
)


class Jobs(Protocol):
    """What the rest of the server may ask of durable work. StoreUnavailable means: not asked, say so."""

    async def start(self, name: str, key: str, arguments: Mapping[str, Any], *, delay: float = 0.0) -> None:
        """Have job `name` done with these arguments (JSON), `delay` seconds from now. The same key changes nothing."""
        ...

    async def signal(self, key: str, message: Mapping[str, Any]) -> None:
        """Wake the job of that key, if it waits for something or ever will. A job that is unknown or over: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row: a job to begin, or, without a name, a message to the job of that key."""

    seq: int
    key: str
    name: str
    data: Mapping[str, Any]
    due: float
    """UNIX seconds."""


class Outbox:
    """`Jobs` on the store."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    async def start(self, name: str, key: str, arguments: Mapping[str, Any], *, delay: float = 0.0) -> None:
        await self._store.run(lambda connection: want(connection, name, key, arguments, due=self._now() + delay))

    async def signal(self, key: str, message: Mapping[str, Any]) -> None:
        await self._store.run(lambda connection: want(connection, "", key, message, due=self._now()))

    def waiting(self, most: int = 100) -> list[Wanted]:
        """The rows that nobody has taken yet, oldest first; on the calling thread."""

        def read(connection: Connection) -> list[Wanted]:
            rows = connection.execute(select(wanted).order_by(wanted.c.seq).limit(most))
            return [Wanted(row.seq, row.key, row.name, json.loads(row.data), row.due) for row in rows]

        return self._store.look_now(read)

    def taken(self, rows: Sequence[Wanted]) -> None:
        """They are the engine's now; on the calling thread."""
        seqs = [row.seq for row in rows]
        self._store.now(lambda connection: connection.execute(delete(wanted).where(wanted.c.seq.in_(seqs))))


def want(connection: Connection, name: str, key: str, data: Mapping[str, Any], *, due: float) -> None:
    """Ask within a transaction that does more: job and reason are committed together or not at all."""
    if not 0 < len(key) <= MOST_KEY:
        raise ValueError(f"a job's key has 1 to {MOST_KEY} characters")
    text = json.dumps(data, ensure_ascii=False)
    if len(text) > MOST_MESSAGE_BYTES:
        raise ValueError("what a job is told is too long; let it read the store")
    connection.execute(insert(wanted).values(key=key, name=name, data=text, due=due))
