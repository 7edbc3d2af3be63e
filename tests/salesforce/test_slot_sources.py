"""Free times by whatever the org has: the package's class, the standard action, Scheduler, or our own rules alone."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import Clock, facade, live
from tests.salesforce.scripted_org import Answer, Asked, refused, running, token
from tests.salesforce.test_changes_made import AUDIT, marias_visit, visit_row
from tests.salesforce.test_questions import CHICAGO, field_service, spent
from voice_agent.salesforce.check import check
from voice_agent.salesforce.field_service import FieldService, SlotTaken
from voice_agent.salesforce.sources import PAUSE, Kind, Sources, detect
from voice_agent.salesforce.wishes import Slot, SlotWish

ANYTHING = SlotWish()
WAYS: list[tuple[tuple[str, ...], Kind, str]] = [
    ((), "rules", "our own rules (no"),
    (("apex", "action", "scheduler"), "apex", "Apex class"),
    (("action", "scheduler"), "action", "standard action"),
    (("scheduler",), "scheduler", "Scheduler"),
]


@pytest.mark.parametrize(("services", "kind", "told"), WAYS, ids=[way[1] for way in WAYS])
@live
async def test_the_best_way_that_the_org_has_is_found_and_told(
    org: EmulatedOrg, services: tuple[str, ...], kind: Kind, told: str
) -> None:
    """Sheet 3.2."""
    org.serve_free_times_by(*services)
    async with field_service(org) as service:
        assert await detect(service._salesforce) == kind
        lines = [finding.what async for finding in check(service._salesforce)]
    assert [line for line in lines if line.startswith("free times") and told in line]


@pytest.mark.parametrize("services", [way[0] for way in WAYS], ids=[way[1] for way in WAYS])
@live
async def test_a_slot_of_every_source_can_be_booked(org: EmulatedOrg, services: tuple[str, ...]) -> None:
    org.serve_free_times_by(*services)
    async with field_service(org) as service:
        visit = await marias_visit(service)
        slots = await service.slots(visit, ANYTHING)
        assert len({slot.window_start.astimezone(CHICAGO).date() for slot in slots}) >= 2
        for slot in slots:
            assert slot.window_start >= org.now
            assert slot.window_start <= slot.start < slot.window_end
            assert timedelta() < slot.window_end - slot.window_start <= timedelta(hours=2)
            assert (slot.window_start, slot.window_end) != visit.window
        done = await service.commit(await service.plan_reschedule(visit, slots[-1]), key="s", audit=AUDIT)
        assert done.status == "applied"
    row = visit_row(org, visit.id)
    assert datetime.fromisoformat(str(row["ArrivalWindowStartTime"])) == slots[-1].window_start
    assert slots[-1].window_start <= datetime.fromisoformat(str(row["SchedStartTime"])) < slots[-1].window_end
    assert row["StatusCategory"] == "Scheduled"


@pytest.mark.parametrize("services", [way[0] for way in WAYS], ids=[way[1] for way in WAYS])
@live
async def test_a_slot_of_every_source_is_verified_again_at_commit(org: EmulatedOrg, services: tuple[str, ...]) -> None:
    """3.4 rule 11: somebody else books the technician between the offer and the yes."""
    org.serve_free_times_by(*services)
    async with field_service(org) as service:
        visit = await marias_visit(service)
        slot = (await service.slots(visit, ANYTHING))[0]
        plan = await service.plan_reschedule(visit, slot)
        take(org, slot, but=visit.id)
        with pytest.raises(SlotTaken) as taken:
            await service.commit(plan, key="t", audit=AUDIT)
    assert taken.value.next_best
    assert (slot.technician_id, slot.start) not in {(one.technician_id, one.start) for one in taken.value.next_best}
    assert datetime.fromisoformat(str(visit_row(org, visit.id)["SchedStartTime"])) == visit.sched_start


def take(org: EmulatedOrg, slot: Slot, *, but: str) -> None:
    """An absence of the technician over the slot, made by somebody else."""
    start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (slot.start, slot.end))
    org.rest("POST", "sobjects/ResourceAbsence", {"ResourceId": slot.technician_id, "Start": start, "End": end})


@live
async def test_the_orgs_word_on_what_is_free_counts(org: EmulatedOrg) -> None:
    """The class offers windows of the customer's own calendar only: nothing outside of them is offered."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        assert visit.entitlement is not None
        org.serve_free_times_by("apex")
        asked = {"appointment": visit.id, "max": "50", "calendar": str(visit.entitlement.booking_hours_id)}
        apex = await service._salesforce.apex("GET", "ai/slots", params=asked)
        given = [(datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["finish"])) for one in apex]
        for slot in await service.slots(visit, ANYTHING):
            assert any(start <= slot.window_start and slot.window_end <= end for start, end in given)
        org.rest("POST", "sobjects/SkillRequirement", nobody_has(org, str(visit.work_order_id)))
        assert await service.slots(visit, ANYTHING) == ()


def nobody_has(org: EmulatedOrg, order: str) -> dict[str, object]:
    skill = org.rows("SELECT Id FROM Skill LIMIT 1")[0]["Id"]
    return {"RelatedRecordId": order, "SkillId": skill, "SkillLevel": 99}


