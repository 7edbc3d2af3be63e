"""The campaign's report: docs/evidence/conversations.md with its pictures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign.judging import Verdict
from tests.campaign.tally import ENDS, by, pass_all, pass_any, share, worst

MOST_LISTED = 10
COLUMNS = "reached / with a person / unwanted"
COLOURS = {
    "reached": "#2f7d4f",
    "person": "#7aa6c2",
    "asked": "#c9b458",
    "lost": "#9a9a9a",
    "alarm": "#d98a3d",
    "wrong": "#b3372f",
}
SAID = {
    "reached": "reached their end",
    "person": "handed over by the agent",
    "asked": "asked for a person in the end",
    "lost": "neither",
    "alarm": "needless alarm",
    "wrong": "wrong write",
}


def write(verdicts: Sequence[Verdict], out: Path, *, seconds: float, command: str) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    picture = out.with_name(f"{out.stem}_by_noise.svg")
    turns = out.with_name(f"{out.stem}_turns.svg")
    _picture(verdicts, picture)
    _turns(verdicts, turns)
    out.write_text(_text(verdicts, picture.name, turns.name, seconds, command))


def _text(verdicts: Sequence[Verdict], picture: str, turns: str, seconds: float, command: str) -> str:
    titles, seeds = {v.title for v in verdicts}, {v.seed for v in verdicts}
    clean = [v for v in verdicts if v.noise == 0]
    parts = [
        "# Conversations",
        "",
        f"{len(titles)} scripted conversations with {len(seeds)} seeds each: a simulated caller with a goal, a manner "
        "of speaking and facts from the org talks to the real agent (session, call machine, rule-based model, tools, "
        "Salesforce client over HTTP, emulated org in a process of its own). No language model takes part. What "
        "happened is judged by the org's ledger alone: the records changed exactly as wanted and nothing else.",
        "",
        f"`{command}`, {seconds / 60:.1f} minutes, commit {_commit()}, {datetime.now(UTC):%Y-%m-%d}.",
        "",
        *_by_noise(verdicts),
        "",
        f"![What became of the calls, by share of misheard words]({picture})",
        "",
        "- *Handed over*: the agent gave up and connected a person. *Asked in the end*: the caller lost patience and",
        "  asked for one, and got one. *Neither*: hung up without either. *Wrong write*: any record changed otherwise",
        "  than wanted. *Needless alarm*: an emergency was recorded that nobody had, or under another danger; alarms",
        "  are the one thing recorded without asking. *Collateral*: changed records of an object the caller's wish",
        "  has nothing to do with, those of needless alarms among them.",
        "- *Words misheard* is what the line really did: word errors (substituted, lost, added) by words spoken.",
        "",
        *_consistency(clean, len(seeds)),
        "",
        *_table("By manner, on a clear line and at the worst", verdicts, lambda v: v.persona),
        "",
        *_table("By goal", verdicts, lambda v: f"{v.title.split('/')[0]}: {v.goal}"),
        "",
        "## Turns",
        "",
        f"![How many turns the calls that reached their end took]({turns})",
        "",
        *_worst(verdicts),
    ]
    return "\n".join(parts) + "\n"


def _by_noise(verdicts: Sequence[Verdict]) -> list[str]:
    rows = [
        "| Line | Words misheard | Calls | " + " | ".join(SAID[end] for end in ENDS) + " | collateral | turns |",
        "|---|---|---|" + "---|" * (len(ENDS) + 2),
    ]
    for lang, name in (("en", "English"), ("es", "Spanish"), ("", "both")):
        spoken = [v for v in verdicts if lang in ("", v.lang)]
        for noise in sorted({v.noise for v in spoken}):
            s = share(v for v in spoken if v.noise == noise)
            shares = [f"{100 * s.of(end):.1f} %" for end in ENDS[:-2]] + [str(s.ends["alarm"]), str(s.ends["wrong"])]
            rows.append(
                f"| {name}, {100 * noise:.0f} % | {100 * s.word_errors:.1f} % | {s.runs} | "
                f"{' | '.join(shares)} | {s.collateral} | {s.turns:.1f} |"
            )
    return rows


def _consistency(clean: Sequence[Verdict], seeds: int) -> list[str]:
    if not clean:
        return []
    one, every, best = (100 * rate for rate in (share(clean).of("reached"), pass_all(clean), pass_any(clean)))
    return [
        f"On a clear line: pass^1 {one:.1f} %, pass^{seeds} {every:.1f} %, pass@{seeds} {best:.1f} %. "
        "Seeds change how numbers are spoken, which answers are given and which replies are cut."
    ]


def _table(title: str, verdicts: Sequence[Verdict], key: Callable[[Verdict], object]) -> list[str]:
    levels = sorted({v.noise for v in verdicts})
    rows = [
        f"## {title}",
        "",
        "| | " + " | ".join(f"{100 * level:.0f} %: {COLUMNS}" for level in levels) + " | turns |",
        "|---|" + "---|" * (len(levels) + 1),
    ]
    for name, group in sorted(by(verdicts, key).items(), key=lambda row: str(row[0])):
        told = []
        for level in levels:
            s = share(v for v in group if v.noise == level)
            unwanted = s.ends["wrong"] + s.ends["alarm"]
            told.append(f"{100 * s.of('reached'):.0f} % / {100 * s.of('person', 'asked'):.0f} % / {unwanted}")
        rows.append(f"| {name} | {' | '.join(told)} | {share(group).turns:.1f} |")
    return rows


def _worst(verdicts: Sequence[Verdict]) -> list[str]:
    rows = [f"## The {MOST_LISTED} worst conversations", ""]
    for group in worst(verdicts, MOST_LISTED):
        total = sum(v.title == group[0].title for v in verdicts)
        example = min(group, key=lambda v: (v.end != "wrong", v.end != "alarm", v.noise, v.seed))
        rows += [
            f"### {example.title}",
            "",
            f"{len(group)} of {total} runs missed their end. One of them, at {100 * example.noise:.0f} % noise "
            f"({SAID[example.end]}): {example.why}",
            "",
            "```text",
            *(line[:240] for line in example.transcript[:14]),
            "```",
            "",
        ]
    return rows


def _picture(verdicts: Sequence[Verdict], out: Path) -> None:
    import matplotlib  # only the report draws

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "conversations"
    levels = sorted({v.noise for v in verdicts})
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), sharey=True)
    for axis, (lang, name) in zip(axes, (("en", "English"), ("es", "Spanish")), strict=True):
        bottom = [0.0] * len(levels)
        for end in ENDS:
            heights = [100 * share(v for v in verdicts if v.noise == n and v.lang == lang).of(end) for n in levels]
            axis.bar(range(len(levels)), heights, bottom=bottom, color=COLOURS[end], label=SAID[end], width=0.7)
            bottom = [b + h for b, h in zip(bottom, heights, strict=True)]
        axis.set_xticks(range(len(levels)), [f"{100 * n:.0f} %" for n in levels])
        axis.set_title(name)
        axis.set_xlabel("words misheard")
    axes[0].set_ylabel("calls, %")
    axes[0].set_ylim(0, 100)
    axes[1].legend(loc="lower right", fontsize=7)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def _turns(verdicts: Sequence[Verdict], out: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    levels = sorted({v.noise for v in verdicts})
    figure, axis = pyplot.subplots(figsize=(7, 3.2))
    most = max((v.turns for v in verdicts if v.end == "reached"), default=1)
    for level in levels:
        taken = [v.turns for v in verdicts if v.noise == level and v.end == "reached"]
        shares = [100 * sum(t <= n for t in taken) / max(1, len(taken)) for n in range(most + 1)]
        axis.step(range(most + 1), shares, where="post", label=f"{100 * level:.0f} %")
    axis.set_xlabel("turns of the caller, from first to last word")
    axis.set_ylabel("calls, % at most")
    axis.legend(title="words misheard", fontsize=7)
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
