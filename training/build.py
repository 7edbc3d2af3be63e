"""`python -m training.build`: retrains both readers from the data in this folder and writes weights and report."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter
from typing import NamedTuple
from zlib import crc32

import numpy as np

from training.fit import best_temperature, examples, fit, grow, mean, save, with_temperature, with_true_shares
from training.held_out import read_set
from training.report import write_report
from training.sentences import Sentence, load
from voice_agent.language.classifier import Classifier
from voice_agent.language.features import features, hear
from voice_agent.language.meaning import vectors
from voice_agent.language.reading import LIFE_HAZARDS

SEED = 20_240_611
NONSENSE = 700
"""Sentences of words drawn by lot."""
FEWEST_LETTERS = 3
READERS = ("urgency", "intents")
WORKERS = 2


class Fit(NamedTuple):
    """Inverse of the penalty on large weights, how much the meanings of words count beside the words, and how often
    each sentence goes through the noise channel: hesitation and mis-hearing are most of what generalises."""

    strength: float
    sense: float
    copies: int


FITS = {"urgency": (Fit(4.0, 2.0, 2), Fit(4.0, 2.0, 2), Fit(2.0, 5.0, 2)), "intents": (Fit(1.5, 1.0, 3),)}
"""A reader is the mean of its fits, each with noise of its own: what one of them learnt by chance counts less."""
EMERGENCY = frozenset(
    "gas co fire shock downed_line water_electric trapped pressure chemical injury exposure burst_pipe sewage".split()
)


WEIGHTS: dict[str, dict[str, float]] = {
    "urgency": dict.fromkeys(LIFE_HAZARDS, 1.6) | {"r_trade": 0.5, "r_mild": 0.7},
    "intents": {"emergency": 0.6, "new_problem": 0.7},
}
"""Rows of the largest classes count less, those of danger more."""
ROUTINE_PROBLEMS = frozenset("r_chirp r_mild r_denied".split())


def urgency_sentences(rng: random.Random, per_line: int) -> list[Sentence]:
    """The triage pools, and every intent sentence as routine work."""
    routine = [
        Sentence(s.text, ("r_trade",), s.lang, s.role, s.line)
        for s in load("intents", max(2, per_line // 4), rng)
        if "emergency" not in s.labels
    ]
    return load("urgency", per_line, rng) + routine


def intent_sentences(rng: random.Random, per_line: int) -> list[Sentence]:
    """The intent pools, and from the triage pools emergencies and the calls that only ask for a visit."""
    triage: list[Sentence] = []
    for sentence in load("urgency", max(1, per_line // 6), rng):
        hazard = sentence.labels[0]
        if hazard in ROUTINE_PROBLEMS:
            label = "new_problem"
        elif hazard in EMERGENCY:
            label = "emergency"
        elif hazard.startswith("r_"):
            continue
        else:
            label = "new_problem"
        triage.append(Sentence(sentence.text, (label,), sentence.lang, sentence.role, sentence.line))
    return load("intents", per_line, rng) + triage + nonsense(rng)


def nonsense(rng: random.Random) -> list[Sentence]:
    """Words that belong to nothing: what is left when a line was too bad. They ask for none of the things we know."""
    words = sorted(word for word in vectors().rows if len(word) >= FEWEST_LETTERS)
    said = (" ".join(rng.choices(words, k=rng.choice((1, 2, 2, 3, 3, 4, 5)))) for _ in range(NONSENSE))
    return [Sentence(text, ("none",), rng.choice(("en", "es")), "unknown", f"{text}{{}}") for text in said]


def main() -> None:
    started = perf_counter()
    jobs = [(name, at) for name in READERS for at in range(len(FITS[name]))]
    trained: dict[str, list[str]] = {}
    notes: list[str] = []
    with ProcessPoolExecutor(WORKERS) as pool:
        temperature = pool.submit(intent_temperature)
        fits = dict(zip(jobs, pool.map(fitted, jobs), strict=True))
        for name in READERS:
            model = mean([fits[job] for job in jobs if job[0] == name])
            if name == "intents":
                model = with_temperature(model, temperature.result())
            else:
                model = with_true_shares(model, WEIGHTS[name])
            path = save(model, name)
            trained[name] = [sentence.text for sentence in sentences_of(name)]
            notes.append(
                f"{name}: {len(trained[name])} training sentences, {len(FITS[name])} fits, "
                f"{len(model.labels)} classes, {path.stat().st_size >> 10} KiB of weights, "
                f"temperature {model.temperature:.2f}"
            )
            sys.stdout.write(f"{notes[-1]}, {perf_counter() - started:.0f} s\n")
    sys.stdout.write(write_report(trained, notes))


def sentences_of(name: str) -> list[Sentence]:
    rng = random.Random(f"{SEED} {name}")
    return urgency_sentences(rng, 16) if name == "urgency" else intent_sentences(rng, 24)


def fitted(job: tuple[str, int]) -> Classifier:
    """One fit of one reader."""
    name, at = job
    how = FITS[name][at]
    rng = random.Random(f"{SEED} {name} {at}")
    return fit(examples(grow(sentences_of(name), how.copies, rng), rng, WEIGHTS[name]), how.strength, how.sense)


def intent_temperature() -> float:
    """From dev sentences and from training lines held out of a fit: a stranger's words are less like ours."""
    rng = random.Random(SEED + 1)
    sentences = sentences_of("intents")
    kept = [s for s in sentences if _fold(s.line) != 0]
    known = {s.text for s in kept}
    apart = [s for s in sentences if _fold(s.line) == 0 and "{" not in s.line and s.text not in known]
    how = FITS["intents"][0]
    model = fit(examples(grow(kept, how.copies, rng), rng, WEIGHTS["intents"]), how.strength, how.sense)
    asked = [(s.text, s.labels[0], s.role) for s in apart]
    asked += [(judged.text, judged.labels[0], judged.role) for judged in read_set("intents_dev")] * 2
    told = [item for item in asked if item[1] not in ("emergency", "new_problem")]  # triage decides between those
    heard = [(hear(text), role) for text, _, role in told]
    logits = [model.logits(features(one, role), one.meaning) for one, role in heard]
    return best_temperature(logits, np.asarray([model.labels.index(label) for _, label, _ in told]))


def _fold(line: str) -> int:
    return crc32(line.encode()) % 6


if __name__ == "__main__":
    main()
