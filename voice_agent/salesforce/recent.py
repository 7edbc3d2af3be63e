"""Answers worth keeping for the length of a few sentences: until they are old, or anything was written since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """`writes` tells how much this process has written; what was read before the last write is not trusted."""

    def __init__(
        self, *, now: Callable[[], datetime], writes: Callable[[], int], kept_for: timedelta, most: int = 256
    ) -> None:
        self._now = now
        self._writes = writes
        self._kept_for = kept_for
        self._most = most
        self._kept: OrderedDict[str, tuple[datetime, int, T]] = OrderedDict()

    async def get(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        """The kept answer, else the one that `read` gives now."""
        at, written, value = self._kept.get(key) or (None, 0, None)
        if at is not None and value is not None and written == self._writes() and self._now() - at < self._kept_for:
            return value
        written, at = self._writes(), self._now()
        value = await read()
        self._put(key, at, written, value)
        return value

    def put(self, key: str, value: T) -> None:
        """An answer that came along with another question just now."""
        self._put(key, self._now(), self._writes(), value)

    def drop(self, stale: Callable[[str, T], bool]) -> None:
        """Forget the answers that a rule over key and answer calls stale."""
        for key in [key for key, (_, _, value) in self._kept.items() if stale(key, value)]:
            del self._kept[key]

    def _put(self, key: str, at: datetime, written: int, value: T) -> None:
        self._kept[key] = (at, written, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Changed:
    """Records that somebody changed lately, and when we heard of it; the oldest are forgotten."""

    def __init__(self, *, now: Callable[[], datetime], most: int = 5_000) -> None:
        self._now = now
        self._most = most
        self._heard: OrderedDict[str, datetime] = OrderedDict()

    def note(self, ids: Iterable[str]) -> None:
        for record in ids:
            self._heard[record] = self._now()
            self._heard.move_to_end(record)
        while len(self._heard) > self._most:
            self._heard.popitem(last=False)

    def since(self, moment: datetime, ids: Iterable[str | None]) -> bool:
        """Whether any of these records changed at that moment or later, as far as we heard."""
        return any((heard := self._heard.get(record or "")) is not None and heard >= moment for record in ids)
