"""How well probabilities keep their word: calibration error, selective risk, and what hand-overs were worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    said: float
    was: float
    n: int


def bins(probabilities: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Ten bins of equal mass, from the least sure to the surest."""
    p, y = np.array(probabilities, dtype=np.float64), np.array(right, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [Bin(float(p[part].mean()), float(y[part].mean()), len(part)) for part in parts]


def calibration_error(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """ECE over ten equal-mass bins."""
    found = bins(probabilities, right)
    total = sum(each.n for each in found)
    return sum(each.n * abs(each.said - each.was) for each in found) / total if total else 0.0


def brier(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    return float(np.mean((np.array(probabilities) - np.array(right, dtype=np.float64)) ** 2))


def risk_coverage(probabilities: Sequence[float], right: Sequence[bool]) -> tuple[Floats, Floats]:
    """(coverage, share of wrong acts among the surest so many), rising coverage."""
    order = np.argsort(-np.array(probabilities), kind="stable")
    wrong = 1.0 - np.array(right, dtype=np.float64)[order]
    n = np.arange(1, len(wrong) + 1)
    return n / len(wrong), np.cumsum(wrong) / n


def area_under_risk(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    return float(np.mean(risk_coverage(probabilities, right)[1]))


def rank_quality(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Probability that a right act is trusted more than a wrong one (area under the ROC curve)."""
    p, y = np.array(probabilities), np.array(right, dtype=bool)
    if y.all() or not y.any():
        return 1.0
    ranks = np.empty(len(p))
    ranks[np.argsort(p, kind="stable")] = np.arange(1, len(p) + 1)
    for value in np.unique(p):
        same = p == value
        ranks[same] = ranks[same].mean()
    good = int(y.sum())
    return float((ranks[y].sum() - good * (good + 1) / 2) / (good * (len(y) - good)))
