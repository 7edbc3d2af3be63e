"""Plans from the technician's side: a status reached, parts used, a delay, a note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from voice_agent import errors
from voice_agent.salesforce import transitions
from voice_agent.salesforce.bookings import stamp
from voice_agent.salesforce.catalogue import Catalogue, Statuses
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.plans import Guard, Step, Touch, WritePlan, unchanged
from voice_agent.salesforce.records import Job, LineItem, RecordId, RequiredPart, Technician, WorkOrder
from voice_agent.salesforce.rows import plain
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.wishes import PartUse

# status spoken -> category of the visit, category of the work order (None: stays), hints at an org's own wording
GOALS: Mapping[str, tuple[str, str | None, tuple[str, ...]]] = {
    "en_route": ("Dispatched", None, ("route", "travel", "way")),
    "on_site": ("InProgress", "InProgress", ("site", "arriv")),
    "in_progress": ("InProgress", "InProgress", ("progress", "work")),
    "paused": ("InProgress", "OnHold", ("hold", "paus")),
    "completed": ("Completed", "Completed", ("complet", "done", "finish")),
    "cannot_complete": ("CannotComplete", "CannotComplete", ("cannot", "incomplete", "unable")),
}
OTHERS = """SELECT Id FROM ServiceAppointment WHERE ParentRecordId = {parent} AND Id != {visit}
    AND StatusCategory NOT IN ('Completed', 'Canceled', 'CannotComplete') LIMIT 1"""


async def job_update(
    salesforce: Salesforce,
    catalogue: Catalogue,
    job: Job,
    now: datetime,
    *,
    status: str | None,
    parts: Sequence[PartUse],
    reason: str | None,
    note: str | None,
    required: Sequence[RequiredPart] | None = None,
) -> WritePlan:
    """Visit and work order walked to a status, parts consumed from stock, reason and note on the record's feed.

    The work order, or the line item the visit is about, follows a finished visit only if no other visit of it is open;
    an order above line items stays as it is: it is done when all of them are. NotAllowed when there is no way to
    the status, nothing would change, or the stock does not hold the parts. `required` is the estimate: the facts name
    beside each part used how many of it the job calls for, so that an anomaly can be seen; None without an estimate.
    """
    writing = _Writing(job)
    if status is not None:
        if status not in GOALS:
            raise errors.InvalidArguments(f"status must be one of {', '.join(GOALS)}")
        visit_statuses, order_statuses = await catalogue.statuses()
        described = await catalogue.describe("ServiceAppointment")
        writing.walk_visit(status, visit_statuses, now, actual_times="ActualStartTime" in described)
        parent = job.appointment.line_item or job.work_order
        if parent and await _follows(salesforce, job, parent, GOALS[status][1]):
            writing.walk_parent(parent, status, order_statuses)
    for use in parts:
        writing.consume(use)
    told = ". ".join(text for text in (plain(reason, 500), plain(note, 1500)) if text)
    if told:
        writing.feed(told, feed=(await catalogue.describe("FeedItem")).createable)
    if not writing.steps:
        refused = errors.NotAllowed(f"{job.appointment.id}: nothing would change")
        refused.for_model = "It has that status already; nothing needs to be changed. Say so."
        raise refused
    used = [
        {
            "part": use.part.name,
            "quantity": use.quantity,
            "unit": use.part.unit,
            "required": _called_for(use, required) if required else None,
        }
        for use in parts
    ]
    return writing.plan("job_update", status=status, parts=used, reason=reason, note=note)


async def running_late(catalogue: Catalogue, job: Job, *, minutes: int, reason: str | None) -> WritePlan:
    """The dispatcher sees the delay on the visit's feed, and a jeopardy flag where the package is installed."""
    if not 0 < minutes <= 24 * 60:
        raise errors.InvalidArguments("minutes must be a number from 1 to 1440")
    writing = _Writing(job)
    described = await catalogue.describe("ServiceAppointment")
    if "FSL__InJeopardy__c" in described:
        body: dict[str, Any] = {"FSL__InJeopardy__c": True}
        if "Delayed Start" in described.picks("FSL__InJeopardyReason__c"):
            body["FSL__InJeopardyReason__c"] = "Delayed Start"
        writing.patch_visit(body, {"FSL__InJeopardy__c": False})
    text = f"Running late by about {minutes} minutes, reported by phone." + (f" {plain(reason, 500)}" if reason else "")
    writing.feed(text, feed=(await catalogue.describe("FeedItem")).createable)
    return writing.plan("running_late", minutes=minutes, reason=reason)


