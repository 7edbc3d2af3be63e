"""From what was meant to what can be asked of a tool: the intents of each line, and which of two belong together."""

from __future__ import annotations

from collections.abc import Mapping

from voice_agent.agent.offline import wording
from voice_agent.agent.offline.frames import ABOUT_A_PART
from voice_agent.agent.offline.wording import number_of
from voice_agent.language.reading import Reading

BILLING = "billing"
NOT_HERE = "not_here"
LOOKS_UP = frozenset({"job_details", "my_day", "my_visits"})
"""Tools that serve whatever sounds vaguely like work; their sentences must hold a word of it."""
MOST_WORDS_OF_IT = 8
CERTAIN = 0.8
UNSURE = 0.65
SURE_ENOUGH = 0.38
"""Below this calibrated probability an intent counts only if a slot speaks for it."""

CUSTOMER: Mapping[str, str] = {
    "eta": "eta",
    "reschedule": "free_slots",
    "cancel": "cancel_visit",
    "confirm": "confirm_visit",
    "new_problem": "report_problem",
    "emergency": "report_problem",
    "next_job": "my_visits",
    "job_details": "my_visits",
    "billing_other": BILLING,
    "message": "take_message",
}
TECHNICIAN: Mapping[str, str] = {
    "report_status": "update_job",
    "parts_used": "update_job",
    "parts_inquiry": "part_stock",
    "request_transfer": "transfer_part",
    "next_job": "job_details",
    "job_details": "job_details",
    "eta": "job_details",
    "running_late": "running_late",
    "message": "take_message",
    "new_problem": "add_work",
    "billing_other": BILLING,
    "reschedule": NOT_HERE,
    "cancel": NOT_HERE,
}
LINES: Mapping[str, Mapping[str, str]] = {"customer": CUSTOMER, "technician": TECHNICIAN}
SPEAKING_SLOTS: Mapping[str, frozenset[str]] = {
    "update_job": frozenset({"status", "parts"}),
    "part_stock": frozenset({"part", "part_number"}),
    "request_part": frozenset({"part", "part_number"}),
    "transfer_part": frozenset({"part", "part_number"}),
    "free_slots": frozenset({"date", "time_from", "exclude"}),
    "running_late": frozenset({"eta_minutes"}),
    "job_details": frozenset({"work_order", "appointment"}),
}
FIRST_SERVED: Mapping[str, int] = {"update_job": 0, "eta": 1, "my_visits": 1, "job_details": 3, "my_day": 3}
"""Of two wishes: what was done is booked first, a question comes before a change, what is next comes last."""
SERVED_BETWEEN = 2
SECOND: frozenset[str] = frozenset({"eta", "job_details", "my_day", "my_visits"})
"""May follow as the second wish of a sentence on the intent alone: they only look something up."""


OWN_WORDS: frozenset[str] = frozenset(
    "take_message job_note visit_note add_work ask_dispatcher preferred_times text_details".split()
)
"""Matters that take the whole sentence: whatever else seems to be in it belongs to them."""


def tool_for(line: str, reading: Reading, intent: str) -> str | None:
    """The tool that serves `intent` on this line, None when there is none or the sentence does not bear it out."""
    said = wording.flat(reading.text)
    if line == "after_hours":
        return "take_message" if _has_matter(intent, said) else None
    tool = LINES.get(line, {}).get(intent)
    if line == "technician":
        tool = _technician(tool, reading, intent, said)
    elif line == "customer" and (asked := _in_writing_or_detail(said)) is not None:
        tool = asked
    elif line == "customer" and wording.NOTES.search(said):
        tool = "visit_note"
    elif line == "customer" and wording.ARRIVAL_NOTE.search(said) and _may_be_note(reading, intent):
        tool = "visit_note"
    elif line == "customer" and intent in ("confirm", "job_details", "eta") and wording.ASKS_VISITS.search(said):
        tool = "my_visits"
    elif line == "customer" and _wants_another_time(tool, reading, said):
        tool = "free_slots"
    return tool


def _in_writing_or_detail(said: str) -> str | None:
    """Plain words that no intent stands for: the details, told or in writing, and times for the planners to know."""
    if wording.TEXT_ME.search(said) and not wording.NO_TEXT.search(said):
        return "text_details"
    if wording.PREFERS.search(said):
        return "preferred_times"
    return "visit_details" if wording.DETAILS.search(said) else None


def _wants_another_time(tool: str | None, reading: Reading, said: str) -> bool:
    """ "Rebook my appointment": the words are plainer than an intent that is none too sure."""
    if (
        tool == "free_slots"
        or "reschedule" in (reading.intent, reading.also)
        or wording.CANCELS.search(said)
        or not wording.MOVES.search(said)
    ):
        return False
    unsure = tool == "cancel_visit" or reading.confidence < CERTAIN
    return unsure and wording.A_VISIT.search(said) is not None


