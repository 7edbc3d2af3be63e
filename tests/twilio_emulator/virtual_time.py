"""An asyncio loop whose time is virtual: waiting costs nothing, and waiting for nothing at all is an error."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class NothingLeftToWaitFor(RuntimeError):
    """Every task waits for another: in real life the test would hang here."""


class _JumpingSelector(selectors.SelectSelector):
    """Finds what is ready now; otherwise moves the time to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingLeftToWaitFor("no timer is set and no task can go on")
        self.moment += max(0.0, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.moment


def run(scenario: Coroutine[Any, Any, T]) -> T:
    """Runs `scenario` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(scenario)
