"""Plans that open something new: a reported problem, an emergency, a message for a desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from voice_agent import errors
from voice_agent.salesforce.bookings import stamp
from voice_agent.salesforce.catalogue import Catalogue, Queue
from voice_agent.salesforce.plans import Guard, Step, Touch, WritePlan
from voice_agent.salesforce.records import OVER, Contact, Job, RecordId, WorkType
from voice_agent.salesforce.rows import plain
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.wishes import Problem

STILL_OPEN = "SELECT Id FROM WorkOrder WHERE Id = {id} AND StatusCategory NOT IN {over}"
DUE_AFTER = timedelta(days=7)
"""Due date of a new visit, as the org itself sets it for one it creates (sheet 1.4)."""


def new_problem(contact: Contact, problem: Problem, work_type: WorkType | None, now: datetime) -> WritePlan:
    """Case, WorkOrder and, unless the work type makes one by itself, a ServiceAppointment to place afterwards."""
    words = {"Subject": plain(problem.subject, 255), "Description": plain(problem.description, 4000)}
    whose = _known({"ContactId": contact.id, "AccountId": contact.account_id, "AssetId": problem.asset_id})
    like = problem.like
    where = _known(
        {
            "ServiceTerritoryId": like.territory_id if like else None,
            "Street": like.place.street if like else None,
            "City": like.place.city if like else None,
            "PostalCode": like.place.postal_code if like else None,
        }
    )
    case = {**words, **whose, "Origin": "Phone"}
    order = {**words, **whose, **where, "CaseId": "@{case.id}", **_known({"WorkTypeId": problem.work_type_id})}
    steps = [
        Step("POST", "sobjects/Case", "case", case, keyed=True),
        Step("POST", "sobjects/WorkOrder", "order", order, keyed=True),
        *_numbers(),
    ]
    touches = [_made("Case", "case", case), _made("WorkOrder", "order", order)]
    if work_type is None or not work_type.makes_appointment:
        visit = {
            "ParentRecordId": "@{order.id}",
            "EarliestStartTime": stamp(now),
            "DueDate": stamp(now + DUE_AFTER),
            "Subject": words["Subject"],
            **_known({"ServiceTerritoryId": where.get("ServiceTerritoryId"), "ContactId": contact.id}),
            **({"Duration": work_type.minutes, "DurationType": "Minutes"} if work_type else {}),
        }
        steps.append(Step("POST", "sobjects/ServiceAppointment", "visit", visit, keyed=True))
        touches.append(_made("ServiceAppointment", "visit", visit))
    return WritePlan(
        name="new_problem",
        steps=tuple(steps),
        touches=tuple(touches),
        facts={
            "subject": words["Subject"],
            "work_type": work_type.name if work_type else None,
            "asset_id": problem.asset_id,
            "territory_id": like.territory_id if like else None,
        },
        links={"Contact__c": str(contact.id), "Case__c": "@{case.id}", "Work_Order__c": "@{order.id}"},
        serialise_on=(str(contact.account_id or contact.id),),
    )


def line_item(job: Job, work: Problem) -> WritePlan:
    """One more piece of work on the job's order, found on site. NotAllowed when there is no order or it is over."""
    order = job.work_order
    if order is None or order.over:
        refused = errors.NotAllowed(f"{job.appointment.id}: no open work order to add to")
        refused.for_model = "Nothing can be added to that job any more. Offer to pass it on to a dispatcher."
        raise refused
    guard = Guard("order_open", soql(STILL_OPEN, id=order.id, over=sorted(OVER)))
    body = {
        "WorkOrderId": guard.ref,
        "Subject": plain(work.subject, 255),
        "Description": plain(work.description, 4000),
        **_known({"WorkTypeId": work.work_type_id, "AssetId": work.asset_id}),
    }
    shown = {**body, "WorkOrderId": str(order.id)}
    return WritePlan(
        name="line_item",
        steps=(
            Step("POST", "sobjects/WorkOrderLineItem", "item", body, keyed=True),
            Step("GET", "sobjects/WorkOrderLineItem/@{item.id}?fields=LineItemNumber", "item_number"),
        ),
        touches=(_made("WorkOrderLineItem", "item", shown),),
        guards=(guard,),
        facts={
            "job": order.number,
            "subject": body["Subject"],
            "customer": job.customer,
            "technician_id": job.technician_id,
            "territory_id": job.appointment.territory_id,
        },
        links={"Work_Order__c": str(order.id), "Service_Appointment__c": str(job.appointment.id)},
        serialise_on=(str(order.id),),
    )