def _may_be_note(reading: Reading, intent: str) -> bool:
    return intent in ("message", "none", "number") or reading.confidence < UNSURE


def _technician(tool: str | None, reading: Reading, intent: str, said: str) -> str | None:
    reports = {"status", "eta_minutes"} & reading.slots.keys()
    if wording.ADDS_WORK.search(said) and not reports:
        return "add_work"
    if wording.GET_ONE.search(said) and not names_part(reading) and len(said.split()) <= MOST_WORDS_OF_IT:
        return "request_part"
    if wording.ASKS_DISPATCH.search(said) and not reports:
        return "ask_dispatcher"
    if wording.NOTES.search(said) and not {"status", "eta_minutes"} & reading.slots.keys():
        return "job_note"
    if intent in ("none", "number", "yes", "no", "confirm") and SPEAKING_SLOTS["update_job"] & reading.slots.keys():
        return "update_job"
    if wording.NOTES.search(said) and not SPEAKING_SLOTS["update_job"] <= reading.slots.keys():
        return "job_note"
    if intent == "message" and "parts" in reading.slots and " note " not in said and " nota " not in said:
        return "update_job"
    if intent == "message" and (" note " in said or " nota " in said or "work_order" in reading.slots):
        return "job_note"
    if intent == "next_job" and ("date" in reading.slots or wording.WHOLE_DAY.search(said)):
        return "my_day"
    if tool == "part_stock" and wording.WANTS_PART.search(said) and not wording.ASKS_WHERE.search(said):
        return "request_part"
    if tool == "transfer_part" and wording.ORDERS.search(said) and wording.source_in(reading.text, None, None) is None:
        return "request_part"
    if tool == "part_stock" and not SPEAKING_SLOTS[tool] & reading.slots.keys() and wording.A_JOB.search(said):
        return "job_details"
    if tool in ("part_stock", "request_part") and wording.WANTS_PART.search(said) and _from_elsewhere(reading):
        return "transfer_part"
    if intent == "parts_used" and wording.ASKS_FOR_PART.search(said) and not wording.PUT_IN.search(said):
        return "request_part"
    if wording.REPORTS.search(said):
        return "update_job"
    if tool == NOT_HERE and SPEAKING_SLOTS["update_job"] & reading.slots.keys():
        return "update_job"
    return tool


def names_part(reading: Reading) -> bool:
    """ "Two of those" names no part, though a reader may take the number for one."""
    part = str(reading.slots.get("part", ""))
    return "part_number" in reading.slots or (bool(part) and number_of(part, reading.lang) is None)


def _from_elsewhere(reading: Reading) -> bool:
    return wording.source_in(reading.text, None, None) is not None


def _has_matter(intent: str, said: str) -> bool:
    return intent not in ("none", "yes", "no", "number", "repeat", "request_human") or len(said.split()) >= 5


def borne_out(tool: str, reading: Reading, confidence: float) -> bool:
    """Sure enough by itself, or a slot or the very words of the sentence speak for it."""
    if tool in ("visit_note", "job_note", "text_details", "visit_details", "preferred_times", "ask_dispatcher"):
        return True
    if tool == "request_part" and wording.GET_ONE.search(wording.flat(reading.text)):
        return True
    if tool in LOOKS_UP and not wording.ASKS_ABOUT.search(wording.flat(reading.text)):
        return False
    if tool == "update_job" and not SPEAKING_SLOTS[tool] & reading.slots.keys():
        return confidence >= CERTAIN or wording.REPORTS.search(wording.flat(reading.text)) is not None
    return confidence >= SURE_ENOUGH or bool(SPEAKING_SLOTS.get(tool, frozenset()) & reading.slots.keys())


def second(line: str, reading: Reading, first: str) -> str | None:
    """The tool of a second wish in the same sentence. One that would change something needs more than the intent."""
    if first == "update_job" and line == "technician" and wording.AND_NEXT.search(wording.flat(reading.text)):
        return "job_details"
    if reading.also is None:
        return None
    tool = tool_for(line, reading, reading.also)
    if tool is None or tool == first or {tool, first} <= ABOUT_A_PART or tool in (BILLING, NOT_HERE):
        return None
    if {tool, first} & {"cancel_visit", "confirm_visit", *OWN_WORDS}:
        return tool if tool in SECOND and first not in OWN_WORDS else None
    if tool == "job_details":
        return None
    bears = SPEAKING_SLOTS.get(tool, frozenset()) & reading.slots.keys()
    return tool if tool in SECOND or bears else None
