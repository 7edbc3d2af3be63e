"""Who may open a conversation: a signed upgrade, then within five seconds a `setup` with the ticket of this call."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.edges.doorstep import CALL, CUSTOMER_LINE, PUBLIC, ROTATED_IN, TOKEN, Doorstep, Socket
from tests.twilio_emulator.virtual_time import run
from voice_agent.calls import TICKET_SECONDS, Tickets
from voice_agent.twilio import signature

URL = "wss://voice.example.net/twilio/relay"
OTHER = "CA" + "8" * 32


async def refused_after_accept(socket: Socket) -> None:
    await socket.ends()
    assert socket.accepted and socket.closed == 1008
    assert not socket.sent, "nobody is spoken to"
    assert len(socket.at.services.calls) == 0 and not socket.at.services.journal.calls(), "and nothing is kept"


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "x",
        signature.sign("another token", URL),
        signature.sign(TOKEN, URL.replace("wss", "https")),
        signature.sign(TOKEN, URL + "/"),
        signature.sign(TOKEN, URL + "?a=1"),
        signature.sign(TOKEN, URL, {"CallSid": [CALL]}),
        signature.sign(TOKEN, "wss://127.0.0.1:8000/twilio/relay"),
    ],
)
def test_an_upgrade_that_is_not_signed_for_the_literal_url_is_refused_before_accept(signed: str) -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = door.socket(signed=signed)
        socket.sets_up((await door.rings()).ticket)
        await socket.ends()
        assert not socket.accepted and socket.closed is not None

    run(scenario())


def test_an_upgrade_with_the_other_token_or_the_explicit_port_is_accepted() -> None:
    async def scenario() -> None:
        door = Doorstep(TWILIO_AUTH_TOKEN_SECONDARY=ROTATED_IN)
        explicit = URL.replace("example.net", "example.net:443")
        for signed in (signature.sign(ROTATED_IN, URL), signature.sign(TOKEN, explicit)):
            socket = door.socket(signed=signed)
            await socket.until(lambda here=socket: here.accepted)
            await socket.breaks()

    run(scenario())


def test_a_query_in_the_url_is_part_of_what_is_signed() -> None:
    async def scenario() -> None:
        door = Doorstep()
        good, bad = door.socket(query="a=1"), door.socket(query="a=1", signed=signature.sign(TOKEN, URL))
        await good.until(lambda: good.accepted)
        await bad.ends()
        assert not bad.accepted
        await good.breaks()

    run(scenario())


def test_a_setup_without_a_ticket_is_refused() -> None:
    async def scenario() -> None:
        await refused_after_accept(Doorstep().connects(None))

    run(scenario())


def test_the_ticket_of_another_call_is_refused() -> None:
    async def scenario() -> None:
        door = Doorstep()
        await refused_after_accept(door.connects((await door.rings()).ticket, OTHER))

    run(scenario())


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: t + "x", lambda t: "A" + t[1:], lambda t: ".", str.lower]
)
def test_a_ticket_that_was_tampered_with_is_refused(spoil: object) -> None:
    async def scenario() -> None:
        assert callable(spoil)
        door = Doorstep()
        await refused_after_accept(door.connects(spoil((await door.rings()).ticket)))

    run(scenario())


def issued_elsewhere(secret: str, *, ago: float = 0.0) -> str:
    tickets = Tickets(secret, lambda: time.time() - ago)
    return tickets.issue(call_sid=CALL, line="customer", caller="", attestation="")


def test_a_ticket_signed_with_another_secret_is_refused() -> None:
    async def scenario() -> None:
        await refused_after_accept(Doorstep().connects(issued_elsewhere("f" * 32)))

    run(scenario())


def test_a_ticket_older_than_a_minute_is_refused() -> None:
    async def scenario() -> None:
        door = Doorstep()
        await refused_after_accept(door.connects(issued_elsewhere(door.settings.secret_key, ago=TICKET_SECONDS + 1)))

    run(scenario())


def test_a_ticket_of_a_line_that_is_gone_is_refused() -> None:
    async def scenario() -> None:
        door = Doorstep()
        tickets = Tickets(door.settings.secret_key, time.time)
        ticket = tickets.issue(call_sid=CALL, line="closed down", caller="", attestation="")
        await refused_after_accept(door.connects(ticket))

    run(scenario())


@pytest.mark.parametrize(
    "frame",
    ['{"type":"prompt","voicePrompt":"hello","last":true}', "not json", "[]", "{}", '{"type":"setup"}', "", "null"],
)
def test_a_first_frame_that_is_no_setup_is_refused(frame: str) -> None:
    async def scenario() -> None:
        socket = Doorstep().socket()
        socket.raw(frame)
        await refused_after_accept(socket)

    run(scenario())


def test_a_socket_that_says_nothing_is_closed_after_five_seconds() -> None:
    async def scenario() -> None:
        socket = Doorstep().socket()
        await socket.until(lambda: socket.accepted)
        begun = asyncio.get_running_loop().time()
        await refused_after_accept(socket)
        assert asyncio.get_running_loop().time() - begun == pytest.approx(5.0)

    run(scenario())


def test_a_socket_that_breaks_before_its_setup_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = door.socket()
        await socket.until(lambda: socket.accepted)
        await socket.breaks()
        assert len(door.services.calls) == 0

    run(scenario())


def test_a_good_ticket_opens_the_conversation_and_is_good_once() -> None:
    async def scenario() -> None:
        door = Doorstep()
        ticket = (await door.rings()).ticket
        first = door.connects(ticket)
        first.says(type="prompt", voicePrompt="when is my visit", last=True)
        await first.hears("Tomorrow at nine")
        again = door.connects(ticket)
        await again.ends()
        assert again.closed == 1008 and first.closed is None
        await first.breaks()
        late = door.connects(ticket)
        await late.ends()
        assert late.closed == 1008, "nor after the first one has gone"

    asyncio.run(scenario())


def test_a_second_socket_for_a_call_that_has_one_is_refused_and_the_first_goes_on() -> None:
    async def scenario() -> None:
        door = Doorstep()
        first = door.connects((await door.rings()).ticket)
        await first.until(lambda: CALL in door.services.calls)
        second = door.connects(issued_elsewhere(door.settings.secret_key))
        await second.ends()
        assert second.closed == 1008
        first.says(type="prompt", voicePrompt="when is my visit", last=True)
        await first.hears("Tomorrow at nine")
        await first.breaks()

    asyncio.run(scenario())


def test_a_call_whose_socket_broke_goes_on_where_it_was_without_a_greeting() -> None:
    async def scenario() -> None:
        door = Doorstep()
        first = door.connects((await door.rings()).ticket)
        first.says(type="prompt", voicePrompt="when is my visit", last=True)
        await first.hears("Tomorrow at nine")
        await first.breaks()
        answer = await door.session_ends(SessionId="VX1", SessionStatus="failed", ErrorCode="64105")
        assert "welcomeGreeting" not in answer.relay.attrib
        second = door.connects(answer.ticket)
        assert "cut off" in await second.hears("Tomorrow at nine")
        session = door.services.calls.get(CALL)
        assert session is not None and session.sockets == 2
        assert "when is my visit" in str(session.call.transcript.messages())
        await second.breaks()

    asyncio.run(scenario())


def test_a_late_socket_of_a_call_that_is_over_is_refused() -> None:
    async def scenario() -> None:
        door = Doorstep()
        ticket = (await door.rings()).ticket
        await door.twilio("/twilio/call-status", {"CallSid": CALL, "CallStatus": "completed"})
        await refused_after_accept(door.connects(ticket))

    run(scenario())


def test_the_demo_over_plain_http_speaks_plain_ws() -> None:
    door = Doorstep(PUBLIC_URL="http://127.0.0.1:8000")
    assert asyncio.run(door.rings(to=CUSTOMER_LINE)).relay.attrib["url"] == "ws://127.0.0.1:8000/twilio/relay"
    assert PUBLIC.startswith("https")
