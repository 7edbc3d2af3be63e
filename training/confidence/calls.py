"""Which calls are simulated: who calls in what manner, on what line, with what model, for fitting and for the report.

The two sets share no opening sentence, no manner of speaking and no seed; the goals and the company are the same.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.campaign.conversations import Conversation, Goal, conversations, spoken
from tests.campaign.playing import Cell

OUT_OF_SCOPE = Path(__file__).parent / "out_of_scope.toml"
UNIDENTIFIED = Path(__file__).parent / "unidentified.toml"
FIT_MANNERS = ("plain", "rambling", "bilingual", "angry")
REPORT_MANNERS = ("terse", "corrects", "interrupts", "hard_of_hearing")
NOISE = {"fit": (0.0, 0.1, 0.2, 0.35), "report": (0.0, 0.05, 0.1, 0.2)}
"""Share of words misheard. Fitting takes worse lines too: there is more to learn where calls fail."""
MISTAKES = (0.0, 0.2)
"""Share of the model's tool calls that say something else than the caller: the rule-based model hardly errs itself."""
SEEDS = {"fit": 3, "report": 4}
"""After hours most calls are about danger, in few words: more of each."""


@dataclass(frozen=True)
class SimulatedCall:
    """One call. `must` is true where only a person can help, whatever the agent does."""

    cell: Cell
    mistakes: float
    must: bool = False

    @property
    def key(self) -> str:
        return f"{self.cell.key}|{self.cell.conversation.persona}|{self.mistakes}"


def calls(which: str, *, seeds: int = 1) -> list[SimulatedCall]:
    """`fit` or `report`, in an order that does not depend on the files'."""
    seen = set() if which == "fit" else {one.opening for one, _ in _conversations("fit")}
    mine = [(one, must) for one, must in _conversations(which) if one.opening not in seen]
    first = 0 if which == "fit" else 1000
    found = [
        SimulatedCall(Cell(one, noise, first + seed), mistakes, must)
        for one, must in mine
        for noise in NOISE[which]
        for mistakes in MISTAKES
        for seed in range(seeds * _seeds(one, which))
    ]
    once = list({one.key: one for one in found}.values())
    random.Random(which).shuffle(once)
    return once


def _seeds(one: Conversation, which: str) -> int:
    return SEEDS[which] if one.goal.line == "after_hours" and not one.goal.reads else 1


def _conversations(which: str) -> Iterator[tuple[Conversation, bool]]:
    manners = FIT_MANNERS if which == "fit" else REPORT_MANNERS
    parity = 0 if which == "fit" else 1
    place = 0
    for one in conversations():
        if one.persona == "keys":
            continue
        if one.persona in ("plain", "terse"):  # an opening anybody could say: half of them for each set
            place += 1
            if place % 2 == parity:
                yield replace(one, persona=manners[place // 2 % len(manners)]), False
        elif one.persona in manners:
            yield one, False
    for one in out_of_scope():
        place += 1
        if place % 2 == parity:
            yield replace(one, persona=manners[place // 2 % len(manners)]), True
    for one in unidentified():
        place += 1
        if place % 2 == parity:
            yield replace(one, persona=manners[place // 2 % len(manners)]), False


def unidentified() -> list[Conversation]:
    """Callers of no known number, each in words of their own."""
    return list(spoken(tomllib.loads(UNIDENTIFIED.read_text("utf-8"))))


def out_of_scope() -> list[Conversation]:
    """Wishes no tool serves: the right end is a person, soon."""
    table = tomllib.loads(OUT_OF_SCOPE.read_text("utf-8"))
    found = []
    for name, wish in table.items():
        says = {lang: {"plain": tuple(wish[lang]), "ask.billing": tuple(wish[lang])} for lang in ("en", "es")}
        goal = Goal(name=name, line=wish["line"], who=wish["who"], left="hand_off", says=says)
        found += [
            Conversation(goal, lang, "plain", n, words) for lang in ("en", "es") for n, words in enumerate(wish[lang])
        ]
    return found
