"""The cross-check of a write: does what the model asks for come from what the caller said?

An independent reading by rules is laid beside the arguments of a tool call. It can agree, disagree and say what it read
instead, or not tell; a disagreement is a question to the caller, never a silent choice between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from voice_agent.language.identifiers import digit_runs, pointing_words
from voice_agent.language.numbers import Lang, amount
from voice_agent.language.part_names import part_name
from voice_agent.language.slots import extract
from voice_agent.language.utterance import Utterance, without_accents


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

    `history` holds the caller's own sentences, oldest first; `now` is aware, in the caller's zone. Of several readings of
    one slot the latest counts: callers correct themselves. Arguments are known by name (`date`, `status`, `quantity`,
    `work_order`, ...); values of other arguments are looked for as free text.
    """
    intent = _intent_of(tool)
    heard = [_Heard(text, extract(text, lang=lang, intent=intent, now=now)) for text in history]
    loose = [_Heard(text, extract(text, lang=lang, now=now)) for text in history] if intent is not None else heard
    return {
        name: _verdict(name, value, [*loose, *heard] if intent else heard, history, arguments, lang=lang, now=now)
        for name, value in arguments.items()
    }


_TOOL_INTENTS: tuple[tuple[str, str], ...] = (
    ("reschedul", "reschedule"), ("slot", "reschedule"), ("appointment_time", "reschedule"), ("cancel", "cancel"), ("used", "parts_used"),
    ("consum", "parts_used"), ("transfer_part", "request_transfer"), ("request_transfer", "request_transfer"), ("part", "parts_inquiry"),
    ("late", "running_late"), ("status", "report_status"), ("complete", "report_status"), ("message", "message"), ("hand_off", "request_human"),
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


def _as_date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _judge_date(value: Any, heard: Sequence[_Heard], _arguments: Mapping[str, Any], now: datetime) -> Verdict:
    said, wanted = _latest(heard, "date"), _as_date(_in_zone(value, now))
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
    """A start agrees when it is the hour said or lies in the stretch said; a slot on another day is the date's matter."""
    if isinstance(value, str) and _as_clock(value, now) is None and _as_date(value) is not None:
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
    "status": _judge_status, "date": _judge_date, "time_from": _judge_start, "time_to": _judge_end, "eta_minutes": _judge_minutes,
    "part_number": _judge_code, "qty": _judge_quantity, "part": _judge_part, "parts": _judge_parts,
}  # fmt: skip


def _same_words(slot: str, value: str, heard: Sequence[_Heard], history: Sequence[str], lang: str) -> Verdict:
    said = _latest(heard, slot)
    if said is None:
        return Agrees() if grounded(value, history, lang=lang) else CannotTell()
    return Agrees() if alike(str(said), value) or grounded(value, history, lang=lang) else Disagrees(said)


_EMPTY_WORDS = frozenset(
    "a an the of in on at to for and or is are was be my his her our their i we he she it there some this that with from due because has have had not no "
    "un una el la los las de del en por para y o es son era mi su hay que con al se lo no".split()
)


def _content(text: str) -> set[str]:
    """The bearing words of a text, singular and without accents."""
    words = re.findall(r"[a-z0-9]+", without_accents(text))
    return {word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words if word not in _EMPTY_WORDS}


def alike(said: str, wanted: str) -> bool:
    """Whether one name holds all the bearing words of the other ("belt" and "blower belt", "flame sensors")."""
    left, right = _content(said), _content(wanted)
    if not left or not right:
        return False
    return left <= right or right <= left


def grounded(value: Any, history: Sequence[str], *, lang: str, now: datetime | None = None) -> bool:
    """Whether a value of a write comes from the caller's own words.

    Digits and amounts in any habit of speech, dates by the day they name (relative days need `now`), text when at least
    two thirds of its bearing words were said.
    """
    spoken: Lang = "es" if lang == "es" else "en"
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, Mapping):
        return all(grounded(item, history, lang=lang, now=now) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and all(grounded(item, history, lang=lang, now=now) for item in value)
    if isinstance(value, date):
        return _date_said(value, history, lang, now)
    if isinstance(value, int | float):
        return any(_number_said(float(value), text, spoken) for text in history)
    text = str(value).strip()
    day = _as_date(text) if re.match(r"\d{4}-\d\d-\d\d", text) else None
    if day is not None:
        return _date_said(day, history, lang, now)
    digits = re.sub(r"[\s().+-]", "", text)
    if digits.isdigit():
        return any(_digits_said(digits, sentence, spoken) for sentence in history)
    if re.fullmatch(r"(?=\w*\d)(?=\w*[A-Za-z])[\w-]+", text):
        wanted = re.sub(r"[\W_]", "", text).upper()
        return any(extract(sentence, lang=lang).get("part_number") == wanted for sentence in history)
    return _text_said(text, history)


def _digits_said(digits: str, sentence: str, lang: Lang) -> bool:
    bare = digits.lstrip("0") or "0"
    runs = digit_runs(Utterance.of(sentence), lang)
    return any(
        run.digits == digits
        or (run.digits.lstrip("0") or "0") == bare
        or (len(digits) >= 10 and run.digits[-10:] == digits[-10:])
        for run in runs
    )


def _number_said(value: float, sentence: str, lang: Lang) -> bool:
    slots = extract(sentence, lang=lang, intent="parts_used")
    if any(part["qty"] == value for part in slots.get("parts", ())) or slots.get("eta_minutes") == value:
        return True
    heard = Utterance.of(sentence)
    pointing = pointing_words(heard, lang)
    for i in range(len(heard.words)):
        found = None if i in pointing else amount(heard.plain, i, lang)
        if found is not None and found[0] == value:
            return True
    whole = str(int(value)) if value == int(value) else None
    if whole is not None and _digits_said(whole, sentence, lang):
        return True
    return value in (1.0, 2.0, 0.5, 6.0, 12.0) and _counted(heard, value, lang)


_COUNT_WORDS = {
    "en": {1.0: r" an? ", 2.0: r" (?:couple|pair) ", 0.5: r" half ", 6.0: r" half (?:a )?dozen ", 12.0: r" dozen "},
    "es": {1.0: r" una? ", 2.0: r" par ", 0.5: r" medi[oa] ", 6.0: r" media docena ", 12.0: r" docena "},
}


def _counted(heard: Utterance, value: float, lang: Lang) -> bool:
    match = re.search(_COUNT_WORDS[lang][value], heard.flat)
    if match is None:
        return False
    i = heard.span(match.start(), match.end())[1]
    return value != 1.0 or part_name(heard, i, lang, ())[0] != ""


def _date_said(day: date, history: Sequence[str], lang: str, now: datetime | None) -> bool:
    if now is not None:
        return any(extract(sentence, lang=lang, now=now).get("date") == day.isoformat() for sentence in history)
    eve = datetime.combine(day, time(12))
    for days_before in range(8):  # unknown today: some day of the week before must read the words as this date
        today = datetime.fromordinal(eve.toordinal() - days_before)
        if any(extract(sentence, lang=lang, now=today).get("date") == day.isoformat() for sentence in history):
            return True
    return False


def _text_said(text: str, history: Sequence[str]) -> bool:
    wanted = _content(text)
    if not wanted:
        return False
    said = set().union(*(_content(sentence) for sentence in history)) if history else set()
    return len(wanted & said) * 3 >= len(wanted) * 2
