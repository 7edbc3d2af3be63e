"""What happened in each call, in order: for the console, for a call that is resumed, for the summary a person gets.

Writing is a few appends in memory: it happens in the middle of every turn. What is written is also lined up for the
store, where history.py brings it in batches. Entries are plain JSON values. Words of a caller are in them, so this is
not a log and never goes to one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_CALLS = 2_000
MOST_ENTRIES = 1_500
FOLLOWER_QUEUE = 2_000
MOST_PENDING = 50_000
"""Entries that wait for a store that does not answer; the oldest are lost then, and counted."""


@dataclass(slots=True)
class CallRecord:
    call_sid: str
    line: str
    started: float
    """Wall-clock seconds."""
    entries: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry on its way to the store. `wall` is UNIX seconds, `at` the call's monotonic ones."""

    record: CallRecord
    wall: float
    at: float
    kind: str
    values: dict[str, Any]


class Journal:
    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.pending: deque[Pending] = deque()
        self.lost = 0
        self._calls: OrderedDict[str, CallRecord] = OrderedDict()
        self._followers: dict[asyncio.Queue[dict[str, Any]], str | None] = {}

    def open(self, call_sid: str, line: str, *, wall: float) -> CallRecord:
        """The record of a call; the one that exists already if it is resumed."""
        record = self._calls.get(call_sid)
        if record is None:
            record = self._calls[call_sid] = CallRecord(call_sid, line, wall)
            while len(self._calls) > MOST_CALLS:
                oldest = next((sid for sid, call in self._calls.items() if call.ended), next(iter(self._calls)))
                del self._calls[oldest]
        return record

    def write(self, record: CallRecord, kind: str, at: float, **values: Any) -> None:
        """A decision-level fact. `at` is monotonic seconds; followers get it at once."""
        entry = {"call": record.call_sid, "kind": kind, "at": round(at, 3), **values}
        if len(record.entries) < MOST_ENTRIES:
            record.entries.append(entry)
        if len(self.pending) >= MOST_PENDING:
            self.pending.popleft()
            self.lost += 1
        self.pending.append(Pending(record, self._wall(), at, kind, values))
        if self._followers:
            self._tell(entry)

    def glimpse(self, record: CallRecord, kind: str, at: float, **values: Any) -> None:
        """Something worth seeing live and not worth keeping: partial prompts, single tokens."""
        if self._followers:
            self._tell({"call": record.call_sid, "kind": kind, "at": round(at, 3), **values})

    def _tell(self, entry: dict[str, Any]) -> None:
        for queue, wanted in self._followers.items():
            if wanted is None or wanted == entry["call"]:
                with contextlib.suppress(asyncio.QueueFull):  # a follower that does not read misses, calls never wait
                    queue.put_nowait(entry)

    def get(self, call_sid: str) -> CallRecord | None:
        return self._calls.get(call_sid)

    def calls(self) -> list[CallRecord]:
        return list(self._calls.values())

    @contextlib.contextmanager
    def follow(self, call_sid: str | None = None) -> Iterator[asyncio.Queue[dict[str, Any]]]:
        """Entries from now on, of one call or of all."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(FOLLOWER_QUEUE)
        self._followers[queue] = call_sid
        try:
            yield queue
        finally:
            del self._followers[queue]
