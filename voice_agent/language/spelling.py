"""Letters and part numbers spelt out: "K as in kilo X two two one zero" is KX2210, "m u e l l e r" is mueller."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from voice_agent.language.numbers import Lang, digit_group
from voice_agent.language.utterance import Utterance

_RADIO = {
    word: word[0]
    for word in (
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november "
        "oscar papa "
        "quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu"
    ).split()
} | {"equis": "x"}
_EN_NAMES = {
    "ay": "a", "bee": "b", "be": "b", "see": "c", "sea": "c", "cee": "c", "dee": "d", "eff": "f", "gee": "g",
    "aitch": "h", "eye": "i", "jay": "j", "kay": "k", "okay": "k", "ell": "l", "el": "l", "em": "m", "en": "n",
    "pee": "p", "pea": "p", "cue": "q", "queue": "q", "are": "r", "ar": "r", "ess": "s", "es": "s", "tee": "t",
    "tea": "t", "you": "u", "yu": "u", "vee": "v", "ex": "x", "axe": "x", "why": "y", "wye": "y", "zee": "z",
    "zed": "z",
}  # fmt: skip
_ES_NAMES = {
    "be": "b", "ve": "v", "uve": "v", "ce": "c", "de": "d", "efe": "f", "ge": "g", "hache": "h", "jota": "j", "ka": "k",
    "ca": "k", "ele": "l", "eme": "m", "ene": "n", "pe": "p", "cu": "q", "erre": "r", "ere": "r", "ese": "s", "te": "t",
    "equis": "x", "ye": "y", "zeta": "z", "ceta": "z",
}  # fmt: skip
# Names that are hardly ever words; the others need a label or a firm neighbour.
_FIRM_NAMES = frozenset(
    "bee cee dee eff gee aitch jay kay ell pee cue queue ess tee vee ex zee zed "
    "uve efe hache jota ka ele eme ene erre equis zeta ceta".split()
)
_WEAK_LETTERS = frozenset("aeiouy")
_CONSONANT_WORDS = frozenset(
    "dr mr mrs ms st pm ft lb lbs hr hrs th nd rd tv pvc hvac psi btu mm cm kg vs nr sr sra".split()
)
_LABEL = re.compile(
    r" (?:part(?: number| no| num| id)?|p n|model(?: number)?|serial(?: number)?|sku|item(?: number)?|number"
    r"|(?:numero de )?(?:parte|pieza|modelo|serie|repuesto|articulo)|codigo|referencia|modelo)"
    r"(?: (?:number|is|its|it is|thats|was|the|numero|es|la|el|de))* $"
)
_REFRIGERANT = re.compile(r"R(?:22|32|410A?|134A?|404A?|407C?|454B?|12|290|600A?)$")
_SPELL_LINKS = {"en": ("as in", "like in", "like", "for", "as"), "es": ("de", "como en", "como")}


@dataclass(frozen=True, slots=True)
class _Symbol:
    text: str
    end: int
    firm: bool
    letter: bool


@dataclass(frozen=True, slots=True)
class PartNumber:
    """A letter-digit code in capitals without separators, and the words it covers."""

    code: str
    first: int
    last: int


def part_numbers(heard: Utterance, lang: Lang, taken: Container[int] = ()) -> list[PartNumber]:
    """Every part number in the sentence that lies outside the words already `taken`."""
    found: list[PartNumber] = []
    words, i = heard.plain, 0
    while i < len(words):
        label = _LABEL.search(heard.before(i)) is not None
        symbols = _symbols_from(heard, i, lang, taken, label)
        part = _accept(symbols, i, label) if symbols else None
        if part is None:
            i += 1
        else:
            found.append(part)
            i = part.last
    return found


def _symbols_from(heard: Utterance, start: int, lang: Lang, taken: Container[int], label: bool) -> list[_Symbol]:
    words = heard.plain
    symbols: list[_Symbol] = []
    i = start
    while i < len(words) and i not in taken:
        if symbols and words[i] in ("dash", "hyphen", "guion", "slash", "space"):
            i += 1
            continue
        if symbols and not symbols[-1].letter and _counts(words, i, lang):
            break
        symbol = _written(heard, i, label) or _symbol(words, i, lang, after_letter=bool(symbols) and symbols[-1].letter)
        if symbol is None:
            break
        symbols.append(symbol)
        i = symbol.end
    return symbols


def _counts(words: Sequence[str], i: int, lang: Lang) -> bool:
    """The number is an amount: "... two of them"."""
    group = digit_group(words, i, lang)
    return group is not None and list(words[group[1] : group[1] + 2]) in (
        ["of", "them"],
        ["of", "those"],
        ["de", "esos"],
        ["de", "esas"],
    )


def _written(heard: Utterance, i: int, label: bool) -> _Symbol | None:
    """Letters a recogniser already put together: "KX2210", "kx 2210", after a label also "bell 40"."""
    word, after = heard.plain[i], heard.words[i + 1] if i + 1 < len(heard.words) else None
    if not word.isalpha() or not 2 <= len(word) <= 4 or after is None:
        return None
    unspeakable = not set(word) & set("aeiouy") and word not in _CONSONANT_WORDS
    if unspeakable and digit_group(heard.plain, i + 1, "en") is not None:
        return _Symbol(word, i + 1, firm=True, letter=True)
    if not after.plain.isdigit():
        return None
    if (after.glued and word not in ("wo", "sa") and len(after.plain) >= 2) or (
        label and word not in ("is", "es", "the", "for")
    ):
        return _Symbol(word, i + 1, firm=True, letter=True)
    return None


def _symbol(words: Sequence[str], i: int, lang: Lang, *, after_letter: bool) -> _Symbol | None:
    word = words[i]
    letter, end = _letter(words, i, lang)
    if letter is not None:
        spelt = _spelt_by_word(words, end, letter, lang)
        if spelt is not None:
            return _Symbol(letter, spelt, firm=True, letter=True)
    if word == "o" and not after_letter:
        return _Symbol("0", i + 1, firm=False, letter=False)
    if word == "oh" and after_letter and i + 1 < len(words) and len(words[i + 1]) == 1 and words[i + 1].isalpha():
        return _Symbol("o", i + 1, firm=False, letter=True)
    if word not in ("un", "una"):
        group = digit_group(words, i, lang)
        if group is not None:
            return _Symbol(group[0], group[1], firm=True, letter=False)
    if word in ("double", "doble") and i + 1 < len(words):
        inner, inner_end = _letter(words, i + 1, lang)
        if inner is not None and len(words[i + 1]) == 1:
            return _Symbol(inner * 2, inner_end, firm=True, letter=True)
    if word in _RADIO:
        return _Symbol(_RADIO[word], i + 1, firm=True, letter=True)
    if word == "x" and i + 1 < len(words) and words[i + 1] == "ray":
        return _Symbol("x", i + 2, firm=True, letter=True)
    if letter is None:
        return None
    firm = (len(word) == 1 and word not in _WEAK_LETTERS) or word in _FIRM_NAMES or end > i + 1
    return _Symbol(letter, end, firm=firm, letter=True)


def _letter(words: Sequence[str], i: int, lang: Lang) -> tuple[str | None, int]:
    word = words[i]
    after = words[i + 1] if i + 1 < len(words) else ""
    if (word, after) in (("double", "u"), ("double", "you"), ("doble", "u"), ("doble", "ve"), ("uve", "doble")):
        return "w", i + 2
    if (word, after) == ("i", "griega"):
        return "y", i + 2
    if len(word) == 1 and word.isalpha():
        return word, i + 1
    return (_EN_NAMES if lang == "en" else _ES_NAMES).get(word), i + 1


def _spelt_by_word(words: Sequence[str], i: int, letter: str, lang: Lang) -> int | None:
    """The index after "as in kilo" when the word begins with the letter."""
    for link in _SPELL_LINKS[lang]:
        parts = link.split()
        at = i + len(parts)
        if list(words[i:at]) == parts and at < len(words) and len(words[at]) > 2 and words[at][0] == letter:
            return at + 1
    return None


def _accept(symbols: list[_Symbol], first: int, label: bool) -> PartNumber | None:
    while symbols and symbols[-1].letter and not symbols[-1].firm:
        symbols = symbols[:-1]
    if not symbols:
        return None
    letters = [s for s in symbols if s.letter]
    digits = "".join(s.text for s in symbols if not s.letter)
    firm = sum(len(s.text) for s in letters if s.firm)
    code = "".join(s.text for s in symbols).upper()
    if not letters or len(digits) < 2 or _REFRIGERANT.match(code):
        return None
    if not label:
        starts_firm = symbols[0].letter and (
            symbols[0].firm or (firm >= 1 and symbols[1].letter and len(symbols[1].text) == 1)
        )
        if not starts_firm or not (firm >= 2 or (firm >= 1 and len(digits) >= 3)):
            return None
        if first_word_is_article(symbols):
            return None
    return PartNumber(code, first, symbols[-1].end)


def first_word_is_article(symbols: Sequence[_Symbol]) -> bool:
    """ "a x 22" begins with the article, not with the letter A; callers who mean the letter spell on."""
    return symbols[0].text == "a" and not symbols[0].firm and len([s for s in symbols if s.letter]) <= 2


def spelt_name(words: Sequence[str], i: int) -> tuple[str, int] | None:
    """A name spelt letter by letter at `i` ("m u e double l e r"), at least three letters: the name and its end."""
    letters, j = "", i
    while j < len(words):
        if words[j] in ("double", "doble") and j + 1 < len(words) and len(words[j + 1]) == 1:
            letters, j = letters + words[j + 1] * 2, j + 2
        elif len(words[j]) == 1 and words[j].isalpha():
            letters, j = letters + words[j], j + 1
        else:
            break
    return (letters, j) if len(letters) >= 3 else None
