"""Callers without faces: each opens a call as Twilio does and then asks, listens, thinks, and asks again."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
import orjson
from defusedxml import ElementTree

from voice_agent.bench.endpoint import Endpoint
from voice_agent.errors import ConfigurationError
from voice_agent.talking.dialling import Dialling
from voice_agent.twilio import signature

REPLY_SECONDS = 20.0
THINK = (2.0, 6.0)
THINK_ALONE = (0.1, 0.2)
"""One call alone would have few turns to show; it thinks faster."""
OPENINGS_A_SECOND = 40.0


@dataclass(slots=True)
class Tally:
    """`added` seconds of every turn but a call's first; `failed` turns got no whole reply in time."""

    added: list[float] = field(default_factory=list)
    turns: int = 0
    failed: int = 0
    open: int = 0


@dataclass(slots=True)
class Load:
    """`calls` of them at once, until `stop` is set."""

    dialling: Dialling
    endpoint: Endpoint
    calls: int
    clock: Callable[[], float]
    tally: Tally = field(default_factory=Tally)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    counting: bool = False
    _tags: int = 0

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
            asyncio.TaskGroup() as all_calls,
        ):
            for number in range(self.calls):
                all_calls.create_task(self._call(http, random.Random(number)))
                await asyncio.sleep(1 / OPENINGS_A_SECOND)

    async def _call(self, http: aiohttp.ClientSession, dice: random.Random) -> None:
        call_sid = "CA" + secrets.token_hex(16)
        url, parameters = await self._ring(http, call_sid)
        headers = {"X-Twilio-Signature": signature.sign(self.dialling.auth_token, url, {})}
        async with http.ws_connect(url, headers=headers, compress=0, max_msg_size=0) as socket:
            setup = {
                "type": "setup",
                "sessionId": "VX" + secrets.token_hex(16),
                "callSid": call_sid,
                "accountSid": self.dialling.account_sid,
                "from": self.dialling.caller.number,
                "to": self.dialling.line.number,
                "direction": "inbound",
                "callStatus": "IN-PROGRESS",
                "customParameters": parameters,
            }
            await socket.send_str(orjson.dumps(setup).decode())
            self.tally.open += 1
            first = True
            try:
                while not self.stop.is_set():
                    await self._turn(socket, first)
                    first = False
                    with_thought = asyncio.create_task(self.stop.wait())
                    await asyncio.wait(
                        {with_thought}, timeout=dice.uniform(*(THINK if self.calls > 1 else THINK_ALONE))
                    )
                    with_thought.cancel()
            finally:
                self.tally.open -= 1

    async def _ring(self, http: aiohttp.ClientSession, call_sid: str) -> tuple[str, dict[str, str]]:
        """The voice webhook, signed; its TwiML says where the socket is and what it wants to be told there."""
        webhook = f"{self.dialling.url}/twilio/voice"
        form = {
            "CallSid": call_sid,
            "AccountSid": self.dialling.account_sid,
            "From": self.dialling.caller.number,
            "To": self.dialling.line.number,
            "CallStatus": "ringing",
            "Direction": "inbound",
            "StirVerstat": "TN-Validation-Passed-A",
        }
        signed = signature.sign(self.dialling.auth_token, webhook, {name: [value] for name, value in form.items()})
        headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded"}
        async with http.post(webhook, data=urlencode(form), headers=headers) as answer:
            if answer.status != 200:
                raise ConfigurationError(f"the voice webhook answered HTTP {answer.status}")
            relay = ElementTree.fromstring(await answer.text()).find(".//ConversationRelay")
        if relay is None:
            raise ConfigurationError("the voice webhook did not open a relay socket")
        parameters = {p.get("name", ""): p.get("value", "") for p in relay.findall("Parameter")}
        return relay.get("url", ""), parameters

    async def _turn(self, socket: aiohttp.ClientWebSocketResponse, first: bool) -> None:
        self._tags += 1
        tag = self._tags
        prompt = {"type": "prompt", "voicePrompt": f"tell me about number {tag} please", "lang": "en-US", "last": True}
        asked = self.clock()
        await socket.send_str(orjson.dumps(prompt).decode())
        heard: float | None = None
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                while True:
                    frame = orjson.loads(await socket.receive_str())
                    if frame.get("type") != "text":
                        continue
                    if heard is None and frame.get("token"):
                        heard = self.clock()
                    if frame.get("last"):
                        break
        except (TimeoutError, TypeError):
            self.tally.failed += 1
            return
        own = self.endpoint.own.pop(tag, None)
        if not self.counting or first:
            return
        self.tally.turns += 1
        if heard is None or own is None:
            self.tally.failed += 1
        else:
            self.tally.added.append(heard - asked - own)
