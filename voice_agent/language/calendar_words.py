"""The words of the calendar: weekdays, months, ordinals and small numbers, as patterns and as values."""

from __future__ import annotations

from voice_agent.language.numbers import Lang, below_hundred

WEEKDAYS: dict[str, dict[str, int]] = {
    "en": {
        "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
        "mon": 0, "tues": 1, "tue": 1, "wed": 2, "thurs": 3, "thur": 3, "thu": 3, "fri": 4, "wensday": 2, "wednsday": 2,
    },
    "es": {"lunes": 0, "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "domingo": 6},
}  # fmt: skip
MONTHS: dict[str, dict[str, int]] = {
    "en": {
        "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
        "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "aug": 8, "sept": 9,
        "oct": 10, "nov": 11, "dec": 12,
    },
    "es": {
        "enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8,
        "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
    },
}  # fmt: skip
_EN_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
ORDINALS_EN: dict[str, int] = {word: value for value, word in enumerate(_EN_ORDINALS, start=1)}
ORDINALS_EN |= {f"twenty {word}": 20 + value for word, value in list(ORDINALS_EN.items()) if value < 10}
ORDINALS_EN |= {"thirtieth": 30, "thirty first": 31}
CHOICES: dict[str, dict[str, int]] = {
    "en": {word: ORDINALS_EN[word] for word in ("first", "second", "third", "fourth", "fifth", "sixth")},
    "es": {
        "primero": 1, "primera": 1, "primer": 1, "segundo": 2, "segunda": 2, "tercero": 3, "tercera": 3, "tercer": 3,
        "cuarto": 4, "cuarta": 4, "quinto": 5, "quinta": 5, "sexto": 6, "sexta": 6,
    },
}  # fmt: skip

_EN_SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen "
    "nineteen twenty"
).split()
_ES_SMALL = (
    "uno un una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis "
    "veintisiete veintiocho "
    "veintinueve treinta"
).split()


def _any(words: object) -> str:
    return "|".join(sorted(map(str, words), key=len, reverse=True))  # type: ignore[call-overload]


_UNIT_EN = "one|two|three|four|five|six|seven|eight|nine"
NUMBER: dict[str, str] = {
    "en": rf"(?:(?:twenty|thirty|forty|fifty)(?: (?:{_UNIT_EN}))?|{_any(_EN_SMALL)}|\d{{1,3}})",
    "es": (
        rf"(?:(?:treinta|cuarenta|cincuenta)(?: y (?:{_any(_ES_SMALL[:11])}))?|veinti {_any(['uno'])}"
        rf"|{_any(_ES_SMALL)}|\d{{1,3}})"
    ),
}
"""A small number in words or figures."""
DAY_NUMBER_ES = rf"(?:primero|1 ro|1 o|treinta y uno|treinta y un|{_any(_ES_SMALL)}|[12]?\d|3[01])"
ORDINAL_EN = rf"(?:{_any(ORDINALS_EN)}|(?:[12]?\d|3[01]) ?(?:st|nd|rd|th))"
WEEKDAY = {lang: _any(words) for lang, words in WEEKDAYS.items()}
MONTH = {lang: _any(words) for lang, words in MONTHS.items()}


def small_number(text: str, lang: Lang) -> int:
    """The value of what `NUMBER` matched."""
    if text.isdigit():
        return int(text)
    found = below_hundred(text.split(), 0, lang)
    if found is None:
        raise ValueError("not a number word")
    return found[0]


def day_of_month(text: str, lang: Lang) -> int:
    """The value of what `ORDINAL_EN`, `DAY_NUMBER_ES` or `NUMBER` matched."""
    figures = "".join(ch for ch in text if ch.isdigit())
    if figures:
        return int(figures)
    if text == "primero":
        return 1
    return ORDINALS_EN[text] if text in ORDINALS_EN else small_number(text, lang)
