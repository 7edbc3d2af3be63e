"""A sentence cut into words that remember how and where they were said, and the same words flat for the grammars.

Grammars match on `flat` (lower case, no accents, no apostrophes, one space between words, no filler sounds); whatever
they find is given back in the caller's own words through `said`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"|\d{1,2}/\d{1,2}(?:/\d{2,4})?"
    r"|\d{1,2}:\d{2}"
    r"|\d{1,3}(?:,\d{3})+(?!\d)"
    r"|\d+\.\d+"
    r"|\d+"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*'?"
    r"|[#*½¼¾]"
)
_HALF_DAY = re.compile(r"\b([ap])\.?m\b\.?")
_HALF_DAY_APART = re.compile(
    r"(\d |\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|thirty|forty|fifty|media"
    r"|cuarto|una|dos|tres"
    r"|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce) )([ap])\.? m\b\.?"
)
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'"})
_FILLERS = frozenset("um umm uh uhh uhm er erm err hmm hm mm mmm eh ehh ah ahh em emm ehm".split())
_PHRASES = re.compile(
    r"(^|\s)(?:you know|let me see|sort of|kind of|okay so|ok so|a ver|f[ií]jese que|f[ií]jate que)(?=\s|$)"
)
# Letters that recognisers write for these sounds; kept where a speller may mean the letter M or N.
_SPELLERS = frozenset({"em", "eh", "ah"})
_SPELT_BEFORE = frozenset("bcdefghjklmnpqrstuvwxz")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: as written in lower case, without accents and apostrophes, and its offsets in the original text."""

    said: str
    plain: str
    start: int
    end: int
    pause: bool
    """A sentence mark or comma stands before it."""
    glued: bool
    """Nothing but a hyphen stands between it and the word before: the 2210 of "KX-2210"."""


def without_accents(text: str) -> str:
    """Lower case, accents and apostrophes gone; ñ becomes n."""
    lowered = text.lower().translate(_APOSTROPHES).replace("'", "")
    if lowered.isascii():
        return lowered
    return "".join(ch for ch in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(ch))


_PADDING = frozenset("pues bueno entonces yeah".split())
_NEEDED_AFTER_ESTE = frozenset(
    "lunes martes miercoles jueves viernes sabado domingo mes ano fin trabajo numero cliente momento si".split()
)


def _hesitates(words: list[Word], i: int) -> bool:
    """The word fills a pause: "like" and "este" do unless they compare or point; an answer of one word never does."""
    word = words[i].plain
    if word == "like":
        before = words[i - 1].plain if i else ""
        return len(before) > 1 and before not in ("is", "its", "id", "would", "look", "looks", "sounds", "smells")
    if word == "este":
        after = words[i + 1].plain if i + 1 < len(words) else ""
        return after in ("el", "la", "los", "las", "un", "una", "pues", "bueno", "este") or after in _NUMERALS
    return word in _PADDING and len(words) > 1


_NUMERALS = frozenset(
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete "
    "dieciocho diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete "
    "veintiocho veintinueve treinta cuarenta cincuenta sesenta setenta ochenta noventa mil cien doble triple".split()
)
_SAID_TWICE = _NUMERALS | frozenset(
    "zero oh o one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety double triple for to too ate "
    "won no".split()
)  # these may stand twice on purpose


def _without_stutter(words: list[Word]) -> list[Word]:
    """ "The the gate", "three quarts three quarts": what was begun twice is kept once."""
    kept: list[Word] = []
    for word in words:
        kept.append(word)
        for size in (1, 2):
            pair = [w.plain for w in kept[-size:]] == [w.plain for w in kept[-2 * size : -size]]
            spoken = [w.plain for w in kept[-size:]]
            if pair and not all(w in _SAID_TWICE or w.isdigit() or len(w) == 1 for w in spoken):
                del kept[-size:]
                break
    return kept


@dataclass(frozen=True)
class Utterance:
    """The words of one sentence. Spans are half-open ranges of word indexes."""

    words: tuple[Word, ...]

    @classmethod
    def of(cls, text: str) -> Utterance:
        """Cut a sentence. Filler sounds are left out, unless they stand among single letters and may be one."""
        lowered = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()
        lowered = _HALF_DAY.sub(lambda m: (m[1] + "m").ljust(len(m[0])), lowered)
        lowered = _HALF_DAY_APART.sub(lambda m: (m[1] + m[2] + "m").ljust(len(m[0])), lowered)
        lowered = _PHRASES.sub(lambda m: m[1] + " " * (len(m[0]) - len(m[1])), lowered)
        found: list[Word] = []
        previous_end = 0
        for match in _WORD.finditer(lowered):
            said = match[0]
            plain = without_accents(said)
            between = lowered[previous_end : match.start()]
            pause = any(mark in between for mark in ".,;:!?")
            glued = between in ("", "-") and bool(found)
            previous_end = match.end()
            spelt = plain in _SPELLERS and found and found[-1].plain in _SPELT_BEFORE
            if plain in _FILLERS and not spelt and not lowered[match.end() : match.end() + 1].isdigit():
                continue
            found.append(Word(said, plain, match.start(), match.end(), pause, glued))
        return cls(tuple(_without_stutter([w for i, w in enumerate(found) if not _hesitates(found, i)])))

    @cached_property
    def plain(self) -> tuple[str, ...]:
        return tuple(word.plain for word in self.words)

    @cached_property
    def flat(self) -> str:
        """All plain words with single spaces, a space at both ends so that ` word ` finds whole words."""
        return " " + " ".join(self.plain) + " "

    @cached_property
    def _starts(self) -> list[int]:
        starts, offset = [], 1
        for word in self.plain:
            starts.append(offset)
            offset += len(word) + 1
        return starts

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The word range that a match on `flat` from `start` to `end` covers."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        if first < len(self.words) and start > self._starts[first] + len(self.plain[first]):
            first += 1
        return first, bisect_right(self._starts, max(end - 1, 0))

    def without(self, taken: Container[int]) -> str:
        """`flat` with the words `taken` made unreadable, every offset unchanged."""
        if not taken:
            return self.flat
        words = ("x" * len(word) if i in taken else word for i, word in enumerate(self.plain))
        return " " + " ".join(words) + " "

    def offset(self, index: int) -> int:
        """Where word `index` begins in `flat`."""
        return self._starts[index] if index < len(self._starts) else len(self.flat)

    def said(self, first: int, last: int) -> str:
        """The caller's own words of a range, in lower case."""
        return " ".join(word.said for word in self.words[first:last])

    def before(self, index: int) -> str:
        """Everything flat before word `index`, ending in a space."""
        return self.flat[: self.offset(index)]

    def after(self, index: int) -> str:
        """Everything flat from word `index` on, beginning with a space."""
        return " " + self.flat[self.offset(index) :] if index < len(self.words) else " "
