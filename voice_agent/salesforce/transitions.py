"""Which status may follow which, by category: the defaults of the package for visits, our own for work orders. Pure.

A status that is several steps away is walked through them; what has no way is refused with a sentence (sheet 3.3).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from voice_agent import errors

VISIT: Mapping[str, tuple[str, ...]] = {
    "None": ("Scheduled", "Canceled"),
    "Scheduled": ("None", "Dispatched", "Canceled"),
    "Dispatched": ("InProgress", "Canceled"),
    "InProgress": ("Completed", "CannotComplete"),
}
ORDER: Mapping[str, tuple[str, ...]] = {
    "New": ("InProgress", "Canceled"),
    "InProgress": ("OnHold", "Completed", "CannotComplete"),
    "OnHold": ("InProgress",),
}
"""The platform refuses nothing on a work order (3.3); walking it keeps the org's own flows and reports true."""


def walk(table: Mapping[str, tuple[str, ...]], start: str, goal: str) -> tuple[str, ...]:
    """The categories to pass through, `goal` last; empty when already there. NotAllowed when there is no way."""
    if start == goal:
        return ()
    came_from = {start: ""}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for after in table.get(here, ()):
            if after in came_from:
                continue
            came_from[after] = here
            if after == goal:
                return _back(came_from, goal)
            waiting.append(after)
    refused = errors.NotAllowed(f"no way from {start} to {goal}")
    refused.for_model = (
        f"The status cannot go from {start} to {goal} by itself. Say what it is now; a dispatcher can change it."
    )
    raise refused


def _back(came_from: Mapping[str, str], goal: str) -> tuple[str, ...]:
    steps = [goal]
    while came_from[came_from[steps[-1]]]:
        steps.append(came_from[steps[-1]])
    return tuple(reversed(steps))
