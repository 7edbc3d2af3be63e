"""Dev and test sentences, never trained on; what resembles a training sentence too closely is dropped and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voice_agent.language.words import heard_words

FOLDER = Path(__file__).parent / "held_out"
TOO_CLOSE = 0.8
"""Jaccard overlap of letter fives and words from which two sentences count as the same."""
SHORT = 4
"""Sentences of fewer words are kept even when trained on: there is only one way to say "yes"."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with what it must be read as. `labels` has the first intent first; `kind` groups the report."""

    text: str
    labels: tuple[str, ...]
    lang: str
    role: str
    kind: str


def read_set(name: str) -> list[Judged]:
    """`urgency_` or `intents_` and `dev`, `test` (judged since the first fit), `fresh` or `blind` (later, unseen)."""
    judged: list[Judged] = []
    head: list[str] = []
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("## "):
            head = line[3:].split()
        elif line.strip() and not line.startswith("#"):
            kind = head[0]
            labels = ("routine",) if kind.startswith("routine") else tuple(kind.split("+"))
            judged.append(Judged(line.strip(), labels, head[1], head[2] if len(head) > 2 else "unknown", kind))
    return judged


def without_relatives(judged: Iterable[Judged], trained: Iterable[str]) -> tuple[list[Judged], int]:
    """The sentences that do not resemble a training sentence, and how many did."""
    shingles = [_shingles(text) for text in set(trained)]
    by_shingle: dict[str, list[int]] = {}
    for at, parts in enumerate(shingles):
        for part in parts:
            by_shingle.setdefault(part, []).append(at)
    kept: list[Judged] = []
    dropped = 0
    for sentence in judged:
        parts = _shingles(sentence.text)
        shared: dict[int, int] = {}
        for part in parts:
            for at in by_shingle.get(part, ()):
                shared[at] = shared.get(at, 0) + 1
        closest = max((n / (len(parts) + len(shingles[at]) - n) for at, n in shared.items()), default=0.0)
        if closest >= TOO_CLOSE and len(sentence.text.split()) >= SHORT:
            dropped += 1
        else:
            kept.append(sentence)
    return kept, dropped


def _shingles(text: str) -> frozenset[str]:
    words = heard_words(text)
    flat = " ".join(words)
    return frozenset([*words, *(flat[at : at + 5] for at in range(max(1, len(flat) - 4)))])
