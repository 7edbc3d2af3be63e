"""The scripted conversations as data: goals with their ends, and for each the first words of many different callers.

One file for each line under fixtures/conversations. A goal says who calls about what, what a read-back must tell before
this caller says yes, and what the records must be in the end; each opening under a language and a persona is one
conversation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "fixtures" / "conversations"
LINES = ("technician", "customer", "after_hours")
LANGUAGES = ("en", "es")
PERSONAS = frozenset("terse plain rambling corrects interrupts bilingual hard_of_hearing keys angry".split())


@dataclass(frozen=True)
class Goal:
    """What a caller wants. The fields are those of the data files, described in fixtures/conversations/README.md."""

    name: str
    line: str
    who: str
    job: str = ""
    status: str = ""
    parts: int = 0
    minutes: int = 0
    day: str = ""
    half: str = ""
    hazard: str = ""
    key: str = ""
    reads: str = ""
    tells: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    left: str = ""
    denies: bool = False
    says: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Language to question to answers that are this goal's own; `plain` is the whole wish in simple words."""
    then: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to a second wish, said once the first is served."""
    texts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Language to hole to free words: note, problem, message, reason, when."""


@dataclass(frozen=True)
class Conversation:
    """`place` tells apart conversations of one goal, language and persona: it picks parts, callers and free words."""

    goal: Goal
    lang: str
    persona: str
    place: int
    opening: str

    @property
    def title(self) -> str:
        return f"{self.goal.line}/{self.goal.name}/{self.lang}/{self.persona}/{self.place + 1}"


@dataclass(frozen=True)
class Manners:
    """What callers of one language answer to each question, and how they speak around it."""

    answers: Mapping[str, tuple[str, ...]]
    status: Mapping[str, tuple[str, ...]]
    corrections: Mapping[str, tuple[str, ...]]
    around: tuple[str, ...]
    parts: Mapping[str, str]
    """Product name to what people call one of it."""


def manners() -> dict[str, Manners]:
    table = _toml("answers.toml")
    return {
        lang: Manners(
            answers=_lists(table[lang]["answers"]),
            status=_lists(table[lang]["status"]),
            corrections=_lists(table[lang]["corrections"]),
            around=tuple(table[lang]["around"]),
            parts=table[lang]["parts"],
        )
        for lang in LANGUAGES
    }


def conversations() -> list[Conversation]:
    """All of them, in the order of the files. ValueError names what is wrong with the data."""
    return [one for line in LINES for one in spoken(_toml(f"{line}.toml"), line)]


def spoken(tables: Mapping[str, dict[str, Any]], line: str = "") -> Iterator[Conversation]:
    """Those of a file; where it is not about one line, each table names its own."""
    for goal, openings in _goals(tables, line):
        yield from _openings(goal, openings)


def _goals(tables: Mapping[str, dict[str, Any]], line: str) -> Iterator[tuple[Goal, dict[str, Any]]]:
    for name, table in tables.items():
        openings = {key: table.pop(key, {}) for key in LANGUAGES}
        per_language = {key: table.pop(key, {}) for key in ("says", "then", "texts")}
        goal = Goal(
            name=name,
            line=table.pop("line", line),
            tells=tuple(table.pop("tells", ())),
            hears=tuple(table.pop("hears", ())),
            ends=tuple(table.pop("ends", ())),
            says={lang: _lists(answers) for lang, answers in per_language["says"].items()},
            then={lang: tuple(wishes) for lang, wishes in per_language["then"].items()},
            texts={lang: _lists(words) for lang, words in per_language["texts"].items()},
            **table,
        )
        yield goal, openings


def _openings(goal: Goal, table: dict[str, Any]) -> Iterator[Conversation]:
    for lang, personas in table.items():
        for persona, openings in personas.items():
            if persona not in PERSONAS:
                raise ValueError(f"{goal.line}.{goal.name}.{lang}: no persona {persona}")
            for place, opening in enumerate(openings):
                yield Conversation(goal, lang, persona, place, opening)


def _lists(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()}


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text())
