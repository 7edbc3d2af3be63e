"""Times of day as people say them ("half past three", "before lunch", "entre las diez y las doce").

Visits happen in working hours, so an hour without am or pm is read as 7:00 to 18:59. Parts of the day have fixed hours
(`PARTS_OF_DAY`): they are what a slot search is asked for, not a promise.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from voice_agent.language import calendar_words as cal
from voice_agent.language.numbers import NUMBER_WORDS, Lang
from voice_agent.language.time_words import HINT, NOON, TODAY, Minutes, clock_patterns, part_patterns
from voice_agent.language.utterance import Utterance


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time or stretch of a day and the words it covers; `today` when the words themselves mean today ("tonight")."""

    first: int
    last: int
    start: Minutes | None
    end: Minutes | None
    clock: bool
    """Hours were named, not only a part of the day."""
    today: bool = False


def time_mentions(
    heard: Utterance,
    lang: Lang,
    taken: Container[int] = (),
    *,
    bare: bool = False,
    after_day: frozenset[int] = frozenset(),
) -> list[TimeMention]:
    """Every time a sentence names outside `taken`, in order.

    An hour alone ("two") is a time only where one is expected: `bare`, or right after a day (index in `after_day`).
    """
    if not HINT.search(heard.flat):
        return []
    candidates: list[TimeMention] = []
    for kind, pattern in clock_patterns(lang):
        for match in pattern.finditer(heard.flat):
            mention = _read(heard, lang, kind, match, bare=bare, after_day=after_day)
            if mention is not None:
                candidates.append(mention)
    found: list[TimeMention] = []
    for mention in sorted(candidates, key=lambda m: m.first - m.last):  # the longest reading first
        if _free(mention, found, taken):
            found.append(mention)
    for part, (start, end) in part_patterns(lang):
        for match in part.finditer(heard.flat):
            first, last = heard.span(match.start(), match.end())
            mention = TimeMention(first, last, start, end, clock=False, today=bool(TODAY.search(match[0])))
            if _free(mention, found, taken):
                found.append(mention)
    found.sort(key=lambda mention: mention.first)
    return [_half_from_neighbours(heard, mention, found) for mention in found]


def _free(mention: TimeMention, found: list[TimeMention], taken: Container[int]) -> bool:
    if any(i in taken for i in range(mention.first, mention.last)):
        return False
    return all(mention.last <= other.first or other.last <= mention.first for other in found)


def _read(
    heard: Utterance, lang: Lang, kind: str, match: re.Match[str], *, bare: bool, after_day: frozenset[int]
) -> TimeMention | None:
    first, last = heard.span(match.start(), match.end())
    if first and match["lead"] in (None, "", "by") and _inside_number(heard.plain, first):
        return None
    lead = (match["lead"] or "").strip()
    firm = _firm(match, "1")
    if kind == "range":
        firm = firm or _firm(match, "2")
        joint = match["joint"]
        moved = joint == "to" and not lead and re.search(r" (?:my|the|our|this) $", heard.before(first))
        moved = moved or (lead == "from" and _MOVES.search(heard.before(first)) is not None)
        if moved or joint == "or" or (lead == "between") != (joint == "and") or (lead == "entre") != (joint == "y"):
            return None
        articles = lang == "es" and match[0].count("las ") + match[0].count("la ") >= 2
        if not (lead or firm or bare or articles or first in after_day):
            return None
        return _range(match, first, last)
    if " to " in match[0] and first and heard.plain[first - 1] == "from" and not lead:
        return None  # "from ten to two" is no "ten to two"
    begin = _minutes(match, "1")
    if begin is None:
        return None
    if kind == "before":
        return TimeMention(first, last, None, begin, clock=True)
    if kind == "after":
        return TimeMention(first, last, begin, None, clock=True)
    words = match[0].split()
    if lead == "about" and first and heard.plain[first - 1] in ("how", "what"):
        first, words = first + 1, words[1:]
    prepositional = words[0] == "at" or (
        lang == "es" and ({"las", "la", "al"} & set(words[:2]) or lead in ("a eso de", "tipo"))
    )
    if lang == "es" and words[0] in ("las", "la") and not (firm or bare or last == len(heard.words)):
        return None
    if not (
        firm
        or prepositional
        or bare
        or (lead and lead not in ("like", "say", "about", "a", "para"))
        or first in after_day
    ):
        return None
    if not firm and first and heard.plain[first - 1] in ("option", "number", "press", "opcion", "numero"):
        return None
    if words[0] in ("at", "for"):
        first += 1
    return TimeMention(first, last, begin, None, clock=True)


_MOVES = re.compile(r" (?:push|move|change|switch|bump|reschedule)\w*(?: \w+){0,4} $")


def _inside_number(words: Sequence[str], first: int) -> bool:
    """ "Forty | seven thirty" is a number, not half past seven."""
    return words[first - 1] in _NUMBER_WORDS and words[first] not in ("at", "a", "las", "la")


def _firm(match: re.Match[str], name: str) -> bool:
    groups = match.groupdict()
    minute = groups.get("m" + name)
    return any(groups.get(key + name) for key in ("colon", "noon", "past", "oclock", "half")) or (
        minute is not None
        and not (groups["h" + name] or "").isdigit()
        and minute in ("fifteen", "thirty", "forty five", "oclock")
    )


