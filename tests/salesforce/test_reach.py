"""Which visits a caller reaches: their own by their number, the whole account's only once they have proven it."""

from __future__ import annotations

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_questions import MARIA, field_service
from tools.visits import open_visits
from voice_agent.agent.context import ToolContext
from voice_agent.grants import Grant, Level
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.records import Contact

SISTER = "+18475550177"


def visits_of_the_household(org: EmulatedOrg) -> dict[str, str]:
    """Beside Maria's own visit: one of her sister's, and one that names nobody. Subject -> id."""
    maria = org.rows(f"SELECT AccountId FROM Contact WHERE Phone_E164__c = '{MARIA}'")[0]
    sister = {"LastName": "Gonzalez", "FirstName": "Ines", "AccountId": maria["AccountId"], "Phone_E164__c": SISTER}
    ines = org.rest("POST", "sobjects/Contact", sister)["id"]
    made = {}
    for subject, contact in (("Ines", ines), ("Nobody", None)):
        order = {"Subject": subject, "AccountId": maria["AccountId"], "ContactId": contact}
        parent = org.rest("POST", "sobjects/WorkOrder", {k: v for k, v in order.items() if v})["id"]
        visit = {"ParentRecordId": parent, "EarliestStartTime": "2026-11-24T09:00:00Z", "Subject": subject}
        made[subject] = org.rest("POST", "sobjects/ServiceAppointment", {**visit, "DueDate": "2026-12-01T09:00:00Z"})[
            "id"
        ]
    return made


def calling(service: FieldService, org: EmulatedOrg, contact: Contact, level: Level) -> ToolContext:
    grant = Grant(role="customer", level=level, number=MARIA, contact=contact)
    return ToolContext(grant, service, org.now, "en", lambda key, **values: key, (), "CA0", "customer")


@pytest.mark.parametrize(
    ("level", "reached"), [(Level.MATCHED, {"SA-2305"}), (Level.PROVEN, {"SA-2305", "Ines", "Nobody"})]
)
@live
async def test_a_number_reaches_its_own_visits_and_only_proof_the_accounts(
    org: EmulatedOrg, level: Level, reached: set[str]
) -> None:
    """Design 7 rule 1: data of another contact of the account needs a code."""
    visits_of_the_household(org)
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        found = await open_visits(calling(service, org, maria, level))
    named = {one.visit.number if one.visit.number == "SA-2305" else one.visit.subject for one in found}
    assert named == reached


@live
async def test_a_handle_of_the_sisters_visit_does_not_exist_for_maria(org: EmulatedOrg) -> None:
    visits_of_the_household(org)
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        ctx = calling(service, org, maria, Level.MATCHED)
        await open_visits(ctx)
    assert len(ctx.grant.all("visit")) == 1


@live
async def test_the_context_of_a_call_tells_own_visits_from_the_accounts(org: EmulatedOrg) -> None:
    made = visits_of_the_household(org)
    async with field_service(org) as service:
        context = await service.caller_context(SISTER)
        (ines,) = context.matches
        assert [visit.id for visit in context.of(ines)] == [made["Ines"]]
        assert {visit.subject for visit in context.of(ines, account=True)} >= {"Ines", "Nobody"}
        assert [visit.id for visit in await service.appointments_of(ines)] == [made["Ines"]]


@live
async def test_a_visit_of_another_account_is_never_reached(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        helen = await service.caller_context("+16025550103")
        assert helen.appointments
        assert helen.of(maria, account=True) == ()
