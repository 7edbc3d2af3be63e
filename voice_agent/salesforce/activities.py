"""A hand-over on record in the org: a Task that tells of the call, as telephony leaves one, with the summary in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voice_agent.salesforce.plans import Guard, Step, Touch, WritePlan
from voice_agent.salesforce.rows import plain
from voice_agent.salesforce.soql import soql

TEXT_LENGTH = 30_000


def hand_over(
    *,
    call_sid: str,
    subject: str,
    text: str,
    disposition: str,
    seconds: int,
    contact_id: str | None = None,
    about_id: str | None = None,
    done: bool,
) -> WritePlan:
    """`CallObject` is the CallSid, by which a screen pop or a report finds the call. Completed when somebody has talked
    with the caller; open when somebody still has to. `about_id` is a record the call was about."""
    body: dict[str, Any] = {
        "Subject": plain(subject, 255),
        "Description": text[:TEXT_LENGTH],
        "Status": "Completed" if done else "Open",
        "Priority": "Normal" if done else "High",
        "TaskSubtype": "Call",
        "CallType": "Inbound",
        "CallObject": call_sid,
        "CallDisposition": disposition,
        "CallDurationInSeconds": seconds,
    }
    body |= {name: value for name, value in (("WhoId", contact_id), ("WhatId", about_id)) if value}
    links: Mapping[str, str] = {"Contact__c": contact_id} if contact_id else {}
    return WritePlan(
        name="hand_over",
        steps=(Step("POST", "sobjects/Task", "task", body),),
        touches=(Touch("Task", "@{task.id}", "new Task", {}, body),),
        facts={"call_sid": call_sid, "disposition": disposition},
        links=links,
        serialise_on=(contact_id,) if contact_id else (),
    )


def called_back(*, call_sid: str, contact_id: str | None = None) -> WritePlan:
    """The promise of this call was kept: the Task that stood open for it is completed. Conflict when none is open."""
    statement = soql(
        "SELECT Id FROM Task WHERE CallObject = {call} AND Status = 'Open' AND TaskSubtype = 'Call' LIMIT 1",
        call=call_sid,
    )
    still_open = Guard("task", statement)
    body = {"Subject": "Called back as promised", "Status": "Completed", "CallDisposition": "called_back"}
    return WritePlan(
        name="called_back",
        steps=(Step("PATCH", f"sobjects/Task/{still_open.ref}", "closed", body),),
        touches=(Touch("Task", still_open.ref, "Task of the call", {"Status": "Open"}, body),),
        guards=(still_open,),
        facts={"call_sid": call_sid},
        links={"Contact__c": contact_id} if contact_id else {},
    )
