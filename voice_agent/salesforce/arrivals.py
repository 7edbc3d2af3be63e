"""When somebody comes: the promised window always, minutes only with a fresh location, never a position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from voice_agent import errors
from voice_agent.salesforce import rows, travel
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.recent import Changed
from voice_agent.salesforce.records import Appointment, Assignment, RecordId
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.statements import APPOINTMENT, ENTITLEMENT
from voice_agent.salesforce.wishes import Eta

FRESH = timedelta(minutes=15)
"""A location older than this says nothing about an arrival (sheet 3.2)."""
REREAD_AFTER = timedelta(seconds=60)
ROUNDED_TO = 5
"""Minutes; an estimate from a straight line deserves no more."""
ONE = f"SELECT {APPOINTMENT} FROM ServiceAppointment WHERE Id = {{id}}"
ENTITLED = f"""SELECT {ENTITLEMENT} FROM Entitlement
    WHERE AccountId IN (SELECT AccountId FROM ServiceAppointment WHERE Id = {{id}}) ORDER BY EndDate DESC LIMIT 50"""
BEFORE = """SELECT Id FROM AssignedResource WHERE ServiceResourceId = {technician} AND ServiceAppointmentId != {visit}
    AND ServiceAppointment.SchedStartTime >= {since} AND ServiceAppointment.SchedStartTime < {start}
    AND ServiceAppointment.StatusCategory IN ('Scheduled', 'Dispatched', 'InProgress') LIMIT 20"""
"""What the technician has to do first on the same day; what is over does not count."""


async def current(
    salesforce: Salesforce, appointment: Appointment, now: datetime, changed: Changed
) -> tuple[Appointment, int | None]:
    """The appointment as it is now, and how many stops lie before it: in one round trip, or none.

    What was read a moment ago and did not change since is taken as it is. Stops are counted on the day of the visit
    only; None on another day, or where they cannot be told.
    """
    statements = {} if _is_current(appointment, now, changed) else _statements(appointment.id)
    coming = _coming_today(appointment, now)
    if coming is not None:
        statements["before"] = soql(BEFORE, visit=appointment.id, **coming)
    if not statements:
        return appointment, None
    try:
        read = await salesforce.queries(statements, missing_ok={"entitlements", "before"})
    except errors.SalesforceError:
        if "visit" in statements:
            raise
        return appointment, None  # the promised window is known; only the stops are not
    visit = _made(read, now) if "visit" in read else appointment
    if visit is None:
        return appointment, None
    same = coming is not None and coming == _coming_today(visit, now)
    return visit, len(read["before"]) if same else None


def _coming_today(appointment: Appointment, now: datetime) -> dict[str, object] | None:
    """Whose stops to count, from when to when, for a visit of today that nobody has begun."""
    start, zone = appointment.sched_start, ZoneInfo(appointment.zone)
    if appointment.category not in ("Scheduled", "Dispatched") or start is None or not appointment.assignments:
        return None
    today = now.astimezone(zone).date()
    if start.astimezone(zone).date() != today:
        return None
    since = datetime.combine(today, time(), zone)
    return {"technician": appointment.assignments[0].technician_id, "since": since, "start": start}


def _is_current(appointment: Appointment, now: datetime, changed: Changed) -> bool:
    parts = (
        appointment.id,
        appointment.parent_id,
        appointment.work_order_id,
        *(one.id for one in appointment.assignments),
    )
    return now - appointment.read_at <= REREAD_AFTER and not changed.since(appointment.read_at, parts)


async def by_id(salesforce: Salesforce, appointment_id: RecordId, now: datetime) -> Appointment | None:
    return _made(await salesforce.queries(_statements(appointment_id), missing_ok={"entitlements"}), now)


def _statements(appointment_id: RecordId) -> dict[str, str]:
    return {"visit": soql(ONE, id=appointment_id), "entitlements": soql(ENTITLED, id=appointment_id)}


def _made(read: Mapping[str, Sequence[rows.Row]], now: datetime) -> Appointment | None:
    if not read["visit"]:
        return None
    entitled = [rows.entitlement(row) for row in read["entitlements"]]
    return rows.appointment(read["visit"][0], read_at=now, entitlements=entitled)


def eta(appointment: Appointment, now: datetime, stops_before: int | None = None) -> Eta:
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
        stops_before=stops_before,
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
