"""`python -m training.build`: retrains both readers from the data in this folder and writes weights and report."""

from __future__ import annotations

import random
import sys
from time import perf_counter

from training.fit import examples, fit, grow, save
from training.sentences import Sentence, load

SEED = 20_240_611
EMERGENCY = frozenset(
    "gas co fire shock downed_line water_electric trapped pressure chemical injury exposure burst_pipe sewage".split()
)


def urgency_sentences(rng: random.Random, per_line: int) -> list[Sentence]:
    """The triage pools, and every intent sentence as routine work."""
    routine = [
        Sentence(s.text, ("r_trade",), s.lang, s.role, s.line) for s in load("intents", max(3, per_line // 3), rng)
    ]
    return load("urgency", per_line, rng) + routine


def intent_sentences(rng: random.Random, per_line: int) -> list[Sentence]:
    """The intent pools, and the emergencies of the triage pools."""
    urgent = [
        Sentence(s.text, ("emergency" if s.labels[0] in EMERGENCY else "new_problem",), s.lang, s.role, s.line)
        for s in load("urgency", max(2, per_line // 5), rng)
        if not s.labels[0].startswith("r_")
    ]
    return load("intents", per_line, rng) + urgent


def main() -> None:
    started = perf_counter()
    rng = random.Random(SEED)
    for name, sentences, strength in (
        ("urgency", urgency_sentences(rng, 12), 4.0),
        ("intents", intent_sentences(rng, 16), 4.0),
    ):
        rows = examples(grow(sentences, 1, rng), rng, {})
        model = fit(rows, strength)
        path = save(model, name)
        sys.stdout.write(
            f"{name}: {len(sentences)} sentences, {len(rows)} rows, {path.stat().st_size >> 10} KiB, "
            f"{perf_counter() - started:.0f} s\n"
        )


if __name__ == "__main__":
    main()
