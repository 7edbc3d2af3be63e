"""What the caller is after, as a tool call in the making: its arguments so far, and what a sentence adds to them.

Only what was said goes in. A frame that has become a real call is rebuilt from that call, also when another model made
it, so that this one can go on from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voice_agent.agent.offline import courtesies, leads, wording
from voice_agent.agent.offline.heard import Caller, Used
from voice_agent.language.reading import Reading
from voice_agent.language.slots import extract

WRITES = frozenset(
    "reschedule cancel_visit confirm_visit visit_note report_problem update_job request_part transfer_part job_note "
    "running_late add_work ask_dispatcher text_details preferred_times take_message".split()
)
READS = frozenset("eta my_visits visit_details free_slots my_day find_job job_details part_stock".split())
ABOUT_A_JOB = frozenset({"update_job", "job_note", "running_late", "job_details", "add_work"})
ABOUT_A_PART = frozenset({"part_stock", "request_part", "transfer_part"})
ABOUT_A_VISIT = frozenset(
    "eta visit_details text_details free_slots reschedule cancel_visit confirm_visit visit_note preferred_times".split()
)
STATUS_KEYS = {
    "1": "en_route",
    "2": "on_site",
    "3": "in_progress",
    "4": "paused",
    "5": "completed",
    "6": "cannot_complete",
}
DELAY_KEYS = {"1": 15, "2": 30, "3": 60}
WHEN_KEYS = {"1": "when.morning", "2": "when.afternoon", "3": "when.evening"}
OWN_WORDS: Mapping[str, tuple[str, Callable[[str], str | None], str]] = {
    "add_work": ("work", leads.work_in, "ask.work"),
    "ask_dispatcher": ("question", leads.question_in, "ask.question"),
    "preferred_times": ("times", leads.times_in, "ask.times"),
}
"""Tool to the argument that takes the caller's own words, how they are found, and the question for them."""
MOST_MINUTES_LATE = 600
MOST_PART_WORDS = 5
PART_INTENTS = frozenset({"parts_used", "parts_inquiry", "request_transfer", "report_status", "none"})
UNSURE = 0.5
FEWEST_PHONE_DIGITS = 7
FEWEST_JOB_DIGITS = 3
FEWEST_NOTE_WORDS = 4


