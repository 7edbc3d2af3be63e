"""What a language model wrote, made fit for a voice while it streams: no markup, no figures read as millions.

Plain words pass the moment they come. Only what cannot be judged yet is held: an open tag or link, a number that may
still become a time or a price. However the text is cut into pieces, the same words come out.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

from voice_agent.language.numerals import before_noun_es, decimal_words, digit_words, ordinal_words_en, whole_words

_LONGEST_HELD = 240
EMERGENCY_NUMBERS = frozenset({"911", "112", "999", "988"})
"""Dialled, never counted: "nine one one", whatever stands around them."""

_TOKEN = re.compile(
    r"(?P<tag></?[A-Za-z!?][^<>]{0,200}>)"
    r"|!?\[(?P<link>[^\[\]\n]{0,120})\]\((?P<target>[^()\s]{0,200})\)"
    r"|(?P<url>(?<![^\W_])(?:https?://|www\.)[^\s<>\[\]()]+)"
    r"|(?P<range>(?P<r1>\d{1,2}(?::\d\d)?)\s?(?:(?P<r1h>[ap]\.m\."
    r"|[ap]m\b)\s?)?[-–—]\s?(?P<r2>\d{1,2}(?::\d\d)?)\s?(?P<r2h>[ap]\.m\.|[ap]m\b))"
    r"|(?P<time>(?P<clock>\d{1,2}:\d\d)(?::\d\d)?(?:\s?(?P<half>[ap]\.m\.|[ap]m\b))?"
    r"|(?P<hour>\d{1,2})\s?(?P<hhalf>[ap]\.m\.|[ap]m\b))"
    r"|(?P<iso>\d{4}-\d\d-\d\d)(?!\d)"
    r"|\$\s?(?P<money>\d[\d,]*(?:\.\d{1,2})?)"
    r"|(?P<percent>\d+(?:\.\d+)?)\s?%"
    r"|(?P<degrees>\d+)\s?°\s?(?P<scale>[FC]\b)?"
    r"|(?P<phone>(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4})(?!\d)"
    r"|(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b"
    r"|(?P<hash># ?)?(?P<number>\d[\d,]*\d(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"|(?P<newline>[ \t]*\n\s*)"
    r"|(?P<space>[ \t]+)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
# What a token may still become when more text comes: it is held while all that is left of the text looks like this.
_OPEN = re.compile(
    r"</?(?:[A-Za-z!?][^<>]{0,200})?"
    r"|!?(?:\[[^\[\]\n]{0,120}(?:\](?:\([^()\s]{0,200})?)?)?"
    r"|h(?:t(?:t(?:ps?(?::(?:/(?:/[^\s<>\[\]()]*)?)?)?)?)?)?|w(?:w(?:w(?:\.[^\s<>\[\]()]*)?)?)?"
    r"|[$#+(] ?"
    r"|[$#+]?[ (]?\d[\d:,./–—() -]*\s?(?:[ap](?:\.?m?\.?)?)?\s?(?:[-–—]\s?[\d:]*\s?(?:[ap](?:\.?m?\.?)?)?)?"
    r"|\d+(?:s|n|r|t|st|nd|rd|th)|\d+(?:\.\d+)?\s?[°%]?\s?[FC]?",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:(?:#{1,6}|[-*+•>]|\d{1,2}[.)])(?:[ \t]+|$|(?=\n))|\|[-:| \t]*)+")
_OPEN_BULLET = re.compile(r"(?:[-*+•>|:#\t]| (?! )|\d{1,2}[.)])*(?:\d{1,2})?")
_LABEL = re.compile(
    r"(?:work order|order|job|ticket|case|appointment|invoice|number|code|pin|account|confirmation|id|orden"
    r"|trabajo|cita|número|numero|"
    r"código|codigo|cuenta|factura|wo|sa)[\s\-:#]*(?:number|numero|número)?[\s\-:#]*$",
    re.IGNORECASE,
)
_WORDS = {
    "en": {
        "&": "and", "%": "percent", "@": "at", "=": "equals", "+": "plus", "°": "degrees", "€": "euros", "/": "or",
        "#": "number",
        "w/": "with",
    },
    "es": {
        "&": "y", "%": "por ciento", "@": "arroba", "=": "igual a", "+": "más", "°": "grados", "€": "euros", "/": "o",
        "#": "número",
    },
}  # fmt: skip
_PLAIN_WORD = re.compile(r" (?!(?:h(?:t(?:t(?:ps?)?)?)?|w{1,3})$)[A-Za-z]{2,}", re.IGNORECASE)
"""Not the beginnings of "http" and "www", which come in pieces."""
_KEPT_MARKS = frozenset(".,;:!?'’\"-¿¡()")
_EN_MONTHS = "January February March April May June July August September October November December".split()
_ES_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()


class EarFilter:
    """Feed it a model's text as it streams; it gives back what may be spoken now. `flush` at the end of the reply."""

    __slots__ = ("_before", "_break", "_figure", "_held", "_lang", "_line_start", "_raw", "_space")

    def __init__(self, lang: str = "en") -> None:
        self._lang = lang
        self._held = ""
        self._before = ""
        self._line_start = True
        self._break = False
        self._space = False
        self._figure = False
        self._raw = ""

    def feed(self, chunk: str) -> str:
        """The speakable part of everything fed so far that was not given back yet; may be empty."""
        if not (self._held or self._line_start or self._break or self._figure) and _PLAIN_WORD.fullmatch(chunk):
            self._space, self._raw = True, chunk[-1]  # most tokens of a model: a blank and a word nothing can alter
            return self._say(chunk[1:])
        text = self._held + chunk
        plain = len(text) > 5 and text.isascii() and text.isalpha()
        if plain and not (self._line_start or self._figure):
            self._held, self._raw = "", text[-1]
            return self._say(text)
        return self._read(text, final=False)

    def flush(self) -> str:
        """What was held back; the filter is then as new."""
        spoken = self._read(self._held, final=True)
        self.__init__(self._lang)  # type: ignore[misc]
        return spoken

    def _read(self, text: str, *, final: bool) -> str:
        """Say token after token; what may still change is kept for the next piece."""
        spoken: list[str] = []
        text, i, self._held = self._raw + text, len(self._raw), ""
        while i < len(text):
            rest = text[i:] if len(text) - i <= _LONGEST_HELD else ""
            if not final and rest and ((self._line_start and _OPEN_BULLET.fullmatch(rest)) or _OPEN.fullmatch(rest)):
                self._held = rest
                break
            bullet = _BULLET.match(text, i) if self._line_start else None
            if bullet is not None:
                i = bullet.end()
                continue
            match = _TOKEN.match(text, i)
            if match is None:
                break
            i = match.end()
            spoken.append(self._token(match))
        self._raw = text[i - 1 : i]
        return "".join(spoken)

    def _token(self, match: re.Match[str]) -> str:
        if match.lastgroup == "newline":
            self._break, self._line_start, self._space = True, True, False
            return ""
        if match.lastgroup == "space":
            self._space = True
            return ""
        words = self._words(match)
        if not words:
            return ""
        figure = match["word"] is None and (match["other"] is None or match["other"] in _WORDS[self._lang])
        said = self._say(words, apart=figure or (self._figure and match["word"] is not None))
        self._figure = figure
        return said

    def _say(self, words: str, *, apart: bool = False) -> str:
        """Join `words` to what was said: a new line is a pause, a symbol made a word needs spaces."""
        lead = ""
        if self._break and self._before:
            lead = " " if self._before[-1] in ".!?:;," else ". "
        elif self._before and (self._space or (apart and self._before[-1:].isalnum())) and words[0] not in ".,;:!?)":
            lead = "" if self._before[-1:] == " " else " "
        self._break = self._space = self._line_start = False
        said = lead + words
        self._before = (self._before + said)[-40:]
        return said

    def _words(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        if groups["word"] is not None:
            return match["word"]
        if groups["other"] is not None:
            return self._symbol(match["other"])
        if groups["tag"] is not None:
            return ""
        if groups["link"] is not None:
            return for_ear(match["link"], self._lang) if match["link"] else ""
        if groups["url"] is not None:
            return "the link" if self._lang == "en" else "el enlace"
        return self._figures(match)

    def _symbol(self, symbol: str) -> str:
        if symbol in _KEPT_MARKS:
            return symbol
        if symbol in "—–":
            return ","
        if symbol in _WORDS[self._lang]:
            return _WORDS[self._lang][symbol]
        if symbol in "_~*`|\\^<>{}[]":
            self._space = self._space or symbol in "_|"
            return ""
        return symbol if unicodedata.category(symbol)[0] in "LMN" and not 0xFE00 <= ord(symbol) <= 0xFE0F else ""

    def _figures(self, match: re.Match[str]) -> str:
        lang = self._lang
        if match["range"]:
            between = self._before.rstrip().lower().endswith(("between", "entre"))
            joint = ("and" if lang == "en" else "y") if between else ("to" if lang == "en" else "a")
            first = self._article(_clock_words(match["r1"], match["r1h"], lang))
            return f"{first} {joint} {_clock_words(match['r2'], match['r2h'], lang)}"
        if match["time"]:
            half = match["half"] or match["hhalf"]
            return self._article(_clock_words(match["clock"] or match["hour"], half, lang))
        if match["iso"]:
            return _date_words(match["iso"], lang)
        if match["money"]:
            return _money_words(match["money"].replace(",", ""), lang)
        if match["percent"]:
            return f"{decimal_words(Decimal(match['percent']), lang)} {_WORDS[lang]['%']}"
        if match["degrees"]:
            return f"{whole_words(int(match['degrees']), lang)} {_WORDS[lang]['°']}"
        if match["phone"]:
            digits = re.sub(r"\D", "", match["phone"])[-10:]
            return ", ".join(digit_words(group, lang) for group in (digits[:3], digits[3:6], digits[6:]))
        if match["ordinal"]:
            return ordinal_words_en(int(match["ordinal"])) if lang == "en" else whole_words(int(match["ordinal"]), lang)
        said = self._number(match["number"])
        return f"{_WORDS[lang]['#']} {said}" if match["hash"] else said

    def _article(self, clock: str) -> str:
        """Spanish hours bring their article; the model may have written it already ("a las 10:30")."""
        if self._lang == "es" and self._before.rstrip().lower().endswith((" las", " la")):
            return clock.partition(" ")[2]
        return clock

    def _number(self, text: str) -> str:
        """An identifier digit by digit, an amount as a number."""
        figures = text.replace(",", "")
        if figures in EMERGENCY_NUMBERS:
            return digit_words(figures, self._lang)
        if "." in figures:
            return decimal_words(Decimal(figures), self._lang)
        labelled = _LABEL.search(self._before) is not None
        year = len(figures) == 4 and figures[:2] in ("19", "20") and not labelled
        if (
            "," not in text
            and not year
            and (len(figures) >= 4 or figures.startswith("0") or (labelled and len(figures) > 2))
        ):
            return digit_words(figures, self._lang)
        if year and self._lang == "en":
            return _year_words(int(figures))
        return whole_words(int(figures), self._lang)


def for_ear(text: str, lang: str = "en") -> str:
    """A whole text made speakable; see `EarFilter`."""
    ear = EarFilter(lang)
    return (ear.feed(text) + ear.flush()).strip()


def _clock_words(clock: str, half: str | None, lang: str) -> str:
    hour_text, _, minute_text = clock.partition(":")
    hour, minute = int(hour_text), int(minute_text or 0)
    mark = (half or "").lower().replace(".", "")[:1]
    if not mark and hour > 12:
        hour, mark = hour - 12, "p"
    if lang == "en":
        if minute == 0 and hour == 12 and mark:
            return "noon" if mark == "p" else "midnight"
        words = whole_words(hour)
        words += "" if not minute else f" oh {whole_words(minute)}" if minute < 10 else f" {whole_words(minute)}"
        if not minute and not mark and ":" in clock:
            words += " o'clock"
        return words + {"a": " AM", "p": " PM"}.get(mark, "")
    words = "la una" if hour == 1 else f"las {whole_words(hour, lang)}"
    words += "" if not minute else {15: " y cuarto", 30: " y media"}.get(minute, f" y {whole_words(minute, lang)}")
    late = hour != 12 and hour >= 7
    return words + {"a": " de la mañana", "p": " de la noche" if late else " de la tarde"}.get(mark, "")


def _date_words(iso: str, lang: str) -> str:
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return digit_words(iso, lang)
    if lang == "en":
        return f"{_EN_MONTHS[day.month - 1]} {ordinal_words_en(day.day)}"
    return f"{'primero' if day.day == 1 else whole_words(day.day, lang)} de {_ES_MONTHS[day.month - 1]}"


def _year_words(year: int) -> str:
    head, tail = divmod(year, 100)
    if 2000 <= year < 2010 or tail == 0:
        return whole_words(year)
    return f"{whole_words(head)} " + (f"oh {whole_words(tail)}" if tail < 10 else whole_words(tail))


def _money_words(amount: str, lang: str) -> str:
    dollars, _, cents_text = amount.partition(".")
    cents = int((cents_text + "00")[:2])
    whole = int(dollars)
    if lang == "en":
        words = f"{whole_words(whole)} dollar{'' if whole == 1 else 's'}"
        return words + (f" and {whole_words(cents)} cent{'' if cents == 1 else 's'}" if cents else "")
    words = f"{before_noun_es(whole_words(whole, lang))} {'dólar' if whole == 1 else 'dólares'}"
    return words + (f" con {before_noun_es(whole_words(cents, lang))} centavos" if cents else "")