def emergency(
    catalogue: Catalogue,
    *,
    hazard: str,
    said: str,
    number: str | None,
    contact: Contact | None,
    address: str | None,
    urgency: str,
) -> WritePlan:
    """Case of priority High, WorkOrder of priority Critical. Asks the org for nothing: it must not wait for an answer.

    `FSL__Emergency__c` is set where a description read earlier shows it.
    """
    subject = plain(f"EMERGENCY ({urgency.replace('_', ' ')}): {hazard.replace('_', ' ')}", 255)
    told = [f"The caller said: {plain(said, 2000)}"]
    told += [f"Address given: {plain(address, 255)}"] if address else []
    told += [f"Call back: {number}"] if number else []
    words = {"Subject": subject, "Description": "\n".join(told)}
    whose = _known({"ContactId": contact.id, "AccountId": contact.account_id} if contact else {})
    case = {**words, **whose, "Priority": "High", "Origin": "Phone", **_known({"SuppliedPhone": number})}
    order = {**words, **whose, "Priority": "Critical", "CaseId": "@{case.id}", **_known({"Street": address})}
    described = catalogue.described("WorkOrder")
    if described is not None and described.settable("FSL__Emergency__c"):
        order["FSL__Emergency__c"] = True
    links = {"Case__c": "@{case.id}", "Work_Order__c": "@{order.id}"}
    return WritePlan(
        name="emergency",
        steps=(
            Step("POST", "sobjects/Case", "case", case, keyed=True),
            Step("POST", "sobjects/WorkOrder", "order", order, keyed=True),
            *_numbers(),
        ),
        touches=(_made("Case", "case", case), _made("WorkOrder", "order", order)),
        facts={"hazard": hazard, "urgency": urgency},
        links={**links, **({"Contact__c": str(contact.id)} if contact else {})},
    )


def message(
    queues: Iterable[Queue],
    *,
    desk: str,
    text: str,
    contact: Contact | None,
    number: str | None,
    name: str | None,
    call_back_at: str | None,
) -> WritePlan:
    """A task on a known contact; a case for somebody the org does not know, who has no record to hang a task on.

    The desk's own queue owns it, if there is just one of that name for such records.
    """
    owner = owner_of(queues, desk, "Task" if contact else "Case")
    subject = plain(("" if owner else f"[{desk}] ") + ("Call back" if number or contact else "Message"), 80)
    told = [plain(text, 4000)]
    told += [f"From: {plain(name, 120)}"] if name else []
    told += [f"Number: {number}"] if number else []
    told += [f"Wanted: {plain(call_back_at, 120)}"] if call_back_at else []
    reads: tuple[Step, ...] = ()
    body: dict[str, Any] = {"Subject": subject, "Description": "\n".join(told), **_known({"OwnerId": owner})}
    if contact:
        body |= {"WhoId": str(contact.id), "Priority": "High"}
        step, touch = Step("POST", "sobjects/Task", "message", body), _made("Task", "message", body)
        links = {"Contact__c": str(contact.id)}
    else:
        body |= {"Origin": "Phone", **_known({"SuppliedPhone": number, "SuppliedName": plain(name, 80)})}
        step = Step("POST", "sobjects/Case", "message", body, keyed=True)
        touch, links = _made("Case", "message", body), {"Case__c": "@{message.id}"}
        reads = (Step("GET", "sobjects/Case/@{message.id}?fields=CaseNumber", "message_number"),)
    return WritePlan(
        name="message",
        steps=(step, *reads),
        touches=(touch,),
        facts={"desk": desk, "call_back_at": call_back_at},
        links=links,
        serialise_on=(str(contact.account_id or contact.id),) if contact else (),
    )


def owner_of(queues: Iterable[Queue], desk: str, object_name: str) -> RecordId | None:
    """The desk's own queue, if there is just one of that name for such records."""
    fitting = [one for one in queues if desk.lower() in one.names and object_name in one.owns]
    return RecordId(fitting[0].id) if len(fitting) == 1 else None


def _numbers() -> tuple[Step, ...]:
    """Reads that give the new numbers within the same request; they are what a caller writes down."""
    return (
        Step("GET", "sobjects/Case/@{case.id}?fields=CaseNumber", "case_number"),
        Step("GET", "sobjects/WorkOrder/@{order.id}?fields=WorkOrderNumber", "order_number"),
    )


def _made(object_name: str, reference: str, body: Mapping[str, Any]) -> Touch:
    return Touch(object_name, f"@{{{reference}.id}}", f"new {object_name}", {}, dict(body))


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in fields.items() if value}
