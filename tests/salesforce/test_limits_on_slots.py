"""Limits that the org sets on free times (overtime, work by amount, full time slots), and the same limits at commit."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import AUDIT, marias_visit, visit_row
from tests.salesforce.test_questions import CHICAGO, field_service
from voice_agent.salesforce.field_service import SlotTaken
from voice_agent.salesforce.records import Appointment, RecordId
from voice_agent.salesforce.wishes import Slot, SlotWish

ANYTHING = SlotWish()


def only_a_contractor(org: EmulatedOrg, visit: Appointment, *, a_day: int) -> RecordId:
    """Everybody of the territory goes; one contractor comes who takes so many visits a day."""
    for member in org.rows(f"SELECT Id FROM ServiceTerritoryMember WHERE ServiceTerritoryId = '{visit.territory_id}'"):
        org.rest("DELETE", f"sobjects/ServiceTerritoryMember/{member['Id']}")
    fields = {"Name": "North Contractors", "IsActive": True, "IsCapacityBased": True, "ResourceType": "T"}
    who = org.rest("POST", "sobjects/ServiceResource", fields)["id"]
    since = "2020-01-01T00:00:00Z"
    member = {"ServiceResourceId": who, "ServiceTerritoryId": visit.territory_id, "EffectiveStartDate": since}
    org.rest("POST", "sobjects/ServiceTerritoryMember", {**member, "TerritoryType": "P"})
    for need in org.rows(
        f"SELECT SkillId, SkillLevel FROM SkillRequirement WHERE RelatedRecordId = '{visit.work_order_id}'"
    ):
        skill = {"ServiceResourceId": who, "SkillId": need["SkillId"], "SkillLevel": 99, "EffectiveStartDate": since}
        org.rest("POST", "sobjects/ServiceResourceSkill", skill)
    capacity = {"ServiceResourceId": who, "TimePeriod": "Days", "CapacityInWorkItems": a_day, "StartDate": "2026-01-01"}
    org.rest("POST", "sobjects/ServiceResourceCapacity", capacity)
    return RecordId(who)


def somebody_books(org: EmulatedOrg, slot: Slot, who: RecordId, order: str) -> None:
    """Another visit for the same technician, some time in the same period."""
    org.advance(2)
    start = slot.start + timedelta(minutes=15)
    visit = {
        "ParentRecordId": order,
        "ServiceTerritoryId": slot.territory_id,
        "EarliestStartTime": start.isoformat(),
        "DueDate": (start + timedelta(days=1)).isoformat(),
        "SchedStartTime": start.isoformat(),
        "SchedEndTime": (start + timedelta(hours=1)).isoformat(),
        "Status": "Scheduled",
    }
    made = org.rest("POST", "sobjects/ServiceAppointment", visit)["id"]
    org.rest("POST", "sobjects/AssignedResource", {"ServiceAppointmentId": made, "ServiceResourceId": who})


@live
async def test_a_contractor_is_offered_by_capacity_and_booked_into_what_is_left(org: EmulatedOrg) -> None:
    """3.4 rule 9: two visits a day may lie at the same time, a third is taken."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        who = only_a_contractor(org, visit, a_day=2)
        slot = (await service.slots(visit, ANYTHING))[-1]
        assert slot.technician_id == who
        somebody_books(org, slot, who, str(visit.work_order_id))
        day = slot.start.astimezone(CHICAGO).date()
        (fresh, *_) = await service.slots(visit, SlotWish(date_from=day, date_to=day))
        assert fresh.technician_id == who, "one of two is left"
        plan = await service.plan_reschedule(visit, fresh)
        assert (await service.commit(plan, key="c", audit=AUDIT)).status == "applied"


