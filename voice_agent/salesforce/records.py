"""Salesforce rows parsed once, at the edge, into frozen records; nothing past this module sees a raw row.

Decisions rest on `StatusCategory` (read-only, the same words in every org), never on `Status`, which each org renames.
All datetimes are aware and in UTC. Text has passed `plain` (no control, bidirectional or zero-width characters).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NewType, cast

RecordId = NewType("RecordId", str)
Row = Mapping[str, Any]

StatusCategory = Literal["None", "Scheduled", "Dispatched", "InProgress", "CannotComplete", "Completed", "Canceled"]
"""ServiceAppointment.StatusCategory, stored without spaces (sheet, section 0 rule 2)."""

OVER: frozenset[str] = frozenset({"Completed", "CannotComplete", "Canceled", "Closed"})
"""Categories from which no tool moves a record again (3.3)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person. `phone_e164` is the number on record, the only one a code may be sent to."""

    id: RecordId
    name: str
    first_name: str
    account_id: RecordId | None
    account_name: str
    phone_e164: str | None
    email: str
    do_not_call: bool
    modified: str
    """SystemModstamp as the org wrote it; compared, never computed with."""


@dataclass(frozen=True, slots=True)
class Technician:
    """A ServiceResource of type T or C. `voice_pin` is the stored hash, for `pins.verify_pin` only."""

    id: RecordId
    name: str
    first_name: str
    employee_number: str
    phone_e164: str | None
    voice_pin: str | None
    active: bool
    van_id: RecordId | None
    """Location that holds this technician's stock."""
    territory_ids: tuple[RecordId, ...]
    """Primary first."""
    zone: str
    """IANA zone of the primary territory's operating hours, UTC when the territory has none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit happens. Coordinates are for distances inside the server and are never spoken."""

    street: str = ""
    city: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True, slots=True)
class Entitlement:
    id: RecordId
    name: str
    status: str
    end: str | None
    """Date as the org wrote it, YYYY-MM-DD."""
    booking_hours_id: RecordId | None
    """SvcApptBookingWindowsId: the calendar of arrival windows this customer is entitled to (1.3)."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    id: RecordId
    number: str
    subject: str
    description: str
    status: str
    category: str
    """New, InProgress, OnHold, Completed, Closed, CannotComplete or Canceled."""
    priority: str
    account_id: RecordId | None
    account_name: str
    contact_id: RecordId | None
    work_type_id: RecordId | None
    work_type: str
    asset_id: RecordId | None
    entitlement: Entitlement | None
    modified: str

    @property
    def over(self) -> bool:
        return self.category in OVER


@dataclass(frozen=True, slots=True)
class Assignment:
    """An AssignedResource row; the first one by number is the person a customer hears about."""

    id: RecordId
    technician_id: RecordId
    technician_name: str
    travel_minutes: float | None
    location: tuple[float, float] | None
    located_at: datetime | None
    modified: str

    @property
    def first_name(self) -> str:
        return self.technician_name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class Appointment:
    """A ServiceAppointment with what a person on the phone may want to know about it."""

    id: RecordId
    number: str
    subject: str
    status: str
    category: StatusCategory
    earliest_start: datetime | None
    due: datetime | None
    sched_start: datetime | None
    sched_end: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    actual_start: datetime | None
    duration_minutes: float | None
    account_id: RecordId | None
    contact_id: RecordId | None
    parent_id: RecordId | None
    parent_type: str
    work_type_id: RecordId | None
    work_type: str
    territory_id: RecordId | None
    territory_hours_id: RecordId | None
    zone: str
    """IANA zone of the territory's operating hours; UTC when the territory has no hours (a line for `check`)."""
    place: Place
    pinned: bool
    assignments: tuple[Assignment, ...]
    work_order: WorkOrder | None
    modified: str
    read_at: datetime

    @property
    def over(self) -> bool:
        return self.category in OVER

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The promised arrival window, else the scheduled times, else None when nothing was promised yet."""
        if self.window_start and self.window_end:
            return self.window_start, self.window_end
        if self.sched_start and self.sched_end:
            return self.sched_start, self.sched_end
        return None


@dataclass(frozen=True, slots=True)
class RequiredPart:
    product_id: RecordId
    name: str
    quantity: float
    unit: str


@dataclass(frozen=True, slots=True)
class Job:
    """An appointment as the technician assigned to it sees it."""

    appointment: Appointment
    technician_id: RecordId
    customer: str
    parts_required: tuple[RequiredPart, ...] = ()

    @property
    def work_order(self) -> WorkOrder | None:
        return self.appointment.work_order


@dataclass(frozen=True, slots=True)
class StockedPart:
    """One ProductItem: a product lying at a place. `score` 0-1 says how well it fits the words spoken."""

    item_id: RecordId
    product_id: RecordId
    name: str
    code: str
    unit: str
    on_hand: float
    location_id: RecordId
    location: str
    mobile: bool
    mine: bool
    """True for the asking technician's own van."""
    modified: str
    score: float = 1.0
    point: tuple[float, float] | None = None
    km: float | None = None
    """Distance from the asking technician, None when either place has no coordinates."""


