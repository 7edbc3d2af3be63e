"""Frames on their way to the caller: the first word leaves at once, what queues up behind a send leaves together.

A model's run sends its own words between two chunks of its stream; one writer sends what anything else puts in. Whoever
finds a send under way leaves the rest to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from voice_agent.call.actions import Say
from voice_agent.surroundings import Socket
from voice_agent.twilio import relay

SEND_SECONDS = 5.0
CLOSE_SECONDS = 5.0
"""Twilio closes about 90 ms after `end`; if it does not, we do."""

log = logging.getLogger(__name__)


class Outbox:
    """Of one call, over all its sockets. `stuck` is called when the other side has taken nothing for five seconds."""

    def __init__(self, stuck: Callable[[], None]) -> None:
        self._stuck = stuck
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Say | str] = deque()
        self._wake = asyncio.Event()
        self._socket: Socket
        self._sending_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.attached = False
        self.leaving = False
        """The last frame is in it: the socket is closed behind that."""

    def attach(self, socket: Socket) -> None:
        """What the socket before did not take is no longer wanted."""
        self._socket, self.attached, self.leaving = socket, True, False
        self._waiting.clear()

    def put(self, what: Say | str) -> None:
        self._waiting.append(what)

    def wake(self) -> None:
        """Have the writer send what waits."""
        if self._waiting:
            self._wake.set()

    async def write(self) -> None:
        """The writer of the present socket: until it is cancelled, or has closed behind the last frame."""
        while True:
            self._wake.clear()
            await self.flush()
            if self.leaving:
                await asyncio.sleep(CLOSE_SECONDS)
                await self._socket.close()
                return
            await self._wake.wait()

    async def flush(self) -> None:
        """Send what waits; whoever finds a send under way leaves the rest to it."""
        if self._sending_since is not None or not self.attached:
            return
        self._sending_since = self._loop.time()
        if self._watch is None:
            self._watch = self._loop.call_later(SEND_SECONDS, self._look)
        try:
            while self._waiting:
                await self._socket.send(self._gathered())
        finally:
            self._sending_since = None

    def _look(self) -> None:
        """The other side takes nothing for five seconds: the socket is given up, the call is not."""
        self._watch = None
        if self._sending_since is None or not self.attached:
            return
        left = self._sending_since + SEND_SECONDS - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._look)
        else:
            self._stuck()

    def _gathered(self) -> str:
        """The next frame; words of one reply that have queued up behind each other become one."""
        first = self._waiting.popleft()
        if isinstance(first, str):
            return first
        token, last = first.text, first.last
        while self._waiting and not last:
            after = self._waiting[0]
            if isinstance(after, str) or after.turn != first.turn or after.interruptible is not first.interruptible:
                break
            if after.last and len(self._waiting) == 1 and not after.text and self.attached:
                break  # the closing frame is its own: an empty last ends the cycle whatever came before
            self._waiting.popleft()
            token, last = token + after.text, after.last
        return relay.text(token, last=last, interruptible=first.interruptible, preemptible=first.preemptible)
