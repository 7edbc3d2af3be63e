"""Headless Chromium for every test that looks at a page: one browser a module, and tabs that fail on what goes wrong.

Not a browser for longer than a module: while it is open its event loop runs in this thread, and nobody else's can.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PATIENCE_MS = 20_000
HOLES = ("undefined", "NaN", "[object", "null", "None")
"""What a page shows where a value is missing."""


@contextmanager
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@contextmanager
def watched_tab(browser: Browser) -> Iterator[Page]:
    """A tab that fails its test when a script fails, the content policy refuses something, or a hole is shown."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text and "ERR_" not in message.text:
            wrong.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    shown = page.locator("body").inner_text()
    wrong += [word for word in HOLES if word in shown]
    context.close()
    assert not wrong
