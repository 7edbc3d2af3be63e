"""The agent's own rows: one for a call however often it is sent, and proposals that are decided once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import AUDIT, a_slot, marias_visit, visit_row
from tests.salesforce.test_questions import field_service
from voice_agent import errors
from voice_agent.salesforce.interactions import decide, proposal, propose, record_call, waiting

SID = "CA" + "1" * 32


@live
async def test_a_call_has_one_row_however_often_it_is_sent(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        for outcome in ("Handed Off", "Resolved"):
            await record_call(
                service._salesforce,
                call_sid=SID,
                started=org.now,
                ended=org.now + timedelta(minutes=3),
                outcome=outcome,
                summary="asked for the arrival time",
                verified_level="L1",
            )
    (row,) = org.rows(f"SELECT Kind__c, Outcome__c, Ended__c FROM AI_Interaction__c WHERE Call_Sid__c = '{SID}'")
    assert (row["Kind__c"], row["Outcome__c"]) == ("Call", "Resolved")
    assert row["Ended__c"] is not None


@live
async def test_a_call_and_its_writes_share_the_call_sid(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        await record_call(service._salesforce, call_sid=SID, started=org.now)
        plan = await service.plan_cancel(visit, "x")
        await service.commit(plan, key=f"{SID}:1", audit={**AUDIT, "call_sid": SID})
    kinds = [row["Kind__c"] for row in org.rows(f"SELECT Kind__c FROM AI_Interaction__c WHERE Call_Sid__c = '{SID}'")]
    assert sorted(kinds) == ["Call", "Write"]


@live
async def test_a_proposal_changes_nothing_until_it_is_confirmed_and_committed(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        salesforce = service._salesforce
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        for _ in range(2):
            await propose(salesforce, plan, key="p1", audit=AUDIT, expires=org.now + timedelta(minutes=30))
        (listed,) = await waiting(salesforce)
        assert listed.plan == plan
        assert visit_row(org, visit.id)["SchedStartTime"] == "2026-11-25T16:00:00.000+0000"
        await decide(salesforce, listed, "Confirmed")
        confirmed = await proposal(salesforce, "p1")
        assert confirmed is not None
        done = await service.commit(confirmed.plan, key="p1:go", audit=confirmed.audit)
        assert done.status == "applied"
        await decide(salesforce, confirmed, "Executed")
        assert await waiting(salesforce) == ()


@live
async def test_two_dispatchers_decide_once(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        salesforce = service._salesforce
        plan = await service.plan_cancel(await marias_visit(service), "x")
        await propose(salesforce, plan, key="p1", audit=AUDIT, expires=org.now + timedelta(minutes=30))
        (listed,) = await waiting(salesforce)
        org.advance(2)
        outcomes = await asyncio.gather(
            decide(salesforce, listed, "Confirmed"), decide(salesforce, listed, "Rejected"), return_exceptions=True
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
        decided = await proposal(salesforce, "p1")
        assert decided is not None
        with pytest.raises(ValueError, match="does not go"):
            await decide(salesforce, decided, "Proposed")


@live
async def test_an_executed_proposal_is_not_decided_again(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        salesforce = service._salesforce
        plan = await service.plan_cancel(await marias_visit(service), "x")
        await propose(salesforce, plan, key="p1", audit=AUDIT, expires=org.now)
        (listed,) = await waiting(salesforce)
        await decide(salesforce, listed, "Expired")
        with pytest.raises(errors.Conflict):
            await decide(salesforce, listed, "Confirmed")


@live
async def test_a_key_too_long_for_its_field_is_our_mistake(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_emergency(hazard="gas", said="x", number=None)
        with pytest.raises(ValueError, match="64"):
            await propose(service._salesforce, plan, key="k" * 65, audit={}, expires=org.now)
