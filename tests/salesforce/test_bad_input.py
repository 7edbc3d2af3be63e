"""The awkward things that orgs hold and callers say, each up to the sentence that the caller hears."""

from __future__ import annotations

import re

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.speaking import a_customer, a_technician
from tests.salesforce.test_check import office_only  # noqa: F401
from tests.salesforce.test_other_orgs import caller, plain, plain_process, second, second_process, second_seed  # noqa: F401
from tests.salesforce.test_questions import ALEX, MARIA, field_service
from voice_agent.salesforce.records import Contact

ALEXS_PIN = "482913"
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@live
async def test_a_name_with_quotes_and_a_backslash_hears_the_visit(org: EmulatedOrg) -> None:
    conor = caller(org, "quotes, a backslash")
    async with field_service(org) as service:
        asks = await a_customer(org, service, conor["number"])
        assert asks.identity.first_name == "Conor"
        assert (await asks.hears("my_visits")).startswith("You have these visits: ")


@live
async def test_words_with_quotes_and_references_are_written_as_they_were_said(org: EmulatedOrg) -> None:
    """`@{case.id}` would be a reference inside a composite request."""
    said = "It says \"E\\4\" and 'beeps'; @{case.id} %_"
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        heard = await asks.hears("report_problem", problem=said)
        assert heard.startswith("I would open a new request for you: It says ")
        assert await asks.yes() == asks.phrase("problem.done")
    (case,) = org.rows("SELECT Description FROM Case ORDER BY CreatedDate DESC, CaseNumber DESC LIMIT 1")
    assert case["Description"] == said.replace("@{", "@ {")


@pytest.mark.parametrize("wildcard", ["%", "_", "%%%%", "' OR Name != '", "\\"])
@live
async def test_a_wildcard_is_a_word_nobody_knows_and_not_everything(org: EmulatedOrg, wildcard: str) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, ALEXS_PIN)
        heard = await asks.hears("part_stock", part=wildcard)
        assert heard == asks.phrase("part.none", part=wildcard)
        assert await asks.hears("job_details", job=wildcard) == asks.phrase("error.not_found")


@live
async def test_invisible_and_direction_changing_characters_are_not_spoken(org: EmulatedOrg) -> None:
    visit = org.rows("SELECT Id FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2305'")[0]["Id"]
    org.rest(
        "PATCH", f"sobjects/ServiceAppointment/{visit}", {"Subject": "No\u200b \u202eheat\u202c up\u2066stairs\ufeff"}
    )
    async with field_service(org) as service:
        heard = await (await a_customer(org, service, MARIA)).hears("my_visits")
    assert "no heat upstairs" in heard.lower()
    assert not INVISIBLE.search(heard)


@live
async def test_one_contact_with_ten_numbers_is_greeted_by_any_of_them(org: EmulatedOrg) -> None:
    nadia = caller(org, "ten numbers")
    fields = "Phone, MobilePhone, HomePhone, OtherPhone, AssistantPhone"
    row = org.rows(f"SELECT {fields} FROM Contact WHERE Phone_E164__c = '{nadia['number']}'")[0]
    numbers = {
        "+1" + digits[-10:] for name in fields.split(", ") if len(digits := re.sub(r"\D", "", row[name] or "")) >= 10
    }
    assert len(numbers) > 2
    async with field_service(org) as service:
        for number in (nadia["number"], *sorted(numbers)):
            asks = await a_customer(org, service, number)
            assert asks.identity.first_name == "Nadia"
            assert await asks.hears("my_visits") == asks.phrase("visit.none")


@live
async def test_one_number_on_five_contacts_is_nobody_in_particular(org: EmulatedOrg) -> None:
    """Nothing of the five is told; a message can still be left."""
    desk = caller(org, "five contacts")
    async with field_service(org) as service:
        asks = await a_customer(org, service, desk["number"])
        assert asks.identity.first_name == ""
        for tool in ("my_visits", "eta", "free_slots"):
            assert await asks.hears(tool) == asks.phrase("error.not_allowed")
        await asks.asks("take_message", message="Please ring the front desk")
        assert await asks.yes() == asks.phrase("message.done", desk=asks.phrase("message.desk.service"))


