"""The network of the virtual-time tests: an ASGI application reached without sockets, over HTTP and websocket."""

import asyncio
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp

from voice_agent.demo.twilio.wire import Answer, NoAnswer, Socket, SocketGone, UpgradeRefused

Message = MutableMapping[str, Any]


class InMemoryNetwork:
    """Http and ConnectSocket to one application. `outages` makes the next so many HTTP requests fail to connect."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.outages = 0
        self.upgrades: list[dict[str, str]] = []
        """Headers of each upgrade, names in lower case."""

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_timeout: float,
        read_timeout: float,
    ) -> Answer:
        if self.outages:
            self.outages -= 1
            raise NoAnswer("ct", "connection refused")
        sent: list[Message] = []
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            async with asyncio.timeout(read_timeout):
                await self._app(_scope("http", url, headers, method), receive, send)
        except TimeoutError as exc:
            raise NoAnswer("rt", "read timeout") from exc
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], names, b"".join(message.get("body", b"") for message in sent[1:]))

    async def connect(self, url: str, headers: Mapping[str, str]) -> Socket:
        self.upgrades.append({name.lower(): value for name, value in headers.items()})
        socket = _InMemorySocket(self._app, _scope("websocket", url, headers, "GET"))
        await socket.open()
        return socket


class _InMemorySocket:
    def __init__(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._gone: SocketGone | None = None
        self._task = asyncio.create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._to_app.get, self._receive_from_app)
        finally:
            self._from_app.put_nowait({"type": "websocket.close", "code": 1006, "reason": ""})

    async def _receive_from_app(self, message: Message) -> None:
        self._from_app.put_nowait(message)

    async def open(self) -> None:
        message = await self._from_app.get()
        if message["type"] != "websocket.accept":
            raise UpgradeRefused(403, "refused")

    async def send(self, text: str) -> None:
        if self._gone is not None:
            raise self._gone
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> str:
        if self._gone is not None:
            raise self._gone
        message = await self._from_app.get()
        if message["type"] == "websocket.close":
            self._gone = SocketGone(message.get("code", 1000), message.get("reason") or "")
            raise self._gone
        return str(message["text"])

    async def close(self, code: int, reason: str) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def abort(self) -> None:
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})


def _scope(kind: str, url: str, headers: Mapping[str, str], method: str) -> dict[str, Any]:
    parts = urlsplit(url)
    given = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "method": method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", parts.netloc.encode()), *given],
        "client": ("127.0.0.1", 50000),
        "server": (parts.hostname, parts.port or 443),
        "subprotocols": [],
        "state": {},
    }
    return scope
