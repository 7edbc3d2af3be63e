"""What a customer can have done beside moving a visit: details, preferences, texts that follow."""

from __future__ import annotations

import re

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.speaking import a_customer
from tests.salesforce.test_questions import HELEN, MARIA, field_service, spent
from voice_agent.identity import Identity

pytestmark = pytest.mark.process
AUDIT = "AI_Interaction__c"


@live
async def test_the_details_of_a_visit_are_told_with_address_number_and_first_name(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        heard = await asks.hears("visit_details")
        assert spent(service) == 1, "what was read along with the caller is enough"
    assert re.search(r"furnace short-cycling, Wednesday.*The address is \w+.*Dana is your technician", heard), heard
    assert re.search(r"Your work order number is four five \w+ \w+\.$", heard), heard
    assert "Kowalski" not in heard


@live
async def test_details_are_texted_to_the_number_on_record_and_only_the_log_of_the_org_changes(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        heard = await asks.hears("text_details")
        assert "number we have on record" in heard
        assert not asks.texts, "nothing is sent before the yes"
        assert await asks.yes() == asks.phrase("text.sent")
        (text,) = asks.texts
        contact = asks.identity.grant.contact
    assert contact is not None
    assert (text.template, text.contact_id) == ("visit_details", contact.id)
    assert re.fullmatch(r"furnace short-cycling, Wed, Nov 25, 10:00 AM-12:00 PM, \d+ .*", text.values["visits"])
    assert org.changed() == {AUDIT: ["CREATE"]}


@live
async def test_a_number_that_nobody_vouches_for_may_have_the_details_texted_but_not_told(org: EmulatedOrg) -> None:
    """Design, section 7.1: level 0, when the number matches one record."""
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        asks.claims(Identity(service, number=MARIA, attestation="TN-Validation-Passed-B", line="customer"))
        await asks.identity.identify()
        assert int(asks.identity.grant.level) == 0
        told = await asks.hears("text_details")
        assert "furnace" not in told
        assert "Wednesday" not in told
        assert await asks.yes() == asks.phrase("text.sent")
        assert "furnace" not in (await asks.asks("visit_details")).content


@live
async def test_what_could_not_be_sent_is_not_said_to_be_sent(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        asks.may_text = False
        await asks.hears("text_details")
        assert await asks.yes() == asks.phrase("text.not_sent")
        await asks.hears("free_slots")
        await asks.hears("reschedule", slot="slot 1")
        assert "text" not in await asks.yes()


@live
async def test_a_moved_and_a_canceled_visit_are_confirmed_by_text(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        await asks.hears("free_slots", date_from="2026-11-26", date_to="2026-11-26")
        await asks.hears("reschedule", slot="slot 1")
        assert (await asks.yes()).endswith(asks.phrase("text.confirmation"))
        asks.identity.grant.level = type(asks.identity.grant.level)(2)
        await asks.hears("cancel_visit")
        assert (await asks.yes()).endswith(asks.phrase("text.confirmation"))
    moved, canceled = asks.texts
    assert (moved.template, moved.values["window"]) == ("rescheduled", "Thu, Nov 26, 8:00-10:00 AM")
    assert canceled.template == "canceled"
    assert "Thu, Nov 26, 8:00-10:00 AM" in canceled.values["visit"]


@live
async def test_preferred_times_are_a_task_for_the_planners_and_book_nothing(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        heard = await asks.hears("preferred_times", times="mornings, but never on a Friday")
        assert "mornings, but never on a Friday" in heard
        assert await asks.yes() == asks.phrase("preferred.done")
    assert org.changed() == {"Task": ["CREATE"], AUDIT: ["CREATE"]}
    (task,) = org.rows("SELECT Subject, Description, Owner.Name, WhatId FROM Task ORDER BY CreatedDate DESC LIMIT 1")
    assert task["Description"] == "mornings, but never on a Friday"
    (visit,) = org.rows("SELECT Id FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2305'")
    assert task["WhatId"] == visit["Id"]


@live
async def test_a_new_problem_is_filed_with_kind_and_machine_when_both_are_sure(org: EmulatedOrg) -> None:
    machines = "SELECT Id, Name, SerialNumber, AccountId FROM Asset WHERE SerialNumber != null AND AccountId IN "
    whose = f"(SELECT AccountId FROM Contact WHERE Phone_E164__c = '{MARIA}')"
    machine = org.rows(machines + whose)[0]
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        said = f"the one with serial {machine['SerialNumber']} makes a grinding noise"
        heard = await asks.hears("report_problem", problem=said)
        assert asks.phrase("problem.asset", asset="").rstrip(".").strip() in heard
        assert await asks.yes() == asks.phrase("problem.done")
    (order,) = org.rows("SELECT AssetId, CaseId FROM WorkOrder ORDER BY CreatedDate DESC, WorkOrderNumber DESC LIMIT 1")
    assert order["AssetId"] == machine["Id"]
    assert order["CaseId"]


@live
async def test_a_visit_that_only_a_dispatcher_can_move_is_said_so_before_times_are_read_out(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, HELEN)
        assert await asks.hears("free_slots") == asks.phrase("reschedule.refused")


@live
async def test_stops_before_a_planned_visit_of_today_are_told(org: EmulatedOrg) -> None:
    """Olivia's visit this afternoon is behind two other jobs of Alex's."""
    (visit,) = org.rows("SELECT Id, ContactId FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2304'")
    org.rest("PATCH", f"sobjects/Contact/{visit['ContactId']}", {"Phone_E164__c": "+13125550177"})
    async with field_service(org) as service:
        asks = await a_customer(org, service, "+13125550177")
        assert "Alex has two stops before you" in await asks.hears("eta")
