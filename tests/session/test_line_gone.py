"""The line breaks: a proof holds for two minutes and no longer, and what a change came to is texted once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.session.stage import MemorySocket, Scripted, Stage, run, stage
from tests.session.test_session import book, settle
from voice_agent.agent.context import ToolContext
from voice_agent.agent.model import ToolWanted
from voice_agent.agent.tool import TextWanted
from voice_agent.grants import Level
from voice_agent.identity import RESUME_SECONDS
from voice_agent.salesforce.records import Contact, RecordId

MARIA = Contact(RecordId("003A"), "Maria Gonzalez", "Maria", None, "", "+13125550199", "", False, "")


async def away_for(here: Stage, seconds: float) -> Level:
    served = here.serve()
    await settle(1)
    here.session.identity.grant.role, here.session.identity.grant.level = "customer", Level.PROVEN
    here.session.identity.grant.contact = MARIA
    here.socket.breaks()
    await served
    await asyncio.sleep(seconds)
    here.serve(MemorySocket())
    await settle(1)
    return here.session.identity.grant.level


@pytest.mark.parametrize(
    ("seconds", "level"), [(RESUME_SECONDS - 1, Level.PROVEN), (RESUME_SECONDS + 1, Level.UNKNOWN)]
)
def test_whoever_is_back_after_two_minutes_proves_themselves_anew(seconds: float, level: Level) -> None:
    async def scenario() -> None:
        here = stage(Scripted("m", ["Hello."]))
        assert await away_for(here, seconds) is level
        assert ("lapsed" in here.kinds) is (level is Level.UNKNOWN)

    run(scenario())


@pytest.mark.parametrize(
    ("hangs_up", "known", "texts"), [(True, True, ["Friday is booked."]), (False, True, []), (True, False, [])]
)
def test_a_caller_who_did_not_hear_the_outcome_is_texted_it_if_we_know_who_they_are(
    hangs_up: bool, known: bool, texts: list[str]
) -> None:
    sent: list[str] = []

    async def text(wanted: TextWanted, key: str, context: ToolContext) -> bool:
        assert (wanted.template, wanted.contact_id) == ("write_outcome", MARIA.id)
        sent.append(wanted.values["outcome"])
        return True

    async def scenario() -> None:
        model = Scripted("m", [ToolWanted("t1", "book", '{"day":"Friday"}')], ["Anything else?"])
        here = stage(model, tools={"book": book}, commit_takes=3.0, texts=text)
        served = here.serve()
        await settle(1)
        if known:
            here.session.identity.grant.role, here.session.identity.grant.level = "customer", Level.MATCHED
            here.session.identity.grant.contact = MARIA
        here.socket.says("book friday please")
        await settle(1)
        here.socket.says("yes")
        await settle(1)
        if hangs_up:
            here.socket.breaks()
            await served
            here.session.over("hangup")
        assert await here.wards.wait(10)
        assert sent == texts

    run(scenario())


@pytest.mark.parametrize("words", ["please stop texting me", "no me manden más mensajes"])
def test_no_more_texts_said_on_the_phone_holds_at_once_and_is_acknowledged(words: str) -> None:
    refused: list[str] = []

    async def refuse(number: str) -> None:
        refused.append(number)

    async def scenario() -> None:
        here = stage(Scripted("m", ["All right."]))
        here.session.around = replace(here.session.around, refuse_texts=refuse)
        here.serve()
        await settle(1)
        here.socket.says(words)
        await settle(3)
        here.socket.happens(type="info", name="tokensPlayed", value=here.socket.text)
        await settle(3)
        assert refused == ["+13125550199"] and "texts_refused" in here.kinds
        assert "won't text you" in here.socket.text or "no le enviaremos" in here.socket.text

    run(scenario())
