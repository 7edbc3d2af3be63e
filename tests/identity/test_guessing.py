"""PINs and codes cannot be guessed, carried over, or told from those of people who do not exist."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.messaging.office import EmulatedTwilio, rest, settings
from tests.offline.telephone import Telephone, dial, exchange
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.codes import LIFETIME_SECONDS, Codes, TextedCodes, VerifyCodes
from voice_agent.grants import Asked, Checked, Level
from voice_agent.identity import RESUME_SECONDS, Identity
from voice_agent.proofs import HOUR, MOST_PER_NUMBER, MOST_PER_PERSON, Proofs
from voice_agent.salesforce.field_service import FieldService
from voice_agent.store import Store
from voice_agent.tallies import Tallies

pytestmark = pytest.mark.process
MARIA, ZOE, NOBODY, ALEX = "+18475550103", "+14805550108", "+12025550142", "+13125550103"
UNVOUCHED = "TN-Validation-Passed-B"
MARIAS_ORDER, NO_ORDER = "4521", "9999"
SIX = "{:06d}".format


def play(org: EmulatedOrg, scene: Callable[[FieldService], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with exchange(org.url, org.now) as service:
            return await scene(service)

    return asyncio.run(whole())


@contextmanager
def counting(folder: Path, clock: list[float]) -> Iterator[Tallies]:
    store = Store(f"sqlite:///{folder / 'store.sqlite3'}")
    store.prepare()
    try:
        yield Tallies(store, "secret", wall=lambda: clock[0])
    finally:
        store.close()


class Watched:
    """Codes, and how often one was really compared."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.compared = 0

    async def send(self, to: str, *, lang: str) -> None:
        await self.codes.send(to, lang=lang)

    async def check(self, to: str | None, digits: str) -> bool:
        self.compared += 1
        return await self.codes.check(to, digits)


async def unsent(to: str, code: str, lang: str) -> None:
    """A text nobody reads."""


def test_ten_thousand_codes_over_a_hundred_calls_open_nothing(org: EmulatedOrg, tmp_path: Path) -> None:
    """Five are compared within the hour, whatever number they come from; a restart forgets none of them."""
    clock = [1_000_000.0]

    async def scene(service: FieldService) -> tuple[int, int]:
        accepted = compared = 0
        codes = itertools.count()
        for restart in range(2):
            with counting(tmp_path, clock) as tallies:
                for call in range(50):
                    watched = Watched(TextedCodes(unsent, lambda: 0.0))
                    proofs = Proofs(tallies, call_sid=f"CA{restart}{call}", number=MARIA)
                    it = Identity(
                        service, number=MARIA, attestation=UNVOUCHED, line="customer", codes=watched, proofs=proofs
                    )
                    await it.identify()
                    await it.ask("en")
                    for _ in range(100):
                        accepted += (await it.check(SIX(next(codes)))).accepted
                    compared += watched.compared
                    assert it.grant.level is Level.UNKNOWN
        return accepted, compared

    accepted, compared = play(org, scene)
    assert accepted == 0 and 0 < compared <= MOST_PER_NUMBER


def test_pins_are_rationed_by_technician_whatever_phone_they_come_from(org: EmulatedOrg, tmp_path: Path) -> None:
    clock = [1_000_000.0]

    async def scene(service: FieldService) -> None:
        with counting(tmp_path, clock) as tallies:
            said: list[str] = []
            for call in range(4):
                number = f"+1202555{call:04d}"
                proofs = Proofs(tallies, call_sid=f"CA{call}", number=number)
                it = Identity(service, number=number, attestation="", line="technician", proofs=proofs)
                await it.identify()
                assert (await it.check("1042")).phrase == "proof.pin.ask"
                said += [(await it.check(SIX(n))).phrase for n in range(3)]
            assert said[:5] == ["proof.pin.wrong"] * 2 + ["proof.pin.locked"] + ["proof.pin.wrong"] * 2
            assert set(said[5:]) == {"proof.pin.no_more"}
            clock[0] += HOUR + 1
            it = Identity(service, number=ALEX, attestation="", line="technician", proofs=proofs)
            await it.identify()
            assert (await it.check("482913")).accepted

    play(org, scene)


def test_a_right_pin_leaves_no_mark_however_often_it_is_used(org: EmulatedOrg, tmp_path: Path) -> None:
    async def scene(service: FieldService) -> None:
        with counting(tmp_path, [0.0]) as tallies:
            for call in range(8):
                proofs = Proofs(tallies, call_sid=f"CA{call}", number=ALEX)
                it = Identity(service, number=ALEX, attestation="", line="technician", proofs=proofs)
                await it.identify()
                assert (await it.check("482913")).accepted

    play(org, scene)