@dataclass(frozen=True, slots=True)
class WorkType:
    id: RecordId
    name: str
    description: str
    minutes: float
    makes_appointment: bool
    """ShouldAutoCreateSvcAppt: the org itself creates the ServiceAppointment (1.4)."""


@dataclass(frozen=True, slots=True)
class Asset:
    id: RecordId
    name: str
    serial: str
    product: str


def contact(row: Row) -> Contact:
    return Contact(
        id=record_id(row),
        name=plain(row.get("Name"), 121),
        first_name=plain(row.get("FirstName"), 40),
        account_id=lookup(row, "AccountId"),
        account_name=plain(path(row, "Account.Name"), 255),
        phone_e164=row.get("Phone_E164__c") or None,
        email=plain(row.get("Email"), 80),
        do_not_call=bool(row.get("DoNotCall")),
        modified=str(row.get("SystemModstamp") or ""),
    )


def technician(row: Row) -> Technician:
    members = sorted(children(row, "ServiceTerritories"), key=lambda m: "RPS".find(m.get("TerritoryType") or "S"))
    name = plain(row.get("Name"), 255)
    zones = [zone for m in members if (zone := path(m, "ServiceTerritory.OperatingHours.TimeZone"))]
    return Technician(
        id=record_id(row),
        name=name,
        first_name=name.split(" ")[0],
        employee_number=str(row.get("Employee_Number__c") or ""),
        phone_e164=row.get("Phone_E164__c") or None,
        voice_pin=row.get("Voice_Pin__c") or None,
        active=bool(row.get("IsActive")),
        van_id=lookup(row, "LocationId"),
        territory_ids=tuple(RecordId(m["ServiceTerritoryId"]) for m in members),
        zone=str(zones[0]) if zones else "UTC",
    )


def entitlement(row: Row | None) -> Entitlement | None:
    if not row:
        return None
    return Entitlement(
        id=record_id(row),
        name=plain(row.get("Name"), 255),
        status=str(row.get("Status") or ""),
        end=row.get("EndDate"),
        booking_hours_id=lookup(row, "SvcApptBookingWindowsId"),
    )


def work_order(row: Row) -> WorkOrder:
    return WorkOrder(
        id=record_id(row),
        number=str(row.get("WorkOrderNumber") or ""),
        subject=plain(row.get("Subject"), 255),
        description=plain(row.get("Description"), 600),
        status=str(row.get("Status") or ""),
        category=str(row.get("StatusCategory") or "New"),
        priority=str(row.get("Priority") or ""),
        account_id=lookup(row, "AccountId"),
        account_name=plain(path(row, "Account.Name"), 255),
        contact_id=lookup(row, "ContactId"),
        work_type_id=lookup(row, "WorkTypeId"),
        work_type=plain(path(row, "WorkType.Name"), 255),
        asset_id=lookup(row, "AssetId"),
        entitlement=entitlement(row.get("Entitlement")),
        modified=str(row.get("SystemModstamp") or ""),
    )


def assignment(row: Row) -> Assignment:
    resource = row.get("ServiceResource") or {}
    return Assignment(
        id=record_id(row),
        technician_id=RecordId(str(row.get("ServiceResourceId") or "")),
        technician_name=plain(resource.get("Name"), 255),
        travel_minutes=number(row.get("EstimatedTravelTime")),
        location=point(resource, "LastKnownLatitude", "LastKnownLongitude"),
        located_at=moment(resource.get("LastKnownLocationDate")),
        modified=str(row.get("SystemModstamp") or ""),
    )


