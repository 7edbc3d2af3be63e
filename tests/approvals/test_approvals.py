"""A change that needs a dispatcher: nothing happens before their word, and once and only then what was read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from sqlalchemy import select

from tests.salesforce.emulated_org import START, EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.speaking import LINES, Speaking, a_customer, a_technician
from tests.salesforce.test_changes_made import IMPATIENT
from tests.salesforce.test_questions import MARIA, field_service
from voice_agent import approval_rules
from voice_agent.approval_desk import ApprovalDesk
from voice_agent.approval_rows import Approval
from voice_agent.approvals import Approvals
from voice_agent.approving import see_through
from voice_agent.audit import audit_of, of_call
from voice_agent.errors import Conflict, StoreUnavailable
from voice_agent.grants import Level
from voice_agent.intents import Intents, settle_write
from voice_agent.jobs import Outbox
from voice_agent.messaging import kept
from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.field_service import FieldService
from voice_agent.settings import Settings
from voice_agent.store import Store
from voice_agent.workshop import InMemory, Workshop

pytestmark = pytest.mark.process
RULES = approval_rules.load()
SETTINGS = Settings(autonomous_sends=True, secret_key="s" * 32)


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store("sqlite:///:memory:")
    made.prepare()
    yield made
    made.close()


@dataclass
class Office:
    """The dispatchers' side: what waits, their word, and the job that sees it through."""

    org: EmulatedOrg
    store: Store
    service: FieldService

    def __post_init__(self) -> None:
        self.approvals = Approvals(self.store, audit_of(SETTINGS), now=self.clock)
        self.desk = ApprovalDesk(self.approvals, RULES, sender="+13125550100", sends=lambda: True)

    def clock(self) -> float:
        return self.org.now.timestamp()

    async def customer(self, phase: str = "supervised", **more: Any) -> Speaking:
        caller = await a_customer(self.org, self.service, MARIA, phase=phase, approver=self.desk, **more)
        caller.identity.grant.level = Level.PROVEN
        return caller

    async def waiting(self) -> Approval:
        (one,) = await self.approvals.waiting()
        return one

    async def see_through(self, key: str) -> str:
        """The durable job, from its beginning to its end."""
        nobody = cast(Any, None)
        engine = InMemory()
        workshop = Workshop(
            SETTINGS, self.store, Outbox(self.store), LINES,
            self.service._salesforce, self.service, nobody, engine, now=self.clock,
        )  # fmt: skip
        for wanted in Outbox(self.store).waiting():
            if not wanted.name:
                engine.signals.put_nowait(wanted.data)
        ended = await asyncio.wait_for(see_through(workshop, f"approval:{key}", {"key": key}), 20)
        return str((ended or {})["status"])

    async def the_intents_job(self) -> Any:
        """What the worker does with the intent behind an approved change, some seconds later."""
        (wanted,) = [row for row in Outbox(self.store).waiting() if row.name == "settle_write"]
        nobody = cast(Any, None)
        workshop = Workshop(
            SETTINGS, self.store, Outbox(self.store), LINES,
            self.service._salesforce, self.service, nobody, InMemory(), now=self.clock,
        )  # fmt: skip
        return await settle_write(workshop, wanted.key, wanted.data)

    def audited(self, call_sid: str) -> list[str]:
        """The entries of a call's approvals and changes, in a word each; the whole chain holds."""
        assert self.store.now(audit_of(SETTINGS).verify).sound
        found = self.store.now(lambda connection: of_call(connection, call_sid))
        return [" ".join(filter(None, (e.kind, str(e.facts.get("act", "")), str(e.facts.get("by", "")))))
                for e in found]  # fmt: skip

    def texts(self) -> list[Any]:
        """What was taken for sending, to numbers on record."""
        return list(self.store.now(lambda connection: connection.execute(select(kept.texts)).all()))

    def in_the_org(self) -> dict[str, Any]:
        (row,) = self.org.rows("SELECT Status__c, Action__c, Target_Object__c, Error__c FROM Pending_AI_Action__c")
        return row


@asynccontextmanager
async def office(org: EmulatedOrg, store: Store, **more: Any) -> AsyncIterator[Office]:
    async with field_service(org, **more) as service:
        yield Office(org, store, service)


def visits_changed(org: EmulatedOrg) -> list[str]:
    return org.changed().get("ServiceAppointment", [])


async def asked_to_confirm(office: Office) -> tuple[Speaking, Approval]:
    caller = await office.customer()
    read_back = await caller.hears("cancel_visit")
    assert caller.phrase("approval.why.supervised") in read_back and read_back.rstrip().count("?") == 1
    settled = await caller.settled()
    assert settled.status == "pending" and settled.say == caller.phrase("approval.asked_text")
    assert "Do not say that it is done" in settled.note
    return caller, await office.waiting()


