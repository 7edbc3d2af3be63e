"""How a task finds a worker: filters, targets, reservations, time-outs, and the events that tell of each step."""

from collections.abc import Callable, Mapping
from typing import Any

from ..clock import Clock
from .expressions import matches
from .records import SETTLED, Activity, Reservation, Target, Task, TaskQueue, Worker, Workflow, Workspace

MOST_REJECTIONS = 1000

Event = Callable[[Workspace, str, Task | None, Reservation | None, Worker | None], None]
Offer = Callable[[Workspace, Reservation], None]


class InvalidWorkflow(ValueError):
    """The configuration names a queue that is not there, or is no configuration."""


class Routing:
    """Moves tasks and reservations of a workspace. `event` is told of every step, `offer` of each new reservation."""

    def __init__(self, clock: Clock, event: Event, offer: Offer) -> None:
        self._clock = clock
        self._event = event
        self._offer = offer

    def enter(self, workspace: Workspace, task: Task) -> None:
        """A new task: observed order workflow.entered, task-queue.entered, task.created (sheet section 5.5)."""
        workspace.tasks[task.sid] = task
        task.targets = read_targets(workspace, task.workflow, task.attributes)
        task.life_timer = self._clock.call_later(
            task.timeout, lambda: self.cancel(workspace, task, "Task TTL Exceeded")
        )
        self._event(workspace, "workflow.entered", task, None, None)
        self._next_target(workspace, task, created=True)

    def look_again(self, workspace: Workspace) -> None:
        """Somebody became free: waiting tasks by priority, then age; LIFO queues turn the age round."""
        waiting = [task for task in workspace.tasks.values() if task.status == "pending" and task.target is not None]

        def rank(task: Task) -> tuple[int, float]:
            lifo = task.target is not None and task.target.queue.task_order == "LIFO"
            return -task.priority, -task.entered if lifo else task.entered

        for task in sorted(waiting, key=rank):
            self._reserve(workspace, task)

    def accept(self, workspace: Workspace, reservation: Reservation) -> None:
        task = reservation.task
        self._settle(reservation, "accepted")
        for other in task.reservations:
            if other is not reservation and other.status == "pending":
                self._settle(other, "rescinded")
                self._event(workspace, "reservation.rescinded", task, other, other.worker)
        task.status = "assigned"
        self._stop_timers(task)
        if task.target is not None and task.target.queue.assignment_activity is not None:
            self.move_worker(workspace, reservation.worker, task.target.queue.assignment_activity)
        self._event(workspace, "reservation.accepted", task, reservation, reservation.worker)

    def reject(self, workspace: Workspace, reservation: Reservation, activity: Activity | None = None) -> None:
        """The task goes on to the next worker; `activity` is where this one goes."""
        self._settle(reservation, "rejected")
        self._event(workspace, "reservation.rejected", reservation.task, reservation, reservation.worker)
        if activity is not None:
            self.move_worker(workspace, reservation.worker, activity)
        self._offer_again(workspace, reservation.task)

    def time_out(self, workspace: Workspace, reservation: Reservation) -> None:
        """Nobody answered: the worker goes to the time-out activity and the task back to its queue."""
        if reservation.status != "pending":
            return
        self._settle(reservation, "timeout")
        self._event(workspace, "reservation.timeout", reservation.task, reservation, reservation.worker)
        self.move_worker(workspace, reservation.worker, workspace.timeout_activity)
        self._offer_again(workspace, reservation.task)

    def wrap_up(self, workspace: Workspace, task: Task) -> None:
        task.status = "wrapping"
        for reservation in task.reservations:
            if reservation.status == "accepted":
                self._settle(reservation, "wrapping")
                self._event(workspace, "reservation.wrapup", task, reservation, reservation.worker)
        self._event(workspace, "task.wrapup", task, None, None)

    def complete(self, workspace: Workspace, task: Task, reason: str | None) -> None:
        """task.completed, reservation.completed, task.updated, as observed; the worker is free again."""
        task.status, task.reason = "completed", reason
        self._stop_timers(task)
        self._event(workspace, "task.completed", task, None, None)
        for reservation in task.reservations:
            if reservation.status in ("accepted", "wrapping"):
                self._settle(reservation, "completed")
                self._event(workspace, "reservation.completed", task, reservation, reservation.worker)
        self._event(workspace, "task.updated", task, None, None)
        self.look_again(workspace)

    def cancel(self, workspace: Workspace, task: Task, reason: str) -> None:
        if task.status in SETTLED or task.status in ("assigned", "wrapping"):
            return
        task.status, task.reason = "canceled", reason
        self._stop_timers(task)
        for reservation in task.reservations:
            if reservation.status == "pending":
                self._settle(reservation, "canceled")
                self._event(workspace, "reservation.canceled", task, reservation, reservation.worker)
        self._event(workspace, "task.canceled", task, None, None)
        self.look_again(workspace)

    def move_worker(self, workspace: Workspace, worker: Worker, activity: Activity) -> None:
        if worker.activity is activity:
            return
        worker.activity = activity
        worker.status_changed_at = self._clock.utc()
        self._event(workspace, "worker.activity.update", None, None, worker)
        if activity.available:
            self.look_again(workspace)

    def _next_target(self, workspace: Workspace, task: Task, *, created: bool = False) -> None:
        """On to the next target that is not skipped; without one the task is cancelled."""
        if task.target_timer is not None:
            task.target_timer.cancel()
            task.target_timer = None
        before = task.target
        task.target_at += 1
        while (target := task.target) is not None and self._skipped(workspace, task, target):
            self._event(workspace, "workflow.skipped", task, None, None)
            task.target_at += 1
        if target is None:
            if created:
                self._event(workspace, "task.created", task, None, None)
            self._event(workspace, "workflow.timeout", task, None, None)
            self.cancel(workspace, task, "Task canceled on Workflow timeout")
            return
        if target.priority is not None:
            task.priority = target.priority
        task.queue_entered_at = self._clock.utc()
        self._event(workspace, "task-queue.entered" if before is None else "task-queue.moved", task, None, None)
        if created:
            self._event(workspace, "task.created", task, None, None)
        self._event(workspace, "workflow.target-matched", task, None, None)
        if target.timeout is not None:
            task.target_timer = self._clock.call_later(target.timeout, lambda: self._target_over(workspace, task))
        self._reserve(workspace, task)

    def _target_over(self, workspace: Workspace, task: Task) -> None:
        if task.status in ("pending", "reserved"):
            for reservation in task.reservations:
                if reservation.status == "pending":
                    self._settle(reservation, "canceled")
                    self._event(workspace, "reservation.canceled", task, reservation, reservation.worker)
            task.status = "pending"
            self._event(workspace, "task-queue.timeout", task, None, None)
            self._next_target(workspace, task)

    def _reserve(self, workspace: Workspace, task: Task) -> None:
        target = task.target
        if target is None or task.status != "pending":
            return
        for worker in self._free(workspace, task, target)[: target.queue.max_reserved_workers]:
            now = self._clock.utc()
            reservation = Reservation(task, worker, now, now)
            task.reservations.append(reservation)
            task.status = "reserved"
            reservation.timer = self._clock.call_later(
                task.workflow.reservation_timeout, _timeout(self, workspace, reservation)
            )
            self._event(workspace, "reservation.created", task, reservation, worker)
            self._offer(workspace, reservation)

    def _free(self, workspace: Workspace, task: Task, target: Target) -> list[Worker]:
        """Who may get the task now: available, matching, idle, and not yet refused; the longest idle first."""
        busy = {
            each.worker
            for other in workspace.tasks.values()
            for each in other.reservations
            if each.status in ("pending", "accepted", "wrapping")
        }
        fitting = [
            worker
            for worker in eligible(workspace, target.queue)
            if worker.activity.available
            and worker not in busy
            and worker not in task.rejected_by
            and matches(target.expression, {"worker": worker.attributes, "task": task.attributes, **worker.attributes})
        ]
        return sorted(fitting, key=lambda worker: worker.status_changed_at)

    def _skipped(self, workspace: Workspace, task: Task, target: Target) -> bool:
        if not target.skip_if:
            return False
        available = sum(worker.activity.available for worker in eligible(workspace, target.queue))
        return matches(target.skip_if, {"workers": {"available": available}, "task": task.attributes})

    def _offer_again(self, workspace: Workspace, task: Task) -> None:
        if any(each.status == "pending" for each in task.reservations) or task.status != "reserved":
            return
        task.status = "pending"
        if sum(each.status == "rejected" for each in task.reservations) >= MOST_REJECTIONS:
            self.cancel(workspace, task, "Task canceled on maximum number of rejections")
            return
        self._reserve(workspace, task)
        self.look_again(workspace)

    def _settle(self, reservation: Reservation, status: str) -> None:
        reservation.status = status
        reservation.updated_at = self._clock.utc()
        if reservation.timer is not None:
            reservation.timer.cancel()
            reservation.timer = None

    def _stop_timers(self, task: Task) -> None:
        for timer in (task.target_timer, task.life_timer):
            if timer is not None:
                timer.cancel()
        task.target_timer = task.life_timer = None


