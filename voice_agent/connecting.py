"""The TwiML that gives a call to the agent: a socket of its own, and a ticket without which that socket is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from voice_agent.calls import Tickets
from voice_agent.lines import Line
from voice_agent.settings import Settings
from voice_agent.twilio import twiml

Connect = Callable[..., str]
"""`connect(call_sid, line, caller, attestation, greeting=...)`."""


def connecting(settings: Settings, tickets: Tickets) -> Connect:
    return partial(connect, settings, tickets)


def connect(
    settings: Settings,
    tickets: Tickets,
    call_sid: str,
    line: Line,
    caller: str,
    attestation: str,
    *,
    greeting: str,
) -> str:
    """TwiML that opens a socket for this call. `caller` is their number; an empty greeting greets nobody twice."""
    ticket = tickets.issue(call_sid=call_sid, line=line.name, caller=caller, attestation=attestation)
    return twiml.conversation_relay(
        url=f"{settings.socket_url.rstrip('/')}/twilio/relay",
        action=f"{settings.public_url.rstrip('/')}/twilio/ended",
        greeting=greeting,
        attributes=line.relay,
        languages=line.languages,
        parameters={"ticket": ticket},
    )
