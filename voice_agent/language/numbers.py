"""Numbers as people say them, English and Spanish: cardinals ("one and a half", "quinientos doce") and runs of digits.

A cardinal is one amount. A digit group is what stands for digits when an identifier is said: "forty five" is 45,
"double seven" is 77, "forty five hundred" is 4500, "oh" is 0; groups follow one another and are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Lang = Literal["en", "es"]

_EN_UNITS = {
    "zero": 0, "oh": 0, "nought": 0, "naught": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "niner": 9,
}  # fmt: skip
_EN_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_EN_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_ES_UNITS = {
    "cero": 0, "uno": 1, "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7,
    "ocho": 8, "nueve": 9,
}  # fmt: skip
_ES_TEENS = {
    "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17,
    "dieciocho": 18, "diecinueve": 19, "veintiuno": 21, "veintiun": 21, "veintiuna": 21, "veintidos": 22,
    "veintitres": 23, "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26, "veintisiete": 27, "veintiocho": 28,
    "veintinueve": 29,
}  # fmt: skip
_ES_TENS = {
    "veinte": 20, "veinti": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70,
    "ochenta": 80, "noventa": 90,
}  # fmt: skip
_ES_HUNDREDS = {
    "cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "cuatrocientos": 400, "quinientos": 500,
    "seiscientos": 600, "setecientos": 700, "ochocientos": 800, "novecientos": 900,
}  # fmt: skip
_ES_HUNDREDS |= {word[:-2] + "as": value for word, value in _ES_HUNDREDS.items() if word.endswith("os")}

_REPEAT = {"double": 2, "doble": 2, "dobles": 2, "triple": 3, "treble": 3, "quadruple": 4}
HOMOPHONES = {
    "en": {"for": "4", "fore": "4", "to": "2", "too": "2", "ate": "8", "won": "1", "o": "0", "fife": "5", "sicks": "6"},
    "es": {"sinco": "5", "sero": "0", "onse": "11", "dose": "12", "quinse": "15"},
}
"""What a recogniser writes for a digit; digits only among other digits."""
HALVES = {"½": 0.5, "¼": 0.25, "¾": 0.75}

NUMBER_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset({*_EN_UNITS, *_EN_TEENS, *_EN_TENS, "hundred", "thousand"}),
    "es": frozenset({*_ES_UNITS, *_ES_TEENS, *_ES_TENS, *_ES_HUNDREDS, "mil"}),
}


def _at(words: Sequence[str], i: int) -> str:
    return words[i] if 0 <= i < len(words) else ""


def literal(word: str) -> str | None:
    """The digits of a word written in figures ("4512", "4,512"), else None."""
    digits = word.replace(",", "")
    return digits if digits.isascii() and digits.isdigit() else None


def below_hundred(words: Sequence[str], i: int, lang: Lang) -> tuple[int, int] | None:
    """A number word below one hundred at `i`: its value and the index after it. Figures are not words."""
    word = _at(words, i)
    if lang == "en":
        if word in _EN_TENS:
            unit = _EN_UNITS.get(_at(words, i + 1), 0)
            return (_EN_TENS[word] + unit, i + 2) if unit else (_EN_TENS[word], i + 1)
        value = _EN_TEENS.get(word, _EN_UNITS.get(word))
        return None if value is None else (value, i + 1)
    if word in _ES_TENS or word == "diez":
        tens = _ES_TENS.get(word, 10)
        step = 2 if _at(words, i + 1) == "y" else 1
        unit = _ES_UNITS.get(_at(words, i + step), 0)
        # "diez seis" is two groups, "diez y seis" is sixteen.
        if unit and (word != "diez" or step == 2):
            return tens + unit, i + step + 1
        return tens, i + 1
    value = _ES_TEENS.get(word, _ES_UNITS.get(word))
    return None if value is None else (value, i + 1)


def _below_thousand(words: Sequence[str], i: int, lang: Lang) -> tuple[int, int] | None:
    if lang == "es" and _at(words, i) in _ES_HUNDREDS:
        hundreds = _ES_HUNDREDS[words[i]]
        rest = below_hundred(words, i + 1, lang)
        return (hundreds + rest[0], rest[1]) if rest else (hundreds, i + 1)
    if lang == "en" and _at(words, i) == "a" and _at(words, i + 1) == "hundred":
        first: tuple[int, int] | None = (1, i + 1)
    else:
        first = below_hundred(words, i, lang)
    if first is None:
        return None
    value, j = first
    if lang == "en" and _at(words, j) == "hundred":
        value, j = value * 100, j + 1
        step = 1 if _at(words, j) == "and" else 0
        rest = below_hundred(words, j + step, lang)
        if rest and rest[0] == 0:  # "four hundred oh five"
            unit = below_hundred(words, rest[1], lang)
            rest = unit if unit and unit[0] < 10 else None
        read_singly = rest and rest[0] < 10 and not step and below_hundred(words, rest[1], lang)
        if rest and not read_singly:  # "eight hundred five five five" is 800 555
            return value + rest[0], rest[1]
    return value, j


def whole_number(words: Sequence[str], i: int, lang: Lang) -> tuple[int, int] | None:
    """A whole amount at `i`, in words or figures: its value and the index after it."""
    figures = literal(_at(words, i))
    if figures is not None:
        value, j = int(figures), i + 1
        if _at(words, j) in ("hundred", "thousand", "mil"):
            value, j = value * (100 if words[j] == "hundred" else 1000), j + 1
        return value, j
    if lang == "es" and _at(words, i) == "mil":
        first: tuple[int, int] | None = (1, i)
    else:
        first = _below_thousand(words, i, lang)
    if first is None:
        return None
    value, j = first
    if _at(words, j) == ("thousand" if lang == "en" else "mil"):
        value, j = value * 1000, j + 1
        step = 1 if lang == "en" and _at(words, j) == "and" else 0
        rest = _below_thousand(words, j + step, lang)
        if rest:
            return value + rest[0], rest[1]
    return value, j


def digit_group(words: Sequence[str], i: int, lang: Lang) -> tuple[str, int] | None:
    """One group of an identifier at `i`: the digits it stands for and the index after it."""
    word = _at(words, i)
    if word in _REPEAT:
        inner = digit_group(words, i + 1, lang)
        if inner is None:
            return None
        digits, j = inner
        if len(digits) == 2 and digits[0] != "0":  # "double twenty two" is no one's habit; "double two five" is 225
            return None
        return digits[0] * _REPEAT[word] + digits[1:], j
    figures = literal(word)
    if figures is not None:
        if _at(words, i + 1) == "hundred" and len(figures) <= 2:
            return str(int(figures) * 100), i + 2
        if _at(words, i + 1) in ("thousand", "mil") and len(figures) <= 3:
            return _thousands(words, int(figures), i + 2, lang)
        return figures, i + 1
    if lang == "es" and word == "mil":
        return _thousands(words, 1, i + 1, lang)
    first = _below_thousand(words, i, lang)
    if first is None:
        return None
    value, j = first
    if _at(words, j) == ("thousand" if lang == "en" else "mil"):
        return _thousands(words, value, j + 1, lang)
    return str(value), j


def _thousands(words: Sequence[str], thousands: int, i: int, lang: Lang) -> tuple[str, int]:
    """What follows "thousand": an amount ("two", "five hundred twelve") or three digits in groups ("five twelve")."""
    start = i + 1 if lang == "en" and _at(words, i) == "and" else i
    joined, j = "", start
    while len(joined) < 3:
        group = below_hundred(words, j, lang)
        if group is None:
            break
        joined, j = joined + str(group[0]), group[1]
    if len(joined) == 3 and _below_thousand(words, j, lang) is None and _at(words, j) != "hundred":
        return str(thousands * 1000 + int(joined)), j
    rest = _below_thousand(words, start, lang)
    if rest is None:
        return str(thousands * 1000), i
    return str(thousands * 1000 + rest[0]), rest[1]


def amount(words: Sequence[str], i: int, lang: Lang) -> tuple[float, int] | None:
    """An amount with halves and quarters at `i` ("one and a half", "2.5", "uno y medio"): value and index after it."""
    word = _at(words, i)
    if word in HALVES:
        return HALVES[word], i + 1
    if "." in word and word.replace(".", "", 1).isdigit():
        return float(word), i + 1
    if "/" in word and word.count("/") == 1:
        top, _, bottom = word.partition("/")
        return (int(top) / int(bottom), i + 1) if bottom in ("2", "3", "4", "8") else None
    whole = whole_number(words, i, lang)
    if whole is None:
        return None
    value, j = whole
    if _at(words, j) in HALVES:
        return value + HALVES[words[j]], j + 1
    if _at(words, j) in ("point", "punto", "coma"):
        digits, k = "", j + 1
        while (group := digit_group(words, k, lang)) is not None:
            digits, k = digits + group[0], group[1]
        if digits:
            return float(f"{value}.{digits}"), k
    fraction = fraction_tail(words, j, lang)
    return (value + fraction[0], fraction[1]) if fraction else (float(value), j)


def fraction_tail(words: Sequence[str], i: int, lang: Lang) -> tuple[float, int] | None:
    """What may follow a number or its unit: "and a half", "and three quarters", "y medio", "y media", "y cuarto"."""
    joined = " ".join(words[i : i + 3])
    if lang == "en":
        for tail, size in (("and a half", 0.5), ("and one half", 0.5), ("and a quarter", 0.25)):
            if joined == tail:
                return size, i + 3
        if joined == "and three quarters":
            return 0.75, i + 3
        if joined.startswith("and half") and _at(words, i + 2) not in ("a", "of"):
            return 0.5, i + 2
        return None
    for tail in ("y medio", "y media"):
        if joined == tail or joined.startswith(tail + " "):
            return 0.5, i + 2
    if joined == "y un cuarto":
        return 0.25, i + 3
    return None


def plain_value(value: float) -> int | float:
    """Whole amounts as int, so that they print without ".0"."""
    return int(value) if value == int(value) else value
