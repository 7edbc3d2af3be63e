"""Where the console reads what happens in calls: the journal in the store, which all processes write to.

Only what is seen live and not kept (half a sentence, a token) comes from this process's own memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Row, and_, or_, select

from voice_agent.console.entries import Entry, Kept
from voice_agent.history import History
from voice_agent.history import calls as call_rows
from voice_agent.history import entries as entry_rows
from voice_agent.journal import Journal
from voice_agent.store import Store

LOOK_SECONDS = 0.2
GAP_SECONDS = 5.0
"""How long a number that is missing among the newest may still come: its transaction began before and ends later."""
FORGOTTEN_SECONDS = 1800.0
"""A call of which nothing was heard for so long, and no end, went with the process that held it."""
CHUNK = 200
MOST_LIVE = 2_000
MOST_FOUND = 5_000
GLIMPSES = frozenset({"partial", "token", "caller_speaking"})
SPOKEN_OR_SHOWN = ("caller", "agent", "tool", "tool_result", "proposed", "identified", "write", "whisper")
"""Kinds of entries that a search looks into."""


class Source(Protocol):
    async def live(self) -> list[Kept]:
        """Calls that are not over, with all that was noted so far."""
        ...

    async def call(self, call_sid: str) -> Kept | None: ...

    async def calls(self, call_sids: Sequence[str]) -> list[Kept]: ...

    async def ended_since(self, wall: float) -> list[str]:
        """CallSids of calls that began at `wall` (UNIX seconds) or later and are over."""
        ...

    async def mentioning(self, text: str, since: float) -> frozenset[str]:
        """CallSids of calls since `since` in whose entries the text occurs: a record's number, a word that was said."""
        ...

    def news(self) -> AbstractAsyncContextManager[asyncio.Queue[Entry]]:
        """Entries from now on, of every call; also what is seen live only. `live` is read after it was opened: what
        both give is told apart by its number."""
        ...


class StoredJournal:
    def __init__(self, store: Store, history: History, journal: Journal) -> None:
        self._store = store
        self._history = history
        self._journal = journal

    async def live(self) -> list[Kept]:
        recently = time.time() - FORGOTTEN_SECONDS
        wanted = (
            select(call_rows.c.call_sid)
            .where(call_rows.c.ended.is_(None), call_rows.c.last > recently)
            .order_by(call_rows.c.started.desc())
            .limit(MOST_LIVE)
        )
        return await self.calls(await self._store.look(lambda c: list(c.execute(wanted).scalars())))

    async def call(self, call_sid: str) -> Kept | None:
        found = await self.calls([call_sid])
        return found[0] if found else None

    async def calls(self, call_sids: Sequence[str]) -> list[Kept]:
        found: list[Kept] = []
        for start in range(0, len(call_sids), CHUNK):
            chunk = list(call_sids[start : start + CHUNK])
            found += await self._store.look(lambda c, chunk=chunk: _read(c, chunk))  # type: ignore[misc]
        return found

    async def ended_since(self, wall: float) -> list[str]:
        over = or_(call_rows.c.ended.is_not(None), call_rows.c.last < time.time() - FORGOTTEN_SECONDS)
        wanted = select(call_rows.c.call_sid).where(call_rows.c.started >= wall, over)
        return await self._store.look(lambda c: list(c.execute(wanted).scalars()))

    async def mentioning(self, text: str, since: float) -> frozenset[str]:
        wanted = (
            select(entry_rows.c.call_sid)
            .where(
                and_(
                    entry_rows.c.wall >= since,
                    entry_rows.c.kind.in_(SPOKEN_OR_SHOWN),
                    entry_rows.c.data.icontains(text, autoescape=True),
                )
            )
            .distinct()
            .limit(MOST_FOUND)
        )
        return await self._store.look(lambda c: frozenset(c.execute(wanted).scalars()))

    @contextlib.asynccontextmanager
    async def news(self) -> AsyncIterator[asyncio.Queue[Entry]]:
        queue: asyncio.Queue[Entry] = asyncio.Queue()
        begins = await self._history.last_seq()
        following = asyncio.create_task(self._follow(queue, begins))
        glimpsing = asyncio.create_task(self._glimpse(queue))

        def failed(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                queue.put_nowait(Entry("", "trouble", 0.0, {"error": error}))

        following.add_done_callback(failed)
        try:
            yield queue
        finally:
            following.cancel()
            glimpsing.cancel()

    async def _follow(self, queue: asyncio.Queue[Entry], last: int) -> None:
        """Numbers may become visible out of order where several transactions write at once: gaps are asked for
        again, for a while."""
        gaps: dict[int, float] = {}
        while True:
            rows = await self._store.look(lambda c: _new(c, last, list(gaps)))  # noqa: B023
            now = time.monotonic()
            for row in rows:
                if row.seq > last:
                    gaps |= dict.fromkeys(range(last + 1, row.seq), now) if row.seq - last < CHUNK else {}
                    last = row.seq
                else:
                    gaps.pop(row.seq, None)
                queue.put_nowait(_entry(row))
            gaps = {seq: since for seq, since in gaps.items() if now - since < GAP_SECONDS}
            await asyncio.sleep(LOOK_SECONDS)

    async def _glimpse(self, queue: asyncio.Queue[Entry]) -> None:
        with self._journal.follow() as entries:
            while True:
                entry = await entries.get()
                if entry["kind"] in GLIMPSES:
                    data = {name: value for name, value in entry.items() if name not in ("call", "kind", "at")}
                    queue.put_nowait(Entry(entry["call"], entry["kind"], time.time(), data))


def _new(connection: Connection, last: int, gaps: Sequence[int]) -> Sequence[Row[Any]]:
    wanted = entry_rows.c.seq > last
    if gaps:
        wanted = or_(wanted, entry_rows.c.seq.in_(gaps))
    return connection.execute(select(entry_rows).where(wanted).order_by(entry_rows.c.seq).limit(2_000)).all()


def _read(connection: Connection, call_sids: Sequence[str]) -> list[Kept]:
    heads = connection.execute(select(call_rows).where(call_rows.c.call_sid.in_(call_sids))).all()
    entries: dict[str, list[Entry]] = {}
    rows = select(entry_rows).where(entry_rows.c.call_sid.in_(call_sids)).order_by(entry_rows.c.seq)
    for row in connection.execute(rows):
        entries.setdefault(row.call_sid, []).append(_entry(row))
    return [Kept(head.call_sid, head.line, head.started, tuple(entries.get(head.call_sid, ()))) for head in heads]


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.call_sid, row.kind, row.wall, orjson.loads(row.data), row.seq)
