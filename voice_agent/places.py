"""How far the org's change events have been heard, kept across restarts: what happened meanwhile is heard afterwards.

A decision that a dispatcher takes in Salesforce while no server runs would be lost otherwise.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Float, String, Table, delete, insert, select

from voice_agent.errors import StoreUnavailable
from voice_agent.store import Store, metadata

table = Table(
    "change_places",
    metadata,
    Column("channel", String(200), primary_key=True),
    Column("replay_id", BigInteger, nullable=False),
    Column("stored", Float, nullable=False),
    info={"impersonal": "positions in channels of the org"},
)

log = logging.getLogger(__name__)


class PlacesInStore:
    """`salesforce.streaming.Places` on the store. Without it listening goes on; after a restart anew."""

    def __init__(self, store: Store, *, wall: Callable[[], float] = time.time) -> None:
        self._store = store
        self._wall = wall

    async def load(self, channel: str) -> tuple[int, datetime] | None:
        try:
            row = await self._store.look(
                lambda connection: connection.execute(select(table).where(table.c.channel == channel)).first()
            )
        except StoreUnavailable as error:
            log.warning("where listening stopped is not known", extra={"why": str(error)})
            return None
        return None if row is None else (row.replay_id, datetime.fromtimestamp(row.stored, UTC))

    async def store(self, channel: str, replay_id: int) -> None:
        row = {"channel": channel, "replay_id": replay_id, "stored": self._wall()}
        try:
            await self._store.run(
                lambda connection: (
                    connection.execute(delete(table).where(table.c.channel == channel))
                    and connection.execute(insert(table).values(**row))
                    and None
                )
            )
        except StoreUnavailable as error:
            log.warning("where listening is could not be kept", extra={"why": str(error)})
