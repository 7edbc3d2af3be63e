"""Values of a change that waits are changed by a person: over the API and the form, and in the browser by keys."""

import re
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests.console.callers import Callers
from tests.console.test_api import key
from tests.console.test_door import ask, signed_in
from tests.phone.running import Demo, get, post, until

pytestmark = pytest.mark.process


def proposing(demo: Demo, callers: Callers, header: dict[str, Any]) -> dict[str, Any]:
    """Alex has used more flame sensors than the job calls for, and said yes; the change, as the API tells it."""
    call = callers.call("Alex Rivera", "technician")

    def of_the_call(what: str) -> dict[str, Any]:
        found = orjson.loads(ask(demo, "GET", f"/api/{what}", **header)[2])[what.partition("/")[0]]
        return next((one for one in found if one["call_sid"] == call), {})

    def reads_back() -> bool:
        live = of_the_call("calls/live")
        return live.get("last_speaker") == "agent" and "flame sensors" in live["last_words"]

    until(lambda: of_the_call("calls/live").get("last_speaker") == "agent")
    callers.press(call, callers.pin("Alex Rivera"))
    until(lambda: of_the_call("calls/live").get("level") == 2)
    callers.say(call, "I used three flame sensors on job 4518")
    until(reads_back)
    callers.say(call, "yes")
    return dict(until(lambda: of_the_call("approvals"), 40.0))


def sensors(quantity: float) -> dict[str, Any]:
    return {"parts": [{"part": "flame sensor", "quantity": quantity}]}


def test_over_the_api_values_are_read_edited_refused_taken_back_and_decided(demo: Demo, callers: Callers) -> None:
    header = key(demo, "editor", "dispatcher")
    waiting = proposing(demo, callers, header)
    place = f"{demo.base}/api/approvals/{waiting['key']}"
    _, _, body = ask(demo, "GET", f"/api/approvals/{waiting['key']}", **header)
    one = orjson.loads(body)
    assert "parts" in one["schema"]["properties"] and "job" not in one["schema"]["properties"]
    assert one["values"]["parts"][0]["quantity"] == 3
    for values, status, why in (
        (sensors(0), 400, "parts.0.quantity: Input should be greater than 0"),
        ({"job": "4512"}, 400, "job: stays as the caller said it"),
        ({"TotalPrice": 1}, 400, "TotalPrice: is not of it"),
    ):
        refused, answer = post(f"{place}/edit", {"values": values, "version": 0}, **header)
        assert (refused, why in answer["error"]) == (status, True), answer
    status, edited = post(f"{place}/edit", {"values": sensors(1), "version": 0}, **header)
    assert (status, edited["edited_by"], edited["version"]) == (200, "key:editor", 1), edited
    assert "one flame sensor" in edited["request"] and "three flame sensors" in edited["said"]
    for act, late in (("decide", {"approve": True, "version": 0}), ("edit", {"values": sensors(2), "version": 0})):
        status, answer = post(f"{place}/{act}", late, **header)
        assert status == 409 and "other values meanwhile" in answer["error"]
    status, back = post(f"{place}/undo", {"version": 1}, **header)
    assert (status, back["edited_by"], back["request"]) == (200, "", waiting["request"])

    cookie, csrf = signed_in(demo)
    form = {"version": "2", "parts.0.part": "flame sensor", "parts.0.quantity": "1"}
    page = f"/console/approvals/{quote(waiting['key'])}/edit"
    assert ask(demo, "POST", page, form, Cookie=cookie)[0] == 403, "without the session's token"
    status, _, refusal = ask(
        demo,
        "POST",
        page,
        {**form, "csrf": csrf, "parts.0.quantity": "a few"},
        Cookie=cookie,
        Accept="application/json",
    )
    assert status == 400 and "parts.0.quantity" in refusal
    assert ask(demo, "POST", page, {**form, "csrf": csrf}, Cookie=cookie)[0] == 303
    status, _, _ = ask(demo, "POST", page, {**form, "csrf": csrf}, Cookie=cookie)
    assert status == 409, "the page was of an older version"
    status, ended = post(f"{place}/decide", {"approve": False, "reason": "count again", "version": 3}, **header)
    assert (status, ended["status"], ended["edited_by"]) == (200, "rejected", "demo")
    assert ask(demo, "GET", page, Cookie=cookie)[0] == 409
    assert get(f"{demo.base}/api/openapi.json")["paths"]["/api/approvals/{key}/edit"]


def test_in_the_browser_a_change_is_edited_by_keys_undone_and_approved(
    console: Page, demo: Demo, callers: Callers
) -> None:
    waiting = proposing(demo, callers, key(demo, "onlooker", "dispatcher"))
    console.goto(f"{demo.base}/console/approvals")
    card = console.locator(".waiting", has_text="Alex Rivera")
    expect(card).to_contain_text("three flame sensors")
    console.keyboard.press("e")
    console.wait_for_url("**/edit")
    expect(console.get_by_label("Status")).to_be_focused()
    amount = console.get_by_label("Quantity 1")
    amount.fill("0")
    amount.press("Enter")
    expect(console.locator(".toast")).to_contain_text("parts.0.quantity")
    console.get_by_role("button", name="Put these in").click()
    expect(amount).to_be_focused()
    expect(amount).to_have_attribute("aria-invalid", "true")
    amount.fill("1")
    amount.press("Enter")
    console.wait_for_url("**/console/approvals")
    expect(card).to_contain_text("edited by demo")
    expect(card.locator("s").first).to_contain_text("three flame sensors")
    console.get_by_role("button", name="Undo").click()
    expect(card).not_to_contain_text("edited by")
    card.get_by_role("link", name="Edit").click()
    console.get_by_label("Quantity 1").fill("1")
    console.get_by_role("button", name="Put these in").click()
    console.wait_for_url("**/console/approvals")
    expect(card.locator("blockquote")).to_contain_text("one flame sensor")
    console.keyboard.press("a")
    row = console.locator(".list-table tbody tr").first
    expect(row).to_contain_text("executed")
    used = [c["fields"]["QuantityConsumed"][1] for c in demo.changes() if c["object"] == "ProductConsumed"]
    assert used[-1:] == [1.0] and 3.0 not in used
    assert re.fullmatch(r"CA\w+:\w+", waiting["key"])
