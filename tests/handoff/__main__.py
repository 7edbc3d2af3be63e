"""`python -m tests.handoff [--out FILE]`: the whole matrix; exit code 1 if a caller or a summary was lost."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.handoff import ways
from tests.handoff.desk import SPEED, desk, emulated_twilio
from tests.handoff.matrix import Row, play, ringing, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.handoff")
    parser.add_argument("--out", type=Path, help="Markdown file to write.")
    wanted = parser.parse_args()
    rows: list[Row] = []
    others: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "life").mkdir()
        with emulated_twilio(folder) as twilio:
            for routed in (False, True):
                with desk(folder, twilio, routed=routed) as here:
                    for rest_up in (True, False):
                        rows += play(here, "taskrouter" if routed else "built-in", rest_up=rest_up)
            with ways.open_desk(folder, twilio) as here:
                for rest_up in (True, False):
                    others += ways.play(here, rest_up=rest_up)
            with desk(folder / "life", twilio, routed=False) as here:
                rang = ringing(here)
    text = _report(rows, others, rang)
    sys.stdout.write(text + "\n")
    if wanted.out is not None:
        wanted.out.parent.mkdir(parents=True, exist_ok=True)
        wanted.out.write_text(text + "\n")
    return 0 if all(row.end and row.told is not False and row.filed for row in (*rows, *others)) else 1


def _report(rows: list[Row], others: list[Row], rang: list[float]) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    lost = sum(not row.end for row in (*rows, *others))
    unfiled = sum(not row.filed for row in (*rows, *others))
    return "\n".join(
        [
            "# Hand-over: every outcome, every way to a person, REST up and down",
            "",
            f"Commit {commit}. `python -m tests.handoff`: a real server and emulated Twilio and Salesforce, over HTTP, "
            f"at {SPEED:g} times the speed of life; seconds are the emulator's.",
            "",
            f"{len(rows) + len(others)} calls: {lost} callers lost, {unfiled} summaries not on record. At the speed of "
            f"life, REST up: from the agent's `end` to the person's phone ringing {min(rang):.2f} to {max(rang):.2f} "
            f"s, median {statistics.median(rang):.2f} s, of {len(rang)} calls; about 0.6 s of it is Twilio's own way "
            "to the action.",
            "",
            table(rows),
            "",
            "Through TaskRouter the worker's phone is called by the assignment's own instruction, which knows no",
            "machine detection: whatever picks up and never answers the summary counts as a voicemail. `lost` is",
            "somebody who presses 1 and is gone before the caller is there.",
            "",
            "## Phones, SIP, Studio, and what else TaskRouter can be told",
            "",
            table(others),
            "",
            "`late`: the first answer to an assignment took six seconds of ours, so TaskRouter asked the fallback URL.",
            "`reject`: the first worker's phone may not be dialled. `accept`: the company's own program fetches the",
            "caller over REST, or, `accept_and_forget`, nobody does. After `dequeue` the worker is where",
            "`post_work_activity_sid` says, and who let a reservation run out is offline; both are looked at. With",
            "`dequeue`, `conference`, `accept` and Studio nobody reads the summary out: it stands in the console and",
            "in the Task.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