def eligible(workspace: Workspace, queue: TaskQueue) -> list[Worker]:
    return [worker for worker in workspace.workers.values() if matches(queue.target_workers, worker.attributes)]


def read_targets(workspace: Workspace, workflow: Workflow, attributes: Mapping[str, Any]) -> list[Target]:
    """The targets of the first filter that fits, then the default filter's. Raises InvalidWorkflow."""
    routing = workflow.configuration.get("task_routing")
    if not isinstance(routing, Mapping):
        raise InvalidWorkflow("the configuration has no task_routing")
    targets: list[Target] = []
    for each in routing.get("filters", ()):
        if matches(each.get("expression", ""), attributes):
            targets = [_target(workspace, target) for target in each.get("targets", ())]
            break
    default = routing.get("default_filter")
    return [*targets, _target(workspace, default)] if default else targets


def _target(workspace: Workspace, given: Mapping[str, Any]) -> Target:
    queue = workspace.queues.get(given.get("queue", ""))
    if queue is None:
        raise InvalidWorkflow(f"the workflow names the queue {given.get('queue')!r}, which is not there")
    timeout, priority = given.get("timeout"), given.get("priority")
    return Target(
        queue,
        None if priority is None else int(priority),
        None if timeout is None else float(timeout),
        given.get("expression", ""),
        given.get("skip_if", ""),
    )


def _timeout(routing: Routing, workspace: Workspace, reservation: Reservation) -> Callable[[], None]:
    return lambda: routing.time_out(workspace, reservation)
