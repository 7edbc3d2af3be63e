"""`python -m tests.kills [--writes N] [--database sqlite|postgresql] [--seed S]`: exit code 1 if a write went wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.databases import database
from tests.kills.campaign import Campaign, Result
from tests.salesforce.emulated_org import emulator


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.kills", description="Writes under kill -9, and the count.")
    asked.add_argument("--writes", type=int, default=10_000)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--stride", type=int, default=1, help="sweep every so many-th call of one write")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="voice-agent-kills-") as name:
        folder = Path(name)
        with emulator() as org, database(given.database, folder) as url:
            result = Campaign(org, url, folder, given.seed).run(given.writes, given.stride)
    sys.stdout.write(told(result, given.database, given.seed))
    return 0 if result.sound else 1


def told(result: Result, kind: str, seed: int) -> str:
    """The figures as they stand in docs/evidence/writes.md."""
    bound = 3 / result.noted if result.noted else 1.0
    rows = [
        ("writes asked for", result.asked),
        ("noted durably before their process died, or did not", result.noted),
        ("made in the org", result.made),
        ("said to be done on the line", result.said_done),
        ("settled behind the caller's back", result.by_worker),
        ("**lost** (noted and never made)", len(result.lost)),
        ("**doubled** (made more than once)", len(result.doubled)),
        ("**claimed** (said and not there, or there and not noted)", len(result.claimed)),
        ("still open at the end", len(result.unsettled)),
        ("kill -9 of a caller's process", result.kills),
        ("of these swept over every wait and every call of one write", result.swept),
        ("kill -9 of the worker", result.worker_kills),
        ("requests the org spoiled (applied and hung, dropped, 503, locked, limit)", result.faults),
        ("seconds", round(result.seconds)),
    ]
    lines = [f"| {what} | {figure} |" for what, figure in rows]
    named = [f"- {key}" for key in (*result.lost, *result.doubled, *result.claimed, *result.unsettled)[:20]]
    return "\n".join(
        [
            f"Database {kind}, seed {seed}. With none wrong of {result.noted}, the rate is below {bound:.2g} (95 %).",
            "",
            "| What | Count |",
            "|---|---|",
            *lines,
            *named,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
