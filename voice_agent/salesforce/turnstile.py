"""One writer at a time below a parent record, within this process; the org would refuse the second with a lock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Turnstiles:
    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def through(self, keys: Iterable[str]) -> AsyncIterator[None]:
        """Held for all of `keys` at once; taken in one order by everybody, so nobody waits in a ring."""
        async with AsyncExitStack() as held:
            for key in sorted(set(keys)):
                lock = self._locks.get(key)
                if lock is None:
                    lock = self._locks[key] = asyncio.Lock()
                await held.enter_async_context(lock)
            yield
