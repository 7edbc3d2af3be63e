"""Numbers written out as words, English and Spanish: what a voice can read without guessing."""

from __future__ import annotations

from decimal import Decimal

_EN_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_EN_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_ES_SMALL = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete "
    "veintiocho veintinueve"
).split()
_ES_TENS = "cero diez veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_ES_HUNDREDS = (
    "cero ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos"
).split()
_EN_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def whole_words(value: int, lang: str = "en") -> str:
    """4512 -> "four thousand five hundred twelve", "cuatro mil quinientos doce"."""
    if value < 0:
        return ("minus " if lang == "en" else "menos ") + whole_words(-value, lang)
    return _english(value) if lang == "en" else _spanish(value)


def _english(value: int) -> str:
    for size, name in _EN_SCALES:
        if value >= size:
            rest = value % size
            return f"{_english(value // size)} {name}" + (f" {_english(rest)}" if rest else "")
    if value >= 100:
        rest = value % 100
        return f"{_EN_SMALL[value // 100]} hundred" + (f" {_english(rest)}" if rest else "")
    if value < 20:
        return _EN_SMALL[value]
    return _EN_TENS[value // 10] + (f" {_EN_SMALL[value % 10]}" if value % 10 else "")


def _spanish(value: int) -> str:
    if value >= 10**6:
        millions, rest = divmod(value, 10**6)
        head = "un millón" if millions == 1 else f"{before_noun_es(_spanish(millions))} millones"
        return head + (f" {_spanish(rest)}" if rest else "")
    if value >= 1000:
        thousands, rest = divmod(value, 1000)
        head = "mil" if thousands == 1 else f"{before_noun_es(_spanish(thousands))} mil"
        return head + (f" {_spanish(rest)}" if rest else "")
    if value == 100:
        return "cien"
    if value > 100:
        return _ES_HUNDREDS[value // 100] + (f" {_spanish(value % 100)}" if value % 100 else "")
    if value < 30:
        return _ES_SMALL[value]
    return _ES_TENS[value // 10] + (f" y {_ES_SMALL[value % 10]}" if value % 10 else "")


def before_noun_es(words: str, *, feminine: bool = False) -> str:
    """ "uno" shortens before a noun: "veintiuno" -> "veintiún" galones, "veintiuna" cajas."""
    if feminine:
        words = words.replace("cientos", "cientas").replace("quinientos", "quinientas")
        return words[:-1] + "a" if words.endswith("uno") else words
    if words.endswith("veintiuno"):
        return words[:-3] + "ún"
    return words[:-1] if words.endswith("uno") else words


def decimal_words(value: Decimal, lang: str = "en") -> str:
    """2.5 -> "two point five", "dos punto cinco"; trailing zeros are not said."""
    normal = value.normalize()
    whole = int(normal)
    text = format(abs(normal), "f")
    if "." not in text:
        return whole_words(whole, lang)
    sign = "" if value >= 0 or whole < 0 else ("minus " if lang == "en" else "menos ")
    point = " point " if lang == "en" else " punto "
    return sign + whole_words(whole, lang) + point + digit_words(text.partition(".")[2], lang)


def digit_words(digits: str, lang: str = "en") -> str:
    """Digit by digit: "4512" -> "four five one two". Anything that is no digit is passed over."""
    names = _EN_SMALL if lang == "en" else _ES_SMALL
    return " ".join(names[int(ch)] for ch in digits if ch.isascii() and ch.isdigit())


def ordinal_words_en(value: int) -> str:
    """21 -> "twenty first"."""
    head, _, last = _english(value).rpartition(" ")
    if last in _EN_ORDINALS:
        last = _EN_ORDINALS[last]
    elif last.endswith("y"):
        last = last[:-1] + "ieth"
    else:
        last += "th"
    return f"{head} {last}".strip()
