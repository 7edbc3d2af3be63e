"""The caller as Twilio's recogniser hears them: words become partials and finals, and may interrupt the agent."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from ..clock import Clock, Timer
from ..timing import Timing
from .mouth import Mouth
from .settings import RelaySettings

_WORDS_BEFORE_INTERRUPT = {"high": 1, "medium": 2, "low": 3}
"""How many words each `interruptSensitivity` waits for (our figures; Twilio publishes none)."""

_BACKCHANNEL = {"uh huh", "mm hmm", "mhm", "mm", "hmm", "yeah", "ok", "okay", "right", "i see", "got it", "aha", "ajá"}


@dataclass(frozen=True, slots=True)
class Habits:
    """How this caller and the recogniser behave beyond the defaults."""

    split_finals: bool = False
    """Flux makes two finals of one utterance (sheet section 2.3)."""


class Recogniser(Protocol):
    """Who is told what was recognised."""

    def client_speaking(self, on: bool) -> None: ...
    def recognised(self, text: str, *, last: bool) -> None: ...
    def interrupted_by_speech(self) -> None: ...


class Ear:
    """Hears one utterance after the other. Every method returns at once; the clock does the rest."""

    def __init__(
        self,
        clock: Clock,
        timing: Timing,
        settings: RelaySettings,
        mouth: Mouth,
        recogniser: Recogniser,
        habits: Habits,
    ) -> None:
        self._clock = clock
        self._timing = timing
        self._settings = settings
        self._mouth = mouth
        self._recogniser = recogniser
        self._habits = habits
        self._waiting: deque[list[str]] = deque()
        self._words: list[str] = []
        self._at = 0
        self._heard: list[str] = []
        self._quick = False
        """Whether the current utterance is a mere sign of listening."""
        self._client_on = False
        self._timer: Timer | None = None

    @property
    def busy(self) -> bool:
        """Whether the caller is talking or a final is still to come."""
        return self._timer is not None

    def speak(self, text: str) -> None:
        """The caller says `text` now, or right after what they are saying."""
        self._waiting.extend(self._utterances(text))
        if self._timer is None:
            self._next(self._timing.first_word)

    def stop(self) -> str:
        """The line is dead; gives the words that had no final yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
        heard, self._heard = " ".join(self._heard), []
        return heard

    def _utterances(self, text: str) -> list[list[str]]:
        words = text.split()
        if not (self._habits.split_finals and self._settings.flux and len(words) >= 4):
            return [words] if words else []
        pauses = [at for at, word in enumerate(words[1:-1], start=2) if word[-1] in ".,;:?!"]
        middle = len(words) // 2
        at = min(pauses, key=lambda pause: abs(pause - middle), default=middle)
        return [words[:at], words[at:]]

    def _next(self, wait: float) -> None:
        if not self._waiting:
            self._timer = None
            return
        self._words = self._waiting.popleft()
        self._at, self._heard = 0, []
        plain = re.sub(r"[^\w\s]", " ", " ".join(self._words)).lower()
        self._quick = " ".join(plain.split()) in _BACKCHANNEL
        self._timer = self._clock.call_later(wait, self._word)

    def _word(self) -> None:
        self._at += 1
        playing = self._mouth.playing
        if playing is None or self._settings.report_during_agent_speech.speech:
            self._heard.append(self._words[self._at - 1])
        if playing is not None and self._may_interrupt() and playing.interruptible.speech:
            # The recogniser ran all along: what was said before the cut belongs to the prompt.
            self._heard = self._words[: self._at]
            self._say_speaking()
            self._recogniser.interrupted_by_speech()
        if self._heard:
            self._say_speaking()
            self._recogniser.recognised(" ".join(self._heard), last=False)
        more = self._at < len(self._words)
        wait = self._timing.per_word if more else self._timing.last_partial_to_final
        self._timer = self._clock.call_later(wait, self._word if more else self._final)

    def _may_interrupt(self) -> bool:
        if self._quick and self._settings.ignore_backchannel:
            return False
        needed = _WORDS_BEFORE_INTERRUPT[self._settings.interrupt_sensitivity]
        return self._at >= min(needed, len(self._words))

    def _final(self) -> None:
        if self._client_on:
            self._client_on = False
            self._recogniser.client_speaking(False)
        heard, self._heard = " ".join(self._heard), []
        if heard:
            self._recogniser.recognised(heard, last=True)
        self._next(self._timing.between_split_finals)

    def _say_speaking(self) -> None:
        if not self._client_on:
            self._client_on = True
            self._recogniser.client_speaking(True)
