"""The emulator's one clock: real, scaled or frozen time, with timers that follow every change of pace."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class Timer:
    """One pending act of a clock; `cancel` makes it never happen."""

    __slots__ = ("act", "cancelled", "due")

    def __init__(self, due: float, act: Callable[[], None]) -> None:
        self.due = due
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """Emulated seconds over the running event loop's time.

    `speed` is emulated seconds per second of the loop. Everything that happens inside the emulated network (speech,
    ringing, queue waits) is timed here; how long somebody else's server may take is real time and is not.
    Under an event loop with virtual time this same class is virtual.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = _positive(speed)
        self._frozen = False
        self._emulated = 0.0
        self._loop_time: float | None = None
        self._began: datetime | None = None
        self._timers: list[tuple[float, int, Timer]] = []
        self._serial = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def frozen(self) -> bool:
        return self._frozen

    def now(self) -> float:
        """Emulated seconds since the clock was first read."""
        loop_time = asyncio.get_running_loop().time()
        if self._loop_time is None:
            self._loop_time, self._began = loop_time, datetime.now(UTC)
        elif not self._frozen:
            self._emulated += (loop_time - self._loop_time) * self._speed
        self._loop_time = loop_time
        return self._emulated

    def utc(self) -> datetime:
        """The emulated date and time, aware, in UTC."""
        elapsed = self.now()
        assert self._began is not None  # set by the first `now`
        return self._began + timedelta(seconds=elapsed)

    def call_later(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Does `act` once, `seconds` of emulated time from now; acts due together happen in the order they were set."""
        timer = Timer(self.now() + max(0.0, seconds), act)
        heapq.heappush(self._timers, (timer.due, next(self._serial), timer))
        if self._timers[0][2] is timer:
            self._set_alarm()
        return timer

    async def sleep(self, seconds: float) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            timer.cancel()

    async def within(self, seconds: float, wanted: Coroutine[Any, Any, T]) -> T:
        """What `wanted` gives; cancels it and raises TimeoutError when `seconds` of emulated time pass first."""
        task = asyncio.ensure_future(wanted)
        timer = self.call_later(seconds, lambda: _cancel(task))
        try:
            return await task
        except asyncio.CancelledError:
            if timer.due > self.now() + 1e-6 or timer.cancelled:
                raise
            raise TimeoutError(f"nothing within {seconds:g} s") from None
        finally:
            timer.cancel()
            task.cancel()

    def run_at(self, speed: float) -> None:
        """Changes the pace from this moment on; raises ValueError unless `speed` is above zero."""
        self.now()
        self._speed = _positive(speed)
        self._set_alarm()

    def freeze(self) -> None:
        self.now()
        self._frozen = True
        self._set_alarm()

    def thaw(self) -> None:
        self.now()
        self._frozen = False
        self._set_alarm()

    async def advance(self, seconds: float) -> None:
        """Jumps ahead, letting each timer on the way act at its own moment."""
        target = self.now() + max(0.0, seconds)
        while self._timers and self._timers[0][0] <= target:
            due, _, timer = heapq.heappop(self._timers)
            self._emulated = max(self._emulated, due)
            if not timer.cancelled:
                timer.act()
                await asyncio.sleep(0)
        self._emulated = max(self._emulated, target)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if self._timers and not self._frozen:
            delay = (self._timers[0][0] - self.now()) / self._speed
            self._alarm = asyncio.get_running_loop().call_later(max(0.0, delay), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        try:
            while self._timers and self._timers[0][0] <= self.now() + 1e-6:
                timer = heapq.heappop(self._timers)[2]
                if not timer.cancelled:
                    timer.act()
        finally:
            self._set_alarm()


def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()


def _positive(speed: float) -> float:
    if not speed > 0:
        raise ValueError(f"a clock's speed must be above zero, not {speed}; freeze it instead")
    return speed
