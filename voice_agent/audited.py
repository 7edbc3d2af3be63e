"""What of a call goes into the audit log, and when: a change with its intent, everything else with the journal.

A change that is to be made is an entry in the very transaction that makes its intent durable: neither exists without
the other. What else was asked, found, refused and decided comes with the journal's batches, in the same transaction as
these. Words are redacted before they are kept: numbers of cards, PINs and codes are nobody's to read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from voice_agent.audit import Audit, Entry
from voice_agent.intents import ExactlyOnce
from voice_agent.journal import Pending
from voice_agent.language.redaction import redact
from voice_agent.salesforce.plans import Committed, WritePlan

KINDS: Mapping[str, str] = {
    "call_started": "call",
    "call_resumed": "call",
    "call_ended": "call",
    "caller": "call",
    "identified": "identity",
    "secret": "identity",
    "tool": "request",
    "tool_result": "request",
    "evidence": "refusal",
    "proposed": "proposal",
    "proposal_dropped": "proposal",
    "write": "write",
    "emergency": "emergency",
    "emergency_recorded": "emergency",
    "hand_off": "hand_off",
    "handed_off": "hand_off",
}
"""Kinds of the journal that are decisions or what decisions rest on, and the kind of entry they become."""
FACTS = frozenset(
    "line reason turn intent confidence urgency lang accepted level role by tool id proposal status hazard queue found "
    "ms model prompt".split()
)
"""What says nothing about a person. Everything else of an entry is kept as words, which can be erased."""


class AuditedWriter:
    """`ExactlyOnce` whose intents carry their entry of the audit log."""

    def __init__(self, write: ExactlyOnce, audit: Audit, *, wall: Callable[[], float] = time.time) -> None:
        self._write = write
        self._audit = audit
        self._wall = wall

    async def __call__(
        self, plan: WritePlan, key: str, audit: Mapping[str, Any], *, without_store: bool = False
    ) -> Committed:
        """As `ExactlyOnce`; a change repeated under its key is one intent and one entry."""

        def also(connection: Connection) -> None:
            self._audit.append(connection, change(plan, key, audit), wall=self._wall())

        return await self._write(plan, key, audit, also=also, without_store=without_store)


def change(plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Entry:
    """The entry of a change about to be made: who, how verified, by which model, decided why, before and after."""
    personal = {
        "request": redact(str(audit.get("request", ""))),
        "said": str(audit.get("summary", "")),
        "before": _json({f"{touch.object} {touch.id}": touch.before for touch in plan.touches}),
        "after": _json({f"{touch.object} {touch.id}": touch.after for touch in plan.touches}),
    }
    told = ("tool", "decision", "verified_level", "model", "prompt_version")
    facts = {"key": key, "change": plan.name, **{name: audit[name] for name in told if audit.get(name)}}
    contact = str(audit.get("contact_id") or "")
    call_sid = str(audit.get("call_sid") or "")
    return Entry("write", call_sid, facts, {k: v for k, v in personal.items() if v not in ("", "{}")}, contact)


def happening(kind: str, call_sid: str, values: Mapping[str, Any]) -> Entry | None:
    """The entry an item of the journal becomes, None for what is no decision (words played, frames, timings)."""
    if kind not in KINDS:
        return None
    facts = {name: value for name, value in values.items() if name in FACTS and value is not None}
    personal = {
        name: redact(value if isinstance(value, str) else _json(value))
        for name, value in values.items()
        if name not in FACTS and value not in (None, "", [], {})
    }
    contact = str(values.get("record_id") or "") if kind == "identified" and not values.get("technician") else ""
    return Entry(KINDS[kind], call_sid, {"what": kind, **facts}, personal, contact)


def keep(audit: Audit) -> Callable[[Connection, Sequence[Pending]], None]:
    """What `History` does beside writing a batch."""

    def append(connection: Connection, batch: Sequence[Pending]) -> None:
        decided = ((happening(one.kind, one.record.call_sid, one.values), one.wall) for one in batch)
        if new := [(entry, wall) for entry, wall in decided if entry is not None]:
            audit.append_all(connection, new)

    return append


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
