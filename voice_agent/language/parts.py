"""Parts and amounts: what was used ("two flame sensors and a gallon of refrigerant"), what is asked for, and where.

Part names stay the caller's words, in the singular, without article; a unit that was spoken stays in front of them as
it was said ("gallons of refrigerant"). Nothing denied ("I didn't need the belt") counts as used.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from voice_agent.language.identifiers import CORRECTION
from voice_agent.language.numbers import NUMBER_WORDS, Lang, amount, fraction_tail, plain_value
from voice_agent.language.part_names import ADJECTIVES, count, part_name, singular
from voice_agent.language.units import UNITS
from voice_agent.language.utterance import Utterance

_USED = {
    "en": re.compile(
        r" (?:(?:had|have) to (?:replace|swap|change|use|put in|install|put)(?: out)?|used|using|installed"
        r"|install|replaced|put in|put on|put|swapped(?: out| in)?|changed(?: out)?|went through|consumed|took"
        r"|added|fitted|charged(?: it)? with"
        r"|topped (?:it |off )?(?:off )?with|ended up using|needed|parts (?:used )?(?:were|are|was)|that took"
        r"|it took|threw in|stuck in|popped in|dropped in|(?:completed|complete|done"
        r"|finished)(?: with)?(?= (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
        r"|\d{1,2}) [a-z]+ (?!minutes?|hours?))) "
    ),
    "es": re.compile(
        r" (?:use|utilice|usamos|utilizamos|instale|instalamos|puse|pusimos|cambie|cambiamos|reemplace"
        r"|reemplazamos|gaste|gastamos|ocupe|ocupamos|consumi|le puse|le meti"
        r"|coloque|agregue|se usaron|se uso|usando|he usado|se me fueron|lleve|partes? usadas?(?: fueron)?"
        r"|piezas usadas(?: fueron)?) "
    ),
}
_NOT_USED = {
    "en": re.compile(
        r" (?:didnt|did not|havent|have not|never|dont|do not|wont|not|without|instead of|out of|need|needs"
        r"|order|waiting (?:on|for)|missing|returned"
        r"|returning|wasnt|will need|going to need|gonna need|need to order|have to order|had to order"
        r"|rather than|not using|no)"
        r"(?: (?:have to|need to|actually|even|end up|really|any|to))*(?: (?:use|using|used|need|install"
        r"|installed|replace|replaced|get|put in))? $"
    ),
    "es": re.compile(
        r" (?:no|sin|nunca|ni|en vez de|en lugar de|necesito|necesitamos|falta|faltan|falto|hace falta"
        r"|hacen falta|esperando|me falta|pedir|ocupo|no me)"
        r"(?: (?:he|hemos|tuve que|hubo que|alcance a))?(?: (?:use|usar|usado|utilice|necesite|instale|instalar"
        r"|cambie|cambiar|puse|poner|reemplace))? $"
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of a part as the caller names it, and the words it covers."""

    name: str
    qty: float
    first: int
    last: int
    head: int
    """Where the name begins (the words before it are amount and article)."""

    def slot(self) -> dict[str, object]:
        return {"part": self.name, "qty": plain_value(self.qty)}


def used_parts(heard: Utterance, lang: Lang, taken: Container[int], *, expected: bool) -> list[Part]:
    """The parts a sentence says were used. Without `expected` only what follows a verb of use counts."""
    region = 0 if expected else _first_use(heard, lang)
    if region is None:
        return []
    found: list[Part] = []
    i = region
    while i < len(heard.words):
        part = _item(heard, i, lang, taken, after_verb=_after_verb(heard, i, lang, found))
        if part is None and expected and (i == region or heard.plain[i - 1] in ("and", "y")):
            part = _counted_after(heard, i, lang, taken)
        if part is None:
            i += 1
            continue
        i = part.last
        if _denied(heard, part, found, lang):
            continue
        i = _take(heard, found, part, lang)
    return found


_TELLS = {
    "en": re.compile(
        r" (?:used|using|installed|replaced|swapped|put (?:in|on)|changed|went through|consumed|took|stuck"
        r"|threw|didnt use|did not use|havent used) "
    ),
    "es": re.compile(
        r" (?:use|usamos|utilice|utilizamos|instale|instalamos|puse|pusimos|cambie|reemplace|gaste|gastamos"
        r"|se usaron|se gastaron|ocupamos) "
    ),
}


def tells_of_use(heard: Utterance, lang: Lang) -> bool:
    """The sentence has a verb that says parts were used (or were not)."""
    return _TELLS[lang].search(heard.flat) is not None


def _first_use(heard: Utterance, lang: Lang) -> int | None:
    match = _USED[lang].search(heard.flat)
    return None if match is None else heard.span(match.start() + 1, match.end() - 1)[1]


