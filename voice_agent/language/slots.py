"""What a sentence says, slot by slot: identifiers, status, parts, days and times, minutes, reasons, names.

Readers run from the firmest to the loosest, and each takes the words it used: the digits of a work order are not an
hour, the hours are not digits. Only what is said becomes a slot.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from voice_agent.language import calendar_words as cal
from voice_agent.language import durations, identifiers, mentions, parts, progress, reasons, scheduling, spelling, stock
from voice_agent.language.numbers import Lang
from voice_agent.language.utterance import Utterance

# Which slots an intent can carry. None is an intent nobody read: everything is looked for.
_ABOUT_A_JOB = frozenset(
    {"report_status", "parts_used", "job_details", "running_late", "parts_inquiry", "request_transfer"}
)
_HAS_STATUS = frozenset({*_ABOUT_A_JOB, "next_job", "no", "message", None})
_HAS_NO_DAYS = frozenset({"emergency", "repeat"})
_CHOOSES = frozenset({"reschedule", "message", "confirm", "no", "yes", "new_problem", "none", None})
_BARE_HOURS = frozenset({"reschedule", "confirm", "eta"})
_PLANS = frozenset({"running_late", "reschedule", "cancel", "report_status"})
_HAS_REASON = frozenset({*_PLANS, "message", "new_problem", "no", "request_human", None})
_HAS_MINUTES = frozenset(
    {"running_late", "report_status", "eta", "message", "parts_used", "next_job", "number", "yes", "no", "none", None}
)
_HAS_NO_NAME = frozenset({"parts_used", "parts_inquiry", "request_transfer", "repeat", "emergency", "no", "next_job"})
_PARTS_USED = frozenset({"parts_used", "report_status", "no", "yes", None})
_PARTS_WANTED = frozenset({"parts_inquiry", "request_transfer"})
_ANSWERS_IN_DIGITS = frozenset({"digits", "work_order"})


def extract(
    text: str, *, lang: str = "en", intent: str | None = None, now: datetime | None = None, expecting: str | None = None
) -> dict[str, Any]:
    """The slots of one sentence.

    `now` is aware and in the caller's zone; without it days keep their words and get no date. `expecting` is what was
    asked last (`yes_no digits work_order date time slot_choice status parts name`): it settles what a bare number or a
    bare hour is, and never hides anything else that was said. A key is there only when the sentence says something.
    """
    spoken: Lang = "es" if lang == "es" else "en"
    return deepcopy(_extracted(text, spoken, intent, now, now and now.tzinfo, expecting))


@lru_cache(maxsize=256)
def _extracted(
    text: str,
    spoken: Lang,
    intent: str | None,
    now: datetime | None,
    _zone: tzinfo | None,  # two moments are equal in different zones
    expecting: str | None,
) -> dict[str, Any]:
    """A change asks the same sentences for one value after the other. Few are kept: no call's words outlive it long."""
    heard = Utterance.of(text)
    if not heard.words:
        return {}
    slots: dict[str, Any] = {}
    named = identifiers.labelled(heard, spoken)
    taken = set(named.taken)
    codes = spelling.part_numbers(heard, spoken, taken)
    if codes:
        slots["part_number"] = codes[-1].code
        taken.update(i for code in codes for i in range(code.first, code.last))
    slots |= named.slots

    duration: durations.Duration | None = None
    if intent in _HAS_MINUTES and expecting not in _ANSWERS_IN_DIGITS:
        duration, spent = durations.minutes_ahead(heard, spoken)
        taken |= spent
        if duration is not None:
            slots["eta_minutes"] = durations.minutes_value(duration)
            taken.update(range(duration.first, duration.last))
    reserved: frozenset[int] = frozenset()
    if intent in _ABOUT_A_JOB - {"running_late"}:
        reserved = identifiers.long_runs(heard, spoken, taken, named=intent == "job_details")
    if intent not in _HAS_NO_DAYS and expecting not in _ANSWERS_IN_DIGITS:
        bare = expecting in ("time", "date") or intent in _BARE_HOURS
        wish = scheduling.read(
            heard,
            spoken,
            now,
            frozenset(taken) | reserved,
            bare=bare,
            bare_by_day=intent == "number",
            choosing=intent in _CHOOSES,
        )
        taken |= wish.taken
        if not (intent in ("report_status", "parts_used") and _not_ahead(wish.slots.get("date"), now)):
            slots |= wish.slots
    if intent == "running_late" and not slots.keys() & {"eta_minutes", "time_from", "time_to"}:
        loose = durations.loose_minutes(heard, spoken)
        if loose is not None and loose.first not in taken:
            slots["eta_minutes"] = durations.minutes_value(loose)
            taken.update(range(loose.first, loose.last))
    said_status = (
        progress.status(heard, spoken, _number_words(heard, spoken))
        if intent in _HAS_STATUS or expecting == "status"
        else None
    )
    if said_status is None and intent == "report_status" and duration is not None:
        said_status = "en_route" if durations.on_the_road(heard, duration, spoken) else None
    if said_status is not None:
        slots["status"] = said_status
        if said_status == "completed" and intent in ("report_status", "parts_used") and "date" not in slots:
            for key in ("time_phrase", "time_from", "time_to"):  # when it was finished
                slots.pop(key, None)
    _add_parts(slots, heard, spoken, taken, reserved, intent, expecting)
    _add_bare_digits(slots, heard, spoken, taken, intent, expecting)
    end_key = identifiers.terminator(heard, spoken)
    if end_key is not None and not _weighs(slots):
        slots["terminator"] = end_key
    _add_words(slots, heard, spoken, frozenset(taken), intent, expecting)
    return slots


