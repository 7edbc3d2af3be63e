"""The staff's phones in a real browser: an engineer plays the caller in one tab and the dispatcher in another."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import PATIENCE_MS, watched_tab
from tests.console.callers import Callers
from tests.phone.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)


def test_a_phone_is_answered_hears_who_calls_and_takes_the_call(demo: Demo, browser: Browser) -> None:
    people = Callers(demo)
    with watched_tab(browser) as page:
        phone = opened(page, demo)
        rings(people, phone)
        demo.talk_faster(4)
        phone.get_by_role("button", name="Answer").click()
        expect(phone.locator(".heard")).to_contain_text("Maria Gonzalez")
        phone.get_by_role("button", name="1 take the call").click()
        expect(phone.locator(".state")).to_have_text("with the caller")
        phone.get_by_role("button", name="Hang up").click()
        expect(phone.locator(".state")).to_have_text("quiet")
        people.hang_up()


def test_a_call_can_be_declined_before_it_is_answered(demo: Demo, page: Page) -> None:
    people, phone = Callers(demo), opened(page, demo)
    rings(people, phone)
    demo.talk_faster(1)  # it would ring for 25 seconds, longer than this waits
    phone.get_by_role("button", name="Decline").click()
    expect(phone.locator(".state")).to_have_text("quiet")
    people.hang_up()


def opened(page: Page, demo: Demo) -> Locator:
    """The phone of whoever is called for the line that is always closed: it rings without any delay."""
    page.goto(f"{demo.base}/demo/staff")
    phone = page.locator("#phone-13125550182")
    expect(phone).to_contain_text("On call")
    expect(phone.locator(".state")).to_have_text("quiet")
    return phone


def rings(people: Callers, phone: Locator) -> None:
    call = people.call("Maria Gonzalez", "after_hours")
    people.say(call, "I want to talk to a person please")
    expect(phone.locator(".state")).to_have_text("rings")
