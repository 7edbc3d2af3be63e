"""The org's own ways to find and book free times (sheet 3.1, 3.2, rules of 3.4)."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.salesforce_emulator.conftest import Client, Emulator, Raw

CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture
def visit(sf: Client, emulator: Emulator) -> str:
    """A visit of two hours that needs a gas fitter, to be planned from today on."""
    emulator.post("/emulator/switch", {"scheduling": ["apex", "action"]})
    order = sf.query("SELECT Id FROM WorkOrder WHERE WorkType.Name = 'Heating Repair' AND Account.On_Stop__c = false")
    made: str = sf.ServiceAppointment.create(
        {
            "ParentRecordId": order["records"][0]["Id"],
            "ServiceTerritoryId": sf.query("SELECT Id FROM ServiceTerritory WHERE Name = 'Chicago North'")["records"][
                0
            ]["Id"],
            "EarliestStartTime": "2026-03-04T16:05:00Z",
            "DueDate": "2026-03-24T23:00:00Z",
        }
    )["id"]
    return made


def slots(sf: Client, visit: str, **query: Any) -> list[tuple[datetime, datetime]]:
    found = sf.apexecute("ai/slots", params={"appointment": visit, "max": 100, **query})
    return [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["finish"])) for one in found]


def test_an_org_without_the_class_says_so(raw: Raw, sf: Client) -> None:
    """What a client's detection meets: 404 for the class, an empty list of actions."""
    answer = raw("GET", "../../apexrest/ai/slots?probe=true")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert raw("GET", "actions/standard").json() == {"actions": []}


def test_windows_lie_in_the_territorys_hours_on_both_sides_of_the_clock_change(sf: Client, visit: str) -> None:
    """Wall-clock hours stay the same while UTC moves by one on 8 March 2026."""
    found = slots(sf, visit)
    clocks = {(start.astimezone(CHICAGO).hour, start.astimezone(CHICAGO).minute) for start, _ in found}
    assert clocks == {(8, 0), (12, 30)}
    assert {start.hour for start, _ in found if start.date().isoformat() < "2026-03-08"} <= {14, 18}
    assert {start.hour for start, _ in found if start.date().isoformat() > "2026-03-08"} <= {13, 17}
    assert all(start.astimezone(CHICAGO).weekday() < 5 for start, _ in found)
    assert [start for start, _ in found] == sorted(start for start, _ in found)


def test_a_holiday_takes_its_hours_out(sf: Client, visit: str) -> None:
    """Stocktaking on Friday the 13th from one o'clock on, once Chicago's hours know of it."""

    def friday() -> set[int]:
        found = [start.astimezone(CHICAGO) for start, _ in slots(sf, visit)]
        return {start.hour for start in found if start.date().isoformat() == "2026-03-13"}

    assert friday() == {8, 12}
    hours = sf.query("SELECT Id FROM OperatingHours WHERE Name = 'Chicago North Hours'")["records"][0]["Id"]
    holiday = sf.query("SELECT Id FROM Holiday WHERE Name = 'Stocktaking'")["records"][0]["Id"]
    sf.OperatingHoursHoliday.create({"OperatingHoursId": hours, "HolidayId": holiday})
    assert friday() == {8}


def test_only_what_was_asked_for_is_offered(sf: Client, visit: str) -> None:
    few = slots(sf, visit, **{"from": "2026-03-10T00:00:00Z", "to": "2026-03-12T00:00:00Z"})
    assert few and all("2026-03-10" <= start.date().isoformat() <= "2026-03-11" for start, _ in few)
    assert sf.apexecute("ai/slots", params={"probe": "true"}) == []


def test_a_calendar_of_the_callers_own_counts_in_the_territorys_zone(sf: Client, visit: str) -> None:
    """Sheet 3.1: the arrival-window calendar's own zone is ignored."""
    hours = sf.OperatingHours.create({"Name": "Mornings", "TimeZone": "America/Phoenix"})["id"]
    window = {"OperatingHoursId": hours, "StartTime": "09:00:00.000Z", "EndTime": "11:00:00.000Z", "Type": "Normal"}
    for day in ("Tuesday", "Thursday"):
        sf.TimeSlot.create({**window, "DayOfWeek": day})
    found = [start.astimezone(CHICAGO) for start, _ in slots(sf, visit, calendar=hours)]
    assert {(start.weekday(), start.hour) for start in found} == {(1, 9), (3, 9)}
    with pytest.raises(SalesforceMalformedRequest):
        slots(sf, visit, calendar=visit)


def test_a_skill_that_nobody_has_leaves_nothing(sf: Client, visit: str) -> None:
    parent = sf.ServiceAppointment.get(visit)["ParentRecordId"]
    skill = sf.query("SELECT Id FROM Skill WHERE MasterLabel = 'Gas Certified'")["records"][0]["Id"]
    sf.SkillRequirement.create({"RelatedRecordId": parent, "SkillId": skill, "SkillLevel": 99})
    assert slots(sf, visit) == []


