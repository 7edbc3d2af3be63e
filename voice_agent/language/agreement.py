"""The cross-check of a write: does what the model asks for come from what the caller said?

An independent reading by rules is laid beside the arguments of a tool call. It can agree, disagree and say what it read
instead, or not tell; a disagreement is a question to the caller, never a silent choice between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from voice_agent.language.grounding import alike, as_date, grounded
from voice_agent.language.slots import extract
from voice_agent.language.utterance import without_accents

__all__ = ["Agrees", "CannotTell", "Disagrees", "Verdict", "compare", "evidence_for", "grounded", "serves"]


@dataclass(frozen=True, slots=True)
class Agrees:
    """The caller said it."""


@dataclass(frozen=True, slots=True)
class Disagrees:
    """The caller said something else: `value`, in the slot's format."""

    value: Any


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The caller's words, as read by rules, say nothing about it."""


Verdict = Agrees | Disagrees | CannotTell


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the rules read from one sentence, and the sentence."""

    text: str
    slots: Mapping[str, Any]


def compare(
    history: Sequence[str], tool: str, arguments: Mapping[str, Any], *, lang: str, now: datetime
) -> dict[str, Verdict]:
    """A verdict for each argument of a call of `tool`.

    `history` holds the caller's own sentences, oldest first; `now` is aware, in the caller's zone. Of several readings
    of one slot the latest counts: callers correct themselves. Arguments are known by name (`date`, `status`,
    `quantity`, `work_order`, ...); values of other arguments are looked for as free text.
    """
    intent = _intent_of(tool)
    heard = [_Heard(text, extract(text, lang=lang, intent=intent, now=now)) for text in history]
    loose = [_Heard(text, extract(text, lang=lang, now=now)) for text in history] if intent is not None else heard
    return {
        name: _verdict(name, value, [*loose, *heard] if intent else heard, history, arguments, lang=lang, now=now)
        for name, value in arguments.items()
    }


MOST_SENTENCES = 6
"""Of the caller's latest, that are read again for a change: what was said before them has been served."""


def evidence_for(
    said: Sequence[str], tool: str, arguments: Mapping[str, Any], *, lang: str, now: datetime
) -> dict[str, str]:
    """For each argument of a change `agrees`, `disagrees` or `unsaid`; what cannot be said at all is left out.

    A handle ("visit 1") is minted from records, and `next` or `current` stand for one: nobody says those.
    """
    wanted = {name: value for name, value in arguments.items() if not _named_by_us(value)}
    found = compare(said[-MOST_SENTENCES:], tool, wanted, lang=lang, now=now)
    words = {Agrees: "agrees", Disagrees: "disagrees", CannotTell: "unsaid"}
    return {name: words[type(verdict)] for name, verdict in found.items()}


def serves(tool: str, intents: Collection[str]) -> str | None:
    """Whether a tool is for what the caller was read to want: `agrees`, `disagrees`, or None when that says nothing."""
    wanted = _SERVES.get(tool)
    if wanted is None or not intents:
        return None
    return "agrees" if wanted & set(intents) else "disagrees"


_SERVES: dict[str, frozenset[str]] = {
    tool: frozenset(intents.split())
    for tool, intents in {
        "update_job": "report_status parts_used",
        "add_line_item": "report_status parts_used message new_problem",
        "job_note": "message report_status new_problem",
        "running_late": "running_late eta",
        "part_stock": "parts_inquiry request_transfer",
        "request_part": "parts_inquiry request_transfer parts_used",
        "transfer_part": "parts_inquiry request_transfer",
        "job_details": "next_job job_details eta",
        "my_day": "next_job job_details",
        "eta": "eta job_details",
        "my_visits": "eta job_details next_job confirm",
        "free_slots": "reschedule new_problem",
        "reschedule": "reschedule",
        "cancel_visit": "cancel",
        "confirm_visit": "confirm",
        "visit_note": "message",
        "report_problem": "new_problem emergency",
        "take_message": "message billing_other new_problem",
    }.items()
}
"""Wishes a tool is for, in the words of the trained reading. A tool that is not here is not judged."""