def _number_words(heard: Utterance, lang: Lang) -> frozenset[int]:
    """The words of identifiers, which say nothing about a status ("for five one to" done)."""
    runs = identifiers.digit_runs(heard, lang)
    return frozenset(i for run in runs if len(run.digits) >= 3 for i in range(run.first, run.last))


def _add_parts(
    slots: dict[str, Any],
    heard: Utterance,
    lang: Lang,
    taken: set[int],
    reserved: frozenset[int],
    intent: str | None,
    expecting: str | None,
) -> None:
    if expecting in _ANSWERS_IN_DIGITS:
        return
    intent = _used_or_wanted(heard, lang, intent)
    if intent in _PARTS_USED or expecting == "parts":
        expected = expecting == "parts" or intent == "parts_used"
        found = parts.used_parts(heard, lang, frozenset(taken) | reserved, expected=expected)
        if found:
            slots["parts"] = [part.slot() for part in found]
            taken.update(i for part in found for i in range(part.first, part.last))
    wanted = intent in _PARTS_WANTED
    if (wanted or intent in ("report_status", "parts_used")) and "part_number" not in slots:
        asked = stock.asked_part(heard, lang, frozenset(taken) | reserved)
        if asked is not None and (wanted or _wants_part(heard, lang)):
            slots["part"] = asked
    if "part" in slots or "parts" in slots or "part_number" in slots or wanted:
        where = stock.place(heard, lang)
        if where is not None:
            slots["location"] = where


def _used_or_wanted(heard: Utterance, lang: Lang, intent: str | None) -> str | None:
    """The intent, put right where the verbs of the sentence leave no doubt: "we used" is no question about stock."""
    if intent in _PARTS_WANTED and parts.tells_of_use(heard, lang) and not stock.asks(heard, lang):
        return "parts_used"
    if intent == "parts_used" and stock.asks(heard, lang) and not parts.tells_of_use(heard, lang):
        return "parts_inquiry"
    return intent


def _wants_part(heard: Utterance, lang: Lang) -> bool:
    pattern = (
        r" (?:i|im|gonna|going to|ill) (?:also )?(?:gonna |going to )?(?:need|want|have to order"
        r"|need to order) (?:an?|another|some|more|one more|to order|\w+ more) "
        if lang == "en"
        else r" (?:necesito|ocupo|me falta) (?:un|una|otro|otra|mas|pedir) "
    )
    return re.search(pattern, heard.flat) is not None


def _weighs(slots: dict[str, Any]) -> bool:
    return any("pound" in str(part["part"]) for part in slots.get("parts", ()))


def _add_bare_digits(
    slots: dict[str, Any], heard: Utterance, lang: Lang, taken: set[int], intent: str | None, expecting: str | None
) -> None:
    if {"work_order", "appointment", "digits"} & slots.keys() or "part_number" in slots:
        return
    working = intent in _ABOUT_A_JOB or (intent is None and ("status" in slots or "parts" in slots))
    found = identifiers.bare(heard, lang, frozenset(taken), intent=intent, expecting=expecting, working=working)
    if not found.slots and not taken:
        other: Lang = "en" if lang == "es" else "es"
        found = _other_tongue(heard, other, intent, expecting, working)
    slots |= found.slots
    taken |= found.taken
    if not found.slots and (expecting == "slot_choice" or intent == "number"):
        choice = _choice([word for i, word in enumerate(heard.plain) if i not in taken], lang)
        if choice is not None:
            slots["digits"] = choice


def _other_tongue(
    heard: Utterance, other: Lang, intent: str | None, expecting: str | None, working: bool
) -> identifiers.References:
    """Numbers are often said in the caller's first language; three groups at least, so that "once" stays a word."""
    if any(run.groups >= 3 for run in identifiers.digit_runs(heard, other)):
        return identifiers.bare(heard, other, frozenset(), intent=intent, expecting=expecting, working=working)
    return identifiers.References({}, frozenset())


def _choice(words: Sequence[str], lang: Lang) -> str | None:
    for word in words:
        if word in cal.CHOICES[lang]:
            return str(cal.CHOICES[lang][word])
    return None


_DENIAL = re.compile(r" (?:not|isnt|hasnt|havent|cant|couldnt|didnt|stop|hold|no|unable) ")


def _add_words(
    slots: dict[str, Any],
    heard: Utterance,
    lang: Lang,
    taken: frozenset[int],
    intent: str | None,
    expecting: str | None,
) -> None:
    if intent in _HAS_REASON:
        unfinished = intent == "report_status" and not {"status", "parts"} & slots.keys() and _DENIAL.search(heard.flat)
        obstacle = bool(unfinished) or slots.get("status") in ("cannot_complete", "paused")
        why = reasons.reason(
            heard, lang, taken if "work_order" in slots else (), obstacle=obstacle, loose=intent in _PLANS
        )
        if why is None and intent in _PLANS - {"report_status"}:
            why = reasons.mishap(heard, lang)
        if why is not None:
            slots["reason"] = why
    if intent not in _HAS_NO_NAME or expecting == "name":
        name = mentions.customer_name(heard, lang, expected=expecting == "name", own=intent not in _ABOUT_A_JOB)
        if name is not None:
            slots["customer_name"] = name
    if intent in ("request_human", None):
        desk = mentions.target(heard, lang)
        if desk is not None:
            slots["target"] = desk
    if intent == "billing_other":
        matter = mentions.topic(heard, lang)
        if matter is not None:
            slots["topic"] = matter


def _not_ahead(day: str | None, now: datetime | None) -> bool:
    """In a report "today" and "yesterday" say when it happened, not when something is wanted."""
    return day is not None and now is not None and date.fromisoformat(day) <= now.date()
