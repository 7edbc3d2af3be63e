"""The phone page in a real browser against the whole running demo."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import PATIENCE_MS
from tests.phone.running import Demo, free_port, until
from tests.phone.running import demo as running_demo

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)


def call(page: Page, demo: Demo, card: str, speed: float = 1.0) -> None:
    """Place a call by one of the cards and wait for the agent's first words."""
    demo.talk_faster(speed)
    page.goto(demo.phone)
    page.get_by_role("button", name=card).click()
    expect(page.locator(".agent .playing")).to_be_visible()


def say(page: Page, text: str) -> None:
    page.locator("#words").fill(text)
    page.locator("#words").press("Enter")


def record(page: Page, kind: str) -> Locator:
    """The card of the one record of a kind that was touched."""
    return page.locator("#record-list .record").filter(has=page.locator(".object", has_text=re.compile(f"^{kind}$")))


def silence(page: Page) -> None:
    """Wait until the agent has finished and listens."""
    expect(page.locator("#now")).to_contain_text(re.compile("listening|waiting for (the|a|digits)"))
    expect(page.locator(".turn .agent:visible .playing")).to_have_count(0)
    expect(page.locator(".turn .agent:visible .queued").filter(has_text=re.compile(r"\w"))).to_have_count(0)


def said(page: Page) -> Locator:
    return page.locator(".turn:not(.live) .agent:visible").last


def test_a_customer_hears_her_arrival_window_clause_by_clause(demo: Demo, page: Page) -> None:
    call(page, demo, "When is my visit?", speed=10)
    expect(page.locator("#who")).to_have_text("Maria")
    expect(page.locator("#level")).to_contain_text("L1")
    silence(page)
    say(page, "Where is my technician?")
    expect(page.locator(".turn:not(.live) .caller .words")).to_contain_text("Where is my technician?")
    expect(said(page).locator(".playing")).to_contain_text(re.compile("visit|technician", re.I))
    expect(page.locator(".step.tool summary")).to_contain_text("eta")
    expect(said(page).locator(".playing, .queued")).to_have_count(0)
    expect(said(page).locator(".heard")).to_contain_text(re.compile("between|window|minutes", re.I))
    expect(page.locator("#timing-list li").first).to_contain_text(re.compile(r"\d+ ms"))


def test_partial_words_grow_while_the_caller_speaks(demo: Demo, page: Page) -> None:
    call(page, demo, "When is my visit?", speed=10)
    silence(page)
    demo.talk_faster(1)
    say(page, "Can you please tell me when the technician is going to be at my house")
    partial = page.locator(".live .partial")
    expect(partial).to_contain_text("Can you please")
    early = partial.locator(".words").inner_text()
    expect(page.locator(".turn:not(.live) .caller .words")).to_contain_text("at my house")
    assert len(early) < len("Can you please tell me when the technician is going to be at my house")


def test_what_an_interruption_kept_from_the_caller_is_struck_through(demo: Demo, page: Page) -> None:
    call(page, demo, "When is my visit?")
    expect(page.locator("#send")).to_have_attribute("aria-label", "Interrupt and say it")
    say(page, "Where is my technician?")
    greeting = page.locator(".turn .agent").first
    expect(greeting.locator(".unheard")).to_be_visible()
    expect(greeting).to_contain_text("interrupted")
    unheard = greeting.locator(".unheard").inner_text()
    heard = greeting.locator(".heard").inner_text()
    assert "help you" in unheard and "help you" not in heard
    expect(page.locator(".step.tool summary")).to_contain_text("eta")


