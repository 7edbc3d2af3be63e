"""How people say numbers, amounts, days and hours, in both languages: the caller's mouth, independent of ours."""

from __future__ import annotations

import random
import re
import unicodedata
from difflib import SequenceMatcher

Lang = str
ALIKE = 0.72

_SMALL = {
    "en": (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen"
    ).split(),
    "es": (
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis "
        "veintisiete veintiocho veintinueve"
    ).split(),
}
_TENS = {
    "en": "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split(),
    "es": "_ _ veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa".split(),
}
DAYS = {
    "en": "monday tuesday wednesday thursday friday saturday sunday".split(),
    "es": "lunes martes miércoles jueves viernes sábado domingo".split(),
}
ORDINALS = {"en": ("first", "second", "third"), "es": ("primera", "segunda", "tercera")}


def plain(text: str) -> str:
    """Lower case, without accents and punctuation, single blanks, one blank at either end."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return f" {' '.join(re.findall(r'[a-z0-9]+', bare))} "


def number(value: int, lang: Lang) -> str:
    """Words for 0 to 999."""
    if value < len(_SMALL[lang]):
        return _SMALL[lang][value]
    if value < 100:
        tens, units = divmod(value, 10)
        joint = " y " if lang == "es" else " "
        return _TENS[lang][tens] + (joint + _SMALL[lang][units] if units else "")
    hundreds, rest = divmod(value, 100)
    if lang == "en":
        return f"{_SMALL[lang][hundreds]} hundred" + (f" {number(rest, lang)}" if rest else "")
    head = {1: "ciento" if rest else "cien", 5: "quinientos", 7: "setecientos", 9: "novecientos"}
    return head.get(hundreds, f"{_SMALL[lang][hundreds]}cientos") + (f" {number(rest, lang)}" if rest else "")


def digits(text: str, lang: Lang) -> str:
    """Digit by digit."""
    return " ".join(_SMALL[lang][int(d)] for d in text)


def job_number(text: str, lang: Lang, rng: random.Random) -> str:
    """A job number in one of the habits people have: written by the recogniser, digit by digit, in pairs."""
    ways = [text, digits(text, lang)]
    if len(text) == 4 and text[0] != "0" and text[2] != "0":
        ways.append(f"{number(int(text[:2]), lang)} {number(int(text[2:]), lang)}")
    return rng.choice(ways)


def phone(text: str, lang: Lang, rng: random.Random) -> str:
    """Ten digits, as figures or digit by digit."""
    return rng.choice([f"{text[:3]} {text[3:6]} {text[6:]}", digits(text, lang)])


def plural(name: str, count: float, lang: Lang) -> str:
    if count == 1:
        return name
    if lang == "en":
        return f"{name}s"
    head, _, rest = name.partition(" ")  # sensor de llama: the first word is the one that is counted
    many = head + ("s" if head[-1] in "aeiou" else "es")
    adjective = " inteligente"
    return f"{many} {rest}".strip().replace(adjective, f"{adjective}s")


def says_number(text: str, value: str, lang: Lang) -> bool:
    """Does `text` hold these digits, as figures or digit by digit?"""
    said = plain(text)
    return f" {plain(digits(value, lang)).strip()} " in said or f" {value} " in said


def share_kept(meant: str, said: str) -> float:
    """Share of the telling words of `meant` that are in `said`; 1.0 when there are none."""
    telling = [word for word in plain(meant).split() if len(word) > 3 or word.isdigit()]
    if not telling:
        return 1.0
    held = plain(said).split()
    return sum(any(_sounds_like(word, other) for other in held) for word in telling) / len(telling)


def _sounds_like(word: str, other: str) -> bool:
    """Near enough by ear: "morning" and "mourning" sound the same when they are read back."""
    if word == other:
        return True
    return not word.isdigit() and SequenceMatcher(None, word, other, autojunk=False).ratio() >= ALIKE
