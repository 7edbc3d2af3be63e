"""Judges the built readers on the held-out sentences and writes `docs/language/`: figures, curve, worst sentences."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import thread_time_ns

import matplotlib
import numpy as np

from training.held_out import Judged, read_set, without_relatives
from voice_agent.language import read
from voice_agent.language.reading import INTENTS, LIFE_HAZARDS, URGENT_HAZARDS, Level, Reading

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent.parent / "docs" / "language"
LEVELS: tuple[Level, ...] = ("life_safety", "urgent", "routine")
PARTS = ("dev", "test", "fresh", "blind")
SETS = tuple(f"{kind}_{part}" for kind in ("urgency", "intents") for part in PARTS)
_BINS = 10  # of equal mass


@dataclass(frozen=True, slots=True)
class Answer:
    """A held-out sentence beside what was read from it."""

    wanted: Judged
    reading: Reading

    @property
    def level(self) -> Level:
        return level_of(self.wanted.labels[0])

    @property
    def right(self) -> bool:
        return self.reading.intent == self.wanted.labels[0]


def level_of(label: str) -> Level:
    if label in LIFE_HAZARDS:
        return "life_safety"
    return "urgent" if label in URGENT_HAZARDS else "routine"


def answer(sentences: Sequence[Judged], *, roles: bool) -> list[Answer]:
    return [Answer(s, read(s.text, role=s.role if roles else "unknown")) for s in sentences]


def urgency_figures(answers: Sequence[Answer]) -> dict[str, float]:
    """Recalls and rates as fractions; `n` sentences."""
    counts = Counter((a.level, a.reading.urgency.level) for a in answers)
    total = Counter(a.level for a in answers)
    worse = total["life_safety"] + total["urgent"]
    missed = counts["life_safety", "routine"] + counts["urgent", "routine"]
    return {
        "n": len(answers),
        "life_safety recall": counts["life_safety", "life_safety"] / total["life_safety"],
        "routine taken for life_safety": counts["routine", "life_safety"] / total["routine"],
        "urgent or worse recall": 1 - missed / worse,
        "accuracy": sum(counts[level, level] for level in LEVELS) / len(answers),
    }


def calibration(answers: Sequence[Answer]) -> tuple[float, list[tuple[float, float]]]:
    """Expected calibration error over bins of equal mass, and (confidence, accuracy) of each bin."""
    ordered = sorted(answers, key=lambda a: a.reading.confidence)
    points = []
    error = 0.0
    for chunk in np.array_split(np.arange(len(ordered)), _BINS):
        said = float(np.mean([ordered[at].reading.confidence for at in chunk]))
        was = float(np.mean([ordered[at].right for at in chunk]))
        points.append((said, was))
        error += len(chunk) / len(ordered) * abs(said - was)
    return error, points


def draw_calibration(points: Sequence[tuple[float, float]], error: float, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(5, 5), dpi=110)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfect")
    axes.plot([p for p, _ in points], [a for _, a in points], marker="o", color="#1f5fa8", label="test sentences")
    axes.set(xlabel="stated confidence", ylabel="share that was right", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.set_title(f"Intent confidence, {_BINS} bins of equal mass, ECE {error:.3f}")
    axes.legend(loc="upper left", frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def latency(texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds of processor time of a whole `read`, slots included: what else runs beside it counts little."""
    for text in texts[:20]:
        read(text)
    spent = []
    for text in texts:
        started = thread_time_ns()
        read(text)
        spent.append((thread_time_ns() - started) / 1e6)
    return {"p50": float(np.percentile(spent, 50)), "p99": float(np.percentile(spent, 99)), "max": max(spent)}


def confusion(answers: Sequence[Answer]) -> str:
    counts = Counter((a.level, a.reading.urgency.level) for a in answers)
    lines = ["| said \\ read | " + " | ".join(LEVELS) + " |", "|---|--:|--:|--:|"]
    lines += [f"| {said} | " + " | ".join(str(counts[said, read_as]) for read_as in LEVELS) + " |" for said in LEVELS]
    return "\n".join(lines)


def intent_table(answers: Sequence[Answer]) -> str:
    lines = ["| intent | n | right | mostly taken for |", "|---|--:|--:|---|"]
    for intent in INTENTS:
        mine = [a for a in answers if a.wanted.labels[0] == intent]
        if mine:
            wrong = Counter(a.reading.intent for a in mine if not a.right).most_common(2)
            taken = ", ".join(f"{name} ({count})" for name, count in wrong)
            lines.append(f"| {intent} | {len(mine)} | {sum(a.right for a in mine)} | {taken} |")
    return "\n".join(lines)


