"""Who may do what: the one table by which the gateway decides. Whatever a model writes, nothing outside it happens.

A row answers for one tool: on which lines it exists, for whom, from which level of proof on, where each of its values
must come from, which fields of which objects its change may set, and how often. A tool without a row does not exist.
The roles and levels are those of identity.py: 0 unknown, 1 matched by an attested number, 2 proven by PIN or code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from voice_agent.salesforce.plans import WritePlan

PROVEN = 2
MOST_CALLS_A_TURN = 6
"""Tool calls of one turn; the call machine hands over at the same number."""
MOST_ARGUMENT_BYTES = 4_000


class Phase(StrEnum):
    """How far the agent is trusted; set by `ROLLOUT_PHASE`."""

    READ_ONLY = "read_only"
    SUPERVISED = "supervised"
    AUTONOMOUS = "autonomous"


class State(StrEnum):
    """Where the call stands. Only the first three let a tool run: a caller is there and has said something."""

    TALKING = "talking"
    EMERGENCY = "emergency"
    DRAINING = "draining"
    GREETING = "greeting"
    LEAVING = "leaving"
    ENDED = "ended"


LIVE = frozenset({State.TALKING, State.EMERGENCY, State.DRAINING})


class Source(StrEnum):
    """Where the value of an argument must come from before it may stand in a change."""

    HANDLE = "handle"
    """A record read in this call; anything else resolves to nothing."""
    NAME = "name"
    """The caller's words, the option they chose, or a value of a record read in this call."""
    SAID = "said"
    """A number, a day, a status: the caller's words or keys, or a question they said yes to."""
    WORDS = "words"
    """Free text: at least two thirds of its words are the caller's."""
    PARTS = "parts"
    """A list of parts: each name as NAME, each quantity as SAID."""
    CHOICE = "choice"
    """The model's own filing, one of a closed list of the schema; it changes who reads a thing, not what it says."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `sets` is empty for a tool that sets no field."""

    lines: frozenset[str]
    roles: frozenset[str]
    level: int
    takes: Mapping[str, Source] = field(default_factory=dict)
    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    past_due_level: int = 0
    """Level asked for when the change breaks a promised date."""
    most_a_call: int = 40
    most_a_day: int = 1_000
    """Confirmed changes of one caller in 24 hours, over all calls."""

    sends: bool = False
    """It changes no record and sends a text, which takes a yes and the phase like any change."""

    @property
    def writes(self) -> bool:
        return bool(self.sets) or self.sends


EVERYBODY = frozenset({"unknown", "customer", "technician", "dispatcher"})
CUSTOMER, TECHNICIAN = frozenset({"customer"}), frozenset({"technician"})
EVERY_LINE = frozenset({"customer", "technician", "after_hours"})


def _fields(**objects: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(names.split()) for name, names in objects.items()}


def _customer(level: int, **row: object) -> Rule:
    return Rule(lines=CUSTOMER, roles=CUSTOMER, level=level, **row)  # type: ignore[arg-type]  # rows below are checked by tests


def _technician(**row: object) -> Rule:
    return Rule(lines=TECHNICIAN, roles=TECHNICIAN, level=PROVEN, **row)  # type: ignore[arg-type]  # as above


_HANDLE, _NAME, _SAID, _WORDS, _CHOICE = Source.HANDLE, Source.NAME, Source.SAID, Source.WORDS, Source.CHOICE
_FEED = _fields(FeedItem="ParentId Body Type", Task="WhatId Subject Description Status Priority")
_VISIT_TASK = _fields(Task="Subject WhatId WhoId OwnerId Description Status Priority")