async def note(catalogue: Catalogue, job: Job, text: str) -> WritePlan:
    writing = _Writing(job)
    writing.feed(plain(text, 2000), feed=(await catalogue.describe("FeedItem")).createable)
    return writing.plan("note", note=plain(text, 2000))


async def question(job: Job | None, technician: Technician, text: str, owner: RecordId | None) -> WritePlan:
    """A question or a request for the dispatchers: an open task of their queue, on the job it is about if there is one.

    Not on the feed: nobody is asked by a feed.
    """
    words = plain(text, 2000)
    order_id = job.appointment.work_order_id if job else None
    body: dict[str, Any] = {
        "Subject": plain(("" if owner else "[dispatch] ") + f"{technician.name} asks: {words}", 255),
        "Description": words,
        "Priority": "High",
        **({"OwnerId": str(owner)} if owner else {}),
        **({"WhatId": str(job.appointment.id)} if job else {}),
    }
    links = {"Service_Appointment__c": str(job.appointment.id)} if job else {}
    return WritePlan(
        name="question",
        steps=(Step("POST", "sobjects/Task", "question", body),),
        touches=(Touch("Task", "@{question.id}", "question for dispatch", {}, body),),
        facts={
            "technician": technician.name,
            "job": job.work_order.number if job and job.work_order else None,
            "territory_id": job.appointment.territory_id if job else None,
            "question": words,
        },
        links={**links, **({"Work_Order__c": str(order_id)} if order_id else {})},
        serialise_on=(str(order_id or technician.id),),
    )


def _called_for(use: PartUse, required: Iterable[RequiredPart]) -> float:
    return sum(one.quantity for one in required if one.product_id == use.part.product_id)


async def _follows(salesforce: Salesforce, job: Job, parent: WorkOrder | LineItem, goal: str | None) -> bool:
    if goal is None or parent.over:
        return False
    if goal not in ("Completed", "CannotComplete") or parent.appointment_count == 1:
        return True
    return not await salesforce.query(soql(OTHERS, parent=parent.id, visit=job.appointment.id))


