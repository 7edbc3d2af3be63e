"""What happens on an emulated call: typed facts, each with its milliseconds, and the journal that keeps them."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`ms` is emulated milliseconds since the call began; `call_sid` is the call's CA sid."""

    ms: int = 0
    call_sid: str = ""

    def as_json(self) -> dict[str, Any]:
        """A flat object with `type`: the class name in snake case."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        return {"type": name} | {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaced(Happening):
    from_number: str
    to_number: str
    direction: str
    """`inbound`, `outbound-api` or `outbound-dial`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Happening):
    status: str
    """A CallStatus word of sheet section 4.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSent(Happening):
    kind: str
    """`voice`, `action`, `status`, `wait`, `gather`, `redirect`, `fallback`, `message`, `whisper`..."""
    method: str
    url: str
    form: Mapping[str, str]
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswered(Happening):
    kind: str
    url: str
    status: int
    """HTTP status; 0 when no answer came."""
    latency_ms: int
    """Real milliseconds, whatever the clock's speed."""
    body: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbStarted(Happening):
    verb: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Happening):
    """What Twilio's console would show: an error code and its text (sheet sections 1.5 and 4.2)."""

    code: int
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOpened(Happening):
    session_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRefused(Happening):
    url: str
    status: int
    """HTTP status of the refused upgrade; 0 when nothing answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketClosed(Happening):
    session_id: str
    code: int
    reason: str
    by: str
    """`twilio` or `server`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSent(Happening):
    """A frame from Twilio's side to the server under test."""

    frame: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameReceived(Happening):
    """A frame from the server under test; `frame` is None when it was not a JSON object."""

    frame: Mapping[str, Any] | None
    raw: str = ""
    """The text as it came, when `frame` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpeaking(Happening):
    """Whether the caller hears the agent; known here whatever info frames the server asked for."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseStarted(Happening):
    text: str
    source: str
    """`relay`, `greeting` or `say`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClausePlayed(Happening):
    """What the caller heard of one clause: all of it, or the whole words before the cut."""

    text: str
    cut: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPlayed(Happening):
    url: str
    seconds: float
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsPlayed(Happening):
    """Tones that the server sent towards the caller."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSpoke(Happening):
    text: str
    heard: bool = True
    """False when nothing on the line was listening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPartial(Happening):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFinal(Happening):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerInterrupted(Happening):
    by: str
    """`speech` or `dtmf`."""
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed(Happening):
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntered(Happening):
    queue: str
    queue_sid: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLeft(Happening):
    queue: str
    result: str
    """A QueueResult word of sheet section 5.2."""
    waited: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridged(Happening):
    other_call_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbridged(Happening):
    other_call_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceJoined(Happening):
    conference: str
    conference_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceLeft(Happening):
    conference: str
    conference_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Happening):
    status: str
    reason: str
    """In words: who ended it and how."""
    seconds: int
    """CallDuration."""


class Journal:
    """The happenings of one call, in order; any number of readers may follow, each from the start."""

    def __init__(self, call_sid: str, now: Callable[[], float]) -> None:
        self.call_sid = call_sid
        self.entries: list[Happening] = []
        self.closed = False
        self._now = now
        self._began = now()
        self._news = asyncio.Event()
        self._listeners: list[Callable[[Happening], None]] = []

    def note(self, happening: Happening) -> None:
        """Stamps and keeps one happening and wakes every reader."""
        ms = round((self._now() - self._began) * 1000)
        stamped = dataclasses.replace(happening, ms=ms, call_sid=self.call_sid)
        self.entries.append(stamped)
        for listener in self._listeners:
            listener(stamped)
        self._wake()

    def listen(self, listener: Callable[[Happening], None]) -> None:
        """Calls `listener` with each later happening, at once."""
        self._listeners.append(listener)

    def close(self) -> None:
        self.closed = True
        self._wake()

    async def follow(self, start: int = 0) -> AsyncIterator[Happening]:
        """Every happening from number `start` on, then new ones as they come, until the journal is closed."""
        at = start
        while True:
            while at < len(self.entries):
                yield self.entries[at]
                at += 1
            if self.closed:
                return
            await self._news.wait()

    async def until(self, wanted: Callable[[Happening], bool], start: int = 0) -> Happening | None:
        """The first happening from `start` on that is `wanted`, or None when the call ended without one."""
        async for happening in self.follow(start):
            if wanted(happening):
                return happening
        return None

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
