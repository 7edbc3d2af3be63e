"""A process is told to stop, on virtual time: calls go on, tools run, and the deadline is a sentence and no cut."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.session.stage import CALL, Scripted, Stage, run, stage
from tests.session.test_session import settle
from voice_agent.agent.context import ToolContext
from voice_agent.agent.model import ToolWanted
from voice_agent.agent.policy import State
from voice_agent.agent.tool import Change, tool
from voice_agent.calls import Calls, Tickets
from voice_agent.draining import Drain
from voice_agent.salesforce.plans import WritePlan

seen: list[State] = []


@tool(lines=("customer",), level=0, writes=True)
async def book(ctx: ToolContext, day: str) -> Change:
    """Book a day. Only for tests."""
    seen.append(ctx.state)
    return Change(WritePlan("book", (), ()), f"Book {day}. Is that right?", f"{day} is booked.")


def drained(here: Stage, seconds: float) -> tuple[Drain, Calls]:
    """The drain of a process that holds this call."""
    loop = asyncio.get_running_loop()
    calls, tickets = Calls(loop.time), Tickets("secret", loop.time)
    calls.add(here.session)
    drain = Drain(calls, tickets, seconds)
    here.session.around = replace(here.session.around, draining=lambda: drain.on)
    return drain, calls


def test_a_change_goes_through_while_the_process_waits_for_the_call_to_end() -> None:
    async def scenario() -> None:
        seen.clear()
        here = stage(
            Scripted("m", [ToolWanted("t1", "book", '{"day":"Friday"}')], ["Anything else?"]), tools={"book": book}
        )
        drain, calls = drained(here, 900)
        here.serve()
        await settle(1)
        assert drain.begin() and drain.begin(), "said again it still drains"
        ending = asyncio.get_running_loop().create_task(drain.run())
        here.socket.says("book friday please")
        await settle(1)
        here.socket.says("yes")
        await settle(3)
        assert here.committed and seen == [State.DRAINING] and not ending.done()
        calls.over(CALL, "hangup")
        assert await ending is True

    run(scenario())


@pytest.mark.parametrize(("lang", "why"), [("en", "being updated"), ("es", "actualizando")])
def test_at_the_deadline_the_caller_hears_why_in_their_language_and_is_let_go(lang: str, why: str) -> None:
    async def scenario() -> None:
        here = stage(Scripted("m", ["Hello."]))
        drain, calls = drained(here, 30)
        here.serve()
        await settle(1)
        here.session.call.lang = lang
        drain.begin()
        ending = asyncio.get_running_loop().create_task(drain.run())
        await settle(29)
        assert why not in here.socket.text and not ending.done()
        await settle(29)
        assert here.socket.of("end") and why in here.socket.text
        assert here.session.handed_off == "drain"
        calls.socket_closed(CALL)
        await settle(1)
        assert not ending.done(), "Twilio is about to ask where the caller goes"
        calls.let_go(CALL)
        assert await ending is True

    run(scenario())


def test_a_caller_who_cannot_be_let_go_does_not_hold_the_process_for_ever() -> None:
    async def scenario() -> None:
        here = stage(Scripted("m", ["Hello."]))
        drain, _ = drained(here, 30)
        here.serve()
        await settle(1)
        drain.begin()
        assert await drain.run(farewell=5.0) is False

    run(scenario())


def test_a_process_that_may_not_wait_does_not_begin_to() -> None:
    async def scenario() -> None:
        here = stage(Scripted("m", ["Hello."]))
        drain, _ = drained(here, 0)
        assert drain.begin() is False and drain.on is False

    run(scenario())
