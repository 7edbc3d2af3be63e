"""What a workspace holds: activities, workers, task queues, workflows, tasks and reservations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..clock import Timer
from ..sids import new_sid

DEFAULT_RESERVATION_SECONDS = 120
WAITING = ("pending", "reserved")
SETTLED = ("completed", "canceled")


@dataclass(slots=True, eq=False)
class Activity:
    friendly_name: str
    available: bool
    created_at: datetime
    sid: str = field(default_factory=lambda: new_sid("WA"))


@dataclass(slots=True, eq=False)
class Worker:
    friendly_name: str
    attributes: Mapping[str, Any]
    activity: Activity
    created_at: datetime
    status_changed_at: datetime
    sid: str = field(default_factory=lambda: new_sid("WK"))


@dataclass(slots=True, eq=False)
class TaskQueue:
    friendly_name: str
    target_workers: str
    created_at: datetime
    max_reserved_workers: int = 1
    task_order: str = "FIFO"
    reservation_activity: Activity | None = None
    assignment_activity: Activity | None = None
    sid: str = field(default_factory=lambda: new_sid("WQ"))


@dataclass(frozen=True, slots=True)
class Target:
    queue: TaskQueue
    priority: int | None
    timeout: float | None
    expression: str
    skip_if: str


@dataclass(slots=True, eq=False)
class Workflow:
    friendly_name: str
    configuration: Mapping[str, Any]
    created_at: datetime
    assignment_callback_url: str = ""
    fallback_assignment_callback_url: str = ""
    reservation_timeout: int = DEFAULT_RESERVATION_SECONDS
    sid: str = field(default_factory=lambda: new_sid("WW"))


@dataclass(slots=True, eq=False)
class Reservation:
    task: "Task"
    worker: Worker
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    """`pending accepted rejected timeout canceled rescinded wrapping completed`."""
    timer: Timer | None = None
    call_sid: str | None = None
    """The worker's leg, when an instruction placed one."""
    sid: str = field(default_factory=lambda: new_sid("WR"))


@dataclass(slots=True, eq=False)
class Task:
    workflow: Workflow
    attributes: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    priority: int
    timeout: int
    channel: str
    entered: float
    """Emulated seconds, for its age."""
    call_sid: str | None = None
    """The waiting call of `<Enqueue workflowSid>`."""
    status: str = "pending"
    """`pending reserved assigned wrapping completed canceled`."""
    reason: str | None = None
    targets: list[Target] = field(default_factory=list)
    target_at: int = -1
    target_timer: Timer | None = None
    life_timer: Timer | None = None
    reservations: list[Reservation] = field(default_factory=list)
    queue_entered_at: datetime | None = None
    version: int = 0
    sid: str = field(default_factory=lambda: new_sid("WT"))

    @property
    def target(self) -> Target | None:
        return self.targets[self.target_at] if 0 <= self.target_at < len(self.targets) else None

    @property
    def rejected_by(self) -> set[Worker]:
        return {each.worker for each in self.reservations if each.status in ("rejected", "timeout")}


@dataclass(slots=True, eq=False)
class Workspace:
    friendly_name: str
    created_at: datetime
    activities: dict[str, Activity]
    default_activity: Activity
    timeout_activity: Activity
    """Where a worker goes who lets a reservation time out: Offline unless told otherwise."""
    event_callback_url: str = ""
    events_filter: frozenset[str] = frozenset()
    """Empty for all."""
    workers: dict[str, Worker] = field(default_factory=dict)
    queues: dict[str, TaskQueue] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    sid: str = field(default_factory=lambda: new_sid("WS"))
