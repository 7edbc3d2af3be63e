"""The one row that every call leaves in the org: who called, verified how, what it was about, and how it ended.

Written by a durable job once the call is over, from the journal alone: nobody waits for it, and it is made even if the
process that held the call is gone. It carries the newest digest of the audit log, so that the org knows how long that
was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from voice_agent import audit
from voice_agent.handoff.telling import summarise
from voice_agent.history import Entry, History, PastCall
from voice_agent.jobs import want
from voice_agent.journal import Pending
from voice_agent.salesforce.interactions import record_call as record
from voice_agent.workshop import Result, Workshop

CONTACT = "003"
"""What the ids of contacts begin with, in every org."""
LEFT_ALONE = frozenset({"hangup", "completed", "lost"})


@dataclass(frozen=True, slots=True)
class Account:
    """What the entries of a call add up to. `outcome` is a value of AI_Interaction__c.Outcome__c."""

    outcome: str
    level: str
    contact: str
    tokens: int
    model: str
    prompt_version: str
    escalated: bool
    summary: str


def account(call: PastCall, entries: Sequence[Entry]) -> Account:
    """Pure: the same journal gives the same row."""
    values = [{"kind": entry.kind, "call": entry.call_sid, **entry.values} for entry in entries]
    models = [v for v in values if v["kind"] == "model"]
    known = _last(values, "identified")
    return Account(
        outcome=_outcome(call, values),
        level=str(known.get("level", 0)),
        contact=contact_of(known),
        tokens=sum(int(v.get("prompt_tokens") or 0) + int(v.get("completion_tokens") or 0) for v in models),
        model=str(models[-1].get("model") or "") if models else "",
        prompt_version=str(_last(values, "call_started").get("prompt") or ""),
        escalated=bool(call.handed_off) or any(v["kind"] == "hand_off" for v in values),
        summary=summarise(values).as_text(),
    )


def contact_of(known: Mapping[str, Any]) -> str:
    """The org's id of the customer an `identified` item names, empty for technicians and strangers."""
    record_id = str(known.get("record_id") or "")
    return record_id if record_id.startswith(CONTACT) else ""


def _outcome(call: PastCall, values: Sequence[Mapping[str, Any]]) -> str:
    kinds = {v["kind"] for v in values}
    if "hand_off" in kinds or call.handed_off:
        return "Handed Off"
    writes = [v.get("status") for v in values if v["kind"] == "write"]
    if "applied" in writes:
        return "Resolved"
    if writes:
        return "Queued" if "unknown" in writes else "Failed"
    if "caller" not in kinds and "key" not in kinds:
        return "Abandoned"
    answered = any(v["kind"] == "tool_result" for v in values)
    return "Resolved" if answered or call.outcome not in LEFT_ALONE else "Abandoned"


def ask(connection: Connection, batch: Sequence[Pending]) -> None:
    """Have the row written of every call that has ended; goes with the journal's batch that says so."""
    for one in batch:
        if one.kind == "call_ended":
            call_sid = one.record.call_sid
            want(connection, record_call.__name__, f"record:{call_sid}", {"call_sid": call_sid}, due=one.wall)


async def record_call(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """The job: `arguments` name the call. An upsert by a unique key, so it may be done again."""
    history = History(workshop.store, now=workshop.now)
    call = await history.call(arguments["call_sid"])
    if call is None:
        return {"recorded": False}
    told = account(call, await history.entries(call.call_sid))
    seq, digest = await workshop.store.look(audit.head)
    await record(
        workshop.salesforce,
        call_sid=call.call_sid,
        started=_moment(call.started),
        ended=_moment(call.ended if call.ended is not None else call.last),
        from_number=call.caller or None,
        escalated=told.escalated,
        tokens=told.tokens or None,
        transcript_ref=f"audit entry {seq} {digest}",
        outcome=told.outcome,
        verified_level=told.level,
        contact_id=told.contact or None,
        model=told.model or None,
        prompt_version=told.prompt_version or None,
        summary=told.summary,
    )
    return {"recorded": True, "outcome": told.outcome}


def _last(values: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    return next((v for v in reversed(values) if v["kind"] == kind), {})


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
