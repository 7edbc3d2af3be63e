"""Reads what the slot rules need, in one round trip, and asks them for free arrival windows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from voice_agent import errors
from voice_agent.salesforce import rows
from voice_agent.salesforce.capacity import period_of
from voice_agent.salesforce.catalogue import Catalogue, Policy
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.hours import OperatingHours
from voice_agent.salesforce.records import Appointment, RecordId
from voice_agent.salesforce.rows import Row, children, lookup, moment, number, point
from voice_agent.salesforce.schedule import fits, free_slots, shifts_of
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.windows import HORIZON
from voice_agent.salesforce.wishes import Candidate, Slot, SlotWish
from voice_agent.salesforce.workforce import Booked, Membership, OrgTimes, Skill, Visit, Worker

PARENTS = ("WorkOrder", "WorkOrderLineItem")
"""What a visit may be about that asks for skills and parts (1.5, 1.6)."""
DEFAULT_MINUTES = 60.0
"""Of a visit whose duration nobody set (3.4 rule 8)."""
DEFAULT_TRAVEL = 20.0

TEAM = """SELECT Id, Name, LocationId, IsCapacityBased,
    (SELECT ServiceTerritoryId, TerritoryType, EffectiveStartDate, EffectiveEndDate, OperatingHoursId,
            Latitude, Longitude FROM ServiceTerritories),
    (SELECT SkillId, SkillLevel, EffectiveStartDate, EffectiveEndDate FROM ServiceResourceSkills),
    (SELECT Start, End, Latitude, Longitude FROM ResourceAbsences WHERE Start < {end} AND End > {start}),
    (SELECT ServiceAppointmentId, ServiceAppointment.SchedStartTime, ServiceAppointment.SchedEndTime,
            ServiceAppointment.AccountId, ServiceAppointment.Latitude, ServiceAppointment.Longitude
     FROM ServiceAppointments WHERE ServiceAppointment.SchedStartTime < {end}
     AND ServiceAppointment.SchedEndTime > {start}
     AND ServiceAppointment.StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None'))
    FROM ServiceResource
    WHERE IsActive = true AND ResourceType IN ('T', 'C') AND Id IN (
        SELECT ServiceResourceId FROM ServiceTerritoryMember WHERE ServiceTerritoryId = {territory}
        AND EffectiveStartDate <= {end} AND (EffectiveEndDate = null OR EffectiveEndDate > {start}))
    LIMIT 200"""
NEEDS = """SELECT Id, (SELECT SkillId, SkillLevel FROM SkillRequirements),
    (SELECT Product2Id, ProductName, QuantityRequired, QuantityUnitOfMeasure FROM ProductsRequired),
    (SELECT ServiceResourceId, PreferenceType FROM ResourcePreferences)
    FROM {{parent}} WHERE Id = {id}"""
HOUSE = """SELECT Id, OperatingHoursId, (SELECT ServiceResourceId, PreferenceType FROM ResourcePreferences)
    FROM Account WHERE Id = {account}"""
HISTORY = """SELECT ServiceResourceId, COUNT(Id) visits FROM AssignedResource
    WHERE ServiceAppointment.AccountId = {account} AND ServiceAppointment.StatusCategory = 'Completed'
    GROUP BY ServiceResourceId"""
PER_VISIT, IF_PREFERRED, PER_TIME_THERE = 15, 30, 5
"""Minutes of drive that a visit of the day, the customer's preference and having been there before are worth."""
KNOWN_WELL = 3
"""Times after which one knows the place as well as one ever will."""
COUNTED = """SELECT Id, SchedStartTime FROM ServiceAppointment WHERE ServiceTerritoryId = {territory}
    AND SchedStartTime >= {start} AND SchedStartTime < {end}
    AND StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None') LIMIT 2000"""
STOCK = """SELECT Product2Id, LocationId FROM ProductItem WHERE QuantityOnHand > 0 AND Product2Id IN (
    SELECT Product2Id FROM ProductRequired WHERE ParentRecordId = {id}) LIMIT 500"""


@dataclass(frozen=True, slots=True)
class Opening:
    """A visit to place and the people who might come, as they were at one moment."""

    visit: Visit
    team: tuple[Worker, ...]


async def read(salesforce: Salesforce, catalogue: Catalogue, appointment: Appointment, *, now: datetime) -> Opening:
    """NotAllowed when the visit is in no territory, or the territory keeps no hours: only a dispatcher can place it."""
    if appointment.territory_id is None or appointment.territory_hours_id is None:
        raise unplaceable(appointment)
    hours, policy = await asyncio.gather(catalogue.hours(), catalogue.policy())
    start, end = _reach(policy, now, appointment.zone)
    statements = {"team": soql(TEAM, territory=appointment.territory_id, start=start, end=end)}
    if appointment.parent_type in PARENTS and appointment.parent_id:
        statements["needs"] = soql(NEEDS.replace("{{parent}}", appointment.parent_type), id=appointment.parent_id)
        statements["stock"] = soql(STOCK, id=appointment.parent_id)
    if appointment.account_id:
        statements["house"] = soql(HOUSE, account=appointment.account_id)
    if any(slot.max_appointments is not None for calendar in hours.values() for slot in calendar.slots):
        statements["counted"] = soql(COUNTED, territory=appointment.territory_id, start=start, end=end)
    found = await salesforce.queries(statements, missing_ok={"needs", "stock", "house"})
    visit = replace(
        visit_of(appointment, _first(found.get("needs")), _first(found.get("house")), hours),
        counted=tuple(_counted(found.get("counted", ()), but=appointment.id)),
        overtime=policy.overtime,
    )
    stock: dict[str, set[str]] = {}
    for row in found.get("stock", ()):
        stock.setdefault(str(row["LocationId"]), set()).add(str(row["Product2Id"]))
    team = tuple(_worker(row, hours, stock, policy, but=appointment.id) for row in found["team"])
    return Opening(visit, team)


def _reach(policy: Policy, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """From when to when the team's bookings count; whole months where somebody is booked by the month."""
    start, end = now - timedelta(days=1), now + HORIZON + timedelta(days=2)
    if any(one.period == "months" for capacities in policy.capacities.values() for one in capacities):
        local = ZoneInfo(zone)
        start, end = min(start, period_of("months", now, local)[0]), max(end, period_of("months", end, local)[1])
    return start, end


def offer(opening: Opening, wish: SlotWish, *, now: datetime, org: OrgTimes | None = None) -> tuple[Slot, ...]:
    return free_slots(opening.visit, opening.team, wish, now=now, org=org)


async def history(salesforce: Salesforce, appointment: Appointment) -> Mapping[str, int]:
    """Technician -> how many visits to this account they have completed."""
    if appointment.account_id is None:
        return {}
    found = await salesforce.query(soql(HISTORY, account=appointment.account_id))
    return {str(row["ServiceResourceId"]): int(row["visits"]) for row in found}


def candidates(opening: Opening, at: datetime, visits: Mapping[str, int]) -> tuple[Candidate, ...]:
    """Who could take the visit at that time, best first: skills are a must, then the drive, the day's load, history."""
    able = []
    for worker in opening.team:
        day = at.astimezone(opening.visit.territory_hours.zone).date()
        zone = opening.visit.territory_hours.zone
        load = sum(not b.absence and b.start.astimezone(zone).date() == day for b in worker.booked)
        shifts = shifts_of(worker, opening.visit, at - timedelta(days=1), at + timedelta(days=1))
        fit = fits(worker, opening.visit, shifts, at)
        if fit is None:
            continue
        there = fit.there.total_seconds() / 60
        known = worker.id in opening.visit.preferred
        been = min(visits.get(worker.id, 0), KNOWN_WELL)
        reasons = [f"{there:.0f} min drive", f"{load} visits that day"] + ["preferred by the customer"] * known
        reasons += [f"was there {visits[worker.id]} times"] if been else []
        score = there + PER_VISIT * load - IF_PREFERRED * known - PER_TIME_THERE * been
        able.append(Candidate(worker.id, worker.name, score, tuple(reasons)))
    return tuple(sorted(able, key=lambda candidate: (candidate.score, candidate.name)))


def visit_of(appointment: Appointment, needs: Row, house: Row, hours: Mapping[str, OperatingHours]) -> Visit:
    own = hours.get(appointment.territory_hours_id or "")
    if own is None or not own.slots:
        raise unplaceable(appointment)
    entitled = appointment.entitlement
    calendar = hours.get(entitled.booking_hours_id or "") if entitled else None
    preferences = [*children(needs, "ResourcePreferences"), *children(house, "ResourcePreferences")]
    minutes = appointment.duration_minutes or DEFAULT_MINUTES
    return Visit(
        duration=timedelta(minutes=minutes),
        territory_id=str(appointment.territory_id),
        territory_hours=own,
        windows=_in_zone(calendar, own.zone) if calendar and calendar.slots else own,
        place=appointment.place.point,
        earliest=appointment.earliest_start,
        due=appointment.due,
        skills=tuple(
            Skill(str(row["SkillId"]), number(row.get("SkillLevel")) or 0.0)
            for row in children(needs, "SkillRequirements")
        ),
        visiting_hours=hours.get(str(house.get("OperatingHoursId") or "")),
        required=_preferring(preferences, "Required"),
        excluded=_preferring(preferences, "Excluded"),
        preferred=_preferring(preferences, "Preferred"),
        default_travel=appointment.territory_travel or DEFAULT_TRAVEL,
        parts=tuple(
            (part.product_id, part.name) for part in map(rows.required_part, children(needs, "ProductsRequired"))
        ),
        not_this=appointment.window,
    )


def unplaceable(appointment: Appointment) -> errors.NotAllowed:
    refused = errors.NotAllowed(f"{appointment.id} has no territory with operating hours")
    refused.for_model = "No times can be offered for this visit; a dispatcher has to plan it. Offer to pass it on."
    return refused


def _in_zone(calendar: OperatingHours, zone: ZoneInfo) -> OperatingHours:
    """A booking calendar counts in the territory's zone; its own is ignored (3.1)."""
    return OperatingHours(zone, calendar.slots, calendar.holidays)


def _worker(
    row: Row, hours: Mapping[str, OperatingHours], stock: Mapping[str, set[str]], policy: Policy, *, but: str
) -> Worker:
    booked = [
        Booked(start, end, point(visit, "Latitude", "Longitude"), visit_id=str(child["ServiceAppointmentId"]))
        for child in _others(row, but)
        for visit in [child["ServiceAppointment"]]
        if (start := moment(visit["SchedStartTime"])) and (end := moment(visit["SchedEndTime"]))
    ]
    absent = [
        Booked(start, end, point(absence, "Latitude", "Longitude"), absence=True)
        for absence in children(row, "ResourceAbsences")
        if (start := moment(absence["Start"])) and (end := moment(absence["End"]))
    ]
    return Worker(
        id=RecordId(str(row["Id"])),
        name=rows.plain(row.get("Name"), 255),
        memberships=tuple(_membership(member, hours) for member in children(row, "ServiceTerritories")),
        skills=tuple(
            Skill(
                str(skill["SkillId"]),
                number(skill.get("SkillLevel")) or 0.0,
                moment(skill.get("EffectiveStartDate")),
                moment(skill.get("EffectiveEndDate")),
            )
            for skill in children(row, "ServiceResourceSkills")
        ),
        booked=tuple(sorted(booked + absent, key=lambda one: one.start)),
        stock=frozenset(stock.get(str(lookup(row, "LocationId") or ""), ())),
        capacities=policy.capacities.get(str(row["Id"]), ()) if row.get("IsCapacityBased") else None,
    )


def _counted(found: Iterable[Row], but: str) -> Iterator[tuple[datetime, str]]:
    for row in found:
        start = moment(row.get("SchedStartTime"))
        if start is not None and row["Id"] != but:
            yield start, str(row["Id"])


def _others(row: Row, but: str) -> Sequence[Row]:
    return [child for child in children(row, "ServiceAppointments") if child["ServiceAppointmentId"] != but]


def _membership(row: Row, hours: Mapping[str, OperatingHours]) -> Membership:
    start = moment(row["EffectiveStartDate"])
    assert start is not None, "EffectiveStartDate is required on a member (1.5)"
    return Membership(
        territory_id=str(row["ServiceTerritoryId"]),
        kind=str(row.get("TerritoryType") or "S"),
        start=start,
        end=moment(row.get("EffectiveEndDate")),
        hours=hours.get(str(row.get("OperatingHoursId") or "")),
        home=point(row, "Latitude", "Longitude"),
    )


def _preferring(preferences: Iterable[Row], kind: str) -> frozenset[str]:
    return frozenset(str(p["ServiceResourceId"]) for p in preferences if p.get("PreferenceType") == kind)


def _first(found: Sequence[Row] | None) -> Row:
    return found[0] if found else {}
