"""What the call asks for: orders, in the imperative. The session carries them out and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from voice_agent.call.confidence import Confidence
from voice_agent.call.events import Keypad, Timer


@dataclass(frozen=True, slots=True)
class Say:
    """One `text` frame. `last` closes the reply; each reply is closed exactly once."""

    turn: int
    text: str
    last: bool = False
    interruptible: bool | None = None
    """None leaves the line's own setting; False for safety guidance, which is heard out."""
    preemptible: bool | None = None


@dataclass(frozen=True, slots=True)
class StartReply:
    """Ask the model for the next words of `turn`. The transcript at this moment is what it may know."""

    turn: int
    step: int
    """0 for the first run of the turn, one more after each round of tools."""
    heard: str = ""
    """Not empty for a speculative run: the partial text it answers, which is not in the transcript yet."""


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stop the model's stream and the reads of `turn`. Writes go on."""

    turn: int


@dataclass(frozen=True, slots=True)
class CallTool:
    turn: int
    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class RunProposal:
    """The caller said yes, in a new turn, to a read-back heard to its end."""

    turn: int
    proposal: str


@dataclass(frozen=True, slots=True)
class DropProposal:
    """A no, a change of mind, or a read-back that was cut: the token is void."""

    proposal: str


@dataclass(frozen=True, slots=True)
class CheckSecret:
    """Digits for the verifier. They are in no transcript, log or model request."""

    turn: int
    kind: Keypad
    digits: str

    def __repr__(self) -> str:
        return f"CheckSecret(turn={self.turn}, kind={self.kind}, digits=<{len(self.digits)}>)"


@dataclass(frozen=True, slots=True)
class RecordEmergency:
    """Guidance is already on its way to the caller; now Case, WorkOrder and page. Needs nobody's leave."""

    turn: int
    hazard: str
    words: str


@dataclass(frozen=True, slots=True)
class NoteConfidence:
    """How sure the call was in this turn, and why: for the record."""

    turn: int
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class SetTimer:
    timer: Timer
    seconds: float
    turn: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: Timer


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    lang: str


@dataclass(frozen=True, slots=True)
class Play:
    source: str
    loop: int = 1


@dataclass(frozen=True, slots=True)
class SendDigits:
    digits: str


@dataclass(frozen=True, slots=True)
class HandOff:
    """End the relay session and let a person take over. Emitted only after the announcement was played."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndCall:
    reason: str


Action = (
    Say
    | StartReply
    | CancelReply
    | CallTool
    | RunProposal
    | DropProposal
    | CheckSecret
    | RecordEmergency
    | NoteConfidence
    | SetTimer
    | CancelTimer
    | SwitchLanguage
    | Play
    | SendDigits
    | HandOff
    | EndCall
)