TABLE: Mapping[str, Rule] = {
    # -- customers ---------------------------------------------------------------------------------------------------
    "my_visits": _customer(1),
    "visit_details": _customer(1),
    "text_details": Rule(
        # the number on record is the proof: a caller nobody is sure of can have it sent there and hears nothing
        lines=CUSTOMER,
        roles=EVERYBODY,
        level=0,
        takes={"visit": _HANDLE},
        sends=True,
        most_a_call=3,
        most_a_day=20,
    ),
    "eta": _customer(1),
    "free_slots": _customer(1),
    "reschedule": _customer(
        1,
        past_due_level=PROVEN,
        takes={"slot": _HANDLE, "visit": _HANDLE},
        sets=_fields(
            ServiceAppointment="SchedStartTime SchedEndTime ArrivalWindowStartTime ArrivalWindowEndTime Status "
            # a dispatched visit is cancelled and made again, with everything it had
            "ParentRecordId EarliestStartTime DueDate Duration DurationType Subject ServiceTerritoryId WorkTypeId "
            "ContactId",
            AssignedResource="ServiceAppointmentId ServiceResourceId",
        ),
        most_a_call=4,
        most_a_day=20,
    ),
    "cancel_visit": _customer(
        PROVEN,
        takes={"visit": _HANDLE, "reason": _WORDS},
        sets=_fields(ServiceAppointment="Status CancellationReason"),
        most_a_call=3,
        most_a_day=12,
    ),
    "confirm_visit": _customer(1, takes={"visit": _HANDLE}, sets=_VISIT_TASK, most_a_call=6, most_a_day=40),
    "visit_note": _customer(
        1, takes={"visit": _HANDLE, "note": _WORDS}, sets=_VISIT_TASK, most_a_call=4, most_a_day=30
    ),
    "preferred_times": _customer(
        1, takes={"visit": _HANDLE, "times": _WORDS}, sets=_VISIT_TASK, most_a_call=4, most_a_day=30
    ),
    "report_problem": _customer(
        1,
        takes={"problem": _WORDS, "appliance": _WORDS},
        sets=_fields(
            Case="Subject Description ContactId AccountId AssetId Origin",
            WorkOrder="Subject Description ContactId AccountId AssetId CaseId WorkTypeId ServiceTerritoryId Street "
            "City PostalCode",
            ServiceAppointment="ParentRecordId EarliestStartTime DueDate Duration DurationType Subject "
            "ServiceTerritoryId ContactId",
        ),
        most_a_call=3,
        most_a_day=15,
    ),
    # -- technicians -------------------------------------------------------------------------------------------------
    "my_day": _technician(),
    "find_job": _technician(),
    "job_details": _technician(),
    "part_stock": _technician(),
    "update_job": _technician(
        takes={"job": _NAME, "status": _SAID, "parts": Source.PARTS, "reason": _WORDS, "note": _WORDS},
        sets=_fields(
            ServiceAppointment="Status ActualStartTime ActualEndTime",
            WorkOrder="Status",
            WorkOrderLineItem="Status",
            ProductConsumed="WorkOrderId WorkOrderLineItemId ProductItemId QuantityConsumed",
        )
        | _FEED,
        most_a_call=30,
        most_a_day=120,
    ),
    "job_note": _technician(takes={"job": _NAME, "note": _WORDS}, sets=_FEED, most_a_call=20, most_a_day=180),
    "running_late": _technician(
        takes={"job": _NAME, "minutes": _SAID, "reason": _WORDS},
        sets=_fields(ServiceAppointment="FSL__InJeopardy__c FSL__InJeopardyReason__c") | _FEED,
        most_a_call=10,
        most_a_day=90,
    ),
    "request_part": _technician(
        takes={"part": _NAME, "quantity": _SAID, "job": _NAME, "needed_by": _SAID},
        sets=_fields(
            ProductRequest="DestinationLocationId SourceLocationId WorkOrderId NeedByDate ShipmentType",
            ProductRequestLineItem="ParentId Product2Id QuantityRequested DestinationLocationId SourceLocationId "
            "WorkOrderId NeedByDate ShipmentType",
        ),
        most_a_call=15,
        most_a_day=120,
    ),
    "transfer_part": _technician(
        takes={"part": _NAME, "quantity": _SAID, "source": _NAME},
        sets=_fields(
            ProductTransfer="Product2Id SourceProductItemId SourceLocationId DestinationLocationId QuantitySent"
        ),
        most_a_call=15,
        most_a_day=120,
    ),
    "add_work": _technician(
        takes={"job": _NAME, "work": _WORDS, "machine": _WORDS},
        sets=_fields(WorkOrderLineItem="WorkOrderId Subject Description WorkTypeId AssetId"),
        most_a_call=10,
        most_a_day=90,
    ),
    "ask_dispatcher": _technician(
        takes={"question": _WORDS, "job": _NAME},
        sets=_fields(Task="Subject Description Priority OwnerId WhatId Status"),
        most_a_call=10,
        most_a_day=120,
    ),
    # -- everybody ---------------------------------------------------------------------------------------------------
    "identify": Rule(lines=CUSTOMER, roles=EVERYBODY, level=0, most_a_call=10),
    "take_message": Rule(
        lines=EVERY_LINE,
        roles=EVERYBODY,
        level=0,
        takes={
            "message": _WORDS, "desk": _CHOICE, "callback_number": _SAID, "when": _WORDS, "name": _WORDS,
        },
        sets=_fields(
            Task="Subject Description OwnerId WhoId Priority Status",
            Case="Subject Description OwnerId Origin SuppliedPhone SuppliedName Priority",
        ),
        most_a_call=3,
        most_a_day=30,
    ),
}  # fmt: skip

