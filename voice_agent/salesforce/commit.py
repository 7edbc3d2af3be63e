"""A plan made real: one composite request, all or nothing, that carries its own proof. Exactly once by a unique key.

Order inside the request: guards (queries that find the record only if it is still as it was read), the changes in
their order, the audit row. Later steps refer to what a guard found, so a changed record halts everything; a repeat
collides on the audit row's unique Agent_Key__c, so nothing happens twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote as percent

from voice_agent import errors
from voice_agent.salesforce.client import Salesforce, SubResponse
from voice_agent.salesforce.plans import Committed, Step, WritePlan
from voice_agent.salesforce.refusals import BUSY, CIRCUIT_OPEN, NOT_SENT, first_error, refusal
from voice_agent.salesforce.soql import soql

AUDIT = "audit"
KEY_LENGTH = 64
SEALED = "sealed: never applied"
NO_VALUE = "invalid reference specified"
"""Begins the org's words for an `@{...}` that stands for nothing (2.6)."""
READ_BACKS = (0.3, 0.9, 1.8)
"""Seconds to wait before each look for the audit row after an ambiguous time-out."""
INTERACTION = "SELECT Id, Decision__c FROM AI_Interaction__c WHERE Agent_Key__c = {key} LIMIT 1"

AUDIT_FIELDS: Mapping[str, tuple[str, int]] = {
    "call_sid": ("Call_Sid__c", 34),
    "tool": ("Tool__c", 80),
    "request": ("Request__c", 32000),
    "decision": ("Decision__c", 255),
    "summary": ("Summary__c", 32000),
    "outcome": ("Outcome__c", 40),
    "verified_level": ("Verified_Level__c", 10),
    "contact_id": ("Contact__c", 18),
    "account_id": ("Account__c", 18),
    "model": ("Model__c", 120),
    "prompt_version": ("Prompt_Version__c", 64),
}


async def commit(
    salesforce: Salesforce, plan: WritePlan, *, key: str, audit: Mapping[str, Any], seal: bool = False
) -> Committed:
    """Do what the plan says, once, however often this is called with the same `key` (at most 64 characters).

    `audit` takes the names of AUDIT_FIELDS. Every error raised means that nothing was changed: Conflict when a record
    or a slot is no longer what was read (`code` CHANGED or TAKEN), otherwise the org's refusal. A lost answer does not
    raise: it is settled by reading back, see `settle` and `Committed`.
    """
    if not 0 < len(key) <= KEY_LENGTH:
        raise ValueError("a key has 1 to 64 characters")
    subrequests = compose(salesforce, plan, key=key, audit=audit)
    async with salesforce.turnstile(plan.serialise_on):
        try:
            answers = await salesforce.composite(subrequests, writes=True)
        except (errors.SalesforceTimeout, errors.SalesforceUnavailable) as exc:
            if exc.code in (NOT_SENT, BUSY, CIRCUIT_OPEN):
                raise
            return await settle(salesforce, plan, key=key, audit=audit, seal=seal)
        cause = _cause(answers)
        if cause is None:
            return _applied(plan, key, answers)
        earlier = await _look(salesforce, plan, key)
        if earlier is not None:
            return earlier
        raise _refused(plan, cause)


async def settle(
    salesforce: Salesforce, plan: WritePlan, *, key: str, audit: Mapping[str, Any], seal: bool = False
) -> Committed:
    """What became of a write whose answer was lost, found by looking for its audit row; nothing is sent again.

    Without a trace the answer is "unknown": the org may still be working on it. With `seal` a row with the same unique
    key is then written, after which the lost request can only fail: "not_applied" for good, and a new attempt needs a
    new key.
    """
    for wait in READ_BACKS:
        await asyncio.sleep(wait)
        try:
            found = await _look(salesforce, plan, key)
        except errors.SalesforceError:
            continue
        if found is not None:
            return found
    if seal:
        try:
            row = {**_audit_row(plan, key, audit), "Decision__c": SEALED, "After__c": None}
            row = {field: value for field, value in row.items() if not str(value).startswith("@{")}
            await salesforce.request("POST", "sobjects/AI_Interaction__c", json=row)
            return Committed("not_applied", key, facts=plan.facts)
        except errors.Conflict:
            found = await _look(salesforce, plan, key)
            if found is not None:
                return found
        except errors.SalesforceError:
            pass
    return Committed("unknown", key, facts=plan.facts)


def derived_key(key: str, position: int) -> str:
    """Agent_Key__c of the record that step `position` creates: the same for every attempt, at most 64 characters."""
    suffix = f":{position}"
    if len(key) + len(suffix) <= KEY_LENGTH:
        return key + suffix
    return hashlib.sha256(key.encode()).hexdigest()[: KEY_LENGTH - len(suffix)] + suffix


