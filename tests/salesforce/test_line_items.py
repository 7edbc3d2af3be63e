"""Line items of a work order: visits about one of them, their own status, parts booked on them, and new ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import AUDIT, job, visit_row
from tests.salesforce.test_questions import alex_of, field_service
from voice_agent import errors
from voice_agent.salesforce.records import RecordId
from voice_agent.salesforce.wishes import PartUse, Problem, SlotWish


def a_visit_about_one_line_item(org: EmulatedOrg) -> tuple[dict[str, Any], str]:
    """Alex's order 4512 has two line items; a second visit of his is about the first of them. The item, the visit."""
    order = org.rows("SELECT Id FROM WorkOrder WHERE WorkOrderNumber = '00004512'")[0]["Id"]
    item = org.rows(f"SELECT Id FROM WorkOrderLineItem WHERE WorkOrderId = '{order}'")[0]
    org.rest("POST", "sobjects/WorkOrderLineItem", {"WorkOrderId": order, "Subject": "Paint the cover"})
    visit = org.rest(
        "POST",
        "sobjects/ServiceAppointment",
        {
            "ParentRecordId": item["Id"],
            "Subject": "Replace capacitor",
            "EarliestStartTime": "2026-11-23T14:00:00Z",
            "DueDate": "2026-11-30T14:00:00Z",
            "SchedStartTime": "2026-11-23T22:00:00Z",
            "SchedEndTime": "2026-11-23T23:00:00Z",
            "Status": "Scheduled",
        },
    )["id"]
    alex = org.rows("SELECT Id FROM ServiceResource WHERE Employee_Number__c = '1042'")[0]["Id"]
    org.rest("POST", "sobjects/AssignedResource", {"ServiceAppointmentId": visit, "ServiceResourceId": alex})
    return item, visit


def status_of(org: EmulatedOrg, name: str, record: str) -> str:
    return str(org.rows(f"SELECT StatusCategory FROM {name} WHERE Id = '{record}'")[0]["StatusCategory"])


@live
async def test_a_visit_about_a_line_item_is_found_by_the_order_above_it(org: EmulatedOrg) -> None:
    item, visit = a_visit_about_one_line_item(org)
    async with field_service(org) as service:
        found = [one for one in await service.find_job(await alex_of(service), "4512") if one.appointment.id == visit]
    (about,) = found
    assert about.appointment.line_item is not None
    assert about.appointment.line_item.id == item["Id"]
    assert about.work_order is not None
    assert about.work_order.number == "00004512"
    assert about.customer == "Bianca Bauer"


@live
async def test_the_line_item_follows_the_visit_and_the_order_stays(org: EmulatedOrg) -> None:
    item, visit = a_visit_about_one_line_item(org)
    order = org.rows("SELECT Id FROM WorkOrder WHERE WorkOrderNumber = '00004512'")[0]["Id"]
    before = status_of(org, "WorkOrder", order)
    async with field_service(org) as service:
        (about,) = [
            one for one in await service.find_job(await alex_of(service), "4512") if one.appointment.id == visit
        ]
        plan = await service.plan_job_update(about, status="in_progress")
        await service.commit(plan, key="a", audit=AUDIT)
        assert status_of(org, "WorkOrderLineItem", item["Id"]) == "InProgress"
        (about,) = [
            one for one in await service.find_job(await alex_of(service), "4512") if one.appointment.id == visit
        ]
        org.advance(600)
        (part, *_) = await service.match_part(await alex_of(service), "flame sensor")
        plan = await service.plan_job_update(about, status="completed", parts=[PartUse(part, 1)])
        assert "line item" in " ".join(touch.label for touch in plan.touches)
        done = await service.commit(plan, key="b", audit=AUDIT)
    assert done.status == "applied"
    assert visit_row(org, visit)["StatusCategory"] == "Completed"
    assert status_of(org, "WorkOrderLineItem", item["Id"]) == "Completed"
    assert status_of(org, "WorkOrder", order) == before
    consumed = org.rows(
        "SELECT WorkOrderId, WorkOrderLineItemId FROM ProductConsumed ORDER BY CreatedDate DESC LIMIT 1"
    )
    assert (consumed[0]["WorkOrderId"], consumed[0]["WorkOrderLineItemId"]) == (order, item["Id"])


@live
async def test_a_line_item_that_somebody_changed_meanwhile_is_left_alone(org: EmulatedOrg) -> None:
    item, visit = a_visit_about_one_line_item(org)
    async with field_service(org) as service:
        (about,) = [
            one for one in await service.find_job(await alex_of(service), "4512") if one.appointment.id == visit
        ]
        plan = await service.plan_job_update(about, status="in_progress")
        org.somebody_else_changes("WorkOrderLineItem", item["Id"], Status="On Hold")
        with pytest.raises(errors.Conflict):
            await service.commit(plan, key="a", audit=AUDIT)
    assert status_of(org, "WorkOrderLineItem", item["Id"]) == "OnHold"
    assert visit_row(org, visit)["StatusCategory"] == "Scheduled"


@live
async def test_what_a_line_item_asks_for_decides_who_can_come(org: EmulatedOrg) -> None:
    """Skills of the line item, not of the order above it."""
    item, visit = a_visit_about_one_line_item(org)
    async with field_service(org) as service:
        read = await service.appointment(RecordId(visit))
        assert read is not None
        assert await service.slots(read, SlotWish())
        skill = org.rows("SELECT Id FROM Skill LIMIT 1")[0]["Id"]
        need = {"RelatedRecordId": item["Id"], "SkillId": skill, "SkillLevel": 99}
        org.rest("POST", "sobjects/SkillRequirement", need)
        assert await service.slots(read, SlotWish()) == ()


@live
async def test_more_work_on_a_job_is_a_line_item_of_its_order(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_line_item(await job(service, "4512"), Problem("Cracked flue", "Found on site"))
        done = await service.commit(plan, key="li", audit=AUDIT)
        again = await service.commit(plan, key="li", audit=AUDIT)
    assert again.repeated
    row = org.rows(
        "SELECT LineItemNumber, Subject, Description, WorkOrder.WorkOrderNumber, Agent_Key__c FROM WorkOrderLineItem "
        f"WHERE Id = '{done.ids['item']}'"
    )[0]
    assert (row["Subject"], row["Description"]) == ("Cracked flue", "Found on site")
    assert row["WorkOrder"]["WorkOrderNumber"] == "00004512"
    assert row["Agent_Key__c"] == "li:0"
    assert done.read["item_number"]["LineItemNumber"] == row["LineItemNumber"]


@live
async def test_nothing_is_added_to_an_order_that_was_closed_meanwhile(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4512")
        plan = await service.plan_line_item(one, Problem("Cracked flue", ""))
        assert one.work_order is not None
        org.somebody_else_changes("WorkOrder", one.work_order.id, Status="Closed")
        with pytest.raises(errors.Conflict):
            await service.commit(plan, key="li", audit=AUDIT)
        with pytest.raises(errors.NotAllowed):
            await service.plan_line_item(await job(service, "4512"), Problem("Cracked flue", ""))
