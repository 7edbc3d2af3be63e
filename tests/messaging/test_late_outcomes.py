"""A change that is settled once its caller is gone is told by text: once, if they allow texts, and never by guess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.messaging.office import MARIA, STALE, EmulatedTwilio, Office, office
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.history import History
from voice_agent.intents import TELL, Intents, settle_write
from voice_agent.journal import CallRecord, Journal
from voice_agent.late_outcomes import LOOK_SECONDS, QUIET_SECONDS, tell_outcome
from voice_agent.messaging.outbox import send_text
from voice_agent.salesforce.plans import WritePlan

pytestmark = pytest.mark.process
CALL, TOKEN = "CA" + "7" * 32, "p1"
KEY = f"{CALL}:{TOKEN}"
DONE = "Your message is with billing now."
AUDIT = {"call_sid": CALL, "decision": "confirmed by the caller"}


class Caller:
    """Somebody whose change the process that held their call did not live to see made."""

    def __init__(self, it: Office, contact: str) -> None:
        self.it = it
        self.contact = contact
        self.journal = Journal(lambda: it.now)
        self.history = History(it.store, now=lambda: it.now)
        self.record: CallRecord = self.journal.open(CALL, "customer", wall=it.now)

    async def noted(self, kind: str, **values: Any) -> None:
        self.journal.write(self.record, kind, 0.0, **values)
        await self.history.flush(self.journal)

    async def asks(self) -> None:
        """They say yes, and the line is cut before anything came of it."""
        await self.noted("call_started", caller=MARIA, attestation="", line="customer")
        field = self.it.workshop.field
        plan: WritePlan = await field.plan_message(desk="billing", text="please call me", number=MARIA)
        outcome = {"done": DONE, "contact": self.contact, "lang": "en", "texts": []}
        await Intents(self.it.store, now=lambda: self.it.now).open(
            replace(plan, facts={"outcome": outcome}), KEY, AUDIT
        )

    async def worked(self) -> list[Any]:
        """Every job that is due is done, until none is."""
        jobs = {"settle_write": settle_write, TELL: tell_outcome, "send_text": send_text}
        done = []
        while due := [row for row in self.it.workshop.jobs.waiting() if row.due <= self.it.now]:  # type: ignore[attr-defined]
            mine = [wanted for wanted in due if wanted.name in jobs]
            done += [await jobs[wanted.name](self.it.workshop, wanted.key, wanted.data) for wanted in mine]
            self.it.workshop.jobs.taken(due)  # type: ignore[attr-defined]
        return [row["told"] for row in done if row and "told" in row]


@pytest.fixture
def play(org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path) -> Callable[..., Any]:
    ids = {row["Phone_E164__c"]: row["Id"] for row in org.rows("SELECT Id, Phone_E164__c FROM Contact")}

    def played(scene: Callable[[Caller], Any], number: str = MARIA) -> list[str]:
        async def whole() -> None:
            async with office(org, twilio, tmp_path) as opened:
                await scene(Caller(opened, ids[number]))

        before = len(twilio.texts(number))
        asyncio.run(whole())
        return [str(text["body"]) for text in twilio.texts(number)[before:]]

    return played


def test_whoever_hung_up_before_the_records_answered_is_texted_how_it_ended(play: Callable[..., Any]) -> None:
    async def scene(caller: Caller) -> None:
        await caller.asks()
        await caller.noted("call_ended", reason="hangup")
        caller.it.now += 30
        assert await caller.worked() == ["by text"]
        again = {"key": KEY}
        assert await tell_outcome(caller.it.workshop, "again", again) == {"told": "by text"}
        assert not await caller.worked()

    (text,) = play(scene)
    assert f"we were cut off. {DONE}" in text


def test_what_was_heard_on_the_phone_is_not_texted_too(play: Callable[..., Any]) -> None:
    async def scene(caller: Caller) -> None:
        await caller.asks()
        await caller.noted("write", proposal=TOKEN, status="applied", note="")
        await caller.noted("played", text=DONE)
        await caller.noted("call_ended", reason="hangup")
        caller.it.now += 30
        assert await caller.worked() == ["by voice"]

    assert play(scene) == []


def test_a_caller_who_is_still_there_hears_it_and_one_who_fell_silent_is_texted(play: Callable[..., Any]) -> None:
    """Nobody saw the end of the call: the process that held it was killed."""

    async def scene(caller: Caller) -> None:
        await caller.asks()
        caller.it.now += 30
        assert await caller.worked() == ["the call goes on"]
        caller.it.now += LOOK_SECONDS
        await caller.noted("caller", turn=2, text="hello?", lang="en")
        assert await caller.worked() == ["the call goes on"]
        caller.it.now += QUIET_SECONDS
        assert await caller.worked() == ["by text"]

    assert len(play(scene)) == 1


def test_nobody_is_texted_who_does_not_want_to_be(play: Callable[..., Any]) -> None:
    async def scene(caller: Caller) -> None:
        await caller.asks()
        await caller.noted("call_ended", reason="hangup")
        caller.it.now += 30
        assert await caller.worked() == ["not: no number on record, or no consent"]

    assert play(scene, STALE) == []


def test_what_the_records_refused_is_told_as_not_done(play: Callable[..., Any]) -> None:
    async def scene(caller: Caller) -> None:
        await caller.asks()
        await caller.noted("call_ended", reason="hangup")
        refusal = {"error": "Conflict", "why": "changed meanwhile", "code": "CHANGED", "status": 400}
        await Intents(caller.it.store).close(KEY, "refused", refusal)
        caller.it.now += 30
        assert await caller.worked() == ["by text"]

    (text,) = play(scene)
    assert "nothing was changed" in text and DONE not in text
