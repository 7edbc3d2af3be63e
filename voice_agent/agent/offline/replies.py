"""What the rule-based model says and asks for next, given where the conversation stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from voice_agent.agent.offline import proving, wording
from voice_agent.agent.offline.dialogue import Dialogue
from voice_agent.agent.offline.frames import OWN_WORDS, Frame
from voice_agent.agent.offline.heard import PROOF_NEEDED, UNFINISHED, Note, Used
from voice_agent.agent.offline.moves import BY_KEYS, SAME_NUMBER, Move
from voice_agent.language.reading import LIFE_HAZARDS

MOST_TOOLS_A_TURN = 4
MOST_TIMES_ASKED = 3
"""Asked, asked again, asked for by key; then a person takes over."""
MOST_TIMES_LOST = 2
MOST_TIMES_NOT_FOUND = 2
NOT_FOUND = frozenset({"part.none", "job.none", "job.none_current"})
NEXT_JOB = frozenset({"en_route", "on_site"})
"""A status of a job that is only being begun: without a number it is the next one's, not the one under way."""


@dataclass(frozen=True, slots=True)
class Say:
    key: str
    holes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tell:
    """Words that a tool or the transcript holds already."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


Step = Say | Tell | Use


def respond(dialogue: Dialogue) -> Iterator[Step]:
    used = [moment for moment in dialogue.since if isinstance(moment, Used)]
    if len(used) > MOST_TOOLS_A_TURN:
        yield from _give_up("lost")
    elif dialogue.proven and dialogue.situation.line == "customer":
        yield from _proven(dialogue)
    elif used:
        yield from _after(dialogue, used[-1])
    elif dialogue.situation.emergency in LIFE_HAZARDS:
        yield from _in_danger(dialogue)
    else:
        yield from _answer(dialogue)


# -- after a tool --------------------------------------------------------------------------------------------------


def _after(dialogue: Dialogue, used: Used) -> Iterator[Step]:
    """A tool has answered in this turn: its own true sentence, then whatever is still open."""
    behind = dialogue.since[dialogue.since.index(used) + 1 :]
    if used.status == PROOF_NEEDED:
        if any(isinstance(moment, Note) for moment in behind):
            yield Use(used.name, used.arguments)
        else:
            yield Say("proof.needed")
        return
    if not used.status or used.status in UNFINISHED:
        yield Say("error.too_long")
        return
    if used.status == "failed" and _failures(dialogue) > 1:
        yield from _give_up("tool_failed")
        return
    if used.status == "none" and dialogue.asked in NOT_FOUND and dialogue.streak >= MOST_TIMES_NOT_FOUND:
        yield from _give_up("not_found")
        return
    yield Tell(used.say) if used.say else Say("error.general")
    match used.status:
        case "short" | "not_in_van":
            yield Say("ask.instead")
        case "found" | "over" | "no_van" | "refused":
            yield from _go_on(dialogue)
        case _:
            pass


def _prove(what: str) -> Iterator[Step]:
    match what:
        case proving.AGAIN:
            yield Use("identify", {"send_again": True})
        case proving.ORDER:
            yield Use("identify")
        case proving.OTHER_WAY:
            yield Say("proof.code.other_way")
        case proving.WAITING:
            yield Say("proof.code.waiting")
        case digits:
            yield Use("identify", {"work_order": digits})


def _proven(dialogue: Dialogue) -> Iterator[Step]:
    """What was wanted before the proof is done now; once it has been asked for, its result counts."""
    asked = [moment for moment in dialogue.since if isinstance(moment, Used)]
    behind = dialogue.since[max(i for i, m in enumerate(dialogue.since) if isinstance(m, Note)) :]
    if asked and asked[-1] in behind:
        yield from _after(dialogue, asked[-1])
    elif dialogue.frame is not None and not dialogue.frame.done:
        yield from _act(dialogue, dialogue.frame)
    else:
        yield Say("ask.what")


def _failures(dialogue: Dialogue) -> int:
    return sum(isinstance(moment, Used) and moment.status == "failed" for moment in dialogue.since)


def _go_on(dialogue: Dialogue) -> Iterator[Step]:
    """The second wish of the sentence, else the question whether there is one."""
    if dialogue.frame is not None and not dialogue.frame.done:
        yield from _act(dialogue, dialogue.frame)
    elif dialogue.caller.keys and dialogue.frame is not None and BY_KEYS in dialogue.frame.extras:
        yield Say(f"menu.{dialogue.situation.line}")
    else:
        yield Say("ask.anything_else")


# -- after the caller ----------------------------------------------------------------------------------------------


def _answer(dialogue: Dialogue) -> Iterator[Step]:
    line = dialogue.situation.line
    match dialogue.move:
        case Move.CONFIRMED if dialogue.settled:
            yield from _go_on(dialogue)
        case Move.CONFIRMED | Move.WANTS if dialogue.frame is not None:
            yield from _act(dialogue, dialogue.frame)
        case Move.DENIED if dialogue.detail == "proposal":
            yield Say("ask.correct")
        case Move.DENIED:
            yield Say("chat.fine")
            yield Say("ask.what")
        case Move.UNCLEAR:
            yield from _ask_to_choose(dialogue)
        case Move.YES:
            yield Say("chat.yes_what")
        case Move.NOTHING_MORE:
            yield Use("end_call")
        case Move.CHAT:
            yield from _chat(dialogue)
        case Move.HUMAN:
            yield Use("hand_off", {"reason": "caller_asked"})
        case Move.REPEAT:
            yield Tell(dialogue.last_said.rstrip("—")) if dialogue.last_said else Say("chat.nothing_to_repeat")
        case Move.PROVE:
            yield from _prove(dialogue.detail)
        case Move.MENU:
            yield Say(f"menu.{line}")
        case Move.EMERGENCY_MENU:
            yield Say("menu.emergency")
        case Move.HAZARD:
            yield Use("report_emergency", {"hazard": dialogue.detail})
        case Move.NONE:
            yield Say("ask.what")
        case _:
            yield from _not_understood(dialogue)


def _act(dialogue: Dialogue, frame: Frame) -> Iterator[Step]:
    """Ask for what is missing, one thing at a time, or make the call."""
    arguments = dict(frame.arguments)
    match frame.tool:
        case "billing":
            yield Say("ask.billing")
            return
        case "not_here":
            yield Say("chat.not_here")
            return
        case "update_job":
            if not ({"status", "parts", "note"} & arguments.keys()):
                named = arguments.get("job") or dialogue.job or BY_KEYS in frame.extras
                yield from _ask(dialogue, "ask.status" if named else "ask.which_job")
                return
            if arguments.get("status") == "cannot_complete" and not arguments.get("reason"):
                if not (dialogue.asked == "ask.cannot_reason" and dialogue.streak > 1):
                    yield from _ask(dialogue, "ask.cannot_reason")
                    return
            default = "next" if arguments.get("status") in NEXT_JOB else "current"
            arguments.setdefault("job", dialogue.job or default)
        case "part_stock" | "request_part" | "transfer_part":
            if not arguments.get("part"):
                yield from _ask(dialogue, "ask.part")
                return
            if frame.tool == "transfer_part" and not arguments.get("source"):
                yield from _ask(dialogue, "ask.transfer_source")
                return
        case "job_note":
            if not arguments.get("note"):
                yield from _ask(dialogue, "ask.note")
                return
            arguments.setdefault("job", dialogue.job or "current")
        case "add_work" | "ask_dispatcher" | "preferred_times":
            argument, _, question = OWN_WORDS[frame.tool]
            if not arguments.get(argument):
                yield from _ask(dialogue, question)
                return
            if frame.tool == "add_work":
                arguments.setdefault("job", dialogue.job or "current")
        case "visit_note":
            if not arguments.get("note"):
                yield from _ask(dialogue, "ask.note")
                return
        case "running_late":
            if not arguments.get("minutes"):
                if BY_KEYS in frame.extras:
                    yield Say("menu.late")
                else:
                    yield from _ask(dialogue, "ask.delay")
                return
            arguments.setdefault("job", "next")
        case "job_details":
            arguments["job"] = arguments.get("job") or dialogue.job or "current"
        case "report_problem":
            if not arguments.get("problem"):
                yield from _ask(dialogue, "ask.problem")
                return
        case "take_message":
            missing = _missing_of_message(dialogue, frame, arguments)
            if missing is not None:
                yield from _ask(dialogue, missing)
                return
            if SAME_NUMBER in frame.extras:
                arguments.pop("callback_number", None)
        case _:
            pass
    yield Use(frame.tool, arguments)


def _missing_of_message(dialogue: Dialogue, frame: Frame, arguments: dict[str, Any]) -> str | None:
    """After closing time nobody is there to ask later: a message needs a number and a time. By day the words do."""
    if not arguments.get("message"):
        if BY_KEYS not in frame.extras:
            return "ask.message"
        arguments["message"] = "message.call_me"
    if dialogue.situation.line != "after_hours" and not {"callback_number", "when"} & arguments.keys():
        return None
    if not arguments.get("callback_number") and SAME_NUMBER not in frame.extras:
        return "ask.callback"
    if dialogue.situation.line == "after_hours" and not arguments.get("when"):
        return "ask.when"
    return None


# -- questions -----------------------------------------------------------------------------------------------------


def _ask(dialogue: Dialogue, key: str) -> Iterator[Step]:
    """Once, once more with an apology, then for the keypad, then a person."""
    times = dialogue.streak if dialogue.asked == key else 0
    by_keys = bool(dialogue.caller.keys) or (dialogue.frame is not None and BY_KEYS in dialogue.frame.extras)
    if times >= MOST_TIMES_ASKED:
        yield from _give_up("not_understood")
    elif times == MOST_TIMES_ASKED - 1 or (by_keys and times == 0):
        if times:
            yield Say("lost.second")
        yield Say(f"{key}_keys")
    else:
        if times:
            yield Say("lost.first")
        yield Say(key)


def _ask_to_choose(dialogue: Dialogue) -> Iterator[Step]:
    slots = bool(dialogue.options) and "slot" in dialogue.options[0]
    key = "ask.choose" if slots else "ask.choose_option"
    if dialogue.asked == key and dialogue.streak >= MOST_TIMES_ASKED - 1:
        yield from _give_up("not_understood")
    else:
        yield Say(key)


def _not_understood(dialogue: Dialogue) -> Iterator[Step]:
    frame, asked = dialogue.frame, dialogue.asked
    if frame is not None and frame.extras and not frame.done and asked and asked.startswith("menu."):
        yield from _act(dialogue, frame)
    elif dialogue.lost > MOST_TIMES_LOST:
        yield from _give_up("not_understood")
    elif dialogue.options:
        yield from _ask_to_choose(dialogue)
    elif frame is not None and not frame.done and asked in _REPEATABLE:
        yield from _ask(dialogue, asked)
    elif dialogue.lost == MOST_TIMES_LOST:
        yield Say("lost.second")
        yield Say("lost.second_keys")
        yield Say(f"menu.{dialogue.situation.line}")
    else:
        yield Say("lost.first")


_REPEATABLE = frozenset(
    "ask.which_job ask.status ask.cannot_reason ask.part ask.transfer_source ask.note ask.delay ask.problem "
    "ask.message ask.callback ask.when ask.work ask.question ask.times".split()
)


def _give_up(reason: str) -> Iterator[Step]:
    yield Say("lost.third")
    yield Use("hand_off", {"reason": reason})


# -- beside the matter ---------------------------------------------------------------------------------------------


def _chat(dialogue: Dialogue) -> Iterator[Step]:
    line = dialogue.situation.line
    match dialogue.detail:
        case "can_do":
            yield Say(f"can_do.{line}")
            return
        case "wait":
            yield Say("chat.wait")
            return
        case "insult" | "robot" | "hours":
            yield Say(f"chat.{dialogue.detail}")
            return
        case "fine":
            yield Say("chat.fine")
        case name:
            yield Say(f"chat.{name}")
    if dialogue.frame is not None and not dialogue.frame.done and dialogue.asked in _REPEATABLE:
        yield Say(dialogue.asked)
    elif dialogue.detail in ("thanks", "fine"):
        yield Say("ask.anything_else")
    else:
        yield Say("ask.what")


def _in_danger(dialogue: Dialogue) -> Iterator[Step]:
    """After safety guidance nothing else is served on this call but facts for the people who come, or the end of it."""
    hazard = dialogue.situation.emergency
    if dialogue.move is Move.NOTHING_MORE or (dialogue.move is Move.CHAT and dialogue.detail == "thanks"):
        yield Use("end_call")
    elif dialogue.move is Move.HUMAN:
        yield Use("hand_off", {"reason": "caller_asked"})
    elif dialogue.move is Move.CONFIRMED and dialogue.settled:
        yield Say("again.stay" if hazard == "trapped" else "again.leave")
    elif dialogue.move is Move.HAZARD:
        yield Use("report_emergency", {"hazard": dialogue.detail})
    elif _tells_facts(dialogue):
        yield Use("take_message", {"desk": "dispatch", "message": dialogue.caller.text})
    elif hazard == "trapped":
        yield Say("emergency.stay_calm")
    else:
        yield Say("emergency.calm")


def _tells_facts(dialogue: Dialogue) -> bool:
    """An address, a number, or an answer to the question what the team should know."""
    text = dialogue.caller.text
    if dialogue.caller.keys or len(text.split()) < 4 or dialogue.move in (Move.CHAT, Move.CONFIRMED, Move.DENIED):
        return False
    return dialogue.asked == "emergency.calm" or wording.has_number(text, dialogue.situation.lang)
