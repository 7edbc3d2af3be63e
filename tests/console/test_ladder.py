"""How a person may fare whom a caller is to reach, seen in the browser: the outcome, what follows, nothing lost.

All calls are made at once, before the page looks back at them: each has a line of its own, to a phone that behaves so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import PATIENCE_MS, watched_tab
from tests.console.callers import QUICK, SETTLED
from tests.console.conftest import sign_in
from tests.end_to_end.running import fetch
from tests.handoff.desk import CASES, Caller, Desk, desk, emulated_twilio, happenings, until
from voice_agent.console.wiring import DEMO_USER

pytestmark = [pytest.mark.browser, pytest.mark.process]
expect.set_options(timeout=PATIENCE_MS)

CALL_BACKS = {"busy": (4.0,) * 10, "failed": (1.0,)}
"""The others are called back after an hour, which no test sees."""
PROMISED = "to be called back"
ENDINGS = {
    "answered": ("talked to a person", "completed task"),
    "no_answer": (PROMISED, "Not tried yet; a person's phone is rung first"),
    "declined": (PROMISED, "Not tried yet; a person's phone is rung first"),
    "voicemail": (PROMISED, "Not tried yet; a person's phone is rung first"),
    "abandoned": ("hung up while waiting", "open task"),
}


@dataclass(frozen=True, slots=True)
class Ladder:
    desk: Desk
    callers: Mapping[str, Caller]

    def row(self, page: Page, case: str) -> Locator:
        return page.locator(f"#ended-{self.callers[case].call_sid}")

    def tasks(self, case: str) -> list[Mapping[str, Any]]:
        """What the org's ledger says of the Tasks of one call: the newest value of each field."""
        call_sid, found = self.callers[case].call_sid, dict[str, dict[str, Any]]()
        for change in fetch(f"{self.desk.server.org_url}/emulator/ledger"):
            if change["object"] == "Task":
                row = found.setdefault(change["id"], {})
                row |= {name: pair[1] for name, pair in change["fields"].items()}
        return [row for row in found.values() if row.get("CallObject") == call_sid]


def opened_desk(folder: Path, twilio: str) -> AbstractContextManager[Desk]:
    return desk(folder, twilio, routed=False, call_backs=CALL_BACKS, decide_within=0.1, ROLLOUT_PHASE="supervised")


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ladder]:
    folder = tmp_path_factory.mktemp("ladder")
    with emulated_twilio(folder) as twilio, opened_desk(folder, twilio) as opened:
        fetch(f"{twilio}/emulator/clock", {"speed": QUICK})
        yield Ladder(opened, {})


@pytest.fixture(scope="module")
def page(browser: Browser, ladder: Ladder) -> Iterator[Page]:
    """The queue of a dispatcher who was there before anybody called."""
    with watched_tab(browser) as opened:
        sign_in(opened, ladder.desk.server.url, *DEMO_USER)
        expect(opened.get_by_text("No calls right now.")).to_be_visible()
        opened.get_by_role("link", name="Queue").click()
        expect(opened.get_by_text("Nobody waits.")).to_be_visible()
        yield opened


@pytest.fixture(scope="module")
def called(ladder: Ladder, page: Page) -> Ladder:
    """Everybody has asked for a person, and nobody is on a phone any more."""
    here = ladder.desk
    callers = {case.outcome: here.call(case.outcome, f"+1312555860{n}") for n, case in enumerate(CASES)}
    with ThreadPoolExecutor(len(callers)) as at_once:
        list(at_once.map(_wants_a_person, [one for one in callers.values() if one.case != "abandoned"]))
    _wants_a_person(callers["abandoned"])
    made = Ladder(here, callers)
    rings = page.locator(f"#wait-{callers['abandoned'].call_sid}")
    expect(rings).to_contain_text("abandoned: rings")
    expect(rings).to_contain_text("If nobody takes it: then a message and a promised call back.")
    callers["abandoned"].act("hangup")
    talks = page.locator(f"#wait-{callers['answered'].call_sid}")
    expect(talks).to_contain_text("with a person")
    expect(talks).to_contain_text("Afterwards the agent asks whether there is anything else.")
    (leg,) = here.legs("answered", callers["answered"].call_sid)
    fetch(f"{here.twilio}/emulator/calls/{leg}/hangup", {})
    return made


