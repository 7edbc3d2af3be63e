"""TaskRouter: expressions, routing, reservations, instructions, events and REST (sheet section 5.5)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from voice_agent.demo.twilio.happenings import Bridged, ClausePlayed, ConferenceJoined
from voice_agent.demo.twilio.phones import PhoneHabits
from voice_agent.demo.twilio.taskrouter.expressions import BadExpression, matches
from voice_agent.demo.twilio.taskrouter.records import Task, TaskQueue, Worker, Workflow, Workspace

from .application import BASE, Application, response
from .official_client import client
from .processes import emulator
from .stage import Stage
from .virtual_time import run

ANN = {"skill": "gas", "languages": ["en", "es"], "level": 3, "region": "north"}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("", True),
        ("1==1", True),
        ("skill == 'gas'", True),
        ('skill=="power" OR level >= 3', True),
        ("skill == 'gas' AND NOT (region IN ['south', 'west'])", True),
        ("languages HAS 'es'", True),
        ("skill HAS 'gas'", False),
        ("region NOT IN ['north']", False),
        ("region CONTAINS 'ort'", True),
        ("missing == 'x'", False),
        ("missing == NULL", True),
        ("level > 'high'", False),
        ("worker.region == task.region", False),
    ],
)
def test_expressions_hold_or_do_not(expression: str, holds: bool) -> None:
    """Sheet section 5.5: `HAS` on what is no list never matches."""
    assert matches(expression, ANN) is holds


@pytest.mark.parametrize("expression", ["skill ==", "job-type == 'x'", "(a == 1", "a == 1 b", "[1", "&&"])
def test_expressions_that_do_not_parse_are_refused(expression: str) -> None:
    """Sheet section 5.5: hyphens are not allowed in attribute names."""
    with pytest.raises(BadExpression):
        matches(expression, ANN)


class Desk:
    """A stage with a workspace: two gas workers, one queue, one workflow."""

    def __init__(self, application: Application, targets: list[dict[str, Any]] | None = None) -> None:
        self.application = application
        self.stage = Stage(application)
        self.router = self.stage.exchange.taskrouter
        self.workspace: Workspace = self.router.create_workspace("Dispatch", f"{BASE}/event")
        self.activities = {each.friendly_name: each for each in self.workspace.activities.values()}
        now = self.stage.clock.utc()
        self.queue = TaskQueue("gas", "skill == 'gas'", now)
        self.others = TaskQueue("everyone", "1==1", now)
        self.workspace.queues |= {self.queue.sid: self.queue, self.others.sid: self.others}
        given = targets if targets is not None else [{"queue": self.queue.sid}]
        filters = [{"expression": "type == 'dispatch'", "targets": given}]
        configuration = {"task_routing": {"filters": filters}}
        self.workflow = Workflow("dispatch", configuration, now, f"{BASE}/assign", reservation_timeout=20)
        self.workspace.workflows[self.workflow.sid] = self.workflow

    def worker(self, name: str, number: str = "+15550100003", **attributes: Any) -> Worker:
        given: Mapping[str, Any] = {"skill": "gas", "contact_uri": number, **attributes}
        return self.router.create_worker(self.workspace, name, given, self.activities["Available"])

    def task(self, **more: Any) -> Task:
        return self.router.create_task(self.workspace, self.workflow, {"type": "dispatch"}, **more)

    def events(self) -> list[str]:
        return [form["EventType"] for form in self.application.forms("/event")]

    def enqueue(self) -> str:
        return response(
            f'<Enqueue workflowSid="{self.workflow.sid}" action="/left"><Task priority="5">{{"type":"dispatch"}}</Task>'
            "</Enqueue>"
        )


def instructing(instruction: Mapping[str, Any]) -> Response:
    return JSONResponse(dict(instruction))


def test_a_normal_run_has_the_observed_order_of_events() -> None:
    """Sheet section 5.5, «Observed order of a normal run» [LIVE]."""

    async def scenario() -> None:
        application = Application(assign=instructing({"instruction": "accept"}))
        desk = Desk(application)
        desk.worker("Ann")
        task = desk.task()
        await desk.stage.clock.sleep(1)
        desk.router.routing.complete(desk.workspace, task, "done")
        await desk.stage.clock.sleep(1)
        assert desk.events() == [
            "workflow.entered",
            "task-queue.entered",
            "task.created",
            "workflow.target-matched",
            "reservation.created",
            "reservation.accepted",
            "task.completed",
            "reservation.completed",
            "task.updated",
        ]
        assert len({form["Sid"] for form in application.forms("/event")}) == 9
        [assign] = application.forms("/assign")
        assert assign["WorkerName"] == "Ann" and json.loads(assign["TaskAttributes"]) == {"type": "dispatch"}
        assert assign["ReservationSid"].startswith("WR") and assign["TaskAge"] == "0"

    run(scenario())


def test_a_rejected_task_goes_to_the_next_worker() -> None:
    """Sheet section 5.5: `reject` with `activity_sid`."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        ann, bob = desk.worker("Ann"), desk.worker("Bob")
        offline = desk.activities["Offline"].sid
        application.pages["assign"] = [
            instructing({"instruction": "reject", "activity_sid": offline}),
            instructing({"instruction": "accept"}),
        ]
        task = desk.task()
        await desk.stage.clock.sleep(1)
        assert [each.status for each in task.reservations] == ["rejected", "accepted"]
        assert {each.worker for each in task.reservations} == {ann, bob}
        assert task.reservations[0].worker.activity.friendly_name == "Offline" and task.status == "assigned"

    run(scenario())


