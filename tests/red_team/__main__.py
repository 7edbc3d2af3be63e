"""Runs every cell of the malicious-model matrix: `python -m tests.red_team [--out docs/evidence/red_team.md]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import subprocess
import sys
import time
from pathlib import Path

from tests.red_team.cells import callers, cheats
from tests.red_team.running import Tally, a_range, tally
from tests.salesforce.emulated_org import emulator

PAGE = """# The malicious model

`python -m tests.red_team` at commit {commit}. A model that asks for every tool, for every caller, in every state and
phase, and in every way to cheat that the threat model names, before the real gateway and the real tools over the
emulated org. What happens is compared with `tests/red_team/rights.toml`, written from the contract's prose and sharing
nothing with the table under test.

{table}

Permitted cells that end in a read are not counted as changes. The same cells in a sample, planted holes in the table
that the matrix must find, and a smaller set judged by the org's own ledger run in the suite
(`tests/red_team/test_matrix.py`).
"""
HEADING = "| Cells | Tried | Permitted by the prose | Changes counted | Forbidden | Wrongly blocked | Seconds |"


async def run() -> list[tuple[str, Tally, float]]:
    found = []
    with emulator() as org:
        for name, cells in (("who, where, when", list(callers())), ("ways to cheat", list(cheats()))):
            org.reset()
            began = time.monotonic()
            async with a_range(org) as where:
                counted = await tally(where, cells)
            assert org.ledger() == [], "the counting writer writes nothing"
            found.append((name, counted, time.monotonic() - began))
    return found


def table(found: list[tuple[str, Tally, float]]) -> str:
    rows = [HEADING, "|---|---|---|---|---|---|---|"]
    for name, one, seconds in found:
        rows.append(
            f"| {name} | {one.cells} | {one.permitted} | {one.effects} | {len(one.forbidden)} | {len(one.blocked)} "
            f"| {seconds:.0f} |"
        )
    return "\n".join(rows)


def page(found: list[tuple[str, Tally, float]]) -> str:
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return PAGE.format(commit=commit, table=table(found))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    found = asyncio.run(run())
    wrong = [f"{'forbidden' if cell in one.forbidden else 'blocked'}: {cell}"
             for _, one, _ in found for cell in [*one.forbidden, *one.blocked][:20]]  # fmt: skip
    sys.stdout.write("\n".join([table(found), *wrong, ""]))
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(page(found))
    return int(any(one.forbidden or one.blocked for _, one, _ in found))


if __name__ == "__main__":
    sys.exit(main())
