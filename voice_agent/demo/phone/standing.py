"""What a call stands on at this moment, for whoever watches: who is calling, what the keys mean, what is waited for."""

from __future__ import annotations

from typing import Any

from voice_agent.call.keypad import OPEN
from voice_agent.call.reply import Awaiting
from voice_agent.session import Session

AWAITED = {Awaiting.WRITE: "the change to be saved", Awaiting.SECRET: "the PIN check", Awaiting.EMERGENCY: "the record"}


def standing(session: Session, now: float) -> dict[str, Any]:
    """JSON values only. `keypad.pressed` counts keys and never names one; `now` is the session's monotonic clock.

    `waiting` is one of caller, keys, answer (yes or no), agent (is talking), model, tools, server, person, nothing.
    """
    call, grant = session.call, session.identity.grant
    ask = call.keypad.ask
    kind, about = _waiting(session, now)
    return {
        "role": grant.role,
        "level": int(grant.level),
        "name": session.identity.first_name,
        "looked_up": session.identity.known.is_set(),
        "lang": call.lang,
        "keypad": None if ask == OPEN else ask.kind.value,
        "length": ask.length,
        "pressed": len(call.keypad.digits),
        "confirming": call.proposal is not None,
        "emergency": call.emergency,
        "turn": call.turn,
        "waiting": kind,
        "about": about,
    }


def _waiting(session: Session, now: float) -> tuple[str, str]:
    call, reply = session.call, session.call.reply
    if session.record.ended:
        return "nothing", ""
    if session.handed_off:
        return "person", session.line.hand_off
    if call.ended:
        return "nothing", ""
    if reply is not None and not reply.closed:
        if reply.awaiting is not None:
            return "server", AWAITED[reply.awaiting]
        if reply.tools_pending:
            return "tools", ", ".join(used.name for used in reply.tools_pending.values())
        if reply.generating and not reply.model_spoke:
            return "model", session.around.model.name
    if call.playout.unheard(now):
        return "agent", ""
    if call.proposal is not None:
        return "answer", ""
    if call.keypad.ask != OPEN:
        return "keys", call.keypad.ask.kind.value
    return "caller", ""
