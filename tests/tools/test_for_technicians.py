"""What a technician can have done beside a status: more work on an order, a question for dispatch, a customer told."""

from __future__ import annotations

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.speaking import a_technician
from tests.salesforce.test_questions import ALEX, field_service

pytestmark = pytest.mark.process
AUDIT = "AI_Interaction__c"
PIN = "482913"


@live
async def test_work_found_on_site_becomes_a_line_item_of_the_order(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        heard = await asks.hears("add_work", job="4512", work="The thermostat has to be replaced too")
        assert "the thermostat has to be replaced too" in heard.lower()
        assert "four five one two" in heard
        assert (await asks.yes()).startswith("Done. The new work is on job")
    assert set(org.changed()) == {"WorkOrderLineItem", AUDIT, "SkillRequirement", "ProductRequired"}
    (item,) = org.rows(
        "SELECT Description, WorkOrder.WorkOrderNumber, WorkType.Name FROM WorkOrderLineItem "
        "ORDER BY CreatedDate DESC, LineItemNumber DESC LIMIT 1"
    )
    assert item["Description"] == "The thermostat has to be replaced too"
    assert item["WorkOrder"]["WorkOrderNumber"] == "00004512"
    assert item["WorkType"]["Name"] == "Thermostat Installation", "and the org copies its skills and parts down (1.4)"


@live
async def test_nothing_is_added_to_an_order_that_is_closed(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        await asks.hears("update_job", job="4512", status="completed")
        await asks.yes()
        heard = await asks.hears("add_work", job="4512", work="and a new thermostat")
        assert "is closed, so no work can be added" in heard


@live
async def test_a_question_for_dispatch_is_a_task_on_the_job_it_is_about(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        heard = await asks.hears("ask_dispatcher", question="Can I swap the next two jobs?", job="next")
        assert "Can I swap the next two jobs" in heard
        assert await asks.yes() == asks.phrase("ask_dispatcher.done")
    assert org.changed() == {"Task": ["CREATE"], AUDIT: ["CREATE"]}
    (task,) = org.rows(
        "SELECT Subject, Description, Priority, WhatId FROM Task ORDER BY CreatedDate DESC, Id DESC LIMIT 1"
    )
    assert task["Description"] == "Can I swap the next two jobs?"
    assert "Alex Rivera asks" in task["Subject"]
    assert task["Priority"] == "High"
    assert task["WhatId"].startswith("08p")


@live
async def test_a_question_about_no_job_goes_to_dispatch_all_the_same(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        await asks.hears("ask_dispatcher", question="Who has the key for the depot tonight?")
        await asks.yes()
    assert org.changed() == {"Task": ["CREATE"], AUDIT: ["CREATE"]}


@live
async def test_a_completed_job_sends_its_customer_the_summary_and_a_late_one_a_word(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        await asks.hears("update_job", job="4512", status="completed")
        assert not asks.texts
        assert (await asks.yes()).endswith(asks.phrase("text.customer_told"))
        heard = await asks.hears("running_late", job="next", minutes=30)
        assert asks.phrase("late.customer") in heard
        assert (await asks.yes()).endswith(asks.phrase("text.customer_told"))
    done, late = asks.texts
    (order,) = org.rows("SELECT ContactId FROM WorkOrder WHERE WorkOrderNumber = '00004512'")
    assert (done.template, done.contact_id) == ("completed", order["ContactId"])
    assert done.values["work_order"] == "4512"
    assert (late.template, late.values["minutes"], late.values["technician"]) == ("running_late", "30", "Alex")
    assert late.contact_id != done.contact_id


@live
async def test_a_customer_who_cannot_be_texted_is_not_said_to_have_been_told(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        asks.may_text = False
        await asks.hears("running_late", job="next", minutes=30)
        assert (await asks.yes()).endswith(asks.phrase("text.customer_not_told"))


@live
async def test_parts_used_are_held_against_what_the_job_calls_for(org: EmulatedOrg) -> None:
    """The facts by which an approval is asked for: beside each part how many of it the order foresees."""
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, PIN)
        parts = [{"part": "flame sensor", "quantity": 1}, {"part": "blower belt", "quantity": 1}]
        outcome = await asks.asks("update_job", job="4518", parts=parts)
        assert outcome.proposal is not None
        facts = asks.proposed(outcome.proposal).plan.facts
    by_name = {use["part"]: use["required"] for use in facts["parts"]}
    required = {
        row["ProductName"]: row["QuantityRequired"]
        for row in org.rows(
            "SELECT ProductName, QuantityRequired FROM ProductRequired WHERE ParentRecordId IN "
            "(SELECT Id FROM WorkOrder WHERE WorkOrderNumber = '00004518')"
        )
    }
    assert required
    assert by_name == {name: required.get(name, 0) for name in by_name}
    assert 0 in by_name.values()
    assert any(by_name.values())
    assert facts["territory_id"]
    assert facts["technician_id"]
