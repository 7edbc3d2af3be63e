"""Change events over CometD: subscribe with a stored place, poll, recover, and carry out what the inbox orders.

A place the org no longer knows is replaced by "from now on" plus a catch-up by SystemModstamp, so nothing is missed by
more than the catch-up's reach (sheet, section 4: events are kept 72 h).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import aiohttp
import orjson

from voice_agent import errors
from voice_agent.salesforce.changes import (
    Change,
    Deliver,
    Inbox,
    Keep,
    ReadAgain,
    ReadAllSince,
    UnreadableEvent,
    channel_of,
    object_of,
)
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.limits import CLIENT_NAME
from voice_agent.salesforce.rows import moment
from voice_agent.salesforce.soql import soql

log = logging.getLogger(__name__)

FROM_NOW_ON = -1
POLL_SECONDS = 130.0
"""A long poll is answered within 110 s even when nothing happens."""
WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts after a lost connection, the last one repeated."""
OVERLAP = timedelta(minutes=5)
"""A catch-up reaches back behind the last event by this much: stamps are those of saving, not of committing."""
BATCH = 200


class Places(Protocol):
    """Where the place in each channel is kept across restarts: replay id and the time it was stored."""

    async def load(self, channel: str) -> tuple[int, datetime] | None: ...

    async def store(self, channel: str, replay_id: int) -> None: ...