@live
async def test_a_wish_is_honoured_whoever_finds_the_times(org: EmulatedOrg) -> None:
    wish = SlotWish(exclude_weekdays=frozenset({1, 2}))
    for services in ("apex",), ("scheduler",):
        org.serve_free_times_by(*services)
        async with field_service(org) as service:
            slots = await service.slots(await marias_visit(service), wish)
        assert slots
        assert {slot.window_start.astimezone(CHICAGO).weekday() for slot in slots} <= {0, 3, 4}


@live
async def test_the_source_is_found_out_once(org: EmulatedOrg) -> None:
    org.serve_free_times_by("apex")
    async with field_service(org) as service:
        await service.warm_up()
        visit = await marias_visit(service)
        before = spent(service)
        await service.slots(visit, ANYTHING)
        await service.slots(visit, ANYTHING)
        assert spent(service) == before + 4, "the class and the team's days, twice"


@pytest.mark.parametrize("fault", ["503", "401", "html", "404"])
@live
async def test_a_source_that_fails_leaves_our_own_rules(
    org: EmulatedOrg, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with field_service(org) as service:
        visit = await marias_visit(service)
        by_rules = await service.slots(visit, ANYTHING)
    org.serve_free_times_by("apex")
    async with field_service(org) as service:
        await service.warm_up()
        break_the_class(org, fault)
        assert await service.slots(await marias_visit(service), ANYTHING) == by_rules
        org.clear_faults()
        before = spent(service)
        assert await service.slots(await marias_visit(service), ANYTHING) == by_rules
        assert spent(service) == before + 2, "left alone for a while"
    assert "slot source dropped, own rules instead" in caplog.text


def break_the_class(org: EmulatedOrg, how: str) -> None:
    if how == "404":
        org.serve_free_times_by()
    else:
        org.fault("GET .*apexrest.*", {"html": "503"}.get(how, how), times=9)


NONSENSE: list[tuple[str, object]] = [
    ("apex", {"slots": []}),
    ("apex", [{"start": "2026-11-24T16:00:00.000Z"}]),
    ("apex", [{"start": "soon", "finish": "later"}]),
    ("scheduler", []),
    ("scheduler", {"candidates": [{"startTime": "2026-11-24T16:00:00.000+0000", "resources": None}]}),
]


@pytest.mark.parametrize(("kind", "answer"), NONSENSE)
@live
async def test_an_answer_that_makes_no_sense_counts_as_none(org: EmulatedOrg, kind: str, answer: object) -> None:
    """Somebody else's class may sit at the same address."""
    async with field_service(org) as service:
        visit = await marias_visit(service)

    def script(asked: Asked) -> Answer:
        if asked.path.endswith("/oauth2/token"):
            return token()
        if "apexrest" in asked.path:
            found = [] if "probe" in asked.query else answer
            return Answer(body=found) if kind == "apex" else refused(404, "NOT_FOUND")
        if "actions" in asked.path:
            return Answer(body={"actions": [None, "odd"]})
        return Answer(body={"getAppointmentCandidates": "there"} if asked.method == "GET" else answer)

    with running(script) as other:
        async with facade(other.url) as salesforce:
            sources = Sources(salesforce)
            assert (await sources.chosen()).kind == kind
            assert await sources.times(visit, ANYTHING, now=org.now) is None
            assert sources.kind is None


@live
async def test_nobody_waits_longer_than_the_cap_for_the_orgs_search(org: EmulatedOrg) -> None:
    """Sheet 3.2: a search of the package may take ten seconds; four are the most."""
    org.serve_free_times_by("apex")
    async with field_service(org) as service:
        visit = await marias_visit(service)
        sources = Sources(service._salesforce, search_seconds=0.3)
        assert (await sources.chosen()).kind == "apex"
        org.fault("GET .*apexrest.*", "latency", ms=2000, times=1)
        assert await sources.times(visit, ANYTHING, now=org.now) is None
        assert sources.kind is None


@live
async def test_a_source_is_asked_again_after_a_pause(org: EmulatedOrg) -> None:
    clock = Clock()
    async with field_service(org) as service:
        visit = await marias_visit(service)
        org.serve_free_times_by("apex")
        sources = Sources(service._salesforce, clock=clock)
        assert await sources.times(visit, ANYTHING, now=org.now)
        org.serve_free_times_by()
        assert await sources.times(visit, ANYTHING, now=org.now) is None
        org.serve_free_times_by("apex")
        assert (await sources.chosen()).kind == "rules"
        clock.now += PAUSE + 1
        assert (await sources.chosen()).kind == "apex"


@live
async def test_the_engine_is_asked_to_place_a_booking_within_the_promise(org: EmulatedOrg) -> None:
    """The action works after the fact; when it fails the booking stands as it is."""
    org.serve_free_times_by("action")
    async with field_service(org) as service:
        await service.warm_up()
        assert await book(service, "one") == 2, "the booking, then the engine"
        org.fault("POST .*scheduleServiceAppointment", "503", times=9)
        assert await book(service, "two") == 2
        assert await book(service, "three") == 1, "not asked again for a while"


async def book(service: FieldService, key: str) -> int:
    """Moves the visit to the last time on offer; how many requests the commit took."""
    visit = await marias_visit(service)
    slot = (await service.slots(visit, ANYTHING))[-1]
    plan = await service.plan_reschedule(visit, slot)
    before = spent(service)
    assert (await service.commit(plan, key=key, audit=AUDIT)).status == "applied"
    took = spent(service) - before
    again = await marias_visit(service)
    assert again.window == (slot.window_start, slot.window_end)
    assert again.sched_start is not None
    assert slot.window_start <= again.sched_start < slot.window_end
    return took
