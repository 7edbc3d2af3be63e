"""An answer to a question about what is already in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agent.offline import courtesies, offers, topics, wording
from voice_agent.agent.offline.frames import ABOUT_A_PART, Frame
from voice_agent.agent.offline.heard import Caller
from voice_agent.agent.offline.moves import SAME_NUMBER, WANTS, Understood
from voice_agent.language.reading import Reading

if TYPE_CHECKING:
    from voice_agent.agent.offline.dialogue import Dialogue

ASKED_FOR = {
    "ask.which_job": "job",
    "job.none": "job",
    "job.none_current": "job",
    "ask.status": "status",
    "update_job.nothing": "status",
    "ask.cannot_reason": "reason",
    "ask.part": "part",
    "part.none": "part",
    "ask.delay": "minutes",
    "menu.late": "minutes",
    "ask.note": "note",
    "ask.work": "work",
    "ask.question": "question",
    "ask.times": "times",
    "ask.problem": "problem",
    "ask.message": "message",
    "ask.callback": "callback_number",
    "message.no_number": "callback_number",
    "message.bad_number": "callback_number",
    "ask.when": "when",
    "ask.transfer_source": "source",
    "ask.day": "date_from",
    "slots.none": "date_from",
    "slots.offer": "date_from",
    "slots.only": "date_from",
    "slots.only_instead": "date_from",
    "slots.instead": "date_from",
    "slots.instead_day": "date_from",
    "reschedule.next_offer": "date_from",
}
"""Question to the argument that answers it."""
FREE_ANSWERS = frozenset(
    "ask.note ask.problem ask.message ask.when ask.cannot_reason ask.work ask.question ask.times".split()
)
"""Questions that any words answer."""
OWN_WORDS = frozenset("job_note visit_note take_message report_problem add_work ask_dispatcher preferred_times".split())
"""Matters whose words were wrong if the read-back was: said again, the old ones are gone."""
NAMES_A_PART = frozenset({"part.none", "ask.part", "ask.instead"})
SAME_MATTER = frozenset({"free_slots", "reschedule"})


def filled(talk: Dialogue, caller: Caller, reading: Reading) -> Understood | None:
    """None when nothing is in hand, or the sentence does not add to it."""
    frame, asked = talk.frame, talk.asked
    if frame is None or frame.done:
        return None
    if asked in FREE_ANSWERS and not reading.slots and courtesies.courtesy(caller.text) in ("bye", "wait"):
        return None
    if asked == "ask.correct" and frame.tool in OWN_WORDS and not caller.keys:
        tool = topics.tool_for(talk.line, reading, reading.intent)
        if tool == frame.tool:  # the whole wish once more, not only what was wrong about it
            talk.start(talk.begun(tool, caller, reading))
            return WANTS
        if tool is not None and tool not in topics.LOOKS_UP and topics.borne_out(tool, reading, reading.confidence):
            return None
    new = talk.gathered(frame.tool, caller, reading)
    answers = ASKED_FOR.get(asked or "") in new
    if not answers and asked not in FREE_ANSWERS and _elsewhere(talk, reading, frame):
        return None
    if asked in ("ask.callback", "message.no_number") and not answers and _same_number(caller):
        frame.extras.add(SAME_NUMBER)
        return WANTS
    if asked == "part.none" and frame.tool == "update_job" and (part := _part_in(new)):
        offers.name_part(talk, part)
        return WANTS
    if asked == "part.none" and frame.tool == "update_job" and {"status", "job"} & new.keys():
        offers.drop_part(talk)
    if not new:
        return None
    frame.add(new)
    _second_wish(talk, caller, reading, frame)
    return WANTS


def _part_in(new: dict[str, object]) -> str | None:
    parts = new.get("parts")
    if isinstance(parts, list) and parts:
        return str(parts[0]["part"])
    return str(new["part"]) if new.get("part") else None


def _second_wish(talk: Dialogue, caller: Caller, reading: Reading, frame: Frame) -> None:
    """ "Job's done, and I need a blower belt", said where the status was asked for."""
    if reading.also is None:
        return
    tool = topics.tool_for(talk.line, reading, reading.intent)
    other = topics.second(talk.line, reading, frame.tool) if tool == frame.tool else tool
    if other is None or other == frame.tool or topics.tool_for(talk.line, reading, reading.also) is None:
        return
    if topics.borne_out(other, reading, 0.0) or other in topics.SECOND:
        talk.pending = [talk.begun(other, caller, reading)]


def _elsewhere(talk: Dialogue, reading: Reading, frame: Frame) -> bool:
    """The sentence is surely about something else than what is in hand."""
    tool = topics.tool_for(talk.line, reading, reading.intent)
    if tool is None or tool == frame.tool or (reading.confidence < topics.CERTAIN and tool != "job_note"):
        return False
    if (
        talk.asked in NAMES_A_PART
        and tool in ABOUT_A_PART
        and not wording.ASKS_WHERE.search(wording.flat(reading.text))
    ):
        return False  # another name for the part that was not found
    return not ({tool, frame.tool} <= ABOUT_A_PART or {tool, frame.tool} <= SAME_MATTER)


def _same_number(caller: Caller) -> bool:
    if caller.keys:
        return caller.keys == "1"
    return wording.SAME_NUMBER.search(wording.flat(caller.text)) is not None