def appointment(row: Row, *, work_orders: Mapping[str, WorkOrder], read_at: datetime) -> Appointment:
    """`work_orders` by id; a line item's appointment finds its order there under the line item's id."""
    parent = lookup(row, "ParentRecordId")
    return Appointment(
        id=record_id(row),
        number=str(row.get("AppointmentNumber") or ""),
        subject=plain(row.get("Subject"), 255),
        status=str(row.get("Status") or ""),
        category=cast(StatusCategory, row.get("StatusCategory") or "None"),
        earliest_start=moment(row.get("EarliestStartTime")),
        due=moment(row.get("DueDate")),
        sched_start=moment(row.get("SchedStartTime")),
        sched_end=moment(row.get("SchedEndTime")),
        window_start=moment(row.get("ArrivalWindowStartTime")),
        window_end=moment(row.get("ArrivalWindowEndTime")),
        actual_start=moment(row.get("ActualStartTime")),
        duration_minutes=number(row.get("DurationInMinutes")),
        account_id=lookup(row, "AccountId"),
        contact_id=lookup(row, "ContactId"),
        parent_id=parent,
        parent_type=str(row.get("ParentRecordType") or ""),
        work_type_id=lookup(row, "WorkTypeId"),
        work_type=plain(path(row, "WorkType.Name"), 255),
        territory_id=lookup(row, "ServiceTerritoryId"),
        territory_hours_id=cast("RecordId | None", path(row, "ServiceTerritory.OperatingHoursId")),
        zone=str(path(row, "ServiceTerritory.OperatingHours.TimeZone") or "UTC"),
        place=Place(
            street=plain(row.get("Street"), 255),
            city=plain(row.get("City"), 40),
            postal_code=plain(row.get("PostalCode"), 20),
            latitude=number(row.get("Latitude")),
            longitude=number(row.get("Longitude")),
        ),
        pinned=bool(row.get("FSL__Pinned__c")),
        assignments=tuple(assignment(r) for r in children(row, "ServiceResources")),
        work_order=work_orders.get(parent) if parent else None,
        modified=str(row.get("SystemModstamp") or ""),
        read_at=read_at,
    )


def stocked_part(row: Row, *, van_id: RecordId | None) -> StockedPart:
    place = row.get("Location") or {}
    return StockedPart(
        item_id=record_id(row),
        product_id=RecordId(str(row["Product2Id"])),
        name=plain(path(row, "Product2.Name"), 255),
        code=plain(path(row, "Product2.ProductCode"), 255),
        unit=plain(row.get("QuantityUnitOfMeasure"), 40),
        on_hand=number(row.get("QuantityOnHand")) or 0.0,
        location_id=RecordId(str(row["LocationId"])),
        location=plain(place.get("Name"), 255),
        mobile=bool(place.get("IsMobile")),
        mine=van_id is not None and row["LocationId"] == van_id,
        modified=str(row.get("SystemModstamp") or ""),
        point=point(place, "Latitude", "Longitude"),
    )


def work_type(row: Row) -> WorkType:
    hours = row.get("DurationType") == "Hours"
    minutes = (number(row.get("EstimatedDuration")) or 1.0) * (60 if hours else 1)
    return WorkType(
        id=record_id(row),
        name=plain(row.get("Name"), 255),
        description=plain(row.get("Description"), 600),
        minutes=minutes,
        makes_appointment=bool(row.get("ShouldAutoCreateSvcAppt")),
    )


def asset(row: Row) -> Asset:
    return Asset(
        id=record_id(row),
        name=plain(row.get("Name"), 255),
        serial=plain(row.get("SerialNumber"), 80),
        product=plain(path(row, "Product2.Name"), 255),
    )


def record_id(row: Row) -> RecordId:
    return RecordId(str(row["Id"]))


def lookup(row: Row, field: str) -> RecordId | None:
    value = row.get(field)
    return RecordId(str(value)) if value else None


def path(row: Row, dotted: str) -> Any:
    """The value at the end of a parent path, None where any parent is null or was not selected."""
    value: Any = row
    for step in dotted.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def children(row: Row, relationship: str) -> list[Row]:
    """Rows of a child sub-query; the org answers null, not an empty result, where there are none (2.4)."""
    nested = row.get(relationship)
    return list(nested["records"]) if nested else []


def number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def point(row: Row, latitude: str, longitude: str) -> tuple[float, float] | None:
    lat, lon = number(row.get(latitude)), number(row.get(longitude))
    return None if lat is None or lon is None else (lat, lon)


def moment(value: object) -> datetime | None:
    """`2026-11-23T15:00:00.000+0000` as an aware datetime; ValueError for anything that is not one."""
    if not value:
        return None
    parsed = datetime.fromisoformat(str(value))
    if parsed.tzinfo is None:
        raise ValueError("a Salesforce datetime always carries its offset")
    return parsed


def plain(value: object, longest: int) -> str:
    """CRM text as data: NFC, invisible and direction-changing characters out, white space folded, cut to `longest`.

    People type and paste into these fields; a zero-width or right-to-left mark would change what the model and the
    console show (sheet 7.2: text from CRM fields is untrusted).
    """
    if value is None:
        return ""
    text = unicodedata.normalize("NFC", str(value))
    visible = "".join(" " if c in "\r\n\t" else c for c in text if c in "\r\n\t" or unicodedata.category(c)[0] != "C")
    return " ".join(visible.split())[:longest]


def by_id(rows: Iterable[WorkOrder]) -> dict[str, WorkOrder]:
    return {str(row.id): row for row in rows}
