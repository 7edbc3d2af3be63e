"""The answer to an incoming call: TwiML with a ticket, from the line's own file, whatever else is down (sheet 1.1)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.edges.doorstep import CALL, CALLER, PUBLIC, TECHNICIAN_LINE, Doorstep
from voice_agent.twilio.twiml import KNOWN_DEFAULTS

HANG_SECONDS = 10.0
"""A deadline against a hang, far above what twenty answers take."""


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_every_attribute_with_a_known_default_is_written_out() -> None:
    relay = asyncio.run(Doorstep().rings()).relay
    assert set(KNOWN_DEFAULTS) <= set(relay.attrib)
    assert relay.attrib["url"] == "wss://voice.example.net/twilio/relay"
    assert relay.attrib["dtmfDetection"] == "true", "what the line sets wins over the default"
    assert relay.attrib["applicationReconnect"] == KNOWN_DEFAULTS["applicationReconnect"]


def test_the_action_is_ours_and_posted() -> None:
    connect = asyncio.run(Doorstep().rings()).twiml.find("Connect")
    assert connect is not None
    assert connect.attrib == {"action": f"{PUBLIC}/twilio/ended", "method": "POST"}


def test_both_languages_of_the_line_are_declared() -> None:
    languages = asyncio.run(Doorstep().rings()).relay.findall("Language")
    assert [language.attrib["code"] for language in languages] == ["en-US", "es-US"]


def test_each_number_has_its_own_greeting() -> None:
    async def scenario() -> tuple[str, str]:
        door = Doorstep()
        customer, technician = await door.rings(), await door.rings("CA2", TECHNICIAN_LINE)
        return customer.relay.attrib["welcomeGreeting"], technician.relay.attrib["welcomeGreeting"]

    customer, technician = asyncio.run(scenario())
    assert "How can I help" in customer and "PIN" in technician


def test_the_same_call_asked_twice_gets_the_same_answer() -> None:
    async def scenario() -> None:
        door = Doorstep()
        first = await door.rings()
        assert (await door.rings()).text == first.text
        assert (await door.rings("CA2")).ticket != first.ticket

    asyncio.run(scenario())


def test_a_number_of_no_line_is_told_so() -> None:
    answer = asyncio.run(Doorstep().rings(to="+19995550000"))
    assert answer.verbs == ["Say", "Hangup"] and "not in service" in answer.text


@pytest.mark.parametrize("caller", ["", "anonymous", "sip:me@example.net", "client:<b>&\"'", "+266696687"])
def test_any_caller_at_all_gets_an_answer(caller: str) -> None:
    async def scenario() -> None:
        door = Doorstep()
        form = {"CallSid": CALL, "From": caller, "To": TECHNICIAN_LINE}
        assert (await door.twilio("/twilio/voice", form)).ticket

    asyncio.run(scenario())


def test_salesforce_and_the_model_are_not_on_its_path(black_hole: str) -> None:
    async def scenario() -> None:
        door = Doorstep(SALESFORCE_API_BASE_URL=black_hole, OPENAI_BASE_URL=black_hole)
        for number in range(20):
            assert (await door.rings(f"CA{number}")).ticket
        assert door.services.salesforce.calls == 0

    asyncio.run(asyncio.wait_for(scenario(), HANG_SECONDS))


def test_neither_the_caller_nor_the_ticket_can_write_into_the_document() -> None:
    async def scenario() -> None:
        door = Doorstep()
        answer = await door.rings(StirVerstat='"/><Dial>+1900</Dial><x y="', **{"From": '"/><Hangup/>'})
        assert answer.verbs == ["Connect"] and len(answer.relay.findall("Parameter")) == 1
        assert CALLER not in answer.text and "Dial" not in answer.text

    asyncio.run(scenario())
