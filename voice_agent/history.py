"""The journal, kept: what happened in calls, written to the store in batches and readable by every process.

Nobody who speaks to a caller waits for this. What a killed process had not written yet is lost: two tenths of a second
of entries, less than one utterance. While the store is away entries line up in memory, up to a bound.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from voice_agent.errors import StoreUnavailable
from voice_agent.journal import Journal, Pending
from voice_agent.store import Store, add_missing, metadata

BATCH = 1_000
BATCH_SECONDS = 0.2
AWAY_SECONDS = 2.0

entries = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("wall", Float, nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", Text, nullable=False),
    info={"by": ("call_sid",), "written": "wall"},
    sqlite_autoincrement=True,
)

calls = Table(
    "calls",
    metadata,
    Column("call_sid", String(64), primary_key=True),
    Column("line", String(80), nullable=False),
    Column("started", Float, nullable=False, index=True),
    Column("last", Float, nullable=False),
    Column("ended", Float),
    Column("outcome", String(80)),
    Column("number", String(40)),
    Column("attestation", String(60)),
    Column("lang", String(5)),
    Column("hazard", String(40)),
    Column("handed_off", String(80)),
    Column("sockets", Integer, nullable=False, default=0),
    info={"by": ("call_sid", "number"), "written": "started"},
)

_ADD = insert(entries)
_LAST = update(calls).where(calls.c.call_sid == bindparam("sid")).values(last=bindparam("wall"))

log = logging.getLogger(__name__)

Also = Callable[[Connection, Sequence[Pending]], None]
"""What is to be durable with a batch, or not at all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal. `wall` is UNIX seconds, `at` monotonic ones of the process that held the call."""

    seq: int
    call_sid: str
    wall: float
    at: float
    kind: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as a whole. Times are UNIX seconds; `ended` is None while it goes on, or if nobody saw its end."""

    call_sid: str
    line: str
    started: float
    last: float
    """When something last happened in it."""
    ended: float | None
    outcome: str | None
    """Why it ended: hangup, ended, lost, or the carrier's word."""
    caller: str
    attestation: str
    lang: str
    hazard: str | None
    handed_off: str | None
    sockets: int


