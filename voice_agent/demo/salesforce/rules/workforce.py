"""Resources, assignments, memberships and hours (sheet 1.4 AssignedResource, 1.5)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records

_ENDED = ("Completed", "CannotComplete", "Canceled")


def check_span(new: Row, start: str, end: str) -> None:
    """An end that is not after its start is refused (sheet 2.7 FIELD_INTEGRITY_EXCEPTION)."""
    if new[start] is not None and new[end] is not None and str(new[end]) <= str(new[start]):
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", f"{end} must be later than {start}", [end])


def before_assignment(records: "Records", old: Row | None, new: Row) -> None:
    """Only active resources are assigned, and each once to an appointment."""
    if old is not None and old["ServiceResourceId"] == new["ServiceResourceId"]:
        return
    resource = records.parent(new["ServiceResourceId"])
    if resource and not resource[1]["IsActive"]:
        reason = "The service resource is inactive and cannot be assigned to an appointment."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["ServiceResourceId"])
    for other in records.rows("AssignedResource", "ServiceAppointmentId", new["ServiceAppointmentId"]):
        if other["ServiceResourceId"] == new["ServiceResourceId"] and other["Id"] != new["Id"]:
            reason = "The service resource is already assigned to this appointment."
            raise ApiError(400, "DUPLICATE_VALUE", reason, ["ServiceResourceId"])


def before_resource(records: "Records", old: Row | None, new: Row) -> None:
    """One with open appointments cannot be deactivated (sheet 1.4)."""
    if old is None or not old["IsActive"] or new["IsActive"]:
        return
    for assignment in records.rows("AssignedResource", "ServiceResourceId", new["Id"]):
        appointment = records.parent(assignment["ServiceAppointmentId"])
        if appointment and appointment[1]["StatusCategory"] not in _ENDED:
            reason = "The service resource is assigned to appointments. Remove it from them before deactivating it."
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["IsActive"])


def before_member(records: "Records", old: Row | None, new: Row) -> None:
    """One primary territory for each resource at a time (sheet 1.5)."""
    if new["EffectiveEndDate"] is not None:
        check_span(new, "EffectiveStartDate", "EffectiveEndDate")
    if new["TerritoryType"] != "P":
        return
    for other in records.rows("ServiceTerritoryMember", "ServiceResourceId", new["ServiceResourceId"]):
        if other["Id"] == new["Id"] or other["TerritoryType"] != "P":
            continue
        starts_after = other["EffectiveEndDate"] and str(other["EffectiveEndDate"]) <= str(new["EffectiveStartDate"])
        ends_before = new["EffectiveEndDate"] and str(new["EffectiveEndDate"]) <= str(other["EffectiveStartDate"])
        if not starts_after and not ends_before:
            reason = "The service resource already has a primary territory during these dates."
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["TerritoryType"])


def before_time_slot(new: Row) -> None:
    """The name is made of day and times; 00:00 as an end is midnight (sheet 1.5)."""
    if new["StartTime"] is None or new["EndTime"] is None:
        return
    start, end = str(new["StartTime"]), str(new["EndTime"])
    if end <= start and not end.startswith("00:00"):
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", "EndTime must be later than StartTime", ["EndTime"])
    if new["TimeSlotNumber"] is None:
        new["TimeSlotNumber"] = f"{new['DayOfWeek']} {_clock(start)} - {_clock(end)}"


def _clock(kept: str) -> str:
    hour, minute = int(kept[:2]), kept[3:5]
    return f"{hour % 12 or 12}:{minute} {'PM' if hour >= 12 else 'AM'}"
