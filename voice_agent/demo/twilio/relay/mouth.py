"""The agent's voice as Twilio plays it: a queue of text, tones and audio files on the clock, cut by clause."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol, assert_never

from ..clock import Clock, Timer
from ..timing import Timing
from .clauses import heard_part, next_clause
from .settings import Input


class Listener(Protocol):
    """Who is told what the caller hears."""

    def agent_speaking(self, on: bool) -> None: ...
    def clause_started(self, text: str, greeting: bool) -> None: ...
    def clause_played(self, text: str, greeting: bool, *, cut: bool) -> None: ...
    def digits_played(self, digits: str) -> None: ...
    def audio_played(self, url: str, seconds: float, *, cut: bool) -> None: ...


@dataclass(slots=True)
class Stretch:
    """Text of one manner: what is not spoken yet, and whether more may be added."""

    text: str
    interruptible: Input
    preemptible: bool = False
    closed: bool = False
    greeting: bool = False
    """A greeting is one clause whatever it holds, and is never cut into more (every recording)."""
    arrived: float = 0.0

    def take(self, *, complete: bool, settled: bool) -> str | None:
        if self.greeting:
            clause: str | None = self.text
        else:
            clause = next_clause(self.text, complete=complete, settled=settled)
        if clause is not None:
            self.text = self.text[len(clause) :]
        return clause


@dataclass(frozen=True, slots=True)
class Tones:
    digits: str


@dataclass(slots=True, eq=False)
class Audio:
    """An audio file in its place in the queue, which waits there until it is measured."""

    url: str
    interruptible: Input
    preemptible: bool
    seconds: float | None = None
    """All its loops together; None until it is fetched."""


@dataclass(frozen=True, slots=True)
class Playing:
    text: str
    """Empty for an audio file."""
    audio: Audio | None
    interruptible: Input
    preemptible: bool
    greeting: bool
    since: float


@dataclass(frozen=True, slots=True)
class Cut:
    """What an interruption found: the current clause's heard words, and for how long it had been playing.

    The cut itself is not reported to the listener: its frames leave in an order that depends on who cut.
    """

    heard: str
    after_ms: int
    greeting: bool


class Mouth:
    """Plays what it is given, in order. Every method returns at once; the clock does the rest."""

    def __init__(self, clock: Clock, timing: Timing, listener: Listener) -> None:
        self._clock = clock
        self._timing = timing
        self._listener = listener
        self._queue: deque[Stretch | Tones | Audio] = deque()
        self._playing: Playing | None = None
        self._tones: str | None = None
        self._timer: Timer | None = None
        self._preemption: Timer | None = None
        self._cycle_open = False
        self._on = False
        self._hushed = False

    @property
    def playing(self) -> Playing | None:
        """The clause or file the caller hears now; None in silence and while tones are sent."""
        return self._playing

    @property
    def busy(self) -> bool:
        """Whether something is playing or can still be played without another frame; unfinished text cannot."""
        waiting = any(not isinstance(item, Stretch) for item in self._queue)
        return self._timer is not None or self._tones is not None or waiting

    def greet(self, text: str, interruptible: Input) -> None:
        self._queue.append(Stretch(text, interruptible, closed=True, greeting=True, arrived=self._clock.now()))
        self._begin()

    def speak(self, token: str, interruptible: Input, *, preemptible: bool, last: bool) -> None:
        """Adds one `text` frame. A frame of the open cycle continues it; `last` closes the cycle."""
        if token and not (preemptible and self._cycle_open):
            self._preempt()
        tail = self._queue[-1] if self._queue else None
        now = self._clock.now()
        if (
            isinstance(tail, Stretch)
            and not tail.closed
            and (tail.interruptible, tail.preemptible) == (interruptible, preemptible)
        ):
            tail.text += token
            tail.arrived = now
        elif token:
            if isinstance(tail, Stretch):
                tail.closed = True
            tail = Stretch(token, interruptible, preemptible=preemptible, arrived=now)
            self._queue.append(tail)
        if last and isinstance(tail, Stretch):
            tail.closed = True
        self._cycle_open = not last
        self._advance()
        if self._playing is None and not self.busy:
            self._went_quiet()

    def send_digits(self, digits: str) -> None:
        self._preempt()
        self._queue.append(Tones(digits))
        self._advance()

    def play(self, audio: Audio) -> None:
        self._preempt()
        self._queue.append(audio)
        self._advance()

    def measured(self, audio: Audio, seconds: float | None) -> None:
        """The file is here, or could not be had and is left out."""
        if audio not in self._queue:
            return
        if seconds is None:
            self._queue.remove(audio)
        audio.seconds = seconds
        if self._timer is None and self._playing is None and self._tones is None:
            self._finish_or_advance()

    def cut(self) -> Cut:
        """Stops the current clause and forgets the whole queue, also text closed by `last` (sheet section 2.3).

        What comes after this is new speech and is played, also if the server sent it before it heard of the cut.
        `agentSpeaking off` is left to the caller, see `fall_silent`.
        """
        playing, self._playing = self._playing, None
        self._forget()
        if playing is None:
            return Cut("", 0, False)
        seconds = self._clock.now() - playing.since
        if playing.audio is not None:
            self._listener.audio_played(playing.audio.url, seconds, cut=True)
        heard = heard_part(playing.text, seconds, self._timing.clause_per_character)
        return Cut(heard, round(seconds * 1000), playing.greeting)

    def fall_silent(self) -> None:
        """Says `agentSpeaking off` if it is still on and nothing else has begun."""
        if self._on and self._playing is None:
            self._on = False
            self._listener.agent_speaking(False)

    def hush(self) -> None:
        """The call is gone: stop everything and report nothing (busy-digits: a hang-up in mid-reply)."""
        self._hushed = True
        self._playing = self._tones = None
        self._forget()

    def _forget(self) -> None:
        self._queue.clear()
        self._cycle_open = False
        for timer in (self._timer, self._preemption):
            if timer is not None:
                timer.cancel()
        self._timer = self._preemption = None

    def _preempt(self) -> None:
        """Drops queued preemptible content, and stops it a moment later if it is playing (sheet section 2.5)."""
        queued = [item for item in self._queue if isinstance(item, Tones) or not item.preemptible]
        playing = self._playing is not None and self._playing.preemptible
        if len(queued) == len(self._queue) and not playing:
            return
        self._queue = deque(queued)
        if playing and self._preemption is None:
            self._preemption = self._clock.call_later(self._timing.preempted_after, self._stop_preempted)
        elif not playing and self._timer is not None and self._playing is None and self._tones is None:
            self._timer.cancel()
            self._timer = None

    def _stop_preempted(self) -> None:
        self._preemption = None
        if self._timer is not None:
            self._timer.cancel()
        playing, self._playing = self._playing, None
        if playing is not None:
            seconds = self._clock.now() - playing.since
            if playing.audio is not None:
                self._listener.audio_played(playing.audio.url, seconds, cut=True)
            else:
                heard = heard_part(playing.text, seconds, self._timing.clause_per_character)
                self._listener.clause_played(heard, playing.greeting, cut=True)
        pause = self._timing.preempting_speech_after - self._timing.preempted_after
        self._timer = self._clock.call_later(pause, self._begin)

    def _advance(self) -> None:
        """Starts the wait for the first audio, if the mouth is idle and has something to begin with."""
        if self._timer is not None or self._playing is not None or self._tones is not None or not self._queue:
            return
        head = self._queue[0]
        match head:
            case Tones():
                wait = self._timing.first_tone
            case Audio(seconds=seconds):
                if seconds is None:
                    return
                wait = self._timing.first_audio
            case Stretch():
                if not self._speakable(head, settled=True):
                    if head.closed:
                        self._queue.popleft()
                        self._finish_or_advance()
                    return
                wait = self._timing.first_audio
            case _:
                assert_never(head)
        self._timer = self._clock.call_later(wait, self._begin)

    def _speakable(self, stretch: Stretch, *, settled: bool) -> bool:
        complete = stretch.closed or len(self._queue) > 1
        clause = stretch.text if stretch.greeting else next_clause(stretch.text, complete=complete, settled=settled)
        return clause is not None and bool(clause.strip())

    def _begin(self) -> None:
        """Plays the head of the queue now, or waits for it to become speakable, or falls silent."""
        self._timer = None
        while self._queue and not self._hushed:
            head = self._queue[0]
            match head:
                case Tones(digits):
                    self._queue.popleft()
                    self.fall_silent()
                    self._tones = digits
                    self._timer = self._clock.call_later(self._tone_time(digits), self._tones_over)
                    return
                case Audio(seconds=seconds):
                    if seconds is not None:
                        self._queue.popleft()
                        self._start(Playing("", head, head.interruptible, head.preemptible, False, 0.0), seconds)
                    return
                case Stretch():
                    if self._begin_clause(head):
                        return
                case _:
                    assert_never(head)
        self._went_quiet()

    def _begin_clause(self, head: Stretch) -> bool:
        """True when a clause started or the stretch must wait for more text; False when it is used up."""
        waited = self._clock.now() - head.arrived
        settled = waited >= self._timing.text_settles - 1e-6
        complete = head.closed or len(self._queue) > 1
        clause = head.take(complete=complete, settled=settled)
        if clause is None or (not clause.strip() and not complete):
            head.text = (clause or "") + head.text
            if self._speakable(head, settled=True):
                self._timer = self._clock.call_later(self._timing.text_settles - waited, self._begin)
            return True
        if not head.text and complete:
            self._queue.popleft()
        if not clause.strip():
            return False
        started = Playing(clause, None, head.interruptible, head.preemptible, head.greeting, 0.0)
        self._start(started, self._timing.clause(clause))
        return True

    def _start(self, playing: Playing, seconds: float) -> None:
        if not self._on:
            self._on = True
            self._listener.agent_speaking(True)
        now = self._clock.now()
        self._playing = Playing(
            playing.text, playing.audio, playing.interruptible, playing.preemptible, playing.greeting, now
        )
        if playing.audio is None:
            self._listener.clause_started(playing.text, playing.greeting)
        self._timer = self._clock.call_later(seconds, self._played)

    def _played(self) -> None:
        self._timer = None
        playing, self._playing = self._playing, None
        if playing is None:
            return
        if self._preemption is not None:
            self._preemption.cancel()
            self._preemption = None
        if playing.audio is not None:
            self._listener.audio_played(playing.audio.url, self._clock.now() - playing.since, cut=False)
        else:
            self._listener.clause_played(playing.text, playing.greeting, cut=False)
        self._begin()

    def _tones_over(self) -> None:
        digits, self._tones = self._tones, None
        self._timer = None
        self._listener.digits_played(digits or "")
        self._finish_or_advance()

    def _tone_time(self, digits: str) -> float:
        return sum(self._timing.per_pause if key in "wW" else self._timing.per_key for key in digits)

    def _finish_or_advance(self) -> None:
        if self._queue:
            self._advance()
        else:
            self._went_quiet()

    def _went_quiet(self) -> None:
        # Without `last` the cycle stays open and the end of speech is not reported (sheet section 2.6).
        if not self._cycle_open:
            self.fall_silent()
