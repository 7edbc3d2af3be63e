"""`voice-agent audit`: what a terminal says, and what the exit code tells a script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from voice_agent import audit
from voice_agent.audit import Audit, Entry
from voice_agent.store import Store

SECRET = "a key of at least thirty-two letters"
CONTACT = "003000000000001AAA"


@pytest.fixture
def database(tmp_path: Path) -> str:
    store = Store(f"sqlite:///{tmp_path / 'kept.sqlite3'}")
    store.prepare()
    log = Audit(SECRET)
    for said in ("move it", "yes"):
        entry = Entry("write", "CA1", {"tool": "reschedule"}, {"said": said}, contact=CONTACT)
        store.now(lambda c, e=entry: log.append(c, e, wall=1.0))  # type: ignore[misc]
    store.close()
    return f"sqlite:///{tmp_path / 'kept.sqlite3'}"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SECRET_KEY": SECRET, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "160"}
    command = [sys.executable, "-m", "voice_agent", "audit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd, timeout=60, check=False)


def test_verify_tells_sound_from_broken_by_its_exit_code(database: str, tmp_path: Path) -> None:
    sound = run("verify", "--database", database, cwd=tmp_path)
    assert (sound.returncode, "sound: 2 entries" in sound.stdout) == (0, True), sound
    store = Store(database)
    store.now(lambda c: c.execute(update(audit.entries).where(audit.entries.c.seq == 1).values(kind="refusal")))
    store.close()
    broken = run("verify", "--database", database, cwd=tmp_path)
    assert (broken.returncode, "broken at entry 1" in broken.stdout) == (1, True), broken


def test_a_person_is_shown_erased_and_the_log_stays_sound(database: str, tmp_path: Path) -> None:
    assert "move it" in run("show", "CA1", "--database", database, cwd=tmp_path).stdout
    erased = run("erase", "--contact", CONTACT, "--yes", "--database", database, cwd=tmp_path)
    assert "4 rows of audit_words" in erased.stdout, erased
    shown = run("show", "CA1", "--database", database, cwd=tmp_path).stdout
    assert "move it" not in shown and "(erased)" in shown
    assert run("verify", "--database", database, cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("verify",), "DATABASE_URL"),
        (("erase", "--yes", "--database", "{}"), "--contact"),
        (("show", "CA9", "--database", "{}"), "CA9"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(
    database: str, tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    refused = run(*(a.format(database) for a in arguments), cwd=tmp_path)
    assert refused.returncode == 2 and named in refused.stderr and "Traceback" not in refused.stderr, refused