def test_a_technician_keys_in_the_pin_and_sees_the_job_change(demo: Demo, page: Page) -> None:
    before = len(demo.changes())
    call(page, demo, "Report a job", speed=10)
    expect(page.locator("#pad")).to_be_focused()
    expect(page.locator("#caption")).to_contain_text(str(demo.caller("technician")["pin"]))
    for digit in str(demo.caller("technician")["pin"]):
        page.keyboard.press(digit)
    expect(page.locator("#level")).to_contain_text("L2")
    expect(page.locator("#words")).to_be_focused()
    keys = page.locator(".turn:not(.live) .keyed kbd")
    expect(keys).to_have_text(["•"] * 6)
    silence(page)
    say(page, "I'm done here and used one flame sensor.")
    expect(page.locator(".step").filter(has_text="waiting for a yes")).to_be_visible()
    expect(page.locator("#record-list .record")).to_have_count(0)
    silence(page)
    say(page, "yes")
    expect(page.locator(".step").filter(has_text="Saved")).to_be_visible()
    expect(record(page, "Service Appointment").locator(".after").first).to_have_text("Completed")
    expect(record(page, "Product Item")).to_contain_text("Quantity On Hand")
    written = {change["object"] for change in demo.changes()[before:]}
    assert {"ServiceAppointment", "WorkOrder", "ProductConsumed", "ProductItem"} <= written


def test_an_emergency_is_shown_before_anything_else(demo: Demo, page: Page) -> None:
    call(page, demo, "Gas, at night")
    page.get_by_role("button", name="I smell gas in the basement.").click()
    expect(page.locator("#danger")).to_contain_text("Emergency: gas")
    expect(said(page).locator(".playing")).to_contain_text("leave")
    expect(record(page, "Work Order")).to_contain_text("Critical")
    expect(page.locator("#danger")).to_contain_text("in the records")


def test_a_person_is_handed_the_call_with_a_summary(demo: Demo, page: Page) -> None:
    call(page, demo, "When is my visit?", speed=10)
    silence(page)
    say(page, "I'd like to talk to a person.")
    expect(page.locator("#handoff")).to_contain_text("Maria")
    expect(page.locator("#handoff .tag").first).to_have_text("verified")
    expect(page.locator("#now")).to_contain_text("waiting for a person")


