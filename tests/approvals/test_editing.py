"""A dispatcher puts other values into a change that waits: by the tool's own rules, on the record, and made once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.approvals.test_approvals import RULES, Office, office, posted, store, visits_changed
from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.speaking import LINES, Speaking, a_technician
from tools import TOOLS, recalling
from voice_agent.approval_rows import Approval
from voice_agent.approval_rules import ApprovalRules
from voice_agent.audit import of_call
from voice_agent.errors import Conflict, InvalidArguments, NotAllowed
from voice_agent.revising import Revising
from voice_agent.store import Store

__all__ = ["store"]
pytestmark = pytest.mark.process


def revising(here: Office, rules: ApprovalRules = RULES) -> Revising:
    return Revising(here.approvals, rules, {tool.name: tool for tool in TOOLS}, recalling, here.service, LINES)


async def twelve_sensors(here: Office) -> tuple[Speaking, Approval]:
    """A technician who books far more than the job calls for; the parts lie in the van."""
    org = here.org
    info = next(c for c in org.info["callers"] if c["role"] == "technician")
    caller = await a_technician(org, here.service, info["number"], info["pin"], approver=here.desk)
    await caller.hears("update_job", job="4518", parts=[{"part": "flame sensor", "quantity": 3}], note="door sticks")
    assert (await caller.settled()).status == "pending"
    return caller, await here.waiting()


EVERY = [
    ("technician", "job_note", {"job": "4518", "note": "belt worn"}, {"note": "belt is new"}),
    ("technician", "running_late", {"job": "next", "minutes": 20}, {"minutes": 45}),
    ("technician", "request_part", {"part": "flame sensor", "job": "current"}, {"quantity": 2}),
    ("technician", "request_part", {"part": "flame sensor"}, {"needed_by": "2026-11-27"}),
    ("technician", "transfer_part", {"part": "flame sensor", "source": "warehouse"}, {"quantity": 2}),
    ("technician", "add_work", {"job": "4518", "work": "replace the old vent"}, {"work": "replace the old duct"}),
    ("technician", "ask_dispatcher", {"question": "is anybody near", "job": "4518"}, {"question": "who is near"}),
    ("technician", "take_message", {"message": "van needs tyres"}, {"desk": "dispatch"}),
    ("customer", "visit_note", {"note": "the dog bites"}, {"note": "the dog is friendly"}),
    ("customer", "preferred_times", {"times": "mornings please"}, {"times": "afternoons please"}),
    ("customer", "report_problem", {"problem": "the water heater leaks"}, {"problem": "the water heater is cold"}),
    ("customer", "take_message", {"message": "call me about the bill"}, {"callback_number": "7735550188"}),
]


@live
@pytest.mark.parametrize(("who", "tool", "said", "values"), EVERY, ids=lambda value: str(value) if value else "")
async def test_every_tool_takes_other_values_for_the_very_record_it_was_about(
    org: EmulatedOrg, store: Store, who: str, tool: str, said: dict[str, Any], values: dict[str, Any]
) -> None:
    async with office(org, store) as here:
        if who == "technician":
            info = next(c for c in org.info["callers"] if c["role"] == "technician")
            caller = await a_technician(
                org, here.service, info["number"], info["pin"], phase="supervised", approver=here.desk
            )
        else:
            caller = await here.customer()
        await caller.hears(tool, **said)
        assert (await caller.settled()).status == "pending"
        waiting = await here.waiting()
        edited = await revising(here).revise(waiting.key, 0, values, by="dana")
        assert edited.rule == "supervised" and edited.plan.links == waiting.plan.links
        assert edited.plan.steps != waiting.plan.steps and edited.arguments == {**waiting.arguments, **values}
        await here.approvals.decide(waiting.key, True, by="dana")
        assert await here.see_through(waiting.key) == "executed"


def consumed(org: EmulatedOrg) -> list[float]:
    return [row["QuantityConsumed"] for row in org.rows("SELECT QuantityConsumed FROM ProductConsumed")]


@live
async def test_the_edited_quantity_is_made_once_and_told_and_stands_beside_the_callers(
    org: EmulatedOrg, store: Store
) -> None:
    async with office(org, store) as here:
        before = len(consumed(org))
        caller, waiting = await twelve_sensors(here)
        parts = [{"part": "flame sensor", "quantity": 1}]
        edited = await revising(here).revise(waiting.key, 0, {"parts": parts}, by="dana")
        assert (edited.version, edited.edited_by) == (1, "dana") and "one flame sensor" in edited.request
        assert edited.said == waiting.request and json.loads(edited.arguments_said)["parts"][0]["quantity"] == 3
        assert edited.arguments["note"] == "door sticks", "what was not touched stands"
        job = asyncio.create_task(here.see_through(waiting.key))
        payload = await _payload(org, waiting.key)
        assert payload["edited"]["by"] == "dana" and '"quantity":3' in payload["edited"]["before"]
        assert '"quantity":1' in payload["edited"]["after"]
        job.cancel()
        await here.approvals.decide(waiting.key, True, by="ed", version=1)
        for _ in range(2):
            assert await here.see_through(waiting.key) == "executed"
        told = await caller.decided()
        assert told is not None and "with a change" in told.say and "one flame sensor" in told.say
    assert len(consumed(org)) == before + 1 and 3.0 not in consumed(org)
    (row,) = org.rows("SELECT Decision__c, Request__c FROM AI_Interaction__c WHERE Kind__c = 'Write'")
    assert row["Decision__c"] == "confirmed by the caller, changed by dana, approved by ed"
    assert here.audited(waiting.call_sid) == [
        "approval ask", "approval edit dana", "approval approve ed", "write", "approval executed",
    ]  # fmt: skip
    edit = store.now(lambda connection: of_call(connection, waiting.call_sid))[1]
    assert '"quantity":3' in edit.personal["values_before"] and '"quantity":1' in edit.personal["values_after"]


async def _payload(org: EmulatedOrg, key: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            row = org.rows(f"SELECT Payload__c FROM Pending_AI_Action__c WHERE Id = '{await posted(org, key)}'")[0]
            if "edited" in (found := json.loads(row["Payload__c"])):
                return dict(found)
            await asyncio.sleep(0.05)


@live
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"parts": [{"part": "flame sensor", "quantity": 0}]}, "parts.0.quantity: Input should be greater than 0"),
        ({"parts": [{"part": "flame sensor", "quantity": "two"}]}, "parts.0.quantity: Input should be a valid number"),
        ({"parts": [{"part": "flame sensor", "quantity": 900}]}, "flame sensors"),
        ({"parts": [{"part": "unobtainium", "quantity": 1}]}, "unobtainium"),
        ({"parts": [{"part": "flame sensor", "quantity": 1, "price": 0}]}, "parts.0.price: Extra inputs"),
        ({"status": "teleported"}, "status: Input should be"),
        ({"job": "4512"}, "job: stays as the caller said it"),
        ({"QuantityOnHand": 900}, "QuantityOnHand: is not of it"),
        ({"note": "door sticks"}, "Nothing is changed"),
        ({"parts": None, "note": None}, "What"),
    ],
)
async def test_a_value_the_tool_refuses_is_refused_here_and_named(
    org: EmulatedOrg, store: Store, values: dict[str, Any], why: str
) -> None:
    async with office(org, store) as here:
        _, waiting = await twelve_sensors(here)
        with pytest.raises(InvalidArguments, match=why):
            await revising(here).revise(waiting.key, 0, values, by="dana")
        assert (await here.waiting()).version == 0 and "approval edit dana" not in here.audited(waiting.call_sid)


@live
async def test_what_the_org_keeps_nothing_of_is_no_edit(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        caller = await here.customer()
        await caller.hears("cancel_visit")
        await caller.settled()
        waiting = await here.waiting()
        with pytest.raises(InvalidArguments, match="would be the same"):
            await revising(here).revise(waiting.key, 0, {"reason": "we moved away"}, by="dana")


@live
async def test_no_edit_reaches_a_field_that_nobody_may_agree_to(org: EmulatedOrg, store: Store) -> None:
    never = ApprovalRules(timedelta(hours=1), {}, ("quantityconsumed",))
    async with office(org, store) as here:
        _, waiting = await twelve_sensors(here)
        with pytest.raises(NotAllowed, match="QuantityConsumed, which nobody may agree to"):
            await revising(here, never).revise(
                waiting.key, 0, {"parts": [{"part": "flame sensor", "quantity": 1}]}, by="dana"
            )


@live
async def test_the_rules_are_read_again_on_what_was_put_in(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await twelve_sensors(here)
        edited = await revising(here).revise(waiting.key, 0, {"status": "paused", "parts": None}, by="dana")
    assert waiting.rule in ("part_not_on_estimate", "quantity_above_estimate")
    assert edited.rule in ("status_breaks_promise", waiting.rule) and "paused" in edited.request


@live
async def test_a_word_counts_for_the_values_it_was_given_on(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        _, waiting = await twelve_sensors(here)
        again = {"parts": [{"part": "flame sensor", "quantity": 1}]}
        await revising(here).revise(waiting.key, 0, again, by="dana")
        with pytest.raises(Conflict) as late:
            await here.approvals.decide(waiting.key, True, by="ed", version=0)
        with pytest.raises(Conflict) as second:
            await revising(here).revise(waiting.key, 0, {"note": "mine"}, by="ed")
        assert (late.value.code, second.value.code) == ("EDITED", "EDITED")
        back = await revising(here).undo(waiting.key, 1, by="dana")
        assert (back.version, back.edited_by, back.request) == (2, "", waiting.request)
        with pytest.raises(Conflict):
            await revising(here).undo(waiting.key, 2, by="dana")
        await here.approvals.decide(waiting.key, True, by="ed", version=2)
        with pytest.raises(Conflict) as over:
            await revising(here).revise(waiting.key, 2, again, by="dana")
        assert over.value.code == "DECIDED"
        assert await here.see_through(waiting.key) == "executed"
    assert 3.0 in consumed(org), "the caller's own values were made"


@live
async def test_what_salesforce_agreed_to_is_what_salesforce_showed(org: EmulatedOrg, store: Store) -> None:
    """An edit that had not reached the org when somebody agreed there is not what they agreed to."""
    async with office(org, store) as here:
        _, waiting = await twelve_sensors(here)
        job = asyncio.create_task(here.see_through(waiting.key))
        row = await posted(org, waiting.key)
        job.cancel()
        org.somebody_else_changes("Pending_AI_Action__c", row, Status__c="Confirmed")
        await revising(here).revise(waiting.key, 0, {"parts": [{"part": "flame sensor", "quantity": 1}]}, by="dana")
        assert await here.see_through(waiting.key) == "executed"
        assert "approval undo Salesforce" in here.audited(waiting.call_sid)
    assert 3.0 in consumed(org)


@live
async def test_another_free_time_is_booked_and_one_that_is_not_free_is_refused(org: EmulatedOrg, store: Store) -> None:
    async with office(org, store) as here:
        caller = await here.customer()
        await caller.hears("free_slots")
        await caller.hears("reschedule", slot="slot 1")
        await caller.settled()
        waiting = await here.waiting()
        times = await revising(here).times(waiting)
        with pytest.raises(InvalidArguments, match="slot: that time is not free"):
            await revising(here).revise(waiting.key, 0, {"slot": "2026-11-29T09:07:00+00:00"}, by="dana")
        edited = await revising(here).revise(waiting.key, 0, {"slot": times[0]["start"]}, by="dana")
        assert edited.request != waiting.request and edited.plan.facts["appointment_id"]
        await here.approvals.decide(waiting.key, True, by="dana")
        assert await here.see_through(waiting.key) == "executed"
        texts = {text.template: text.body for text in here.texts()}
        assert sorted(texts) == ["approved_edited", "rescheduled"]
        assert edited.request.rstrip(".") in texts["approved_edited"] and times[0]["told"] in texts["rescheduled"]
        (visit,) = org.rows(
            f"SELECT ArrivalWindowStartTime FROM ServiceAppointment WHERE Id = '{waiting.plan.facts['appointment_id']}'"
        )
    assert visit["ArrivalWindowStartTime"][:16] == edited.plan.facts["window_start"][:16]
    assert visits_changed(org)
