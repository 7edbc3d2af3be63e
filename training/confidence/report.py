"""docs/confidence/report.md with its curves: how sure the agent may be of itself, on callers it was not fitted on."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.confidence import measuring
from training.confidence.calls import FIT_MANNERS, MISTAKES, NOISE, REPORT_MANNERS
from training.confidence.fitting import predicted
from training.confidence.playing import Played, Row
from voice_agent.call.confidence import Act, Costs, Kind, Weights

ROLES = ("customer", "technician", "unknown")
COVERAGE = 0.85
SERVED = ("reached",)


@dataclass(frozen=True, slots=True)
class Evidence:
    """`fit` and `report`: calls in which nothing was handed over for want of confidence. `policy`: the report's calls
    once more, with it."""

    fit: Sequence[Played]
    report: Sequence[Played]
    policy: Sequence[Played]
    act: Weights
    call: Weights
    costs: Costs


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows of one head with what is said of them now."""

    rows: list[Row]
    said: list[float]

    @property
    def right(self) -> list[bool]:
        return [row.right for row in self.rows]

    def only(self, keep: Callable[[Row], bool]) -> Judged:
        kept = [(row, p) for row, p in zip(self.rows, self.said, strict=True) if keep(row)]
        return Judged([row for row, _ in kept], [p for _, p in kept])

    @property
    def error(self) -> float:
        return measuring.calibration_error(self.said, self.right)


def judged(calls: Sequence[Played], head: str, weights: Weights) -> Judged:
    rows = [row for played in calls for row in played.rows if row.head == head]
    return Judged(rows, [predicted(weights, row.values) for row in rows])


@dataclass(frozen=True, slots=True)
class HandOvers:
    """Calls by whether the agent serves them, with or without judging itself, and whether a person came.

    `saw` counts the calls in need that the agent handed over by itself, before the caller asked for a person.
    """

    needed: int
    came: int
    saw: int
    served: int
    needless: int
    turns_before: float
    turns_after: float


