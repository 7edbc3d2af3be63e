"""Fits the linear readers on hashed features and writes their eight-bit weights."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]  # scipy ships no types
from sklearn.linear_model import LogisticRegression

from training import noise
from training.sentences import Sentence, read_pools
from voice_agent.language.classifier import Classifier
from voice_agent.language.features import BUCKETS, Group, features, hear
from voice_agent.language.meaning import Floats

MODELS = Path(__file__).parent.parent / "voice_agent" / "language" / "models"


ANYONES = frozenset("yes no none repeat number request_human message emergency".split())
"""Intents that a technician says as often as a customer, in the same words."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row of the training matrix."""

    groups: list[Group]
    meaning: Floats
    label: str
    weight: float


def grow(sentences: Sequence[Sentence], copies: int, rng: random.Random) -> list[tuple[Sentence, str]]:
    """Each sentence as written and `copies` times through the channel; thrice as often if its line has one way."""
    names = read_pools()
    grown: list[tuple[Sentence, str]] = []
    for sentence in sentences:
        grown.append((sentence, sentence.text))
        for _ in range(copies if "{" in sentence.line or "<" in sentence.line else 3 * copies):
            said = noise.hesitate(sentence.text, sentence.lang, rng, names)
            grown.append((sentence, noise.mishear(said, rng, rng.choice((0.0, 0.05, 0.1, 0.2)))))
    return grown


def examples(grown: Sequence[tuple[Sentence, str]], rng: random.Random, weights: dict[str, float]) -> list[Example]:
    """Rows, with the role known half of the time: the reader must manage without it. Two intents are two half rows."""
    rows: list[Example] = []
    for sentence, text in grown:
        role = sentence.role
        if role == "unknown":
            either = ANYONES.issuperset(sentence.labels) and rng.random() < 0.5
            role = "technician" if either else "customer"
        heard = hear(text)
        groups = features(heard, role if rng.random() < 0.5 else "unknown")
        share = 1 / len(sentence.labels)
        rows += [Example(groups, heard.meaning, label, weights.get(label, 1.0) * share) for label in sentence.labels]
    return rows


def matrix(groups_of: Sequence[list[Group]]) -> csr_matrix:
    columns: list[int] = []
    values: list[float] = []
    starts = [0]
    for groups in groups_of:
        for ids, value in groups:
            columns += ids
            values += [value] * len(ids)
        starts.append(len(columns))
    table = csr_matrix(
        (np.asarray(values, np.float32), np.asarray(columns, np.int32), np.asarray(starts, np.int64)),
        shape=(len(groups_of), BUCKETS),
    )
    table.sum_duplicates()
    return table


def fit(rows: Sequence[Example], strength: float, sense: float) -> Classifier:
    """Multinomial logistic regression; `strength` is the inverse of the L2 penalty, `sense` the share of meanings."""
    table = matrix([row.groups for row in rows])
    used = np.flatnonzero(table.getnnz(axis=0))
    labels = sorted({row.label for row in rows})
    wanted = np.asarray([labels.index(row.label) for row in rows])
    learner = LogisticRegression(C=strength, max_iter=60, tol=1e-3)
    meanings = csr_matrix(np.stack([row.meaning for row in rows]) * np.float32(sense))
    both = hstack([table[:, used], meanings]).tocsr()
    learner.fit(both, wanted, sample_weight=np.asarray([row.weight for row in rows], np.float32))
    full = np.zeros((BUCKETS, len(labels)), np.float32)
    full[used] = learner.coef_.T[: len(used)]
    full[used] -= full[used].mean(axis=1, keepdims=True)
    sensed = (learner.coef_.T[len(used) :] * sense).astype(np.float32)
    return rounded(tuple(labels), full, sensed, learner.intercept_.astype(np.float32))


def mean(models: Sequence[Classifier]) -> Classifier:
    """The mean of fits with the same labels: chance that each of them learnt cancels out."""
    weights, sense, bias = (
        np.stack(each).mean(axis=0).astype(np.float32)
        for each in zip(*((model.weights * model.scale, model.sense, model.bias) for model in models), strict=True)
    )
    return rounded(models[0].labels, weights, sense, bias)


def rounded(labels: tuple[str, ...], weights: Floats, sense: Floats, bias: Floats) -> Classifier:
    """Weights of the hashed features in eight bits, a scale for each label."""
    scale = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
    return Classifier(labels, np.round(weights / scale).astype(np.int8), scale, sense, bias, 1.0)


def with_temperature(model: Classifier, temperature: float) -> Classifier:
    return replace(model, temperature=temperature)


def with_true_shares(model: Classifier, weights: Mapping[str, float]) -> Classifier:
    """Weights of rows let rare labels be learnt; that they made a label likelier by itself is taken back."""
    heavier = np.log([weights.get(label, 1.0) for label in model.labels])
    return replace(model, bias=(model.bias - heavier).astype(np.float32))


def best_temperature(logits: Sequence[Floats], wanted: npt.NDArray[np.int64]) -> float:
    """The temperature with the least log loss on held-out sentences."""
    table = np.stack(logits)
    best, least = 1.0, np.inf
    for temperature in np.arange(0.3, 4.0, 0.05):
        scaled = table / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(axis=1))
        loss = float(np.mean(log_sum - scaled[np.arange(len(wanted)), wanted]))
        if loss < least:
            best, least = float(temperature), loss
    return round(best, 2)


def save(model: Classifier, name: str) -> Path:
    path = MODELS / f"{name}.npz"
    np.savez_compressed(
        path,
        labels=np.asarray(model.labels),
        weights=model.weights,
        scale=model.scale,
        sense=model.sense.astype(np.float16),
        bias=model.bias,
        temperature=np.float32(model.temperature),
    )
    return path