class _Refused(Exception):
    """The server answered a Bayeux message with successful: false."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class ChangeListener:
    """`on_change` is awaited for every change, in order, at least once; changes of our own come marked as such."""

    def __init__(
        self,
        salesforce: Salesforce,
        objects: Sequence[str],
        *,
        places: Places,
        on_change: Callable[[Change], Awaitable[None]],
        now: Callable[[], datetime],
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._salesforce = salesforce
        self._channels = [channel_of(name) for name in objects]
        self._places = places
        self._on_change = on_change
        self._now = now
        self._wait = wait
        self._inbox = Inbox()
        self._message = 0

    async def run(self) -> None:
        """Listens until cancelled. Lost connections and expired tokens are its own business."""
        failures = 0
        refused: str | None = None
        while True:
            token: str | None = None
            try:
                origin, token = await self._salesforce.stream_address(not_this=refused)
                refused = None
                async with self._session(token) as http:
                    client = await self._handshake(http, url := f"{origin}/cometd/{self._salesforce.api_version}")
                    if not [channel for channel in self._channels if await self._offered(http, url, client, channel)]:
                        raise _Refused("the org offers none of the channels")
                    failures = 0
                    await self._poll(http, url, client)
            except (aiohttp.ClientError, TimeoutError, errors.SalesforceError, _Refused, ValueError) as problem:
                if isinstance(problem, _Refused) and problem.error.startswith("401"):
                    refused = token
                log.warning("change events interrupted", extra={"why": type(problem).__name__, "failures": failures})
                await self._wait(WAITS[min(failures, len(WAITS) - 1)])
                failures += 1

    def _session(self, token: str) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}", "User-Agent": CLIENT_NAME},
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # the session cookie also has to hold on an address without name
            timeout=aiohttp.ClientTimeout(total=POLL_SECONDS, connect=5),
            json_serialize=lambda data: orjson.dumps(data).decode(),
        )

    async def _poll(self, http: aiohttp.ClientSession, url: str, client: str) -> None:
        """Takes events as they come; returns when the server wants a new handshake."""
        while True:
            answers = await self._send(http, url, "/meta/connect", clientId=client, connectionType="long-polling")
            for answer in answers:
                if answer.get("channel") in self._channels and "data" in answer:
                    await self._take(str(answer["channel"]), answer["data"])
            if _advice(answers).get("reconnect") == "handshake":
                return
            if _advice(answers).get("reconnect") == "none":
                raise _Refused("the server wants no further polls")

    async def _handshake(self, http: aiohttp.ClientSession, url: str) -> str:
        answers = await self._send(
            http,
            url,
            "/meta/handshake",
            version="1.0",
            minimumVersion="1.0",
            supportedConnectionTypes=["long-polling"],
            ext={"replay": True},
        )
        return str(answers[0]["clientId"])

    async def _offered(self, http: aiohttp.ClientSession, url: str, client: str, channel: str) -> bool:
        """Subscribes; False for a channel that this org does not offer, or not to this user: the others still count."""
        try:
            await self._subscribe(http, url, client, channel)
        except _Refused as refusal:
            if not refusal.error.startswith(("403", "404")) or "unknown client" in refusal.error.lower():
                raise
            log.warning("channel not offered", extra={"channel": channel})
            return False
        return True

    async def _subscribe(self, http: aiohttp.ClientSession, url: str, client: str, channel: str) -> None:
        """From the stored place; from now on, after a catch-up, when there is none or the org has dropped it."""
        place = await self._places.load(channel)
        if place is not None:
            try:
                await self._ask_for(http, url, client, channel, place[0])
                return
            except _Refused as refusal:
                if "replay" not in refusal.error.lower():
                    raise
                log.warning("stored place refused", extra={"channel": channel})
        await self._ask_for(http, url, client, channel, FROM_NOW_ON)
        if place is not None:
            await self._read_since(object_of(channel), place[1] - OVERLAP)

    async def _ask_for(self, http: aiohttp.ClientSession, url: str, client: str, channel: str, replay_id: int) -> None:
        ext = {"replay": {channel: replay_id}}
        await self._send(http, url, "/meta/subscribe", clientId=client, subscription=channel, ext=ext)

    async def _send(
        self, http: aiohttp.ClientSession, url: str, channel: str, **message: Any
    ) -> list[Mapping[str, Any]]:
        """All messages of the answer; _Refused when the one for `channel` says so."""
        self._message += 1
        body = [{"channel": channel, "id": str(self._message), **message}]
        async with http.post(url, json=body) as response:
            if response.status == 401:
                raise _Refused("401::Unauthorized")
            if response.status >= 400:
                raise _Refused(f"{response.status}::HTTP")
            answers = orjson.loads(await response.read())
        if not isinstance(answers, list):
            raise ValueError("a Bayeux answer is a list of messages")
        for answer in answers:
            if answer.get("channel") == channel and answer.get("successful") is False:
                if channel == "/meta/connect" and (answer.get("advice") or {}).get("reconnect") == "handshake":
                    continue
                raise _Refused(str(answer.get("error") or "refused"))
        return answers

    # Orders of the inbox.

    async def _take(self, channel: str, event: Mapping[str, Any]) -> None:
        try:
            orders = self._inbox.receive(channel, event)
        except UnreadableEvent:
            log.warning("change event not readable", extra={"channel": channel})
            return
        for order in orders:
            match order:
                case Deliver(change):
                    await self._on_change(change)
                case ReadAgain(name, ids):
                    await self._read(name, "Id IN {ids}", ids=ids)
                case ReadAllSince(name, since):
                    await self._read_since(name, since - OVERLAP)
                case Keep(place, replay_id):
                    await self._places.store(place, replay_id)

    async def _read_since(self, name: str, since: datetime) -> None:
        """Everything saved since then, oldest first, in pages by stamp and id."""
        last: tuple[datetime, str] | None = None
        while True:
            if last is None:
                rows = await self._read(name, "SystemModstamp >= {since}", since=since)
            else:
                where = "(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > {id}))"
                rows = await self._read(name, where, stamp=last[0], id=last[1])
            if len(rows) < BATCH:
                return
            stamp = moment(rows[-1]["SystemModstamp"])
            assert stamp is not None, "every record has a SystemModstamp"
            last = (stamp, str(rows[-1]["Id"]))

    async def _read(self, name: str, where: str, **values: object) -> Sequence[Mapping[str, Any]]:
        statement = f"SELECT Id, SystemModstamp FROM {name} WHERE {where} ORDER BY SystemModstamp, Id LIMIT {BATCH}"
        rows = await self._salesforce.query(soql(statement, **values))
        for row in rows:
            at = moment(row["SystemModstamp"]) or self._now()
            await self._on_change(Change(name, "UPDATE", (str(row["Id"]),), {}, at, ours=False))
        return rows


def _advice(answers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    for answer in answers:
        if answer.get("channel") == "/meta/connect":
            advice: Mapping[str, Any] = answer.get("advice") or {}
            return advice
    return {}
