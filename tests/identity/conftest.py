"""One org and one Twilio for the folder, put back before each test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.messaging.office import EmulatedTwilio, emulated_twilio
from tests.salesforce.emulated_org import EmulatedOrg, emulator


@pytest.fixture(scope="package")
def emulated_org() -> Iterator[EmulatedOrg]:
    with emulator() as org:
        yield org


@pytest.fixture
def org(emulated_org: EmulatedOrg) -> EmulatedOrg:
    emulated_org.reset()
    return emulated_org


@pytest.fixture(scope="package")
def twilio() -> Iterator[EmulatedTwilio]:
    with emulated_twilio() as emulated:
        yield emulated
