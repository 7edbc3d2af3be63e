"""Times of day as people say them ("half past three", "before lunch", "entre las diez y las doce").

Visits happen in working hours, so an hour without am or pm is read as 7:00 to 18:59. Parts of the day have fixed hours
(`PARTS_OF_DAY`): they are what a slot search is asked for, not a promise.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace

from voice_agent.language import calendar_words as cal
from voice_agent.language.numbers import Lang
from voice_agent.language.utterance import Utterance

Minutes = int
"""Minutes after midnight."""


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


_MORNING, _NOON, _CLOSE, _EVENING = 8 * 60, 12 * 60, 17 * 60, 20 * 60
PARTS_OF_DAY: dict[str, tuple[Minutes | None, Minutes | None]] = {
    "morning": (_MORNING, _NOON), "early morning": (_MORNING, 10 * 60), "late morning": (10 * 60, _NOON),
    "afternoon": (_NOON, _CLOSE), "early afternoon": (_NOON, 15 * 60), "late afternoon": (15 * 60, _CLOSE),
    "after lunch": (13 * 60, _CLOSE), "lunch": (_NOON, 13 * 60), "evening": (_CLOSE, _EVENING),
    "day": (_MORNING, _CLOSE), "any": (None, None),
}  # fmt: skip

_PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"first thing(?: in the morning)?|(?:bright and )?early in the morning|early (?:that |in the )?mornings?|early in the day"
         r"|(?:as )?early as (?:possible|you can)|before work", "early morning"),
        (r"before lunch(?:time)?|before noon|before midday|(?:in )?the am|this morning", "morning"),
        (r"(?:late|later)(?: in the| that)? mornings?|mid ?morning", "late morning"),
        (r"in the mornings?|mornings?", "morning"),
        (r"early(?: in the)? afternoons?", "early afternoon"),
        (r"(?:late|later)(?: in the| this)? afternoons?|(?:at the )?end of (?:the )?day|late in the day|later in the day", "late afternoon"),
        (r"after lunch(?:time)?|after noon time", "after lunch"),
        (r"around lunch(?:time)?|(?:at|during|over) lunch(?:time)?|lunchtime|lunch time", "lunch"),
        (r"this afternoon|in the afternoons?|afternoons?", "afternoon"),
        (r"after (?:work|school|hours|dinner)|this evening|tonight|in the evenings?|evenings?|at night", "evening"),
        (r"all day|during the day|whole day", "day"),
        (r"any ?time(?! (?:before|after|between|from|on|next|this))", "any"),
    ),
    "es": (
        (r"a primera hora(?: de la manana)?|(?:bien |muy )?temprano(?: (?:por|en|de) la manana)?|tempranito|lo mas temprano posible"
         r"|lo antes posible en la manana", "early morning"),
        (r"antes (?:del almuerzo|de almorzar|del mediodia|de(?:l)? medio dia|de comer|de la comida)", "morning"),
        (r"a media manana|(?:a )?fin(?:es)? de la manana", "late morning"),
        (r"(?:por|en|a|de) la manana|esta manana|las mananas|(?:por|en) las mananas", "morning"),
        (r"temprano (?:por|en) la tarde", "early afternoon"),
        (r"a ultima hora(?: de la tarde| del dia)?|al final de(?:l dia| la tarde)|mas tarde en el dia|tarde en la tarde", "late afternoon"),
        (r"despues (?:del almuerzo|de almorzar|de comer|de la comida)", "after lunch"),
        (r"a la hora (?:del almuerzo|de (?:la )?comida|de comer|de almorzar)", "lunch"),
        (r"(?:por|en|a|de) la tarde|esta tarde|las tardes|(?:por|en) las tardes|la tarde", "afternoon"),
        (r"(?:por|en|a|de) la noche|esta noche|las noches|(?:por|en) las noches|despues del trabajo", "evening"),
        (r"todo el dia", "day"),
        (r"(?:a )?cualquier hora|a la hora que sea", "any"),
    ),
}  # fmt: skip
_TODAY = re.compile(r"this (?:morning|afternoon|evening)|tonight|esta (?:manana|tarde|noche)")

_H_EN = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|1[0-2]|0?[1-9])"
_MIN_EN = (
    r"(?:oh (?:five|one|two|three|four|six|seven|eight|nine)|(?:twenty|thirty|forty|fifty)(?: (?:one|two|three|four|five|six|seven"
    r"|eight|nine))?|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|[0-5]\d|oclock)"
)
_HALF_EN = r"(?: (?P<half{0}>am|pm|a m|p m|in the morning|in the afternoon|in the evening|at night|tonight))?"
_CLOCK_EN = (
    r"(?:(?P<colon{0}>\d{{1,2}}:\d{{2}})|(?P<noon{0}>noon|midday|midnight|twelve noon|12 noon)"
    rf"|(?P<past{{0}}>half past|half|quarter past|quarter after|a quarter past|quarter to|a quarter to|quarter till|quarter til|quarter of"
    rf"|(?:five|ten|twenty|twenty five)(?: minutes)? (?:past|after|to|till|til)) (?P<ph{{0}}>{_H_EN})"
    rf"|(?P<h{{0}}>{_H_EN})(?: (?P<m{{0}}>{_MIN_EN}))?)(?: (?P<oclock{{0}}>oclock|o clock|sharp|on the dot))?"
    + _HALF_EN
)
_H_ES = r"(?:una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|1[0-2]|0?[1-9])"
_MIN_ES = (
    r"(?:diez|once|doce|trece|catorce|quince|dieciseis|diecisiete|dieciocho|diecinueve|veinte|veinti\w+"
    r"|(?:treinta|cuarenta|cincuenta)(?: y (?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))?|[0-5]\d)"
)
_FEW_ES = (
    r"(?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|cero (?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))"
)
_CLOCK_ES = (
    r"(?:(?:la|las) )?(?:(?P<colon{0}>\d{{1,2}}:\d{{2}})|(?P<noon{0}>mediodia|medio dia|medianoche)"
    rf"|(?P<h{{0}}>{_H_ES})(?: (?P<past{{0}}>y media|y cuarto|menos cuarto|menos (?:cinco|diez|veinte|veinticinco))"
    rf"|(?: y)? (?P<m{{0}}>{_MIN_ES}|(?<= y ){_FEW_ES}))?)(?: (?P<oclock{{0}}>en punto))?"
    r"(?: (?P<half{0}>am|pm|a m|p m|de la manana|de la tarde|de la noche|por la manana|por la tarde|por la noche|en la manana"
    r"|en la tarde|en la noche|del mediodia|del dia))?"
)
_CLOCK = {"en": _CLOCK_EN, "es": _CLOCK_ES}


def _clock(lang: str, name: str) -> str:
    return _CLOCK[lang].format(name)


_NOT_HOURS = (
    r"(?! (?:minutes?|mins?|hours?|days?|weeks?|months?|years?|dollars?|bucks|percent|degrees|feet|foot|gallons?|pounds?|microfarads?|amps?|volts?|inch(?:es)?|tons?|psi|of|more"
    r"|other|people|units?|and a half|hundred|thousand|zero|oh|one|two|three|four|five|six|seven|eight|nine|twenty|thirty|forty|fifty"
    r"|minutos?|horas?|dias?|semanas?|dolares|grados|galones|libras|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|mil|\d+"
    r"|(?:\w+ ){1,2}(?:street|st|avenue|ave|road|rd|drive|lane|boulevard|court|way))\b)"
)
_PATTERNS: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "en": (
        ("range", re.compile(
            rf"(?<= )(?:(?:any ?time |some ?time |somewhere )?(?P<lead>between|from) )?{_clock('en', '1')}"
            rf" (?P<joint>and|to|till|til|until|through|or) {_clock('en', '2')}{_NOT_HOURS}(?= )")),
        ("before", re.compile(
            rf"(?<= )(?:any ?time )?(?P<lead>before|by|no later than|not later than|until|till|not after|earlier than|not any later than"
            rf"|done by) {_clock('en', '1')}{_NOT_HOURS}(?= )")),
        ("after", re.compile(
            rf"(?<= )(?:any ?time |some ?time )?(?P<lead>not before|no earlier than|not earlier than|after|past|later than|from|starting at"
            rf"|starting) {_clock('en', '1')}(?: (?:on|onwards?|or later|or after))?{_NOT_HOURS}(?= )")),
        ("at", re.compile(
            rf"(?<= )(?:at |for )?(?P<lead>around|about|like|say|roughly|approximately|close to|near) {_clock('en', '1')}"
            rf"(?: ish| or so)?{_NOT_HOURS}(?= )")),
        ("at", re.compile(rf"(?<= )(?:at |for )?(?P<lead>){_clock('en', '1')}(?: ish)?{_NOT_HOURS}(?= )")),
    ),
    "es": (
        ("range", re.compile(
            rf"(?<= )(?P<lead>entre|de|desde)? ?{_clock('es', '1')} (?P<joint>y|a|hasta) {_clock('es', '2')}{_NOT_HOURS}(?= )")),
        ("before", re.compile(
            rf"(?<= )(?P<lead>antes de|antes del|hasta|no despues de|a mas tardar a|no mas tarde de|para antes de)"
            rf" {_clock('es', '1')}{_NOT_HOURS}(?= )")),
        ("after", re.compile(
            rf"(?<= )(?P<lead>no antes de|despues de|despues del|a partir de|desde|pasadas|luego de)"
            rf" {_clock('es', '1')}(?: en adelante)?{_NOT_HOURS}(?= )")),
        ("at", re.compile(
            rf"(?<= )(?P<lead>a eso de|como a|alrededor de|cerca de|sobre|hacia|tipo|mas o menos a|aproximadamente a)"
            rf" {_clock('es', '1')}{_NOT_HOURS}(?= )")),
        ("at", re.compile(rf"(?<= )(?P<lead>a |al |para )?{_clock('es', '1')}{_NOT_HOURS}(?= )")),
    ),
}  # fmt: skip
_PART_PATTERNS = {
    lang: tuple((re.compile(rf"(?<= )(?:{pattern})(?= )"), PARTS_OF_DAY[name]) for pattern, name in table)
    for lang, table in _PARTS.items()
}
_HINT = re.compile(
    r"\b(?:at|am|pm|a m|p m|before|after|between|from|by|until|till?|noon|midday|mediodia|medio dia|midnight|lunch\w*|morning\w*|afternoon\w*"
    r"|evening\w*|tonight|night|past|quarter|half|oclock|clock|early|first thing|late|later|end of|around|about|like|any ?time|all day|for|to|mid\w*"
    r"|las?|entre|antes|despues|manana\w*|tardes?|noches?|temprano\w*|hora|partir|hasta|desde|de|mediodia|medianoche|all|day|through|starting|say|tipo|\d+:\d+"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})\b"
)


def time_mentions(
    heard: Utterance,
    lang: Lang,
    taken: Container[int] = (),
    *,
    bare: bool = False,
    after_day: frozenset[int] = frozenset(),
) -> list[TimeMention]:
    """Every time a sentence names outside `taken`, in order.

    An hour alone ("two") is a time only where one is expected: `bare`, or right after a day (word index in `after_day`).
    """
    if not _HINT.search(heard.flat):
        return []
    candidates: list[TimeMention] = []
    for kind, pattern in _PATTERNS[lang]:
        for match in pattern.finditer(heard.flat):
            mention = _read(heard, lang, kind, match, bare=bare, after_day=after_day)
            if mention is not None:
                candidates.append(mention)
    found: list[TimeMention] = []
    for mention in sorted(candidates, key=lambda m: m.first - m.last):  # the longest reading first
        if _free(mention, found, taken):
            found.append(mention)
    for part, (start, end) in _PART_PATTERNS[lang]:
        for match in part.finditer(heard.flat):
            first, last = heard.span(match.start(), match.end())
            mention = TimeMention(first, last, start, end, clock=False, today=bool(_TODAY.search(match[0])))
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
    lead = (match["lead"] or "").strip()
    firm = _firm(match, "1")
    if kind == "range":
        firm = firm or _firm(match, "2")
        joint = match["joint"]
        moved = joint == "to" and not lead and re.search(r" (?:my|the|our|this) $", heard.before(first))
        if moved or joint == "or" or (lead == "between") != (joint == "and") or (lead == "entre") != (joint == "y"):
            return None
        articles = lang == "es" and match[0].count("las ") + match[0].count("la ") >= 2
        if not (lead or firm or bare or articles or first in after_day):
            return None
        return _range(match, first, last)
    begin = _minutes(match, "1")
    if begin is None:
        return None
    if kind == "before":
        return TimeMention(first, last, None, begin, clock=True)
    if kind == "after":
        return TimeMention(first, last, begin, None, clock=True)
    words = match[0].split()
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
        if part_start >= _NOON and value < _NOON:
            return value + 720
        if part_end <= _NOON and value > _NOON + 59:
            return value - 720
        return value

    return replace(mention, start=shifted(mention.start), end=shifted(mention.end), today=near[0].today)


def clock_text(value: Minutes) -> str:
    """480 -> "08:00"."""
    return f"{value // 60:02d}:{value % 60:02d}"
