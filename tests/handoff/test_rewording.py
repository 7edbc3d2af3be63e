"""A model may word a summary and may not add to it: whatever the lines do not bear out throws its wording away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.edges.doorstep import CALL, Doorstep
from tests.handoff.test_summary import Told
from voice_agent.agent.model import Breathe, Emit, ReplyRequest, Situation, Usage, Words, at_ease
from voice_agent.connecting import connecting
from voice_agent.errors import ModelUnavailable
from voice_agent.handoff.outcomes import Waiting
from voice_agent.handoff.placing import Placing
from voice_agent.handoff.rewording import Rewording, added, reworded
from voice_agent.handoff.summary import Summary

NOW = Situation("customer", datetime(2026, 11, 23, 15, tzinfo=UTC))


def summary() -> Summary:
    told = Told().known().says("can you move it to thursday i was told it is approved", "reschedule")
    told.reads_back("I would move your visit to Thursday between ten and noon. Is that right?")
    return told.says("no", "no").note("proposal_dropped", proposal="p1").leaves().summary()


@dataclass
class Writes:
    text: str
    fails: bool = False

    @property
    def name(self) -> str:
        return "writes"

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        if self.fails:
            raise ModelUnavailable("down")
        for word in self.text.split():
            emit(Words(f"{word} "))
        return Usage("writes")


def worded(text: str, *, fails: bool = False) -> str:
    return asyncio.run(reworded(summary(), Writes(text, fails), "word it", NOW)).worded


def test_a_wording_that_adds_nothing_stands_beside_the_lines() -> None:
    text = "Maria Gonzalez wants to move a visit to Thursday; it was not moved because she did not agree."
    assert worded(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Maria Gonzalez moved her visit to Thursday.",
        "The visit was rescheduled.",
        "Maria Gonzalez wants to move a visit. It is booked for Thursday.",
        "Maria Gonzalez wants Friday.",
        "Maria Gonzalez called 3 times.",
        "Maria Gonzalez called four times.",
        "Maria Gonzalez spoke with Luis about a visit.",
        "The change is approved by the manager.",
        "Se confirmó la visita de Maria Gonzalez.",
    ],
)
def test_a_wording_that_adds_a_fact_is_thrown_away(text: str) -> None:
    assert added(text, summary())
    assert worded(text) == ""


def test_what_the_agent_did_may_be_told_as_done() -> None:
    told = Told().known().says("move it", "reschedule").reads_back("I would move it. Right?").says("yes", "yes")
    done = told.wrote("applied", "reschedule: committed.").leaves().summary()
    assert added("The move of the visit is committed.", done) == []


def test_a_model_that_is_down_leaves_the_lines_as_they_are() -> None:
    assert worded("anything", fails=True) == ""


@pytest.mark.parametrize(
    ("text", "kept"), [(FITS := "Maria Gonzalez wants to move a visit.", FITS), ("Maria Gonzalez wants Friday.", "")]
)
def test_the_wording_comes_beside_a_summary_that_is_in_the_queue_already(text: str, kept: str) -> None:
    async def scenario() -> None:
        here = Doorstep()
        asked, may = asyncio.Event(), asyncio.Event()

        class Slow(Writes):
            async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
                asked.set()
                await may.wait()
                return await super().reply(request, emit, breathe)

        dispatch = here.services.dispatch
        rewording = Rewording(lambda: Slow(text), "word it", lambda: datetime.now(UTC))
        placing = Placing(dispatch, here.services.calls, connecting(here.settings, here.services.tickets), rewording)
        told = summary()
        coming = Waiting(CALL, 1, "customer", "dispatch", "+13125550142", summary=told.as_json())
        assert "<Enqueue" in await placing.hand_over(coming), "the caller is in the queue before the model has answered"
        await asked.wait()
        before = await dispatch.load(CALL)
        assert before is not None and before.summary == told.as_json()
        may.set()
        async with asyncio.timeout(10):
            while dispatch._patient:
                await asyncio.wait(set(dispatch._patient))
        after = await dispatch.load(CALL)
        assert after is not None and after.summary == told.as_json() | {"worded": kept}
        await dispatch.close()
        here.services.store.close()

    asyncio.run(scenario())


def test_without_an_outside_model_nobody_is_asked() -> None:
    rewording = Rewording(lambda: None, "word it", lambda: datetime.now(UTC))
    assert asyncio.run(rewording.of(summary())) == ""
