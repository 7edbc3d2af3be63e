"""`python -m training.confidence`: plays the calls, fits the weights, writes weights.json and docs/confidence.

    OMP_NUM_THREADS=1 python -m training.confidence [--every N] [--workers N] [--keep FOLDER] [--check]

`--check` fits nothing: it measures the shipped weights on the report's calls. Exit code 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import resources
from pathlib import Path

from training.confidence import fitting, report, words
from training.confidence.calls import calls
from training.confidence.playing import Played
from training.confidence.running import run
from voice_agent import calibration
from voice_agent.call.confidence import Judge

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "voice_agent" / "calibration" / "weights.json"
DOCS = ROOT / "docs" / "confidence"
WANTED = {
    "ece": ("<=", 0.05),
    "ece_worst_role": ("<=", 0.08),
    "recall": (">=", 0.98),
    "needless": ("<=", 0.08),
    "wrong_calls": ("<=", 0.005),
    "coverage": (">=", 0.85),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.confidence", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th call only")
    parser.add_argument("--policy-every", type=int, default=1, help="play every n-th call of the report once more")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--keep", type=Path, help="folder of calls played before: what stands in it is not played again"
    )
    parser.add_argument("--check", action="store_true", help="measure the shipped weights; write nothing")
    parser.add_argument("--out", type=Path, default=DOCS)
    options = parser.parse_args()
    began = time.monotonic()
    costs = calibration.load(resources.files("prompts")).costs
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)

    def played(name: str, which: str, judge: Judge | None, every: int = 1) -> list[Played]:
        keep = options.keep / f"{name}.jsonl" if options.keep else None
        return run(
            calls(which)[:: options.every * every], judge, labels=judge is None, workers=options.workers, keep=keep
        )

    if options.check:
        act, call = calibration.shipped()
        fit: list[Played] = []
    else:
        sys.stdout.write(f"{words.build()} words\n")
        fit = played("fit", "fit", None)
        rows = [row for one in fit for row in one.rows]
        act, call = fitting.fit(rows, "act"), fitting.fit(rows, "call")
        WEIGHTS.write_text(json.dumps({"act": fitting.as_json(act), "call": fitting.as_json(call)}, indent=1) + "\n")
    judge = Judge(act, call, costs)
    found = report.Evidence(
        fit, played("report", "report", None), played("policy", "report", judge, options.policy_every), act, call, costs
    )
    told = (
        report.figures(found)
        if options.check
        else report.write(found, options.out, command="python -m training.confidence")
    )
    missed = [
        name for name, (how, bound) in WANTED.items() if (told[name] > bound if how == "<=" else told[name] < bound)
    ]
    for name, value in told.items():
        sys.stdout.write(f"{name:18} {value:.4f}{'  MISSED' if name in missed else ''}\n")
    slipped, read_back = report.slips([*found.fit, *found.report])
    sys.stdout.write(f"slip {slipped} of {read_back}; right after a denial {report.after_denial(found.report):.3f}\n")
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
