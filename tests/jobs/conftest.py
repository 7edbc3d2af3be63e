"""One emulated org for the folder, put back to its first state before each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import database
from tests.salesforce.emulated_org import EmulatedOrg, emulator
from voice_agent.store import Store


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatedOrg]:
    with emulator() as org:
        yield org


@pytest.fixture
def org(emulated: EmulatedOrg) -> EmulatedOrg:
    emulated.reset()
    return emulated


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url:
        opened = Store(url)
        opened.prepare()
        yield opened
        opened.close()