def test_everything_can_be_done_without_a_mouse(demo: Demo, page: Page) -> None:
    demo.talk_faster(10)
    page.goto(demo.phone)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the live view")
    for elsewhere in ("Staff's phones", "Console"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text(elsewhere)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_attribute("name", "who")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#line option:checked")).to_contain_text("Technician")
    page.keyboard.press("Enter")
    expect(page.locator(".agent .playing")).to_be_visible()
    expect(page.locator("#pad")).to_be_focused()
    page.keyboard.press("4")
    expect(page.locator(".keyed kbd")).to_have_count(1)
    page.keyboard.press("/")
    expect(page.locator("#words")).to_be_focused()
    page.keyboard.type("12")
    expect(page.locator("#words")).to_have_value("12")
    expect(page.locator(".keyed kbd")).to_have_count(1)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.locator("#hangup").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#clock")).to_contain_text("Call ended")
    expect(page.locator("#hangup")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#call")).to_be_focused()


def test_a_narrow_page_puts_the_live_view_below_and_into_tabs(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    call(page, demo, "When is my visit?")
    phone, live = page.locator(".handset").bounding_box(), page.locator("#live").bounding_box()
    assert phone is not None and live is not None and live["y"] >= phone["y"] + phone["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#talk")).to_be_visible()
    expect(page.locator("#records")).to_be_hidden()
    page.get_by_role("button", name="Records").click()
    expect(page.locator("#records")).to_be_visible()
    expect(page.locator("#talk")).to_be_hidden()
    page.locator("#hangup").click()
    expect(page.locator("#clock")).to_contain_text("Call ended")
    context.close()


def test_a_number_that_is_none_is_refused_in_words(demo: Demo, page: Page) -> None:
    page.goto(demo.phone)
    page.get_by_text("Somebody else", exact=True).click()
    page.locator("#number").fill("555-0142")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#refusal")).to_contain_text("country code")
    expect(page.locator("#call")).to_be_enabled()


def test_the_line_follows_whoever_calls_and_can_be_changed(demo: Demo, page: Page) -> None:
    page.goto(demo.phone)
    page.get_by_text("Somebody else", exact=True).click()
    page.locator("#caller").select_option(value=str(demo.caller("technician")["number"]))
    expect(page.locator("#line option:checked")).to_contain_text("Technician")
    page.locator("#line").select_option(index=0)
    expect(page.locator("#line option:checked")).to_contain_text("Customer")
    page.locator("#number").fill(str(demo.caller("unknown")["number"]))
    expect(page.locator("#line option:checked")).to_contain_text("After hours")


def test_a_reload_goes_on_with_the_call_and_shows_what_was_said(demo: Demo, page: Page) -> None:
    call(page, demo, "When is my visit?", speed=10)
    silence(page)
    say(page, "Where is my technician?")
    expect(page.locator(".step.tool summary")).to_contain_text("eta")
    silence(page)
    before = page.locator(".turn:not(.live) .said .words").all_text_contents()
    assert len(before) >= 3
    page.reload()
    for place, words in enumerate(before):  # on a slow machine the agent may have asked again meanwhile
        expect(page.locator(".turn:not(.live) .said .words").nth(place)).to_have_text(words)
    expect(page.locator("#hangup")).to_have_text("Hang up")


def test_nothing_is_loaded_from_anywhere_else(demo: Demo, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    call(page, demo, "When is my visit?")
    assert asked and all(url.startswith(demo.base) for url in asked)


def test_a_code_that_is_texted_can_be_read_on_the_page_and_pressed(demo: Demo, page: Page) -> None:
    """A number nobody vouches for: the text stands between the turns, as it would on the caller's phone."""
    demo.talk_faster(10)
    customer = next(caller for caller in demo.info()["callers"] if caller["role"] == "customer")
    page.goto(demo.phone)
    page.get_by_text("Somebody else", exact=True).click()
    page.locator("#number").fill(customer["number"])
    page.locator("#attestation").select_option("No-TN-Validation")
    page.locator("#line").select_option(demo.info()["lines"][0]["number"])
    page.locator("#call").click()
    expect(page.locator(".agent .playing")).to_be_visible()
    silence(page)
    say(page, "Where is my technician?")
    text = page.locator(".between.text").first
    expect(text).to_contain_text(re.compile(r"Your code is \d{6}"))


@pytest.fixture(scope="module")
def unlucky() -> Iterator[Demo]:
    """A demo whose model is not there; the last test that uses it ends it part by part."""
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    with running_demo(OPENAI_BASE_URL=nobody, OPENAI_MODEL="absent-model", OPENAI_API_KEY="none") as started:
        yield started


def test_a_model_that_failed_is_named_beside_the_answer_of_the_next(page: Page, unlucky: Demo) -> None:
    call(page, unlucky, "When is my visit?", speed=4)
    expect(page.locator(".model")).to_contain_text("absent-model")
    say(page, "Where is my technician?")
    expect(said(page)).to_contain_text("stepped in")
    expect(page.locator("#timing-list")).to_contain_text("absent-model")


def test_whatever_goes_away_in_mid_call_is_named(browser: Browser, unlucky: Demo) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    call(page, unlucky, "When is my visit?")
    unlucky.end_emulator("salesforce")
    expect(page.locator("#banner")).to_contain_text("emulated org does not answer")
    expect(page.locator("#words")).to_be_enabled()
    unlucky.end_emulator("twilio")
    expect(page.locator("#banner")).to_contain_text("emulated Twilio does not answer")
    unlucky.process.kill()
    expect(page.locator("#banner")).to_contain_text("The server does not answer")
    expect(page.locator("#banner-act")).to_have_text("Try now")
    say(page, "Hello?")
    expect(page.locator("#act-refusal")).to_contain_text("does not answer")
    until(lambda: unlucky.process.poll() is not None)
    context.close()
