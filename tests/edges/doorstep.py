"""The server's front door in process: requests and sockets as an ASGI server hands them in, signed as Twilio signs.

No network and no mocks: `Doorstep` builds the application itself and calls it with scope, receive and send.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from starlette.applications import Starlette

from tests.agent.test_ladder import Scripted
from voice_agent.agent.model import Model
from voice_agent.app import Services, build
from voice_agent.settings import Settings, parse
from voice_agent.twilio import signature

TOKEN = "token-of-an-account-nobody-has"
ROTATED_IN = "token-that-replaces-the-other"
PUBLIC = "https://voice.example.net"
CALL = "CA" + "7" * 32
CALLER, CUSTOMER_LINE, TECHNICIAN_LINE = "+13125550188", "+13125550100", "+13125550101"
NOBODY_LISTENS = "http://127.0.0.1:9"
"""A port that refuses connections: Salesforce as good as down."""

Message = MutableMapping[str, Any]
Form = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    taken: int
    """Pieces of the body that were read."""

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def twiml(self) -> ET.Element:
        assert self.headers["content-type"].startswith("text/xml")
        return ET.fromstring(self.text)

    @property
    def verbs(self) -> list[str]:
        return [verb.tag for verb in self.twiml]

    @property
    def relay(self) -> ET.Element:
        found = self.twiml.find("Connect/ConversationRelay")
        assert found is not None, self.text
        return found

    @property
    def ticket(self) -> str:
        found = self.relay.find("Parameter[@name='ticket']")
        assert found is not None
        return found.attrib["value"]


def settings(**changes: str) -> Settings:
    given = {
        "PUBLIC_URL": PUBLIC,
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_API_BASE_URL": NOBODY_LISTENS,
        "SECRET_KEY": "0123456789abcdef" * 2,
        "SALESFORCE_DOMAIN": "acme.my",
        "SALESFORCE_CLIENT_ID": "client",
        "SALESFORCE_CLIENT_SECRET": "not-a-real-one",
        "SALESFORCE_API_BASE_URL": NOBODY_LISTENS,
        "ROLLOUT_PHASE": "autonomous",
        "DATABASE_URL": "sqlite://",
    }
    return parse(given | changes, demo=True)


class Doorstep:
    """One application and the ways to its door."""

    def __init__(self, model: Model | None = None, **changes: str) -> None:
        self.settings = settings(**changes)
        self.app: Starlette = build(self.settings, model=model or Scripted("m", ["Tomorrow at nine."]))
        self.services: Services = self.app.state.services
        self.services.store.prepare()

    async def ask(
        self,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        *,
        method: str = "POST",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any request at all. The body comes in as many pieces as are given."""
        pieces = iter([body] if isinstance(body, bytes) else body)
        taken = 0
        sent: list[Message] = []

        async def receive() -> Message:
            nonlocal taken
            piece = next(pieces, None)
            if piece is None:
                return {"type": "http.request", "body": b"", "more_body": False}
            taken += 1
            return {"type": "http.request", "body": piece, "more_body": True}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {**_scope("http", path, query, headers or {}), "method": method, "scheme": "http"}
        await self.app.state.front(scope, receive, send)
        head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], head, b"".join(m.get("body", b"") for m in sent[1:]), taken)

    async def twilio(
        self, path: str, form: Form, *, query: str = "", token: str = TOKEN, base: str | None = None
    ) -> Answer:
        """A webhook as Twilio sends it: signed over the public URL, every value of every name."""
        url = (base or self.settings.public_url) + path + (f"?{query}" if query else "")
        values = {name: [value] if isinstance(value, str) else list(value) for name, value in form.items()}
        body = urlencode(values, doseq=True).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
            "x-twilio-signature": signature.sign(token, url, values),
        }
        return await self.ask(path, body, query=query, headers=headers)

    async def rings(self, call_sid: str = CALL, to: str = CUSTOMER_LINE, **more: str) -> Answer:
        return await self.twilio("/twilio/voice", {"CallSid": call_sid, "From": CALLER, "To": to, **more})

    async def session_ends(self, call_sid: str = CALL, **form: str) -> Answer:
        """The action webhook of a call that goes on, unless the form says otherwise."""
        usual = {"CallSid": call_sid, "From": CALLER, "To": CUSTOMER_LINE, "CallStatus": "in-progress"}
        return await self.twilio("/twilio/ended", usual | form)

    def socket(self, *, signed: str | None = None, path: str = "/twilio/relay", query: str = "") -> Socket:
        """An upgrade, signed over the literal url of the TwiML unless `signed` says otherwise."""
        if signed is None:
            signed = signature.sign(TOKEN, self.settings.socket_url + path + (f"?{query}" if query else ""))
        headers = {"x-twilio-signature": signed} if signed else {}
        return Socket(self, _scope("websocket", path, query, headers))

    def connects(self, ticket: str | None, call_sid: str = CALL) -> Socket:
        """A signed socket that presents `ticket`."""
        socket = self.socket()
        socket.sets_up(ticket, call_sid)
        return socket


@dataclass
class Socket:
    """Twilio's end of a websocket. The server's side runs as a task; `closed` is the code it closed with."""

    at: Doorstep
    scope: Message
    sent: list[dict[str, Any]] = field(default_factory=list)
    accepted: bool = False
    closed: int | None = None

    def __post_init__(self) -> None:
        self._to_server: asyncio.Queue[Message] = asyncio.Queue()
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._changed = asyncio.Condition()
        self.served = asyncio.get_running_loop().create_task(
            self.at.app.state.front(self.scope, self._to_server.get, self._take)
        )

    async def _take(self, message: Message) -> None:
        async with self._changed:
            match message["type"]:
                case "websocket.accept":
                    self.accepted = True
                case "websocket.send":
                    self.sent.append(json.loads(message["text"]))
                case "websocket.close":
                    self.closed = message.get("code", 1000)
                    self.disconnects()
            self._changed.notify_all()

    def says(self, **frame: Any) -> None:
        self.raw(json.dumps(frame))

    def raw(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def sets_up(self, ticket: str | None, call_sid: str = CALL) -> None:
        parameters = {} if ticket is None else {"ticket": ticket}
        self.says(**{"type": "setup", "callSid": call_sid, "from": CALLER, "customParameters": parameters})

    def disconnects(self, code: int = 1006) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": code})

    async def until(self, holds: Any, seconds: float = 5.0) -> None:
        """Wait until `holds()` is true after something the server did."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(holds)

    async def hears(self, pattern: str, seconds: float = 5.0) -> str:
        await self.until(lambda: re.search(pattern, self.text), seconds)
        return self.text

    async def ends(self, seconds: float = 8.0) -> None:
        """The server has finished with this socket."""
        async with asyncio.timeout(seconds):
            await self.served

    async def breaks(self) -> None:
        self.disconnects()
        await self.ends()

    @property
    def text(self) -> str:
        return "".join(frame["token"] for frame in self.sent if frame["type"] == "text")

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.sent if frame["type"] == kind]


def _scope(kind: str, path: str, query: str, headers: Mapping[str, str]) -> Message:
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "subprotocols": [],
    }
