"""A text leaves once, to the number on record, if it may; and what may not leave is never promised."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.messaging.office import LINE, MARIA, NIGHT, NOON, QUOTED, STALE, EmulatedTwilio, Office, office
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.errors import TwilioRestError
from voice_agent.messaging.kept import State
from voice_agent.messaging.outbox import MOST_WAIT_SECONDS, SETTLE_SECONDS
from voice_agent.messaging.texts import Recipient
from voice_agent.salesforce.consents import Given

pytestmark = pytest.mark.process
YES, NO = Given(True, NOON - 1000), Given(False, NOON - 500)
VISIT = {"about": "furnace check", "window": "Thu, Nov 26, 2:00-4:00 PM"}
Play = Callable[[Office], Awaitable[Any]]


@pytest.fixture
def play(org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path) -> Callable[..., Any]:
    def played(scene: Play, **changes: str) -> Any:
        async def whole() -> Any:
            async with office(org, twilio, tmp_path, **changes) as opened:
                return await scene(opened)

        return asyncio.run(whole())

    return played


def fresh(number: int) -> str:
    """A number that no other test texts."""
    return f"+1312555{number:04d}"


def test_a_text_leaves_once_from_the_line_that_was_called(play: Callable[..., Any], twilio: EmulatedTwilio) -> None:
    async def scene(it: Office) -> None:
        taken = await it.wants("rescheduled", Recipient(fresh(1101), given=YES), **VISIT)
        again = await it.wants("rescheduled", Recipient(fresh(1101), given=YES), **VISIT)
        assert taken.accepted and again.accepted
        await it.work()
        await it.work()
        assert it.kept().state in (State.QUEUED, State.SENT) and it.kept().sid

    play(scene)
    (sent,) = twilio.texts(fresh(1101))
    assert sent["from"] == LINE
    assert sent["body"] == (
        "Brightwater Home Services: your visit for furnace check is now Thu, Nov 26, 2:00-4:00 PM. "
        "Reply STOP to opt out."
    )


def test_the_number_is_the_one_on_record_and_consent_is_the_orgs(
    play: Callable[..., Any], org: EmulatedOrg, twilio: EmulatedTwilio
) -> None:
    """Opted in, opted out, never asked."""
    ids = {row["Phone_E164__c"]: row["Id"] for row in org.rows("SELECT Id, Phone_E164__c FROM Contact")}
    unasked = next(row["Id"] for row in org.rows("SELECT Id FROM Contact WHERE LastName LIKE 'O%Mac%'"))

    async def scene(it: Office) -> list[str]:
        said = []
        for n, contact in enumerate((ids[MARIA], ids[STALE], unasked, "003000000000000AAA", "")):
            taken = await it.texts.to_contact(
                "rescheduled", contact, key=f"k{n}", values=VISIT, lang="en", sender=LINE, call_sid=""
            )
            said.append(taken.why)
        await it.work()
        return said

    before = len(twilio.texts(MARIA))
    said = play(scene)
    assert said == ["", "no consent", "no consent", "no number on record", "no number on record"]
    assert len(twilio.texts(MARIA)) == before + 1 and not twilio.texts(STALE) and not twilio.texts(QUOTED)


@pytest.mark.parametrize(
    ("template", "values", "given", "accepted"),
    [
        ("rescheduled", VISIT, None, False),
        ("rescheduled", VISIT, YES, True),
        ("rescheduled", VISIT, NO, False),
        ("visit_details", {"visits": "furnace check"}, None, True),
        ("visit_details", {"visits": "furnace check"}, NO, False),
        ("emergency_page", {"hazard": "gas", "place": "12 Elm", "callback": "5550100"}, NO, True),
    ],
)
def test_a_text_the_caller_asked_for_needs_no_other_consent_and_a_stop_beats_all_but_a_page(
    play: Callable[..., Any], template: str, values: dict[str, str], given: Given | None, accepted: bool
) -> None:
    taken = play(lambda it: it.wants(template, Recipient(fresh(1110), given=given), **values))
    assert taken.accepted is accepted


def test_sends_switched_off_stop_texts_and_no_emergency_page(play: Callable[..., Any]) -> None:
    async def scene(it: Office) -> None:
        assert (await it.wants("rescheduled", Recipient(fresh(1120), given=YES), **VISIT)).why == "sends are off"
        page = {"hazard": "gas", "place": "12 Elm", "callback": "5550100"}
        assert (await it.wants("emergency_page", Recipient(fresh(1121)), key="k2", **page)).accepted

    play(scene, AUTONOMOUS_SENDS="off")


@pytest.mark.parametrize(
    "number", ["+19005550123", "+18005550123", "+18765550123", "+33612345678", "+8613800138000", "+1312", "anonymous"]
)
def test_premium_free_and_foreign_numbers_are_never_texted(play: Callable[..., Any], number: str) -> None:
    taken = play(lambda it: it.wants("visit_details", Recipient(number, given=YES), visits="x"))
    assert taken.why == "not a number we text"


def test_a_summary_waits_for_the_morning_and_what_was_just_asked_for_does_not(
    play: Callable[..., Any], twilio: EmulatedTwilio
) -> None:
    async def scene(it: Office) -> None:
        it.now = NIGHT
        done = {"about": "furnace check", "work_order": "4512"}
        await it.wants("completed", Recipient(fresh(1130), given=YES), key="night", **done)
        await it.wants("visit_details", Recipient(fresh(1131)), key="asked", visits="furnace check")
        await it.work()
        assert not twilio.texts(fresh(1130)) and twilio.texts(fresh(1131))
        it.now = NIGHT + 8.5 * 3600
        await it.work()

    play(scene)
    (sent,) = twilio.texts(fresh(1130))
    assert "work order 4512" in sent["body"] and "/invoices/4512" in sent["body"]


def test_what_was_refused_meanwhile_is_not_sent(play: Callable[..., Any], twilio: EmulatedTwilio) -> None:
    async def scene(it: Office) -> None:
        await it.wants("visit_details", Recipient(fresh(1140)), visits="furnace check")
        await it.texts.say(fresh(1140), False, source="text STOP")
        await it.work()
        assert it.kept().state is State.REFUSED

    play(scene)
    assert not twilio.texts(fresh(1140))


def test_a_text_that_could_not_leave_for_a_day_is_old_news(play: Callable[..., Any], twilio: EmulatedTwilio) -> None:
    async def scene(it: Office) -> None:
        await it.wants("visit_details", Recipient(fresh(1141)), visits="furnace check")
        it.now += MOST_WAIT_SECONDS + 1
        await it.work()
        assert it.kept().state is State.REFUSED

    play(scene)
    assert not twilio.texts(fresh(1141))


# -- answers nobody got ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["apply_then_hang", "hang", "500", "503", "drop"])
def test_an_attempt_without_an_answer_is_looked_for_before_it_is_repeated(
    play: Callable[..., Any], twilio: EmulatedTwilio, fault: str
) -> None:
    """Applied or not, there is one message in the end."""
    number = fresh(1150 + ["apply_then_hang", "hang", "500", "503", "drop"].index(fault))
    twilio.fault("POST .*/Messages.json", fault)

    async def scene(it: Office) -> None:
        it.now = time.time()
        await it.wants("visit_details", Recipient(number), visits="furnace check")
        (failed,) = await it.work()
        assert isinstance(failed, TwilioRestError) and failed.ambiguous
        assert it.kept().state is State.SENDING
        await it.work()
        it.now += SETTLE_SECONDS + 1
        await it.work()
        await it.work()
        assert it.kept().sid

    play(scene)
    assert len(twilio.texts(number)) == 1


def test_the_same_words_twice_are_two_texts(play: Callable[..., Any], twilio: EmulatedTwilio) -> None:
    """A message that stands for one wish is not taken for the other's, however alike they are."""
    number = fresh(1160)

    async def scene(it: Office) -> None:
        it.now = time.time()
        await it.wants("visit_details", Recipient(number), key="first", visits="furnace check")
        await it.work()
        twilio.fault("POST .*/Messages.json", "500")
        await it.wants("visit_details", Recipient(number), key="second", visits="furnace check")
        await it.work()
        it.now += SETTLE_SECONDS + 1
        await it.work()
        assert it.kept("first").sid != it.kept("second").sid != ""

    play(scene)
    assert len(twilio.texts(number)) == 2