def test_parallel_tries_share_no_try(tmp_path: Path) -> None:
    """Counted before it is checked: of twenty at once the sixth is refused already."""

    async def scene() -> list[bool]:
        with counting(tmp_path, [0.0]) as tallies:
            calls = [Proofs(tallies, call_sid=f"CA{n}", number=f"+1{n}") for n in range(20)]
            return [one is not None for one in await asyncio.gather(*(call.attempt("pin", "Alex") for call in calls))]

    assert sum(asyncio.run(scene())) == MOST_PER_PERSON


def test_what_cannot_be_counted_is_not_checked(org: EmulatedOrg, tmp_path: Path) -> None:
    """A store that is away opens nothing, and the caller is given to a person."""

    async def scene(service: FieldService) -> Checked:
        store = Store(f"sqlite:///{tmp_path / 'never-prepared.sqlite3'}")
        proofs = Proofs(Tallies(store, "secret"), call_sid="CA1", number=ALEX)
        it = Identity(service, number=ALEX, attestation="", line="technician", proofs=proofs)
        await it.identify()
        checked = await it.check("482913")
        store.close()
        return checked

    checked = play(org, scene)
    assert not checked.accepted and checked.locked and checked.phrase == "error.store"


# -- a code belongs to its call ----------------------------------------------------------------------------------------


async def called(service: FieldService, codes: Codes, number: str = MARIA) -> Identity:
    it = Identity(service, number=number, attestation=UNVOUCHED, line="customer", codes=codes, clock=lambda: 0.0)
    await it.identify()
    return it


@pytest.mark.parametrize("by", ["verify", "ourselves"])
def test_a_code_opens_its_own_call_once_and_no_other(org: EmulatedOrg, twilio: EmulatedTwilio, by: str) -> None:
    sent: list[str] = []

    async def text(to: str, code: str, lang: str) -> None:
        sent.append(code)

    def newest() -> str:
        return sent[-1] if by == "ourselves" else twilio.codes(MARIA)[-1]

    async def scene(service: FieldService) -> None:
        chosen = settings(org.url, twilio, "sqlite://")

        def codes() -> Codes:
            if by == "ourselves":
                return TextedCodes(text, lambda: 0.0)
            return VerifyCodes(rest(chosen, 10.0), chosen.twilio_verify_service_sid)

        first, second = await called(service, codes()), await called(service, codes())
        await first.ask("en")
        of_first = newest()
        assert (await second.check(of_first)).phrase == "proof.code.none"
        await second.ask("en")
        of_second = newest()
        assert of_first != of_second
        assert not (await second.check(of_first)).accepted
        assert (await second.check(of_second)).accepted and second.grant.level is Level.PROVEN
        third = await called(service, codes())
        await third.ask("en")
        assert not (await third.check(of_second)).accepted, "used before"
        assert first.grant.level is third.grant.level is Level.UNKNOWN

    play(org, scene)


@pytest.mark.parametrize("by", ["verify", "ourselves"])
def test_a_code_for_somebody_else_opens_nothing(org: EmulatedOrg, twilio: EmulatedTwilio, by: str) -> None:
    sent: dict[str, str] = {}

    async def text(to: str, code: str, lang: str) -> None:
        sent[to] = code

    async def scene(service: FieldService) -> None:
        chosen = settings(org.url, twilio, "sqlite://")

        def codes() -> Codes:
            if by == "ourselves":
                return TextedCodes(text, lambda: 0.0)
            return VerifyCodes(rest(chosen, 10.0), chosen.twilio_verify_service_sid)

        zoe, maria = await called(service, codes(), ZOE), await called(service, codes())
        await zoe.ask("en")
        await maria.ask("en")
        hers = sent[ZOE] if by == "ourselves" else twilio.codes(ZOE)[-1]
        assert not (await maria.check(hers)).accepted and maria.grant.level is Level.UNKNOWN

    play(org, scene)


def test_a_code_runs_out_after_ten_minutes_of_its_own_clock(org: EmulatedOrg) -> None:
    """A monotonic one: a wall clock that jumps makes no code older or younger."""
    sent: list[str] = []
    at = [0.0]

    async def text(to: str, code: str, lang: str) -> None:
        sent.append(code)

    async def scene(service: FieldService) -> None:
        codes = TextedCodes(text, lambda: at[0])
        it = Identity(service, number=MARIA, attestation=UNVOUCHED, line="customer", codes=codes, clock=lambda: at[0])
        await it.identify()
        await it.ask("en")
        at[0] = LIFETIME_SECONDS
        assert (await it.check(sent[-1])).phrase == "proof.code.expired"
        assert (await it.again("en")).phrase == "proof.code.ask" and len(sent) == 2
        assert (await it.check(sent[0])).phrase == "proof.code.wrong"
        at[0] = 2 * LIFETIME_SECONDS - 1
        assert (await it.check(sent[1])).accepted

    play(org, scene)


# -- nobody learns who exists ------------------------------------------------------------------------------------------


