"""Time in a call: every wait has an end, and every end has a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from voice_agent.call import confirming, danger, leaving
from voice_agent.call.actions import SetTimer
from voice_agent.call.events import Timer, TimerFired
from voice_agent.call.reply import Awaiting

if TYPE_CHECKING:
    from voice_agent.call.machine import Call


OF_THE_CALL = frozenset({Timer.LIMIT, Timer.SILENCE, Timer.KEYPAD, Timer.TRIAGE})


def fired(call: Call, event: TimerFired) -> None:
    """A timer of an older turn is history, except those that are not about a turn: silence and the call's limit, and
    what the caller began to press or to say, whose own interrupt may have moved it."""
    at = event.at
    if event.timer not in OF_THE_CALL and event.turn != call.turn:
        return
    match event.timer:
        case Timer.FILLER:
            _fill(call, at)
        case Timer.SILENCE:
            _silence(call, at)
        case Timer.KEYPAD:
            if call.leaving is None and (entry := call.keypad.complete()) is not None:
                call.entered(entry, at)
            elif call.leaving is None and call.listening:
                call.await_caller(at)  # a verdict that came late has emptied what was being entered
        case Timer.HOLD:
            call.generate(at)
        case Timer.WATCHDOG | Timer.TOOLS:
            _too_late(call, event.timer, at)
        case Timer.TRIAGE:
            if (suspected := call.suspected) is not None and suspected.gist.hazard:
                call.suspected = None
                danger.guide(call, suspected.gist.hazard, at, words=suspected.text)
        case Timer.LEAVE:
            leaving.now(call)
        case Timer.LIMIT:
            if call.leaving is None:
                call.open_turn(at)
                leaving.hand_off(call, "time_limit", at, phrase="limit")
        case _:
            assert_never(event.timer)


def _fill(call: Call, at: float) -> None:
    """Honest words while something is being waited for; they are part of the reply."""
    reply = call.reply
    if reply is None or reply.closed or not reply.busy or reply.fillers >= 2:
        return
    if reply.generating and reply.model_spoke:
        return
    key = "filler.tools" if reply.tools_pending else "filler.again" if reply.fillers else "filler"
    reply.fillers += 1
    call.say(call.phrase(key), at)
    if reply.fillers < 2:
        call.order(SetTimer(Timer.FILLER, call.rules.second_filler_after, call.turn))


def _too_late(call: Call, timer: Timer, at: float) -> None:
    """A bound was reached: say so, give up what was waited for, and let the caller go on."""
    reply = call.reply
    if reply is None or reply.closed:
        return
    match reply.awaiting:
        case Awaiting.EMERGENCY:
            call.say(f"{call.phrase('emergency.not_saved_yet')} {call.phrase('after.leave')}", at, interruptible=False)
        case Awaiting.WRITE:
            call.say(call.phrase("write.still_running"), at)
        case Awaiting.SECRET:
            call.say(call.phrase("error.too_long"), at)
        case None if timer is Timer.TOOLS and reply.tools_pending:
            leaving.hand_off(call, "tools_too_long", at, phrase="error.tools_too_long")
            return
        case None if timer is Timer.TOOLS:
            return
        case None:
            call.say(call.phrase("error.model"), at)
        case _:
            assert_never(reply.awaiting)
    call.close(at)


def _silence(call: Call, at: float) -> None:
    """Nothing was heard for a while after the agent had really finished."""
    if not call.listening or call.leaving is not None:
        return
    if call.playout.quiet_at(at) > at:
        call.await_caller(at)
        return
    if call.owed:
        call.open_turn(at)
        call.say_owed(at)
        call.close(at)
        return
    call.silences += 1
    call.open_turn(at)
    if danger.lets_go(call) or call.silences > len(call.rules.silence):
        if call.rules.silence_ends_in == "hand_off" and not danger.lets_go(call):
            leaving.hand_off(call, "silence", at)
        else:
            leaving.end(call, "silence", call.phrase("silence.goodbye"), at)
    elif call.proposal is not None and call.proposal.asked < confirming.MOST_READ_BACKS:
        confirming.read_again(call, at)
    else:
        call.say(call.phrase("silence.again"), at)
        call.close(at)
