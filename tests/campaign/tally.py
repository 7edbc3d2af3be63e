"""The figures of a campaign: how many callers reached their end, by noise, language and manner, and who did not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.campaign.judging import Verdict

ENDS = ("reached", "person", "asked", "lost", "alarm", "wrong")


@dataclass(frozen=True, slots=True)
class Share:
    """A group of runs. `collateral`: changes of records of no concern, those of needless alarms among them."""

    runs: int
    ends: Counter[str]
    collateral: int
    turns: float
    word_errors: float

    def of(self, *ends: str) -> float:
        return sum(self.ends[end] for end in ends) / max(1, self.runs)


def share(verdicts: Iterable[Verdict]) -> Share:
    rows = list(verdicts)
    spoken = sum(row.spoken for row in rows)
    reached = [row.turns for row in rows if row.end == "reached"]
    return Share(
        runs=len(rows),
        ends=Counter(row.end for row in rows),
        collateral=sum(row.collateral for row in rows),
        turns=sum(reached) / max(1, len(reached)),
        word_errors=sum(row.misheard for row in rows) / max(1, spoken),
    )


def by(verdicts: Iterable[Verdict], key: Callable[[Verdict], object]) -> dict[object, list[Verdict]]:
    groups: dict[object, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[key(verdict)].append(verdict)
    return dict(groups)


def pass_all(verdicts: Iterable[Verdict]) -> float:
    """Share of conversations that reached their end with every seed (pass^k for k seeds)."""
    groups = by(verdicts, lambda verdict: verdict.title).values()
    return sum(all(row.end == "reached" for row in rows) for rows in groups) / max(1, len(groups))


def pass_any(verdicts: Iterable[Verdict]) -> float:
    """Share of conversations that reached it with at least one seed (pass@k)."""
    groups = by(verdicts, lambda verdict: verdict.title).values()
    return sum(any(row.end == "reached" for row in rows) for rows in groups) / max(1, len(groups))


def worst(verdicts: Sequence[Verdict], most: int) -> list[list[Verdict]]:
    """Conversations with the most failed runs, wrong writes before all, each with its failed runs."""
    groups = by((row for row in verdicts if row.end != "reached"), lambda row: row.title).values()

    def badness(rows: list[Verdict]) -> tuple[int, float]:
        # a failure on a clear line says more than one on a line that loses every fifth word
        return -sum(row.end in ("wrong", "alarm") for row in rows), -sum(1 / (0.02 + row.noise) for row in rows)

    return sorted(groups, key=badness)[:most]
