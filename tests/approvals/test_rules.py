"""Which changes wait for a dispatcher: the business's file, and what each of its rules stops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from voice_agent import approval_rules
from voice_agent.approval_rules import RULES, parse
from voice_agent.errors import ConfigurationError
from voice_agent.lines import load as load_lines
from voice_agent.salesforce.plans import Step, WritePlan

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SHIPPED = approval_rules.load()


def a_plan(name: str, **facts: Any) -> WritePlan:
    return WritePlan(name, (), (), facts=facts)


def used(quantity: float, required: float | None) -> Mapping[str, Any]:
    return {"parts": [{"part": "flame sensor", "quantity": quantity, "required": required}]}


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (a_plan("job_update", status="completed"), ""),
        (a_plan("job_update", **used(1, 1)), ""),
        (a_plan("job_update", **used(1, None)), ""),
        (a_plan("job_update", **used(1, 0)), "part_not_on_estimate"),
        (a_plan("job_update", **used(2, 1)), ""),
        (a_plan("job_update", **used(3, 1)), "quantity_above_estimate"),
        (a_plan("job_update", **used(21, 20)), "many_of_a_part"),
        (a_plan("part_request", quantity=21), "many_of_a_part"),
        (a_plan("part_request", quantity=20), ""),
        (a_plan("cancel", starts="2026-11-24T14:59:00.000Z"), "cancel_at_short_notice"),
        (a_plan("cancel", starts="2026-11-24T15:00:00.000Z"), ""),
        (a_plan("cancel", starts=None), ""),
        (a_plan("reschedule", starts="2026-11-23T16:00:00.000Z"), ""),
        (a_plan("reschedule", late=True), ""),
        (a_plan("job_update", status="paused", due="2026-11-23T18:59:00.000Z"), "status_breaks_promise"),
        (a_plan("job_update", status="paused", due="2026-11-23T19:00:00.000Z"), ""),
        (a_plan("job_update", status="cannot_complete", due="2026-11-20T10:00:00.000Z"), "status_breaks_promise"),
        (a_plan("job_update", status="completed", due="2026-11-20T10:00:00.000Z"), ""),
    ],
)
def test_a_rule_stops_what_it_is_about_and_nothing_else(plan: WritePlan, rule: str) -> None:
    assert SHIPPED.stops(plan, NOW) == rule


def test_a_rule_that_is_off_stops_nothing() -> None:
    told = {"decide_within_minutes": 5, "part_not_on_estimate": {"on": False}}
    assert parse(told).stops(a_plan("job_update", **used(1, 0)), NOW) == ""


def test_nobody_may_agree_to_a_field_the_business_rules_out() -> None:
    step = Step("PATCH", "sobjects/WorkOrder/0WO", "order", {"Status": "x", "Warranty_Until__c": "y"})
    assert SHIPPED.forbids(WritePlan("x", (step,), ())) == "Warranty_Until__c"
    assert SHIPPED.forbids(WritePlan("x", (Step("PATCH", "sobjects/WorkOrder/0WO", "o", {"Status": "x"}),), ())) == ""


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({}, "decide_within_minutes"),
        ({"decide_within_minutes": True}, "decide_within_minutes"),
        ({"decide_within_minutes": 60, "part_not_on_estimates": {"on": True}}, "there is no rule"),
        ({"decide_within_minutes": 60, "many_of_a_part": {"on": True}}, "many_of_a_part takes on, more_than"),
        ({"decide_within_minutes": 60, "many_of_a_part": {"on": True, "more_than": "9"}}, "of the wrong kind"),
        ({"decide_within_minutes": 60, "never": {"words": "price"}}, "never.words"),
    ],
)
def test_a_mistake_in_the_file_is_named(told: Mapping[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        parse(told)


def test_a_folder_without_the_file_has_the_shipped_rules(tmp_path: Path) -> None:
    assert approval_rules.load(str(tmp_path)) == SHIPPED
    (tmp_path / "approvals.toml").write_text("decide_within_minutes = ")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        approval_rules.load(str(tmp_path))


def test_every_rule_has_words_for_the_caller_in_both_languages() -> None:
    for phrases in load_lines().phrases.values():
        assert {f"approval.why.{rule}" for rule in (*RULES, approval_rules.SUPERVISED)} <= set(phrases)
        assert {f"approval.{status}" for status in ("executed", "rejected", "expired", "failed")} <= set(phrases)
