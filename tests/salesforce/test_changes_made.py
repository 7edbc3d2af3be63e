"""Every plan committed against the emulated org: exactly those records change, once, and only if they are as read."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_questions import HELEN, MARIA, alex_of, field_service
from voice_agent import errors
from voice_agent.salesforce.commit import commit, derived_key, settle
from voice_agent.salesforce.field_service import FieldService, SlotTaken
from voice_agent.salesforce.limits import Timeouts
from voice_agent.salesforce.plans import WritePlan
from voice_agent.salesforce.records import Appointment, Job, RecordId
from voice_agent.salesforce.wishes import PartUse, Problem, Slot, SlotWish

AUDIT = {"call_sid": "CA" + "0" * 32, "decision": "confirmed by the caller", "verified_level": "L2"}
IMPATIENT = Timeouts(connect=1.0, read=1.0, write=1.0, sign_in=5.0)
KEY = "call-1-turn-4"


async def marias_visit(service: FieldService) -> Appointment:
    return (await service.caller_context(MARIA)).appointments[0]


async def a_slot(service: FieldService, visit: Appointment) -> Slot:
    return (await service.slots(visit, SlotWish()))[0]


async def job(service: FieldService, digits: str) -> Job:
    (found,) = await service.find_job(await alex_of(service), digits)
    return found


def visit_row(org: EmulatedOrg, record: str) -> dict[str, object]:
    return org.rows(
        "SELECT Status, StatusCategory, SchedStartTime, SchedEndTime, ArrivalWindowStartTime, ArrivalWindowEndTime, "
        f"ActualStartTime, ActualEndTime FROM ServiceAppointment WHERE Id = '{record}'"
    )[0]


def same(org_time: object, moment: datetime) -> bool:
    return datetime.fromisoformat(str(org_time)) == moment


@live
async def test_a_visit_is_moved_with_window_and_technician_in_one_round_trip(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        await service.warm_up()
        visit = await marias_visit(service)
        slot = await a_slot(service, visit)
        plan = await service.plan_reschedule(visit, slot)
        before = service._salesforce.calls
        done = await service.commit(plan, key=KEY, audit=AUDIT)
        assert service._salesforce.calls - before == 1
    assert done.status == "applied"
    row = visit_row(org, visit.id)
    assert same(row["SchedStartTime"], slot.start)
    assert same(row["SchedEndTime"], slot.end)
    assert same(row["ArrivalWindowStartTime"], slot.window_start)
    assert same(row["ArrivalWindowEndTime"], slot.window_end)
    (person,) = org.rows(f"SELECT ServiceResourceId FROM AssignedResource WHERE ServiceAppointmentId = '{visit.id}'")
    assert person["ServiceResourceId"] == slot.technician_id
    changed = org.changed()
    assert set(changed) - {"AssignedResource"} == {"ServiceAppointment", "AI_Interaction__c"}
    assert len(changed["ServiceAppointment"]) == 1
    assert changed["AI_Interaction__c"] == ["CREATE"]


@live
async def test_the_audit_row_says_who_asked_and_what_was_before(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        done = await service.commit(plan, key=KEY, audit=AUDIT)
    (row,) = org.rows(
        "SELECT Id, Kind__c, Tool__c, Call_Sid__c, Decision__c, Verified_Level__c, Service_Appointment__c, "
        f"Work_Order__c, Contact__c, Before__c, After__c FROM AI_Interaction__c WHERE Agent_Key__c = '{KEY}'"
    )
    assert row["Id"] == done.interaction_id
    assert (row["Kind__c"], row["Tool__c"], row["Verified_Level__c"]) == ("Write", "reschedule", "L2")
    assert (row["Service_Appointment__c"], row["Work_Order__c"]) == (visit.id, visit.work_order_id)
    before = json.loads(str(row["Before__c"]))[f"ServiceAppointment {visit.id}"]
    assert visit.sched_start is not None
    assert before["SchedStartTime"] == visit.sched_start.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@live
async def test_the_same_key_again_changes_nothing(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        first = await service.commit(plan, key=KEY, audit=AUDIT)
        ledger = org.ledger()
        again = await service.commit(plan, key=KEY, audit=AUDIT)
        assert again.status == "applied"
        assert again.repeated
        assert again.interaction_id == first.interaction_id
        assert org.ledger() == ledger


@live
async def test_ten_at_once_with_one_key_write_once(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_emergency(hazard="gas", said="it smells of gas", number="+17735550103")
        outcomes = await asyncio.gather(*(service.commit(plan, key=KEY, audit=AUDIT) for _ in range(10)))
    assert {outcome.status for outcome in outcomes} == {"applied"}
    assert [outcome.repeated for outcome in outcomes].count(False) == 1
    assert len({outcome.ids["order"] for outcome in outcomes}) == 1
    assert org.changed() == {"Case": ["CREATE"], "WorkOrder": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


@live
async def test_a_record_that_somebody_changed_meanwhile_is_left_alone(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        org.somebody_else_changes("ServiceAppointment", visit.id, Subject="Other")
        ledger = org.ledger()
        with pytest.raises(errors.Conflict) as refused:
            await service.commit(plan, key=KEY, audit=AUDIT)
        assert refused.value.code == "CHANGED"
        assert org.ledger() == ledger


@live
async def test_a_slot_taken_meanwhile_names_the_next_best(org: EmulatedOrg) -> None:
    """Rule 11: checked again inside the very transaction."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        slot = await a_slot(service, visit)
        plan = await service.plan_reschedule(visit, slot)
        org.advance(2)
        org.rest(
            "POST",
            "sobjects/ResourceAbsence",
            {
                "ResourceId": slot.technician_id,
                "Type": "Training",
                "Start": slot.start.isoformat(),
                "End": slot.end.isoformat(),
            },
        )
        ledger = org.ledger()
        with pytest.raises(SlotTaken) as refused:
            await service.commit(plan, key=KEY, audit=AUDIT)
        assert org.ledger() == ledger
    best = refused.value.next_best
    assert best
    assert all((one.technician_id, one.start) != (slot.technician_id, slot.start) for one in best)