@live
async def test_a_capacity_used_up_between_offer_and_yes_is_found_at_commit(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        who = only_a_contractor(org, visit, a_day=1)
        slot = (await service.slots(visit, ANYTHING))[0]
        plan = await service.plan_reschedule(visit, slot)
        somebody_books(org, slot, who, str(visit.work_order_id))
        with pytest.raises(SlotTaken) as taken:
            await service.commit(plan, key="c", audit=AUDIT)
    assert taken.value.next_best[0].start.astimezone(CHICAGO).date() > slot.start.astimezone(CHICAGO).date()
    assert datetime.fromisoformat(str(visit_row(org, visit.id)["SchedStartTime"])) == visit.sched_start


@live
async def test_somebody_without_capacity_is_not_offered(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        only_a_contractor(org, visit, a_day=0)
        assert await service.slots(visit, ANYTHING) == ()


def limit(org: EmulatedOrg, most: int) -> None:
    """Every calendar of the org: the customer's own booking calendar goes before the territory's."""
    for row in org.rows("SELECT Id FROM TimeSlot"):
        org.rest("PATCH", f"sobjects/TimeSlot/{row['Id']}", {"MaxAppointments": most})


@live
async def test_a_time_slot_takes_no_more_visits_than_it_may(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        limit(org, 1)
        slots = await service.slots(visit, ANYTHING)
    assert slots
    for slot in slots:
        assert slot.of_calendar is not None
        opens, closes = (
            moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (slot.of_calendar.opens, slot.of_calendar.closes)
        )
        booked = org.rows(
            f"SELECT Id FROM ServiceAppointment WHERE ServiceTerritoryId = '{visit.territory_id}' "
            f"AND SchedStartTime >= {opens} AND SchedStartTime < {closes} AND Id != '{visit.id}' "
            "AND StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None')"
        )
        assert not booked


@live
async def test_a_time_slot_filled_between_offer_and_yes_is_found_at_commit(org: EmulatedOrg) -> None:
    """By anybody: the technician who was offered is still free."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        limit(org, 1)
        slot = (await service.slots(visit, ANYTHING))[0]
        plan = await service.plan_reschedule(visit, slot)
        somebody_books(org, slot, a_colleague(org, slot), str(visit.work_order_id))
        with pytest.raises(SlotTaken) as taken:
            await service.commit(plan, key="f", audit=AUDIT)
        assert slot.of_calendar is not None
        assert all(not slot.of_calendar.opens <= one.start < slot.of_calendar.closes for one in taken.value.next_best)
        again = (await service.slots(visit, ANYTHING))[0]
        assert (
            await service.commit(await service.plan_reschedule(visit, again), key="g", audit=AUDIT)
        ).status == "applied"


def a_colleague(org: EmulatedOrg, slot: Slot) -> RecordId:
    found = org.rows(
        "SELECT ServiceResourceId FROM ServiceTerritoryMember WHERE ServiceTerritoryId = "
        f"'{slot.territory_id}' AND ServiceResourceId != '{slot.technician_id}' LIMIT 1"
    )
    return RecordId(found[0]["ServiceResourceId"])


@live
async def test_overtime_is_offered_only_where_the_orgs_policy_enables_it(org: EmulatedOrg) -> None:
    """3.4 rule 2: Extended hours. The first policy by name is the one the package's class plans with."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        for row in org.rows(f"SELECT Id FROM TimeSlot WHERE OperatingHoursId = '{visit.territory_hours_id}'"):
            org.rest("PATCH", f"sobjects/TimeSlot/{row['Id']}", {"Type": "Extended"})
        for member in org.rows(
            f"SELECT Id FROM ServiceTerritoryMember WHERE ServiceTerritoryId = '{visit.territory_id}'"
        ):
            org.rest("PATCH", f"sobjects/ServiceTerritoryMember/{member['Id']}", {"OperatingHoursId": None})
        assert await service.slots(visit, ANYTHING) == ()
        policy = org.rows("SELECT Id FROM FSL__Scheduling_Policy__c ORDER BY Name LIMIT 1")[0]["Id"]
        rule = org.rest("POST", "sobjects/FSL__Work_Rule__c", {"Name": "Overtime", "FSL__Enable_Overtime__c": True})
        joined = {"FSL__Scheduling_Policy__c": policy, "FSL__Work_Rule__c": rule["id"]}
        org.rest("POST", "sobjects/FSL__Scheduling_Policy_Work_Rule__c", joined)
        service.catalogue.forget("FSL__Scheduling_Policy_Work_Rule__c")
        assert await service.slots(visit, ANYTHING)
