"""What the callers of the campaign know: jobs, parts and visits, asked of the org by query, so that any org will do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.salesforce.emulated_org import EmulatedOrg

OPEN = ("None", "Scheduled", "Dispatched", "InProgress")


@dataclass(frozen=True, slots=True)
class Job:
    """`number` as people say it, without zeros in front."""

    number: str
    visit: str
    order: str
    about: str
    customer: str


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    code: str
    unit: str
    on_hand: float
    item: str
    product: str


@dataclass(frozen=True, slots=True)
class Visit:
    """`start` and `end` of the arrival window, in the visit's zone."""

    id: str
    about: str
    category: str
    start: datetime | None
    end: datetime | None
    technician: str


@dataclass(frozen=True, slots=True)
class Customer:
    number: str
    contact: str
    account: str
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """`jobs` are the lead technician's of today: done, current, next, later."""

    lead: str
    pin: str
    jobs: dict[str, Job]
    van: tuple[Part, ...]
    warehouse: tuple[Part, ...]
    van_location: str
    warehouse_location: str
    planned: tuple[Customer, ...]
    """One open visit, with a date, that may be moved."""
    several: tuple[Customer, ...]
    """Exactly two open visits with dates."""
    on_the_way: tuple[Customer, ...]
    stranger: str
    """A number that no record has."""


def ask(org: EmulatedOrg) -> Facts:
    callers = org.info["callers"]
    lead = next(one for one in callers if one["role"] == "technician")
    stranger = next(one for one in callers if one["role"] == "unknown")
    van = org.rows(f"SELECT LocationId FROM ServiceResource WHERE Phone_E164__c = '{lead['number']}'")[0]["LocationId"]
    jobs = _jobs(org, lead["number"])
    territory = org.rows(f"SELECT ServiceTerritoryId FROM WorkOrder WHERE Id = '{jobs['current'].order}'")
    near = org.rows(
        "SELECT LocationId FROM ServiceTerritoryLocation WHERE ServiceTerritoryId = "
        f"'{territory[0]['ServiceTerritoryId']}' AND Location.LocationType = 'Warehouse'"
    )
    customers = _customers(org, [one["number"] for one in callers])
    return Facts(
        lead=lead["number"],
        pin=lead["pin"],
        jobs=jobs,
        van=_parts(org, van),
        warehouse=_parts(org, near[0]["LocationId"]),
        van_location=van,
        warehouse_location=near[0]["LocationId"],
        planned=tuple(c for c in customers if _categories(c) == ["Scheduled"]),
        several=tuple(c for c in customers if _categories(c) == ["Scheduled", "Scheduled"]),
        on_the_way=tuple(c for c in customers if _categories(c) == ["Dispatched"]),
        stranger=stranger["number"],
    )


def _jobs(org: EmulatedOrg, number: str) -> dict[str, Job]:
    named = {"Completed": "done", "InProgress": "current", "Dispatched": "next", "Scheduled": "later"}
    rows = org.rows(
        "SELECT ServiceAppointment.Id, ServiceAppointment.ParentRecordId, ServiceAppointment.StatusCategory, "
        "ServiceAppointment.SchedStartTime, ServiceAppointment.Subject, ServiceAppointment.Account.Name "
        f"FROM AssignedResource WHERE ServiceResource.Phone_E164__c = '{number}' "
        "ORDER BY ServiceAppointment.SchedStartTime"
    )
    found: dict[str, Job] = {}
    for row in (row["ServiceAppointment"] for row in rows):
        if datetime.fromisoformat(row["SchedStartTime"]).date() != org.now.date():
            continue
        order = org.rows(f"SELECT WorkOrderNumber FROM WorkOrder WHERE Id = '{row['ParentRecordId']}'")[0]
        found[named[row["StatusCategory"]]] = Job(
            order["WorkOrderNumber"].lstrip("0"),
            row["Id"],
            row["ParentRecordId"],
            row["Subject"],
            row["Account"]["Name"],
        )
    return found


def _parts(org: EmulatedOrg, location: str) -> tuple[Part, ...]:
    rows = org.rows(
        "SELECT Id, QuantityOnHand, Product2Id, Product2.Name, Product2.ProductCode, Product2.QuantityUnitOfMeasure "
        f"FROM ProductItem WHERE LocationId = '{location}' ORDER BY Product2.Name"
    )
    return tuple(
        Part(
            row["Product2"]["Name"],
            row["Product2"]["ProductCode"],
            row["Product2"]["QuantityUnitOfMeasure"],
            row["QuantityOnHand"],
            row["Id"],
            row["Product2Id"],
        )
        for row in rows
    )


def _customers(org: EmulatedOrg, first: Sequence[str]) -> list[Customer]:
    """Contacts known by one number alone, those the org names as callers first; not those with something odd about
    them: an account on stop, a pinned or a locked visit, an account of several people's visits."""
    people = org.rows(
        "SELECT Id, Phone_E164__c, AccountId FROM Contact WHERE Phone_E164__c != null AND Account.On_Stop__c = false"
    )
    shared = Counter(row["Phone_E164__c"] for row in people)
    others = {row["ServiceAppointmentId"]: row["ServiceResource"]["Name"].split()[0] for row in org.rows(
        "SELECT ServiceAppointmentId, ServiceResource.Name FROM AssignedResource"
    )}  # fmt: skip
    # A visit that somebody else holds cannot be known by query; who calls about it is told by the org's own list.
    held = {one["number"] for one in org.info["callers"] if "held by somebody else" in (one["note"] or "")}
    found: list[Customer] = []
    for row in people:
        if shared[row["Phone_E164__c"]] > 1 or row["Phone_E164__c"] in held:
            continue
        visits = org.rows(
            "SELECT Id, Subject, StatusCategory, ArrivalWindowStartTime, ArrivalWindowEndTime, DueDate, ContactId, "
            f"ServiceTerritory.OperatingHours.TimeZone FROM ServiceAppointment WHERE AccountId = '{row['AccountId']}' "
            "AND StatusCategory IN ('None', 'Scheduled', 'Dispatched', 'InProgress') ORDER BY ArrivalWindowStartTime"
        )
        if visits and all(v["ContactId"] == row["Id"] and v["ArrivalWindowStartTime"] for v in visits):
            told = tuple(_visit(v, others.get(v["Id"], "")) for v in visits)
            found.append(Customer(row["Phone_E164__c"], row["Id"], row["AccountId"], told))
    order = {number: place for place, number in enumerate(first)}
    return sorted(found, key=lambda c: (order.get(c.number, len(order)), c.number))


def _visit(row: dict[str, Any], technician: str) -> Visit:
    zone = ZoneInfo(row["ServiceTerritory"]["OperatingHours"]["TimeZone"])
    start = datetime.fromisoformat(row["ArrivalWindowStartTime"]).astimezone(zone)
    end = datetime.fromisoformat(row["ArrivalWindowEndTime"]).astimezone(zone)
    return Visit(row["Id"], row["Subject"], row["StatusCategory"], start, end, technician)


def _categories(customer: Customer) -> list[str]:
    return [visit.category for visit in customer.visits]
