"""What can happen to a call: facts, in the past tense, each with the moment it happened.

`at` is seconds on the session's monotonic clock. The machine owns no clock: time is something it is told.
`turn` is the number of the turn that asked for the work; what carries an older number than the call's is history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Urgency(StrEnum):
    """How a sentence was triaged by rules, never by a language model (emergency guidance, section 2)."""

    ROUTINE = "routine"
    URGENT = "urgent"
    LIFE_SAFETY = "life_safety"


@dataclass(frozen=True, slots=True)
class Gist:
    """What the rule-based reading made of the caller's words; the machine decides on this, not on the words."""

    lang: str = "en"
    urgency: Urgency = Urgency.ROUTINE
    hazard: str | None = None
    affirms: bool | None = None
    """True for a yes, False for a no, None for anything else."""
    wants_human: bool = False
    wants_repeat: bool = False
    only_digits: bool = False
    """Nothing but digits was spoken: while a PIN is awaited these must not reach transcript or model."""
    sure: float = 1.0
    """Calibrated probability of what they want."""
    odd: float = 0.0
    """Share of the words that look misheard."""
    upset: bool = False
    takes_leave: bool = False
    """They say goodbye: nobody is handed over at the door."""
    recognised: float | None = None
    """The recogniser's own confidence, where the transport carries it."""


PLAIN = Gist()


class Timer(StrEnum):
    """The clocks a call may ask for. Setting one again replaces it."""

    FILLER = "filler"
    TOOLS = "tools"
    WATCHDOG = "watchdog"
    SILENCE = "silence"
    KEYPAD = "keypad"
    HOLD = "hold"
    TRIAGE = "triage"
    LEAVE = "leave"
    LIMIT = "limit"


class Keypad(StrEnum):
    """What the keys mean right now."""

    OPEN = "open"
    PIN = "pin"
    CODE = "code"
    CONFIRM = "confirm"
    CHOICE = "choice"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Ask:
    """What the keys answer from now on. `length` keys complete the entry, `#` does sooner; 0: until `#` or a pause."""

    kind: Keypad
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """`setup` arrived. `resumed` is true on a second socket of the same call: nobody is greeted twice."""

    resumed: bool = False
    greeting: str = ""
    """What Twilio itself speaks as the welcome greeting; it is part of what the caller hears."""
    back: str = ""
    """Phrase of a caller's return from the people they were handed to."""
    told: tuple[str, ...] = ()
    """Of a call taken over from a process that died: how changes ended that the caller knows nothing of yet."""
    wanted: str = ""
    """The intent that the caller was last about, if it is still open and there are words for it."""
    wish: str = ""
    """Their own words for it: what to go on with."""


@dataclass(frozen=True, slots=True)
class CallerSpoke(Event):
    """`prompt`: cumulative text so far, or the final text of an utterance."""

    text: str
    final: bool = True
    gist: Gist = PLAIN


@dataclass(frozen=True, slots=True)
class CallerFinished(Event):
    """A final prompt has come and is about to be read by rule; its `CallerSpoke` follows within a millisecond or so.

    A run of the model may begin on it. Nothing of that run is heard before the reading is there.
    """

    text: str


@dataclass(frozen=True, slots=True)
class DigitPressed(Event):
    digit: str


@dataclass(frozen=True, slots=True)
class CallerInterrupted(Event):
    """`interrupt`: `heard` is what was played of the clause being spoken, not of the whole reply."""

    heard: str = ""
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class TokensPlayed(Event):
    """One clause was played, or the fragment of it that was when it was cut."""

    text: str


@dataclass(frozen=True, slots=True)
class AgentSpeaking(Event):
    on: bool


@dataclass(frozen=True, slots=True)
class CallerSpeaking(Event):
    on: bool


@dataclass(frozen=True, slots=True)
class TextArrived(Event):
    """Words of the model, already made fit for the ear."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolRequested(Event):
    """The model asks for a tool. `arguments` is the JSON text it wrote, unparsed."""

    turn: int
    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ReplyCompleted(Event):
    """One run of the model ended well. `completion_tokens` feeds the call's limit."""

    turn: int
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ReplyFailed(Event):
    """No model on the ladder could answer."""

    turn: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToolReturned(Event):
    """A tool call has its one result.

    `content` is for the model. `say`, if not empty, is spoken as it stands and ends the turn (a read-back, a request
    for a PIN, a list to choose from); `ask` tells what the keys mean from then on; `proposal` names the change that a
    yes would carry out; `keep` asks that the request be answered again once the proof asked for has been given.
    """

    turn: int
    tool_call_id: str
    content: str
    say: str = ""
    ask: Ask | None = None
    proposal: str | None = None
    keep: bool = False
    status: str = ""
    """What the tool found, in its own word: found, none, failed, ..."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """For each argument: `agrees`, `disagrees`, `unsaid` or `ungrounded`, by an independent reading of the words."""
    free: float | None = None
    """Share of odd words in what it passes on in the caller's own words; None when it passes nothing on."""
    stranger: bool = False
    """Nobody on record, as far as is known by now."""
    reversible: bool = True


@dataclass(frozen=True, slots=True)
class ServerUsed:
    """A tool call the server made by itself: in the transcript it stands like any other, with its one result."""

    name: str
    arguments: str
    content: str


@dataclass(frozen=True, slots=True)
class InsteadProposed:
    """In place of a refused change another one is proposed: read back at once, and run by a new yes.

    `offered` and `told` are the same as a mere offer, for a caller to whom the question comes too late.
    """

    proposal: str
    asked: ServerUsed
    say: str
    offered: ServerUsed | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class WriteSettled(Event):
    """A confirmed change reached its end: done, queued or not done. Belongs to the call, not to a turn."""

    proposal: str
    say: str
    """The sentence made from the commit record; the only place where "done" comes from."""
    note: str
    """The same for the model."""
    instead: InsteadProposed | None = None
    applied: bool = False


@dataclass(frozen=True, slots=True)
class SecretChecked(Event):
    """The verifier's word on a PIN or code; the digits themselves never come back."""

    accepted: bool
    say: str
    note: str = ""
    ask: Ask | None = None
    """What to collect now: the same again after a miss, None when accepted or locked out."""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class EmergencyRecorded(Event):
    """What became of the emergency record, as a sentence that is true now."""

    hazard: str
    say: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """Something outside the call wants the caller told: a drain, a note from a dispatcher."""

    say: str
    then_hand_off: str | None = None
    then_end: str | None = None
    """Reason for which the call ends once this was heard."""


@dataclass(frozen=True, slots=True)
class Whispered(Event):
    """A person who watches has a note for the agent. The caller does not hear it; the model knows whose it is."""

    note: str


@dataclass(frozen=True, slots=True)
class TimerFired(Event):
    timer: Timer
    turn: int


@dataclass(frozen=True, slots=True)
class CallEnded(Event):
    """The socket closed or the carrier said that the call is over."""

    reason: str = "hangup"


Happening = (
    CallStarted
    | CallerFinished
    | CallerSpoke
    | DigitPressed
    | CallerInterrupted
    | TokensPlayed
    | AgentSpeaking
    | CallerSpeaking
    | TextArrived
    | ToolRequested
    | ReplyCompleted
    | ReplyFailed
    | ToolReturned
    | WriteSettled
    | SecretChecked
    | EmergencyRecorded
    | Announced
    | Whispered
    | TimerFired
    | CallEnded
)