def test_who_lets_a_reservation_time_out_goes_offline_and_the_task_waits() -> None:
    """Sheet section 5.5, «Behaviour worth copying»: time-out activity, back to the queue."""

    async def scenario() -> None:
        application = Application(assign=Response(status_code=200))
        desk = Desk(application)
        ann = desk.worker("Ann")
        task = desk.task()
        await desk.stage.clock.sleep(21)
        assert task.reservations[0].status == "timeout" and ann.activity.friendly_name == "Offline"
        assert task.status == "pending"
        bob = desk.worker("Bob")
        assert task.status == "reserved" and task.reservations[1].worker is bob

    run(scenario())


def test_targets_follow_each_other_and_the_last_time_out_cancels() -> None:
    """Sheet section 5.5: `timeout`, `skip_if`, target `expression`; no default filter: cancelled."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        filters = desk.workflow.configuration["task_routing"]["filters"]
        filters[0]["targets"] = [
            {"queue": desk.queue.sid, "skip_if": "workers.available==0"},
            {"queue": desk.others.sid, "timeout": 30, "expression": "worker.region==task.region", "priority": 9},
        ]
        desk.worker("Ann", skill="power", region="south")
        task = desk.router.create_task(
            desk.workspace, desk.workflow, {"type": "dispatch", "region": "north"}, priority=1
        )
        assert task.target is not None and task.target.queue is desk.others
        assert task.priority == 9 and not task.reservations
        await desk.stage.clock.sleep(31)
        assert task.status == "canceled" and task.reason == "Task canceled on Workflow timeout"
        assert "workflow.skipped" in desk.events() and desk.events()[-1] == "task.canceled"

    run(scenario())


def test_a_waiting_call_is_dequeued_to_the_workers_phone() -> None:
    """Sheet sections 5.2 and 5.5: `<Enqueue workflowSid>`, `dequeue`, `post_work_activity_sid`, QueueResult bridged."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        ann = desk.worker("Ann")
        away = desk.activities["Unavailable"].sid
        application.pages["voice"] = [desk.enqueue()]
        application.pages["assign"] = [
            instructing({"instruction": "dequeue", "from": "+15550100001", "post_work_activity_sid": away})
        ]
        caller = await desk.stage.call()
        await caller.journal.until(lambda entry: isinstance(entry, Bridged))
        [task] = desk.workspace.tasks.values()
        assert task.attributes["call_sid"] == caller.sid and task.attributes["type"] == "dispatch"
        assert task.status == "assigned" and task.priority == 5
        leg = next(call for call in desk.stage.exchange.calls.values() if call is not caller)
        assert leg.to_number == "+15550100003" and task.attributes["worker_call_sid"] == leg.sid
        await desk.stage.clock.sleep(5)
        leg.hang_up()
        await caller.ended()
        await leg.ended()
        [left] = application.forms("/left")
        assert left["QueueResult"] == "bridged"
        assert task.status == "completed" and ann.activity.friendly_name == "Unavailable"

    run(scenario())


def test_a_worker_who_does_not_pick_up_loses_the_task_to_another() -> None:
    """Sheet section 5.5: no answer times the reservation out; the caller keeps waiting."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        desk.worker("Ann", "+15550100003")
        desk.worker("Bob", "+15550100004")
        desk.stage.exchange.phones["+15550100003"] = PhoneHabits("no_answer")
        application.pages["voice"] = [desk.enqueue()]
        application.pages["assign"] = [instructing({"instruction": "dequeue", "timeout": 10})]
        caller = await desk.stage.call()
        await caller.journal.until(lambda entry: isinstance(entry, Bridged))
        [task] = desk.workspace.tasks.values()
        assert sorted(each.status for each in task.reservations)[0] == "accepted"
        assert next(e for e in task.reservations if e.status == "accepted").worker.friendly_name == "Bob"

    run(scenario())


def test_a_conference_joins_worker_and_caller() -> None:
    """Sheet section 5.5, instruction `conference`."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        desk.worker("Ann")
        application.pages["voice"] = [desk.enqueue()]
        application.pages["assign"] = [instructing({"instruction": "conference", "from": "+15550100001"})]
        caller = await desk.stage.call()
        await caller.journal.until(lambda entry: isinstance(entry, ConferenceJoined))
        [task] = desk.workspace.tasks.values()
        assert task.status == "assigned"
        caller.hang_up()
        await caller.ended()
        await desk.stage.clock.sleep(5)
        assert task.status == "wrapping"

    run(scenario())


