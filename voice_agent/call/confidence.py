"""Evidence into a calibrated probability, and by a table of costs into what to do: go on, ask again, hand over.

Pure. `Signs` is what one call has shown so far. What a model or a recogniser thinks of itself is in it where it is
known, bounded so that it can decide nothing alone. The weights come from simulated calls whose labels are the records'
end state (training/confidence, docs/confidence/report.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MOST_REASONS = 4
BOUND = 0.75
"""The most that a log-probability, a recogniser's or a model's own word may move the log-odds: none is a gate."""
FEWEST_PROGRESS = 0.02
"""A feature that lowers the log-odds by less than this is no reason."""


class Decision(StrEnum):
    GO_ON = "go_on"
    """Answer, or read the change back: every write asks anyway."""
    ASK_AGAIN = "ask_again"
    HAND_OVER = "hand_over"


class Kind(StrEnum):
    """What the agent is about to do."""

    CHANGE = "change"
    """Read a change back."""
    ANSWER = "answer"
    """Tell what the records say, or offer a choice."""
    WORDS = "words"
    """Ask or say something; no record stands behind it."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is known of the act in hand. Counts are of its arguments."""

    kind: Kind = Kind.WORDS
    agrees: int = 0
    """The rules read the same from the caller's words."""
    disagrees: int = 0
    """They read something else."""
    unsaid: int = 0
    """They read nothing about it."""
    ungrounded: int = 0
    """It is in nobody's words, keys or records."""
    beside: bool = False
    """The rules read another wish from the caller's words than the one this serves."""
    free: float | None = None
    """Share of odd words in what it passes on in the caller's own words; None when it passes nothing on."""
    stranger: bool = False
    """For a caller who is nobody on record: there is little else they can want."""
    again: bool = False
    """The caller has said no to this very read-back before."""
    reversible: bool = True

    @classmethod
    def of(
        cls,
        kind: Kind,
        evidence: Mapping[str, str],
        *,
        free: float | None = None,
        stranger: bool = False,
        again: bool = False,
        reversible: bool = True,
    ) -> Act:
        """From a verdict for each argument: `agrees`, `disagrees`, `unsaid`, `ungrounded`; under `WISH` that of the
        act as a whole."""
        found = [verdict for name, verdict in evidence.items() if name != WISH]
        agrees, disagrees, unsaid, ungrounded = (found.count(verdict) for verdict in VERDICTS)
        beside = evidence.get(WISH) == "disagrees"
        return cls(kind, agrees, disagrees, unsaid, ungrounded, beside, free, stranger, again, reversible)


WISH = "(wish)"
VERDICTS = ("agrees", "disagrees", "unsaid", "ungrounded")
NO_ACT = Act()


@dataclass(slots=True)
class Signs:
    """What a call has shown up to now. The machine writes it; `features` reads it."""

    line: str = ""
    """`technician` or `after_hours`; every other line is a customer's."""
    sure: float = 1.0
    """Calibrated probability of the intent of the caller's last words; 1 for keys."""
    odd: float = 0.0
    """Share of the last words that look misheard: no words, cut numbers."""
    short: bool = False
    upset: bool = False
    by_keys: bool = False
    turns: int = 0
    stalled: int = 0
    """Turns of the caller since the last thing that went forward: something found, read back, proven or made."""
    re_asks: int = 0
    """How often the present question was put again."""
    unsure_turns: int = 0
    """Turns whose words could not be read with any certainty."""
    corrections: int = 0
    """Read-backs the caller said no to."""
    failures: int = 0
    not_found: int = 0
    doubts: int = 0
    """Changes that were stopped because of a value nobody said, or one that was read in two ways."""
    cuts: int = 0
    made: int = 0
    """Changes that were committed."""
    act: Act = NO_ACT
    log_probability: float | None = None
    """Mean token log-probability of the model's arguments, where a provider gives it."""
    recognised: float | None = None
    """The recogniser's own confidence, where the transport carries it."""
    own_word: float | None = None
    """The model's own word."""

    @property
    def troubled(self) -> bool:
        """Something has gone wrong that can be named. A long talk alone, answered turn by turn, is no reason to give
        a caller away, however little of it touched the records."""
        went_wrong = self.re_asks + self.unsure_turns + self.corrections + self.failures + self.not_found + self.doubts
        return self.upset or went_wrong > 0


