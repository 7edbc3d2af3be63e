"""From labelled decisions to weights: a logistic reading, and a rising curve that corrects it on unseen calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from training.confidence.playing import Row
from voice_agent.call.confidence import Act, Signs, Weights, features

Floats = npt.NDArray[np.float64]

NAMES = tuple(features(Signs(act=Act())))
FOLDS = 5
KNOTS = 12
STRENGTH = 1.0
ONLY_BAD = frozenset(
    "unsure_of_the_wish odd_words very_short caller_upset stalled asked_again unclear_before read_back_corrected "
    "records_failed not_found own_words_odd value_doubted another_wish rules_disagree value_not_said "
    "value_from_nowhere same_as_denied".split()
)
"""Evidence that can only speak against an act: a weight the other way is chance, and is left out."""
LEFT_OUT = {"act": frozenset({"served_before", "long_call"}), "call": frozenset[str]()}
"""These callers seldom want a second thing, which says nothing about whether such an act is right."""


def fit(rows: Iterable[Row], head: str) -> Weights:
    """Deterministic. Rows of one call never stand on both sides of a fold."""
    mine = sorted((row for row in rows if row.head == head), key=lambda row: (row.key, row.place, row.kind))
    x, y = _table(mine), np.array([row.right for row in mine], dtype=np.float64)
    groups = np.array([hash_of(row.key) for row in mine])
    kept = _kept(x, y, LEFT_OUT[head])
    raw = np.zeros(len(mine))
    for train, test in GroupKFold(FOLDS).split(x, y, groups):
        raw[test] = _regression(x[train][:, kept], y[train]).predict_proba(x[test][:, kept])[:, 1]
    model = _regression(x[:, kept], y)
    of = {NAMES[place]: round(float(weight), 4) for place, weight in zip(kept, model.coef_[0], strict=True)}
    return Weights(round(float(model.intercept_[0]), 4), of, _knots(raw, y))


def _table(rows: Sequence[Row]) -> Floats:
    return np.array([[row.values[name] for name in NAMES] for row in rows], dtype=np.float64)


def _kept(x: Floats, y: Floats, left_out: frozenset[str]) -> list[int]:
    """Columns that vary, without those whose weight has the wrong sign; taken out one after the other, worst first."""
    kept = [place for place, name in enumerate(NAMES) if name not in left_out and float(np.ptp(x[:, place])) > 0]
    while True:
        weights = _regression(x[:, kept], y).coef_[0]
        wrong = [(w, place) for w, place in zip(weights, kept, strict=True) if NAMES[place] in ONLY_BAD and w > 0]
        if not wrong:
            return kept
        kept.remove(max(wrong)[1])


def _regression(x: Floats, y: Floats) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=2_000).fit(x, y)


def _knots(raw: Floats, y: Floats) -> tuple[tuple[float, float], ...]:
    """Equal-mass bins of unseen predictions, pooled until they rise."""
    order = np.argsort(raw, kind="stable")
    bins = [
        [float(raw[part].mean()), float(y[part].sum() + 1) / (len(part) + 2), float(len(part))]
        for part in np.array_split(order, KNOTS)
    ]
    pooled: list[list[float]] = []
    for one in bins:
        pooled.append(one)
        while len(pooled) > 1 and pooled[-2][1] >= pooled[-1][1]:
            (r1, c1, n1), (r2, c2, n2) = pooled[-2:]
            n = n1 + n2
            pooled[-2:] = [[(r1 * n1 + r2 * n2) / n, (c1 * n1 + c2 * n2) / n, n]]
    knots = [(round(r, 4), round(c, 4)) for r, c, _ in pooled]
    first, last = knots[0], knots[-1]
    return ((0.0, round(first[1] / 2, 4)), *knots, (1.0, round((1 + last[1]) / 2, 4)))


def hash_of(key: str) -> int:
    """A number for a group; the same in every process."""
    return int.from_bytes(key.encode()[-8:], "big") ^ (len(key) << 40) ^ sum(key.encode()) << 20


def as_json(weights: Weights) -> dict[str, Any]:
    return {"bias": weights.bias, "weights": dict(weights.of), "knots": [list(knot) for knot in weights.knots]}


def predicted(weights: Weights, values: Mapping[str, float]) -> float:
    return weights.probability(values, Signs())
