"""How TaskRouter's records look over REST, and how its requests are read."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.responses import Response

from ..taskrouter.expressions import BadExpression, matches
from ..taskrouter.records import Activity, Reservation, Task, TaskQueue, Worker, Workflow, Workspace
from .answers import RestError, iso8601, not_found, page_meta
from .gate import Call, found

T = TypeVar("T")

HOST = "taskrouter.twilio.com"
BASE = f"https://{HOST}/v1/Workspaces"


def workspace_of(request: Call) -> Workspace:
    workspace = request.exchange.taskrouter.workspaces.get(request.part["workspace"])
    if workspace is None:
        raise not_found(request.path)
    return workspace


def part_of(request: Call, records: Mapping[str, T], sid: str | None = None) -> T:
    """The record with that sid, by default the one in the path; 404 when it is not there."""
    record = records.get(request.part["sid"] if sid is None else sid)
    if record is None:
        raise not_found(request.path)
    return record


def name_in(request: Call) -> str:
    name = request.form.text("FriendlyName")
    if not name:
        raise RestError(400, 20001, "FriendlyName is required")
    return name


def json_object(text: str) -> dict[str, Any]:
    """Attributes and configurations are JSON objects as text."""
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise RestError(400, 20001, "Attributes must be valid JSON") from exc
    if not isinstance(value, dict):
        raise RestError(400, 20001, "Attributes must be a JSON object")
    return value


def fits(expression: str, attributes: Mapping[str, Any]) -> bool:
    try:
        return matches(expression, attributes)
    except BadExpression as invalid:
        raise RestError(400, 20001, str(invalid)) from invalid


def page(
    request: Call,
    workspace: Workspace,
    key: str,
    path: str,
    rows: list[T],
    show: Callable[[Call, Workspace, T], dict[str, Any]],
) -> Response:
    url = f"{BASE}/{workspace.sid}/{path}"
    return found(page_meta(key, rows, lambda row: show(request, workspace, row), url, request.query))


def show_workspace(request: Call, workspace: Workspace) -> dict[str, Any]:
    url = f"{BASE}/{workspace.sid}"
    parts = {"activities": "Activities", "workers": "Workers", "task_queues": "TaskQueues", "tasks": "Tasks"}
    return {
        "sid": workspace.sid,
        "account_sid": request.exchange.credentials.account_sid,
        "friendly_name": workspace.friendly_name,
        "event_callback_url": workspace.event_callback_url or None,
        "events_filter": ",".join(sorted(workspace.events_filter)) or None,
        "default_activity_sid": workspace.default_activity.sid,
        "default_activity_name": workspace.default_activity.friendly_name,
        "timeout_activity_sid": workspace.timeout_activity.sid,
        "timeout_activity_name": workspace.timeout_activity.friendly_name,
        "multi_task_enabled": True,
        "prioritize_queue_order": "FIFO",
        "date_created": iso8601(workspace.created_at),
        "date_updated": iso8601(workspace.created_at),
        "url": url,
        "links": {name: f"{url}/{path}" for name, path in {**parts, "workflows": "Workflows"}.items()},
    }


def _common(request: Call, workspace: Workspace, path: str, sid: str) -> dict[str, Any]:
    return {
        "sid": sid,
        "account_sid": request.exchange.credentials.account_sid,
        "workspace_sid": workspace.sid,
        "url": f"{BASE}/{workspace.sid}/{path}/{sid}",
        "links": {},
    }


def show_activity(request: Call, workspace: Workspace, activity: Activity) -> dict[str, Any]:
    return _common(request, workspace, "Activities", activity.sid) | {
        "friendly_name": activity.friendly_name,
        "available": activity.available,
        "date_created": iso8601(activity.created_at),
        "date_updated": iso8601(activity.created_at),
    }


def show_worker(request: Call, workspace: Workspace, worker: Worker) -> dict[str, Any]:
    return _common(request, workspace, "Workers", worker.sid) | {
        "friendly_name": worker.friendly_name,
        "attributes": json.dumps(worker.attributes),
        "activity_sid": worker.activity.sid,
        "activity_name": worker.activity.friendly_name,
        "available": worker.activity.available,
        "date_created": iso8601(worker.created_at),
        "date_updated": iso8601(worker.status_changed_at),
        "date_status_changed": iso8601(worker.status_changed_at),
    }


def show_queue(request: Call, workspace: Workspace, queue: TaskQueue) -> dict[str, Any]:
    return _common(request, workspace, "TaskQueues", queue.sid) | {
        "friendly_name": queue.friendly_name,
        "target_workers": queue.target_workers,
        "max_reserved_workers": queue.max_reserved_workers,
        "task_order": queue.task_order,
        "reservation_activity_sid": None if queue.reservation_activity is None else queue.reservation_activity.sid,
        "reservation_activity_name": None,
        "assignment_activity_sid": None if queue.assignment_activity is None else queue.assignment_activity.sid,
        "assignment_activity_name": None,
        "date_created": iso8601(queue.created_at),
        "date_updated": iso8601(queue.created_at),
    }


def show_workflow(request: Call, workspace: Workspace, workflow: Workflow) -> dict[str, Any]:
    return _common(request, workspace, "Workflows", workflow.sid) | {
        "friendly_name": workflow.friendly_name,
        "configuration": json.dumps(workflow.configuration),
        "assignment_callback_url": workflow.assignment_callback_url or None,
        "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url or None,
        "task_reservation_timeout": workflow.reservation_timeout,
        "document_content_type": "application/json",
        "date_created": iso8601(workflow.created_at),
        "date_updated": iso8601(workflow.created_at),
    }


def show_task(request: Call, workspace: Workspace, task: Task) -> dict[str, Any]:
    queue = None if task.target is None else task.target.queue
    return _common(request, workspace, "Tasks", task.sid) | {
        "attributes": json.dumps(task.attributes),
        "assignment_status": task.status,
        "priority": task.priority,
        "age": request.exchange.taskrouter.age(task),
        "timeout": task.timeout,
        "reason": task.reason,
        "task_queue_sid": None if queue is None else queue.sid,
        "task_queue_friendly_name": None if queue is None else queue.friendly_name,
        "workflow_sid": task.workflow.sid,
        "workflow_friendly_name": task.workflow.friendly_name,
        "task_channel_sid": "TC" + "0" * 32,
        "task_channel_unique_name": task.channel,
        "task_queue_entered_date": iso8601(task.queue_entered_at),
        "virtual_start_time": iso8601(task.created_at),
        "routing_target": None,
        "ignore_capacity": False,
        "addons": "{}",
        "date_created": iso8601(task.created_at),
        "date_updated": iso8601(task.updated_at),
    }


def show_reservation(request: Call, workspace: Workspace, reservation: Reservation) -> dict[str, Any]:
    path = f"Tasks/{reservation.task.sid}/Reservations"
    return _common(request, workspace, path, reservation.sid) | {
        "task_sid": reservation.task.sid,
        "worker_sid": reservation.worker.sid,
        "worker_name": reservation.worker.friendly_name,
        "reservation_status": reservation.status,
        "date_created": iso8601(reservation.created_at),
        "date_updated": iso8601(reservation.updated_at),
    }
