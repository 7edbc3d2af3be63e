"""Work orders and appointments: categories, transitions, what a work type and a parent hand down (sheet 1.4, 3.3)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.rules.workforce import check_span
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records

_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude", "GeocodeAccuracy")
_ENDED = frozenset({"Completed", "CannotComplete", "Canceled"})
_AUTO_CREATED_DUE = timedelta(days=7)


def set_duration(new: Row, source: str = "Duration") -> None:
    """DurationInMinutes from the duration and its unit."""
    amount = new[source]
    factor = 60 if str(new["DurationType"] or "Hours") == "Hours" else 1
    new["DurationInMinutes"] = None if amount is None else float(amount) * factor


def before_work_order(records: "Records", obj: SObject, old: Row | None, new: Row) -> None:
    """StatusCategory and IsClosed follow Status; a work type hands down what the record does not have yet."""
    _set_category(records, obj.name, new)
    status = records.org.status(obj.name, new["Status"])
    new["IsClosed"] = int(status is not None and status.closed)
    if new["WorkTypeId"] and (old is None or old["WorkTypeId"] != new["WorkTypeId"]):
        _copy_down(records, new)
    set_duration(new)
    if old is None and obj.name == "WorkOrder":
        parent = records.parent(new["ParentWorkOrderId"])
        new["RootWorkOrderId"] = (parent[1]["RootWorkOrderId"] or parent[1]["Id"]) if parent else new["Id"]
    if old is None and obj.name == "WorkOrder" and new["ContactId"] is None and (case := records.parent(new["CaseId"])):
        new["ContactId"] = case[1]["ContactId"]


def after_work_order(records: "Records", obj: SObject, old: Row | None, new: Row) -> None:
    """Skills, parts and the first appointment come with the work type; appointments follow the parent's category."""
    if new["WorkTypeId"] and (old is None or old["WorkTypeId"] != new["WorkTypeId"]):
        _copy_rows(records, "SkillRequirement", "RelatedRecordId", new, ("SkillId", "SkillLevel", "SkillPriority"))
        _copy_rows(
            records,
            "ProductRequired",
            "ParentRecordId",
            new,
            ("Product2Id", "QuantityRequired", "QuantityUnitOfMeasure"),
        )
        work_type = records.parent(new["WorkTypeId"])
        if old is None and work_type and work_type[1]["ShouldAutoCreateSvcAppt"]:
            due = values.instant(records.viewer.now + _AUTO_CREATED_DUE)
            records.create(
                "ServiceAppointment", {"ParentRecordId": new["Id"], "EarliestStartTime": records.now, "DueDate": due}
            )
    if old is not None and old["StatusCategory"] != new["StatusCategory"]:
        for appointment in records.rows("ServiceAppointment", "ParentRecordId", new["Id"]):
            records.adjust(
                "ServiceAppointment", appointment["Id"], {"ParentRecordStatusCategory": new["StatusCategory"]}
            )


def before_appointment(records: "Records", old: Row | None, new: Row) -> None:
    """Inherits from the parent, derives, and enforces the life cycle where the package is there."""
    if new["Status"] is None:
        if old is None:
            new["Status"] = next((s.value for s in records.org.appointment_statuses if s.default), None)
        if new["Status"] is None:
            raise ApiError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Status]", ["Status"])
    if old is None:
        _inherit(records, new)
    _set_category(records, "ServiceAppointment", new)
    set_duration(new)
    check_span(new, "EarliestStartTime", "DueDate")
    check_span(new, "SchedStartTime", "SchedEndTime")
    check_span(new, "ArrivalWindowStartTime", "ArrivalWindowEndTime")
    check_span(new, "ActualStartTime", "ActualEndTime")
    if new["ActualDuration"] is None and new["ActualStartTime"] and new["ActualEndTime"]:
        worked = values.moment(str(new["ActualEndTime"])) - values.moment(str(new["ActualStartTime"]))
        new["ActualDuration"] = worked.total_seconds() / 60
    if records.org.package:
        _package_rules(records, old, new)


