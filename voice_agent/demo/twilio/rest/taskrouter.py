"""TaskRouter v1 over REST: workspaces, activities, workers, queues and workflows (sheet section 5.5)."""

from dataclasses import replace

from starlette.responses import Response

from ..taskrouter.expressions import BadExpression
from ..taskrouter.records import Activity, Reservation, TaskQueue, Worker, Workflow, Workspace
from ..taskrouter.routing import read_targets
from ..taskrouter.workspaces import DAY, InvalidWorkflow
from .answers import RestError, not_built, page_meta
from .gate import Call, created, found
from .taskrouter_shapes import (
    BASE,
    fits,
    json_object,
    name_in,
    page,
    part_of,
    show_activity,
    show_queue,
    show_worker,
    show_workflow,
    show_workspace,
    workspace_of,
)


async def create_workspace(request: Call) -> Response:
    name = request.form.text("FriendlyName")
    if not name:
        raise RestError(400, 20001, "FriendlyName is required")
    events = frozenset(word for word in request.form.text("EventsFilter").split(",") if word)
    workspace = request.exchange.taskrouter.create_workspace(name, request.form.text("EventCallbackUrl"), events)
    return created(show_workspace(request, workspace))


async def list_workspaces(request: Call) -> Response:
    rows = list(request.exchange.taskrouter.workspaces.values())
    return found(page_meta("workspaces", rows, lambda row: show_workspace(request, row), BASE, request.query))


async def fetch_workspace(request: Call) -> Response:
    return found(show_workspace(request, workspace_of(request)))


async def update_workspace(request: Call) -> Response:
    workspace, form = workspace_of(request), request.form
    workspace.friendly_name = form.text("FriendlyName", workspace.friendly_name)
    workspace.event_callback_url = form.text("EventCallbackUrl", workspace.event_callback_url)
    if form.has("TimeoutActivitySid"):
        workspace.timeout_activity = part_of(request, workspace.activities, form.text("TimeoutActivitySid"))
    if form.has("DefaultActivitySid"):
        workspace.default_activity = part_of(request, workspace.activities, form.text("DefaultActivitySid"))
    return found(show_workspace(request, workspace))


async def create_activity(request: Call) -> Response:
    """`Available` is given once and for all: it cannot be changed later."""
    workspace, form = workspace_of(request), request.form
    now = request.exchange.clock.utc()
    activity = Activity(name_in(request), form.text("Available") == "true", now)
    workspace.activities[activity.sid] = activity
    return created(show_activity(request, workspace, activity))


async def list_activities(request: Call) -> Response:
    workspace = workspace_of(request)
    wanted = request.query.text("FriendlyName")
    rows = [each for each in workspace.activities.values() if wanted in ("", each.friendly_name)]
    return page(request, workspace, "activities", "Activities", rows, show_activity)


async def create_worker(request: Call) -> Response:
    """Names are unique, ignoring case."""
    workspace, form = workspace_of(request), request.form
    name = name_in(request)
    if any(each.friendly_name.lower() == name.lower() for each in workspace.workers.values()):
        raise RestError(409, 20409, f"A worker named {name} is already there")
    activity = part_of(request, workspace.activities, form.text("ActivitySid")) if form.has("ActivitySid") else None
    attributes = json_object(form.text("Attributes", "{}"))
    worker = request.exchange.taskrouter.create_worker(workspace, name, attributes, activity)
    return created(show_worker(request, workspace, worker))


async def list_workers(request: Call) -> Response:
    workspace, query = workspace_of(request), request.query
    rows = [
        each
        for each in workspace.workers.values()
        if query.text("FriendlyName") in ("", each.friendly_name)
        and query.text("ActivityName") in ("", each.activity.friendly_name)
        and fits(query.text("TargetWorkersExpression"), each.attributes)
    ]
    return page(request, workspace, "workers", "Workers", rows, show_worker)


async def fetch_worker(request: Call) -> Response:
    workspace = workspace_of(request)
    return found(show_worker(request, workspace, part_of(request, workspace.workers)))


