"""Where the console reads what happens in calls. One small interface, so that pages do not care who keeps it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from voice_agent.console.entries import Entry, Kept
from voice_agent.journal import CallRecord, Journal


class Source(Protocol):
    async def live(self) -> list[Kept]:
        """Calls that are not over, with all that was noted so far."""
        ...

    async def call(self, call_sid: str) -> Kept | None: ...

    def news(self) -> AbstractAsyncContextManager[asyncio.Queue[Entry]]:
        """Entries from now on, of every call; also what is seen live only (partial words)."""
        ...


class OwnJournal:
    """The journal in this process's memory: all there is while one process holds all calls."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def live(self) -> list[Kept]:
        return [_kept(record) for record in self._journal.calls() if not record.ended]

    async def call(self, call_sid: str) -> Kept | None:
        record = self._journal.get(call_sid)
        return _kept(record) if record is not None else None

    @contextlib.asynccontextmanager
    async def news(self) -> AsyncIterator[asyncio.Queue[Entry]]:
        queue: asyncio.Queue[Entry] = asyncio.Queue()
        with self._journal.follow() as entries:

            async def pass_on() -> None:
                while True:
                    entry = await entries.get()
                    if (record := self._journal.get(entry["call"])) is not None:
                        queue.put_nowait(_entry(record, entry))

            task = asyncio.create_task(pass_on())
            try:
                yield queue
            finally:
                task.cancel()


def _kept(record: CallRecord) -> Kept:
    entries = tuple(_entry(record, entry) for entry in list(record.entries))
    return Kept(record.call_sid, record.line, record.started, entries)


def _entry(record: CallRecord, entry: Mapping[str, Any]) -> Entry:
    """The journal counts monotonic seconds; its first entry was made when the call began."""
    began = record.entries[0]["at"] if record.entries else entry["at"]
    data = {name: value for name, value in entry.items() if name not in ("call", "kind", "at")}
    return Entry(record.call_sid, str(entry["kind"]), record.started + float(entry["at"]) - float(began), data)
