"""Personal data out of text, before it reaches a log: cards, PINs and codes, SSNs, phones, e-mails, street addresses.

Digits count whether they are written or spoken ("four one one one ..."), in English and Spanish, with fillers between.
When in doubt a long number is hidden: a log can do without it. Work order numbers of up to eight digits stay readable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice_agent.language.numbers import HOMOPHONES, Lang, digit_group
from voice_agent.language.utterance import without_accents

_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(
    r"\b[\w.+-]+(?:\s(?:dot|punto|underscore|dash|guion|guión|hyphen)\s[\w]+)*\s(?:at"
    r"|arroba)\s[\w-]+(?:\s[\w-]+){0,2}?\s(?:dot|punto)\s"
    r"(?:com|net|org|edu|gov|io|co|mx|es|us|biz|info)(?:\s(?:dot|punto)\s\w{2})?\b",
    re.IGNORECASE,
)
_NUMBER_EN = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|oh|zero)"
)
_ADDRESS = re.compile(
    rf"\b(?:\d{{1,6}}[A-Za-z]?|{_NUMBER_EN}(?:[\s-]{_NUMBER_EN}){{0,5}})\s+(?:(?:north|south|east|west|[nsew])\.?\s+)?"
    r"(?:[\w'’.]+\s+){1,4}?"
    r"(?:street|avenue|road|drive|lane|boulevard|court|circle|terrace|parkway|highway|trail|plaza|st|ave|rd|dr"
    r"|ln|blvd|ct|pkwy|hwy)\b\.?"
    r"(?:,?\s*(?:apt|apartment|unit|suite|ste|#)\.?\s*\w+)?",
    re.IGNORECASE,
)
_ADDRESS_ES = re.compile(
    r"\b(?:calle|avenida|av\.?|carrera|calzada|bulevar|boulevard|paseo|camino|callejón"
    r"|callejon)\s+(?:[^\W\d_][\w.'’]*\s+){1,4}?"
    r"(?:número\s+|numero\s+|núm\.?\s*|#\s*|no\.?\s*)?(?:\d{1,6}[A-Za-z]?\b|(?:(?:mil|cien|ciento"
    r"|[a-zé]+cient[oa]s|quinient[oa]s|uno|dos|tres|cuatro|cinco|seis|siete|ocho"
    r"|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veint\w+|treinta|cuarenta|cincuenta|sesenta|setenta"
    r"|ochenta|noventa|y|cero)\s?)+\b)",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"\b(?:pin|pass ?code|pass ?word|code|cvv|cvc|security code|verification|clave|codigo|contrasena|nip"
    r"|numero secreto)\b"
    r"(?:\W+(?:number|is|was|its|it|s|thats|that|to|the|my|numero|es|era|secreto|de|seguridad|verificacion"
    r"|acceso|um|uh|eh|and|of|for|a))*\W*$"
)
_SOCIAL = re.compile(r"\b(?:social|ssn|social security|seguro social)\b(?:\W+\w+){0,5}\W*$")
_CARD_WORDS = re.compile(r"\b(?:card|visa|mastercard|amex|discover|tarjeta|credito|debito)\b(?:\W+\w+){0,6}\W*$")
_WORK = re.compile(
    r"\b(?:order|orders|job|ticket|appointment|work|part|case|invoice|orden|trabajo|cita|caso|folio|factura"
    r"|pieza|parte)\b"
    r"(?:\W+(?:number|is|numero|es|de|trabajo|no|la|el|the|um|uh|eh))*\W*$"
)
_AREA = re.compile(
    r"\b(?:phone|number|call|cell|mobile|reach|text|telefono|numero|celular|llame|llamar|llameme|marque)\b"
)
_ELEMENT = re.compile(r"\d+|[^\W\d_]+(?:['’][^\W\d_]+)*")
_GAP = re.compile(r"[\s().,\-–/+]*$")
_BETWEEN = frozenset(
    "um umm uh uhm er eh em este dash hyphen guion then luego and y space point dot plus mas area code".split()
)


@dataclass(frozen=True, slots=True)
class _Run:
    digits: str
    start: int
    end: int
    marks: tuple[int, ...]
    """How many digits each written or spoken group has."""


def redact(text: str, lang: str | None = None) -> str:
    """The text with personal data replaced by `[phone] [card] [pin] [ssn] [email] [address]`.

    Without `lang` both languages' number words are tried. Names are not recognised; keep them out of logs by field.
    """
    text = _EMAIL.sub("[email]", text)
    if " at " in text or " arroba " in text or " AT " in text:
        text = _SPOKEN_EMAIL.sub("[email]", text)
    for spoken in ("en", "es") if lang is None else (lang, "es" if lang == "en" else "en"):
        text = _redact_numbers(text, "es" if spoken == "es" else "en")
    text = _ADDRESS.sub("[address]", text)
    return _ADDRESS_ES.sub("[address]", text)


def _redact_numbers(text: str, lang: Lang) -> str:
    spoken: list[str] = []
    at = 0
    for run in _runs(text, lang):
        label = _label(text, run)
        if label is None:
            continue
        spoken += (text[at : run.start], label)
        at = run.end
    return "".join((*spoken, text[at:]))


def _runs(text: str, lang: Lang) -> list[_Run]:
    words = list(_ELEMENT.finditer(text))
    plain = [without_accents(match[0]) for match in words]
    runs: list[_Run] = []
    i = 0
    while i < len(words):
        group = digit_group(plain, i, lang)
        if group is None:
            i += 1
            continue
        first, last, digits = i, i, ""
        marks: list[int] = []
        while i < len(words):
            group = digit_group(plain, i, lang)
            if group is not None and _near(text, words, last, i):
                digits, marks = digits + group[0], [*marks, len(group[0])]
                i = last = group[1]
            elif plain[i] in HOMOPHONES[lang] and i + 1 < len(words) and digit_group(plain, i + 1, lang) is not None:
                digits, marks = digits + HOMOPHONES[lang][plain[i]], [*marks, 1]
                i = last = i + 1
            elif plain[i] in _BETWEEN and digits:
                i += 1
            else:
                break
        start, end = words[first].start(), words[last - 1].end()
        while start and text[start - 1] in "+(":
            start -= 1
        runs.append(_Run(digits, start, end, tuple(marks)))
        i = max(last, first + 1)
    return runs


def _near(text: str, words: list[re.Match[str]], last: int, i: int) -> bool:
    """Only white space, separators or filler words stand between two groups."""
    if i == 0 or last == 0 or last > i:
        return True
    between = text[words[i - 1].end() : words[i].start()]
    return _GAP.match(between) is not None


def _label(text: str, run: _Run) -> str | None:
    length = len(run.digits)
    before = without_accents(text[max(run.start - 60, 0) : run.start])
    if length >= 13 and contains_card(run.digits):
        return "[card]"
    if length >= 12 and _CARD_WORDS.search(before):
        return "[card]"
    if 3 <= length <= 10 and _SECRET.search(before):
        return "[pin]"
    if length in (4, 9) and _SOCIAL.search(before):
        return "[ssn]"
    if length == 9 and run.marks == (3, 2, 4):
        return "[ssn]"
    if _WORK.search(before) and length <= 12:
        return None
    if length == 9:
        return "[ssn]"
    if length >= 16:
        return "[card]"
    if 10 <= length <= 15:
        return "[phone]"
    if length == 7 and (run.marks[:1] == (3,) or _AREA.search(before) or all(mark == 1 for mark in run.marks)):
        return "[phone]"
    return None


def passes_luhn(digits: str) -> bool:
    """The check of payment card numbers (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, ch in enumerate(reversed(digits)):
        value = int(ch)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def contains_card(digits: str) -> bool:
    """Whether 13 to 19 of these digits in a row are a card number."""
    return any(
        passes_luhn(digits[start : start + size]) for size in range(13, 20) for start in range(len(digits) - size + 1)
    )
