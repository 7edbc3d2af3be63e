"""Text for the ear: times, dates, windows, amounts, numbers, addresses and money as a courteous person would say them.

Everything comes out as words, never as figures a voice might read as millions. `for_ear` and `EarFilter` make what a
language model wrote speakable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from voice_agent.language.ear import EarFilter, for_ear
from voice_agent.language.numerals import before_noun_es, decimal_words, digit_words, ordinal_words_en, whole_words
from voice_agent.language.places import spoken_address

__all__ = [
    "EarFilter",
    "for_ear",
    "say_address",
    "say_date",
    "say_digits",
    "say_duration_minutes",
    "say_list",
    "say_money",
    "say_number",
    "say_part_number",
    "say_phone",
    "say_quantity",
    "say_time",
    "say_window",
]

_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "es": "lunes martes miércoles jueves viernes sábado domingo".split(),
}
_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}
_RADIO_WORDS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec "
    "romeo sierra "
    "tango uniform victor whiskey xray yankee zulu"
).split()


def say_time(when: datetime, lang: str = "en") -> str:
    """The time of day in `when`'s own zone: "ten thirty AM", "noon"; "las diez y media de la mañana"."""
    clock, half = _clock(when, lang)
    return f"{clock} {half}" if half else clock


def _clock(when: datetime, lang: str) -> tuple[str, str]:
    hour, minute = when.hour, when.minute
    if lang == "en":
        if minute == 0 and hour in (0, 12):
            return ("midnight", "") if hour == 0 else ("noon", "")
        words = whole_words(hour % 12 or 12)
        if minute:
            words += f" oh {whole_words(minute)}" if minute < 10 else f" {whole_words(minute)}"
        return words, "AM" if hour < 12 else "PM"
    twelve = hour % 12 or 12
    words = "la una" if twelve == 1 else f"las {whole_words(twelve, 'es')}"
    if minute:
        words += {15: " y cuarto", 30: " y media"}.get(minute, f" y {whole_words(minute, 'es')}")
    if hour < 12:
        return words, "de la noche" if hour == 0 else "de la mañana"
    return words, "del mediodía" if hour == 12 else "de la tarde" if hour < 19 else "de la noche"


def say_date(when: date, now: datetime, lang: str = "en") -> str:
    """The calendar day: "today", "tomorrow", "Thursday, December third"; with the year only when it is far away.

    An aware datetime is taken in its own zone; give both arguments in the caller's.
    """
    day = when.date() if isinstance(when, datetime) else when
    today = now.date()
    distance = (day - today).days
    if distance in (0, 1):
        return (("today", "tomorrow") if lang == "en" else ("hoy", "mañana"))[distance]
    weekday, month = _WEEKDAYS[lang][day.weekday()], _MONTHS[lang][day.month - 1]
    far = not -300 < distance < 330
    if lang == "en":
        year = f", {_year(day.year)}" if far else ""
        return f"{weekday}, {month} {ordinal_words_en(day.day)}{year}"
    number = "primero" if day.day == 1 else whole_words(day.day, "es")
    year = f" de {whole_words(day.year, 'es')}" if far else ""
    return f"el {weekday} {number} de {month}{year}"


def _year(year: int) -> str:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return whole_words(year)
    return f"{whole_words(century)} " + (
        "hundred" if rest == 0 else f"oh {whole_words(rest)}" if rest < 10 else whole_words(rest)
    )


def say_window(start: datetime, end: datetime, now: datetime, lang: str = "en") -> str:
    """An arrival window: "tomorrow between eight and ten AM", "mañana entre las ocho y las diez de la mañana"."""
    day = say_date(start, now, lang)
    first, first_half = _clock(start, lang)
    last, last_half = _clock(end, lang)
    opening = first if first_half == last_half else f"{first} {first_half}".strip()
    closing = f"{last} {last_half}".strip()
    if start.date() != end.date():
        closing = f"{say_date(end, now, lang)} {'at' if lang == 'en' else 'a'} {closing}"
        opening = f"{first} {first_half}".strip()
    return f"{day} between {opening} and {closing}" if lang == "en" else f"{day} entre {opening} y {closing}"


def say_digits(digits: str, lang: str = "en") -> str:
    """An identifier digit by digit, leading zeros too: "four five one two". Long ones are paused in threes or fours."""
    figures = [ch for ch in digits if ch.isascii() and ch.isdigit()]
    if len(figures) <= 5:
        return digit_words("".join(figures), lang)
    return ", ".join(digit_words("".join(group), lang) for group in _groups(figures))


