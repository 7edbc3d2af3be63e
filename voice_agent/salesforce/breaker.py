"""When not to call the org: a circuit breaker against stalls and a budget for retries. Plain arithmetic on a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable


class CircuitBreaker:
    """Opens for `rest` seconds after `failures` within `window` seconds, then lets one call try (5.5 rule 7).

    A stalled org would otherwise hold every thread for the length of a time-out, while callers wait for nothing.
    """

    def __init__(
        self, clock: Callable[[], float], *, failures: int = 5, window: float = 10.0, rest: float = 10.0
    ) -> None:
        self._clock = clock
        self._failures = failures
        self._window = window
        self._rest = rest
        self._recent: deque[float] = deque(maxlen=failures)
        self._open_until: float | None = None

    @property
    def state(self) -> str:
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    def admit(self) -> bool:
        """Whether a call may go out now. While half-open, the first asker is the trial and the rest wait."""
        match self.state:
            case "closed":
                return True
            case "half-open":
                self._open_until = self._clock() + self._rest
                return True
            case _:
                return False

    def succeeded(self) -> None:
        self._recent.clear()
        self._open_until = None

    def failed(self) -> None:
        now = self._clock()
        self._recent.append(now)
        if len(self._recent) == self._failures and now - self._recent[0] <= self._window:
            self._open_until = now + self._rest


class RetryBudget:
    """Retries may add a tenth to the calls made, with a small reserve: a failing org never gets double the load."""

    def __init__(self, *, share: float = 0.1, reserve: float = 5.0) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    def called(self) -> None:
        self._left = min(self._reserve * 2, self._left + self._share)

    def spend(self) -> bool:
        if self._left < 1:
            return False
        self._left -= 1
        return True
