"""A technician's own jobs: the day in order, and "job 4512" found by whatever number was said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voice_agent.salesforce import rows
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.records import Appointment, Job, RecordId, Technician
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.statements import APPOINTMENT

NEAR = timedelta(days=2)
"""Yesterday to tomorrow in any zone: what a technician mostly talks about, read along with who is calling."""
FAR = timedelta(days=30)
"""How far before and after now a job is looked for that is not near."""
OF_CALLER = f"""SELECT {APPOINTMENT} FROM ServiceAppointment
    WHERE Id IN (SELECT ServiceAppointmentId FROM AssignedResource WHERE ServiceResource.Phone_E164__c = {{number}})
    AND SchedStartTime >= {{start}} AND SchedStartTime < {{end}} ORDER BY SchedStartTime LIMIT 50"""
MINE = f"""SELECT {APPOINTMENT} FROM ServiceAppointment
    WHERE Id IN (SELECT ServiceAppointmentId FROM AssignedResource WHERE ServiceResourceId = {{technician}})
    AND SchedStartTime >= {{start}} AND SchedStartTime < {{end}} ORDER BY SchedStartTime LIMIT 200"""
SHORTEST_ENDING = 3
"""Digits that may stand for the end of a number; fewer fit too much."""


async def between(
    salesforce: Salesforce, technician: Technician, start: datetime, end: datetime, now: datetime
) -> tuple[Job, ...]:
    found = await salesforce.query(soql(MINE, technician=technician.id, start=start, end=end))
    return tuple(job(rows.appointment(row, read_at=now), technician.id) for row in found)


def job(appointment: Appointment, technician: RecordId) -> Job:
    return Job(
        appointment=appointment,
        technician_id=technician,
        customer=appointment.contact_name or appointment.account_name,
    )


def made_of(job: Job) -> set[str]:
    """Ids of the records that a job was read from."""
    return read_from(job.appointment)


def read_from(visit: Appointment) -> set[str]:
    """Ids of the records that a visit was read from."""
    parents = (visit.work_order_id, visit.line_item.id if visit.line_item else None)
    return {visit.id, *(one.id for one in visit.assignments), *(one for one in parents if one)}


def on_day(jobs: Iterable[Job], technician: Technician, day: date) -> tuple[Job, ...]:
    """The jobs planned for a date of the technician's own zone, cancelled ones left out."""
    start, end = day_of(technician, day)
    return tuple(
        one
        for one in jobs
        if one.appointment.category != "Canceled"
        and one.appointment.sched_start is not None
        and start <= one.appointment.sched_start < end
    )


def day_of(technician: Technician, day: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(technician.zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def by_digits(jobs: Iterable[Job], digits: str, *, now: datetime) -> tuple[Job, ...]:
    """Jobs whose work order or appointment number is `digits`, zeros in front ignored; else ends in them.

    Those within a day of now win over all others, an exact number over an ending.
    """
    said = said_number(digits)
    if not said:
        return ()
    exact = [one for one in jobs if said in _numbers(one)]
    ending = [
        one for one in jobs if len(said) >= SHORTEST_ENDING and any(number.endswith(said) for number in _numbers(one))
    ]
    for found in (exact, ending):
        near = [one for one in found if _days_off(one, now) <= 1.5]
        if near or found:
            return tuple(sorted(near or found, key=lambda one: (one.appointment.over, _days_off(one, now))))
    return ()


def said_number(digits: str) -> str:
    """The digits that count; empty when there are none."""
    return re.sub(r"\D", "", digits).lstrip("0")


def _numbers(one: Job) -> set[str]:
    order = one.work_order.number if one.work_order else ""
    return {re.sub(r"\D", "", number).lstrip("0") for number in (order, one.appointment.number)} - {""}


def _days_off(one: Job, now: datetime) -> float:
    start = one.appointment.sched_start
    return abs((start - now).total_seconds()) / 86400 if start else 999.0
