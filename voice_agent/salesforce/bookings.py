"""Plans about a customer's visit: move it, cancel it, confirm it, leave a note for whoever comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from voice_agent import errors
from voice_agent.salesforce import transitions
from voice_agent.salesforce.catalogue import Catalogue
from voice_agent.salesforce.plans import Guard, Step, Touch, WritePlan, unchanged
from voice_agent.salesforce.records import Appointment, RecordId
from voice_agent.salesforce.rows import plain
from voice_agent.salesforce.soql import record_id, soql
from voice_agent.salesforce.wishes import Slot, SlotWish

FREE = """SELECT Id FROM ServiceResource WHERE Id = {technician} AND IsActive = true
    AND Id NOT IN (SELECT ServiceResourceId FROM AssignedResource WHERE ServiceAppointmentId != {visit}
        AND ServiceAppointment.SchedStartTime < {end} AND ServiceAppointment.SchedEndTime > {start}
        AND ServiceAppointment.StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None'))
    AND Id NOT IN (SELECT ResourceId FROM ResourceAbsence WHERE Start < {end} AND End > {start})"""
FREE_BY_AMOUNT = """SELECT Id FROM ServiceResource WHERE Id = {technician} AND IsActive = true
    AND Id NOT IN (SELECT ServiceResourceId FROM AssignedResource WHERE ServiceAppointmentId != {visit}
        AND ServiceAppointment.SchedStartTime >= {opens} AND ServiceAppointment.SchedStartTime < {closes}
        AND ServiceAppointment.StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None')
        {{unless}})
    AND Id NOT IN (SELECT ResourceId FROM ResourceAbsence WHERE Start < {end} AND End > {start})"""
ROOM = """SELECT Id FROM ServiceTerritory WHERE Id = {territory}
    AND Id NOT IN (SELECT ServiceTerritoryId FROM ServiceAppointment WHERE Id != {visit}
        AND SchedStartTime >= {opens} AND SchedStartTime < {closes}
        AND StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None') {{unless}})"""
RESCHEDULE = "reschedule"
ANEW = "again"
"""Reference of the visit that is made in place of one that cannot be moved."""
ALREADY_COMING = timedelta(hours=2)
"""A dispatched visit this near is with somebody who may be on the road: a dispatcher decides."""


async def reschedule(
    catalogue: Catalogue, appointment: Appointment, slot: Slot, now: datetime, wish: SlotWish
) -> WritePlan:
    """Move a visit to a slot offered in this call. The slot is checked again inside the same transaction.

    `wish` is what it was found by: kept in the plan's facts, for the next best time if this one is gone by then.

    NotAllowed for a visit under way, over, pinned, or with several technicians: a dispatcher's business.
    """
    movable(appointment, now)
    described = await catalogue.describe("ServiceAppointment")
    package = "FSL__Pinned__c" in described
    visit_statuses, _ = await catalogue.statuses()
    times = {
        "SchedStartTime": stamp(slot.start),
        "SchedEndTime": stamp(slot.end),
        "ArrivalWindowStartTime": stamp(slot.window_start),
        "ArrivalWindowEndTime": stamp(slot.window_end),
    }
    changed = _guard(appointment, **({"FSL__Pinned__c": False} if package else {}))
    free, room = free_guard(slot, appointment.id), room_guard(slot, appointment.id)
    scheduled = visit_statuses.choose("Scheduled")
    if appointment.category == "Dispatched" and package:
        canceled = visit_statuses.choose("Canceled")
        steps, touches = _anew(appointment, times, scheduled, canceled, changed, free, slot)
    else:
        steps, touches = _moved(appointment, times, scheduled, changed, free, slot)
    if room:
        steps = (Step("GET", f"sobjects/ServiceTerritory/{room.ref}?fields=Id", "has_room"), *steps)
    return WritePlan(
        name=RESCHEDULE,
        steps=steps,
        touches=touches,
        guards=(changed, free, room) if room else (changed, free),
        facts=_facts(
            appointment,
            window_start=stamp(slot.window_start),
            window_end=stamp(slot.window_end),
            technician=slot.technician_name.split(" ")[0],
            late=slot.late,
            wish=wish.as_json(),
        ),
        links=_links(appointment),
        serialise_on=(str(appointment.work_order_id or appointment.id), str(slot.technician_id)),
    )


async def cancel(catalogue: Catalogue, appointment: Appointment, reason: str) -> WritePlan:
    """Cancel, never delete. NotAllowed once somebody has begun (3.3)."""
    _not_over(appointment)
    transitions.walk(transitions.VISIT, appointment.category, "Canceled")
    described = await catalogue.describe("ServiceAppointment")
    statuses, _ = await catalogue.statuses()
    body: dict[str, Any] = {"Status": statuses.choose("Canceled")}
    if reason in described.picks("CancellationReason"):
        body["CancellationReason"] = reason
    guard = _guard(appointment)
    return WritePlan(
        name="cancel",
        steps=(Step("PATCH", f"sobjects/ServiceAppointment/{guard.ref}", "visit", body),),
        touches=(_touch(appointment, {"Status": appointment.status}, body),),
        guards=(guard,),
        facts=_facts(appointment, reason=plain(reason, 255)),
        links=_links(appointment),
        serialise_on=(str(appointment.work_order_id or appointment.id),),
    )


async def confirm(catalogue: Catalogue, appointment: Appointment) -> WritePlan:
    """Salesforce has no field for "the customer confirmed": a completed call task on the visit says it."""
    _not_over(appointment)
    task = await catalogue.describe("Task")
    return _noted(
        "confirm",
        appointment,
        {"Subject": "Visit confirmed by phone", "WhatId": str(appointment.id), **done(task.picks("Status"))},
    )


async def arrival_note(catalogue: Catalogue, appointment: Appointment, note: str) -> WritePlan:
    """What whoever comes should know: the dog, the gate. An open task on the visit, in the caller's own words."""
    _not_over(appointment)
    body = {"Subject": "Note for the visit", "WhatId": str(appointment.id), "Description": plain(note, 1000)}
    return _noted("arrival_note", appointment, body, note=plain(note, 1000))


async def preferred_times(appointment: Appointment, times: str, owner: RecordId | None) -> WritePlan:
    """When a visit should be, in the customer's words: an open task for the planners, on the visit.

    The visit itself stays as it is: dates on it are promises, and a preference is none.
    """
    _not_over(appointment)
    body = {
        "Subject": "Preferred times" if owner else "[dispatch] Preferred times",
        "Description": plain(times, 1000),
        **({"OwnerId": str(owner)} if owner else {}),
    }
    return _noted("preferred_times", appointment, body, times=plain(times, 1000))


def details_sent(appointments: Sequence[Appointment]) -> WritePlan:
    """Nothing changes in the org but its log: that details of these visits went to the number on record."""
    first = appointments[0]
    return WritePlan(
        name="text_details",
        steps=(),
        touches=(),
        facts=_facts(first, appointments=[one.number for one in appointments]),
        links=_links(first),
    )


def _noted(name: str, appointment: Appointment, task: Mapping[str, Any], **facts: Any) -> WritePlan:
    guard = _guard(appointment)
    body = {**task, "WhatId": guard.ref, **({"WhoId": appointment.contact_id} if appointment.contact_id else {})}
    return WritePlan(
        name=name,
        steps=(Step("POST", "sobjects/Task", "note", body),),
        touches=(Touch("Task", "@{note.id}", f"visit {appointment.number}", {}, dict(task)),),
        guards=(guard,),
        facts=_facts(appointment, **facts),
        links=_links(appointment),
        serialise_on=(str(appointment.work_order_id or appointment.id),),
    )


def done(statuses: tuple[str, ...]) -> dict[str, str]:
    """Status of a finished task in this org's words; left to the org's default if it has none we know."""
    for value in statuses:
        if value.lower() in ("completed", "closed", "done"):
            return {"Status": value}
    return {}


def free_guard(slot: Slot, visit: RecordId) -> Guard:
    """Finds the technician only while nothing else lies in the slot or on the drive to it (3.4 rule 11).

    Somebody booked by amount: while no other visits came into the period, so that its room is as it was.
    """
    limit = slot.of_technician
    if limit is not None:
        statement = soql(
            _unless_known(FREE_BY_AMOUNT, "ServiceAppointmentId", limit.known),
            technician=slot.technician_id,
            visit=visit,
            opens=limit.opens,
            closes=limit.closes,
            start=slot.start,
            end=slot.end,
        )
        return Guard("free", statement, reason="TAKEN")
    start = slot.start - timedelta(minutes=slot.travel_minutes)
    return Guard(
        "free", soql(FREE, technician=slot.technician_id, visit=visit, start=start, end=slot.end), reason="TAKEN"
    )


def room_guard(slot: Slot, visit: RecordId) -> Guard | None:
    """Finds the territory only while no visit came into a time slot that takes only so many (3.4 rule 9)."""
    limit = slot.of_calendar
    if limit is None:
        return None
    template = _unless_known(ROOM, "Id", limit.known)
    statement = soql(template, territory=slot.territory_id, visit=visit, opens=limit.opens, closes=limit.closes)
    return Guard("room", statement, reason="TAKEN")


def _unless_known(template: str, field: str, known: tuple[str, ...]) -> str:
    """Visits that were counted when the slot was offered do not count again; an id field takes no empty list."""
    listed = ", ".join(f"'{record_id(one)}'" for one in known)
    return template.replace("{{unless}}", f"AND {field} NOT IN ({listed})" if known else "")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _moved(
    appointment: Appointment, times: Mapping[str, str], scheduled: str, changed: Guard, free: Guard, slot: Slot
) -> tuple[tuple[Step, ...], tuple[Touch, ...]]:
    """The same visit at another time: times, then the person, then the status that both of them allow."""
    path = f"sobjects/ServiceAppointment/{changed.ref}"
    steps = [Step("PATCH", path, "visit", dict(times))]
    after: dict[str, Any] = dict(times)
    before = _times(appointment)
    touches = []
    if appointment.assignments and appointment.assignments[0].technician_id == slot.technician_id:
        # Nobody else comes; reading the technician by the guard's reference still halts a slot that was taken.
        steps.append(Step("GET", f"sobjects/ServiceResource/{free.ref}?fields=Id", "same"))
    elif appointment.assignments:
        assigned = appointment.assignments[0]
        where = f"sobjects/AssignedResource/{record_id(assigned.id)}"
        steps.append(Step("PATCH", where, "person", {"ServiceResourceId": free.ref}))
        touches.append(
            Touch(
                "AssignedResource",
                assigned.id,
                f"technician of {appointment.number}",
                {"ServiceResourceId": assigned.technician_id},
                {"ServiceResourceId": slot.technician_id},
            )
        )
    else:
        body = {"ServiceAppointmentId": changed.ref, "ServiceResourceId": free.ref}
        steps.append(Step("POST", "sobjects/AssignedResource", "person", body, keyed=True))
        touches.append(_assigned("@{person.id}", appointment.number, str(appointment.id), slot))
    if appointment.category in ("None", "Dispatched"):
        steps.append(Step("PATCH", path, "status", {"Status": scheduled}))
        before["Status"], after["Status"] = appointment.status, scheduled
    return tuple(steps), (_touch(appointment, before, after), *touches)


def _anew(
    appointment: Appointment,
    times: Mapping[str, str],
    scheduled: str,
    canceled: str,
    changed: Guard,
    free: Guard,
    slot: Slot,
) -> tuple[tuple[Step, ...], tuple[Touch, ...]]:
    """Dispatched -> Scheduled is refused by the package, so the visit is cancelled and made again (3.3)."""
    fields = {
        "ParentRecordId": appointment.parent_id,
        "EarliestStartTime": stamp(appointment.earliest_start or slot.start),
        "DueDate": stamp(max(appointment.due or slot.end, slot.end)),
        "Duration": (slot.end - slot.start).total_seconds() / 60,
        "DurationType": "Minutes",
        "Subject": appointment.subject or None,
        "ServiceTerritoryId": appointment.territory_id,
        "WorkTypeId": appointment.work_type_id,
        "ContactId": appointment.contact_id,
        **times,
    }
    body = {name: value for name, value in fields.items() if value is not None}
    new = f"@{{{ANEW}.id}}"
    person = {"ServiceAppointmentId": new, "ServiceResourceId": free.ref}
    steps = (
        Step("PATCH", f"sobjects/ServiceAppointment/{changed.ref}", "visit", {"Status": canceled}),
        Step("POST", "sobjects/ServiceAppointment", ANEW, body, keyed=True),
        Step("POST", "sobjects/AssignedResource", "person", person, keyed=True),
        Step("PATCH", f"sobjects/ServiceAppointment/{new}", "status", {"Status": scheduled}),
        Step("GET", f"sobjects/ServiceAppointment/{new}?fields=AppointmentNumber", "number"),
    )
    touches = (
        _touch(appointment, {"Status": appointment.status}, {"Status": canceled}),
        Touch("ServiceAppointment", new, "the visit made in its place", {}, {**times, "Status": scheduled}),
        _assigned("@{person.id}", "the new visit", new, slot),
    )
    return steps, touches


def _assigned(reference: str, label: str, visit: str, slot: Slot) -> Touch:
    after = {"ServiceAppointmentId": visit, "ServiceResourceId": slot.technician_id}
    return Touch("AssignedResource", reference, f"technician of {label}", {}, after)


def movable(appointment: Appointment, now: datetime) -> None:
    """NotAllowed, with the reason, for a visit that nobody but a dispatcher can move."""
    _not_over(appointment)
    if appointment.category == "InProgress":
        raise _refused(appointment, "under way", "The technician has already begun. Offer to pass a message on.")
    if appointment.pinned:
        raise _refused(appointment, "pinned", "This visit is fixed; only a dispatcher can move it. Offer to ask one.")
    if len(appointment.assignments) > 1:
        raise _refused(appointment, "a crew", "Several people come to this visit; a dispatcher has to move it.")
    start = appointment.sched_start
    if appointment.category == "Dispatched" and start is not None and start - now < ALREADY_COMING:
        raise _refused(appointment, "on the way", "The technician has been sent already; a dispatcher has to decide.")


def _not_over(appointment: Appointment) -> None:
    if appointment.over:
        raise _refused(appointment, appointment.category, "That visit is over or cancelled. Offer a new one.")


def _refused(appointment: Appointment, why: str, for_model: str) -> errors.NotAllowed:
    refused = errors.NotAllowed(f"{appointment.id}: {why}")
    refused.for_model = for_model
    return refused


def _guard(appointment: Appointment, **also: object) -> Guard:
    return unchanged(
        "visit_as_read",
        "ServiceAppointment",
        appointment.id,
        appointment.modified,
        Status=appointment.status,
        **also,
    )


def _touch(appointment: Appointment, before: Mapping[str, Any], after: Mapping[str, Any]) -> Touch:
    return Touch("ServiceAppointment", appointment.id, f"visit {appointment.number}", dict(before), dict(after))


def _times(appointment: Appointment) -> dict[str, Any]:
    read = {
        "SchedStartTime": appointment.sched_start,
        "SchedEndTime": appointment.sched_end,
        "ArrivalWindowStartTime": appointment.window_start,
        "ArrivalWindowEndTime": appointment.window_end,
    }
    return {name: stamp(value) if value else None for name, value in read.items()}


def _facts(appointment: Appointment, **more: Any) -> dict[str, Any]:
    return {
        "appointment_id": appointment.id,
        "appointment": appointment.number,
        "work_order": appointment.work_order.number if appointment.work_order else None,
        "subject": appointment.subject,
        "zone": appointment.zone,
        "territory_id": appointment.territory_id,
        "starts": stamp(appointment.window[0]) if appointment.window else None,
        "due": stamp(appointment.due) if appointment.due else None,
        **more,
    }


def _links(appointment: Appointment) -> dict[str, str]:
    links = {"Service_Appointment__c": str(appointment.id)}
    if appointment.work_order_id:
        links["Work_Order__c"] = str(appointment.work_order_id)
    if appointment.contact_id:
        links["Contact__c"] = str(appointment.contact_id)
    return links
