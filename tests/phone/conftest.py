"""A fresh tab for each test of the page, which hangs up at its end."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    yield tab
    hangup = tab.locator("#hangup", has_text="Hang up")
    with suppress(Exception):  # a call left on would talk into the next test; a page without server cannot hang up
        if hangup.is_visible():
            hangup.click(timeout=1000)