class _Writing:
    """A plan while it is being put together."""

    def __init__(self, job: Job) -> None:
        self._job = job
        visit = job.appointment
        self._visit = unchanged("visit_as_read", "ServiceAppointment", visit.id, visit.modified, Status=visit.status)
        self._order: Guard | None = None
        self._item: Guard | None = None
        self.steps: list[Step] = []
        self._touches: list[Touch] = []

    def walk_visit(self, status: str, statuses: Statuses, now: datetime, *, actual_times: bool) -> None:
        visit = self._job.appointment
        goal, _, hints = GOALS[status]
        steps = [(category, statuses.choose(category, hints)) for category in _way(visit.category, goal)]
        if not steps and statuses.has_hinted(goal, hints) and statuses.choose(goal, hints) != visit.status:
            steps = [(goal, statuses.choose(goal, hints))]  # another wording within the same category
        for category, value in steps:
            body: dict[str, Any] = {"Status": value}
            if actual_times and category == "InProgress" and goal == "InProgress" and visit.actual_start is None:
                body["ActualStartTime"] = stamp(now)
            if actual_times and category == "Completed" and visit.actual_start is not None:
                body["ActualEndTime"] = stamp(now)
            self.patch_visit(body, {"Status": visit.status})

    def patch_visit(self, body: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        visit = self._job.appointment
        self._patch(f"sobjects/ServiceAppointment/{self._visit.ref}", "visit", body)
        self._touch("ServiceAppointment", visit.id, f"visit {visit.number}", before, body)

    def walk_parent(self, parent: WorkOrder | LineItem, status: str, statuses: Statuses) -> None:
        goal = GOALS[status][1]
        assert goal is not None, "asked only for a status that moves the parent"
        for category in transitions.walk(transitions.ORDER, parent.category, goal):
            value = statuses.choose(category, GOALS[status][2])
            match parent:
                case WorkOrder():
                    name, label, guard = "WorkOrder", f"work order {parent.number}", self._order_guard(parent)
                case LineItem():
                    name, label, guard = "WorkOrderLineItem", f"line item {parent.number}", self._item_guard(parent)
                case _:
                    assert_never(parent)
            self._patch(f"sobjects/{name}/{guard.ref}", "parent", {"Status": value})
            self._touch(name, parent.id, label, {"Status": parent.status}, {"Status": value})

    def consume(self, use: PartUse) -> None:
        """QuantityOnHand is never written: the org takes it down itself when the row is created (1.6)."""
        part, order_id = use.part, self._job.appointment.work_order_id
        if order_id is None:
            raise errors.NotAllowed(f"{self._job.appointment.id} belongs to no work order to book parts on")
        if not 0 < use.quantity <= 10000:
            raise errors.InvalidArguments("quantity must be a number above zero")
        if use.quantity > part.on_hand:
            refused = errors.NotAllowed(f"{part.item_id} holds less than that")
            refused.for_model = (
                f"{part.location} holds only {part.on_hand:g} of {part.name}. Say so and ask for the right number."
            )
            raise refused
        reference = f"part{len(self.steps)}"
        order = self._order_guard(self._job.work_order).ref if self._job.work_order else str(order_id)
        item = self._job.appointment.line_item
        body = {
            "WorkOrderId": order,
            **({"WorkOrderLineItemId": str(item.id)} if item else {}),
            "ProductItemId": str(part.item_id),
            "QuantityConsumed": use.quantity,
        }
        self.steps.append(Step("POST", "sobjects/ProductConsumed", reference, body, keyed=True))
        shown = {**body, "WorkOrderId": order_id}
        self._touch("ProductConsumed", f"@{{{reference}.id}}", f"{use.quantity:g} {part.name}", {}, shown)
        self._touch(
            "ProductItem",
            part.item_id,
            f"{part.name} in {part.location} (by the org itself)",
            {"QuantityOnHand": part.on_hand},
            {"QuantityOnHand": part.on_hand - use.quantity},
        )

    def feed(self, text: str, *, feed: bool) -> None:
        """On the visit's feed; as a task on it where the org has no feeds (1.7)."""
        if feed:
            post = {"ParentId": self._visit.ref, "Body": text, "Type": "TextPost"}
            self.steps.append(Step("POST", "sobjects/FeedItem", "said", post))
            self._touch("FeedItem", "@{said.id}", "feed of the visit", {}, {"Body": text})
        else:
            body = {"WhatId": self._visit.ref, "Subject": "Reported by phone", "Description": text}
            self.steps.append(Step("POST", "sobjects/Task", "said", body))
            self._touch("Task", "@{said.id}", "task on the visit", {}, {"Description": text})

    def plan(self, name: str, **facts: Any) -> WritePlan:
        visit, order_id = self._job.appointment, self._job.appointment.work_order_id
        links = {"Service_Appointment__c": str(visit.id), **({"Work_Order__c": str(order_id)} if order_id else {})}
        return WritePlan(
            name=name,
            steps=tuple(self.steps),
            touches=tuple(_joined(self._touches)),
            guards=tuple(one for one in (self._visit, self._order, self._item) if one and self._used(one)),
            facts={
                "job": self._job.work_order.number if self._job.work_order else visit.number,
                "appointment_id": visit.id,
                "appointment": visit.number,
                "customer": self._job.customer,
                "technician_id": self._job.technician_id,
                "territory_id": visit.territory_id,
                "starts": stamp(visit.window[0]) if visit.window else None,
                "due": stamp(visit.due) if visit.due else None,
                **facts,
            },
            links=links,
            serialise_on=(str(order_id or visit.id),),
        )

    def _used(self, guard: Guard) -> bool:
        return any(guard.ref in step.path or guard.ref in str(step.body) for step in self.steps)

    def _order_guard(self, order: WorkOrder) -> Guard:
        if self._order is None:
            self._order = unchanged("order_as_read", "WorkOrder", order.id, order.modified, Status=order.status)
        return self._order

    def _item_guard(self, item: LineItem) -> Guard:
        if self._item is None:
            name = "WorkOrderLineItem"
            self._item = unchanged("item_as_read", name, item.id, item.modified, Status=item.status)
        return self._item

    def _patch(self, path: str, reference: str, body: Mapping[str, Any]) -> None:
        self.steps.append(Step("PATCH", path, f"{reference}{len(self.steps)}", dict(body)))

    def _touch(
        self, object_name: str, record: str, label: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        self._touches.append(Touch(object_name, record, label, dict(before), dict(after)))


def _way(start: str, goal: str) -> tuple[str, ...]:
    way = transitions.walk(transitions.VISIT, start, goal)
    if "Canceled" in way:
        raise errors.NotAllowed(f"no way from {start} to {goal}")
    return way


def _joined(touches: Iterable[Touch]) -> list[Touch]:
    """One entry a record: the first `before`, the last `after`."""
    by_record: dict[str, Touch] = {}
    for touch in touches:
        known = by_record.get(touch.id)
        if known:
            touch = Touch(
                touch.object, touch.id, touch.label, {**touch.before, **known.before}, {**known.after, **touch.after}
            )
        by_record[touch.id] = touch
    return list(by_record.values())
