"""Days as people say them ("wednesday week", "the third", "el lunes que viene"), resolved against the caller's today.

A bare weekday is the next one and never today; "next friday" is Friday of the calendar week after this one, and "el
viernes que viene" the coming Friday. Days are calendar days of the caller's zone, so a change of the clocks moves none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from voice_agent.language import calendar_words as cal
from voice_agent.language.numbers import Lang
from voice_agent.language.utterance import Utterance


@dataclass(frozen=True, slots=True)
class DayMention:
    """One day named in a sentence. `day` is None when no single day is named ("next week") or today is unknown."""

    first: int
    last: int
    day: date | None
    past: bool = False
    vague: bool = False
    """The words name a stretch of days ("next week")."""


Resolver = Callable[["re.Match[str]", date], date | None]
_WEEK = timedelta(days=7)


def coming(today: date, weekday: int) -> date:
    """The next such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def this_or_today(today: date, weekday: int) -> date:
    """The nearest such weekday from today on."""
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def of_next_week(today: date, weekday: int) -> date:
    """That weekday in the calendar week (Monday to Sunday) after this one."""
    return today - timedelta(days=today.weekday()) + timedelta(days=7 + weekday)


def next_day_of_month(today: date, day: int) -> date | None:
    """The nearest date from today on with this day number; None for a number no month has."""
    year, month = today.year, today.month
    for _ in range(13):
        try:
            found = date(year, month, day)
        except ValueError:
            found = None
        if found is not None and found >= today:
            return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def next_month_day(today: date, month: int, day: int) -> date | None:
    """The nearest such date from today on (29 February waits for its year)."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def weekday_and_day(today: date, weekday: int, day: int) -> date | None:
    """ "Thursday the third": the next date with both; with the day number alone if the two disagree for half a year."""
    for month in range(7):
        found = next_day_of_month(today + timedelta(days=30 * month), day)
        if found is not None and found.weekday() == weekday:
            return found
    return next_day_of_month(today, day)


def _wd(lang: Lang, word: str) -> int:
    return cal.WEEKDAYS[lang][word]


_COUNT_EN = rf"(?:a couple of|a couple|couple of|couple|a|{cal.NUMBER['en']})"


def _count_en(text: str) -> int:
    if "couple" in text:
        return 2
    return 1 if text == "a" else cal.small_number(text, "en")


def _count_es(text: str) -> int:
    return 2 if "par" in text else cal.small_number(text, "es")


def _days(count: int, unit: str) -> timedelta:
    if unit.startswith(("week", "semana")):
        return timedelta(days=7 * count)
    # Spanish counts the day it starts from: eight days are a week, fifteen days two.
    return timedelta(days={8: 7, 15: 14}.get(count, count) if unit.startswith("dia") else count)


def _iso(m: re.Match[str], _today: date) -> date | None:
    try:
        return date.fromisoformat(m[1])
    except ValueError:
        return None


def _slashed(m: re.Match[str], today: date, *, day_first: bool) -> date | None:
    first, second = int(m[1]), int(m[2])
    if day_first or first > 12:
        first, second = second, first
    if m[3] is None:
        return next_month_day(today, first, second)
    year = int(m[3]) + (2000 if len(m[3]) == 2 else 0)
    try:
        return date(year, first, second)
    except ValueError:
        return None


def _none(_m: re.Match[str], _today: date) -> date | None:
    return None


def _anchor_en(word: str, today: date) -> date:
    word = word.removeprefix("this ").removeprefix("next ").removeprefix("coming ")
    if word in ("today", "now"):
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    return coming(today, _wd("en", word))


_YEAR = r"(?: (?:of )?(?:20\d\d|twenty twenty(?: \w+)?|twenty thirty|two thousand (?:and )?twenty \w+))?"
_W, _M, _ORD, _N = cal.WEEKDAY["en"], cal.MONTH["en"], cal.ORDINAL_EN, cal.NUMBER["en"]
_NOT_A_DAY = (
    r"(?! (?:one|floor|time|slot|option|unit|available|choice|house|job|appointment|visit|call|stop|half"
    r"|attempt|thing|part"
    r"|window|door|week|week of|person|try|trip|technician|tech|guy|opening|thing|quarter|shift|street|avenue"
    r"|st|line)\b)"
)
_EN: tuple[tuple[str, Resolver], ...] = (
    (rf"({_COUNT_EN}) (weeks?|days?) from ((?:this |next |coming )?(?:{_W})|today|tomorrow|now)",
     lambda m, t: _anchor_en(m[3], t) + _days(_count_en(m[1]), m[2])),
    (rf"(?:a )?week from ((?:this |coming )?(?:{_W})|today|tomorrow|now)", lambda m, t: _anchor_en(m[1], t) + _WEEK),
    (rf"(?:a week on ({_W})|(?:this |on )?({_W}) (?:a )?week(?! (?:of|from|after)))",
     lambda m, t: coming(t, _wd("en", m[1] or m[2])) + _WEEK),
    (r"(?:a week (?:tomorrow)|tomorrow week)", lambda _m, t: t + timedelta(days=8)),
    (r"(?:today week|a week today)", lambda _m, t: t + _WEEK),
    (rf"(?:the )?({_W}) after next", lambda m, t: coming(t, _wd("en", m[1])) + _WEEK),
    (rf"(?:({_W}) (?:of |in )?(?:the )?week after next|(?:the )?week after next (?:on )?(?:the )?({_W}))",
     lambda m, t: of_next_week(t, _wd("en", m[1] or m[2])) + _WEEK),
    (rf"(?:({_W}) (?:of |in )?(?:the )?(?:next|following|coming) week|next week (?:on )?(?:the )?({_W}))",
     lambda m, t: of_next_week(t, _wd("en", m[1] or m[2]))),
    (rf"(?:({_W}) (?:of )?this week|this week (?:on )?({_W}))",
     lambda m, t: this_or_today(t, _wd("en", m[1] or m[2]))),
    (rf"(?:{_W}) (?:the )?({_ORD}) of ({_M})",
     lambda m, t: next_month_day(t, cal.MONTHS["en"][m[2]], cal.day_of_month(m[1], "en"))),
    (rf"(?:{_W}) ({_M}) (?:the )?({_ORD}|{_N})(?! (?:am|pm|oclock)\b)",
     lambda m, t: next_month_day(t, cal.MONTHS["en"][m[1]], cal.day_of_month(m[2], "en"))),
    (rf"({_W}) (?:the )?({_ORD}){_NOT_A_DAY}",
     lambda m, t: weekday_and_day(t, _wd("en", m[1]), cal.day_of_month(m[2], "en"))),
    (rf"({_M}) (?:the )?({_ORD}|{_N}){_YEAR}(?! (?:am|pm|oclock|hundred|thousand)\b)",
     lambda m, t: next_month_day(t, cal.MONTHS["en"][m[1]], cal.day_of_month(m[2], "en"))),
    (rf"(?:the )?({_ORD}) (?:of )?({_M}){_YEAR}",
     lambda m, t: next_month_day(t, cal.MONTHS["en"][m[2]], cal.day_of_month(m[1], "en"))),
    (rf"(?:the )?({_ORD}) of (?:this|the) month", lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "en"))),
    (rf"the ({_ORD}){_NOT_A_DAY}", lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "en"))),
    (r"((?:[12]?\d|3[01]) (?:st|nd|rd|th))" + _NOT_A_DAY,
     lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "en"))),
    (rf"(?:next|following) ({_W})", lambda m, t: of_next_week(t, _wd("en", m[1]))),
    (rf"(?:this coming|the coming|this upcoming|the upcoming|upcoming) ({_W})",
     lambda m, t: coming(t, _wd("en", m[1]))),
    (rf"this ({_W})", lambda m, t: this_or_today(t, _wd("en", m[1]))),
    (r"day after tomorrow", lambda _m, t: t + timedelta(days=2)),
    (r"tomorrows?|tomorow|tmrw", lambda _m, t: t + timedelta(days=1)),
    (r"later today|todays?", lambda _m, t: t),
    (r"day before yesterday", lambda _m, t: t - timedelta(days=2)),
    (r"yesterdays?", lambda _m, t: t - timedelta(days=1)),
    (rf"in (?:about )?({_COUNT_EN}) (days?|weeks?)", lambda m, t: t + _days(_count_en(m[1]), m[2])),
    (r"(?:at )?(?:the )?end of the week|end of this week", lambda _m, t: this_or_today(t, 4)),
    (
        r"(?:(?:early|earlier|later?|sometime|some time|any ?time|any day|middle of|beginning of|end of) )?(?:next"
        r"|this) (?:week|month)"
     r"|(?:the )?week after next|(?:this|next|the|over the) weekend|weekends|in a few (?:days|weeks)"
     r"|the (?:following|other) week",
     _none),
    (rf"({_W})s", lambda m, t: coming(t, _wd("en", m[1]))),
    (rf"({_W})", lambda m, t: coming(t, _wd("en", m[1]))),
    (r"(\d{4}-\d{2}-\d{2})", _iso),
    (r"(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?", lambda m, t: _slashed(m, t, day_first=False)),
)  # fmt: skip

_WS, _MS, _DS = cal.WEEKDAY["es"], cal.MONTH["es"], cal.DAY_NUMBER_ES
_NS = rf"(?:un par de|{cal.NUMBER['es']})"
_NEXT_WEEK_ES = (
    r"(?:la (?:proxima|otra|siguiente) semana|la semana (?:que viene|que entra|entrante|proxima|siguiente)"
    r"|proxima semana|semana que viene)"
)
_DIGIT_WORD_ES = (
    r"(?! (?:cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|veinte|\d+|y"
    r"|mil|cientos?|de la (?:manana|tarde|noche)|que|no|esta|es)\b)"
)
_ES: tuple[tuple[str, Resolver], ...] = (
    (rf"(?:el )?({_WS}) (?:en ocho|en ocho dias)", lambda m, t: coming(t, _wd("es", m[1])) + _WEEK),
    (r"(?:de )?hoy en (ocho|quince)(?: dias)?", lambda m, t: t + timedelta(days=7 if m[1] == "ocho" else 14)),
    (r"(?:de )?manana en (ocho|quince)(?: dias)?", lambda m, t: t + timedelta(days=8 if m[1] == "ocho" else 15)),
    (rf"(?:el )?({_WS}) (?:de |en )?{_NEXT_WEEK_ES}", lambda m, t: of_next_week(t, _wd("es", m[1]))),
    (rf"{_NEXT_WEEK_ES} (?:el )?({_WS})", lambda m, t: of_next_week(t, _wd("es", m[1]))),
    (rf"(?:el )?({_WS}) de esta (?:misma )?semana|esta semana el ({_WS})",
     lambda m, t: this_or_today(t, _wd("es", m[1] or m[2]))),
    (rf"(?:el )?({_WS}) (?:que viene|proximo|que entra|siguiente|entrante)", lambda m, t: coming(t, _wd("es", m[1]))),
    (rf"(?:el )?(?:proximo|siguiente) ({_WS})", lambda m, t: coming(t, _wd("es", m[1]))),
    (rf"(?:el )?(?:{_WS}) (?:dia )?({_DS}) de(?:l mes de)? ({_MS})",
     lambda m, t: next_month_day(t, cal.MONTHS["es"][m[2]], cal.day_of_month(m[1], "es"))),
    (rf"(?:el )?({_WS}) (?:dia )?({_DS}){_DIGIT_WORD_ES}(?! (?:am|pm)\b)",
     lambda m, t: weekday_and_day(t, _wd("es", m[1]), cal.day_of_month(m[2], "es"))),
    (rf"(?:el )?(?:dia )?({_DS}) (?:de(?:l mes de)? )?({_MS})(?: del? (?:dos mil \w+|20\d\d))?",
     lambda m, t: next_month_day(t, cal.MONTHS["es"][m[2]], cal.day_of_month(m[1], "es"))),
    (rf"(?:el )?dia ({_DS}){_DIGIT_WORD_ES}", lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "es"))),
    (rf"(?:el )?({_DS}) de este mes", lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "es"))),
    (rf"(?:(?<=para )|(?<=sea )|(?<=con ))el ({_DS}){_DIGIT_WORD_ES}",
     lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "es"))),
    (
        rf"(?<!orden )(?<!trabajo )(?<!numero )(?<!es )el ({_DS}){_DIGIT_WORD_ES}(?=$| (?:por|en la|a las|antes"
        rf"|despues|temprano|al|o|si|estaria|seria|puede|podria|mejor|entre|me)\b)",
     lambda m, t: next_day_of_month(t, cal.day_of_month(m[1], "es"))),
    (rf"este ({_WS})", lambda m, t: this_or_today(t, _wd("es", m[1]))),
    (r"pasado manana|pasadomanana", lambda _m, t: t + timedelta(days=2)),
    (r"(?<!por la )(?<!en la )(?<!de la )(?<!a la )(?<!esta )(?<!hasta )(?<!toda la )(?<!la )manana",
     lambda _m, t: t + timedelta(days=1)),
    (r"hoy mismo|hoy dia|hoy", lambda _m, t: t),
    (r"antier|anteayer", lambda _m, t: t - timedelta(days=2)),
    (r"ayer", lambda _m, t: t - timedelta(days=1)),
    (rf"(?:dentro de|en) (?:unos )?({_NS}) (dias?|semanas?)", lambda m, t: t + _days(_count_es(m[1]), m[2])),
    (rf"de aqui a ({_NS}) (dias?|semanas?)", lambda m, t: t + _days(_count_es(m[1]), m[2])),
    (rf"(?:(?:a (?:principios|finales|fines|mediados) de|(?:mas )?a?delante) )?(?:{_NEXT_WEEK_ES}|esta semana"
     r"|(?:este|el proximo|el) fin de semana|(?:los )?fines de semana|el (?:proximo mes|mes que viene)|este mes"
     r"|a fin de mes)", _none),
    (rf"(?:los )({_WS})s?", lambda m, t: coming(t, _wd("es", m[1]))),
    (rf"(?:el )?({_WS})", lambda m, t: coming(t, _wd("es", m[1]))),
    (r"(\d{4}-\d{2}-\d{2})", _iso),
    (r"(?:el )?(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?", lambda m, t: _slashed(m, t, day_first=True)),
)  # fmt: skip


@cache
def _day_patterns(lang: Lang) -> tuple[tuple[re.Pattern[str], Resolver], ...]:
    """The days of a language with what resolves them; compiled when a caller first names one in it."""
    table = _EN if lang == "en" else _ES
    return tuple((re.compile(rf"(?<= )(?:{pattern})(?= )"), resolve) for pattern, resolve in table)


# Sentences without any of these stems name no day: most sentences, and they pay nothing.
_HINT = {
    "en": re.compile(r"day|week"
                     r"|\bmon\b|\btues?\b|\bwed\b|\bthur?s?\b|\bfri\b|tmrw|tomorow|month|\d/\d|\d-\d|(?:st|nd|rd|th)\b"
                     r"|tomorrow|" + "|".join(rf"\b{m}\b" for m in cal.MONTHS["en"])),
    "es": re.compile(r"lunes|martes|miercoles|jueves|viernes|sabado|domingo"
                     r"|manana|hoy|ayer|antier|\bdia|semana|\bmes\b|\bel "
                     r"|\d/\d|\d-\d|" + "|".join(cal.MONTHS["es"])),
}  # fmt: skip
_FAR = date(2000, 1, 3)


def day_mentions(
    heard: Utterance, lang: Lang, today: date | None, taken: Sequence[int] | frozenset[int] = ()
) -> list[DayMention]:
    """Every day a sentence names outside the words `taken`, in order; the longest reading wins where two overlap."""
    flat = heard.flat
    if not _HINT[lang].search(flat):
        return []
    found: list[tuple[int, int, DayMention]] = []
    for rank, (pattern, resolve) in enumerate(_day_patterns(lang)):
        for match in pattern.finditer(flat):
            first, last = heard.span(match.start(), match.end())
            if any(i in taken for i in range(first, last)):
                continue
            day = resolve(match, today or _FAR)
            if day is None and resolve is not _none:
                continue
            known = day if today is not None or resolve is _iso else None
            past = day is not None and today is not None and day < today
            found.append((-(last - first), rank, DayMention(first, last, known, past, resolve is _none)))
    found.sort(key=lambda entry: entry[:2])
    kept: list[DayMention] = []
    for _, _, mention in found:
        if all(mention.last <= other.first or other.last <= mention.first for other in kept):
            kept.append(mention)
    return sorted(kept, key=lambda mention: mention.first)
