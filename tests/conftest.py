"""What tests of more than one part share: the running demo of each worker, and a browser for each module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium, watched_tab
from tests.phone.running import Demo
from tests.phone.running import demo as running_demo


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """One for phone page and console: what a test changes in it, it puts back."""
    with running_demo() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    with watched_tab(browser) as page:
        yield page