@dataclass(slots=True)
class Frame:
    """`tool` may also be `billing`, which is no tool but a question. `extras` are facts no tool takes."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    extras: set[str] = field(default_factory=set)
    done: bool = False

    @classmethod
    def of(cls, used: Used) -> Frame:
        """The frame behind a call that was made. After slots were chosen from, the wish is what matters again."""
        return cls(used.name, dict(used.arguments))

    def add(self, arguments: Mapping[str, Any]) -> bool:
        """Take over what is new; True if anything is. A day or an hour named anew replaces the whole old wish."""
        new = {name: value for name, value in arguments.items() if self.arguments.get(name) != value}
        if self.tool == "free_slots" and {"date_from", "time_from", "time_to"} & new.keys():
            if "date_from" in new:
                for name in ("date_from", "date_to", "not_weekdays"):
                    self.arguments.pop(name, None)
            for name in ("part_of_day", "time_from", "time_to"):
                self.arguments.pop(name, None)
        self.arguments |= arguments
        return bool(new)


def gather(
    tool: str, caller: Caller, reading: Reading, *, asked: str | None, lang: str, now: datetime, first: bool
) -> dict[str, Any]:
    """What this sentence says towards `tool`. `first` is true for the sentence that brought the matter up."""
    slots = reading.slots
    if tool == "update_job":
        return _update(caller, reading, asked, now)
    if tool in ABOUT_A_PART:
        return _part(tool, caller, reading, asked, lang, now)
    if tool == "running_late":
        return _delay(caller, slots, asked)
    if tool == "job_note":
        note = (
            caller.text
            if asked == "ask.note"
            else leads.note_in(caller.text, bare=first or _may_be_note(caller, asked))
        )
        return _job(slots, asked) | ({"note": note} if note and not caller.keys else {})
    if tool in OWN_WORDS:
        argument, lead, question = OWN_WORDS[tool]
        said = caller.text if asked == question else lead(caller.text) if first else None
        about = _job(slots, asked) if tool != "preferred_times" else {}
        return about | ({argument: said} if said and not caller.keys else {})
    if tool == "job_details":
        return _job(slots, asked)
    if tool == "my_day":
        return {"day": slots["date"]} if "date" in slots else {}
    if tool == "free_slots":
        return _wish(slots)
    if tool == "cancel_visit":
        return {"reason": slots["reason"]} if "reason" in slots else {}
    if tool == "visit_note":
        note = (
            caller.text
            if asked == "ask.note"
            else leads.note_in(caller.text, bare=first or _may_be_note(caller, asked))
        )
        return {"note": note} if note and not caller.keys else {}
    if tool == "report_problem":
        said = caller.text if asked == "ask.problem" else leads.problem_in(caller.text)
        return {"problem": said} if said and not caller.keys and (first or asked == "ask.problem") else {}
    if tool == "take_message":
        return _message(caller, slots, asked, first)
    return {}


def _job(slots: Mapping[str, Any], asked: str | None) -> dict[str, Any]:
    number = slots.get("work_order") or slots.get("appointment")
    digits = str(slots.get("digits", ""))
    if number is None and len(digits) >= FEWEST_JOB_DIGITS:
        number = digits
    if number is None and "customer_name" in slots:
        number = slots["customer_name"]
    return {"job": str(number)} if number else {}


def _update(caller: Caller, reading: Reading, asked: str | None, now: datetime) -> dict[str, Any]:
    slots = reading.slots
    found = _job(slots, asked)
    if asked == "ask.status" and caller.keys in STATUS_KEYS:
        return {"status": STATUS_KEYS[caller.keys]}
    if "status" in slots:
        found["status"] = slots["status"]
    named = slots.get("parts", ())
    if not named and slots.get("status") == "completed":  # "completed with two flame sensors": used, though not said
        named = extract(caller.text, lang=reading.lang, intent="parts_used", now=now, expecting="parts").get(
            "parts", ()
        )
    parts = [{"part": leads.without_unit(p["part"]), "quantity": p["qty"]} for p in named if p.get("qty", 0) > 0]
    numbered = reading.intent in ("parts_used", "report_status") or asked in ("part.none", "ask.instead")
    if not parts and "part_number" in slots and numbered:
        parts = [{"part": slots["part_number"], "quantity": wording.amount_used(caller.text, reading.lang)}]
    if not parts and asked == "part.none" and _may_be_part(caller, reading):
        parts = [{"part": leads.without_lead(caller.text), "quantity": 1}]  # another name for it, not another number
    if parts:
        found["parts"] = parts
    if asked == "ask.cannot_reason" and not caller.keys:
        found["reason"] = slots.get("reason", caller.text)
    elif leads.tells_why(str(slots.get("reason", ""))) and slots.get("status") in ("paused", "cannot_complete"):
        found["reason"] = slots["reason"]
    return found


def _may_be_note(caller: Caller, asked: str | None) -> bool:
    """Words behind a read-back or beside a question; a number that was asked for is none."""
    return (
        asked not in ("ask.which_job", "job.none", "job.none_current") and len(caller.text.split()) >= FEWEST_NOTE_WORDS
    )


def _part(tool: str, caller: Caller, reading: Reading, asked: str | None, lang: str, now: datetime) -> dict[str, Any]:
    slots = reading.slots
    counted = extract(caller.text, lang=lang, intent="parts_used", now=now, expecting="parts").get("parts", ())
    found: dict[str, Any] = {}
    if part := slots.get("part_number") or slots.get("part") or (counted[0]["part"] if counted else None):
        found["part"] = part
    elif part := leads.part_asked(caller.text):
        found["part"] = part
    elif asked in ("ask.part", "part.none") and _may_be_part(caller, reading):
        found["part"] = leads.without_lead(caller.text)
    if "part" in found:
        found["part"] = wording.whole_name(leads.without_unit(str(found["part"])), caller.text, lang)
    if (
        tool != "part_stock"
        and "part" in found
        and (number := wording.amount_of(str(found["part"]), caller.text, lang))
    ):
        found["quantity"] = number
    if tool == "transfer_part" and (source := wording.source_in(caller.text, slots.get("location"), asked)):
        found["source"] = source
    if tool == "request_part":
        job = str(slots.get("work_order", ""))
        found |= {"job": job} if len(job) >= FEWEST_JOB_DIGITS else {}
        found |= {"needed_by": slots["date"]} if "date" in slots else {}
    return found


def _may_be_part(caller: Caller, reading: Reading) -> bool:
    """A few words that are nothing else: a name of our stock that no reader knows."""
    if caller.keys or len(caller.text.split()) > MOST_PART_WORDS or courtesies.courtesy(caller.text) is not None:
        return False
    known = {"status", "work_order", "eta_minutes", "date"} & reading.slots.keys()
    return not known and (reading.intent in PART_INTENTS or reading.confidence < UNSURE)


def _delay(caller: Caller, slots: Mapping[str, Any], asked: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"job": str(slots["work_order"])} if "work_order" in slots else {}
    minutes = slots.get("eta_minutes")
    if minutes is None and asked == "menu.late":
        minutes = DELAY_KEYS.get(caller.keys)
    if minutes is None and asked == "ask.delay" and str(slots.get("digits", "")).isdigit():
        minutes = int(slots["digits"])
    if minutes is not None and 0 < int(minutes) <= MOST_MINUTES_LATE:
        found["minutes"] = int(minutes)
    if "reason" in slots:
        found["reason"] = slots["reason"]
    return found


def _wish(slots: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "date" in slots:
        found |= {"date_from": slots["date"], "date_to": slots.get("date_to", slots["date"])}
    for name in ("time_from", "time_to"):
        if name in slots:
            found[name] = slots[name]
    if "time_from" in found and "time_to" not in found and not wording.open_ended(str(slots.get("time_phrase", ""))):
        found["time_to"] = found["time_from"]  # "around nine": a window that holds nine, not any hour behind it
    if "exclude" in slots and (days := wording.weekdays_in(str(slots["exclude"]))):
        found["not_weekdays"] = days
    return found


def _message(caller: Caller, slots: Mapping[str, Any], asked: str | None, first: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    digits = str(slots.get("digits", ""))
    if len(digits) >= FEWEST_PHONE_DIGITS and (digits.isdigit()):
        found["callback_number"] = digits
    if asked == "ask.when":
        if not caller.keys:
            found["when"] = leads.from_first(caller.text, slots.get("date_phrase"), slots.get("time_phrase"))
        elif caller.keys in WHEN_KEYS:
            found["when"] = WHEN_KEYS[caller.keys]
        return found
    when = " ".join(str(slots[name]) for name in ("date_phrase", "time_phrase") if name in slots)
    if when and (first or "callback_number" in found or leads.wants_call(caller.text)):
        found["when"] = when
    if asked == "ask.message" and not caller.keys:
        found["message"] = caller.text
    elif first and not caller.keys and (said := leads.message_in(caller.text)):
        found["message"] = said
    if name := slots.get("customer_name"):
        found["name"] = re.sub(r"\b\w", lambda letter: letter.group().upper(), str(name))
    return found
