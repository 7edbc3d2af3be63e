"""The business's own rules for changes that a dispatcher has to agree to: `approvals.toml` of a prompts folder."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from voice_agent.errors import ConfigurationError
from voice_agent.salesforce.plans import WritePlan

FILE = "approvals.toml"
SUPERVISED = "supervised"
"""The rule of the phase of that name: every change."""

Settings = Mapping[str, Any]
Facts = Mapping[str, Any]


def _off_estimate(facts: Facts, _: Settings, __: datetime) -> bool:
    return any(part.get("required") == 0 for part in facts.get("parts", ()))


def _above_estimate(facts: Facts, rule: Settings, _: datetime) -> bool:
    return any(
        part.get("required")
        and part["quantity"] >= rule["at_least"]
        and part["quantity"] > rule["times"] * part["required"]
        for part in facts.get("parts", ())
    )


def _many(facts: Facts, rule: Settings, _: datetime) -> bool:
    amounts = [part["quantity"] for part in facts.get("parts", ())]
    amounts += [facts["quantity"]] if isinstance(facts.get("quantity"), int | float) else []
    return any(amount > rule["more_than"] for amount in amounts)


def _short_notice(facts: Facts, rule: Settings, now: datetime) -> bool:
    starts = _moment(facts.get("starts"))
    return starts is not None and starts - now < timedelta(hours=rule["hours"])


def _breaks_promise(facts: Facts, rule: Settings, now: datetime) -> bool:
    due = _moment(facts.get("due"))
    return facts.get("status") in rule["statuses"] and due is not None and due - now < timedelta(hours=rule["hours"])


def _after_date(facts: Facts, _: Settings, __: datetime) -> bool:
    return bool(facts.get("late"))


Stops = Callable[[Facts, Settings, datetime], bool]
RULES: Mapping[str, tuple[frozenset[str], Stops, Mapping[str, type | tuple[type, ...]]]] = {
    "part_not_on_estimate": (frozenset({"job_update"}), _off_estimate, {}),
    "quantity_above_estimate": (
        frozenset({"job_update"}), _above_estimate, {"times": (int, float), "at_least": (int, float)}
    ),
    "many_of_a_part": (
        frozenset({"job_update", "part_request", "transfer"}), _many, {"more_than": (int, float)}
    ),
    "cancel_at_short_notice": (frozenset({"cancel"}), _short_notice, {"hours": (int, float)}),
    "status_breaks_promise": (frozenset({"job_update"}), _breaks_promise, {"statuses": list, "hours": (int, float)}),
    "after_promised_date": (frozenset({"reschedule"}), _after_date, {}),
}  # fmt: skip
"""Name -> the plans it is about, when it stops one, and the settings it takes; the first that stops a plan is told."""


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    decide_within: timedelta
    rules: Mapping[str, Settings]
    never: tuple[str, ...] = ()

    def stops(self, plan: WritePlan, now: datetime) -> str:
        """The rule by which this change needs a dispatcher, empty when none does. `now` is aware."""
        for name, (about, stops, _) in RULES.items():
            rule = self.rules.get(name, {})
            if rule.get("on") and plan.name in about and stops(plan.facts, rule, now):
                return name
        return ""

    def forbids(self, plan: WritePlan) -> str:
        """A field of the plan that the business never lets an agent set, empty when there is none."""
        fields = (name for step in plan.steps for name in step.body or {})
        return next((name for name in fields if any(word in name.lower() for word in self.never)), "")


def load(folder: str | None = None) -> ApprovalRules:
    """The file of a prompts folder, else the shipped one. ConfigurationError says what is wrong with it."""
    root: Traversable = Path(folder) if folder else resources.files("prompts")
    if not (root / FILE).is_file():
        root = resources.files("prompts")
    try:
        told = tomllib.loads((root / FILE).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{FILE} cannot be read: {error}") from None
    return parse(told)


def parse(told: Mapping[str, Any]) -> ApprovalRules:
    minutes = told.get("decide_within_minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0.05 <= minutes <= 7 * 24 * 60:
        raise ConfigurationError(f"{FILE}: decide_within_minutes must be a number from 0.05 to 10080")
    rules: dict[str, Settings] = {}
    for name, rule in told.items():
        if name in ("decide_within_minutes", "never"):
            continue
        if name not in RULES:
            raise ConfigurationError(f"{FILE}: there is no rule {name!r}; there are {', '.join(RULES)}")
        _, _, takes = RULES[name]
        if not isinstance(rule, Mapping) or not isinstance(rule.get("on"), bool) or set(rule) != {"on", *takes}:
            raise ConfigurationError(f"{FILE}: {name} takes {', '.join(['on', *takes])} and nothing else")
        for key, form in takes.items():
            if not isinstance(rule[key], form) or isinstance(rule[key], bool):
                raise ConfigurationError(f"{FILE}: {name}.{key} is {rule[key]!r}, which is of the wrong kind")
        rules[name] = rule
    words = told.get("never", {}).get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ConfigurationError(f"{FILE}: never.words must be a list of words")
    return ApprovalRules(timedelta(minutes=minutes), rules, tuple(word.lower() for word in words))


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")) if text else None
    except ValueError:
        return None