def _groups(figures: Sequence[str]) -> list[Sequence[str]]:
    """Threes from the front, the last group two to four; eight figures are two fours."""
    if len(figures) == 8:
        return [figures[:4], figures[4:]]
    cuts, i = [], 0
    while len(figures) - i > 4:
        cuts.append(figures[i : i + 3])
        i += 3
    return [*cuts, figures[i:]]


def say_number(value: int | float | Decimal, lang: str = "en") -> str:
    """An amount: 4512 -> "four thousand five hundred twelve", 2.5 -> "two point five"."""
    if isinstance(value, int):
        return whole_words(value, lang)
    return decimal_words(Decimal(str(value)), lang)


def say_quantity(value: int | float | Decimal, unit: str, lang: str = "en") -> str:
    """An amount of something named in the singular: "two gallons", "half a gallon", "one and a half gallons of oil"."""
    amount = Decimal(str(value))
    whole, rest = divmod(amount, 1)
    count = int(whole)
    return _quantity_en(amount, count, rest, unit) if lang == "en" else _quantity_es(amount, count, rest, unit)


def _quantity_en(amount: Decimal, count: int, rest: Decimal, unit: str) -> str:
    if amount == Decimal("0.5"):
        return f"half {'an' if unit[:1] in 'aeiou' else 'a'} {_singular_en(unit)}"
    if rest == Decimal("0.5"):
        return f"{whole_words(count)} and a half {_plural_en(unit)}"
    if amount == 1:
        return f"one {_singular_en(unit)}"
    return f"{decimal_words(amount)} {_plural_en(unit)}"


def _head(unit: str, link: str) -> tuple[str, str]:
    head, joint, rest = unit.partition(f" {link} ")
    return head, joint + rest


_SAME_EN = frozenset(
    "feet refrigerant freon gas oil tape wire sealant pipe tubing solder flux cable insulation".split()
)