def test_a_booking_sets_times_status_and_technician(sf: Client, visit: str) -> None:
    """Sheet 3.2: the arrival window first, then schedule in the next request."""
    start, finish = slots(sf, visit)[3]
    window = {"ArrivalWindowStartTime": start.isoformat(), "ArrivalWindowEndTime": finish.isoformat()}
    sf.ServiceAppointment.update(visit, window)
    booked = sf.apexecute("ai/slots", method="POST", data={"appointment": visit})
    assert booked["scheduled"] is True
    row = sf.query(
        "SELECT StatusCategory, SchedStartTime, SchedEndTime, (SELECT ServiceResourceId FROM ServiceResources) "
        f"FROM ServiceAppointment WHERE Id = '{visit}'"
    )["records"][0]
    assert row["StatusCategory"] == "Scheduled"
    begins = datetime.fromisoformat(row["SchedStartTime"])
    assert start <= begins < finish
    assert datetime.fromisoformat(row["SchedEndTime"]) - begins == timedelta(hours=2)
    resource = row["ServiceResources"]["records"][0]["ServiceResourceId"]
    assert resource == booked["resource"]
    others = sf.query(
        "SELECT COUNT() FROM AssignedResource WHERE ServiceResourceId = '{}' AND ServiceAppointmentId != '{}' "
        "AND ServiceAppointment.SchedStartTime < {} AND ServiceAppointment.SchedEndTime > {}".format(
            resource, visit, row["SchedEndTime"].replace("+0000", "Z"), row["SchedStartTime"].replace("+0000", "Z")
        )
    )
    assert others["totalSize"] == 0


def test_the_standard_action_schedules_too(raw: Raw, sf: Client, visit: str) -> None:
    """Sheet 3.1: from version 62 on."""
    assert [one["name"] for one in raw("GET", "actions/standard").json()["actions"]] == ["scheduleServiceAppointment"]
    assert Raw(raw.emulator, raw.token, "61.0")("GET", "actions/standard").json() == {"actions": []}
    body = {"inputs": [{"serviceAppointmentId": visit}, {"serviceAppointmentId": "nonsense"}]}
    good, bad = raw("POST", "actions/standard/scheduleServiceAppointment", body).json()
    assert (good["isSuccess"], good["outputValues"]) == (True, {"serviceAppointmentId": visit})
    assert bad["isSuccess"] is False and bad["errors"][0]["statusCode"] == "INVALID_ID_FIELD"
    assert sf.ServiceAppointment.get(visit)["StatusCategory"] == "Scheduled"


def test_the_scheduler_lists_its_resources_only_where_it_is(raw: Raw, emulator: Emulator) -> None:
    assert raw("GET", "scheduling/").status_code == 404
    emulator.post("/emulator/switch", {"scheduling": ["scheduler"]})
    assert set(raw("GET", "scheduling/").json()) == {"getAppointmentCandidates", "getAppointmentSlots"}


def test_the_scheduler_names_quarter_hour_starts_with_who_is_free(raw: Raw, sf: Client, visit: str) -> None:
    """Sheet 3.1: UTC, at most 31 days ahead, no travel; the skills are those of the work type."""
    raw.emulator.post("/emulator/switch", {"scheduling": ["scheduler"]})
    row = sf.ServiceAppointment.get(visit)
    body = {
        "startTime": "2026-03-05T00:00:00Z",
        "endTime": "2026-03-10T00:00:00Z",
        "territoryIds": [row["ServiceTerritoryId"]],
        "workType": {"id": row["WorkTypeId"]},
    }
    found = raw("POST", "scheduling/getAppointmentCandidates", body).json()["candidates"]
    assert found
    for one in found:
        start, end = datetime.fromisoformat(one["startTime"]), datetime.fromisoformat(one["endTime"])
        assert (start.minute % 15, end - start) == (0, timedelta(hours=2))
        assert one["territoryId"] == row["ServiceTerritoryId"]
        assert one["resources"]
    somebody = found[0]["resources"][0]
    slots = raw("POST", "scheduling/getAppointmentSlots", {**body, "requiredResourceIds": [somebody]}).json()
    assert [one["startTime"] for one in slots["timeSlots"]] == [
        one["startTime"] for one in found if somebody in one["resources"]
    ]


def test_the_scheduler_refuses_what_is_missing_or_wrong(raw: Raw, emulator: Emulator) -> None:
    emulator.post("/emulator/switch", {"scheduling": ["scheduler"]})

    def refused(body: dict[str, Any]) -> tuple[int, str]:
        answer = raw("POST", "scheduling/getAppointmentCandidates", body)
        return answer.status_code, answer.json()[0]["errorCode"]

    assert refused({"workType": {"durationInMinutes": 60}}) == (400, "MISSING_ARGUMENT")
    assert refused({"territoryIds": ["0Hh000000000001"]}) == (400, "MISSING_ARGUMENT")
    assert refused({"territoryIds": ["x"], "workType": {"durationInMinutes": 60}}) == (400, "INVALID_INPUT")
    wrong = {"territoryIds": ["0Hh000000000001"], "workType": {"id": "001000000000001"}}
    assert refused(wrong) == (400, "INVALID_INPUT")
