"""What a caller makes of the agent's words: which phrases of the phrase files they hold, in the order they end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tests.campaign import wording
from voice_agent.call.script import Phrases

NEVER = tuple(
    "filler disclosure status. category. message.desk when. part.quantity visit.about job.about job.short "
    "visit.unnamed part.kilometres eta.stops_ eta.somebody visit.option job.option part.option slots.option "
    "day.job details. text.".split()
)
"""Pieces of other phrases, and what says nothing to react to."""


class Listener:
    """Knows the phrases in every language they are written in."""

    def __init__(self, phrases: Phrases, values: Mapping[str, str]) -> None:
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for table in phrases.values():
            for key, variants in table.items():
                if key.startswith(NEVER):
                    continue
                for text in variants:
                    for name, value in values.items():
                        text = text.replace("{" + name + "}", value)
                    self._patterns.append((key, _pattern(text)))
        self.keys = lru_cache(maxsize=4096)(self._keys)

    def _keys(self, text: str) -> tuple[str, ...]:
        """Keys of the phrases in `text`; a phrase inside a longer one is not named."""
        found = [
            (match.end(), -(match.end() - match.start()), key)
            for key, pattern in self._patterns
            for match in pattern.finditer(text)
        ]
        whole = [(end, span, key) for end, span, key in sorted(found) if not _inside(end, span, found)]
        return tuple(key for _, _, key in whole)


def _inside(end: int, span: int, found: list[tuple[int, int, str]]) -> bool:
    start = end + span
    return any(
        other_end + other_span <= start and end <= other_end and other_span < span for other_end, other_span, _ in found
    )


def _pattern(text: str) -> re.Pattern[str]:
    """Literal words with anything in the holes between them; holes at either end say nothing."""
    pieces = re.split(r"(\{\w+\})", text)
    while pieces and (not pieces[0].strip() or pieces[0].startswith("{")):
        pieces.pop(0)
    while pieces and (not pieces[-1].strip() or pieces[-1].startswith("{")):
        pieces.pop()
    if not pieces:
        return re.compile("(?!)")
    return re.compile("".join(map(_piece, pieces)), re.I)


def _piece(piece: str) -> str:
    if piece.startswith("{"):
        return _LONG if piece in LISTS else _SHORT
    return _FIGURE.sub(lambda found: f"(?:{'|'.join(_SAID[found.group()])})", re.escape(piece))


_FIGURE = re.compile(r"(?<!\d)\d(?!\d)|911")
_SAID = {
    str(n): (str(n), wording.number(n, "en"), wording.number(n, "es"), *(("una", "un") if n == 1 else ()))
    for n in range(10)
} | {"911": ("911", wording.digits("911", "en"), wording.digits("911", "es"))}
"""Figures of the phrase files are spoken as words."""


LISTS = ("{options}", "{visits}", "{jobs}", "{elsewhere}")
"""Holes that hold whole sentences."""
_LONG, _SHORT = r".{1,500}?", r"[^.?!]{1,160}?"
