"""Asks the Twilio emulator to place the page's calls and to be their caller; nothing about a call is made up here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

ASK_SECONDS = 15.0
CONNECT_SECONDS = 3.0
QUIET_SECONDS = 40.0
"""An event stream that sends not even its keep-alive comment for this long is taken for dead."""
MOST_EVENT_BYTES = 1 << 20
ACTS = frozenset({"say", "press", "bargein", "hangup", "answer", "decline"})


class EmulatorUnreachable(Exception):
    """Nothing answers where an emulator should be. The text names the address."""


class CallUnknown(EmulatorUnreachable):
    """The emulator answers, but knows nothing of the call: it was started anew since."""


class CarrierRefused(Exception):
    """The emulator answered no: `status` is its HTTP status, the text its reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Carrier:
    """The emulated Twilio at `base_url`, as the person on the phone reaches it."""

    base_url: str

    async def place(self, caller: str, line: str, attestation: str) -> str:
        """The CallSid of a new incoming call. Raises EmulatorUnreachable, CarrierRefused."""
        answer = await self._post("/emulator/calls", {"from": caller, "to": line, "stir_verstat": attestation})
        return str(answer["call_sid"])

    async def legs(self, phone: str) -> list[dict[str, Any]]:
        """Outgoing calls to a phone that ring or are on: `call_sid`, `status`, `from`."""
        shown = ("call_sid", "status", "from", "listening")
        return [{name: leg[name] for name in shown} for leg in await self.outgoing() if leg["to"] == phone]

    async def outgoing(self) -> list[dict[str, Any]]:
        """Calls that the server has placed and that ring or are on, oldest first."""
        calls = await self._get("/emulator/calls")
        return [c for c in calls if c["direction"] != "inbound" and c["status"] in ("ringing", "in-progress")]

    async def happened(self, call_sid: str) -> list[dict[str, Any]]:
        """All that has happened on a call so far."""
        found: list[dict[str, Any]] = await self._get(f"/emulator/calls/{call_sid}/happenings")
        return found

    async def act(self, call_sid: str, act: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """One of ACTS on a call; gives the call's state after it. Raises EmulatorUnreachable, CarrierRefused."""
        return await self._post(f"/emulator/calls/{call_sid}/{act}", given)

    def happenings(self, call_sid: str) -> AsyncIterator[dict[str, Any]]:
        """All that happened on the call from its start, then what happens, until it is over."""
        return stream(f"{self.base_url}/emulator/calls/{call_sid}/events?from=0")

    async def texts(self, call_sid: str) -> list[dict[str, str]]:
        """`to` and `body` of every text message since the call was placed; a one-time code as its reader sees it."""
        timeout = aiohttp.ClientTimeout(total=ASK_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.get(f"{self.base_url}/emulator/ledger") as answer,
            ):
                entries = orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EmulatorUnreachable(f"the Twilio emulator at {self.base_url} does not answer") from error
        began = next((n for n, entry in enumerate(entries) if call_sid in entry.values()), len(entries))
        arrived = []
        for entry in entries[began:]:
            if entry["effect"] == "verification_sent":
                arrived.append({"to": entry["to"], "body": f"Your code is {entry['code']}."})
            elif entry["effect"] == "message_sent" and entry.get("direction") == "outbound-api":
                arrived.append({"to": entry["to"], "body": entry["body"]})
        return arrived

    async def _get(self, path: str) -> Any:
        timeout = aiohttp.ClientTimeout(total=ASK_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as http, http.get(self.base_url + path) as answer:
                return orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EmulatorUnreachable(f"the Twilio emulator at {self.base_url} does not answer") from error

    async def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        timeout = aiohttp.ClientTimeout(total=ASK_SECONDS, connect=CONNECT_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(self.base_url + path, json=body) as answer,
            ):
                read = orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise EmulatorUnreachable(f"the Twilio emulator at {self.base_url} does not answer") from error
        if answer.status >= 400:
            raise CarrierRefused(answer.status, str(read.get("error", f"HTTP {answer.status}")))
        result: Mapping[str, Any] = read
        return result


async def stream(url: str) -> AsyncIterator[dict[str, Any]]:
    """The data of each server-sent event at `url`. Raises EmulatorUnreachable when it breaks; ends when it ends."""
    timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=QUIET_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, read_bufsize=MOST_EVENT_BYTES) as http,
            http.get(url, headers={"Accept": "text/event-stream"}) as answer,
        ):
            if answer.status == 404:
                raise CallUnknown(f"{url} is not known")
            if answer.status != 200:
                raise EmulatorUnreachable(f"{url} answers HTTP {answer.status}")
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield orjson.loads(line[6:])
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise EmulatorUnreachable(f"the stream of {url} broke") from error
