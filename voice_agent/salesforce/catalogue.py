"""What the org is like and seldom changes: its status values, its fields, its operating hours. Read once, then kept.

`forget` drops what a change event concerns; everything goes stale by age as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from voice_agent import errors
from voice_agent.salesforce.capacity import Capacity, by_resource
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.hours import OperatingHours, operating_hours
from voice_agent.salesforce.records import WorkType
from voice_agent.salesforce.rows import Row, path, work_type
from voice_agent.salesforce.soql import soql

KEPT_FOR = 30 * 60.0
"""Seconds (sheet 5.5 rule 6: 10 to 60 min)."""

STATUSES = "SELECT ApiName, MasterLabel, StatusCode, IsDefault, SortOrder FROM {object} ORDER BY SortOrder LIMIT 100"
HOURS = """SELECT Id, TimeZone,
    (SELECT DayOfWeek, StartTime, EndTime, Type, MaxAppointments FROM TimeSlots),
    (SELECT Holiday.ActivityDate, Holiday.IsAllDay, Holiday.StartTimeInMinutes, Holiday.EndTimeInMinutes,
            Holiday.IsRecurrence, Holiday.RecurrenceType, Holiday.RecurrenceStartDate, Holiday.NextOccurrenceDate
     FROM OperatingHoursHolidays)
    FROM OperatingHours LIMIT 200"""

WORK_TYPES = (
    "SELECT Id, Name, Description, EstimatedDuration, DurationType, ShouldAutoCreateSvcAppt FROM WorkType LIMIT 500"
)

CAPACITIES = """SELECT ServiceResourceId, TimePeriod, CapacityInHours, CapacityInWorkItems, StartDate, EndDate
    FROM ServiceResourceCapacity WHERE EndDate = null OR EndDate >= TODAY LIMIT 2000"""
WORK_RULES = """SELECT FSL__Scheduling_Policy__r.Name, FSL__Work_Rule__r.FSL__Enable_Overtime__c
    FROM FSL__Scheduling_Policy_Work_Rule__c ORDER BY FSL__Scheduling_Policy__r.Name LIMIT 500"""
QUEUES = """SELECT QueueId, Queue.Name, Queue.DeveloperName, SobjectType FROM QueueSobject
    WHERE SobjectType IN ('Task', 'Case') LIMIT 500"""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and the objects whose records it may own."""

    id: str
    names: frozenset[str]
    """Its label and its API name, in lower case."""
    owns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the org allows when it plans: overtime (Extended hours), and how much is given to whom by amount.

    The policy is the first by name, the one that the package's Apex class plans with.
    """

    overtime: bool
    capacities: Mapping[str, tuple[Capacity, ...]]
    """By ServiceResource id."""


@dataclass(frozen=True, slots=True)
class Status:
    value: str
    label: str
    category: str


@dataclass(frozen=True, slots=True)
class Statuses:
    """The values of one object's Status in this org's own spelling, in its own order."""

    values: tuple[Status, ...]

    def choose(self, category: str, hints: Iterable[str] = ()) -> str:
        """The org's value for a category: one whose name holds a hint ("site"), else the first.

        NotAllowed when the org has no value for it.
        """
        fitting = [status for status in self.values if status.category == category]
        if not fitting:
            raise errors.NotAllowed(f"no status of category {category} in this org")
        for hint in hints:
            for status in fitting:
                if hint in f"{status.value} {status.label}".lower():
                    return status.value
        return fitting[0].value

    def has_hinted(self, category: str, hints: Iterable[str]) -> bool:
        return any(
            hint in f"{status.value} {status.label}".lower()
            for status in self.values
            if status.category == category
            for hint in hints
        )


@dataclass(frozen=True, slots=True)
class Described:
    """What an object lets this user see and set. Fields hidden from the user are not in it (7.1)."""

    fields: Mapping[str, Mapping[str, Any]]
    createable: bool

    def __contains__(self, field: str) -> bool:
        return field in self.fields

    def picks(self, field: str) -> tuple[str, ...]:
        entry = self.fields.get(field, {})
        return tuple(str(pick["value"]) for pick in entry.get("picklistValues") or () if pick.get("active", True))

    def settable(self, field: str) -> bool:
        return bool(self.fields.get(field, {}).get("createable"))


class Catalogue:
    def __init__(self, salesforce: Salesforce, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._salesforce = salesforce
        self._clock = clock
        self._kept: dict[str, tuple[float, Any]] = {}

    async def warm_up(self) -> None:
        """Read everything that a call may need. A part the org refuses is left for `check` to name."""
        for read in (self.statuses, self.hours, self.policy, self.queues):
            try:
                await read()
            except errors.SalesforceError:
                continue
        for name in ("ServiceAppointment", "WorkOrder", "Task", "FeedItem"):
            await self.describe(name)

    async def statuses(self) -> tuple[Statuses, Statuses]:
        """Of ServiceAppointment and of WorkOrder, both learnt in one round trip."""
        kept = self._fresh("statuses")
        if kept is None:
            read = await self._salesforce.queries(
                {
                    "appointment": STATUSES.replace("{object}", "ServiceAppointmentStatus"),
                    "order": STATUSES.replace("{object}", "WorkOrderStatus"),
                }
            )
            kept = self._keep("statuses", (_statuses(read["appointment"]), _statuses(read["order"])))
        visit, order = kept
        return visit, order

    async def hours(self) -> Mapping[str, OperatingHours]:
        """All operating hours of the org by id."""
        kept = self._fresh("hours")
        if kept is None:
            found = await self._salesforce.query(soql(HOURS))
            kept = self._keep("hours", {str(row["Id"]): operating_hours(row) for row in found})
        hours: Mapping[str, OperatingHours] = kept
        return hours

    async def policy(self) -> Policy:
        """An org without the package has no policies, one that hides capacities gives nobody work by amount."""
        kept: Policy | None = self._fresh("policy")
        if kept is None:
            read = await self._salesforce.queries(
                {"capacities": CAPACITIES, "rules": WORK_RULES}, missing_ok={"capacities", "rules"}
            )
            first = path(read["rules"][0], "FSL__Scheduling_Policy__r.Name") if read["rules"] else None
            overtime = any(
                bool(path(row, "FSL__Work_Rule__r.FSL__Enable_Overtime__c"))
                for row in read["rules"]
                if path(row, "FSL__Scheduling_Policy__r.Name") == first
            )
            kept = Policy(overtime, by_resource(read["capacities"]))
            self._keep("policy", kept)
        return kept

    async def queues(self) -> tuple[Queue, ...]:
        """Queues that may own tasks or cases; none where the user may not see them."""
        kept: tuple[Queue, ...] | None = self._fresh("queues")
        if kept is None:
            try:
                found = await self._salesforce.query(soql(QUEUES))
            except errors.Forbidden:
                found = []
            kept = _queues(found)
            self._keep("queues", kept)
        return kept

    async def work_types(self) -> tuple[WorkType, ...]:
        kept: tuple[WorkType, ...] | None = self._fresh("work types")
        if kept is None:
            kept = tuple(map(work_type, await self._salesforce.query(WORK_TYPES)))
            self._keep("work types", kept)
        return kept

    async def describe(self, name: str) -> Described:
        """Fields of an object as this user sees them; an object the org does not have has none."""
        kept = self._fresh(f"describe:{name}")
        if kept is None:
            try:
                answer = await self._salesforce.request("GET", f"sobjects/{name}/describe")
            except (errors.NotFound, errors.Forbidden):
                answer = {"fields": [], "createable": False}
            described = Described(
                fields={str(field["name"]): field for field in answer["fields"]},
                createable=bool(answer.get("createable")),
            )
            kept = self._keep(f"describe:{name}", described)
        found: Described = kept
        return found

    def described(self, name: str) -> Described | None:
        """What is known of an object without asking: for what must not wait, such as an emergency."""
        kept: Described | None = self._fresh(f"describe:{name}")
        return kept

    def forget(self, name: str | None = None) -> None:
        """Drop what a change of a record of `name` (an object's API name) made stale; everything for None.

        No record tells of new fields or statuses: those are an administrator's and go stale by age alone.
        """
        if name is None:
            self._kept.clear()
        elif name in ("OperatingHours", "TimeSlot", "Holiday", "OperatingHoursHoliday"):
            self._kept.pop("hours", None)
        elif name == "ServiceResourceCapacity" or name.startswith("FSL__"):
            self._kept.pop("policy", None)
        elif name == "WorkType":
            self._kept.pop("work types", None)

    def _fresh(self, key: str) -> Any:
        at, value = self._kept.get(key, (0.0, None))
        return value if value is not None and self._clock() - at < KEPT_FOR else None

    def _keep(self, key: str, value: Any) -> Any:
        self._kept[key] = (self._clock(), value)
        return value


def _queues(rows: Iterable[Row]) -> tuple[Queue, ...]:
    owned: dict[str, set[str]] = {}
    names: dict[str, frozenset[str]] = {}
    for row in rows:
        queue = str(row["QueueId"])
        owned.setdefault(queue, set()).add(str(row["SobjectType"]))
        told = (path(row, "Queue.Name"), path(row, "Queue.DeveloperName"))
        names[queue] = frozenset(str(name).strip().lower() for name in told if name)
    return tuple(Queue(queue, names[queue], frozenset(owned[queue])) for queue in sorted(owned))


def _statuses(rows: Iterable[Row]) -> Statuses:
    return Statuses(
        tuple(
            Status(
                value=str(row.get("ApiName") or row.get("MasterLabel")),
                label=str(row.get("MasterLabel") or ""),
                category=str(row.get("StatusCode") or "None").replace(" ", ""),
            )
            for row in rows
        )
    )