def features(signs: Signs) -> dict[str, float]:
    """Evidence as numbers from 0 to about 1, larger meaning worse, except those named as good."""
    act = signs.act
    arguments = max(1, act.agrees + act.disagrees + act.unsaid + act.ungrounded)
    return {
        "unsure_of_the_wish": 1.0 - signs.sure,
        "odd_words": signs.odd,
        "very_short": float(signs.short),
        "caller_upset": float(signs.upset),
        "by_keys": float(signs.by_keys),
        "stalled": min(signs.stalled, 6) / 3,
        "asked_again": min(signs.re_asks, 3) / 3,
        "unclear_before": min(signs.unsure_turns, 4) / 4,
        "read_back_corrected": min(signs.corrections, 3) / 3,
        "records_failed": min(signs.failures, 3) / 3,
        "not_found": min(signs.not_found, 3) / 3,
        "value_doubted": min(signs.doubts, 3) / 3,
        "talked_over": min(signs.cuts, 3) / 3,
        "long_call": min(signs.turns, 20) / 20,
        "served_before": float(signs.made > 0),
        "a_change": float(act.kind is Kind.CHANGE),
        "an_answer": float(act.kind is Kind.ANSWER),
        "technicians_line": float(signs.line == "technician"),
        "after_hours_line": float(signs.line == "after_hours"),
        "own_words": float(act.free is not None),
        "own_words_of_a_technician": float(act.free is not None and signs.line == "technician"),
        "own_words_of_a_stranger": float(act.free is not None and act.stranger),
        "own_words_odd": 0.0 if act.free is None else min(1.0, 2 * act.free),
        "rules_agree": act.agrees / arguments,
        "another_wish": float(act.beside),
        "rules_disagree": min(act.disagrees, 2) / 2,
        "value_not_said": act.unsaid / arguments,
        "value_from_nowhere": min(act.ungrounded, 2) / 2,
        "same_as_denied": float(act.again),
    }


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic reading of the features and the curve that makes it a probability.

    `knots` are (raw, calibrated) pairs, both rising; between them it is a straight line.
    """

    bias: float
    of: Mapping[str, float]
    knots: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def probability(self, values: Mapping[str, float], signs: Signs) -> float:
        total = self.bias + sum(weight * values.get(name, 0.0) for name, weight in self.of.items())
        return self._calibrated(1.0 / (1.0 + math.exp(-(total + _own_words(signs)))))

    def _calibrated(self, raw: float) -> float:
        before = self.knots[0]
        for knot in self.knots:
            if raw <= knot[0]:
                width = knot[0] - before[0]
                share = (raw - before[0]) / width if width else 1.0
                return before[1] + share * (knot[1] - before[1])
            before = knot
        return self.knots[-1][1]

    def reasons(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Names of the features that speak most against it."""
        against = sorted(
            (weight * values.get(name, 0.0), name)
            for name, weight in self.of.items()
            if name not in ABOUT_THE_KIND and weight * values.get(name, 0.0) < -FEWEST_PROGRESS
        )
        return tuple(name for _, name in against[:MOST_REASONS])


ABOUT_THE_KIND = frozenset(
    "a_change an_answer by_keys served_before long_call rules_agree technicians_line after_hours_line own_words "
    "own_words_of_a_technician own_words_of_a_stranger".split()
)
"""Features that say what an act is, not what speaks against it: they are no reasons."""


