"""A sample of the campaign that `python -m tests.kills` runs in full."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def test_a_sample_of_writes_under_kills_is_neither_lost_nor_doubled_nor_claimed() -> None:
    """In a process of its own: it forks, and a process with threads should not."""
    command = [sys.executable, "-m", "tests.kills", "--writes", "40", "--stride", "90"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "kill -9 of a caller's process | 0" not in ended.stdout, "it must have killed somebody"