def worst(urgency: Sequence[Answer], intents: Sequence[Answer], count: int) -> str:
    """Triage mistakes by cost, then intents by the confidence with which they were wrong."""
    rank = {"life_safety": 2, "urgent": 1, "routine": 0}
    missed = [a for a in urgency if a.level != a.reading.urgency.level]
    missed.sort(key=lambda a: (rank[a.reading.urgency.level] - rank[a.level], a.wanted.text))
    lines = [f"- {a.level} read as {a.reading.urgency.level}: *{a.wanted.text}*" for a in missed[:count]]
    sure = sorted((a for a in intents if not a.right), key=lambda a: -a.reading.confidence)[:count]
    lines += [
        f"- {a.wanted.labels[0]} read as {a.reading.intent} ({a.reading.confidence:.2f}): *{a.wanted.text}*"
        for a in sure
    ]
    return "\n".join(lines)


def write_report(trained: dict[str, list[str]], notes: Sequence[str]) -> str:
    """Writes the report and returns its figures as text. `trained` holds each reader's training sentences."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = ["# Triage and intents on sentences never trained on", "", "Written by `python -m training.build`.", ""]
    parts += [f"- {note}" for note in notes]
    answers: dict[str, list[Answer]] = {}
    for name in SETS:
        kept, dropped = without_relatives(read_set(name), trained[name.split("_")[0]])
        answers[name] = answer(kept, roles=name.startswith("intents"))
        parts.append(f"- {name}: {len(kept)} sentences judged, {dropped} dropped as near-duplicates of training data")
    parts += [
        "",
        "## Urgency",
        "",
        "| set | lang | n | " + " | ".join(list(urgency_figures(answers["urgency_test"]))[1:]),
    ]
    parts[-1] += " |"
    parts.append("|---|---|--:|--:|--:|--:|--:|")
    for name in SETS[: len(PARTS)]:
        for lang in ("en", "es", "both"):
            figures = urgency_figures([a for a in answers[name] if lang in (a.wanted.lang, "both")])
            row = " | ".join(f"{value:.3f}" for value in list(figures.values())[1:])
            parts.append(f"| {name.split('_')[1]} | {lang} | {figures['n']} | {row} |")
    for name in SETS[1 : len(PARTS)]:
        for lang, title in (("en", "English"), ("es", "Spanish")):
            told = [a for a in answers[name] if a.wanted.lang == lang]
            parts += ["", f"{title}, {name.split('_')[1]}:", "", confusion(told)]
    parts += [
        "",
        "## Intents",
        "",
        "| set | lang | n | top-1, role given | top-1, role unknown |",
        "|---|---|--:|--:|--:|",
    ]
    for name in SETS[len(PARTS) :]:
        for lang in ("en", "es", "both"):
            given = [a for a in answers[name] if lang in (a.wanted.lang, "both")]
            blind = answer([a.wanted for a in given], roles=False)
            shares = [float(np.mean([a.right for a in group])) for group in (given, blind)]
            parts.append(f"| {name.split('_')[1]} | {lang} | {len(given)} | {shares[0]:.3f} | {shares[1]:.3f} |")
    told = [a for part in PARTS[1:] for a in answers[f"intents_{part}"]]
    error, points = calibration(told)
    draw_calibration(points, error, FOLDER / "calibration.png")
    parts += [
        "",
        f"Calibration: ECE {error:.3f} on all sentences but those of dev.",
        "",
        "![calibration](calibration.png)",
        "",
    ]
    parts += [intent_table(told), ""]
    spent = latency([a.wanted.text for name in ("urgency_test", "intents_test") for a in answers[name]])
    parts += ["## Latency of a whole reading, slots included", ""]
    parts += [
        ", ".join(f"{name} {value:.2f} ms" for name, value in spent.items())
        + f" of processor time ({platform.machine()}, one core)"
    ]
    parts += ["", "## Worst sentences of the test set", ""]
    parts += [worst(answers["urgency_test"], answers["intents_test"], 10), ""]
    text = "\n".join(parts)
    (FOLDER / "report.md").write_text(text, "utf-8")
    return text