def _own_words(signs: Signs) -> float:
    """What model and recogniser say of themselves: half a step each way, together never more than the bound."""
    told = 0.0
    if signs.log_probability is not None:
        told += 0.5 * max(-1.0, min(1.0, 1.0 + signs.log_probability))
    if signs.recognised is not None:
        told += 1.0 * max(-0.5, min(0.5, signs.recognised - 0.8))
    if signs.own_word is not None:
        told += 0.5 * max(-0.5, min(0.5, signs.own_word - 0.8))
    return max(-BOUND, min(BOUND, told))


@dataclass(frozen=True, slots=True)
class Costs:
    """What mistakes cost, in needless transfers (prompts/costs.toml). The thresholds follow from these alone."""

    re_ask: float = 0.2
    wrong_read_back: float = 0.5
    wrong_answer: float = 2.0
    reversible_write: float = 15.0
    irreversible_write: float = 200.0
    needless_transfer: float = 1.0
    stuck_call: float = 0.6
    abandoned: float = 3.0
    missed_emergency: float = 10_000.0
    slip: float = 0.02
    """Share of wrong read-backs that callers agree to all the same."""
    after_re_ask: float = 0.7
    """How often the act is right once the caller has said it again."""

    def wrong_act(self, act: Act) -> float:
        """Expected cost of putting a wrong act before the caller."""
        if act.kind is not Kind.CHANGE:
            return self.wrong_answer if act.kind is Kind.ANSWER else 0.0
        return self.wrong_read_back + self.slip * (self.reversible_write if act.reversible else self.irreversible_write)

    def ask_below(self, act: Act) -> float:
        """Probability under which asking again costs less than going on."""
        wrong = self.wrong_act(act)
        return max(0.0, self.after_re_ask - self.re_ask / wrong) if wrong else 0.0

    @property
    def hand_over_below(self) -> float:
        """Outlook under which a person costs less than going on."""
        return self.stuck_call / (self.stuck_call + self.needless_transfer)

    @property
    def alarm_above(self) -> float:
        """Probability of danger from which the guidance is spoken; in practice: whenever the triage says so."""
        return self.needless_transfer / self.missed_emergency


@dataclass(frozen=True, slots=True)
class Confidence:
    """`probability`: the act in hand is right. `outlook`: the caller's wish will be served without a person."""

    probability: float
    outlook: float
    reasons: tuple[str, ...] = ()
    decision: Decision = Decision.GO_ON


@dataclass(frozen=True, slots=True)
class Judge:
    """Both readings of the evidence and the costs. One object serves all calls."""

    act: Weights
    call: Weights
    costs: Costs = field(default_factory=Costs)

    def outlook(self, signs: Signs) -> Confidence:
        """Before anything is done in a turn: may the agent go on at all?"""
        values = features(signs)
        chance = self.call.probability(values, signs)
        hand_over = self._surely_below(self.costs.hand_over_below, self.call, values, signs)
        decision = Decision.HAND_OVER if hand_over else Decision.GO_ON
        return Confidence(chance, chance, self.call.reasons(values), decision)

    def of_act(self, signs: Signs, *, asked: int) -> Confidence:
        """With an act in hand. `asked` is how often this was asked again: after two times it is not asked any more."""
        values = features(signs)
        chance, outlook = self.act.probability(values, signs), self.call.probability(values, signs)
        weighty = signs.act.kind is Kind.CHANGE and asked < 2 and not signs.by_keys
        again = weighty and self._surely_below(self.costs.ask_below(signs.act), self.act, values, signs)
        decision = Decision.ASK_AGAIN if again else Decision.GO_ON
        return Confidence(chance, outlook, self.act.reasons(values), decision)

    @staticmethod
    def _surely_below(bound: float, weights: Weights, values: Mapping[str, float], signs: Signs) -> bool:
        """Below the bound by what was seen in this call too, not only because acts of that kind often are wrong: nobody
        is asked again, or handed over, for wanting something that others seldom want."""
        bare = {name: value for name, value in values.items() if name not in ABOUT_THE_KIND}
        return all(weights.probability(seen, signs) < bound for seen in (values, bare))
