"""What a person who takes over is told: short, and every line says where it comes from. Written by rules only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voice_agent.call.transcript import CallerSaid, Noted
from voice_agent.grants import Level
from voice_agent.session import Session

LEVELS = {Level.UNKNOWN: "not identified", Level.MATCHED: "number on record", Level.PROVEN: "PIN or code entered"}


@dataclass(frozen=True, slots=True)
class Said:
    """One line. `source` is `verified`, `caller`, `record`, `agent` or `not done`."""

    source: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"source": self.source, "text": self.text}


def summarise(session: Session) -> tuple[Said, ...]:
    """Ready at once, from the call's own memory; no model words it and nothing is asked of the records."""
    grant, call = session.identity.grant, session.call
    lines = [Said("verified", f"{_who(session)} ({LEVELS[grant.level]}), line {session.line.name}")]
    if session.handed_off:
        lines.append(Said("agent", f"Reason: {session.handed_off.replace('_', ' ')}"))
    if call.emergency:
        lines.append(Said("caller", f"EMERGENCY: {call.emergency.replace('_', ' ')}. Guidance was given."))
    words = [entry.text for entry in call.transcript.entries if isinstance(entry, CallerSaid)]
    lines += [Said("caller", text) for text in words[-4:]]
    lines += [_outcome(entry) for entry in call.transcript.entries if isinstance(entry, Noted) and _is_write(entry)]
    if session.line.role == "customer" and (context := session.identity.context) is not None:
        lines += [
            Said("record", f"{a.number}: {a.subject or a.work_type}, {a.status}") for a in context.appointments[:3]
        ]
    return tuple(lines)


def _who(session: Session) -> str:
    grant = session.identity.grant
    if grant.technician is not None:
        return f"Technician {grant.technician.name}"
    if grant.contact is not None:
        return f"{grant.contact.name}, {grant.contact.account_name}".rstrip(", ")
    return "Unknown caller"


def _is_write(entry: Noted) -> bool:
    return ": committed" in entry.text or ": not done" in entry.text or ": sent" in entry.text


def _outcome(entry: Noted) -> Said:
    return Said("agent" if ": committed" in entry.text else "not done", entry.text)
