"""A sentence as hashed features, the same in training and at run time.

Three groups: words (single, pairs, pairs over a gap), letters (3 to 5 within a word: what survives a mis-hearing), and
concepts with their denial (single, neighbours, any two together). Concepts carry meaning over languages and wording.
Words of a denied concept count as denied words: the gas of "no gas smell" is no gas, by its letters and meaning too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from voice_agent.language.concepts import Concept, lexicon
from voice_agent.language.meaning import Floats, vectors
from voice_agent.language.words import heard_words

BITS = 18
BUCKETS = 1 << BITS
_MASK = BUCKETS - 1

_FAMILIES = {
    "HAZARD": "GAS GASLINE ROTTEN HISS CO FIRE SMOKE BURN SPARK SHOCK TINGLE POWERLINE TRAPPED EXPLODE STEAM RELIEF "
    "LIVEWIRE LEFTON UNLIT "
    "CHEMICAL FUMES REFRIGERANT",
    "ELECTRIC": "PANEL OUTLET WIRE VOLTAGE BUZZ HOTTOUCH FIXTURE BREAKER",
    "BODY": "DIZZY COLLAPSE BREATHE EYES BLEED FALLEN HURT CONFUSED SHIVER OXYGEN MEDIC BODYPART NUMB",
    "PERSON": "PEOPLE FAMILY PETS",
    "FRAIL": "BABY ELDERLY",
    "WATERY": "WATER FLOOD POURING PIPE BURST LEAK",
    "FOUL": "SEWAGE BACKUP TOILET",
    "OUTAGE": "NOHEAT NOCOOL NOPOWER",
    "WEATHER": "COLD HOTDAY",
    "SITE": "CRITICAL",
    "ENDED": "PAST SOLVED",
    "OFFICE": "COMMERCE TRAINING BILL SCHEDULE APPOINTMENT OFFICEMATTER RESCHEDULE CANCEL CONFIRM",
    "SMALL": "MILD CHIRP",
    "FIGURE": "FIGURATIVE GASOLINE",
    "NOW": "ONGOING HELP CALL911 EVACUATE",
    "TRADE": "DONE USED PART STOCK JOB NEXT ONSITE ENROUTE WORKING CANTDO NEEDPART TRANSFERPART",
    "TALKING": "ETA TECHNICIAN COME HUMAN TALK MESSAGE REPEAT LATE",
}
FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
"""Concepts that play the same part: what was learnt of one idiom, tense or hazard carries over to its relatives."""
_SCOPES = frozenset("ENDED OFFICE SMALL FIGURE NOW".split())


class Group(NamedTuple):
    """Hashed ids and the value each of them carries."""

    ids: list[int]
    value: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence prepared once for all readers; `meaning` as meaning.py makes it, `groups` those that need no role."""

    words: list[str]
    concepts: list[Concept]
    meaning: Floats
    groups: list[Group]


def hear(text: str) -> Heard:
    words = heard_words(text)
    return _prepared(words, lexicon().find(words))


def _prepared(words: list[str], concepts: list[Concept]) -> Heard:
    denied = {at for c in concepts if c.denied for at in range(c.start, c.end)}
    meant = [word for at, word in enumerate(words) if at not in denied] if denied else words
    return Heard(words, concepts, vectors().of(meant), _groups(words, concepts, denied))


def part(heard: Heard, start: int, end: int) -> Heard:
    """A stretch of the sentence, with what was denied in it as the whole sentence denied it."""
    within = [
        Concept(c.name, c.start - start, c.end - start, c.denied)
        for c in heard.concepts
        if c.start >= start and c.end <= end
    ]
    return _prepared(heard.words[start:end], within)


def without_numbers(heard: Heard) -> Heard:
    """The sentence without its figures; itself when there are none."""
    figures = {at for c in heard.concepts if c.name == "NUMWORD" for at in range(c.start, c.end)}
    words = [word for at, word in enumerate(heard.words) if at not in figures and not word.isdigit()]
    if len(words) == len(heard.words):
        return heard
    return _prepared(words, lexicon().find(words))


def features(heard: Heard, role: str = "unknown") -> list[Group]:
    """The groups of a sentence; values fall with the group's size so that long sentences do not shout."""
    distinct = sorted({concept.key for concept in heard.concepts})
    shape = [_known(f"l:{min(len(heard.words), 12) // 2}"), _known("r:" + role), _known("bias")]
    shape += [_known(f"r:{role}:{key}") for key in distinct]
    return [*heard.groups, Group(shape, 0.4)]


def _groups(words: list[str], concepts: list[Concept], denied: set[int]) -> list[Group]:
    marked = [f"!{word}" if at in denied else word for at, word in enumerate(words)] if denied else words
    word_ids = [_bucket("w:" + word) for word in marked]
    padded = ["<", *words, ">"]
    word_ids += [_bucket(f"b:{a} {b}") for a, b in zip(padded, padded[1:], strict=False)]
    word_ids += [_bucket(f"g:{a} {b}") for a, b in zip(words, words[2:], strict=False)]
    letter_ids: list[int] = []
    for at, word in enumerate(words):
        letter_ids += () if at in denied else letters(word)
    keys = [concept.key for concept in concepts]
    distinct = sorted(set(keys))
    concept_ids = [_known("c:" + key) for key in distinct]
    near = [_known(f"n:{a}>{b}") for a, b in zip(["<", *keys], [*keys, ">"], strict=True)]
    together = [_known(f"t:{a}&{b}") for at, a in enumerate(distinct) for b in distinct[at + 1 :]]
    families = sorted({("!" if c.denied else "") + FAMILY.get(c.name, "OTHER") for c in concepts})
    family_ids = [_known("f:" + family) for family in families]
    family_ids += [_known(f"f:{a}&{b}") for at, a in enumerate(families) for b in families[at + 1 :]]
    family_ids += [_known(f"fc:{a}&{b}") for a in families if a.lstrip("!") in _SCOPES for b in distinct]
    return [
        Group(word_ids, 1.6 / (1 + len(word_ids)) ** 0.5),
        Group(letter_ids, 1.2 / (1 + len(letter_ids)) ** 0.5),
        Group(concept_ids, 1.0 / (1 + len(concept_ids)) ** 0.25),
        Group(near, 0.6 / (1 + len(near)) ** 0.25),
        Group(together, 0.8 / (1 + len(together)) ** 0.3),
        Group(family_ids, 0.8 / (1 + len(family_ids)) ** 0.3),
    ]


@lru_cache(maxsize=8192)
def letters(word: str) -> tuple[int, ...]:
    """Buckets of a word's letter sequences. Bounded cache: callers use few words."""
    framed = f"^{word}$"
    size = len(framed)
    return tuple(
        _bucket("x:" + framed[at : at + length]) for length in (3, 4, 5) for at in range(max(0, size - length + 1))
    )


def _bucket(feature: str) -> int:
    return crc32(feature.encode()) & _MASK


_known = lru_cache(maxsize=1 << 14)(_bucket)
"""The same for what is made of concepts: they are few, and no caller's words."""
