"""What can become of a waiting caller and of each try to reach a person: pure, and it only ever moves forward.

Twilio's callbacks come twice and out of order (sheet 4.3). Every fact is therefore a step up or nothing at all: what is
over stays over, the first outcome stays, and a late "ringing" changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How one try to reach a person ended."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    VOICEMAIL = "voicemail"
    """Something picked up, and nobody was there."""
    ABANDONED = "abandoned"
    """The caller was gone first."""
    FAILED = "failed"


class State(StrEnum):
    """Of a waiting caller."""

    EXPECTED = "expected"
    """A person has taken the call over; the agent is still saying goodbye."""
    WAITING = "waiting"
    ACCEPTED = "accepted"
    """A person has pressed 1; the two are being brought together."""
    CONNECTED = "connected"
    OVER = "over"


class Wish(StrEnum):
    """Where a waiting caller goes as soon as Twilio asks what is next."""

    NONE = ""
    AGENT = "agent"
    CALL_BACK = "call_back"
    DIAL = "dial"
    """Their own leg dials the next phone: REST cannot."""
    NEXT = "next"
    """The next target of the ladder, or the voicemail at its end."""


class Via(StrEnum):
    """Who calls the person: the REST API, the caller's own leg by `<Dial>`, or TaskRouter."""

    REST = "rest"
    DIAL = "dial"
    TASK = "task"


class Step(StrEnum):
    """Of one try, in this order."""

    ASKED = "asked"
    RINGING = "ringing"
    ANSWERED = "answered"
    """Somebody or something picked up and hears the summary."""
    ACCEPTED = "accepted"
    JOINING = "joining"
    """The caller was sent to them; neither has heard the other yet."""
    BRIDGED = "bridged"
    OVER = "over"


ORDER = {step: place for place, step in enumerate(Step)}

ENDINGS: Mapping[str, Outcome] = {
    "busy": Outcome.BUSY,
    "no-answer": Outcome.NO_ANSWER,
    "failed": Outcome.FAILED,
    "canceled": Outcome.ABANDONED,
    "completed": Outcome.NO_ANSWER,
}
"""CallStatus or DialCallStatus of a leg on which nobody pressed 1."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach one person for one waiting caller. Times are UNIX seconds."""

    key: str
    call_sid: str
    round: int
    nth: int
    """1 for the first try of its round."""
    by: str
    """Who is called: a person of the console, or the target's name."""
    phone: str
    via: Via
    step: Step = Step.ASKED
    outcome: Outcome | None = None
    """Set once, with the first fact that decides it; None for a try that was withdrawn."""
    leg_sid: str = ""
    reservation_sid: str = ""
    """Of TaskRouter: workspace, task and reservation, joined by slashes."""
    asked: float = 0.0
    rang: float | None = None
    accepted: float | None = None
    ended: float | None = None

    @property
    def open(self) -> bool:
        return self.step is not Step.OVER

    @property
    def was_accepted(self) -> bool:
        return self.accepted is not None

    def reached(self, step: Step, at: float) -> Attempt:
        """A step up; the same attempt if it is there already, or beyond, or over."""
        if not self.open or ORDER[step] <= ORDER[self.step]:
            return self
        up = replace(self, step=step)
        if step is Step.ACCEPTED:
            up = replace(up, accepted=at)
        if step is Step.BRIDGED:
            up = replace(up, outcome=Outcome.ANSWERED)
        return replace(up, rang=at) if up.rang is None else up

    def over(self, outcome: Outcome | None, at: float) -> Attempt:
        """The end. An outcome that is known already stays: a declined leg also ends as `completed`. Somebody who
        accepted and never met the caller has failed them, whatever their leg says of itself."""
        if not self.open:
            return self
        if self.was_accepted and outcome in (Outcome.NO_ANSWER, Outcome.ABANDONED, Outcome.BUSY):
            outcome = Outcome.FAILED
        return replace(self, step=Step.OVER, outcome=self.outcome or outcome, ended=at)

    def met(self, leg_sid: str) -> Attempt:
        """The leg's CallSid is known, from whichever callback came first."""
        return self if self.leg_sid or not leg_sid else replace(self, leg_sid=leg_sid)

    @property
    def reservation(self) -> tuple[str, str, str]:
        """SIDs of workspace, task and reservation."""
        workspace, _, rest = self.reservation_sid.partition("/")
        task, _, reservation = rest.partition("/")
        return workspace, task, reservation


@dataclass(frozen=True, slots=True)
class Waiting:
    """One caller who is to reach a person, as the store has them. Times are UNIX seconds."""

    call_sid: str
    round: int
    """Which hand-over of this call, from 1."""
    line: str
    target: str
    """Key of a hand-off target in lines.toml."""
    number: str = ""
    """E.164, "" when withheld."""
    name: str = ""
    contact: str = ""
    """The org's id of the contact, where one was identified."""
    lang: str = "en"
    reason: str = ""
    urgent: bool = False
    summary: Mapping[str, Any] = field(default_factory=dict)
    """`Summary.as_json()`; empty when there is none."""
    state: State = State.WAITING
    wish: Wish = Wish.NONE
    entered: float = 0.0
    seen: float = 0.0
    """When Twilio last asked for them: the sign of life of a caller in the queue."""
    position: int = 0
    queue_sid: str = ""
    accepted_key: str = ""
    outcome: str = ""
    """Once over: an Outcome, `returned` to the agent, `call_back`, or `message`."""
    talks: int = 0
    """Conversations with a person that this call has had."""
    attempts: tuple[Attempt, ...] = field(default=(), compare=False)
    """Of this round, oldest first."""

    @property
    def trying(self) -> Attempt | None:
        """The newest try that is under way."""
        return next((each for each in reversed(self.attempts) if each.open), None)