def _set_category(records: "Records", object_name: str, new: Row) -> None:
    status = records.org.status(object_name, new["Status"])
    if status is None and new["Status"] is None:
        status = next((s for s in records.org.statuses(object_name) if s.default), None)
        new["Status"] = status.value if status else None
    if status is not None:
        new["Status"] = status.value
    new["StatusCategory"] = status.category if status else None


def _package_rules(records: "Records", old: Row | None, new: Row) -> None:
    """Transitions, pinned times and ended visits (sheet 3.3; the wording is ours, the real one is not published)."""
    minutes = None
    if new["SchedStartTime"] and new["SchedEndTime"]:
        span = values.moment(str(new["SchedEndTime"])) - values.moment(str(new["SchedStartTime"]))
        minutes = span.total_seconds() / 60
    new["FSL__Duration_In_Minutes__c"] = minutes
    if old is None:
        return
    before, after = str(old["Status"]), str(new["Status"])
    if before != after and (before, after) not in records.org.transitions:
        reason = f"The status transition from {before} to {after} is not allowed for a service appointment."
        raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", reason, ["Status"])
    moved = any(old[name] != new[name] for name in ("SchedStartTime", "SchedEndTime"))
    if moved and old["FSL__Pinned__c"] and new["FSL__Pinned__c"]:
        reason = "The appointment is pinned: its scheduled times cannot be changed."
        raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", reason, ["SchedStartTime"])
    if moved and old["StatusCategory"] in _ENDED:
        reason = "The appointment has ended: its scheduled times cannot be changed."
        raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", reason, ["SchedStartTime"])


def _inherit(records: "Records", new: Row) -> None:
    """An appointment of a work order or line item takes what it was not given from there (sheet 1.4)."""
    found = records.parent(new["ParentRecordId"])
    if found is None:
        return
    kind, parent = found
    order = parent
    if kind.name == "WorkOrderLineItem" and (above := records.parent(parent["WorkOrderId"])):
        order = above[1]
    new["ParentRecordType"] = kind.name
    new["ParentRecordStatusCategory"] = parent.get("StatusCategory")
    new["AccountId"] = parent["Id"] if kind.name == "Account" else order.get("AccountId")
    for name in ("ContactId", "WorkTypeId", "ServiceTerritoryId"):
        new[name] = new[name] or parent.get(name) or order.get(name)
    if new["Duration"] is None and parent.get("Duration") is not None:
        new["Duration"], new["DurationType"] = parent["Duration"], parent["DurationType"]
    if all(new[name] is None for name in _ADDRESS):
        where = parent if any(parent.get(name) for name in _ADDRESS) else order
        new.update({name: where.get(name) for name in _ADDRESS})
    if territory := records.parent(new["ServiceTerritoryId"]):
        hours = records.parent(territory[1]["OperatingHoursId"])
        new["TimeZone"] = hours[1]["TimeZone"] if hours else None


def _copy_down(records: "Records", new: Row) -> None:
    work_type = records.parent(new["WorkTypeId"])
    if work_type is None:
        return
    if new["Duration"] is None:
        new["Duration"], new["DurationType"] = work_type[1]["EstimatedDuration"], work_type[1]["DurationType"]
    for name in ("MinimumCrewSize", "RecommendedCrewSize"):
        new[name] = work_type[1][name] if new[name] is None else new[name]


def _copy_rows(records: "Records", child: str, key: str, new: Row, names: tuple[str, ...]) -> None:
    """Copies a work type's skills or parts, only where the record has none yet (sheet 1.4)."""
    if records.rows(child, key, new["Id"]):
        return
    for row in records.rows(child, key, new["WorkTypeId"]):
        records.create(child, {key: new["Id"], **{name: row[name] for name in names}})