def _hour_word(word: str) -> int:
    if word.isdigit():
        return int(word)
    return cal.small_number(word, "es" if word in _ES_HOURS else "en")


_NUMBER_WORDS = (NUMBER_WORDS["en"] | NUMBER_WORDS["es"]) - {"un", "una"}
_ES_HOURS = frozenset("una dos tres cuatro cinco seis siete ocho nueve diez once doce".split())


def _minutes(match: re.Match[str], name: str) -> Minutes | None:
    """Minutes after midnight, working hours assumed when neither am nor pm was said."""
    stated = _stated(match, name)
    if stated is None:
        return None
    hour, minute, half = stated
    if half is None:
        hour = hour + 12 if 1 <= hour <= 6 else hour
    return hour * 60 + minute


def _stated(match: re.Match[str], name: str) -> tuple[int, int, str | None] | None:
    """Hour (24 h when the half of the day was said), minute, and that half ("am", "pm") or None."""
    half_said = match["half" + name]
    half = None
    if half_said is not None:
        half = "am" if half_said in ("am", "a m") or "morning" in half_said or "manana" in half_said else "pm"
    if match["noon" + name]:
        return (0, 0, "am") if "midn" in match["noon" + name] or "median" in match["noon" + name] else (12, 0, "pm")
    if match["colon" + name]:
        hour, minute = (int(part) for part in match["colon" + name].split(":"))
        if hour > 23 or minute > 59:
            return None
        if hour > 12 or match["colon" + name].startswith("0"):
            return hour, minute, "pm" if hour >= 12 else "am"
    else:
        groups = match.groupdict()
        hour_said = groups.get("h" + name) or groups.get("ph" + name)
        if hour_said is None:
            return None
        hour, minute = _hour_word(hour_said), _minute_words(groups.get("m" + name), groups.get("past" + name))
        if minute < 0:
            hour, minute = (12 if hour == 1 else hour - 1), minute + 60
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    return hour, minute, half


def _minute_words(minute: str | None, past: str | None) -> int:
    if past:
        size = 30 if "half" in past or "media" in past else 15 if "quarter" in past or "cuarto" in past else 0
        if not size:
            words = past.replace("minutes ", "").rsplit(" ", 1)[0] if not past.startswith("menos ") else past[6:]
            size = cal.small_number(words, "es" if past.startswith("menos ") else "en")
        before = past.startswith("menos ") or past.rsplit(" ", 1)[-1] in ("to", "till", "til", "of")
        return -size if before else size
    if not minute or minute == "oclock":
        return 0
    if minute.startswith("oh "):
        return cal.small_number(minute[3:], "en")
    if minute.startswith("cero "):
        return cal.small_number(minute[5:], "es")
    if minute.isdigit():
        return int(minute)
    try:
        return cal.small_number(minute, "en")
    except ValueError:
        return cal.small_number(minute, "es")


def _range(match: re.Match[str], first: int, last: int) -> TimeMention | None:
    begin, end = _stated(match, "1"), _stated(match, "2")
    if begin is None or end is None:
        return None
    start, stop = begin[0] * 60 + begin[1], end[0] * 60 + end[1]
    if begin[2] is None and end[2] is None:
        start = start + 720 if 60 <= start < 7 * 60 else start
        while stop <= start and stop + 720 < 24 * 60:
            stop += 720
    elif begin[2] is None:  # "ten to two pm" begins in the morning, "two to four pm" does not
        later = start + 720 if start < 720 else start
        start = later if later < stop else start
    elif end[2] is None:
        while stop <= start and stop + 720 < 24 * 60:
            stop += 720
    return TimeMention(first, last, start, stop, clock=True) if stop > start else None


def _half_from_neighbours(heard: Utterance, mention: TimeMention, found: list[TimeMention]) -> TimeMention:
    """ "Tonight at seven" is 19:00, "in the morning at six" is 6:00: a part of the day said apart decides the half."""
    if not mention.clock:
        return mention
    said = heard.flat[heard.offset(mention.first) : heard.offset(mention.last)]
    if re.search(
        r"\b(?:am|pm|a m|p m|noon|midday|mediodia|morning|afternoon|evening|night|manana|tarde|noche)\b", said
    ):
        return mention
    near = [
        other
        for other in found
        if not other.clock
        and other.start is not None
        and abs(other.first - mention.last) + abs(mention.first - other.last) <= 12
    ]
    if not near:
        return mention
    part_start, part_end = near[0].start or 0, near[0].end or 0

    def shifted(value: Minutes | None) -> Minutes | None:
        if value is None:
            return None
        if part_start >= NOON and value < NOON:
            return value + 720
        if part_end <= NOON and value > NOON + 59:
            return value - 720
        return value

    return replace(mention, start=shifted(mention.start), end=shifted(mention.end), today=near[0].today)


def clock_text(value: Minutes) -> str:
    """480 -> "08:00"."""
    return f"{value // 60:02d}:{value % 60:02d}"
