"""One running demo and one browser for all tests of the page; a fresh tab for each."""

import shutil
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.phone.running import Demo
from tests.phone.running import demo as running_demo

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE_MS = 20_000


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with running_demo() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer than a module: while it is open its event loop runs in this thread, and nobody else's can."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab that fails its test when a script fails, the content policy refuses something, or a hole is shown."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text and "ERR_" not in message.text:
            wrong.append(message.text)

    tab.on("console", said)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    shown = tab.locator("body").inner_text()
    wrong += [word for word in ("undefined", "NaN", "[object", "null") if word in shown]
    hangup = tab.locator("#hangup", has_text="Hang up")
    with suppress(Exception):  # a call left on would talk into the next test; a page without server cannot hang up
        if hangup.is_visible():
            hangup.click(timeout=1000)
    context.close()
    assert not wrong