def _plural_en(unit: str) -> str:
    head, rest = _head(unit, "of")
    front, _, last = head.rpartition(" ")
    if last == "foot":
        last = "feet"
    elif last in _SAME_EN or (last.endswith("s") and not last.endswith("ss")):
        pass
    elif last.endswith(("s", "x", "ch", "sh", "z")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in tuple("aeiou"):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{front} {last}".strip() + rest


def _singular_en(unit: str) -> str:
    head, rest = _head(unit, "of")
    if not rest:
        return unit
    if head.endswith(("boxes", "bunches")):
        return head[:-2] + rest
    return ("foot" if head == "feet" else head.removesuffix("s")) + rest


def _quantity_es(amount: Decimal, count: int, rest: Decimal, unit: str) -> str:
    feminine = _feminine(unit)
    one = "una" if feminine else "un"
    if amount == Decimal("0.5"):
        return f"{'media' if feminine else 'medio'} {_singular_es(unit)}"
    if rest == Decimal("0.5"):
        noun = _singular_es(unit) if count == 1 else _plural_es(unit)
        head, tail = _head(noun, "de")
        number = one if count == 1 else before_noun_es(whole_words(count, "es"), feminine=feminine)
        return f"{number} {head} y {'media' if feminine else 'medio'}{tail}"
    if amount == 1:
        return f"{one} {_singular_es(unit)}"
    number = decimal_words(amount, "es") if rest else before_noun_es(whole_words(count, "es"), feminine=feminine)
    return f"{number} {_plural_es(unit)}"


_FEMININE_ES = re.compile(r"(?:a|as|ción|ciones|dad|dades|llave|llaves|luz|luces)$")
_MASCULINE_ES = frozenset("termostato día sistema".split())


def _feminine(unit: str) -> bool:
    noun = unit.split()[0] if unit.split() else ""
    return noun not in _MASCULINE_ES and _FEMININE_ES.search(noun) is not None


def _plural_es(unit: str) -> str:
    noun, _, rest = unit.partition(" ")
    if not noun.endswith("s"):
        if noun.endswith("z"):
            noun = noun[:-1] + "ces"
        elif noun.endswith("ón"):
            noun = noun[:-2] + "ones"
        elif noun[-1:] in "aeiouáéíóú":
            noun += "s"
        else:
            noun += "es"
    return f"{noun} {rest}".strip()


def _singular_es(unit: str) -> str:
    noun, _, rest = unit.partition(" ")
    if noun.endswith("ones"):
        noun = noun[:-4] + "ón"
    elif noun.endswith("s") and rest.startswith("de "):
        noun = noun[:-1]
    return f"{noun} {rest}".strip()


def say_phone(number: str, lang: str = "en") -> str:
    """A phone number in its usual groups, without the country code of North America."""
    figures = [ch for ch in number if ch.isascii() and ch.isdigit()]
    if len(figures) == 11 and figures[0] == "1":
        figures = figures[1:]
    if len(figures) == 10:
        groups: list[Sequence[str]] = [figures[:3], figures[3:6], figures[6:]]
    elif len(figures) == 7:
        groups = [figures[:3], figures[3:]]
    else:
        groups = _groups(figures)
    return ", ".join(digit_words("".join(group), lang) for group in groups)


def say_part_number(code: str, lang: str = "en", *, radio: bool = False) -> str:
    """Letters one by one, then digits: "K X, two two one zero". `radio` adds "as in kilo" for bad lines."""
    groups = re.findall(r"[A-Za-z]+|\d+", code)
    spoken: list[str] = []
    for group in groups:
        if group.isdigit():
            spoken.append(digit_words(group, lang))
        elif radio:
            link = "as in" if lang == "en" else "de"
            spoken.extend(f"{ch.upper()} {link} {_RADIO_WORDS[ord(ch.lower()) - ord('a')]}" for ch in group)
        else:
            spoken.append(" ".join(group.upper()))
    return ", ".join(spoken)


def say_address(address: str, lang: str = "en") -> str:
    """A street address with its abbreviations spelt out and its numbers as people say house numbers."""
    return spoken_address(address, lang)


def say_money(value: int | float | Decimal | str, lang: str = "en") -> str:
    """US dollars: "twelve dollars and fifty cents", "doce dólares con cincuenta centavos"."""
    cents = int((Decimal(str(value)) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    sign = "" if cents >= 0 else ("minus " if lang == "en" else "menos ")
    dollars, rest = divmod(abs(cents), 100)
    if lang == "en":
        words = [f"{whole_words(dollars)} dollar{'' if dollars == 1 else 's'}"] if dollars or not rest else []
        words += [f"{whole_words(rest)} cent{'' if rest == 1 else 's'}"] if rest else []
        return sign + " and ".join(words)
    noun = "dólar" if dollars == 1 else "dólares"
    link = " de" if dollars and dollars % 10**6 == 0 else ""
    words = [f"{before_noun_es(whole_words(dollars, 'es'))}{link} {noun}"] if dollars or not rest else []
    words += [f"{before_noun_es(whole_words(rest, 'es'))} centavo{'' if rest == 1 else 's'}"] if rest else []
    return sign + " con ".join(words)


def say_duration_minutes(minutes: int | float, lang: str = "en") -> str:
    """A length of time, to the minute: "forty five minutes", "an hour and a half", "dos horas y diez minutos"."""
    total = max(round(minutes), 0)
    hours, rest = divmod(total, 60)
    if lang == "en":
        if hours == 1 and rest == 30:
            return "an hour and a half"
        parts = [] if not hours else ["an hour" if hours == 1 else f"{whole_words(hours)} hours"]
        if rest or not hours:
            parts.append(f"{whole_words(rest)} minute{'' if rest == 1 else 's'}")
        return " and ".join(parts)
    if hours == 1 and rest == 30:
        return "una hora y media"
    parts = (
        []
        if not hours
        else ["una hora" if hours == 1 else f"{before_noun_es(whole_words(hours, 'es'), feminine=True)} horas"]
    )
    if rest or not hours:
        parts.append(f"{before_noun_es(whole_words(rest, 'es'))} minuto{'' if rest == 1 else 's'}")
    return " y ".join(parts)


def say_list(items: Sequence[str], lang: str = "en", *, joint: str | None = None) -> str:
    """ "a, b and c"; `joint` may be "or" / "o". Spanish "y" and "o" give way before their own sound."""
    if len(items) <= 1:
        return "".join(items)
    word = joint or ("and" if lang == "en" else "y")
    if lang == "es":
        following = items[-1].lower()
        if word == "y" and re.match(r"(?:i|hi(?!e))", following):
            word = "e"
        elif word == "o" and re.match(r"h?o", following):
            word = "u"
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


_TWO_WORDS = re.compile(r"\b([Dd]e|[Aa]) el(?= [a-záéíóúñ0-9])")


def contracted(text: str) -> str:
    """Spanish "de el" and "a el", as they come of a sentence and what fills it, in one word; not in names ("de El
    Paso")."""
    return _TWO_WORDS.sub(lambda match: match[1] + "l", text)