def _named_by_us(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return True
    return isinstance(value, str) and _HANDLE.fullmatch(value.strip().lower()) is not None


_HANDLE = re.compile(r"(?:(?:visit|slot|job|part|option) \d+|next|current|)")


_TOOL_INTENTS: tuple[tuple[str, str], ...] = (
    ("reschedul", "reschedule"), ("slot", "reschedule"), ("appointment_time", "reschedule"), ("cancel", "cancel"),
    ("used", "parts_used"),
    ("consum", "parts_used"), ("transfer_part", "request_transfer"), ("request_transfer", "request_transfer"),
    ("part", "parts_inquiry"),
    ("late", "running_late"), ("status", "report_status"), ("complete", "report_status"), ("message", "message"),
    ("hand_off", "request_human"),
    ("dispatch", "request_human"), ("confirm", "confirm"), ("problem", "new_problem"),
)  # fmt: skip


def _intent_of(tool: str) -> str | None:
    """What a caller who causes this tool call was talking about; a prior for the readers."""
    return next((intent for part, intent in _TOOL_INTENTS if part in tool), None)


_ALIASES: dict[str, tuple[str, ...]] = {
    "work_order": ("work_order", "work_order_number", "job", "job_number", "order", "order_number"),
    "appointment": ("appointment_number",),
    "digits": ("number", "phone", "phone_number", "callback_number", "code", "digits"),
    "status": ("status", "new_status"),
    "date": ("date", "day", "date_from", "new_date", "preferred_date"),
    "time_from": ("time", "start", "start_time", "time_from", "not_before", "earliest", "new_time"),
    "time_to": ("end", "end_time", "time_to", "not_after", "latest"),
    "eta_minutes": ("eta_minutes", "minutes", "minutes_late", "delay_minutes", "late_minutes"),
    "part_number": ("part_number", "product_code", "sku"),
    "qty": ("quantity", "qty", "amount", "count"),
    "part": ("part", "part_name", "product", "item"),
    "parts": ("parts", "items", "parts_used", "lines"),
    "location": ("location", "source", "from_location"),
    "reason": ("reason",),
    "exclude": ("exclude", "exclude_weekdays", "excluding"),
    "customer_name": ("customer_name", "name", "caller_name"),
}
_SLOT_OF = {alias: slot for slot, aliases in _ALIASES.items() for alias in aliases}


def _verdict(
    name: str,
    value: Any,
    heard: Sequence[_Heard],
    history: Sequence[str],
    arguments: Mapping[str, Any],
    *,
    lang: str,
    now: datetime,
) -> Verdict:
    slot = _SLOT_OF.get(name)
    if value is None or isinstance(value, bool):
        return CannotTell()
    judge = _JUDGES.get(slot or "")
    if judge is not None:
        return judge(value, heard, arguments, now)
    if slot in ("work_order", "appointment", "digits"):
        return _same_digits(slot, value, heard)
    if isinstance(value, str) and slot in ("reason", "customer_name", "exclude", "location"):
        return _same_words(slot, value, heard, history, lang)
    return Agrees() if value and grounded(value, history, lang=lang, now=now) else CannotTell()


def _latest(heard: Sequence[_Heard], *slots: str) -> Any:
    """The last thing said for any of these slots, None if nothing was."""
    for sentence in reversed(heard):
        for slot in slots:
            if slot in sentence.slots:
                return sentence.slots[slot]
    return None


def _same_digits(slot: str, value: Any, heard: Sequence[_Heard]) -> Verdict:
    said = _latest(heard, slot, "work_order", "digits") if slot != "digits" else _latest(heard, "digits", "work_order")
    if said is None:
        return CannotTell()
    wanted = re.sub(r"\D", "", str(value))
    if not wanted:
        return CannotTell()
    same = wanted == said or wanted.lstrip("0") == said.lstrip("0") or wanted[-10:] == said[-10:]
    return Agrees() if same else Disagrees(said)


def _judge_status(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    said = _latest(heard, "status")
    if said is None:
        return CannotTell()
    wanted = re.sub(r"[\s-]+", "_", str(value).strip().lower())
    same = {said, said.replace("en_route", "travelling"), said.replace("en_route", "dispatched")}
    return Agrees() if wanted in same else Disagrees(said)


def _judge_date(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], now: datetime) -> Verdict:
    said, wanted = _latest(heard, "date"), as_date(_in_zone(value, now))
    if said is None or wanted is None:
        return CannotTell()
    return Agrees() if wanted.isoformat() == said else Disagrees(said)


def _in_zone(value: Any, now: datetime) -> Any:
    """An aware moment in the caller's zone, where the caller's words live; anything else as it is."""
    if isinstance(value, str) and "T" in value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(now.tzinfo)
    return value


def _as_clock(value: Any, now: datetime) -> str | None:
    moment = _in_zone(value, now)
    if isinstance(moment, datetime | time):
        return f"{moment.hour:02d}:{moment.minute:02d}"
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?::\d\d)?", str(moment))
    return f"{int(match[1]):02d}:{match[2]}" if match else None


