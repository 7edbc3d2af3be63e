"""Which calls the page of live calls holds, over time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from voice_agent.console.entries import Entry, Kept
from voice_agent.console.watch import KEEP_ENDED_SECONDS, Watch


@dataclass
class Written:
    """A journal that a test writes."""

    queue: asyncio.Queue[Entry] = field(default_factory=asyncio.Queue)

    async def live(self) -> list[Kept]:
        return []

    async def call(self, call_sid: str) -> Kept | None:
        return None

    async def calls(self, call_sids: Sequence[str]) -> list[Kept]:
        return []

    async def ended_since(self, wall: float) -> list[str]:
        return []

    async def mentioning(self, text: str, since: float) -> frozenset[str]:
        return frozenset()

    @contextlib.asynccontextmanager
    async def news(self) -> AsyncIterator[asyncio.Queue[Entry]]:
        yield self.queue


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the watch has no event of its own
            await asyncio.sleep(0)


def test_a_call_that_is_over_is_seen_a_moment_longer_and_then_goes() -> None:
    async def run() -> None:
        now, journal = [1000.0], Written()
        watch = Watch(journal, wall=lambda: now[0])
        async with watch.watching():
            journal.queue.put_nowait(Entry("CA1", "call_started", 1000.0, {"line": "customer"}, 1))
            journal.queue.put_nowait(Entry("CA1", "call_ended", 1001.0, {"reason": "hangup"}, 2))
            await _until(lambda: any(not view.live for view in watch.live()))
            now[0] = 1001.0 + KEEP_ENDED_SECONDS
            journal.queue.put_nowait(Entry("CA2", "call_started", now[0], {"line": "customer"}, 3))
            await _until(lambda: "CA2" in watch.calls)
            assert "CA1" in watch.calls
            now[0] += 0.1
            journal.queue.put_nowait(Entry("CA2", "call_ended", now[0], {"reason": "hangup"}, 4))
            await _until(lambda: "CA1" not in watch.calls)
            assert "CA2" in watch.calls
        await watch.stop()

    asyncio.run(run())
