"""Places the call: Twilio's side in this process, the server's journal beside it, and somebody at the phone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp

import voice_agent.demo.twilio.happenings as happened
from voice_agent.demo.twilio.call import EmulatedCall
from voice_agent.demo.twilio.clock import Clock
from voice_agent.demo.twilio.happenings import Happening
from voice_agent.demo.twilio.options import CallOptions
from voice_agent.demo.twilio.wire import AiohttpClient, connect_websocket
from voice_agent.errors import ConfigurationError
from voice_agent.talking.dialling import Dialling
from voice_agent.talking.inbox import Inbox
from voice_agent.talking.screen import Screen
from voice_agent.talking.telephone import Telephone

PICK_UP_SECONDS = 20.0
"""Twilio itself gives a voice webhook 15 s."""
GOODBYE_SECONDS = 10.0
LAST_ENTRIES_SECONDS = 0.3
VOUCHED_FOR = "TN-Validation-Passed-A"


@contextlib.asynccontextmanager
async def calling(
    dialling: Dialling, screen: Screen, *, speed: float, attestation: str = VOUCHED_FOR
) -> AsyncIterator[Telephone]:
    """A call that the server has answered; it is hung up on leaving. `attestation` is the carrier's word on the number.

    ConfigurationError when the server does not take the call: unreachable, another auth token, no such route.
    """
    async with AiohttpClient() as http, contextlib.AsyncExitStack() as ending:
        call = EmulatedCall(
            f"{dialling.url}/twilio/voice",
            dialling.auth_token,
            dialling.account_sid,
            dialling.caller.number,
            dialling.line.number,
            clock=Clock(speed),
            http=http,
            connect_ws=connect_websocket,
            stir_verstat=attestation,
            options=CallOptions(status_callback=f"{dialling.url}/twilio/call-status"),
        )
        phone = Telephone(call)
        call.journal.listen(_Follower(screen, phone))
        if dialling.demo:
            reading = asyncio.create_task(_show_entries(dialling.url, call.sid, screen))
            ending.push_async_callback(_stop, reading)
        if dialling.twilio_url:
            inbox = Inbox(dialling.twilio_url)
            await inbox.begin()
            arriving = asyncio.create_task(_show_texts(inbox, screen))
            ending.push_async_callback(_stop, arriving)
        await call.start()
        ending.push_async_callback(call.close)
        await _answered(call, dialling)
        try:
            yield phone
        finally:
            call.hang_up()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await call.ended()


class _Follower:
    """Shows each happening, and the latency of a turn once its first words are there."""

    def __init__(self, screen: Screen, phone: Telephone) -> None:
        self._screen = screen
        self._phone = phone
        self._shown = 0

    def __call__(self, happening: Happening) -> None:
        turns = self._phone.turns
        if self._shown < len(turns) and turns[self._shown].latency is not None:
            self._screen.latency(turns[self._shown])
            self._shown += 1
        elif self._shown + 1 < len(turns):
            self._shown += 1  # that turn was never answered: the caller spoke again first
        self._screen.show(happening)


async def _answered(call: EmulatedCall, dialling: Dialling) -> None:
    """Waits for the answer to the voice webhook; refuses one that no call can come of."""
    began = call.journal.until(
        lambda entry: (
            isinstance(entry, (happened.SocketOpened, happened.SocketRefused, happened.AlertRaised))
            or isinstance(entry, happened.VerbStarted)
        )
    )
    try:
        async with asyncio.timeout(PICK_UP_SECONDS):
            first = await began
    except TimeoutError:
        raise ConfigurationError(f"--url: {dialling.url} took longer than {PICK_UP_SECONDS:g} s to answer") from None
    if not isinstance(first, happened.AlertRaised):
        return
    answers = [entry for entry in call.journal.entries if isinstance(entry, happened.WebhookAnswered)]
    status = answers[-1].status if answers else 0
    if status == 403:
        raise ConfigurationError(
            f"{dialling.url} refused the signature: TWILIO_AUTH_TOKEN is not the server's, "
            "or --url is not its PUBLIC_URL"
        )
    if status in (404, 405):
        raise ConfigurationError(f"--url: {dialling.url} has no /twilio/voice; is it a voice-agent server?")
    if status == 0:
        raise ConfigurationError(f"--url: nothing answers at {dialling.url}; start it with `voice-agent demo`")
    raise ConfigurationError(f"--url: {dialling.url} answered the call with HTTP {status}; its log says why")


async def _show_entries(url: str, call_sid: str, screen: Screen) -> None:
    """Follows the server's journal of this call, in the demo: its tools, changes and the hand-off."""
    unlimited = aiohttp.ClientTimeout(total=None, sock_connect=2)
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with (
            aiohttp.ClientSession(timeout=unlimited) as session,
            session.get(f"{url}/demo/calls/{call_sid}/events") as answer,
        ):
            if answer.status != 200:
                return
            async for line in answer.content:
                if line.startswith(b"data: "):
                    screen.entry(json.loads(line[6:]))


async def _show_texts(inbox: Inbox, screen: Screen) -> None:
    async for text in inbox.follow():
        screen.entry({"kind": "text", "to": text.to, "body": text.body})


async def _stop(reading: asyncio.Task[None]) -> None:
    """The last entries are on their way when the call is over."""
    await asyncio.wait({reading}, timeout=LAST_ENTRIES_SECONDS)
    reading.cancel()
    await asyncio.wait({reading})
