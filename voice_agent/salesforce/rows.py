"""Rows of the REST API become records here, once; nothing past this module sees a raw row."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from voice_agent.salesforce.records import (
    Appointment,
    Asset,
    Assignment,
    Contact,
    Entitlement,
    LineItem,
    Place,
    RecordId,
    RequiredPart,
    StatusCategory,
    StockedPart,
    Technician,
    WorkOrder,
    WorkType,
)

Row = Mapping[str, Any]


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


def entitlement(row: Row) -> Entitlement:
    return Entitlement(
        id=record_id(row),
        name=plain(row.get("Name"), 255),
        active=row.get("Status") == "Active",
        account_id=lookup(row, "AccountId"),
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
        contact_id=lookup(row, "ContactId"),
        work_type_id=lookup(row, "WorkTypeId"),
        asset_id=lookup(row, "AssetId"),
        entitlement_id=lookup(row, "EntitlementId"),
        appointment_count=int(row.get("ServiceAppointmentCount") or 0),
        modified=str(row.get("SystemModstamp") or ""),
    )


def line_item(row: Row) -> LineItem:
    return LineItem(
        id=record_id(row),
        number=str(row.get("LineItemNumber") or ""),
        subject=plain(row.get("Subject"), 255),
        status=str(row.get("Status") or ""),
        category=str(row.get("StatusCategory") or "New"),
        appointment_count=int(row.get("ServiceAppointmentCount") or 0),
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


def appointment(
    row: Row,
    *,
    read_at: datetime,
    entitlements: Sequence[Entitlement] = (),
) -> Appointment:
    parent = row.get("ParentRecord") or {}
    kind = str(row.get("ParentRecordType") or path(parent, "attributes.type") or "")
    above = parent if kind == "WorkOrder" else {"Id": parent.get("WorkOrderId"), **(parent.get("WorkOrder") or {})}
    order = work_order(above) if "WorkOrderNumber" in above else None
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
        account_name=plain(path(row, "Account.Name"), 255),
        contact_id=lookup(row, "ContactId") or (order.contact_id if order else None),
        contact_name=plain(path(row, "Contact.Name"), 121),
        parent_id=lookup(row, "ParentRecordId"),
        parent_type=kind,
        work_type_id=lookup(row, "WorkTypeId"),
        work_type=plain(path(row, "WorkType.Name"), 255),
        territory_id=lookup(row, "ServiceTerritoryId"),
        territory_hours_id=cast("RecordId | None", path(row, "ServiceTerritory.OperatingHoursId")),
        zone=str(path(row, "ServiceTerritory.OperatingHours.TimeZone") or "UTC"),
        territory_travel=number(path(row, "ServiceTerritory.TypicalInTerritoryTravelTime"))
        or number(path(row, "ServiceTerritory.AvgTravelTime")),
        place=Place(
            street=plain(row.get("Street"), 255),
            city=plain(row.get("City"), 40),
            postal_code=plain(row.get("PostalCode"), 20),
            latitude=number(row.get("Latitude")),
            longitude=number(row.get("Longitude")),
        ),
        pinned=bool(row.get("FSL__Pinned__c")),
        assignments=tuple(assignment(r) for r in children(row, "ServiceResources")),
        work_order_id=order.id if order else lookup(parent, "WorkOrderId"),
        work_order=order,
        line_item=line_item(parent) if kind == "WorkOrderLineItem" and "LineItemNumber" in parent else None,
        entitlement=_in_force(entitlements, order, lookup(row, "AccountId")),
        modified=str(row.get("SystemModstamp") or ""),
        read_at=read_at,
    )


def _in_force(found: Sequence[Entitlement], order: WorkOrder | None, account: RecordId | None) -> Entitlement | None:
    named = [one for one in found if order is not None and one.id == order.entitlement_id]
    by_account = [one for one in found if one.active and one.account_id is not None and one.account_id == account]
    return next(iter(named or by_account), None)


def required_part(row: Row) -> RequiredPart:
    return RequiredPart(
        product_id=RecordId(str(row["Product2Id"])),
        name=plain(row.get("ProductName"), 255),
        quantity=number(row.get("QuantityRequired")) or 0.0,
        unit=plain(row.get("QuantityUnitOfMeasure"), 40),
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
    """Anybody's text as data: NFC, invisible and direction-changing characters out, white space folded, cut short.

    People type and paste into these fields; a zero-width or right-to-left mark would change what the model and the
    console show (sheet 7.2: text from CRM fields is untrusted). `@{` would be a reference in a composite request, so
    it is spelled apart.
    """
    if value is None:
        return ""
    text = unicodedata.normalize("NFC", str(value))
    visible = "".join(" " if c in "\r\n\t" else c for c in text if c in "\r\n\t" or unicodedata.category(c)[0] != "C")
    return " ".join(visible.split()).replace("@{", "@ {")[:longest]