@live
async def test_a_write_that_was_applied_but_never_answered_is_found_and_not_sent_again(org: EmulatedOrg) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+17735550103")
        org.fault("POST .*/composite$", "apply_then_hang", times=1)
        done = await service.commit(plan, key=KEY, audit=AUDIT)
        org.clear_faults()
    assert (done.status, done.repeated) == ("applied", True)
    assert set(done.ids) == {"case", "order"}
    assert org.changed() == {"Case": ["CREATE"], "WorkOrder": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


@live
async def test_a_write_without_a_trace_is_unknown_and_safe_to_send_again(org: EmulatedOrg) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+17735550103")
        org.fault("POST .*/composite$", "drop", times=1)
        assert (await service.commit(plan, key=KEY, audit=AUDIT)).status == "unknown"
        assert org.changed() == {}
        again = await service.commit(plan, key=KEY, audit=AUDIT)
    assert (again.status, again.repeated) == ("applied", False)
    assert org.changed()["WorkOrder"] == ["CREATE"]


@pytest.mark.parametrize("fault", ["apply_then_drop", "apply_then_hang"])
@live
async def test_an_answer_lost_after_the_change_is_one_change(org: EmulatedOrg, fault: str) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        visit = await marias_visit(service)
        plan = await service.plan_cancel(visit, "x")
        org.fault("POST .*/composite$", fault, times=1)
        done = await service.commit(plan, key=KEY, audit=AUDIT)
        org.clear_faults()
    assert (done.status, done.repeated) == ("applied", True)
    assert org.changed()["ServiceAppointment"] == ["UPDATE Status, StatusCategory"]


@live
async def test_a_token_that_expires_before_a_write_costs_nothing_but_a_sign_in(org: EmulatedOrg) -> None:
    """A 401 means that nothing was done, so the write may be sent again."""
    async with field_service(org) as service:
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+17735550103")
        org.expire_sessions()
        assert (await service.commit(plan, key=KEY, audit=AUDIT)).status == "applied"
        assert service._salesforce.sign_ins == 2
    assert org.changed() == {"Case": ["CREATE"], "WorkOrder": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


@live
async def test_a_used_up_allowance_refuses_the_write_and_says_so(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+17735550103")
        org.fault("POST .*/composite$", "403", times=1)
        with pytest.raises(errors.RateLimited):
            await service.commit(plan, key=KEY, audit=AUDIT)
    assert org.changed() == {}


@live
async def test_a_sealed_key_can_never_take_effect(org: EmulatedOrg) -> None:
    async with field_service(org, timeouts=IMPATIENT) as service:
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+17735550103")
        sealed = await settle(service._salesforce, plan, key=KEY, audit=AUDIT, seal=True)
        assert sealed.status == "not_applied"
        late = await service.commit(plan, key=KEY, audit=AUDIT)
        assert late.status == "not_applied"
    assert org.changed() == {"AI_Interaction__c": ["CREATE"]}


@live
async def test_a_locked_record_is_tried_again_and_written_once(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_cancel(visit, "moved away")
        org.fault("PATCH .*/ServiceAppointment/.*", "lock", times=2)
        assert (await service.commit(plan, key=KEY, audit=AUDIT)).status == "applied"
    assert org.changed()["ServiceAppointment"] == ["UPDATE Status, StatusCategory"]


@live
async def test_a_lock_that_stays_changes_nothing(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_cancel(await marias_visit(service), "moved away")
        org.fault("PATCH .*/ServiceAppointment/.*", "lock", times=50)
        with pytest.raises(errors.Locked):
            await service.commit(plan, key=KEY, audit=AUDIT)
        org.clear_faults()
    assert org.changed() == {}


@live
async def test_a_visit_is_cancelled_and_never_deleted(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        await service.commit(await service.plan_cancel(visit, "moved away"), key=KEY, audit=AUDIT)
    assert visit_row(org, visit.id)["StatusCategory"] == "Canceled"
    assert set(org.changed()) == {"ServiceAppointment", "AI_Interaction__c"}


@live
async def test_a_confirmed_visit_carries_a_finished_task(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        await service.commit(await service.plan_confirm(visit), key=KEY, audit=AUDIT)
    (task,) = org.rows(f"SELECT Subject, Status, WhoId FROM Task WHERE WhatId = '{visit.id}'")
    assert (task["Status"], task["WhoId"]) == ("Completed", visit.contact_id)
    assert set(org.changed()) == {"Task", "AI_Interaction__c"}


@live
async def test_a_note_for_whoever_comes_is_an_open_task(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        await service.commit(await service.plan_arrival_note(visit, "a dog @{x} in the yard"), key=KEY, audit=AUDIT)
    (task,) = org.rows(f"SELECT Description, Status FROM Task WHERE WhatId = '{visit.id}'")
    assert task["Description"] == "a dog @ {x} in the yard"
    assert task["Status"] != "Completed"


@live
async def test_a_visit_sent_out_for_later_is_cancelled_and_made_again(org: EmulatedOrg) -> None:
    """3.3: Dispatched -> Scheduled is refused by the org."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        org.somebody_else_changes("ServiceAppointment", visit.id, Status="Dispatched")
        visit = await marias_visit(service)
        slot = await a_slot(service, visit)
        before = len(org.ledger())
        done = await service.commit(await service.plan_reschedule(visit, slot), key=KEY, audit=AUDIT)
        (moved,) = (await service.caller_context(MARIA)).appointments
    assert visit_row(org, visit.id)["StatusCategory"] == "Canceled"
    assert moved.id == done.ids["again"]
    assert (moved.category, moved.sched_start, moved.window_start) == ("Scheduled", slot.start, slot.window_start)
    assert moved.assignments[0].technician_id == slot.technician_id
    assert moved.work_order_id == visit.work_order_id
    assert done.read["number"]["AppointmentNumber"] == moved.number
    assert {entry["object"] for entry in org.ledger()[before:]} == {
        "ServiceAppointment",
        "AssignedResource",
        "AI_Interaction__c",
        "WorkOrder",
    } - ({"WorkOrder"} if "WorkOrder" not in org.changed() else set())


@live
async def test_somebody_on_the_way_is_a_dispatchers_business(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(HELEN)).appointments[0]
        other = await a_slot(service, await marias_visit(service))
        with pytest.raises(errors.NotAllowed) as refused:
            await service.plan_reschedule(visit, other)
    assert "dispatcher" in refused.value.for_model


@live
async def test_a_pinned_visit_is_a_dispatchers_business(org: EmulatedOrg) -> None:
    """Section 0 rule 8: pinned between reading and writing counts as changed."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        org.somebody_else_changes("ServiceAppointment", visit.id, FSL__Pinned__c=True)
        with pytest.raises(errors.Conflict):
            await service.commit(plan, key=KEY, audit=AUDIT)


@pytest.mark.parametrize("digits", ["4509"])
@live
async def test_what_is_over_is_not_moved_cancelled_or_reported_on(org: EmulatedOrg, digits: str) -> None:
    async with field_service(org) as service:
        done = await job(service, digits)
        slot = await a_slot(service, await marias_visit(service))
        with pytest.raises(errors.NotAllowed):
            await service.plan_reschedule(done.appointment, slot)
        with pytest.raises(errors.NotAllowed):
            await service.plan_cancel(done.appointment, "x")
        with pytest.raises(errors.NotAllowed):
            await service.plan_job_update(done, status="in_progress")


@live
async def test_a_job_done_with_parts_is_one_write(org: EmulatedOrg) -> None:
    """Job (a) of the demo: the org itself takes the stock down."""
    async with field_service(org) as service:
        await service.warm_up()
        alex = await alex_of(service)
        (one,) = await service.find_job(alex, "4512")
        (sensor, *_) = await service.match_part(alex, "flame sensor")
        plan = await service.plan_job_update(one, status="completed", parts=[PartUse(sensor, 3)])
        before = service._salesforce.calls
        done = await service.commit(plan, key=KEY, audit=AUDIT)
        assert service._salesforce.calls - before == 1
    assert one.work_order is not None
    assert visit_row(org, one.appointment.id)["StatusCategory"] == "Completed"
    assert org.rows(f"SELECT StatusCategory FROM WorkOrder WHERE Id = '{one.work_order.id}'")[0]["StatusCategory"] == (
        "Completed"
    )
    assert org.rows(f"SELECT QuantityOnHand FROM ProductItem WHERE Id = '{sensor.item_id}'")[0]["QuantityOnHand"] == 2
    (used,) = org.rows(
        f"SELECT Id, QuantityConsumed, Agent_Key__c FROM ProductConsumed WHERE ProductItemId = '{sensor.item_id}'"
    )
    assert used["QuantityConsumed"] == 3
    assert used["Id"] in done.ids.values()
    assert str(used["Agent_Key__c"]).startswith(KEY)
    changed = org.changed()
    assert set(changed) == {
        "ServiceAppointment",
        "WorkOrder",
        "ProductConsumed",
        "ProductItem",
        "ProductItemTransaction",
        "AI_Interaction__c",
    }
    assert changed["ProductItem"] == ["UPDATE QuantityOnHand"]


@pytest.mark.parametrize(
    ("digits", "status", "visit_category", "order_category"),
    [
        ("4518", "en_route", "Dispatched", "New"),
        ("4518", "on_site", "InProgress", "InProgress"),
        ("4516", "in_progress", "InProgress", "InProgress"),
        ("4512", "paused", "InProgress", "OnHold"),
        ("4518", "completed", "Completed", "Completed"),
        ("4512", "cannot_complete", "CannotComplete", "CannotComplete"),
    ],
)
@live
async def test_a_status_is_walked_through_the_allowed_steps(
    org: EmulatedOrg, digits: str, status: str, visit_category: str, order_category: str
) -> None:
    """3.3: the org refuses every other step."""
    async with field_service(org) as service:
        one = await job(service, digits)
        await service.commit(await service.plan_job_update(one, status=status), key=KEY, audit=AUDIT)
    assert one.work_order is not None
    assert visit_row(org, one.appointment.id)["StatusCategory"] == visit_category
    order = org.rows(f"SELECT StatusCategory FROM WorkOrder WHERE Id = '{one.work_order.id}'")[0]
    assert order["StatusCategory"] == order_category


@live
async def test_arriving_and_finishing_leave_the_actual_times(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        await service.commit(
            await service.plan_job_update(await job(service, "4516"), status="on_site"), key="a", audit=AUDIT
        )
        org.advance(3600)
        one = await job(service, "4516")
        await service.commit(await service.plan_job_update(one, status="completed"), key="b", audit=AUDIT)
    row = visit_row(org, one.appointment.id)
    assert same(row["ActualEndTime"], org.now)
    assert row["ActualStartTime"] != row["ActualEndTime"]


@live
async def test_a_step_back_is_refused_in_words(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4512")
        with pytest.raises(errors.NotAllowed) as refused:
            await service.plan_job_update(one, status="en_route")
        assert "InProgress" in refused.value.for_model
        with pytest.raises(errors.NotAllowed):
            await service.plan_job_update(one, status="in_progress")
        with pytest.raises(errors.InvalidArguments):
            await service.plan_job_update(one, status="Completed")


@live
async def test_a_work_order_with_another_open_visit_stays_open(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4512")
        org.advance(2)
        org.rest(
            "POST",
            "sobjects/ServiceAppointment",
            {
                "ParentRecordId": one.appointment.work_order_id,
                "EarliestStartTime": "2026-11-24T15:00:00Z",
                "DueDate": "2026-11-28T15:00:00Z",
            },
        )
        org.advance(200)
        one = await job(service, "4512")
        await service.commit(await service.plan_job_update(one, status="completed"), key=KEY, audit=AUDIT)
    (order,) = org.rows(f"SELECT StatusCategory FROM WorkOrder WHERE Id = '{one.appointment.work_order_id}'")
    assert order["StatusCategory"] == "InProgress"
    assert visit_row(org, one.appointment.id)["StatusCategory"] == "Completed"


@live
async def test_more_than_the_van_holds_is_refused_before_anything_is_sent(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        (sensor, *_) = await service.match_part(alex, "flame sensor")
        one = await job(service, "4512")
        with pytest.raises(errors.NotAllowed) as refused:
            await service.plan_job_update(one, status=None, parts=[PartUse(sensor, 6)])
        assert "only 5" in refused.value.for_model
        for wrong in (0, -1, float("nan")):
            with pytest.raises(errors.InvalidArguments):
                await service.plan_job_update(one, status=None, parts=[PartUse(sensor, wrong)])


@live
async def test_a_reason_and_a_note_stand_on_the_visits_feed(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4512")
        plan = await service.plan_job_update(one, status="cannot_complete", reason="nobody home", note="left a card")
        await service.commit(plan, key=KEY, audit=AUDIT)
    (post,) = org.rows(f"SELECT Body FROM FeedItem WHERE ParentId = '{one.appointment.id}'")
    assert post["Body"] == "nobody home. left a card"


@live
async def test_a_delay_flags_the_visit_for_the_dispatcher(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4518")
        plan = await service.plan_running_late(one, minutes=35, reason="traffic")
        await service.commit(plan, key=KEY, audit=AUDIT)
    (row,) = org.rows(
        f"SELECT FSL__InJeopardy__c, FSL__InJeopardyReason__c FROM ServiceAppointment WHERE Id = '{one.appointment.id}'"
    )
    assert (row["FSL__InJeopardy__c"], row["FSL__InJeopardyReason__c"]) == (True, "Delayed Start")
    assert set(org.changed()) == {"ServiceAppointment", "FeedItem", "AI_Interaction__c"}


@live
async def test_a_part_is_asked_for_to_the_technicians_van(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        (board, *_) = await service.match_part(alex, "furnace control board")
        one = await job(service, "4512")
        stock = await service.part_stock(alex, board)
        plan = await service.plan_part_request(alex, board, 1, job=one, source=stock.warehouses[0], rush=True)
        done = await service.commit(plan, key=KEY, audit=AUDIT)
    (line,) = org.rows(
        "SELECT QuantityRequested, Product2.Name, DestinationLocationId, SourceLocation.Name, WorkOrderId, "
        f"ShipmentType, ParentId FROM ProductRequestLineItem WHERE ParentId = '{done.ids['request']}'"
    )
    assert (line["QuantityRequested"], line["DestinationLocationId"]) == (1, alex.van_id)
    assert line["SourceLocation"]["Name"] == "Chicago North Warehouse"
    assert done.read["number"]["ProductRequestNumber"]
    assert set(org.changed()) == {"ProductRequest", "ProductRequestLineItem", "AI_Interaction__c"}


@live
async def test_a_part_is_moved_from_another_van(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        (sensor, *_) = await service.match_part(alex, "flame sensor")
        source = (await service.part_stock(alex, sensor)).others[0]
        plan = await service.plan_transfer(alex, source, 2)
        await service.commit(plan, key=KEY, audit=AUDIT)
        with pytest.raises(errors.NotAllowed):
            await service.plan_transfer(alex, source, source.on_hand + 1)
        with pytest.raises(errors.InvalidArguments):
            await service.plan_transfer(alex, sensor, 1)
    (row,) = org.rows("SELECT QuantitySent, DestinationLocationId, SourceLocationId FROM ProductTransfer")
    assert (row["QuantitySent"], row["DestinationLocationId"]) == (2, alex.van_id)


@live
async def test_a_new_problem_is_a_case_an_order_and_a_visit_to_place(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        context = await service.caller_context(MARIA)
        (maria,), visit = context.matches, context.appointments[0]
        (kind, *_) = await service.work_types_like("heating repair")
        (unit, *_) = await service.assets_like(maria, "rooftop unit")
        problem = Problem("No heat upstairs", "Since this morning.", kind.id, unit.id, visit)
        done = await service.commit(await service.plan_new_problem(maria, problem), key=KEY, audit=AUDIT)
        fresh = await service.appointment(done.ids["visit"])  # type: ignore[arg-type]
        assert fresh is not None
        assert fresh.duration_minutes == kind.minutes
        assert await service.slots(fresh, SlotWish())
    assert done.read["case_number"]["CaseNumber"]
    assert done.read["order_number"]["WorkOrderNumber"]
    (order,) = org.rows(
        "SELECT CaseId, AccountId, AssetId, WorkType.Name, ServiceTerritoryId, City "
        f"FROM WorkOrder WHERE Id = '{done.ids['order']}'"
    )
    assert (order["CaseId"], order["AssetId"]) == (done.ids["case"], unit.id)
    assert (order["WorkType"]["Name"], order["ServiceTerritoryId"]) == ("Heating Repair", visit.territory_id)
    copied = f"SELECT SkillId FROM SkillRequirement WHERE RelatedRecordId = '{done.ids['order']}'"
    asked_for = f"SELECT SkillId FROM SkillRequirement WHERE RelatedRecordId = '{kind.id}'"
    assert {row["SkillId"] for row in org.rows(copied)} == {row["SkillId"] for row in org.rows(asked_for)} != set()


@live
async def test_a_kind_of_work_that_makes_its_own_visit_gets_no_second_one(org: EmulatedOrg) -> None:
    """1.4: ShouldAutoCreateSvcAppt."""
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        (kind, *_) = await service.work_types_like("callback visit")
        plan = await service.plan_new_problem(maria, Problem("Again", "", kind.id))
        done = await service.commit(plan, key=KEY, audit=AUDIT)
    assert len(org.rows(f"SELECT Id FROM ServiceAppointment WHERE ParentRecordId = '{done.ids['order']}'")) == 1


@live
async def test_an_emergency_is_one_request_and_needs_no_other(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        plan = await service.plan_emergency(
            hazard="gas", said='it smells @{of} "gas"', number="+17735550103", address="12 Elm Street"
        )
        done = await service.commit(plan, key=KEY, audit=AUDIT)
        assert service._salesforce.calls == 1
    (case,) = org.rows(
        f"SELECT Priority, SuppliedPhone, Subject, Description FROM Case WHERE Id = '{done.ids['case']}'"
    )
    (order,) = org.rows(f"SELECT Priority, CaseId FROM WorkOrder WHERE Id = '{done.ids['order']}'")
    assert (case["Priority"], case["SuppliedPhone"]) == ("High", "+17735550103")
    assert (order["Priority"], order["CaseId"]) == ("Critical", done.ids["case"])
    assert "12 Elm Street" in case["Description"]
    assert org.changed() == {"Case": ["CREATE"], "WorkOrder": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


@live
async def test_a_message_of_a_stranger_is_a_case_and_of_a_customer_a_task(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        unknown = await service.plan_message(desk="billing", text="call me", number="+17735550103", name="Jo")
        done = await service.commit(unknown, key="a", audit=AUDIT)
        (maria,) = (await service.caller_context(MARIA)).matches
        known = await service.plan_message(desk="billing", text="call me", contact=maria, call_back_at="after five")
        await service.commit(known, key="b", audit=AUDIT)
    assert done.read["message_number"]["CaseNumber"]
    (task,) = org.rows(f"SELECT Subject, Description FROM Task WHERE WhoId = '{maria.id}'")
    assert task["Subject"] == "[billing] Call back"
    assert "after five" in task["Description"]


@live
async def test_a_message_goes_to_the_desks_queue_where_the_org_has_one(org: EmulatedOrg) -> None:
    queue = org.rows("SELECT Id FROM Group WHERE Type = 'Queue' AND Name = 'Dispatch'")[0]["Id"]
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        known = await service.plan_message(desk="dispatch", text="gate code 12", contact=maria)
        await service.commit(known, key="a", audit=AUDIT)
        unknown = await service.plan_message(desk="dispatch", text="call me", number="+17735550103")
        done = await service.commit(unknown, key="b", audit=AUDIT)
    (task,) = org.rows(f"SELECT Subject, OwnerId FROM Task WHERE WhoId = '{maria.id}'")
    assert (task["Subject"], task["OwnerId"]) == ("Call back", queue)
    (case,) = org.rows(f"SELECT Subject, OwnerId FROM Case WHERE Id = '{done.ids['message']}'")
    assert (case["Subject"], case["OwnerId"]) == ("Call back", queue)


@live
async def test_a_message_is_not_lost_because_the_queues_cannot_be_read(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        org.fault("GET .*/query.*", "503", times=2)
        plan = await service.plan_message(desk="dispatch", text="call me", number="+17735550103")
        org.clear_faults()
        assert (await service.commit(plan, key="a", audit=AUDIT)).status == "applied"
    assert plan.steps[0].body is not None
    assert plan.steps[0].body["Subject"] == "[dispatch] Call back"


@live
async def test_an_account_on_stop_is_refused_in_the_administrators_words(org: EmulatedOrg) -> None:
    """Bad input: a validation rule of the org."""
    async with field_service(org) as service:
        (frank,) = (await service.caller_context("+13125550104")).matches
        plan = await service.plan_new_problem(frank, Problem("No heat", "Since today"))
        with pytest.raises(errors.InvalidInput) as refused:
            await service.commit(plan, key=KEY, audit=AUDIT)
    assert refused.value.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "saying" in refused.value.for_model
    assert org.changed() == {}


@live
async def test_a_refused_id_is_no_conflict_though_the_org_speaks_of_references(org: EmulatedOrg) -> None:
    """ "invalid cross reference id" is the org's word on a value: nobody changed anything, and again will not help."""
    async with field_service(org) as service:
        visit = replace(await marias_visit(service), contact_id=RecordId("003000000000001AAA"))
        plan = await service.plan_arrival_note(visit, "the gate is open")
        with pytest.raises(errors.SalesforceError) as refused:
            await service.commit(plan, key=KEY, audit=AUDIT)
    assert not isinstance(refused.value, errors.Conflict), refused.value
    assert "CROSS_REFERENCE" in refused.value.code
    assert org.changed() == {}


@live
async def test_a_plan_survives_its_journey_as_json(org: EmulatedOrg) -> None:
    """An approval may come hours later, in another process."""
    async with field_service(org) as service:
        visit = await marias_visit(service)
        plan = await service.plan_reschedule(visit, await a_slot(service, visit))
        revived = WritePlan.from_json(json.loads(json.dumps(plan.as_json())))
        assert revived == plan
        assert (await commit(service._salesforce, revived, key=KEY, audit=AUDIT)).status == "applied"


def test_keys_of_created_records_are_short_stable_and_distinct() -> None:
    """Agent_Key__c holds 64 characters."""
    for key in ("k", "k" * 62, "k" * 64):
        made = [derived_key(key, position) for position in range(25)]
        assert len(set(made)) == 25
        assert max(map(len, made)) <= 64
        assert made == [derived_key(key, position) for position in range(25)]


@live
async def test_the_day_is_read_afresh_after_a_write(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        one = await job(service, "4512")
        await service.commit(await service.plan_job_update(one, status="completed"), key=KEY, audit=AUDIT)
        day = await service.day(alex, date(2026, 11, 23))
    assert [job.appointment.category for job in day] == ["Completed", "Completed", "Dispatched", "Scheduled"]


@live
async def test_two_reports_on_one_job_at_once_leave_one(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        one = await job(service, "4512")
        first = await service.plan_job_update(one, status="completed")
        second = await service.plan_job_update(one, status="cannot_complete")
        org.advance(1)
        outcomes = await asyncio.gather(
            service.commit(first, key="a", audit=AUDIT),
            service.commit(second, key="b", audit=AUDIT),
            return_exceptions=True,
        )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Committed", "Conflict"]
    assert org.changed()["AI_Interaction__c"] == ["CREATE"]
