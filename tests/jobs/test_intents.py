"""A confirmed change: noted before it is tried, made once whatever happens, and never claimed without knowing."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from sqlalchemy import text

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import IMPATIENT, a_slot, marias_visit
from tests.salesforce.test_questions import field_service
from voice_agent import errors, intents
from voice_agent.intents import ExactlyOnce, Intents, settle_write
from voice_agent.jobs import Outbox
from voice_agent.salesforce.field_service import FieldService, SlotTaken
from voice_agent.salesforce.plans import WritePlan
from voice_agent.store import Store
from voice_agent.workshop import InMemory, Workshop

pytestmark = pytest.mark.process
KEY = "CA1:change"
AUDIT = {"call_sid": "CA1", "decision": "confirmed by the caller"}


async def a_message(service: FieldService) -> WritePlan:
    return await service.plan_message(desk="billing", text="please call me", number="+13125550188")


def made(org: EmulatedOrg) -> dict[str, list[str]]:
    return {name: changes for name, changes in org.changed().items() if name in ("Case", "AI_Interaction__c")}


ONCE = {"Case": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


async def the_job(store: Store, service: FieldService) -> Any:
    """What the worker does when the job's time has come."""
    (wanted,) = [row for row in Outbox(store).waiting() if row.name == "settle_write"]
    nobody = cast(Any, None)
    workshop = Workshop(nobody, store, Outbox(store), nobody, service._salesforce, service, nobody, InMemory())
    return await settle_write(workshop, wanted.key, wanted.data)


@live
async def test_a_change_is_noted_with_its_job_and_the_job_finds_nothing_left_to_do(
    store: Store, org: EmulatedOrg
) -> None:
    async with field_service(org) as service:
        write = ExactlyOnce(Intents(store), service)
        done = await write(await a_message(service), KEY, AUDIT)
        assert done.status == "applied" and made(org) == ONCE
        again = await write(await a_message(service), KEY, AUDIT)
        assert again == done, "asked again, the same end is told"
        assert await the_job(store, service) == {"status": "nothing to do"}
    assert made(org) == ONCE
    (intent,) = await Intents(store).of_call("CA1")
    assert intent.status == "applied" and intent.committed() == done


@live
async def test_many_at_once_under_one_key_make_it_once(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        first, second = ExactlyOnce(Intents(store), service), ExactlyOnce(Intents(store), service)
        plan = await a_message(service)
        ends = await asyncio.gather(*(write(plan, KEY, AUDIT) for write in (first, second) * 4))
    assert {end.status for end in ends} == {"applied"} and made(org) == ONCE


@live
async def test_records_that_are_away_leave_it_noted_and_the_job_makes_it(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        write = ExactlyOnce(Intents(store), service)
        plan = await a_message(service)
        org.fault(".*composite.*", "503", times=None)
        assert (await write(plan, KEY, AUDIT)).status == "unknown"
        assert made(org) == {}
        org.clear_faults()
        assert await the_job(store, service) == {"status": "applied"}
        assert (await write(plan, KEY, AUDIT)).status == "applied", "the caller who is still there hears it"
    assert made(org) == ONCE


@live
async def test_an_answer_that_is_lost_is_looked_for_and_not_sent_again(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        write = ExactlyOnce(Intents(store), service)
        org.fault("POST .*composite.*", "apply_then_hang")
        plan = await a_message(service)
        done = await write(plan, KEY, AUDIT)
        while done.status == "unknown":
            done = await write(plan, KEY, AUDIT)
        assert done.status == "applied" and await the_job(store, service) == {"status": "nothing to do"}
    assert made(org) == ONCE


@live
async def test_a_locked_record_is_tried_again_in_the_background(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        write = ExactlyOnce(Intents(store), service)
        org.fault("POST .*/Case.*", "lock", times=4)
        plan = await a_message(service)
        done = await write(plan, KEY, AUDIT)
        assert done.status == "unknown", "noted is not done"
        assert await the_job(store, service) == {"status": "applied"}
    assert made(org) == ONCE


@live
async def test_a_refusal_is_final_and_told_the_same_way_again(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        org.somebody_else_changes("ServiceAppointment", visit.id, Subject="changed meanwhile")
        write = ExactlyOnce(Intents(store), service)
        with pytest.raises(errors.Conflict) as first:
            await write(plan, KEY, AUDIT)
        with pytest.raises(errors.Conflict) as second:
            await write(plan, KEY, AUDIT)
        assert (second.value.code, second.value.for_caller) == (first.value.code, first.value.for_caller)
        assert await the_job(store, service) == {"status": "nothing to do"}
    assert "AI_Interaction__c" not in org.changed()


@live
async def test_a_slot_that_was_taken_comes_with_what_is_free_now(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        slot = await a_slot(service, visit)
        plan = await service.plan_reschedule(visit, slot)
        org.advance(2)
        absence = {"ResourceId": slot.technician_id, "Type": "Training"}
        org.rest(
            "POST",
            "sobjects/ResourceAbsence",
            {**absence, "Start": slot.start.isoformat(), "End": slot.end.isoformat()},
        )
        with pytest.raises(SlotTaken) as taken:
            await ExactlyOnce(Intents(store), service)(plan, KEY, AUDIT)
        assert taken.value.next_best


@live
async def test_what_cannot_be_noted_is_not_tried(store: Store, org: EmulatedOrg) -> None:
    store.now(lambda connection: connection.execute(text("DROP TABLE wanted_jobs")))
    async with field_service(org) as service:
        write = ExactlyOnce(Intents(store), service)
        plan = await a_message(service)
        with pytest.raises(errors.StoreUnavailable):
            await write(plan, KEY, AUDIT)
        assert made(org) == {} and await Intents(store).get(KEY) is None, "no intent without its job either"
        assert (await write(plan, KEY, AUDIT, without_store=True)).status == "applied", "an emergency goes on"
    assert made(org) == ONCE


@live
async def test_a_caller_waits_no_longer_than_people_wait(
    store: Store, org: EmulatedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intents, "ANSWER_SECONDS", 0.3)
    async with field_service(org) as service:
        write = ExactlyOnce(Intents(store), service)
        plan = await a_message(service)
        org.fault("POST .*composite.*", "latency", ms=1500)
        assert (await write(plan, KEY, AUDIT)).status == "unknown"
        done = await write(plan, KEY, AUDIT)
        while done.status == "unknown":  # joins the attempt under way, and so sends nothing
            done = await write(plan, KEY, AUDIT)
        assert done.status == "applied" and not done.repeated
    assert made(org) == ONCE


@live
async def test_what_could_not_be_made_for_a_day_never_comes_late(
    store: Store, org: EmulatedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intents, "PATIENTLY", ())
    async with field_service(org, timeouts=IMPATIENT) as service:
        plan = await a_message(service)
        org.fault(".*composite.*", "limit", times=None)
        write = ExactlyOnce(Intents(store), service)
        assert (await write(plan, KEY, AUDIT)).status == "unknown"
        assert await the_job(store, service) == {"status": "not_applied"}
        org.clear_faults()
        assert (await write(plan, KEY, AUDIT)).status == "not_applied"
        assert (await service.commit(plan, key=KEY, audit=AUDIT)).status == "not_applied", "nor from a lost request"
    assert made(org) == {"AI_Interaction__c": ["CREATE"]}, "what sealed it"
