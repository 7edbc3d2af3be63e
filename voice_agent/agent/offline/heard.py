"""A conversation as the rule-based model sees it: what was said, pressed, asked of tools and noted, oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

PRESSED = re.compile(r"^\(pressed ([0-9*#]+)\)$")
PROPOSED = "awaiting_confirmation"
PROOF_NEEDED = "proof_needed"
UNFINISHED = frozenset({"cancelled", "still running"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`keys` are digits that were pressed; then `text` says nothing more."""

    text: str
    keys: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    text: str

    @property
    def cut(self) -> bool:
        return self.text.endswith("—")


@dataclass(frozen=True, slots=True)
class Used:
    """A tool call and what came of it; `status` is empty while nothing did."""

    name: str
    arguments: dict[str, Any]
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return str(self.result.get("status", ""))

    @property
    def say(self) -> str:
        return str(self.result.get("say") or "")

    @property
    def options(self) -> tuple[dict[str, Any], ...]:
        found = self.result.get("options")
        return tuple(row for row in found if isinstance(row, dict)) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True)
class Note:
    text: str


Moment = Caller | Agent | Used | Note


def moments(messages: Sequence[Mapping[str, Any]]) -> Iterator[Moment]:
    """Chat-completion messages, taken apart. What cannot be read is left out: a model may have written it."""
    results = {
        str(message.get("tool_call_id")): _object(message.get("content"))
        for message in messages
        if message.get("role") == "tool"
    }
    for message in messages:
        text = message.get("content")
        match message.get("role"):
            case "user" if isinstance(text, str) and text.strip():
                pressed = PRESSED.match(text.strip())
                yield Caller(text.strip(), pressed.group(1) if pressed else "")
            case "assistant":
                if isinstance(text, str) and text.strip():
                    yield Agent(text.strip())
                for call in message.get("tool_calls") or ():
                    function = call.get("function", {})
                    yield Used(
                        str(function.get("name", "")),
                        _object(function.get("arguments")),
                        results.get(str(call.get("id")), {}),
                    )
            case "system" if isinstance(text, str) and text.strip():
                yield Note(text.strip())
            case _:
                pass


def _object(text: Any) -> dict[str, Any]:
    try:
        value = orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
