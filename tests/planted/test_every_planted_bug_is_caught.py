"""Each bug kept in `patches/` breaks one rule of a call, and the test that protects the rule fails with it.

The call machine and its tests are copied, one bug is put into the copy, and the named test runs against it in a process
of its own. Without a bug all the named tests pass, in the same kind of copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.planted.planting import Hunk, PatchOutdated, PlantedBug, planted_bugs, read

ROOT = Path(__file__).parents[2]
BUGS = planted_bugs()
WHOLE = "without a bug"
GUARD = """
import voice_agent.call.machine as machine

def pytest_sessionstart(session):
    assert machine.__file__.startswith({root!r}), machine.__file__
"""
PASSED, FAILED = 0, 1
"""pytest's exit codes; 2 and more mean that it could not run the test at all."""


def copied(to: Path) -> Path:
    """What `tests/call` needs, and a guard that it is this copy which is tested."""
    for package in ("voice_agent", "tests"):
        (to / package).mkdir(parents=True)
        shutil.copy(ROOT / package / "__init__.py", to / package)
        shutil.copytree(ROOT / package / "call", to / package / "call", ignore=shutil.ignore_patterns("__pycache__"))
    (to / "conftest.py").write_text(GUARD.format(root=str(to)), encoding="utf-8")
    (to / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    return to


def outcome_of(copy: Path, *tests: str) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-x", "-q", *tests]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def with_bug(bug: PlantedBug, folder: Path) -> tuple[int, str]:
    copy = copied(folder)
    bug.plant(copy)
    return outcome_of(copy, bug.caught_by)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[tuple[int, str]]]]:
    folder = tmp_path_factory.mktemp("planted")
    with ThreadPoolExecutor(2) as pool:
        named = sorted({bug.caught_by for bug in BUGS})
        runs = {WHOLE: pool.submit(lambda: outcome_of(copied(folder / "whole"), *named))}
        yield runs | {bug.name: pool.submit(with_bug, bug, folder / bug.name) for bug in BUGS}


def test_without_a_bug_all_the_named_tests_pass(outcomes: Mapping[str, Future[tuple[int, str]]]) -> None:
    code, told = outcomes[WHOLE].result()
    assert code == PASSED, told


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_bug_is_caught_by_the_test_of_its_rule(
    bug: PlantedBug, outcomes: Mapping[str, Future[tuple[int, str]]]
) -> None:
    code, told = outcomes[bug.name].result()
    assert code == FAILED, f"nothing notices that this no longer holds: {bug.rule}\n{told}"
    assert "AssertionError" in told or "\nE       assert " in told, f"it failed, but not on what it asserts:\n{told}"


def test_there_are_fifteen_bugs_or_more_and_ten_of_them_in_the_machine() -> None:
    machine = [bug for bug in BUGS if any(hunk.file.endswith("machine.py") for hunk in bug.hunks)]
    assert len(BUGS) >= 15 and len(machine) >= 10
    assert len({bug.rule for bug in BUGS}) == len(BUGS)


def test_a_patch_whose_code_has_changed_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\ny = 2\n", encoding="utf-8")
    for old in ("z = 3\n", "x = 1\n"):
        with pytest.raises(PatchOutdated, match=r"fits (0|2) places of a\.py"):
            PlantedBug("p", "r", "t", (Hunk("a.py", old, ""),)).plant(tmp_path)


def test_a_patch_is_put_where_its_text_stands_whatever_line_that_is(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# new\n# lines\none\ntwo\nthree\n", encoding="utf-8")
    (tmp_path / "p.patch").write_text(
        "# Rule: r\n# Caught by: t\n--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n",
        encoding="utf-8",
    )
    read(tmp_path / "p.patch").plant(tmp_path)
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "# new\n# lines\none\nzwei\nthree\n"


def test_a_patch_that_names_no_rule_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.patch").write_text("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a\n+b\n", encoding="utf-8")
    with pytest.raises(PatchOutdated, match="must begin with"):
        read(tmp_path / "p.patch")