def _after_verb(heard: Utterance, i: int, lang: Lang, found: Sequence[Part]) -> bool:
    """Here "the motor" is one motor: right after a verb of use, or after "and" once a part was named."""
    before = heard.before(i)
    if any(match.end() == len(before) for match in _USED[lang].finditer(before)):
        return True
    return bool(found) and found[-1].last == i - 1 and heard.plain[i - 1] in ("and", "y")


def _counted_after(heard: Utterance, i: int, lang: Lang, taken: Container[int]) -> Part | None:
    """ "Flame sensors, three of them", "capacitor times two": the name comes first."""
    name, end = part_name(heard, i, lang, taken, qty=2)
    if not name or end >= len(heard.words):
        return None
    words = heard.plain
    number = amount(words, end + 1 if words[end] in _TIMES[lang] else end, lang)
    if number is None:
        return None
    them = list(words[number[1] : number[1] + 2]) in (["of", "them"], ["de", "ellos"], ["de", "ellas"])
    if not them and words[end] not in _TIMES[lang]:
        return None
    return Part(name, number[0], i, number[1] + (2 if them else 0), i)


def _denied(heard: Utterance, part: Part, found: Sequence[Part], lang: Lang) -> bool:
    before = heard.before(part.first)
    if _NOT_USED[lang].search(before):
        return not (
            found and CORRECTION[lang].match(heard.flat[heard.offset(found[-1].last) - 1 : heard.offset(part.first)])
        )
    return False


def _take(heard: Utterance, found: list[Part], part: Part, lang: Lang) -> int:
    """Add a part, or put it in the place of the one it corrects; the index to read on from."""
    if found:
        between = heard.flat[heard.offset(found[-1].last) - 1 : heard.offset(part.first)]
        if CORRECTION[lang].match(between):
            found[-1] = Part(part.name, part.qty, found[-1].first, part.last, part.head)
            return _corrected_tail(heard, found, lang)
    found.append(part)
    return _corrected_tail(heard, found, lang)


_TIMES = {"en": frozenset({"times", "x", "quantity", "qty"}), "es": frozenset({"por", "cantidad"})}


def _corrected_tail(heard: Utterance, found: list[Part], lang: Lang) -> int:
    """What may follow a part: "times two", "two of them", ", no, four", "I mean belts"."""
    part = found[-1]
    words, i = heard.plain, part.last
    if i < len(words) and words[i] in _TIMES[lang]:
        count = amount(words, i + 1, lang)
        if count is not None:
            found[-1] = Part(singular(part.name, lang), count[0], part.first, count[1], part.head)
            return _corrected_tail(heard, found, lang)
    count = amount(words, i, lang)
    if count is not None and list(words[count[1] : count[1] + 2]) in (["of", "them"], ["de", "ellos"], ["de", "ellas"]):
        found[-1] = Part(singular(part.name, lang), count[0], part.first, count[1] + 2, part.head)
        return count[1] + 2
    for j in range(i + 1, min(i + 6, len(words)) + 1):
        between = heard.flat[heard.offset(i) - 1 : heard.offset(j)] if j < len(words) else ""
        if j >= len(words) or not CORRECTION[lang].match(between):
            continue
        count = amount(words, j, lang)
        if count is None or _item(heard, j, lang, (), after_verb=False) is not None:
            continue
        found[-1] = Part(part.name, count[0], part.first, count[1], part.head)
        return count[1]
    return part.last


def _item(heard: Utterance, i: int, lang: Lang, taken: Container[int], *, after_verb: bool) -> Part | None:
    if i in taken:
        return None
    counted = count(heard.plain, i, lang)
    if counted is None and after_verb and heard.plain[i] in ("the", "my", "his", "her", "el", "la", "su"):
        counted = 1.0, i + 1
        rest = i + 1
        while rest < len(heard.words) and heard.plain[rest] in ADJECTIVES:
            rest += 1
        counted = count(heard.plain, rest, lang) or counted
    if counted is None and heard.plain[i] in UNITS[lang] and fraction_tail(heard.plain, i + 1, lang):
        counted = 1.0, i
    if counted is None:
        return None
    qty, j = counted
    counted = _recounted(heard, j, lang)
    if counted is not None:
        qty, j = counted
    if j < len(heard.words) and heard.plain[j] in UNITS[lang]:  # "a pound and a half of refrigerant"
        tail = fraction_tail(heard.plain, j + 1, lang)
        qty += tail[0] if tail else 0
    name, end = part_name(heard, j, lang, taken, qty=qty)
    if not name or heard.plain[end - 1] in NUMBER_WORDS[lang]:
        return None
    return Part(name, qty, i, end, j)


def _recounted(heard: Utterance, j: int, lang: Lang) -> tuple[float, int] | None:
    """The amount after a slip in the amount: "two, no, three flame sensors"."""
    for k in range(j + 1, min(j + 4, len(heard.words) - 1) + 1):
        if CORRECTION[lang].match(heard.flat[heard.offset(j) - 1 : heard.offset(k)]):
            counted = count(heard.plain, k, lang)
            if counted is not None:
                return counted
    return None
