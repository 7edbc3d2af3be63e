"""One emulator process for the folder, put back to its first state before each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.salesforce.emulated_org import EmulatedOrg, emulator


@pytest.fixture(scope="session")
def emulated() -> Iterator[EmulatedOrg]:
    with emulator() as org:
        yield org


@pytest.fixture
def org(emulated: EmulatedOrg) -> EmulatedOrg:
    emulated.reset()
    return emulated