def _judge_start(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], now: datetime) -> Verdict:
    """A start agrees when it is the hour said or lies in the stretch said; another day is the date's matter."""
    if isinstance(value, str) and _as_clock(value, now) is None and as_date(value) is not None:
        return _judge_date(value, heard, {}, now)
    wanted = _as_clock(value, now)
    sentence = next((s for s in reversed(heard) if {"time_from", "time_to"} & s.slots.keys()), None)
    if wanted is None or sentence is None:
        return CannotTell()
    first, last = sentence.slots.get("time_from"), sentence.slots.get("time_to")
    if first is not None and last is None and not _AFTER.search(without_accents(sentence.slots["time_phrase"])):
        return Agrees() if wanted == first else Disagrees(first)
    inside = (first is None or first <= wanted) and (last is None or wanted < last)
    return Agrees() if inside else Disagrees(first or last)


_AFTER = re.compile(r"\b(?:after|from|past|not before|later|starting|despues|partir|desde|pasadas|no antes)\b")


def _judge_end(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], now: datetime) -> Verdict:
    wanted = _as_clock(value, now)
    sentence = next((s for s in reversed(heard) if {"time_from", "time_to"} & s.slots.keys()), None)
    last = sentence.slots.get("time_to") if sentence is not None else None
    if wanted is None or last is None:
        return CannotTell()
    return Agrees() if wanted <= last else Disagrees(last)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _judge_minutes(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    said, wanted = _latest(heard, "eta_minutes"), _number(value)
    if said is None or wanted is None:
        return CannotTell()
    return Agrees() if wanted == said else Disagrees(said)


def _judge_code(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    said = _latest(heard, "part_number")
    if said is None:
        return CannotTell()
    return Agrees() if re.sub(r"[\W_]", "", str(value)).upper() == said else Disagrees(said)


def _judge_quantity(value: Any, heard: Sequence[_Heard], arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    wanted = _number(value)
    name = next((str(arguments[alias]) for alias in _ALIASES["part"] if arguments.get(alias)), None)
    said = _latest(heard, "parts")
    if wanted is None or not said:
        return CannotTell()
    matching = [part for part in said if name is None or alike(part["part"], name)]
    if not matching and len(said) == 1:
        matching = said
    if not matching:
        return CannotTell()
    return Agrees() if any(part["qty"] == wanted for part in matching) else Disagrees(matching[-1]["qty"])


def _judge_part(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    parts, asked = _latest(heard, "parts"), _latest(heard, "part")
    names = [part["part"] for part in parts or ()] + ([asked] if asked else [])
    if not names:
        return CannotTell()
    return Agrees() if any(alike(name, str(value)) for name in names) else Disagrees(names[-1])


def _judge_parts(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], _now: datetime) -> Verdict:
    """A whole list: as many entries as were said, each with the amount that was said for a part of that name."""
    said = _latest(heard, "parts")
    if not said or not isinstance(value, Sequence) or isinstance(value, str):
        return CannotTell()
    left = list(said)
    for entry in value:
        fields = entry if isinstance(entry, Mapping) else {}
        name = next((str(fields[alias]) for alias in (*_ALIASES["part"], "name") if fields.get(alias)), "")
        wanted = next((_number(fields[alias]) for alias in _ALIASES["qty"] if alias in fields), None)
        match = next((part for part in left if alike(part["part"], name) and part["qty"] == wanted), None)
        if match is None:
            return Disagrees(said)
        left.remove(match)
    return Disagrees(said) if left else Agrees()


_JUDGES: dict[str, Callable[[Any, Sequence[_Heard], Mapping[str, Any], datetime], Verdict]] = {
    "status": _judge_status, "date": _judge_date, "time_from": _judge_start, "time_to": _judge_end,
    "eta_minutes": _judge_minutes,
    "part_number": _judge_code, "qty": _judge_quantity, "part": _judge_part, "parts": _judge_parts,
}  # fmt: skip


def _same_words(slot: str, value: str, heard: Sequence[_Heard], history: Sequence[str], lang: str) -> Verdict:
    said = _latest(heard, slot)
    if said is None:
        return Agrees() if grounded(value, history, lang=lang) else CannotTell()
    return Agrees() if alike(str(said), value) or grounded(value, history, lang=lang) else Disagrees(said)