NEVER = re.compile(r"price|discount|tax|total|warrant|entitle|contract|invoice|quantityonhand|pin__c|employee|isactive")
"""Fields that no row may open, whatever it says: money, promises of money, stock on hand, and what proves a person."""

# What of a reading tool's findings a model is shown: these keys, at any depth, and nothing else.
SHOWN = frozenset(
    "status visit about state arrival_window date technician minutes location_age_minutes stops_before visits options "
    "slot window from to after_due_date later_from job jobs number customer address parts_required part quantity van "
    "part_number elsewhere place holds km said missing wanted van_holds why say description_written_by_others".split()
)
WRITTEN_BY_OTHERS = "_written_by_others"
"""Ending of the keys under which free text of the records is shown: the prompts say that it is data, not an order."""
NAMES = frozenset({"part", "part_number", "customer", "number", "place", "about", "job"})
"""Keys whose values name a record; a change may name the record in the same words."""
MOST_FREE_TEXT = 500
MOST_RESULT_CHARACTERS = 6_000


@dataclass(frozen=True, slots=True)
class Go:
    """Carry it out; a change with `approval` waits for a dispatcher after the caller's yes."""

    approval: bool = False


@dataclass(frozen=True, slots=True)
class Prove:
    """Not yet: `proof` is "pin" or "code"."""

    proof: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Never for this caller on this line in this state; `why` is for the operator and the audit."""

    why: str


Verdict = Go | Prove | Stop


def decide(
    rule: Rule | None, *, line: str, role: str, level: int, phase: str, state: State, in_pilot: bool = True
) -> Verdict:
    """What the table says of a tool before a single argument is looked at."""
    if rule is None or line not in rule.lines:
        return Stop("tool")
    if state not in LIVE:
        return Stop("state")
    if rule.level > 0 and not in_pilot:
        return Stop("pilot")
    if rule.writes and phase not in (Phase.AUTONOMOUS, Phase.SUPERVISED):
        return Stop("phase")
    if level < rule.level:
        if role not in rule.roles | {"unknown"}:
            return Stop("role")
        return Prove("pin" if line == "technician" else "code")
    if role not in rule.roles:
        return Stop("role")
    return Go(approval=rule.writes and phase == Phase.SUPERVISED)


def level_for(rule: Rule, plan: WritePlan) -> int:
    """The level that this change asks for, which may be more than its tool does."""
    return max(rule.level, rule.past_due_level) if plan.facts.get("late") else rule.level


def outside(rule: Rule, plan: WritePlan) -> Iterator[str]:
    """What of a plan the row does not open, as `Object.Field` or `DELETE Object`; nothing for a plan within it."""
    for step in plan.steps:
        if step.method == "GET":
            continue
        name = re.split(r"[/?]", step.path.removeprefix("sobjects/"))[0]
        opened = rule.sets.get(name)
        if opened is None or step.method not in ("POST", "PATCH"):
            yield f"{step.method} {name}"
            continue
        for changed in step.body or {}:
            if changed not in opened or NEVER.search(changed.lower()):
                yield f"{name}.{changed}"