def test_twilios_no_is_final_and_an_opt_out_it_knows_of_is_kept(
    play: Callable[..., Any], org: EmulatedOrg, twilio: EmulatedTwilio
) -> None:
    async def scene(it: Office) -> None:
        for n, code in enumerate((21211, 21610)):
            twilio.fault("POST .*/Messages.json", "400", code=code)
            await it.wants("visit_details", Recipient(fresh(1170 + n)), key=f"k{n}", visits="furnace check")
            await it.work()
            assert it.kept(f"k{n}").state is State.FAILED and it.kept(f"k{n}").error == code
        assert not (await it.wants("visit_details", Recipient(fresh(1171)), key="k9", visits="x")).accepted
        await it.work()

    play(scene)
    (row,) = org.rows(f"SELECT Status__c, Source__c FROM Opt_In__c WHERE Phone_E164__c = '{fresh(1171)}'")
    assert (row["Status__c"], row["Source__c"]) == ("OptedOut", "carrier")


# -- reports -----------------------------------------------------------------------------------------------------------


def test_delivery_reports_move_a_text_on_in_whatever_order_they_come(play: Callable[..., Any]) -> None:
    async def scene(it: Office) -> None:
        await it.wants("visit_details", Recipient(fresh(1180)), visits="furnace check")
        await it.work()
        sid = it.kept().sid
        for status in ("delivered", "sent", "queued", "delivered", "undelivered"):
            await it.arrivals.status({"MessageSid": sid, "MessageStatus": status, "text": "k1"})
            assert it.kept().state is State.DELIVERED
        await it.arrivals.status({"MessageSid": "SM" + "9" * 32, "MessageStatus": "failed", "text": "k1"})
        await it.arrivals.status({"MessageSid": sid, "MessageStatus": "made up"})
        assert it.kept().state is State.DELIVERED and it.kept().sid == sid

    play(scene)


def test_a_report_settles_an_attempt_that_got_no_answer(play: Callable[..., Any], twilio: EmulatedTwilio) -> None:
    async def scene(it: Office) -> None:
        twilio.fault("POST .*/Messages.json", "apply_then_hang")
        await it.wants("visit_details", Recipient(fresh(1181)), visits="furnace check")
        await it.work()
        (sent,) = twilio.texts(fresh(1181))
        await it.arrivals.status({"MessageSid": sent["sid"], "MessageStatus": "sent", "text": "k1"})
        assert it.kept().state is State.SENT
        it.now += SETTLE_SECONDS + 1
        await it.work()

    play(scene)
    assert len(twilio.texts(fresh(1181))) == 1