async def update_worker(request: Call) -> Response:
    workspace, form = workspace_of(request), request.form
    worker, routing = part_of(request, workspace.workers), request.exchange.taskrouter.routing
    if form.has("Attributes"):
        worker.attributes = json_object(form.text("Attributes"))
    if form.text("RejectPendingReservations") == "true":
        for reservation in pending_of(workspace, worker):
            routing.reject(workspace, reservation)
    if form.has("ActivitySid"):
        routing.move_worker(workspace, worker, part_of(request, workspace.activities, form.text("ActivitySid")))
    routing.look_again(workspace)
    return found(show_worker(request, workspace, worker))


async def create_queue(request: Call) -> Response:
    workspace, form = workspace_of(request), request.form
    fits(form.text("TargetWorkers"), {})
    queue = TaskQueue(
        name_in(request),
        form.text("TargetWorkers", "1==1"),
        request.exchange.clock.utc(),
        max_reserved_workers=form.number("MaxReservedWorkers", 1, 1, 50),
        task_order=form.text("TaskOrder", "FIFO"),
    )
    for name in ("reservation", "assignment"):
        sid = form.text(f"{name.capitalize()}ActivitySid")
        if sid:
            setattr(queue, f"{name}_activity", part_of(request, workspace.activities, sid))
    workspace.queues[queue.sid] = queue
    return created(show_queue(request, workspace, queue))


async def list_queues(request: Call) -> Response:
    workspace = workspace_of(request)
    wanted = request.query.text("FriendlyName")
    rows = [each for each in workspace.queues.values() if wanted in ("", each.friendly_name)]
    return page(request, workspace, "task_queues", "TaskQueues", rows, show_queue)


async def fetch_queue(request: Call) -> Response:
    workspace = workspace_of(request)
    return found(show_queue(request, workspace, part_of(request, workspace.queues)))


async def create_workflow(request: Call) -> Response:
    workspace, form = workspace_of(request), request.form
    workflow = Workflow(
        name_in(request),
        json_object(form.text("Configuration", "{}")),
        request.exchange.clock.utc(),
        form.text("AssignmentCallbackUrl"),
        form.text("FallbackAssignmentCallbackUrl"),
        form.number("TaskReservationTimeout", 120, 1, DAY),
    )
    try:
        read_targets(workspace, workflow, {})
    except (InvalidWorkflow, BadExpression) as invalid:
        raise RestError(400, 20001, str(invalid)) from invalid
    workspace.workflows[workflow.sid] = workflow
    return created(show_workflow(request, workspace, workflow))


async def update_workflow(request: Call) -> Response:
    """Tasks that are under way keep the targets they were given; `ReEvaluateTasks` is not built."""
    workspace, form = workspace_of(request), request.form
    if form.text("ReEvaluateTasks") == "true":
        raise not_built("ReEvaluateTasks (tasks under way)")
    workflow = part_of(request, workspace.workflows)
    changed = replace(
        workflow,
        friendly_name=form.text("FriendlyName", workflow.friendly_name),
        configuration=json_object(form.text("Configuration")) if form.has("Configuration") else workflow.configuration,
        assignment_callback_url=form.text("AssignmentCallbackUrl", workflow.assignment_callback_url),
        fallback_assignment_callback_url=form.text(
            "FallbackAssignmentCallbackUrl", workflow.fallback_assignment_callback_url
        ),
        reservation_timeout=form.number("TaskReservationTimeout", workflow.reservation_timeout, 1, DAY),
    )
    try:
        read_targets(workspace, changed, {})
    except (InvalidWorkflow, BadExpression) as invalid:
        raise RestError(400, 20001, str(invalid)) from invalid
    workspace.workflows[workflow.sid] = changed
    return found(show_workflow(request, workspace, changed))


async def list_workflows(request: Call) -> Response:
    workspace = workspace_of(request)
    rows = list(workspace.workflows.values())
    return page(request, workspace, "workflows", "Workflows", rows, show_workflow)


async def fetch_workflow(request: Call) -> Response:
    workspace = workspace_of(request)
    return found(show_workflow(request, workspace, part_of(request, workspace.workflows)))


def pending_of(workspace: Workspace, worker: Worker) -> list[Reservation]:
    return [
        reservation
        for task in workspace.tasks.values()
        for reservation in task.reservations
        if reservation.worker is worker and reservation.status == "pending"
    ]
