"""One demo a module and worker: the shipped org, and a generated one with other names, numbers, zones and labels."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.running import RunningDemo, demo


@pytest.fixture(scope="module", params=["first", "second"])
def org(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo on each of the two orgs."""
    folder: Path = tmp_path_factory.mktemp(f"demo-{request.param}")
    seed = None
    if request.param == "second":
        seed = folder / "seed"
        write = [sys.executable, "-m", "voice_agent.demo.salesforce.seed", "--out", str(seed), "--variant", "second"]
        subprocess.run(write, check=True, timeout=30)
    with demo(folder, seed=seed) as running:
        yield running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo on the shipped org, with the offline model."""
    with demo(tmp_path_factory.mktemp("demo")) as started:
        yield started
