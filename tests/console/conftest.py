"""One running demo, and one browser a module; a fresh tab, signed in or not, for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.console.callers import Callers
from tests.phone.conftest import ARGUMENTS, CHROMIUM, PATIENCE_MS
from tests.phone.running import Demo
from tests.phone.running import demo as running_demo
from voice_agent.console.wiring import DEMO_USER


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    with running_demo() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
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
    wrong += [word for word in ("undefined", "NaN", "[object", "null", "None") if word in shown]
    context.close()
    assert not wrong


@pytest.fixture
def console(tab: Page, demo: Demo) -> Page:
    """The tab, signed in as the demo's admin, on the page of live calls."""
    sign_in(tab, demo, *DEMO_USER)
    return tab


@pytest.fixture
def callers(demo: Demo) -> Iterator[Callers]:
    """People who call in; what they began is hung up after the test."""
    people = Callers(demo)
    yield people
    people.hang_up()


def sign_in(page: Page, demo: Demo, name: str, password: str) -> None:
    page.goto(f"{demo.base}/console/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/now*")
