"""Words turned into what they mean to a dispatcher, each with whether it was denied.

The lexicon is bilingual: "olor" and "stench" are both SMELL, so that what is learnt in one language holds in the other.
Negation binds to what follows it in its own clause: "no gas smell but there's smoke" denies GAS and SMELL, not SMOKE.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_CLAUSE_STARTS = frozenset(
    "theres there its it i im we were my our he she they hes shes theyre and then so because y mi nuestro "
    "entonces porque pues cuando when while que where if hay esta estan sale salen huele tengo tenemos".split()
)
_DENIED_VERBS = frozenset("hay esta estan sale salen huele tengo tenemos".split())
_CARRIES_ON = frozenset("or nor ni o any ningun ninguna".split())
_REACH = 6  # words; a denial does not reach further even without a clause break


@dataclass(frozen=True, slots=True)
class Concept:
    """`name` from the lexicon, the span of words it covers, and whether a negator before it binds to it."""

    name: str
    start: int
    end: int
    denied: bool

    @property
    def key(self) -> str:
        return "!" + self.name if self.denied else self.name


class Lexicon:
    """Longest-phrase lookup. Built from lines `NAME: word, two words, begin*`."""

    def __init__(self, source: str) -> None:
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for line in source.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            name, _, spellings = line.partition(":")
            for spelling in spellings.split(","):
                if words := tuple(spelling.split()):
                    self._phrases.setdefault(words[0], []).append((words, name.strip()))
        for entries in self._phrases.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def find(self, words: list[str]) -> list[Concept]:
        """Every concept in order; phrases do not overlap; the first line of the lexicon wins a tie."""
        found: list[Concept] = []
        at, total = 0, len(words)
        denied_until = negator = -1
        while at < total:
            word = words[at]
            match = self._match(words, at)
            if match is None:
                if word in _CARRIES_ON and denied_until >= at:
                    denied_until = at + _REACH
                elif word in _CLAUSE_STARTS and not (word in _DENIED_VERBS and at == negator + 1):
                    denied_until = -1
                at += 1
                continue
            name, length = match
            if name == "BUT" or name == "ONGOING":
                denied_until = -1
            found.append(Concept(name, at, at + length, name != "NEG" and at <= denied_until))
            at += length
            if name == "NEG":
                negator, denied_until = at - 1, at - 1 + _REACH
        return found

    def _match(self, words: list[str], at: int) -> tuple[str, int] | None:
        for phrase, name in self._phrases.get(words[at], ()):
            length = len(phrase)
            if length == 1 or tuple(words[at : at + length]) == phrase:
                return name, length
        return None


@cache
def lexicon() -> Lexicon:
    return Lexicon(files("voice_agent.language.models").joinpath("concepts.txt").read_text("utf-8"))
