"""The page of live calls in a real browser, with people calling in over the emulated Twilio."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import PATIENCE_MS
from tests.console.callers import QUICK, Callers

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)


def test_a_call_comes_up_by_itself_says_what_it_wants_and_goes(console: Page, callers: Callers) -> None:
    call = callers.call("Maria Gonzalez")
    row = console.locator(f"#call-{call}")
    expect(row).to_contain_text("Maria Gonzalez")
    expect(row).to_have_attribute("data-level", "1")
    expect(console.get_by_text("No calls right now.")).to_be_hidden()
    callers.say(call, "Where is my technician?")
    expect(row.locator(".wants")).to_contain_text("eta")
    expect(row.locator(".latency")).to_contain_text(re.compile(r"\d+ ms"))
    expect(console.locator("[data-tally=now]")).to_have_text("1")
    callers.hang_up()
    expect(row).to_have_attribute("data-state", "ended")
    expect(console.locator("[data-tally=now]")).to_be_hidden()


def test_an_emergency_is_at_the_top_and_cannot_be_missed(console: Page, callers: Callers) -> None:
    danger = callers.call("Helen Park")
    other = callers.call("Maria Gonzalez")
    expect(console.locator(f"#call-{other}")).to_be_visible()
    callers.say(danger, "It smells like gas in the basement")
    expect(console.locator(".row").first).to_have_id(f"call-{danger}")
    expect(console.locator(f"#call-{danger}")).to_have_attribute("data-urgent", "emergency")
    expect(console.locator("[data-count=emergencies]")).to_have_text("1")


def test_an_open_call_is_followed_word_by_word_with_what_was_cut(console: Page, callers: Callers) -> None:
    callers.demo.talk_faster(1)
    call = callers.call("Maria Gonzalez")
    console.locator(f"#call-{call} a").click()
    pane = console.locator("#pane")
    expect(pane).to_contain_text("automated assistant")
    callers.barge_in(call, "Where is my technician?")
    expect(pane.locator(".said.agent .unheard").first).to_be_visible()
    callers.demo.talk_faster(QUICK)
    expect(pane.locator(".said.caller .words")).to_have_text("Where is my technician?")
    expect(pane.locator(".step code")).to_have_text("eta")
    expect(pane.locator(".meta")).to_contain_text([re.compile("first words")])
    expect(pane.locator(".said.agent .words").last).to_contain_text(re.compile("between|planned", re.I))


def test_everything_can_be_reached_from_the_keyboard(console: Page, callers: Callers) -> None:
    first, second = callers.call("Maria Gonzalez"), callers.call("Helen Park")
    expect(console.locator(".row:not([data-state=ended])")).to_have_count(2)
    expect(console.locator(f"#call-{first}")).to_contain_text("Maria")
    console.keyboard.press("j")
    expect(console.locator(f"#call-{second} a")).to_be_focused()
    console.keyboard.press("j")
    expect(console.locator(f"#call-{first} a")).to_be_focused()
    console.keyboard.press("Enter")
    expect(console.locator("#pane h2")).to_have_text("Maria Gonzalez")
    console.keyboard.press("Escape")
    expect(console.locator("#pane h2")).to_have_count(0)
    expect(console.locator(f"#call-{first} a")).to_be_focused()
    console.keyboard.press("/")
    console.keyboard.type("helen")
    expect(console.locator(f"#call-{first}")).to_be_hidden()
    expect(console.locator(f"#call-{second}")).to_be_visible()
    console.keyboard.press("Escape")
    console.keyboard.press("?")
    expect(console.get_by_role("dialog")).to_be_visible()


def test_a_call_leads_to_the_records_of_its_caller(console: Page, callers: Callers) -> None:
    call = callers.call("Maria Gonzalez")
    expect(console.locator(f"#call-{call}")).to_contain_text("Maria Gonzalez")
    console.goto(f"{callers.demo.base}/console/calls/{call}")
    with console.context.expect_page() as opened:
        console.get_by_role("link", name="Record", exact=True).click()
    expect(opened.value.locator("h1")).to_have_text("Contact Maria Gonzalez")
    opened.value.close()
    refused = console.request.get(f"{callers.demo.base}/console/records/..%2Fevil")
    assert refused.status == 404
    callers.hang_up()


def test_a_narrow_screen_shows_the_call_as_a_page_of_its_own(console: Page, callers: Callers) -> None:
    console.set_viewport_size({"width": 390, "height": 800})
    call = callers.call("Maria Gonzalez")
    expect(console.locator(f"#call-{call}")).to_contain_text("Maria Gonzalez")
    console.locator(f"#call-{call} a").click()
    console.wait_for_url(f"**/console/calls/{call}")
    expect(console.locator("h2").first).to_have_text("Maria Gonzalez")
    wide = console.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "the page scrolls sideways"
