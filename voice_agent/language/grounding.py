"""Whether a value comes from the caller's own words: the numbers, days and words they really said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from voice_agent.language.identifiers import digit_runs, pointing_words
from voice_agent.language.numbers import Lang, amount
from voice_agent.language.part_names import part_name
from voice_agent.language.slots import extract
from voice_agent.language.utterance import Utterance, without_accents

_EMPTY_WORDS = frozenset(
    "a an the of in on at to for and or is are was be my his her our their i we he she it there some this that "
    "with from due because has have had not no "
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
    day = as_date(text) if re.match(r"\d{4}-\d\d-\d\d", text) else None
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


def as_date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
