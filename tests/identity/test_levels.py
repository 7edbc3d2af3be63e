"""What a number is worth: one exact word of the carrier about a number of one person gives level 1, nothing gives 2."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.edges.doorstep import CALL, CALLER, CUSTOMER_LINE, Doorstep
from tests.offline.telephone import dial, exchange
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.grants import Level

MARIA, DESK, NOBODY, ALEX = "+18475550103", "+18475550113", "+12025550142", "+13125550103"
FULL = "TN-Validation-Passed-A"
ATTESTATIONS: Sequence[str] = (
    FULL,
    "TN-Validation-Passed-B",
    "TN-Validation-Passed-C",
    "TN-Validation-Failed-A",
    "TN-Validation-Failed-B",
    "TN-Validation-Failed",
    "No-TN-Validation",
    "TN-Validation-Passed-A-Diverted",
    "TN-Validation-Passed-A-Passthrough",
    "tn-validation-passed-a",
    " TN-Validation-Passed-A",
    "TN-Validation-Passed-A ",
    "TN-Validation-Passed-A,TN-Validation-Passed-A",
    "",
)


@pytest.mark.process
@pytest.mark.parametrize("attested", ATTESTATIONS)
def test_only_the_one_exact_word_raises_a_matched_number_and_never_above_one(attested: str, org: EmulatedOrg) -> None:
    async def level() -> Level:
        async with exchange(org.url, org.now) as service:
            phone = dial(service, "customer", MARIA, org.now, attested=attested)
            await phone.identity.identify()
            return phone.identity.grant.level

    assert asyncio.run(level()) is (Level.MATCHED if attested == FULL else Level.UNKNOWN)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"StirVerstat": FULL}, FULL),
        ({}, ""),
        ({"StirVerstat": [FULL, FULL]}, ""),
        ({"StirVerstat": ["TN-Validation-Passed-B", FULL]}, ""),
        ({"StirVerstat": f"{FULL} "}, f"{FULL} "),
    ],
)
def test_the_word_of_the_carrier_reaches_the_call_as_it_was_said_and_twice_is_not_at_all(
    given: dict[str, str | list[str]], kept: str
) -> None:
    async def ticket() -> str:
        door = Doorstep()
        form = {"CallSid": CALL, "From": CALLER, "To": CUSTOMER_LINE, **given}
        answer = await door.twilio("/twilio/voice", form)
        return door.services.tickets.take(answer.ticket, CALL).attestation

    assert asyncio.run(ticket()) == kept


@pytest.mark.process
@pytest.mark.parametrize(
    ("number", "contact", "name"), [(MARIA, True, "Maria"), (DESK, False, ""), (NOBODY, False, ""), ("", False, "")]
)
def test_one_match_is_somebody_and_several_or_none_are_nobody(
    number: str, contact: bool, name: str, org: EmulatedOrg
) -> None:
    async def who() -> tuple[bool, str]:
        async with exchange(org.url, org.now) as service:
            phone = dial(service, "customer", number, org.now)
            await phone.identity.identify()
            return phone.identity.grant.contact is not None, phone.identity.first_name

    assert asyncio.run(who()) == (contact, name)


@pytest.mark.process
def test_at_level_zero_nobody_is_called_by_name(org: EmulatedOrg) -> None:
    async def name() -> str:
        async with exchange(org.url, org.now) as service:
            phone = dial(service, "customer", MARIA, org.now, attested="TN-Validation-Passed-B")
            await phone.identity.identify()
            return phone.identity.first_name

    assert asyncio.run(name()) == ""


@pytest.mark.process
def test_a_name_chooses_among_those_who_share_a_phone_and_proves_nothing(org: EmulatedOrg) -> None:
    """The code goes to the number on record; until it is entered the level stays where it was."""

    async def said() -> None:
        async with exchange(org.url, org.now) as service:
            phone = dial(service, "customer", DESK, org.now)
            await phone.identity.identify()
            assert phone.identity.context is not None
            people = phone.identity.context.matches
            nobody = await phone.identity.claim(name="Somebody Else")
            assert nobody.phrase == "proof.order.ask" and not phone.codes
            asked = await phone.identity.claim(name=people[1].name)
            assert asked.phrase == "proof.code.ask" and phone.identity.grant.level is Level.UNKNOWN
            assert phone.identity.grant.contact is None
            ((to, code),) = phone.codes
            assert to == DESK
            assert (await phone.identity.check(code)).accepted
            assert phone.identity.grant.contact == people[1]

    asyncio.run(said())