def _wants_a_person(caller: Caller) -> None:
    until(lambda: "help you" in caller.said_to_them(), f"{caller.case}: the agent has greeted")
    caller.act("say", text="I would like to talk to a person about my furnace", patience=60)


@pytest.mark.parametrize("outcome", ENDINGS)
def test_each_outcome_stands_in_the_browser_with_what_follows_and_the_summary(
    outcome: str, called: Ladder, page: Page
) -> None:
    row, (became, follows) = called.row(page, outcome), ENDINGS[outcome]
    spoken = outcome.replace("_", " ")
    expect(row.locator(".tag").first).to_have_text(f"{spoken}: {spoken}")  # a line's desk is called as its fate
    expect(row.locator(".became")).to_contain_text(became)
    expect(row.locator(".follows")).to_contain_text(follows)
    row.get_by_text("Summary", exact=True).click()
    expect(row.locator("details")).to_contain_text("about my furnace")
    (task,) = until(lambda: called.tasks(outcome), "the hand-over is filed")
    assert "furnace" in task["Description"]
    assert task["Status"] == ("Completed" if outcome == "answered" else "Open")


def test_a_promise_is_kept_once_the_person_can_be_reached(called: Ladder, page: Page) -> None:
    row, here = called.row(page, "busy"), called.desk
    expect(row.locator(".tag").first).to_have_text("busy: busy")
    expect(row.locator(".became")).to_contain_text(PROMISED)
    listens_then_takes_it = {"answer": "human", "presses": "w" * 40 + "1"}
    fetch(f"{here.twilio}/emulator/phones", {"number": here.phones["busy"], **listens_then_takes_it})
    expect(row.locator(".became")).to_have_text("was called back")
    expect(row.locator(".follows")).to_contain_text("Reached at try")
    caller = called.callers["busy"]
    person = here.legs("busy", caller.call_sid)[-1]
    story = happenings(here.twilio, person)
    told = next(n for n, h in enumerate(story) if h["type"] == "clause_played" and "promised a call back" in h["text"])
    together = next(n for n, h in enumerate(story) if h["type"] == "bridged")
    assert told < together, "the person is told before the caller is rung"
    (task,) = until(lambda: [one for one in called.tasks("busy") if one["Status"] == "Completed"], "the task is closed")
    assert task["Subject"] == "Called back as promised"


def test_a_promise_that_cannot_be_kept_becomes_an_open_task(called: Ladder, page: Page) -> None:
    row = called.row(page, "failed")
    expect(row.locator(".tag").first).to_have_text("failed: failed")
    expect(row.locator(".became")).to_have_text("could not be called back")
    until(lambda: any("not reached" in task["Subject"] for task in called.tasks("failed")), "a task asks for a call")


def test_a_change_that_nobody_decides_lapses_here_and_in_the_org(called: Ladder, page: Page) -> None:
    here = called.desk
    maria = next(one["number"] for one in here.server.info["callers"] if one["name"] == "Maria Gonzalez")
    before = here.server.position()
    page.get_by_role("link", name="Approvals").click()
    call = here.call("answered", maria)
    for words in ("Can we move it to Thursday afternoon?", "the first one", "yes"):
        call.act("quiet", patience=120, lasting=SETTLED * QUICK)
        call.act("say", text=words, patience=60)
    card = page.locator(".waiting")
    expect(card).to_contain_text("Maria Gonzalez")
    expect(card).to_have_count(0)
    lapsed = page.locator(".list-table tbody tr").first
    expect(lapsed).to_contain_text("expired")
    call.act("hangup")
    until(lambda: "Expired" in _stands(here), "it has lapsed in the org")
    assert not [one for one in here.server.changes(before) if one.object == "ServiceAppointment"]


def _stands(here: Desk) -> set[str]:
    """Every status that a proposal in the org has had."""
    ledger = fetch(f"{here.server.org_url}/emulator/ledger")
    changes = [each["fields"] for each in ledger if each["object"] == "Pending_AI_Action__c"]
    return {fields["Status__c"][1] for fields in changes if "Status__c" in fields}
