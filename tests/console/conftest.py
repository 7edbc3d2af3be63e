"""A tab that is signed in, and people who call in."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.console.callers import Callers
from tests.phone.running import Demo
from voice_agent.console.wiring import DEMO_USER


@pytest.fixture
def console(tab: Page, demo: Demo) -> Page:
    """Signed in as the demo's admin, on the page of live calls."""
    sign_in(tab, demo.base, *DEMO_USER)
    return tab


@pytest.fixture
def callers(demo: Demo) -> Iterator[Callers]:
    """What they began is hung up after the test."""
    people = Callers(demo)
    yield people
    people.hang_up()


def sign_in(page: Page, base: str, name: str, password: str) -> None:
    page.goto(f"{base}/console/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/now*")