def hand_overs(alone: Sequence[Played], policy: Sequence[Played]) -> HandOvers:
    without = {played.call.key: played for played in alone}
    pairs = [(without[played.call.key], played) for played in policy if played.call.key in without]
    wants_person = [(a, b) for a, b in pairs if b.call.cell.conversation.goal.left != "hand_off" or b.call.must]
    needed = [
        (a, b) for a, b in wants_person if b.call.must or (a.end in ("asked", "person", "lost") and b.end != "reached")
    ]
    served = [(a, b) for a, b in wants_person if not b.call.must and a.end == "reached"]
    came = [b for _, b in needed if b.handed_over]
    return HandOvers(
        needed=len(needed),
        came=len(came),
        saw=sum(not b.asked_person for b in came),
        served=len(served),
        needless=sum(b.handed_over for _, b in served),
        turns_before=_mean([a.turns for a, _ in needed]),
        turns_after=_mean([b.turns for _, b in needed]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def figures(found: Evidence) -> dict[str, float]:
    """What the contract asks for, by name."""
    act = judged(found.report, "act", found.act)
    call = judged(found.report, "call", found.call)
    coverage, risk = measuring.risk_coverage(act.said, act.right)
    over = hand_overs(found.report, found.policy)
    tasks = [p for p in found.policy if not p.call.must]
    wrong = sum(p.end == "wrong" for p in tasks)
    by_agent = [p for p in tasks if not p.handed_over or p.call.cell.conversation.goal.left == "hand_off"]
    return {
        "cases": len(act.rows),
        "ece": act.error,
        "ece_worst_role": max(act.only(lambda row, r=role: row.role == r).error for role in ROLES),  # type: ignore[misc]
        "ece_outlook": call.error,
        "brier": measuring.brier(act.said, act.right),
        "auc": measuring.rank_quality(act.said, act.right),
        "aurc": measuring.area_under_risk(act.said, act.right),
        "risk_at_coverage": float(risk[int(COVERAGE * len(risk)) - 1]),
        "wrong_calls": wrong / max(1, len(tasks)),
        "coverage": len(by_agent) / max(1, len(tasks)),
        "recall": over.came / max(1, over.needed),
        "saw": over.saw / max(1, over.needed),
        "needless": over.needless / max(1, over.served),
    }


def slips(calls: Sequence[Played]) -> tuple[int, int]:
    """(wrong writes that callers agreed to, wrong read-backs)."""
    read_back = sum(row.head == "act" and row.kind == Kind.CHANGE.value and not row.right
                    for played in calls for row in played.rows)  # fmt: skip
    return sum(played.end == "wrong" for played in calls), read_back


def after_denial(calls: Sequence[Played]) -> float:
    """How often a read-back is right that follows one the caller said no to."""
    later = [row.right for played in calls for row in played.rows
             if row.kind == Kind.CHANGE.value and row.values["read_back_corrected"] > 0 and not row.must]  # fmt: skip
    return _mean([float(right) for right in later])


# -- the document ----------------------------------------------------------------------------------------------------


def write(found: Evidence, folder: Path, *, command: str) -> dict[str, float]:
    folder.mkdir(parents=True, exist_ok=True)
    told = figures(found)
    act, call = judged(found.report, "act", found.act), judged(found.report, "call", found.call)
    _reliability(act, call, folder / "reliability.png")
    _risk(act, found, folder / "risk_coverage.png")
    (folder / "report.md").write_text(_text(found, told, act, call, command), "utf-8")
    return told


def _text(found: Evidence, told: dict[str, float], act: Judged, call: Judged, command: str) -> str:
    over = hand_overs(found.report, found.policy)
    slipped, read_back = slips([*found.fit, *found.report])
    costs = found.costs
    parts = [
        "# How sure the agent may be",
        "",
        "Every act of the agent carries a probability that it is right, made from evidence and never from a model's "
        "opinion of itself. This is how well that probability keeps its word, on simulated calls: the callers, bad "
        "lines and judge of `tests/campaign` against the real session, tools and emulated org. A label is what the "
        "records say: the plan behind each read-back is committed by itself to the org as it was before the call, and "
        "right when the ledger then shows a change that was wanted and none that was not; a call is served "
        "when its end state is the wanted one.",
        "",
        f"`{command}` builds the weights ({len(found.fit)} calls: {', '.join(FIT_MANNERS)}) and this report "
        f"({len(found.report)} other calls: {', '.join(REPORT_MANNERS)}). The two share no opening sentence, manner or "
        f"noise seed. Words misheard: {', '.join(f'{100 * n:.0f} %' for n in NOISE['report'])}; in half of the calls "
        f"{100 * MISTAKES[-1]:.0f} % of the model's tool calls have an argument changed at random, because the "
        "rule-based model that plays it hardly errs by itself.",
        "",
        "| Figure | Wanted | Found |",
        "|---|---|---|",
        f"| Calibration error of acts, {len(act.rows)} cases, 10 equal-mass bins | <= 0.05 | {told['ece']:.3f} |",
        f"| the same in the worst role | <= 0.08 | {told['ece_worst_role']:.3f} |",
        f"| Calls in need of a person that got one ({over.needed}) | >= 98 % | {100 * told['recall']:.1f} % |",
        f"| Calls handed over though the agent serves them ({over.served}) | <= 8 % | {100 * told['needless']:.1f} % |",
        f"| Calls that end with a wrong record | <= 0.5 % | {100 * told['wrong_calls']:.2f} % |",
        f"| at a share of calls the agent carries by itself of | >= 85 % | {100 * told['coverage']:.1f} % |",
        "",
        "![Said and found, for acts and for calls](reliability.png)",
        "",
        *_by_role(act),
        "",
        f"Brier score {told['brier']:.3f}; a right act is trusted more than a wrong one in {100 * told['auc']:.1f} % "
        f"of pairs; calibration error of the outlook of a call {told['ece_outlook']:.3f} over {len(call.rows)} turns.",
        "",
        "## Risk and coverage",
        "",
        "![Wrong acts among the surest so many](risk_coverage.png)",
        "",
        f"Before the caller has confirmed anything, {100 * told['risk_at_coverage']:.1f} % of the surest "
        f"{100 * COVERAGE:.0f} % of acts are wrong (area under the curve {told['aurc']:.3f}). That is why confidence "
        "never commits: every change is read back. Of "
        f"{read_back} wrong read-backs callers agreed to {slipped}. What then stands in the records is the row of "
        "the table above.",
        "",
        "## Hand-over",
        "",
        f"Of {over.needed} calls that the agent alone does not serve (wishes no tool has, and calls that end unserved "
        f"when nothing is handed over for want of confidence) {over.came} reached a person, {over.saw} of them "
        f"by the agent's own judgement before the caller asked. They took {over.turns_before:.1f} turns without it and "
        f"{over.turns_after:.1f} with it.",
        "",
        _ends(found),
        "",
        "## What decides",
        "",
        "Thresholds follow from `prompts/costs.toml`: a call is handed over when its outlook falls below "
        f"{costs.hand_over_below:.2f}; a change is asked again instead of read back below "
        f"{costs.ask_below(Act(Kind.CHANGE)):.2f} ({costs.ask_below(Act(Kind.CHANGE, reversible=False)):.2f} where it "
        "cannot be undone), twice at most. Guidance in danger waits for none of it.",
        "",
        *_weights(found),
        "",
        "## What this does not show",
        "",
        "- Callers, lines and errors are simulated; real recognisers and language models err in other ways. The "
        "figures say that the machinery keeps its word on calls it has not seen, not what yours will be: rebuild "
        "with recorded calls.",
        "- Token log-probabilities and a recogniser's own confidence have no data here. Where they exist they move the "
        "log-odds by hand-set amounts, bounded to three quarters of a step in all.",
        "- Unknown are callers under a number of nobody on record, on every line; dispatchers do not call. Only one of "
        f"their wishes leads to an act, a message: {_openings(found)} of them, half with a model that errs. "
        "Callers who prove themselves by a work order number and a code are not among them.",
        f"- Played on commit {_commit()}; agent and gateway move on, and every rebuild moves the figures a little.",
    ]
    return "\n".join(parts) + "\n"


def _openings(found: Evidence) -> int:
    """Different messages of strangers in the report's calls."""
    told = {played.call.cell.conversation.title for played in found.report if played.call.cell.conversation.goal.reads
            and played.call.cell.conversation.goal.who == "stranger"}  # fmt: skip
    return len(told)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _by_role(act: Judged) -> list[str]:
    rows = ["| Role | Acts | right | said | calibration error |", "|---|---|---|---|---|"]
    for role in ROLES:
        mine = act.only(lambda row, r=role: row.role == r)  # type: ignore[misc]
        said, was = _mean(mine.said), _mean([float(right) for right in mine.right])
        rows.append(f"| {role} | {len(mine.rows)} | {100 * was:.1f} % | {100 * said:.1f} % | {mine.error:.3f} |")
    return rows


def _ends(found: Evidence) -> str:
    rows = ["| Calls of the report | " + " | ".join(ENDS.values()) + " |", "|---|" + "---|" * len(ENDS)]
    for name, calls in (("without it", found.report), ("with it", found.policy)):
        ends = Counter(played.end for played in calls)
        rows.append(f"| {name} | " + " | ".join(f"{ends[end]}" for end in ENDS) + " |")
    return "\n".join(rows)


ENDS = {
    "reached": "ended as wanted",
    "person": "handed over by the agent",
    "asked": "asked for a person in the end",
    "lost": "neither",
    "alarm": "needless alarm",
    "wrong": "wrong record",
}


def _weights(found: Evidence) -> list[str]:
    names = sorted({*found.act.of, *found.call.of}, key=lambda name: found.act.of.get(name, 0.0))
    rows = ["| Evidence (0 to 1) | weight for the act | for the call |", "|---|---|---|"]
    for name in names:
        act, call = found.act.of.get(name), found.call.of.get(name)
        rows.append(f"| {name.replace('_', ' ')} | {_number(act)} | {_number(call)} |")
    return [*rows, "", f"Bias {found.act.bias:.2f} and {found.call.bias:.2f}; log-odds, before the calibration curve."]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


# -- pictures --------------------------------------------------------------------------------------------------------


def _reliability(act: Judged, call: Judged, out: Path) -> None:
    import matplotlib  # only the report draws

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.4), sharey=True)
    for axis, data, name, colour in (
        (axes[0], act, "the act is right", "#2f6d8f"),
        (axes[1], call, "the call ends as wanted", "#8f5a2f"),
    ):
        found = measuring.bins(data.said, data.right)
        axis.plot([0, 1], [0, 1], color="#b0b0b0", linewidth=1)
        axis.plot([b.said for b in found], [b.was for b in found], marker="o", color=colour)
        axis.set_title(f"{name}: {len(data.rows)} cases, error {data.error:.3f}", fontsize=10)
        axis.set_xlabel("probability said")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, 1)
        axis.set_aspect("equal")
    axes[0].set_ylabel("share that was so")
    figure.tight_layout()
    figure.savefig(out, dpi=110, metadata={"Software": ""})
    pyplot.close(figure)


def _risk(act: Judged, found: Evidence, out: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6.4, 4))
    coverage, risk = measuring.risk_coverage(act.said, act.right)
    axis.plot(100 * coverage, 100 * risk, color="#2f6d8f", label="before the caller has confirmed")
    axis.axhline(
        100 * (1 - _mean([float(r) for r in act.right])), color="#b0b0b0", linewidth=1, label="without any judgement"
    )
    told = figures(found)
    axis.plot([100 * told["coverage"]], [100 * told["wrong_calls"]], "o", color="#b3372f",
              label="in the records, read-back and hand-over included")  # fmt: skip
    axis.set_xlabel("coverage, % of acts (of calls for the dot)")
    axis.set_ylabel("wrong, %")
    axis.set_xlim(0, 101)
    axis.set_ylim(bottom=-0.5)
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(out, dpi=110, metadata={"Software": ""})
    pyplot.close(figure)
