"""Things to try, for somebody who has never called: who to be, which line, what to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voice_agent.lines import Line

LINE_OF = {"customer": "customer", "technician": "technician", "unknown": "after_hours"}
"""Role of the caller to role of the line they would dial."""

SAYINGS: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "Where is my technician?",
        "Can we move it to another day?",
        "¿Cuándo llega el técnico?",
        "I'd like to talk to a person.",
    ),
    "technician": (
        "What's my next job?",
        "I'm on site.",
        "I'm done here and used one flame sensor.",
        "Do I have a blower belt on the truck?",
    ),
    "after_hours": (
        "I smell gas in the basement.",
        "The heating is making a strange noise.",
        "Please have someone call me back tomorrow.",
    ),
}
"""Role of the line to sentences that show what it can do."""

STORIES: Mapping[str, tuple[str, str]] = {
    "customer": ("When is my visit?", "Ask where the technician is, move the visit, and cut in while the agent talks."),
    "technician": ("Report a job", "Key in the PIN {pin}, hear the next job, report it done and watch the records."),
    "unknown": ("Gas, at night", "Say that you smell gas. Guidance comes first; no model is asked for it."),
}
"""Role of the caller to the title and text of a card."""


@dataclass(frozen=True, slots=True)
class Try:
    """One card of the empty page. `caller` and `line` are numbers."""

    title: str
    text: str
    who: str
    caller: str
    line: str
    say: str
    pin: str
    """Of the emulated technician, public like all of the demo; "" without one."""


def tries(callers: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> tuple[Try, ...]:
    """One card for each role that has both a caller and a line."""
    made = []
    for role, (title, text) in STORIES.items():
        caller = next((one for one in callers if one["role"] == role), None)
        line = line_for(role, lines)
        if caller is not None and line is not None:
            shown = text.format(pin=caller.get("pin") or "of the technician")
            say = SAYINGS[line.role][0]
            made.append(
                Try(
                    title,
                    shown,
                    str(caller["name"]),
                    str(caller["number"]),
                    line.number,
                    say,
                    str(caller.get("pin") or ""),
                )
            )
    return tuple(made)


def line_for(role: str, lines: Sequence[Line]) -> Line | None:
    return next((line for line in lines if line.role == LINE_OF.get(role)), None)
