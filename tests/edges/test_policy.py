"""The policy table itself: every tool has its row, no row opens what nobody may touch, and what a row says holds."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import pytest

from tools import TOOLS
from voice_agent.agent.policy import (
    EVERYBODY,
    LIVE,
    NEVER,
    SHOWN,
    TABLE,
    Go,
    Phase,
    Prove,
    Source,
    State,
    Stop,
    Verdict,
    decide,
    level_for,
    outside,
)
from voice_agent.agent.tool import Tool
from voice_agent.salesforce.plans import Step, WritePlan

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("shipped", TOOLS, ids=lambda t: t.name)
def test_every_tool_has_its_row_and_says_the_same_as_the_table(shipped: Tool) -> None:
    row = TABLE[shipped.name]
    assert (row.lines, row.level, row.writes) == (shipped.lines, shipped.level, shipped.writes)


@pytest.mark.parametrize("shipped", [t for t in TOOLS if t.writes], ids=lambda t: t.name)
def test_every_value_of_a_change_has_a_source(shipped: Tool) -> None:
    assert set(TABLE[shipped.name].takes) == set(shipped.arguments.model_fields)


def test_no_row_is_for_a_tool_that_does_not_exist() -> None:
    assert set(TABLE) == {shipped.name for shipped in TOOLS}


def test_no_row_opens_money_stock_or_what_proves_a_person() -> None:
    opened = {name for row in TABLE.values() for fields in row.sets.values() for name in fields}
    assert not [name for name in opened if NEVER.search(name.lower())]
    for name in ("UnitPrice", "Discount", "QuantityOnHand", "Voice_Pin__c", "EntitlementId", "Tax", "IsActive"):
        assert NEVER.search(name.lower())


def test_whatever_a_tool_finds_is_known_to_the_table() -> None:
    """A key that the table does not open never reaches a model: a new one must be entered there."""
    used: set[str] = set()
    for file in (file for file in (ROOT / "tools").glob("*.py") if file.stem not in ("controls", "texting")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Dict):
                used |= {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    of_phrases = {"morning", "afternoon", "evening"} | {t for t in used if t in STATUSES_AND_CATEGORIES}
    assert used - of_phrases <= SHOWN


STATUSES_AND_CATEGORIES = frozenset(
    "en_route on_site in_progress paused completed cannot_complete Completed CannotComplete Canceled".split()
)


def permitted(tool: str, line: str, role: str, level: int, **more: object) -> Verdict:
    given: dict[str, object] = {"phase": Phase.AUTONOMOUS, "state": State.TALKING, **more}
    return decide(TABLE.get(tool), line=line, role=role, level=level, **given)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("tool", "line", "role", "level", "verdict"),
    [
        ("eta", "customer", "customer", 1, Go()),
        ("eta", "customer", "unknown", 0, Prove("code")),
        ("cancel_visit", "customer", "customer", 1, Prove("code")),
        ("cancel_visit", "customer", "customer", 2, Go()),
        ("update_job", "technician", "unknown", 0, Prove("pin")),
        ("update_job", "technician", "technician", 2, Go()),
        ("update_job", "customer", "customer", 2, Stop("tool")),
        ("cancel_visit", "technician", "technician", 2, Stop("tool")),
        ("update_job", "technician", "customer", 2, Stop("role")),
        ("take_message", "after_hours", "unknown", 0, Go()),
        ("drop_table", "customer", "customer", 2, Stop("tool")),
    ],
)
def test_who_may_do_what(tool: str, line: str, role: str, level: int, verdict: Verdict) -> None:
    assert permitted(tool, line, role, level) == verdict


def test_only_a_live_call_with_a_caller_in_it_lets_a_tool_run() -> None:
    for tool, state in itertools.product(TABLE, State):
        if state not in LIVE:
            for role, level in itertools.product(EVERYBODY, range(3)):
                for line in TABLE[tool].lines:
                    assert permitted(tool, line, role, level, state=state) == Stop("state")


def test_reading_goes_on_where_writing_is_not_free() -> None:
    for phase, answer in ((Phase.READ_ONLY, Stop("phase")), (Phase.SUPERVISED, Go(approval=True))):
        assert permitted("reschedule", "customer", "customer", 1, phase=phase) == answer
        assert permitted("eta", "customer", "customer", 1, phase=phase) == Go()
    assert permitted("reschedule", "customer", "customer", 1, phase="a typing mistake") == Stop("phase")


def test_outside_the_pilot_there_is_a_message_and_a_person() -> None:
    for tool, row in TABLE.items():
        line, role = sorted(row.lines)[0], sorted(row.roles)[0]
        verdict = permitted(tool, line, role, 2, in_pilot=False)
        assert verdict == (Go() if row.level == 0 else Stop("pilot"))


def test_breaking_a_promised_date_takes_more_proof_than_moving_a_visit_within_it() -> None:
    row = TABLE["reschedule"]
    assert level_for(row, WritePlan("reschedule", (), (), facts={"late": False})) == 1
    assert level_for(row, WritePlan("reschedule", (), (), facts={"late": True})) == 2


@pytest.mark.parametrize(
    ("step", "beyond"),
    [
        (Step("PATCH", "sobjects/ServiceAppointment/@{g.records[0].Id}", "v", {"Status": "Canceled"}), []),
        (Step("GET", "sobjects/Account/001?fields=Name", "n"), []),
        (Step("PATCH", "sobjects/ServiceAppointment/08p", "v", {"Status": "x", "SchedStartTime": "y"}),
         ["ServiceAppointment.SchedStartTime"]),
        (Step("PATCH", "sobjects/Contact/003", "v", {"Phone": "x"}), ["PATCH Contact"]),
        (Step("DELETE", "sobjects/ServiceAppointment/08p", "v"), ["DELETE ServiceAppointment"]),
    ],
)  # fmt: skip
def test_a_change_stays_within_the_fields_of_its_row(step: Step, beyond: list[str]) -> None:
    assert list(outside(TABLE["cancel_visit"], WritePlan("cancel", (step,), ()))) == beyond


def test_no_source_is_without_a_use() -> None:
    assert {source for row in TABLE.values() for source in row.takes.values()} == set(Source)
