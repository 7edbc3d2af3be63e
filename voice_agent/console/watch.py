"""Keeps every live call folded while somebody watches, for all the open pages of this process together.

Pages ask `since(version)` a few times a second; nothing is pushed to them, so a hundred changes between two looks cost
one, and a slow browser holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from voice_agent.console.entries import Entry
from voice_agent.console.folding import CallView, fold
from voice_agent.console.sources import Source
from voice_agent.errors import StoreUnavailable

LINGER_SECONDS = 20.0
"""How long watching goes on after the last page was closed: a reload begins with what is known."""
KEEP_ENDED_SECONDS = 8.0
"""A call that is over stays on the page this long, so that one sees how it ended."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    source: Source
    wall: Callable[[], float] = time.time
    calls: dict[str, CallView] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    """Call -> the watch's version when it last changed."""
    version: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: str = ""
    _watchers: int = 0
    _task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While one of these is open the calls are kept up to date; it begins once they are known."""
        self._watchers += 1
        if self._task is None or self._task.done():
            self.ready.clear()
            self._task = asyncio.create_task(self._run())
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3.0):
                    await self.ready.wait()
            yield
        finally:
            self._watchers -= 1

    def live(self) -> list[CallView]:
        """Emergencies first, then those who want a person, then the newest."""
        return sorted(self.calls.values(), key=rank)

    def since(self, version: int) -> list[CallView]:
        return [self.calls[sid] for sid, at in self.changed.items() if at > version and sid in self.calls]

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        idle_since: float | None = None
        while True:
            try:
                async with self.source.news() as news:
                    self._load([fold(kept) for kept in await self.source.live()])
                    self.trouble = ""
                    self.ready.set()
                    while True:
                        try:
                            async with asyncio.timeout(1.0):
                                self._take(await news.get())
                            while not news.empty():
                                self._take(news.get_nowait())
                        except TimeoutError:
                            pass
                        self._forget()
                        now = self.wall()
                        idle_since = None if self._watchers else idle_since or now
                        if idle_since is not None and now - idle_since > LINGER_SECONDS:
                            return
            except StoreUnavailable as error:
                self.trouble = "The database does not answer; what is shown may be old."
                log.warning("the console cannot read the journal", extra={"why": str(error)})
                self.ready.set()
                await asyncio.sleep(1.0)

    def _load(self, views: list[CallView]) -> None:
        self.calls = {view.call_sid: view for view in views}
        self.version += 1
        self.changed = dict.fromkeys(self.calls, self.version)

    def _take(self, entry: Entry) -> None:
        if isinstance(error := entry.data.get("error"), StoreUnavailable):
            raise error
        view = self.calls.get(entry.call_sid)
        if view is None:
            if entry.kind != "call_started":
                return
            view = self.calls[entry.call_sid] = CallView(entry.call_sid, started=entry.wall)
        view.take(entry)
        self.version += 1
        self.changed[entry.call_sid] = self.version

    def _forget(self) -> None:
        limit = self.wall() - KEEP_ENDED_SECONDS
        for sid in [sid for sid, view in self.calls.items() if view.ended is not None and view.ended < limit]:
            del self.calls[sid]
            self.changed.pop(sid, None)
            self.version += 1


def rank(view: CallView) -> tuple[int, float]:
    urgent = 0 if view.emergency else 1 if view.state in ("leaving", "waiting") or view.handed_off else 2
    return (3 if not view.live else urgent, -view.started)
