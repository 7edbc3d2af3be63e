"""Every scripted call on two orgs: what was heard, what was written, and that nothing else was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.end_to_end.effects import EFFECTS, MOVED, REASSIGNED
from tests.end_to_end.running import Change, RunningDemo
from voice_agent import talk

SCRIPTS = sorted((Path(__file__).parents[2] / "fixtures" / "calls").glob("*.call"))
SPEED = 40.0
WHO = {"technician": 0, "customer": 1, "unknown": 2, "Helen": 3}
"""Place among the demo's callers: the second org's people have other names."""

pytestmark = pytest.mark.process


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_call_does_what_it_says_and_nothing_else(
    org: RunningDemo, script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script's own lines hold, and the org's ledger shows exactly the changes that belong to the job."""
    org.reset()
    since = org.position()
    caller, line = called(script)
    code = talk.run(org.url, caller=org.caller(WHO[caller]), line=line, script=script, speed=SPEED)
    heard = capsys.readouterr()
    assert code == 0, f"{heard.err}\n{heard.out}"
    effects = EFFECTS[script.name.split(".")[0]]
    changes = org.changes(since)
    assert shown(changes - {REASSIGNED} if effects is MOVED else changes) == shown(effects)


def test_every_script_has_its_effects_written_down() -> None:
    """A new script is asserted on from its first day."""
    assert {path.name.split(".")[0] for path in SCRIPTS} == set(EFFECTS)


def test_each_of_the_four_jobs_is_scripted_in_both_languages() -> None:
    """A job that works in one language only is not done."""
    stems = {path.name.removesuffix(".call") for path in SCRIPTS}
    for job in ("technician_one_sentence", "customer_eta", "customer_reschedule_voice", "after_hours_gas", "person"):
        assert {f"{job}.en", f"{job}.es"} <= stems


def called(script: Path) -> tuple[str, str | None]:
    """Who calls which line: the command in the script's own comment."""
    found = re.search(r"talk --as (\S+)(?: --line (\S+))?", script.read_text(encoding="utf-8"))
    assert found is not None, f"{script.name} does not say how to run it"
    return found[1], found[2]


def shown(changes: set[Change] | frozenset[Change]) -> list[str]:
    """Sorted lines, which a failed comparison shows well."""
    return sorted(f"{c.object} {c.kind} {c.records}: {' '.join(sorted(c.fields))}" for c in changes)
