"""The ways out of a call: say so, wait until it was played, then go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.call import confirming
from voice_agent.call.actions import CancelTimer, EndCall, HandOff
from voice_agent.call.events import Timer

if TYPE_CHECKING:
    from voice_agent.call.machine import Call

HAND_OFF, END_CALL = "hand_off", "end_call"


def hand_off(call: Call, reason: str, at: float, *, phrase: str = "hand_off") -> None:
    """Whatever the turn was doing ends here; a person takes over."""
    leave(call, HAND_OFF, reason, call.phrase(phrase), at)


def end(call: Call, reason: str, farewell: str, at: float) -> None:
    leave(call, END_CALL, reason, farewell, at)


def leave(call: Call, kind: str, reason: str, words: str, at: float) -> None:
    confirming.drop(call)
    call.cancel_work()
    call.leaving = (kind, reason)
    call.say(words, at)
    call.close(at)


def as_the_model_asked(call: Call, at: float) -> None:
    """The model called hand_off or end_call and its run is over. A farewell of its own is not said twice."""
    reply = call.due()
    kind, reason = reply.leave or (END_CALL, "")
    words = call.phrase("hand_off") if kind == HAND_OFF else "" if reply.model_spoke else call.phrase("goodbye")
    leave(call, kind, reason, words, at)


def now(call: Call) -> None:
    """The last words were played, or long enough ago sent."""
    if call.leaving is None:
        return
    kind, reason = call.leaving
    call.order(CancelTimer(Timer.LEAVE))
    call.cancel_work()
    call.order(HandOff(reason) if kind == HAND_OFF else EndCall(reason))
    call.ended = True
