"""When somebody comes: the promised window always, minutes only with a fresh location, never a position."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from voice_agent.salesforce import travel
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.recent import Changed
from voice_agent.salesforce.records import Appointment, Assignment, RecordId
from voice_agent.salesforce.rows import appointment as parsed
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.statements import APPOINTMENT
from voice_agent.salesforce.wishes import Eta

FRESH = timedelta(minutes=15)
"""A location older than this says nothing about an arrival (sheet 3.2)."""
REREAD_AFTER = timedelta(seconds=60)
ROUNDED_TO = 5
"""Minutes; an estimate from a straight line deserves no more."""
ONE = f"SELECT {APPOINTMENT} FROM ServiceAppointment WHERE Id = {{id}}"


async def current(salesforce: Salesforce, appointment: Appointment, now: datetime, changed: Changed) -> Appointment:
    """The appointment as it is now; what was read a moment ago and did not change since is taken as it is."""
    parts = (
        appointment.id,
        appointment.parent_id,
        appointment.work_order_id,
        *(one.id for one in appointment.assignments),
    )
    if now - appointment.read_at <= REREAD_AFTER and not changed.since(appointment.read_at, parts):
        return appointment
    return await by_id(salesforce, appointment.id, now) or appointment


async def by_id(salesforce: Salesforce, appointment_id: RecordId, now: datetime) -> Appointment | None:
    found = await salesforce.query(soql(ONE, id=appointment_id))
    return parsed(found[0], read_at=now) if found else None


def eta(appointment: Appointment, now: datetime) -> Eta:
    coming = appointment.assignments[0] if appointment.assignments else None
    age = _age(coming, now)
    return Eta(
        category=appointment.category,
        status=appointment.status,
        window=appointment.window,
        zone=appointment.zone,
        technician=coming.first_name if coming else None,
        minutes=_minutes(appointment, coming) if age is not None and age < FRESH else None,
        location_age_minutes=None if age is None else int(age.total_seconds() // 60),
    )


def _age(coming: Assignment | None, now: datetime) -> timedelta | None:
    if coming is None or coming.location is None or coming.located_at is None:
        return None
    return max(now - coming.located_at, timedelta())


def _minutes(appointment: Appointment, coming: Assignment | None) -> int | None:
    """Only for a technician who was sent and has not begun (category Dispatched); whoever is there needs no minutes."""
    there = appointment.place.point
    if appointment.category != "Dispatched" or coming is None or coming.location is None or there is None:
        return None
    return max(ROUNDED_TO, ceil(travel.drive_minutes(coming.location, there) / ROUNDED_TO) * ROUNDED_TO)