def test_after_the_conference_the_queues_action_says_where_the_caller_goes() -> None:
    """Sheet section 5.2: for a bridged call `action` is asked once the talk is over, and its answer counts."""

    async def scenario() -> None:
        application = Application(left=response("<Say>Anything else?</Say>"))
        desk = Desk(application)
        desk.worker("Ann")
        application.pages["voice"] = [desk.enqueue()]
        application.pages["assign"] = [instructing({"instruction": "conference", "from": "+15550100001"})]
        caller = await desk.stage.call()
        await caller.journal.until(lambda entry: isinstance(entry, ConferenceJoined))
        await desk.stage.clock.sleep(5)
        assert not application.forms("/left"), "they still talk"
        leg = next(call for call in desk.stage.exchange.calls.values() if call is not caller)
        leg.hang_up()
        await caller.ended()
        [left] = application.forms("/left")
        assert left["QueueResult"] == "bridged" and left["CallStatus"] == "in-progress"
        assert [e.text for e in caller.journal.entries if isinstance(e, ClausePlayed)] == ["Anything else?"]

    run(scenario())


def test_an_answer_after_five_seconds_is_none_and_the_fallback_is_asked() -> None:
    """Sheet section 5.5: the limit of an assignment callback."""

    async def scenario() -> None:
        application = Application(assign=instructing({"instruction": "accept"}))
        desk = Desk(application)
        desk.stage.exchange.faults.add({"match": "WEBHOOK ^/assign", "fault": "latency", "ms": 60_000})
        desk.workflow.fallback_assignment_callback_url = f"{BASE}/fallback"
        application.pages["fallback"] = [instructing({"instruction": "accept"})]
        desk.worker("Ann")
        task = desk.task()
        await desk.stage.clock.sleep(10)
        assert task.status == "assigned" and len(application.forms("/fallback")) == 1
        assert not application.forms("/assign")

    run(scenario())


def test_a_caller_who_hangs_up_takes_the_task_along() -> None:
    """Sheet section 5.2: the task of a queued call that is gone is cancelled."""

    async def scenario() -> None:
        application = Application()
        desk = Desk(application)
        application.pages["voice"] = [desk.enqueue()]
        caller = await desk.stage.call()
        await caller.journal.until(lambda entry: bool(desk.workspace.tasks))
        await desk.stage.clock.sleep(1)
        caller.hang_up()
        await caller.ended()
        [task] = desk.workspace.tasks.values()
        assert task.status == "canceled"

    run(scenario())


@pytest.fixture(scope="module")
def twilio() -> Iterator[Client]:
    with emulator() as address, client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as account:
        yield account


@pytest.mark.process
def test_rest_builds_a_workspace_and_moves_a_task_through_it(twilio: Client) -> None:
    """Sheet section 5.5, the REST twin, with the official client."""
    workspace = twilio.taskrouter.v1.workspaces.create(friendly_name="Dispatch")
    space = twilio.taskrouter.v1.workspaces(workspace.sid or "")
    available = space.activities.list(friendly_name="Available")[0]
    worker = space.workers.create(friendly_name="Ann", activity_sid=available.sid, attributes='{"skill":"gas"}')
    assert worker.available and json.loads(worker.attributes or "") == {"skill": "gas"}
    with pytest.raises(TwilioRestException):
        space.workers.create(friendly_name="ANN")
    queue = space.task_queues.create(friendly_name="gas", target_workers="skill == 'gas'")
    routing = {"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}}
    workflow = space.workflows.create(friendly_name="dispatch", configuration=json.dumps(routing))
    task = space.tasks.create(workflow_sid=workflow.sid, attributes='{"type":"dispatch"}', priority=3)
    assert task.assignment_status == "reserved" and task.task_queue_friendly_name == "gas"
    [reservation] = space.tasks(task.sid or "").reservations.list()
    assert reservation.reservation_status == "pending" and reservation.worker_name == "Ann"
    accepted = space.tasks(task.sid or "").reservations(reservation.sid or "").update(reservation_status="accepted")
    assert accepted.reservation_status == "accepted"
    assert space.tasks(task.sid or "").fetch().assignment_status == "assigned"
    with pytest.raises(TwilioRestException) as stale:
        space.tasks(task.sid or "").update(if_match="7", attributes="{}")
    assert stale.value.status == 412
    done = space.tasks(task.sid or "").update(assignment_status="completed", reason="talked")
    assert done.assignment_status == "completed" and done.reason == "talked"
    with pytest.raises(TwilioRestException):
        space.workflows.create(
            friendly_name="broken", configuration='{"task_routing":{"default_filter":{"queue":"x"}}}'
        )
