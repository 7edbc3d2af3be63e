"""Counts with a ceiling that hold across calls, processes and restarts: "at most five of this within the hour".

Proofs and texts are rationed by them. What is counted is known here by a keyed digest only, so the table tells nobody
whose number it was.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Float, Index, String, Table, delete, func, insert, select, text

from voice_agent.store import Store, metadata

KEPT_SECONDS = 26 * 3600.0
"""Older entries count for no limit there is."""

tallies = Table(
    "tallies",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("what", String(64), primary_key=True),
    Column("at", Float, nullable=False),
    info={"impersonal": "whom it counts is known by a keyed digest only"},
)
Index("tallies_what_at", tallies.c.what, tallies.c.at)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of `name` for `of` within `seconds`; `of` may be a number or an id and is kept as a digest."""

    name: str
    of: str
    most: int
    seconds: float


class Tallies:
    """`secret` keys the digests. `wall` is UNIX seconds: processes share the count."""

    def __init__(self, store: Store, secret: str, *, wall: Callable[[], float] = time.time) -> None:
        self._store = store
        self._secret = secret.encode()
        self._wall = wall

    async def take(self, key: str, limits: Sequence[Limit]) -> Limit | None:
        """Count one under every limit, or under none: then the limit that stands in the way. The same key counts once.

        StoreUnavailable when it cannot be counted: what is rationed must then not be given out.
        """
        return await self._store.run(lambda connection: self.take_in(connection, key, limits))

    async def give_back(self, key: str) -> None:
        """What was counted under `key` did not happen."""
        await self._store.run(lambda connection: connection.execute(delete(tallies).where(tallies.c.key == key)))

    async def count(self, limit: Limit) -> int:
        """How many stand under a limit now."""
        return await self._store.run(lambda connection: self._count(connection, limit, self._wall()))

    def take_in(self, connection: Connection, key: str, limits: Sequence[Limit]) -> Limit | None:
        """`take` within a transaction that does more."""
        now = self._wall()
        if connection.dialect.name == "postgresql":  # SQLite's transactions begin as the only writer
            connection.execute(text("SELECT pg_advisory_xact_lock(7341202)"))
        if connection.execute(select(tallies.c.key).where(tallies.c.key == key).limit(1)).first() is not None:
            return None
        for limit in limits:
            if self._count(connection, limit, now) >= limit.most:
                return limit
        for limit in limits:
            connection.execute(insert(tallies).values(key=key, what=self._digest(limit), at=now))
        connection.execute(delete(tallies).where(tallies.c.at < now - KEPT_SECONDS))
        return None

    def _count(self, connection: Connection, limit: Limit, now: float) -> int:
        since = (tallies.c.what == self._digest(limit)) & (tallies.c.at > now - limit.seconds)
        return int(connection.execute(select(func.count()).select_from(tallies).where(since)).scalar_one())

    def _digest(self, limit: Limit) -> str:
        return hmac.new(self._secret, f"{limit.name}|{limit.of}".encode(), hashlib.sha256).hexdigest()
