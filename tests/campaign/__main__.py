"""`python -m tests.campaign`: simulated callers against the real agent, on clear and bad lines, and the report of it.

    python -m tests.campaign --seeds 8 --noise 0,5,10,20 --out docs/evidence/conversations.md

Exit code 1 when any record was changed otherwise than a caller wanted.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from pathlib import Path

from tests.campaign import report
from tests.campaign.conversations import conversations
from tests.campaign.judging import Verdict
from tests.campaign.playing import Cell, show
from tests.campaign.running import cells, run
from tests.campaign.tally import share

PROGRESS_SECONDS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--noise", default="0,5,10,20", help="per cent of words misheard")
    parser.add_argument("--only", default="", help="conversations whose title holds this pattern")
    parser.add_argument("--every", type=int, default=1, help="take every n-th conversation only")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file of verdicts: what stands in it is not played again")
    parser.add_argument("--show", action="store_true", help="print the calls that missed their end")
    parser.add_argument("--out", type=Path, help="Markdown report; pictures go beside it")
    options = parser.parse_args()
    chosen = [one for one in conversations() if re.search(options.only, one.title)][:: options.every]
    todo = cells(chosen, [int(rate) / 100 for rate in options.noise.split(",")], options.seeds)
    began = time.monotonic()
    verdicts = _played(todo, options, began)
    seconds = time.monotonic() - began
    verdicts.sort(key=lambda v: (v.title, v.noise, v.seed))
    for noise in sorted({v.noise for v in verdicts}):
        s = share(v for v in verdicts if v.noise == noise)
        sys.stdout.write(
            f"{100 * noise:3.0f} %: {s.runs} calls, {100 * s.of('reached'):.1f} % reached, "
            f"{100 * s.of('person', 'asked'):.1f} % with a person, {100 * s.of('lost'):.1f} % neither, "
            f"{s.ends['wrong']} wrong writes, {s.ends['alarm']} needless alarms, {s.collateral} collateral records\n"
        )
    if options.out:
        report.write(verdicts, options.out, seconds=seconds, command=f"python -m tests.campaign {_asked(options)}")
    return 1 if any(v.end == "wrong" for v in verdicts) else 0


def _played(todo: list[Cell], options: argparse.Namespace, began: float) -> list[Verdict]:
    verdicts: list[Verdict] = []
    ends: Counter[str] = Counter()
    told = began
    for verdict in run(todo, options.workers, options.keep):
        verdicts.append(verdict)
        ends[verdict.end] += 1
        if options.show and verdict.end != "reached":
            show(verdict)
        if (now := time.monotonic()) - told > PROGRESS_SECONDS:
            told = now
            counts = ", ".join(f"{count} {end}" for end, count in ends.most_common())
            sys.stderr.write(f"{len(verdicts)} of {len(todo)} after {now - began:.0f} s: {counts}\n")
    return verdicts


def _asked(options: argparse.Namespace) -> str:
    return f"--seeds {options.seeds} --noise {options.noise}"


if __name__ == "__main__":
    raise SystemExit(main())
