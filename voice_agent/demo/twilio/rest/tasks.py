"""Tasks and reservations of TaskRouter v1 over REST (sheet section 5.5)."""

import re
from collections.abc import Mapping

from starlette.responses import Response

from ..taskrouter.expressions import BadExpression
from ..taskrouter.records import Reservation, Task, Workspace
from ..taskrouter.workspaces import DAY, InvalidInstruction, InvalidWorkflow
from .answers import RestError
from .gate import Call, created, deleted, found
from .taskrouter_shapes import (
    fits,
    json_object,
    page,
    part_of,
    show_reservation,
    show_task,
    workspace_of,
)


async def create_task(request: Call) -> Response:
    workspace, form = workspace_of(request), request.form
    sid = form.text("WorkflowSid") or next(iter(workspace.workflows), "")
    workflow = part_of(request, workspace.workflows, sid)
    try:
        task = request.exchange.taskrouter.create_task(
            workspace,
            workflow,
            json_object(form.text("Attributes", "{}")),
            priority=form.number("Priority", 0, 0, 2**31),
            timeout=form.number("Timeout", DAY, 1, 14 * DAY),
            channel=form.text("TaskChannel", "default"),
        )
    except (InvalidWorkflow, BadExpression) as invalid:
        raise RestError(400, 20001, str(invalid)) from invalid
    return created(show_task(request, workspace, task))


async def list_tasks(request: Call) -> Response:
    workspace, query = workspace_of(request), request.query
    states = query.all("AssignmentStatus")
    rows = [
        each
        for each in workspace.tasks.values()
        if (not states or each.status in states)
        and query.text("WorkflowSid") in ("", each.workflow.sid)
        and fits(query.text("EvaluateTaskAttributes"), each.attributes)
    ]
    return page(request, workspace, "tasks", "Tasks", rows, show_task)


async def fetch_task(request: Call) -> Response:
    workspace = workspace_of(request)
    return with_version(request, workspace, part_of(request, workspace.tasks))


async def update_task(request: Call) -> Response:
    """`If-Match` with the `ETag` guards concurrent edits of the attributes: 412 when it is stale."""
    workspace, form = workspace_of(request), request.form
    task, routing = part_of(request, workspace.tasks), request.exchange.taskrouter.routing
    if_match = request.headers.get("if-match")
    if if_match is not None and if_match.strip('"') not in (str(task.version), "*"):
        raise RestError(412, 20412, "The task was changed meanwhile")
    if form.has("Attributes"):
        task.attributes = json_object(form.text("Attributes"))
        task.version += 1
    task.priority = form.number("Priority", task.priority, 0, 2**31)
    match form.text("AssignmentStatus"):
        case "":
            pass
        case "canceled":
            routing.cancel(workspace, task, form.text("Reason") or "canceled over REST")
        case "completed" if task.status in ("assigned", "wrapping"):
            routing.complete(workspace, task, form.text("Reason") or None)
        case "wrapping" if task.status == "assigned":
            routing.wrap_up(workspace, task)
        case other:
            raise RestError(400, 20001, f"A task that is {task.status} cannot become {other}")
    return with_version(request, workspace, task)


async def delete_task(request: Call) -> Response:
    workspace = workspace_of(request)
    task = part_of(request, workspace.tasks)
    request.exchange.taskrouter.routing.cancel(workspace, task, "deleted")
    del workspace.tasks[task.sid]
    return deleted()


async def list_reservations(request: Call) -> Response:
    workspace = workspace_of(request)
    task = part_of(request, workspace.tasks, request.part["task"])
    wanted = request.query.text("ReservationStatus")
    rows = [each for each in task.reservations if wanted in ("", each.status)]
    return page(request, workspace, "reservations", f"Tasks/{task.sid}/Reservations", rows, show_reservation)


async def fetch_reservation(request: Call) -> Response:
    workspace = workspace_of(request)
    return found(show_reservation(request, workspace, reservation_of(request, workspace)))


async def update_reservation(request: Call) -> Response:
    """`ReservationStatus`, or `Instruction` with its parameters: the twin of the assignment callback's answer."""
    workspace, form = workspace_of(request), request.form
    reservation, taskrouter = reservation_of(request, workspace), request.exchange.taskrouter
    try:
        match form.text("ReservationStatus"):
            case "" if form.has("Instruction"):
                taskrouter.instruct(workspace, reservation, _instruction(form.items()))
            case "accepted":
                taskrouter.instruct(workspace, reservation, {"instruction": "accept"})
            case "rejected":
                activity = form.text("WorkerActivitySid") or None
                taskrouter.instruct(workspace, reservation, {"instruction": "reject", "activity_sid": activity})
            case "completed":
                taskrouter.routing.complete(workspace, reservation.task, None)
            case "wrapping":
                taskrouter.routing.wrap_up(workspace, reservation.task)
            case other:
                raise InvalidInstruction(f"ReservationStatus {other!r} is not understood")
    except InvalidInstruction as invalid:
        raise RestError(400, 20001, str(invalid)) from invalid
    return found(show_reservation(request, workspace, reservation))


def _instruction(given: list[tuple[str, str]]) -> Mapping[str, str]:
    """REST's `DequeueFrom`, `CallTo`, `RedirectUrl`, `From`... as the keys of the callback's JSON."""
    named = dict(given)
    word = named.pop("Instruction")
    prefix = word.capitalize()
    plain = {name.removeprefix(prefix) or name: value for name, value in named.items()}
    snake = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in plain.items()}
    return {**snake, "instruction": word}


def reservation_of(request: Call, workspace: Workspace) -> Reservation:
    task = part_of(request, workspace.tasks, request.part["task"])
    return part_of(request, {each.sid: each for each in task.reservations})


def with_version(request: Call, workspace: Workspace, task: Task) -> Response:
    response = found(show_task(request, workspace, task))
    response.headers["ETag"] = f'"{task.version}"'
    return response
