"""What dispatchers do: callers accepted, calls taken over, notes whispered, changes decided, settings turned."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import PATIENCE_MS
from tests.console.callers import QUICK, Callers
from tests.phone.running import Demo, until

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)


def in_queue(console: Page, demo: Demo, callers: Callers) -> str:
    call = callers.call("Maria Gonzalez")
    callers.say(call, "Where is my technician?")
    callers.say(call, "I want to talk to a person please")
    console.goto(f"{demo.base}/console/queue")
    expect(console.locator(f"#wait-{call}")).to_be_visible()
    return call


def test_a_waiting_caller_is_accepted_heard_about_and_joined(console: Page, demo: Demo, callers: Callers) -> None:
    call = in_queue(console, demo, callers)
    card = console.locator(f"#wait-{call}")
    expect(card).to_contain_text("Maria Gonzalez")
    expect(card.locator(".next")).to_be_visible()
    expect(console.locator("[data-tally=queue]")).to_have_text("1")
    demo.talk_faster(2)
    console.keyboard.press("a")
    phone = console.locator("#desk-phone")
    expect(phone.locator("#desk-words")).to_contain_text("Maria Gonzalez")
    expect(card).to_contain_text("hears the summary")
    phone.get_by_role("button", name="Press 1").click()
    expect(card).to_contain_text("with a person")
    expect(console.locator("[data-tally=queue]")).to_be_hidden()
    phone.get_by_role("button", name="Hang up").click()
    expect(card).to_have_count(0)
    became = console.locator(f"#ended-{call}")
    expect(became).to_contain_text("talked to a person")
    expect(became).to_contain_text("demo: answered")
    demo.talk_faster(QUICK)
    until(lambda: filed(demo, call))


def filed(demo: Demo, call: str) -> bool:
    """The call stands in the org as a completed task."""
    return any(
        change["object"] == "Task" and change["fields"].get("CallObject", [None, None])[1] == call
        for change in demo.changes()
    )


def test_a_live_call_is_taken_over_and_the_agent_says_so_first(console: Page, demo: Demo, callers: Callers) -> None:
    call = callers.call("Maria Gonzalez")
    callers.say(call, "Where is my technician?")
    console.locator(f"#call-{call} a").click()
    expect(console.locator("#take-over")).to_be_visible()
    console.keyboard.press("t")
    console.get_by_role("button", name="Yes").click()
    expect(console.locator(".turns")).to_contain_text("colleague from our team")
    phone = console.locator("#desk-phone")
    expect(phone).to_contain_text("on the line")
    phone.get_by_role("button", name="Press 1").click()
    expect(console.locator(f"#call-{call}")).to_have_attribute("data-state", "person")
    phone.get_by_role("button", name="Hang up").click()
    expect(console.locator(".said.agent .words", has_text="back with the automated assistant")).to_be_visible()
    console.goto(f"{demo.base}/console/queue")
    expect(console.locator(f"#ended-{call}")).to_contain_text("talked to a person")


def test_a_note_reaches_the_agent_and_words_reach_the_caller(console: Page, demo: Demo, callers: Callers) -> None:
    call = callers.call("Maria Gonzalez")
    callers.say(call, "Where is my technician?")
    console.locator(f"#call-{call} a").click()
    expect(console.locator(".said.agent")).to_have_count(2)
    console.keyboard.press("w")
    console.keyboard.type("She is a longstanding customer")
    console.keyboard.press("Enter")
    expect(console.locator(".note", has_text="told the agent")).to_contain_text("longstanding customer")
    console.get_by_role("button", name="Listen in").click()
    expect(console.locator("#aloud-note")).to_contain_text("words of a call and not its sound")
    console.locator(".to span", has_text="Say to the caller").click()
    console.locator("#words").fill("Dana has just left the depot.")
    console.locator("#words").press("Enter")
    expect(console.locator(".said.agent .words").last).to_have_text("Dana has just left the depot.")


def test_in_the_supervised_phase_a_change_waits_for_a_persons_word(console: Page, demo: Demo, callers: Callers) -> None:
    console.goto(f"{demo.base}/console/settings")
    turn_phase(console, "supervised")
    expect(console.locator(".phase")).to_have_text("supervised")
    approve = proposing(console, demo, callers)
    approve.get_by_role("button", name="Approve").click()
    decided = console.locator(".list-table tbody tr").first
    expect(decided).to_contain_text("executed")
    expect(decided).to_contain_text("demo")
    assert any(change["object"] == "ServiceAppointment" for change in demo.changes())

    callers.hang_up()
    reject = proposing(console, demo, callers, day="Friday")  # the visit is on Thursday by now
    reject.get_by_role("button", name="Reject").click()
    expect(console.locator(".toast")).to_contain_text("Say why")
    reject.get_by_label("Reason").fill("The crew is out that day")
    reject.get_by_role("button", name="Reject").click()
    expect(console.locator(".list-table tbody tr").first).to_contain_text("The crew is out that day")
    console.goto(f"{demo.base}/console/settings")
    expect(console.locator(".acts-list")).to_contain_text("approve")
    expect(console.locator(".acts-list")).to_contain_text("autonomous → supervised")
    turn_phase(console, "autonomous")
    console.get_by_role("button", name="Undo").click()
    expect(console.locator(".phase")).to_have_text("supervised")
    turn_phase(console, "autonomous")


def turn_phase(console: Page, phase: str) -> None:
    console.locator(".choice", has=console.locator(f"[value={phase}]")).click()
    console.get_by_role("button", name="Change the phase").click()
    console.get_by_role("button", name="Yes").click()
    expect(console.locator(".phase")).to_have_text(phase.replace("_", " "))


def proposing(console: Page, demo: Demo, callers: Callers, day: str = "Thursday") -> Locator:
    call = callers.call("Maria Gonzalez")
    callers.say(call, f"Can we move it to {day} afternoon?")
    callers.say(call, "the first one")
    callers.say(call, "yes")
    console.goto(f"{demo.base}/console/approvals")
    card = console.locator(".waiting")
    expect(card).to_contain_text("Maria Gonzalez")
    expect(card.locator(".change dd").first).to_be_visible()
    expect(card.locator("time[data-until]")).to_have_text(re.compile(r"\d:\d\d"))
    return card


def test_a_line_that_is_off_puts_its_callers_through_at_once(console: Page, demo: Demo, callers: Callers) -> None:
    def switch() -> None:
        console.goto(f"{demo.base}/console/settings")
        console.locator("[name=line-customer]").click()
        console.get_by_role("button", name="Change the lines").click()
        console.get_by_role("button", name="Yes").click()
        expect(console.locator(".toast")).to_contain_text("Changed")

    switch()
    call = callers.call("Maria Gonzalez")
    console.goto(f"{demo.base}/console/queue")
    expect(console.locator(f"#wait-{call}")).to_contain_text("line off")
    switch()


def test_past_calls_are_found_by_what_was_said_and_counted(console: Page, demo: Demo, callers: Callers) -> None:
    call = callers.call("Helen Park")
    callers.say(call, "Where is my technician?")
    console.goto(f"{demo.base}/console/now?call={call}")
    expect(console.locator(".said.agent .words", has_text=re.compile("window|planned"))).to_be_visible()
    callers.hang_up()

    def found() -> bool:
        console.goto(f"{demo.base}/console/calls?text=where+is+my+technician")
        return console.locator(f'a[href="/console/calls/{call}"]').count() == 1

    until(found)
    console.goto(f"{demo.base}/console/calls/{call}")
    expect(console.locator(".now-state")).to_have_text("ended")
    expect(console.locator("#take-over")).to_be_hidden()
    console.locator("#replay-at").fill("0")
    expect(console.locator(".said.caller")).to_be_hidden()
    console.get_by_role("button", name="Replay").click()
    expect(console.locator(".said.caller")).to_be_visible()
    console.goto(f"{demo.base}/console/numbers")
    expect(console.locator(".tiles")).to_contain_text("Containment")
    expect(console.locator("svg.chart").first).to_be_visible()
    expect(console.locator("#by-line + table")).to_contain_text("customer")
