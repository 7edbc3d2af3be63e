"""What keys mean where nothing was offered: an answer, a menu entry, a job number, or the wish for a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voice_agent.agent.offline import filling
from voice_agent.agent.offline.frames import Frame
from voice_agent.agent.offline.heard import Caller
from voice_agent.agent.offline.moves import BY_KEYS, WANTS, Move, Understood
from voice_agent.language.reading import Lang, Reading, Urgency

if TYPE_CHECKING:
    from voice_agent.agent.offline.dialogue import Dialogue

MENUS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "customer": {
        "1": ("eta", {}),
        "2": ("free_slots", {}),
        "3": ("confirm_visit", {}),
        "4": ("cancel_visit", {}),
        "5": ("take_message", {}),
        "6": ("text_details", {}),
    },
    "technician": {
        "1": ("update_job", {}),
        "2": ("job_details", {"job": "next"}),
        "3": ("my_day", {}),
        "4": ("running_late", {}),
        "5": ("take_message", {}),
    },
    "after_hours": {"1": ("take_message", {})},
}
"""As the phrases `menu.<line>` read them out."""
EMERGENCY_KEY = "9"
HAZARDS = {"1": "gas", "2": "fire", "3": "co", "4": "shock", "5": "water_electric", "6": "trapped"}
FEWEST_JOB_DIGITS = 3
_BELOW_MENUS = ("menu.late", "menu.emergency")


def reading_of(caller: Caller, lang: str) -> Reading:
    """Keys say digits and nothing else."""
    spoken: Lang = "es" if lang == "es" else "en"
    return Reading(caller.text, spoken, Urgency("routine"), "number", 1.0, None, {"digits": caller.keys.strip("*#")})


def pressed(talk: Dialogue, caller: Caller, reading: Reading) -> Understood:
    asked = talk.asked or ""
    if asked == "menu.emergency":
        hazard = HAZARDS.get(caller.keys)
        return (Move.HAZARD, hazard) if hazard else (Move.EMERGENCY_MENU, "")
    if (move := filling.filled(talk, caller, reading)) is not None:
        return move
    if caller.keys == EMERGENCY_KEY:
        return Move.EMERGENCY_MENU, ""
    entries = MENUS[talk.line]
    if asked.startswith("menu.") and asked not in _BELOW_MENUS and caller.keys in entries:
        tool, arguments = entries[caller.keys]
        talk.start(Frame(tool, dict(arguments), {BY_KEYS}))
        return WANTS
    if talk.line == "technician" and len(caller.keys) >= FEWEST_JOB_DIGITS:
        talk.start(Frame("job_details", {"job": caller.keys}, {BY_KEYS}))
        return WANTS
    return Move.MENU, ""
