"""`voice-agent bench` measures real turns of a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.process
def test_bench_counts_whole_turns_of_every_call() -> None:
    command = [sys.executable, "-m", "voice_agent", "bench", "--calls", "3", "--seconds", "10", "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["calls"], result["failed"]) == (3, 0) and result["turns"] >= 3
    assert 0 < result["p50"] <= result["p95"] <= result["p99"]


def test_a_load_nobody_can_mean_is_refused() -> None:
    command = [sys.executable, "-m", "voice_agent", "bench", "--calls", "0"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 2 and "--calls" in done.stderr
