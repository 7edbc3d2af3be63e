"""Signs that a sentence was misheard: words no one uses in these calls, and numbers cut into pieces."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from voice_agent.language.utterance import without_accents

_WORD = re.compile(r"[a-z]+|\d+")
_PIECES = re.compile(r"\b\d{2,3} \d{1,2}\b|\b\d{1,2} \d{2,3}\b")
"""A number of a job or a phone taken apart in an odd place."""
SHORTEST = 3


def odd_words(text: str) -> float:
    """Share of the words that look misheard, 0 to 1. Names of people and parts count too: it is a sign, no verdict."""
    words = _WORD.findall(without_accents(text))
    if not words:
        return 0.0
    known = vocabulary()
    strange = sum(len(word) >= SHORTEST and word.isalpha() and word not in known for word in words)
    share: float = (strange + len(_PIECES.findall(text))) / len(words)
    return min(1.0, share)


@cache
def vocabulary() -> frozenset[str]:
    """Words of the sentences the readers are trained with, in both languages."""
    return frozenset(resources.files("voice_agent.language.models").joinpath("words.txt").read_text("utf-8").split())