@live
async def test_in_the_supervised_phase_a_yes_changes_nothing_yet(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await asked_to_confirm(here)
    assert waiting.rule == "supervised" and waiting.tool == "cancel_visit" and waiting.asker.role == "customer"
    assert waiting.request.startswith("I would cancel") and "?" not in waiting.request
    assert visits_changed(org) == []


@live
async def test_approved_in_the_console_it_is_made_once_and_the_waiting_caller_hears_it(
    org: EmulatedOrg, store: Store
) -> None:
    async with office(org, store) as here:
        caller, waiting = await asked_to_confirm(here)
        org.advance(5)
        await here.approvals.decide(waiting.key, True, by="dana")
        for _ in range(2):  # a job that is run again after a crash makes nothing twice
            assert await here.see_through(waiting.key) == "executed"
        told = await caller.decided()
        assert told is not None and told.status == "executed" and "canceled" in told.say
        assert await here.approvals.waiting() == []
        (ended,) = await here.approvals.recent()
    assert (ended.status, ended.decided_by) == ("executed", "dana")
    assert len(visits_changed(org)) == 1 and here.in_the_org()["Status__c"] == "Executed"
    assert sorted(text.template for text in here.texts()) == ["approved", "canceled"], "each once"
    (audit,) = org.rows("SELECT Decision__c FROM AI_Interaction__c WHERE Kind__c = 'Write'")
    assert audit["Decision__c"] == "confirmed by the caller, approved by dana"
    assert here.audited(waiting.call_sid) == ["approval ask", "approval approve dana", "write", "approval executed"]
    first, *_, write, _ = store.now(lambda connection: of_call(connection, waiting.call_sid))
    assert first.personal["request"] == waiting.request and "Status" in first.personal["after"]
    assert write.facts["decision"] == audit["Decision__c"] and write.facts["key"] == waiting.key


@live
async def test_rejected_or_decided_too_late_nothing_is_changed_and_the_caller_hears_so(
    org: EmulatedOrg, store: Store
) -> None:
    async with office(org, store) as here:
        caller, waiting = await asked_to_confirm(here)
        await here.approvals.decide(waiting.key, False, by="dana", reason="already loaded")
        assert await here.see_through(waiting.key) == "rejected"
        told = await caller.decided()
        assert told is not None and told.say == caller.phrase("approval.rejected")
        assert [text.template for text in here.texts()] == ["rejected"]
        assert here.in_the_org() | {"attributes": None} == {
            "attributes": None,
            "Status__c": "Rejected",
            "Action__c": "cancel",
            "Target_Object__c": "ServiceAppointment",
            "Error__c": "already loaded",
        }
        caller = await here.customer()
        await caller.asks("confirm_visit")
        await caller.settled()
        late = await here.waiting()
        org.advance(RULES.decide_within.total_seconds() + 1)
        with pytest.raises(Conflict):
            await here.approvals.decide(late.key, True, by="dana")
        assert await here.see_through(late.key) == "expired"
        assert here.audited(waiting.call_sid) == [
            "approval ask", "approval reject dana", "approval ask", "approval expire"
        ]  # fmt: skip
        why = [e.personal for e in store.now(lambda c: of_call(c, waiting.call_sid)) if e.facts["act"] == "reject"]
        assert why[0]["reason"] == "already loaded"
    assert visits_changed(org) == [] and "Task" not in org.changed()


@live
async def test_decided_in_salesforce_it_counts_as_much(org: EmulatedOrg, store: Store) -> None:
    for word, end, changes in (("Confirmed", "executed", 1), ("Rejected", "rejected", 1)):
        async with office(org, store) as here:
            caller = await here.customer()
            await caller.asks("confirm_visit" if word == "Confirmed" else "cancel_visit")
            await caller.settled()
            waiting = await here.waiting()
            job = asyncio.create_task(here.see_through(waiting.key))
            row = await posted(org, waiting.key)
            org.somebody_else_changes("Pending_AI_Action__c", row, Status__c=word)
            # the event of the change wakes the job; a glance now and then does where there are no events
            job.cancel()
            assert await here.see_through(waiting.key) == end
            ended = await here.approvals.get(waiting.key)
            act = "approve" if word == "Confirmed" else "reject"
            assert f"approval {act} Salesforce" in here.audited(waiting.call_sid)
        assert ended is not None and ended.decided_by == "Salesforce"
        assert len(org.changed().get("Task", [])) == changes and visits_changed(org) == []


@live
async def test_an_event_from_salesforce_wakes_the_job_and_others_do_not(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await asked_to_confirm(here)
        before = len(Outbox(store).waiting())
        for change in (
            an_event("Pending_AI_Action__c", {"Status__c": "Confirmed"}, ours=True),
            an_event("Pending_AI_Action__c", {"Error__c": "x"}),
            an_event("WorkOrder", {"Status__c": "Confirmed"}),
        ):
            await here.approvals.heard(change)
        assert len(Outbox(store).waiting()) == before
        await here.approvals.heard(an_event("Pending_AI_Action__c", {"Status__c": "Confirmed"}))
        assert [row.key for row in Outbox(store).waiting()][before:] == [waiting.job]


def an_event(name: str, fields: dict[str, Any], *, ours: bool = False) -> Change:
    return Change(name, "UPDATE", ("a05000000000001",), fields, START, ours)


async def posted(org: EmulatedOrg, key: str) -> str:
    async with asyncio.timeout(10):
        while True:
            found = org.rows(f"SELECT Id FROM Pending_AI_Action__c WHERE Idempotency_Key__c = '{key}'")
            if found:
                return str(found[0]["Id"])
            await asyncio.sleep(0.05)


@live
async def test_a_process_killed_between_intent_and_answer_leaves_a_change_that_is_settled_once(
    org: EmulatedOrg, store: Store
) -> None:
    async with office(org, store, timeouts=IMPATIENT) as here:
        _, waiting = await asked_to_confirm(here)
        await here.approvals.decide(waiting.key, True, by="dana")
        org.fault("POST .*composite.*", "apply_then_hang", times=None)
        killed = asyncio.create_task(here.see_through(waiting.key))
        async with asyncio.timeout(10):
            while not visits_changed(org):  # noqa: ASYNC110  # in another process: nobody there to set an event
                await asyncio.sleep(0.02)
        killed.cancel()
        intent = await Intents(store).get(waiting.key)
        assert intent is not None and intent.status == "open", "it is made, and this process does not know"
        org.clear_faults()
        assert await here.the_intents_job() == {"status": "applied"}
        assert await here.see_through(waiting.key) == "executed"
    assert len(visits_changed(org)) == 1 and here.in_the_org()["Status__c"] == "Executed"
    assert here.audited(waiting.call_sid).count("write") == 1


@live
async def test_without_its_entry_in_the_audit_log_a_step_is_not_taken(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await asked_to_confirm(here)
        store.now(lambda connection: connection.exec_driver_sql("DROP TABLE audit_entries"))
        with pytest.raises(StoreUnavailable):
            await here.approvals.decide(waiting.key, True, by="dana")
        assert (await here.waiting()).status == "proposed"


@live
async def test_the_first_word_counts(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await asked_to_confirm(here)
        words = await asyncio.gather(
            here.approvals.decide(waiting.key, True, by="dana"),
            here.approvals.decide(waiting.key, False, by="ed"),
            return_exceptions=True,
        )
    assert sorted(type(word).__name__ for word in words) == ["Approval", "Conflict"]


@live
async def test_records_that_moved_on_meanwhile_fail_it_as_a_whole(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        caller, waiting = await asked_to_confirm(here)
        visit = waiting.plan.touches[0].id
        org.somebody_else_changes("ServiceAppointment", visit, Subject="Changed by dispatch")
        await here.approvals.decide(waiting.key, True, by="dana")
        assert await here.see_through(waiting.key) == "failed"
        told = await caller.decided()
        assert told is not None and told.say == caller.phrase("approval.failed")
    assert here.in_the_org()["Status__c"] == "Failed" and len(visits_changed(org)) == 1


@live
async def test_an_anomaly_waits_where_everything_else_is_made_at_once(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        info = next(c for c in org.info["callers"] if c["role"] == "technician")
        caller = await a_technician(
            org, here.service, info["number"], info["pin"], phase="autonomous", approver=here.desk
        )
        outcome = await caller.asks("update_job", job="4518", parts=[{"part": "flame sensor", "quantity": 3}])
        assert caller.phrase("approval.why.part_not_on_estimate") in outcome.say or (
            caller.phrase("approval.why.quantity_above_estimate") in outcome.say
        )
        assert (await caller.settled()).status == "pending"
        await caller.asks("job_note", job="4512", note="the belt is worn")
        assert (await caller.settled()).status == "applied"
    assert "ProductConsumed" not in org.changed()


@live
async def test_without_a_store_nobody_is_told_that_a_dispatcher_was_asked(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        caller = await here.customer()
        await caller.asks("cancel_visit")
        store.now(lambda connection: connection.exec_driver_sql("DROP TABLE approvals"))
        settled = await caller.settled()
    assert settled.status == "refused" and caller.phrase("error.store") in settled.say
