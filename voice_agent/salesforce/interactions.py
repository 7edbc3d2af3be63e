"""The agent's own records in the org: a row for each call, and proposals that a dispatcher decides on.

Both are upserts by a unique external id, so they may be sent again after a lost answer (sheet 5.5 rule 8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote as percent

from voice_agent import errors
from voice_agent.salesforce.bookings import stamp
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.commit import AUDIT_FIELDS, KEY_LENGTH
from voice_agent.salesforce.plans import WritePlan, unchanged
from voice_agent.salesforce.rows import Row, moment
from voice_agent.salesforce.soql import soql

Decision = Literal["Proposed", "Confirmed", "Executed", "Rejected", "Expired", "Failed"]
PAYLOAD_LENGTH = 32_768
PROPOSAL = "Id, Idempotency_Key__c, Action__c, Status__c, Expires__c, Payload__c, Error__c, SystemModstamp"
MOVES: Mapping[str, frozenset[str]] = {
    "Proposed": frozenset({"Confirmed", "Rejected", "Expired"}),
    "Confirmed": frozenset({"Executed", "Failed"}),
}
"""What may follow what; a decision is taken once, by whoever comes first."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that waits for a dispatcher's word, with all that is needed to make it later."""

    id: str
    key: str
    status: Decision
    expires: datetime | None
    plan: WritePlan
    audit: Mapping[str, Any]
    error: str
    modified: str
    version: int = 0
    """Which of the versions that dispatchers made of it stands in the org; 0 is the caller's."""


async def record_call(
    salesforce: Salesforce,
    *,
    call_sid: str,
    started: datetime,
    ended: datetime | None = None,
    from_number: str | None = None,
    escalated: bool = False,
    tokens: int | None = None,
    transcript_ref: str | None = None,
    **about: str | None,
) -> None:
    """The one row of a call, made or brought up to date. `about` takes the names of `commit.AUDIT_FIELDS`."""
    row: dict[str, Any] = {"Kind__c": "Call", "Call_Sid__c": call_sid, "Started__c": stamp(started)}
    row["Escalated__c"] = escalated
    extra = {
        "Ended__c": stamp(ended) if ended else None,
        "From_Number__c": from_number,
        "Tokens__c": tokens,
        "Transcript_Ref__c": transcript_ref,
    }
    row |= {name: value for name, value in extra.items() if value is not None}
    for name, value in about.items():
        field, longest = AUDIT_FIELDS[name]
        if value is not None:
            row[field] = value[:longest]
    await _upsert(salesforce, "AI_Interaction__c", "Agent_Key__c", f"{call_sid}:call", row)


async def propose(
    salesforce: Salesforce,
    plan: WritePlan,
    *,
    key: str,
    audit: Mapping[str, Any],
    expires: datetime,
    edited: Mapping[str, Any] | None = None,
) -> None:
    """Put a plan before a dispatcher. The same key again changes nothing. ValueError for a plan too long to be kept.

    `edited` says of a version that is not the caller's: its number under `version`, who made it, what became of what.
    """
    payload = _payload(plan, audit, edited)
    known = await proposal(salesforce, key)
    if known is not None:
        return
    target = plan.touches[0] if plan.touches else None
    row: dict[str, Any] = {
        "Action__c": plan.name,
        "Status__c": "Proposed",
        "Expires__c": stamp(expires),
        "Payload__c": payload,
    }
    if target is not None and not target.id.startswith("@"):
        row |= {"Target_Object__c": target.object, "Target_Id__c": target.id}
    await _upsert(salesforce, "Pending_AI_Action__c", "Idempotency_Key__c", key, row)


async def amend(
    salesforce: Salesforce, known: Proposal, plan: WritePlan, *, audit: Mapping[str, Any], edited: Mapping[str, Any]
) -> None:
    """Another version of a proposal that nobody has decided yet. Conflict when it was decided or changed meanwhile;
    ValueError as for `propose`."""
    await _change(salesforce, known, {"Payload__c": _payload(plan, audit, edited)})


def _payload(plan: WritePlan, audit: Mapping[str, Any], edited: Mapping[str, Any] | None) -> str:
    whole = {"plan": plan.as_json(), "audit": dict(audit), **({"edited": dict(edited)} if edited else {})}
    payload = json.dumps(whole, ensure_ascii=False, default=str)
    if len(payload) > PAYLOAD_LENGTH:
        raise ValueError("the plan does not fit into a proposal")
    return payload


async def proposal(salesforce: Salesforce, key: str) -> Proposal | None:
    statement = f"SELECT {PROPOSAL} FROM Pending_AI_Action__c WHERE Idempotency_Key__c = {{key}} LIMIT 1"
    found = await salesforce.query(soql(statement, key=key))
    return _proposal(found[0]) if found else None


async def waiting(salesforce: Salesforce) -> tuple[Proposal, ...]:
    """Undecided proposals, the one that runs out first on top. Also those whose time is over: somebody must say so."""
    statement = (
        f"SELECT {PROPOSAL} FROM Pending_AI_Action__c WHERE Status__c = 'Proposed' ORDER BY Expires__c LIMIT 200"
    )
    return tuple(map(_proposal, await salesforce.query(soql(statement))))


async def decide(salesforce: Salesforce, known: Proposal, status: Decision, *, error: str | None = None) -> None:
    """Move a proposal on. Conflict when somebody decided otherwise meanwhile; ValueError for a step that is none."""
    if status not in MOVES.get(known.status, frozenset()):
        raise ValueError(f"a proposal does not go from {known.status} to {status}")
    body: dict[str, Any] = {"Status__c": status, **({"Error__c": error[:PAYLOAD_LENGTH]} if error else {})}
    await _change(salesforce, known, body)


async def _change(salesforce: Salesforce, known: Proposal, body: Mapping[str, Any]) -> None:
    guard = unchanged("as_read", "Pending_AI_Action__c", known.id, known.modified, Status__c=known.status)
    answers = await salesforce.composite(
        [
            {
                "method": "GET",
                "url": salesforce.data_url(f"query?q={percent(guard.statement)}"),
                "referenceId": guard.reference,
            },
            {
                "method": "PATCH",
                "url": salesforce.data_url(f"sobjects/Pending_AI_Action__c/{guard.ref}"),
                "referenceId": "decision",
                "body": dict(body),
            },
        ],
        writes=True,
    )
    if answers[-1].status >= 300:
        raise errors.Conflict("decided meanwhile", code="CHANGED", status=answers[-1].status)


def _proposal(row: Row) -> Proposal:
    payload = json.loads(row["Payload__c"])
    return Proposal(
        id=str(row["Id"]),
        key=str(row["Idempotency_Key__c"]),
        status=row["Status__c"],
        expires=moment(row.get("Expires__c")),
        plan=WritePlan.from_json(payload["plan"]),
        audit=payload["audit"],
        error=str(row.get("Error__c") or ""),
        modified=str(row["SystemModstamp"]),
        version=int(payload.get("edited", {}).get("version", 0)),
    )


async def _upsert(salesforce: Salesforce, name: str, field: str, key: str, row: Mapping[str, Any]) -> None:
    if not 0 < len(key) <= KEY_LENGTH:
        raise ValueError("a key has 1 to 64 characters")
    await salesforce.request("PATCH", f"sobjects/{name}/{field}/{percent(key, safe='')}", json=dict(row))