@pytest.mark.parametrize(
    "stored",
    [
        "(847) 555-0150",
        "847-555-0150",
        "847.555.0150",
        "847 555 0150",
        "8475550150",
        "18475550150",
        "+1 847 555 0150",
        "847-555-0150 x12",
    ],
)
@live
async def test_whoever_is_stored_under_any_spelling_hears_their_own_answer(org: EmulatedOrg, stored: str) -> None:
    made = org.rest("POST", "sobjects/Contact", {"FirstName": "Spelled", "LastName": "Out", "HomePhone": stored})
    org.rest("PATCH", f"sobjects/Contact/{made['id']}", {"Phone_E164__c": None})
    async with field_service(org) as service:
        asks = await a_customer(org, service, "+18475550150")
        assert asks.identity.first_name == "Spelled"
        assert await asks.hears("my_visits") == asks.phrase("visit.none")


@pytest.mark.parametrize("wrong", ["003Hq0000000001IAA", "08pHq0000000005IAA", "visit 9", "0", "' OR Id != '"])
@live
async def test_an_id_in_place_of_a_handle_is_not_found(org: EmulatedOrg, wrong: str) -> None:
    """Also the right id of the caller's own visit: the model never sees ids, so one can only be made up."""
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        await asks.asks("my_visits")
        for tool in ("eta", "free_slots", "confirm_visit"):
            assert await asks.hears(tool, visit=wrong) == asks.phrase("error.not_found")


@live
async def test_an_org_without_field_service_says_what_can_be_done_instead(
    office_only: EmulatedOrg,  # noqa: F811
) -> None:
    async with field_service(office_only) as service:
        asks = await a_customer(office_only, service, caller(office_only, "can be moved")["number"])
        assert await asks.hears("my_visits") == asks.phrase("error.not_allowed")
        await asks.asks("take_message", message="Is anybody coming?")
        assert await asks.yes() == asks.phrase("message.done", desk=asks.phrase("message.desk.service"))


@live
async def test_without_the_managed_package_a_visit_is_moved_all_the_same(plain: EmulatedOrg) -> None:  # noqa: F811
    async with field_service(plain) as service:
        asks = await a_customer(plain, service, caller(plain, "can be moved")["number"])
        assert (await asks.hears("free_slots")).startswith(("I have these times.", "These are free."))
        await asks.asks("reschedule", slot="slot 1")
        assert (await asks.yes()).startswith(("Done. Your visit is now", "That's booked:"))


@live
async def test_a_renamed_status_is_said_in_words_everybody_knows(second: EmulatedOrg) -> None:  # noqa: F811
    """The org says "Done"; the technician hears "completed"."""
    who = caller(second, "several jobs today")
    async with field_service(second) as service:
        asks = await a_technician(second, service, who["number"], who["pin"])
        assert "completed" in await asks.hears("update_job", job="current", status="completed")
        assert " is completed" in await asks.yes()
    assert second.rows("SELECT Id FROM ServiceAppointment WHERE Status = 'Done' AND LastModifiedDate = TODAY")


@live
async def test_a_british_cancelled_is_heard_as_a_visit_that_is_canceled(second: EmulatedOrg) -> None:  # noqa: F811
    async with field_service(second) as service:
        asks = await a_customer(second, service, caller(second, "can be moved")["number"])
        visit = (await service.appointments_of(_contact(asks.identity.grant.contact)))[0]
        second.somebody_else_changes("ServiceAppointment", visit.id, Status="Cancelled")
        second.advance(60)  # nobody listens for changes here: what is a minute old is read again
        assert await asks.hears("my_visits") == asks.phrase("visit.none")


@live
async def test_a_territory_without_hours_is_passed_to_a_dispatcher(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_customer(org, service, MARIA)
        visit = (await service.appointments_of(_contact(asks.identity.grant.contact)))[0]
        for row in org.rows(f"SELECT Id FROM TimeSlot WHERE OperatingHoursId = '{visit.territory_hours_id}'"):
            org.rest("DELETE", f"sobjects/TimeSlot/{row['Id']}")
        assert await asks.hears("free_slots") == asks.phrase("reschedule.refused")
        assert "dispatcher" in asks.phrase("reschedule.refused")


@live
async def test_the_parts_that_a_job_calls_for_are_heard(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        asks = await a_technician(org, service, ALEX, ALEXS_PIN)
        assert "It calls for " in await asks.hears("job_details", job="4512")


@live
async def test_an_org_that_refuses_by_rule_is_heard_as_refusing(org: EmulatedOrg) -> None:
    """An account on stop: the administrator's own rule."""
    async with field_service(org) as service:
        asks = await a_customer(org, service, caller(org, "account on stop")["number"])
        await asks.asks("report_problem", problem="The heating is cold")
        assert await asks.yes() == f"{asks.phrase('write.not_done')} {asks.phrase('error.refused')}"


def _contact(contact: Contact | None) -> Contact:
    assert contact is not None
    return contact