class History:
    """`since`, `calls`, `call` and `entries` only read. StoreUnavailable when the store does not answer."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time, also: Sequence[Also] = ()) -> None:
        self._store = store
        self._now = now
        self._also = also

    # -- writing ---------------------------------------------------------------------------------------------------

    async def keep(self, journal: Journal) -> None:
        """Bring what the journal lines up into the store, for as long as the process lives."""
        while True:
            await asyncio.sleep(BATCH_SECONDS)
            try:
                while journal.pending:
                    await self.flush(journal)
            except StoreUnavailable:
                log.error("the journal waits for the store", extra={"entries": len(journal.pending)})
                await asyncio.sleep(AWAY_SECONDS)

    async def flush(self, journal: Journal) -> None:
        """One batch. What fails stays lined up: an entry may then be written twice, never not at all."""
        batch = [journal.pending.popleft() for _ in range(min(BATCH, len(journal.pending)))]
        if not batch:
            return
        try:
            await self._store.run(lambda connection: self._keep(connection, batch))
        except BaseException:
            journal.pending.extendleft(reversed(batch))
            raise

    def _keep(self, connection: Connection, batch: Sequence[Pending]) -> None:
        _write(connection, batch)
        for more in self._also:
            more(connection, batch)

    # -- reading ---------------------------------------------------------------------------------------------------

    async def since(self, seq: int, limit: int = 1_000) -> list[Entry]:
        """Entries of all calls after `seq`, in the order they came to the store."""
        statement = select(entries).where(entries.c.seq > seq).order_by(entries.c.seq).limit(limit)
        return await self._store.look(lambda connection: [_entry(row) for row in connection.execute(statement)])

    async def last_seq(self) -> int:
        """Where `since` begins for somebody who wants only what is new."""
        statement = select(entries.c.seq).order_by(entries.c.seq.desc()).limit(1)
        return await self._store.look(lambda connection: int(connection.execute(statement).scalar() or 0))

    async def entries(self, call_sid: str) -> list[Entry]:
        statement = select(entries).where(entries.c.call_sid == call_sid).order_by(entries.c.seq)
        return await self._store.look(lambda connection: [_entry(row) for row in connection.execute(statement)])

    async def call(self, call_sid: str) -> PastCall | None:
        statement = select(calls).where(calls.c.call_sid == call_sid)

        def read(connection: Connection) -> PastCall | None:
            row = connection.execute(statement).first()
            return None if row is None else _call(row)

        return await self._store.look(read)

    async def calls(
        self,
        *,
        live: bool | None = None,
        before: float | None = None,
        caller: str = "",
        outcome: str = "",
        limit: int = 100,
    ) -> list[PastCall]:
        """The newest first. `before` is a start in UNIX seconds, `caller` the end of a number, `outcome` also the
        reason of a hand-off."""
        wanted = [
            *([calls.c.ended.is_(None)] if live else []),
            *([calls.c.ended.is_not(None)] if live is False else []),
            *([calls.c.started < before] if before is not None else []),
            *([calls.c.number.endswith(caller, autoescape=True)] if caller else []),
            *([or_(calls.c.outcome == outcome, calls.c.handed_off == outcome)] if outcome else []),
        ]
        statement = select(calls).where(and_(True, *wanted)).order_by(calls.c.started.desc()).limit(limit)
        return await self._store.look(lambda connection: [_call(row) for row in connection.execute(statement)])


def _write(connection: Connection, batch: Sequence[Pending]) -> None:
    """Few statements for many entries: two hundred calls speak at once, and each of them goes on meanwhile."""
    connection.execute(
        _ADD,
        [
            {
                "call_sid": one.record.call_sid,
                "wall": one.wall,
                "at": one.at,
                "kind": one.kind,
                "data": orjson.dumps(one.values, default=str, option=orjson.OPT_NON_STR_KEYS).decode(),
            }
            for one in batch
        ],
    )
    seen: dict[str, dict[str, Any]] = {}
    for one in batch:
        record = one.record
        row = {"call_sid": record.call_sid, "line": record.line, "started": record.started, "sockets": 0}
        seen.setdefault(record.call_sid, row)["last"] = one.wall
    add_missing(connection, calls, list(seen.values()))
    connection.execute(_LAST, [{"sid": call_sid, "wall": row["last"]} for call_sid, row in seen.items()])
    for one in batch:
        if changed := _of_the_call(one):
            connection.execute(update(calls).where(calls.c.call_sid == one.record.call_sid).values(**changed))


def _of_the_call(one: Pending) -> dict[str, Any]:
    """What an entry changes in the row of its call."""
    match one.kind:
        case "language":
            return {"lang": one.values.get("lang")}
        case "caller" if one.values.get("turn", 1) == 1:
            return {"lang": one.values.get("lang")}
        case "emergency":
            return {"hazard": one.values.get("hazard")}
        case "hand_off" | "handed_off":
            return {"handed_off": one.values.get("reason")}
        case "call_started" | "call_resumed":
            number, attestation = one.values.get("caller"), one.values.get("attestation")
            return {"number": number, "attestation": attestation, "sockets": calls.c.sockets + 1}
        case "call_ended":
            return {"ended": one.wall, "outcome": one.values.get("reason")}
    return {}


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.seq, row.call_sid, row.wall, row.at, row.kind, orjson.loads(row.data))


def _call(row: Row[Any]) -> PastCall:
    return PastCall(
        call_sid=row.call_sid,
        line=row.line,
        started=row.started,
        last=row.last,
        ended=row.ended,
        outcome=row.outcome,
        caller=row.number or "",
        attestation=row.attestation or "",
        lang=row.lang or "",
        hazard=row.hazard,
        handed_off=row.handed_off,
        sockets=row.sockets,
    )