def compose(salesforce: Salesforce, plan: WritePlan, *, key: str, audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sub-requests of the one composite. ValueError for a plan that does not fit into it (2.6)."""
    subrequests: list[dict[str, Any]] = [
        {
            "method": "GET",
            "url": salesforce.data_url(f"query?q={percent(guard.statement)}"),
            "referenceId": guard.reference,
        }
        for guard in plan.guards
    ]
    subrequests += [_step(salesforce, step, position, key) for position, step in enumerate(plan.steps)]
    subrequests.append(
        {
            "method": "POST",
            "url": salesforce.data_url("sobjects/AI_Interaction__c"),
            "referenceId": AUDIT,
            "body": _audit_row(plan, key, audit),
        }
    )
    if len(subrequests) > 25 or len(plan.guards) > 5:
        raise ValueError("a plan has at most 5 guards and 25 sub-requests in all")
    return subrequests


def _step(salesforce: Salesforce, step: Step, position: int, key: str) -> dict[str, Any]:
    subrequest: dict[str, Any] = {
        "method": step.method,
        "url": salesforce.data_url(step.path),
        "referenceId": step.reference,
    }
    if step.body is not None:
        keyed = {"Agent_Key__c": derived_key(key, position)} if step.keyed else {}
        subrequest["body"] = {**step.body, **keyed}
    if step.headers:
        subrequest["httpHeaders"] = dict(step.headers)
    return subrequest


def _audit_row(plan: WritePlan, key: str, audit: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"Kind__c": "Write", "Agent_Key__c": key, "Tool__c": plan.name, **plan.links}
    row["Before__c"] = _told({f"{t.object} {t.id}": t.before for t in plan.touches})
    row["After__c"] = _told({f"{t.object} {t.id}": t.after for t in plan.touches})
    for name, value in audit.items():
        field, longest = AUDIT_FIELDS[name]
        if value is not None:
            row[field] = (value if isinstance(value, str) else _told(value))[:longest]
    return row


def _told(value: object) -> str:
    """JSON for people. An `@{...}` in it would be taken for a reference by the org, so the sign is spelled apart."""
    return json.dumps(value, ensure_ascii=False, default=str).replace("@{", "@ {")[:32000]


def _cause(answers: Sequence[SubResponse]) -> SubResponse | None:
    """The answer that rolled everything back. The innocent ones say "rolled back since another operation" (2.6)."""
    failed = [answer for answer in answers if answer.status >= 300]
    for answer in failed:
        code, message, _ = first_error(answer.body)
        if code != "PROCESSING_HALTED" or "rolled back" not in message:
            return answer
    return failed[0] if failed else None


def _applied(plan: WritePlan, key: str, answers: Sequence[SubResponse]) -> Committed:
    bodies = {answer.reference: answer.body for answer in answers}
    ids = {step.reference: str(bodies[step.reference]["id"]) for step in plan.steps if step.method == "POST"}
    read = {
        step.reference: {name: value for name, value in bodies[step.reference].items() if name != "attributes"}
        for step in plan.steps
        if step.method == "GET"
    }
    return Committed("applied", key, ids=ids, facts=plan.facts, read=read, interaction_id=str(bodies[AUDIT]["id"]))


async def _look(salesforce: Salesforce, plan: WritePlan, key: str) -> Committed | None:
    """The outcome of an earlier attempt with this key, None when there is no trace of one."""
    found = await salesforce.query(soql(INTERACTION, key=key))
    if not found:
        return None
    if found[0].get("Decision__c") == SEALED:
        return Committed("not_applied", key, facts=plan.facts)
    created = {
        step.reference: f"SELECT Id FROM {step.path.split('/')[1]} WHERE Agent_Key__c = "
        + soql("{key}", key=derived_key(key, position))
        for position, step in enumerate(plan.steps)
        if step.keyed
    }
    rows = await salesforce.queries(dict(list(created.items())[:5])) if created else {}
    ids = {reference: str(row[0]["Id"]) for reference, row in rows.items() if row}
    return Committed("applied", key, ids=ids, facts=plan.facts, repeated=True, interaction_id=str(found[0]["Id"]))


def _refused(plan: WritePlan, cause: SubResponse) -> errors.SalesforceError:
    """A reference without a value means that a guard found nothing: the record changed, or the slot was taken.

    That "reference" stands in a refusal means nothing by itself: an invalid *cross* reference, a deleted parent or a
    foreign id is the org's word on a value, and final. So is a step whose words name none of our guards.
    """
    code, message, _ = first_error(cause.body)
    failed = next((step for step in plan.steps if step.reference == cause.reference), None)
    used = json.dumps([failed.path, failed.body] if failed else "")
    empty = "rolled back" not in message and (code == "PROCESSING_HALTED" or message.lower().startswith(NO_VALUE))
    named = [one for one in plan.guards if one.reference in message] or [one for one in plan.guards if one.ref in used]
    if not empty or not named:
        return refusal(cause.status, cause.body, f"{plan.name}: {cause.reference}")
    guard = named[0]
    return errors.Conflict(f"{plan.name}: {guard.reference} is no longer so", code=guard.reason, status=cause.status)
