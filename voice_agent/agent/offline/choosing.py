"""Which of the things on offer does the caller mean: by key, place in the list, day, hour, number or name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voice_agent.agent.offline import wording
from voice_agent.agent.offline.heard import Caller
from voice_agent.language.reading import Reading
from voice_agent.language.utterance import Utterance

Options = Sequence[dict[str, Any]]
LATER_KEY = "9"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of: an option, the wish for later ones, several that fit, or (all empty) something else was said."""

    option: dict[str, Any] | None = None
    later: bool = False
    several: bool = False


OTHER = Choice()


def choose(options: Options, caller: Caller, reading: Reading) -> Choice:
    if not options:
        return OTHER
    if caller.keys:
        return _by_key(options, caller.keys)
    said = wording.flat(caller.text)
    if (place := _place(options, said, reading)) is not None:
        return Choice(options[place])
    if wording.LAST.search(said):
        return Choice(options[-1])
    if (fitting := _by_time(options, reading)) is not None:
        return _one_of(fitting)
    if (fitting := _by_words(options, said)) is not None:
        return _one_of(fitting)
    if wording.FIRST.search(said):
        return Choice(options[0])
    if "slot" in options[0] and (wording.LATER.search(said) or reading.intent == "no"):
        return Choice(later=True)
    if reading.affirms is True or reading.intent == "confirm":
        return Choice(options[0]) if len(options) == 1 else Choice(several=True)
    return OTHER


def _by_key(options: Options, keys: str) -> Choice:
    if keys == LATER_KEY and "slot" in options[0]:
        return Choice(later=True)
    number = int(keys) if keys.isdigit() else 0
    return Choice(options[number - 1]) if 1 <= number <= len(options) else OTHER


def _place(options: Options, said: str, reading: Reading) -> int | None:
    """ "number two", "the second one"; a bare figure is a place only if there are so many and no hour like it."""
    if (nth := _nth(said)) is not None and nth < len(options):
        return nth
    digits = str(reading.slots.get("digits", ""))
    if not digits.isdigit() or not 1 <= int(digits) <= len(options) or "date" in reading.slots:
        return None
    if "time_from" in reading.slots and not re.search(r" (?:number|option|numero|opcion) ", said):
        return None
    return int(digits) - 1


_NTH = re.compile(
    r" (?:the|la|el|number|numero) (?:(first|primer[ao]?)|(second|segund[ao])|(third|tercer[ao]?))"
    r"(?: (?:one|won|uno|una|option|opcion|please|por favor))* $"
)


def _nth(said: str) -> int | None:
    """ "the third one", at the end of what was said: a place in the list, not a day of the month."""
    found = _NTH.search(said)
    return None if found is None or found.lastindex is None else found.lastindex - 1


def _by_time(options: Options, reading: Reading) -> list[dict[str, Any]] | None:
    """Options of the day and hour that were named; None when neither was, or nothing offered has a day."""
    slots = reading.slots
    day, start, end = slots.get("date"), slots.get("time_from"), slots.get("time_to")
    digits = str(slots.get("digits", ""))
    if start is None and day is None and digits.isdigit() and 1 <= int(digits) <= 12:
        start = _hour_offered(options, int(digits))
    if (day is None and start is None and end is None) or not any(option.get("date") for option in options):
        return None
    fitting = [option for option in options if day is None or option.get("date") == day]
    if (start is not None or end is not None) and any("from" in option for option in fitting):
        fitting = [option for option in fitting if _holds(option, start, end)]
    return fitting


def _hour_offered(options: Options, hour: int) -> str | None:
    """ "ten" may be ten in the morning or at night: whichever was offered."""
    for candidate in (f"{hour:02d}:00", f"{(hour + 12) % 24:02d}:00"):
        if any(option.get("from") == candidate for option in options):
            return candidate
    return None


def _holds(option: dict[str, Any], start: str | None, end: str | None) -> bool:
    first, last = str(option.get("from", "")), str(option.get("to", ""))
    if start is not None and end is not None and start != end:
        return start <= first < end
    if start is not None:
        return first <= start < last
    return end is not None and first < end


def _by_words(options: Options, said: str) -> list[dict[str, Any]] | None:
    """Options whose own words were said: a customer's name, a job's number, a part, what a visit is about."""
    numbers = re.findall(r"\d{3,}", said)
    by_number = [o for o in options if any(str(o.get("number", "")).endswith(n) for n in numbers)]
    if by_number:
        return by_number
    scores = [(_shared(option, said), option) for option in options]
    best = max(score for score, _ in scores)
    return [option for score, option in scores if score == best] if best else None


def _shared(option: dict[str, Any], said: str) -> int:
    words = {
        word
        for name in ("customer", "about", "part")
        for word in Utterance.of(str(option.get(name, ""))).plain
        if len(word) > 2
    }
    return sum(1 for word in words if f" {word} " in said or f" {word}s " in said)


def _one_of(fitting: list[dict[str, Any]]) -> Choice:
    if not fitting:
        return OTHER
    return Choice(fitting[0]) if len(fitting) == 1 else Choice(several=True)
