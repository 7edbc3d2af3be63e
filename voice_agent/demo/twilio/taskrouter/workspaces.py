"""The account's workspaces: they hold the records, post the events, and ask the application about each reservation."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from typing import Any

from .. import forms
from ..call import EmulatedCall
from ..clock import Clock
from ..ledger import Ledger
from ..sids import new_sid
from ..webhook import WebhookFailed, Webhooks
from .expressions import BadExpression
from .instructions import Instructions, InvalidInstruction
from .records import Activity, Reservation, Task, Worker, Workflow, Workspace
from .routing import InvalidWorkflow, Routing

ASSIGNMENT_SECONDS = 5
"""How long an assignment callback may take (sheet section 4.2)."""
DAY = 86_400


class TaskRouter:
    """Everything of TaskRouter on one account. Changes go through here so that their events are told."""

    def __init__(
        self, account_sid: str, clock: Clock, webhooks: Webhooks, ledger: Ledger, instructions: Instructions
    ) -> None:
        self._account_sid = account_sid
        self._clock = clock
        self._webhooks = webhooks
        self._ledger = ledger
        self._instructions = instructions
        self._errands: set[asyncio.Task[None]] = set()
        self.workspaces: dict[str, Workspace] = {}
        self.routing = Routing(clock, self._event, self._offer)

    def create_workspace(
        self, name: str, event_callback_url: str = "", events: frozenset[str] = frozenset()
    ) -> Workspace:
        """With the activities Twilio begins with: Offline, Available, Unavailable."""
        now = self._clock.utc()
        activities = [Activity(each, each == "Available", now) for each in ("Offline", "Available", "Unavailable")]
        workspace = Workspace(
            name, now, {each.sid: each for each in activities}, activities[0], activities[0], event_callback_url, events
        )
        self.workspaces[workspace.sid] = workspace
        return workspace

    def create_worker(
        self, workspace: Workspace, name: str, attributes: Mapping[str, Any], activity: Activity | None
    ) -> Worker:
        now = self._clock.utc()
        worker = Worker(name, attributes, activity or workspace.default_activity, now, now)
        workspace.workers[worker.sid] = worker
        self.routing.look_again(workspace)
        return worker

    def create_task(
        self,
        workspace: Workspace,
        workflow: Workflow,
        attributes: dict[str, Any],
        *,
        priority: int = 0,
        timeout: int = DAY,
        channel: str = "default",
        call: EmulatedCall | None = None,
    ) -> Task:
        """Raises InvalidWorkflow and BadExpression."""
        now = self._clock.utc()
        task = Task(workflow, attributes, now, now, priority, timeout, channel, self._clock.now())
        task.call_sid = None if call is None else call.sid
        self.routing.enter(workspace, task)
        return task

    def enqueue(
        self, call: EmulatedCall, workflow_sid: str, attributes: dict[str, Any], priority: int, timeout: int
    ) -> Task:
        """`<Enqueue workflowSid>`: the call's own facts join the task's attributes. Raises InvalidWorkflow."""
        found = self.find_workflow(workflow_sid)
        if found is None:
            raise InvalidWorkflow(f"there is no workflow {workflow_sid}")
        workspace, workflow = found
        fields = call.fields()
        facts = {
            "call_sid": call.sid,
            "account_sid": call.account_sid,
            "from": call.from_number,
            "to": call.to_number,
            "caller": call.from_number,
            "called": call.to_number,
            "direction": call.options.direction,
            "call_status": call.status,
            "api_version": fields["ApiVersion"],
            "from_country": fields["FromCountry"],
            "to_country": fields["ToCountry"],
        }
        both = {**attributes, **facts}
        return self.create_task(
            workspace, workflow, both, priority=priority, timeout=timeout, channel="voice", call=call
        )

    def task_of_call(self, call_sid: str) -> tuple[Workspace, Task] | None:
        return next(
            (
                (workspace, task)
                for workspace in self.workspaces.values()
                for task in workspace.tasks.values()
                if task.call_sid == call_sid and task.status not in ("completed", "canceled")
            ),
            None,
        )

    def find_workflow(self, sid: str) -> tuple[Workspace, Workflow] | None:
        return next(
            ((space, space.workflows[sid]) for space in self.workspaces.values() if sid in space.workflows), None
        )

    def find_reservation(self, sid: str) -> tuple[Workspace, Reservation] | None:
        return next(
            (
                (workspace, reservation)
                for workspace in self.workspaces.values()
                for task in workspace.tasks.values()
                for reservation in task.reservations
                if reservation.sid == sid
            ),
            None,
        )

    def instruct(self, workspace: Workspace, reservation: Reservation, instruction: Mapping[str, Any]) -> None:
        """Does what an assignment callback or REST said of a reservation. Raises InvalidInstruction."""
        self._instructions.perform(self.routing, workspace, reservation, instruction)

    async def close(self) -> None:
        for errand in tuple(self._errands):
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)

    def _offer(self, workspace: Workspace, reservation: Reservation) -> None:
        if reservation.task.workflow.assignment_callback_url:
            self._do(self._ask(workspace, reservation))

    async def _ask(self, workspace: Workspace, reservation: Reservation) -> None:
        """The assignment callback, then the fallback; an empty or unusable answer leaves the reservation pending."""
        workflow = reservation.task.workflow
        form = self._assignment_form(workspace, reservation)
        for url in (workflow.assignment_callback_url, workflow.fallback_assignment_callback_url):
            if not url:
                continue
            try:
                async with asyncio.timeout(ASSIGNMENT_SECONDS):
                    answer = await self._webhooks.send("assignment", url, form, self._ledger.follow_call)
                instruction = json.loads(answer.body) if answer.body.strip() else {}
                if instruction and reservation.status == "pending":
                    self.instruct(workspace, reservation, instruction)
                return
            except (WebhookFailed, TimeoutError, ValueError, InvalidInstruction) as failed:
                self._ledger.enter("alert_raised", code=40001, text=f"assignment callback: {failed}", url=url)

    def _assignment_form(self, workspace: Workspace, reservation: Reservation) -> dict[str, str]:
        task, worker = reservation.task, reservation.worker
        return {
            "AccountSid": self._account_sid,
            "WorkspaceSid": workspace.sid,
            "WorkflowSid": task.workflow.sid,
            "TaskQueueSid": task.target.queue.sid if task.target is not None else "",
            "TaskSid": task.sid,
            "TaskAttributes": json.dumps(task.attributes),
            "TaskAge": str(self.age(task)),
            "TaskPriority": str(task.priority),
            "WorkerSid": worker.sid,
            "WorkerName": worker.friendly_name,
            "WorkerAttributes": json.dumps(worker.attributes),
            "ReservationSid": reservation.sid,
            "Timestamp": forms.rfc2822(self._clock.utc()),
        }

    def age(self, task: Task) -> int:
        return round(self._clock.now() - task.entered)

    def _event(
        self, workspace: Workspace, kind: str, task: Task | None, reservation: Reservation | None, worker: Worker | None
    ) -> None:
        subject = kind.split(".")[0]
        owners = {
            "task": task,
            "reservation": reservation,
            "worker": worker,
            "workflow": None if task is None else task.workflow,
            "task-queue": None if task is None or task.target is None else task.target.queue,
        }
        owner = owners.get(subject)
        form = {
            "EventType": kind,
            "Sid": new_sid("EV"),
            "AccountSid": self._account_sid,
            "WorkspaceSid": workspace.sid,
            "WorkspaceName": workspace.friendly_name,
            "Timestamp": str(int(self._clock.utc().timestamp())),
            "TimestampMs": str(int(self._clock.utc().timestamp() * 1000)),
            "ResourceType": subject,
            "ResourceSid": owner.sid if owner is not None else workspace.sid,
        }
        if task is not None:
            form |= self._task_fields(task)
        if worker is not None:
            form |= {
                "WorkerSid": worker.sid,
                "WorkerName": worker.friendly_name,
                "WorkerActivityName": worker.activity.friendly_name,
                "WorkerAttributes": json.dumps(worker.attributes),
            }
        if reservation is not None:
            form["ReservationSid"] = reservation.sid
        self._ledger.enter("task_event", event=kind, **{k: form[k] for k in ("TaskSid", "WorkerSid") if k in form})
        wanted = not workspace.events_filter or kind in workspace.events_filter
        if workspace.event_callback_url and wanted:
            self._do(self._tell(workspace.event_callback_url, form))

    def _task_fields(self, task: Task) -> dict[str, str]:
        fields = {
            "TaskSid": task.sid,
            "TaskAttributes": json.dumps(task.attributes),
            "TaskAssignmentStatus": task.status,
            "TaskAge": str(self.age(task)),
            "TaskPriority": str(task.priority),
            "TaskChannelUniqueName": task.channel,
            "WorkflowSid": task.workflow.sid,
            "WorkflowName": task.workflow.friendly_name,
        }
        if task.target is not None:
            queue = task.target.queue
            fields |= {"TaskQueueSid": queue.sid, "TaskQueueName": queue.friendly_name}
        if task.status == "canceled":
            fields["TaskCanceledReason"] = task.reason or ""
        if task.status == "completed" and task.reason:
            fields["TaskCompletedReason"] = task.reason
        return fields

    async def _tell(self, url: str, form: Mapping[str, str]) -> None:
        try:
            await self._webhooks.send("task-event", url, form, self._ledger.follow_call)
        except WebhookFailed as failed:
            self._ledger.enter("alert_raised", code=failed.code, text=str(failed), url=url)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)


__all__ = ["BadExpression", "InvalidInstruction", "InvalidWorkflow", "TaskRouter"]
