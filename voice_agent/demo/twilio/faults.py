"""Faults to order: which requests, webhooks and sockets of the emulator shall go wrong, how, and how many times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REST_FAULTS = {"status", "latency", "hang", "drop", "apply_then_hang"}
"""For `GET`, `POST`, `DELETE` rules. A name like `429`, `500` or `503` is short for `status`."""
WEBHOOK_FAULTS = {"wrong_signature", "missing_signature", "trailing_slash", "latency"}
"""For `WEBHOOK` rules, matched with the path of the application's URL."""
RELAY_FAULTS = {
    "wrong_signature",
    "missing_signature",
    "trailing_slash",
    "late_setup",
    "burst",
    "duplicate_final",
    "empty_prompt",
    "unknown_frame",
    "unknown_fields",
    "silence",
}
"""For `RELAY` rules, matched with the path of the websocket's URL."""
STATUS_FAULTS = {"shuffle", "duplicate"}
"""For `STATUS` rules: status callbacks out of order or twice, matched with the callback's path."""


class InvalidFault(ValueError):
    """A rule that names no known fault or whose pattern does not compile."""


@dataclass(slots=True)
class Rule:
    method: str
    """An HTTP method, `WEBHOOK`, `RELAY`, `STATUS`, or `*`."""
    pattern: re.Pattern[str]
    name: str
    left: int | None
    """How many times more; None is for ever."""
    detail: Mapping[str, Any]
    """`ms` for latency, `status` for status, `code` for the error body."""


class Faults:
    """The rules in force. The first that matches is used up by one."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, given: Mapping[str, Any]) -> None:
        """One rule: `{"match": "METHOD path-regex", "fault": NAME, "times": N, ...}`. Raises InvalidFault."""
        method, _, path = str(given.get("match", "")).partition(" ")
        name = str(given.get("fault", ""))
        detail = {key: value for key, value in given.items() if key not in ("match", "fault", "times")}
        if name.isdigit():
            detail["status"], name = int(name), "status"
        known = REST_FAULTS | WEBHOOK_FAULTS | RELAY_FAULTS | STATUS_FAULTS
        if name not in known:
            raise InvalidFault(f"unknown fault {name!r}; known: {', '.join(sorted(known))} and status codes")
        if not method or not path:
            raise InvalidFault("match must be a method (or WEBHOOK, RELAY, STATUS, *), a space and a path pattern")
        try:
            pattern = re.compile(path)
        except re.error as exc:
            raise InvalidFault(f"match {path!r} is no regular expression: {exc}") from exc
        times = given.get("times")
        self._rules.append(Rule(method.upper(), pattern, name, None if times is None else int(times), detail))

    def clear(self) -> None:
        self._rules.clear()

    def take(self, method: str, path: str) -> Rule | None:
        """The first rule for this, counted as used; None when all shall go well."""
        for rule in self._rules:
            if rule.method in (method, "*") and rule.left != 0 and rule.pattern.search(path):
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None

    def take_all(self, method: str, path: str) -> list[Rule]:
        """Every rule for this, each counted as used once."""
        taken = []
        for rule in self._rules:
            if rule.method in (method, "*") and rule.left != 0 and rule.pattern.search(path):
                if rule.left is not None:
                    rule.left -= 1
                taken.append(rule)
        return taken

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"match": f"{rule.method} {rule.pattern.pattern}", "fault": rule.name, "left": rule.left, **rule.detail}
            for rule in self._rules
        ]
