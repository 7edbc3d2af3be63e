"""How many minutes until, or how late: "half an hour", "running thirty five behind", "una hora y cuarto"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice_agent.language.identifiers import CORRECTION
from voice_agent.language.numbers import Lang, amount, fraction_tail, plain_value
from voice_agent.language.utterance import Utterance

_MINUTE_UNIT = {"en": r"minutes?|mins?|min|minuets?", "es": r"minutos?|minutitos|min"}
_HOUR_UNIT = {"en": r"hours?|hrs?|hr", "es": r"horas?|hrs?"}
_FIXED = {
    "en": (
        (r"(?:an? |one )?hour and (?:a half|a haft|half)", 90), (r"(?:an? |one )?hour and (?:a )?quarter", 75),
        (r"(?:a )?half (?:an |of an )?hour", 30), (r"half hour", 30),
        (r"three quarters of an hour", 45), (r"(?:a )?quarter (?:of )?an hour|quarter hour", 15),
        (r"(?:a )?couple(?: of)? hours", 120), (r"(?:a )?couple(?: of| more)? (?:minutes|mins)", 2),
        (r"an hour|one hour|another hour|1 hour", 60),
    ),
    "es": (
        (r"(?:una )?hora y media", 90), (r"(?:una )?hora y cuarto", 75), (r"media hora|media horita", 30),
        (r"tres cuartos de hora", 45), (r"(?:un )?cuarto de hora", 15),
        (r"(?:un )?par de horas", 120), (r"(?:un )?par de minutos", 2), (r"una hora|1 hora|una horita", 60),
    ),
}  # fmt: skip
_FIXED_PATTERNS = {
    lang: tuple((re.compile(rf"(?<= )(?:{pattern})(?= )"), minutes) for pattern, minutes in table)
    for lang, table in _FIXED.items()
}
_UNIT = {
    lang: re.compile(rf"(?<= )(?P<m>{_MINUTE_UNIT[lang]})(?= )|(?<= )(?P<h>{_HOUR_UNIT[lang]})(?= )")
    for lang in ("en", "es")
}
_ELAPSED = {
    "en": (re.compile(
        r" (?:took|taken|spent|been|waited|waiting|wait|every|last|past|only|lasted|drove|worked|for the last"
        r"|for the past|lost)(?: (?:me|us|here|for|about|like|over|there|already|out|sitting|standing|almost|the"
        r"|him|them|around|nearly|\w+ing|on|it))* $"),
           re.compile(
               r"^ (?:ago|earlier|already|of (?:labor|work|drive)|long|before (?:my|the)|notice|on (?:the"
               r"|this) (?:job|site))\b")),
    "es": (re.compile(
        r" (?:hace|tardamos|llevo|llevamos|desde hace|cada|durante|espere|esperando|tome|tomo|duro|pase"
        r"|gaste)(?: (?:como|unos|unas|casi|mas de|ya|aqui|esperando))* $"),
           re.compile(r"^ (?:atras|antes|de trabajo|esperando|aqui|de labor)\b")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duration:
    """Minutes from now, and the words that said so."""

    minutes: float
    first: int
    last: int


def minutes_ahead(heard: Utterance, lang: Lang) -> tuple[Duration | None, frozenset[int]]:
    """How long until (or how late), from "in half an hour" to "running thirty five minutes behind"; not time spent.

    Also the words of time already spent, which are no identifiers either.
    """
    if not _UNIT[lang].search(heard.flat):
        return None, frozenset()
    found = _durations(heard, lang)
    spent = [duration for duration in found if _elapsed(heard, duration, lang)]
    merged: list[Duration] = []
    for duration in sorted((d for d in found if d not in spent), key=lambda d: d.first):
        between = heard.flat[heard.offset(merged[-1].last) - 1 : heard.offset(duration.first)] if merged else ""
        if between in (" ", " and ", " y ", " con "):
            merged[-1] = Duration(merged[-1].minutes + duration.minutes, merged[-1].first, duration.last)
        else:
            merged.append(duration)
    if merged:
        merged[-1] = _mended(heard, merged[-1], lang)
    words = frozenset(i for duration in spent for i in range(duration.first, duration.last))
    return (merged[-1] if merged else None), words


def _mended(heard: Utterance, duration: Duration, lang: Lang) -> Duration:
    """ "Fifteen minutes, no, make that twenty five"."""
    for i in range(duration.last + 1, min(duration.last + 6, len(heard.words))):
        if CORRECTION[lang].match(heard.flat[heard.offset(duration.last) - 1 : heard.offset(i)]):
            value = amount(heard.plain, i, lang)
            if value is not None and duration.minutes < 60:
                return Duration(value[0], duration.first, value[1])
    return duration


def _durations(heard: Utterance, lang: Lang) -> list[Duration]:
    found: list[Duration] = []
    for pattern, minutes in _FIXED_PATTERNS[lang]:
        for match in pattern.finditer(heard.flat):
            first, last = heard.span(match.start(), match.end())
            if all(last <= d.first or d.last <= first for d in found):
                found.append(Duration(minutes, first, last))
    for match in _UNIT[lang].finditer(heard.flat):
        at = heard.span(match.start(), match.end())[0]
        if any(d.first <= at < d.last for d in found):
            continue
        number = _number_ending(heard, at, lang)
        if number is None:
            continue
        value, first = number
        last = at + 1
        tail = fraction_tail(heard.plain, last, lang)
        if tail is not None:
            value, last = value + tail[0], tail[1]
        found.append(Duration(value * (60 if match["h"] else 1), first, last))
    return found


def _number_ending(heard: Utterance, end: int, lang: Lang) -> tuple[float, int] | None:
    """The amount whose words end right before `end`, and where it begins."""
    stop = (
        end - 1 if end and heard.plain[end - 1] in ("more", "mas", "or", "additional", "extra", "adicionales") else end
    )
    for first in range(max(stop - 4, 0), stop):
        found = amount(heard.plain, first, lang)
        if found is not None and found[1] == stop:
            return found[0], first
    return None


def _elapsed(heard: Utterance, duration: Duration, lang: Lang) -> bool:
    before, after = _ELAPSED[lang]
    return (
        before.search(heard.before(duration.first)) is not None or after.match(heard.after(duration.last)) is not None
    )


_FROM_THE_ROAD = {
    "en": re.compile(r"^ (?:out|away)\b"),
    "es": re.compile(r" (?:estoy|llego|llegando|voy llegando)(?: ya)? (?:a|en|como en|como a)(?: unos| unas)? $"),
}


def on_the_road(heard: Utterance, duration: Duration, lang: Lang) -> bool:
    """ "Twenty minutes out", "estoy a veinte minutos": said by somebody under way."""
    if lang == "en":
        return _FROM_THE_ROAD["en"].match(heard.after(duration.last)) is not None
    return _FROM_THE_ROAD["es"].search(heard.before(duration.first)) is not None


_LOOSE_AMOUNT = range(5, 241)


def loose_minutes(heard: Utterance, lang: Lang) -> Duration | None:
    """The one bare amount of a sentence that says somebody is late: "running behind, like forty five"."""
    found: list[Duration] = []
    i = 0
    while i < len(heard.words):
        value = amount(heard.plain, i, lang)
        if value is not None:
            found.append(Duration(value[0], i, value[1]))
        i = value[1] if value else i + 1
    return found[0] if len(found) == 1 and found[0].minutes in _LOOSE_AMOUNT else None


def minutes_value(duration: Duration) -> int | float:
    return plain_value(duration.minutes)
