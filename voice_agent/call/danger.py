"""Emergencies: fixed, reviewed words before anything else, then the record. No model, CRM or identity comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.call import confirming
from voice_agent.call.actions import CancelTimer, RecordEmergency
from voice_agent.call.events import EmergencyRecorded, Gist, Timer, Urgency
from voice_agent.call.reply import Awaiting

if TYPE_CHECKING:
    from voice_agent.call.machine import Call


def guide(call: Call, hazard: str, at: float, *, words: str | None) -> None:
    """Say the guidance for `hazard` now. `words` are the caller's, None when a model raised the alarm."""
    confirming.drop(call)
    call.leaving = None
    call.order(CancelTimer(Timer.LEAVE))
    if words is None:
        call.open_turn(at)
    else:
        call.take_words(words, at, limited=False)
    if hazard in call.guided:
        call.say(call.phrase(f"again.{_group(call, hazard)}"), at, interruptible=False)
        call.transcript.note(call.turn, f"Safety guidance for {hazard} was given before and was given again.")
        call.close(at)
        return
    call.guided.add(hazard)
    call.emergency = call.emergency or hazard
    call.say(call.phrase(f"guidance.{hazard}"), at, interruptible=False)
    call.transcript.note(call.turn, f"This is an emergency ({hazard}). Fixed safety guidance was spoken first.")
    call.wait_for(Awaiting.EMERGENCY, call.rules.emergency_within)
    call.order(RecordEmergency(call.turn, hazard, words or call.transcript.last_caller()))


def recorded(call: Call, event: EmergencyRecorded) -> None:
    """The record stands, waits, or failed: say which, and what the caller should do now."""
    call.transcript.note(call.turn, event.note or event.say)
    text = f"{event.say} {call.phrase(f'after.{_group(call, event.hazard)}')}"
    if call.reply is not None and not call.reply.closed and call.reply.awaiting is Awaiting.EMERGENCY:
        call.reply.awaiting = None
        call.say(text, event.at, interruptible=False)
        call.close(event.at)
    else:
        call.tell(text, event.at)


def advise(call: Call, gist: Gist, at: float) -> None:
    """Urgent, but nobody's life: one sentence that limits the damage, once, before the answer."""
    key = f"guidance.{gist.hazard}"
    if gist.urgency is Urgency.URGENT and gist.hazard not in call.guided and call.script.has(key):
        call.guided.add(gist.hazard or "")
        call.say(call.phrase(key), at)


def lets_go(call: Call) -> bool:
    """After this emergency the caller must not be kept on the line."""
    return call.emergency is not None and call.emergency not in call.script.stay_on_line


def _group(call: Call, hazard: str) -> str:
    return "stay" if hazard in call.script.stay_on_line else "leave"
