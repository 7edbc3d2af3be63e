"""Something was offered to choose from: what the caller's choice completes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voice_agent.agent.offline import courtesies
from voice_agent.agent.offline.choosing import choose
from voice_agent.agent.offline.frames import Frame
from voice_agent.agent.offline.heard import Caller
from voice_agent.agent.offline.moves import WANTS, Move, Understood
from voice_agent.language.reading import Reading

if TYPE_CHECKING:
    from voice_agent.agent.offline.dialogue import Dialogue


def chose(talk: Dialogue, caller: Caller, reading: Reading) -> Understood | None:
    """None when the caller went on to something else."""
    if not caller.keys and courtesies.courtesy(caller.text) == "bye":
        return Move.NOTHING_MORE, ""
    picked = choose(talk.options, caller, reading)
    if picked.option is not None:
        _take(talk, picked.option)
        return WANTS
    if picked.later and talk.chosen_from is not None:
        _later(talk)
        return WANTS
    if picked.several:
        narrows = talk.frame is not None and talk.frame.add(talk.gathered("free_slots", caller, reading))
        return WANTS if narrows else (Move.UNCLEAR, "")
    return (Move.UNCLEAR, "") if caller.keys else None


def name_part(talk: Dialogue, name: str) -> None:
    """The part that was unclear gets the name it has; the others of the same report stay as they are."""
    frame = talk.frame
    if frame is None:
        return
    if frame.tool != "update_job":
        frame.add({"part": name})
        return
    result = talk.last_used.result if talk.last_used is not None else {}
    unclear = str(result.get("said") or result.get("part") or "")
    parts = [dict(part) for part in frame.arguments.get("parts") or ()]
    for part in parts:
        if part["part"] == unclear or len(parts) == 1:
            part["part"] = name
    frame.add({"parts": parts})


def drop_part(talk: Dialogue) -> None:
    """The part that was not found is let go: the caller said the report again without one."""
    result = talk.last_used.result if talk.last_used is not None else {}
    unclear = str(result.get("said") or result.get("part") or "")
    if talk.frame is not None:
        kept = [part for part in talk.frame.arguments.pop("parts", None) or () if part["part"] != unclear]
        talk.frame.arguments |= {"parts": kept} if kept else {}


def _take(talk: Dialogue, option: dict[str, Any]) -> None:
    """One of what was offered: it completes the call that offered it."""
    frame = talk.frame
    if frame is None:
        return
    if "slot" in option:
        visit = talk.chosen_from.result.get("visit") if talk.chosen_from else None
        talk.frame = Frame("reschedule", {"slot": option["slot"]} | ({"visit": visit} if visit else {}))
        return  # the others stay on offer: "no, the first one" after the read-back
    if "visit" in option:
        frame.add({"visit": option["visit"]})
    elif "job" in option:
        frame.add({"job": option["job"]})
        talk.job = str(option.get("number") or talk.job or "") or None
    elif "part" in option:
        name_part(talk, str(option.get("part_number") or option["part"]))
    talk.options = ()


def _later(talk: Dialogue) -> None:
    """The same wish, from the day after the last that was offered."""
    assert talk.chosen_from is not None
    wish = {name: value for name, value in talk.chosen_from.arguments.items() if name not in ("date_from", "date_to")}
    if later := talk.chosen_from.result.get("later_from"):
        wish["date_from"] = later
    talk.frame = Frame("free_slots", wish)