def test_known_and_invented_orders_are_answered_in_the_same_words_with_the_same_tries(org: EmulatedOrg) -> None:
    async def heard(service: FieldService, order: str) -> tuple[list[str], list[tuple[str, str]]]:
        phone = dial(service, "customer", NOBODY, org.now, call_sid=f"CA{order}")
        await phone.ring()
        said = [await phone.say("where is my technician"), await phone.press(f"{order}#")]
        said += [await phone.say("send it again")]
        said += [await phone.press(SIX(n)) for n in range(3)]
        return [*said, str(phone.left)], phone.codes

    async def scene(service: FieldService) -> None:
        known, texted = await heard(service, MARIAS_ORDER)
        invented, nothing = await heard(service, NO_ORDER)
        assert known == invented
        assert {to for to, _ in texted} == {MARIA} and nothing == []

    play(org, scene)


def test_an_invented_order_costs_as_many_requests_as_a_known_one(org: EmulatedOrg, twilio: EmulatedTwilio) -> None:
    """Time is told by requests: one to the records, and one to Twilio for every check, whoever is asked about."""

    async def scene(service: FieldService) -> None:
        chosen = settings(org.url, twilio, "sqlite://")
        cost = []
        for order in (MARIAS_ORDER, NO_ORDER):
            watched = Watched(VerifyCodes(rest(chosen, 10.0), chosen.twilio_verify_service_sid))
            it = await called(service, watched, NOBODY)
            before = service._salesforce.calls
            await it.claim(work_order=order)
            read = service._salesforce.calls - before
            wrong = [(await it.check(SIX(n))).phrase for n in range(2)]
            cost.append((read, wrong, watched.compared))
        assert cost[0] == cost[1] == (1, ["proof.code.wrong"] * 2, 2)

    play(org, scene)


def test_an_unknown_employee_number_is_answered_like_a_known_one(org: EmulatedOrg) -> None:
    async def scene(service: FieldService) -> None:
        heard = []
        for number in ("1042", "7777"):
            phone = dial(service, "technician", NOBODY, org.now, call_sid=f"CA{number}")
            await phone.ring()
            heard.append([await phone.press(keys) for keys in ("111111", f"{number}#", "222222", "333333", "444444")])
        assert heard[0] == heard[1]

    play(org, scene)


# -- after the line was cut --------------------------------------------------------------------------------------------


async def proven(service: FieldService, org: EmulatedOrg) -> Telephone:
    phone = dial(service, "customer", MARIA, org.now, attested=UNVOUCHED)
    await phone.ring()
    await phone.identity.ask("en")
    assert (await phone.identity.check(phone.codes[-1][1])).accepted
    return phone


def test_what_was_proven_is_restored_for_a_short_while_and_only_for_the_same_person(org: EmulatedOrg) -> None:
    async def scene(service: FieldService) -> None:
        kept = (await proven(service, org)).identity.kept(1000.0)
        assert kept is not None
        for wall, number, level in (
            (1000.0 + RESUME_SECONDS, MARIA, Level.PROVEN),
            (1000.1 + RESUME_SECONDS, MARIA, Level.UNKNOWN),
            (999.0, MARIA, Level.UNKNOWN),
            (1001.0, ZOE, Level.UNKNOWN),
        ):
            later = dial(service, "customer", number, org.now, attested=UNVOUCHED).identity
            await later.identify()
            assert await later.restore(kept, wall) is (level is Level.PROVEN)
            assert later.grant.level is level

    play(org, scene)


def test_a_technician_and_a_customer_on_another_phone_are_restored_by_their_records(org: EmulatedOrg) -> None:
    async def scene(service: FieldService) -> None:
        phone = dial(service, "technician", NOBODY, org.now)
        await phone.ring()
        for keys in ("1042#", "482913"):
            await phone.press(keys)
        kept = phone.identity.kept(0.0)
        again = dial(service, "technician", NOBODY, org.now).identity
        await again.identify()
        assert kept is not None and await again.restore(kept, 60.0) and again.first_name == "Alex"
        phone = dial(service, "customer", NOBODY, org.now)
        await phone.ring()
        await phone.identity.claim(work_order=MARIAS_ORDER)
        await asyncio.gather(*phone.identity._code._sending)
        await phone.identity.check(phone.codes[-1][1])
        kept = phone.identity.kept(0.0)
        again = dial(service, "customer", NOBODY, org.now).identity
        await again.identify()
        assert kept is not None and await again.restore(kept, 60.0) and again.first_name == "Maria"

    play(org, scene)


def test_a_proof_lapses_when_the_call_was_away_for_too_long(org: EmulatedOrg) -> None:
    async def scene(service: FieldService) -> Asked:
        phone = await proven(service, org)
        phone.identity.lapse()
        assert phone.identity.grant.level is Level.UNKNOWN and phone.identity.kept(0.0) is None
        assert (await phone.identity.check(phone.codes[-1][1])).accepted is False
        return await phone.identity.ask("en")

    assert play(org, scene).phrase == "proof.code.ask"
