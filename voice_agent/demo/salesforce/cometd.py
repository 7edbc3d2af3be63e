"""The Streaming API: Bayeux long polling with the replay extension (sheet 4 "CometD").

Clients live in this process; the events themselves come from the ledger, so a client may also hear what another
process wrote.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voice_agent.demo.salesforce import events, ledger
from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.service import Service

_POLL_S = 0.05
_HOLD_S = 20.0
"""How long a connect is held; the real server holds it for 110 s."""
_FORGET_S = 120.0
Message = dict[str, object]


@dataclass(slots=True)
class Client:
    """One subscriber."""

    client_id: str
    subscriptions: dict[str, int] = field(default_factory=dict)
    """Channel to the sequence number after which its events begin."""
    connected: bool = False
    seen: float = field(default_factory=time.monotonic)


class Streaming:
    """The subscribers of this process."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._clients: dict[str, Client] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/cometd/{version}", self._endpoint, methods=["POST"]),
            Route("/cometd/{version}/", self._endpoint, methods=["POST"]),
            Route("/cometd/replay/{version}", self._endpoint, methods=["POST"]),
            Route("/cometd/{version}/{kind}", self._endpoint, methods=["POST"]),
        ]

    async def _endpoint(self, request: Request) -> Response:
        try:
            messages = orjson.loads(await request.body())
        except ValueError:
            return Response("a JSON array of Bayeux messages is wanted", 400)
        listed = messages if isinstance(messages, list) else [messages]
        if not self._signed_in(request):
            return _reply([_unauthorised(message) for message in listed if isinstance(message, dict)], 401)
        self._forget()
        replies: list[Message] = []
        for message in listed:
            if isinstance(message, dict):
                replies += await self._answer(message)
        return _reply(replies)

    async def _answer(self, message: Message) -> list[Message]:
        match message.get("channel"):
            case "/meta/handshake":
                return [self._handshake(message)]
            case "/meta/connect":
                return await self._connect(message)
            case "/meta/subscribe":
                return self._subscribe(message)
            case "/meta/unsubscribe":
                return self._unsubscribe(message)
            case "/meta/disconnect":
                self._clients.pop(str(message.get("clientId")), None)
                return [_answered(message, successful=True)]
            case _:
                return [_answered(message, successful=False, error="403::Publishing is not allowed")]

    def _handshake(self, message: Message) -> Message:
        client = Client(secrets.token_hex(10))
        self._clients[client.client_id] = client
        return _answered(
            message,
            successful=True,
            clientId=client.client_id,
            version="1.0",
            minimumVersion="1.0",
            supportedConnectionTypes=["long-polling"],
            ext={"replay": True, "payload.format": True},
            advice=_advice(),
        )

    async def _connect(self, message: Message) -> list[Message]:
        """The first connect answers at once; later ones wait for events."""
        client = self._clients.get(str(message.get("clientId")))
        if client is None:
            return [_unknown(message)]
        told = self._due(client)
        if client.connected and not told:
            with anyio.move_on_after(_HOLD_S):
                while not told and client.client_id in self._clients:
                    await anyio.sleep(_POLL_S)
                    told = self._due(client)
        client.connected = True
        client.seen = time.monotonic()
        return [*told, _answered(message, successful=True, clientId=client.client_id, advice=_advice())]

    def _subscribe(self, message: Message) -> list[Message]:
        client = self._clients.get(str(message.get("clientId")))
        if client is None:
            return [_unknown(message)]
        replies = []
        for channel in _channels(message):
            error = self._follow(client, channel, _replay(message, channel))
            more: Message = {"error": error} if error else {}
            replies.append(
                _answered(message, successful=not error, clientId=client.client_id, subscription=channel, **more)
            )
        return replies

    def _follow(self, client: Client, channel: str, replay: int) -> str:
        """Starts a subscription; gives the error, or nothing."""
        if not events.objects_of(channel, self._service.database.schema):
            return f"404:{channel}:Unknown channel"
        try:
            client.subscriptions[channel] = events.start_after(self._service.database, replay)
        except events.ReplayError as problem:
            return f"400:{channel}:{problem}"
        return ""

    def _unsubscribe(self, message: Message) -> list[Message]:
        client = self._clients.get(str(message.get("clientId")))
        if client is None:
            return [_unknown(message)]
        for channel in _channels(message):
            client.subscriptions.pop(channel, None)
        return [
            _answered(message, successful=True, clientId=client.client_id, subscription=channel)
            for channel in _channels(message)
        ]

    def _due(self, client: Client) -> list[Message]:
        """What the client has not been told yet, channel by channel in order."""
        database = self._service.database
        newest = ledger.last(database)
        told: list[Message] = []
        for channel, after in client.subscriptions.items():
            if newest <= after:
                continue
            wanted = events.objects_of(channel, database.schema)
            entries = ledger.since(database, after)
            told.extend(events.event(entry, channel) for entry in entries if entry["object"] in wanted)
            client.subscriptions[channel] = newest
        return told

    def _signed_in(self, request: Request) -> bool:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        try:
            self._service.sessions.viewer(token, "", self._service.database.now())
        except ApiError:
            return False
        return True

    def _forget(self) -> None:
        """Drops clients that have not been heard of for long."""
        silent = time.monotonic() - _FORGET_S
        for client_id in [client_id for client_id, client in self._clients.items() if client.seen < silent]:
            del self._clients[client_id]


def _answered(message: Message, **fields: object) -> Message:
    reply: Message = {"channel": message.get("channel"), **fields}
    if "id" in message:
        reply["id"] = message["id"]
    return reply


def _unknown(message: Message) -> Message:
    advice = {"reconnect": "handshake", "interval": 0}
    return _answered(message, successful=False, error="403::Unknown client", advice=advice)


def _unauthorised(message: Message) -> Message:
    return _answered(
        message,
        successful=False,
        error="401::Authentication invalid",
        advice={"reconnect": "none"},
        ext={"sfdc": {"failureReason": "401::Authentication invalid"}},
    )


def _advice() -> dict[str, object]:
    return {"reconnect": "retry", "interval": 0, "timeout": int(_HOLD_S * 1000)}


def _channels(message: Message) -> list[str]:
    wanted = message.get("subscription")
    return [str(channel) for channel in (wanted if isinstance(wanted, list) else [wanted])]


def _replay(message: Message, channel: str) -> int:
    """`ext: {"replay": {CHANNEL: ID}}`; new events only when it is not said."""
    ext = message.get("ext")
    replay = ext.get("replay") if isinstance(ext, Mapping) else None
    found = replay.get(channel, -1) if isinstance(replay, Mapping) else -1
    return int(str(found))


def _reply(messages: list[Message], status: int = 200) -> Response:
    return Response(orjson.dumps(messages), status, media_type="application/json;charset=UTF-8")
