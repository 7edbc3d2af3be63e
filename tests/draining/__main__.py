"""`python -m tests.draining [--calls 50] [--rounds 20] [--out FILE]`: exit code 1 if anybody was cut off or unheard."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.draining.campaign import HEAD, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.draining")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=4, help="DRAIN_SECONDS of each round.")
    parser.add_argument("--out", type=Path, help="Markdown file to write.")
    wanted = parser.parse_args()
    rounds = []
    for seed in range(wanted.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(play(Path(folder), calls=wanted.calls, drain_seconds=wanted.seconds, seed=seed))
            sys.stderr.write(rounds[-1].row() + "\n")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    total = sum(each.calls for each in rounds)
    cut, unanswered = sum(len(each.cut) for each in rounds), sum(each.unanswered for each in rounds)
    text = "\n".join(
        [
            "# Told to stop with calls on the line",
            "",
            f"Commit {commit}. `python -m tests.draining --calls {wanted.calls} --rounds {wanted.rounds}`: a real "
            f"`serve`, {wanted.seconds} s until the deadline, SIGTERM at any moment and once more later.",
            "",
            f"{total} live calls: {cut} cut off, {unanswered} turns unanswered, "
            f"{sum(each.handed_over for each in rounds)} told why and put through to a person at the deadline, "
            f"{sum(each.left for each in rounds)} gone by themselves. With none in {total} the rate is below "
            f"{300 / total:.2f} % (95 %).",
            "",
            HEAD,
            *(each.row() for each in rounds),
        ]
    )
    sys.stdout.write(text + "\n")
    if wanted.out is not None:
        wanted.out.parent.mkdir(parents=True, exist_ok=True)
        wanted.out.write_text(text + "\n")
    return 0 if all(each.kept and each.exit_code == 0 for each in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
