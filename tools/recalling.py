"""The records a change is about, met again hours later: handles minted anew, so that its tool can be run once more.

What a caller called "the next one" then may be another today. The plan knows which record was meant, and that one is
looked up; the words are not read again. A free time is named by its beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tools import jobs, texting
from tools.rescheduling import Offered
from voice_agent.agent.context import ToolContext
from voice_agent.errors import Conflict, InvalidArguments
from voice_agent.salesforce.plans import WritePlan
from voice_agent.salesforce.records import Appointment, Job, RecordId
from voice_agent.salesforce.wishes import SlotWish

GONE = "the record it is about is not found any more"


@dataclass(frozen=True, slots=True)
class FreeTime:
    """`start` names it, ISO 8601 with its zone; `told` is for people."""

    start: str
    told: str


async def recalled(
    ctx: ToolContext, plan: WritePlan, takes: Collection[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """`given` as the tool can be called with it now. Conflict when a record is gone, InvalidArguments for a time that
    is not free."""
    again = dict(given)
    if "visit" in takes and (visit := await _visit(ctx, plan)) is not None:
        again["visit"] = ctx.grant.mint("visit", visit.id, visit)
        if "slot" in takes:
            again["slot"] = await _slot(ctx, plan, visit, again["visit"], str(given.get("slot", "")))
    if again.get("job"):
        again["job"] = await _job(ctx, plan, str(again["job"]))
    return again


async def free_times(ctx: ToolContext, plan: WritePlan, day: date | None) -> list[FreeTime]:
    """What else the visit of a plan could be moved to: on one day, also after the promised date, or soon."""
    visit = await _visit(ctx, plan)
    if visit is None:
        return []
    wish = SlotWish(date_from=day, date_to=day, past_due=day is not None)
    stands = _moment(str(plan.facts.get("window_start", "")))
    return [
        FreeTime(slot.window_start.isoformat(), texting.window(slot.window_start, slot.window_end, slot.zone, ctx.lang))
        for slot in await ctx.field.slots(visit, wish)
        if slot.window_start != stands
    ]


async def _visit(ctx: ToolContext, plan: WritePlan) -> Appointment | None:
    record = plan.facts.get("appointment_id") or plan.links.get("Service_Appointment__c")
    if not record or str(record).startswith("@"):
        return None
    found = await ctx.field.appointment(RecordId(str(record)))
    if found is None:
        raise Conflict(GONE, code="GONE")
    return found


async def _slot(ctx: ToolContext, plan: WritePlan, visit: Appointment, handle: str, said: str) -> str:
    start = _moment(said) or _moment(str(plan.facts.get("window_start", "")))
    if start is None:
        raise InvalidArguments("slot: name a time as 2026-11-26T14:00:00-06:00.")
    here = start.astimezone(ZoneInfo(visit.zone))
    before = (here - timedelta(minutes=1)).time() if here.time() > time(0, 1) else None
    wish = SlotWish(date_from=here.date(), date_to=here.date(), time_from=before, past_due=True)
    for slot in await ctx.field.slots(visit, wish):
        if slot.window_start == start:
            ctx.grant.fresh("slot")
            kept = SlotWish.from_json(plan.facts["wish"])
            return ctx.grant.mint("slot", start.isoformat(), Offered(handle, slot, kept))
    raise InvalidArguments("slot: that time is not free. Choose another one.")


async def _job(ctx: ToolContext, plan: WritePlan, said: str) -> str:
    """The technician's job behind the plan, whatever it was called."""
    visit = await _visit(ctx, plan)
    order = plan.links.get("Work_Order__c")
    technician = jobs.caller(ctx)
    if visit is not None:
        found = await ctx.field.find_job(technician, visit.number)
    else:
        found = tuple(one.job for one in await jobs.day_of(ctx))
        found += await ctx.field.find_job(technician, said) if said.isdigit() else ()
    mine: list[Job] = [
        job
        for job in found
        if (visit is not None and job.appointment.id == visit.id)
        or (visit is None and order and job.appointment.work_order_id == order)
    ]
    if not mine:
        raise Conflict(GONE, code="GONE")
    ctx.grant.forget()  # the one handle there is must be this job's
    return ctx.grant.mint("job", mine[0].appointment.id, mine[0])


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
