"""Audio the application sent, played at 8000 bytes a second: when its marks fall due and what a clear throws away."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..clock import Clock, Timer

BYTES_PER_SECOND = 8000
"""μ-law, 8 kHz, one channel."""


@dataclass(frozen=True, slots=True)
class Mark:
    name: str


class Playback:
    """A buffer without limit, as far as is known (sheet section 3.3). `marked` is told of every mark that falls due."""

    def __init__(self, clock: Clock, marked: Callable[[str], None], played: Callable[[float, bool], None]) -> None:
        self._clock = clock
        self._marked = marked
        self._played = played
        self._queue: deque[bytes | Mark] = deque()
        self._timer: Timer | None = None
        self._began = 0.0

    @property
    def playing(self) -> bool:
        return self._timer is not None

    def play(self, audio: bytes) -> None:
        if audio:
            self._queue.append(audio)
            self._go_on()

    def mark(self, name: str) -> None:
        """Falls due when all before it was played; at once when nothing is waiting."""
        self._queue.append(Mark(name))
        self._go_on()

    def clear(self) -> None:
        """Throws the buffer away and returns all its marks too, played or not (sheet section 3.3)."""
        marks = [item.name for item in self._queue if isinstance(item, Mark)]
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._played(self._clock.now() - self._began, True)
        for name in marks:
            self._marked(name)

    def stop(self) -> None:
        """The stream is over: nothing more is played or marked."""
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go_on(self) -> None:
        if self._timer is None:
            self._began = self._clock.now()
            self._next()

    def _next(self) -> None:
        """Marks at the front fall due; then the next piece plays for as long as it is."""
        was_playing, self._timer = self._timer is not None, None
        while self._queue:
            match self._queue.popleft():
                case Mark(name):
                    self._marked(name)
                case bytes(audio):
                    self._timer = self._clock.call_later(len(audio) / BYTES_PER_SECOND, self._next)
                    return
        if was_playing:
            self._played(self._clock.now() - self._began, False)
