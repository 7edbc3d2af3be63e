"""`/twilio/relay` as a bare ASGI endpoint: the signature is checked before the upgrade is accepted.

A refused upgrade is closed before accept, which the server answers with HTTP 403. After it, `setup` must come within
five seconds and carry the ticket its voice webhook issued; anything else is closed with 1008.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from voice_agent.calls import Calls, Ticket, Tickets
from voice_agent.errors import WireError
from voice_agent.logs import CALL
from voice_agent.session import SETUP_SECONDS, Session
from voice_agent.settings import Settings
from voice_agent.twilio import relay, signature

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
REFUSED = 1008

log = logging.getLogger(__name__)


class RelaySocket:
    """An accepted websocket, as the session wants it: text in, text out, None at the end."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.closed = False

    async def receive(self) -> str | bytes | None:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.closed = True
            return None
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def send(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int = 1000) -> None:
        if not self.closed:
            self.closed = True
            await self._send({"type": "websocket.close", "code": code})


class RelayEndpoint:
    """ASGI. `open_session` makes the session of a call that has none yet."""

    def __init__(
        self, settings: Settings, calls: Calls, tickets: Tickets, open_session: Callable[[Ticket], Session]
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._tickets = tickets
        self._open_session = open_session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        if not self._signed(scope):
            log.warning("socket refused: signature does not match")
            await send({"type": "websocket.close", "code": REFUSED})
            return
        await send({"type": "websocket.accept"})
        socket = RelaySocket(receive, send)
        try:
            async with asyncio.timeout(SETUP_SECONDS):
                setup = await self._setup(socket)
                session = self._session(setup)
        except (TimeoutError, WireError) as error:
            log.warning("socket refused after accept", extra={"why": str(error) or "no setup in time"})
            await socket.close(REFUSED)
            return
        await self._serve(session, socket, setup)

    def _signed(self, scope: Scope) -> bool:
        headers = dict(scope["headers"])
        given = headers.get(b"x-twilio-signature", b"").decode("latin-1")
        url = self._settings.socket_url.rstrip("/") + scope["path"]
        if query := scope.get("query_string", b""):
            url += f"?{query.decode('latin-1')}"
        return signature.valid(self._settings.auth_tokens, given, url)

    @staticmethod
    async def _setup(socket: RelaySocket) -> relay.Setup:
        data = await socket.receive()
        if data is None:
            raise WireError("closed before setup")
        frame = relay.decode(data)
        if not isinstance(frame, relay.Setup) or not frame.call_sid:
            raise WireError("the first frame is not a setup")
        return frame

    def _session(self, setup: relay.Setup) -> Session:
        ticket = self._tickets.take(setup.parameters.get("ticket", ""), setup.call_sid)
        if self._calls.ended(setup.call_sid):
            raise WireError("the call is over")
        if self._calls.socket_open(setup.call_sid):
            raise WireError("the call has a socket already")
        session = self._calls.get(setup.call_sid)
        if session is None:
            session = self._open_session(ticket)
            self._calls.add(session)
        else:
            self._calls.reopened(setup.call_sid)
        return session

    async def _serve(self, session: Session, socket: RelaySocket, setup: relay.Setup) -> None:
        CALL.set(session.call_sid)
        try:
            await session.run(socket, setup)
        finally:
            session.detached()
            self._calls.socket_closed(session.call_sid)
            await socket.close()


class Front:
    """ASGI in front of the application: relay sockets go straight to their endpoint.

    Every frame sent through Starlette's middleware costs another two calls; these sockets need nothing of it.
    """

    def __init__(self, application: Application, relay_endpoint: RelayEndpoint, path: str = "/twilio/relay") -> None:
        self._application = application
        self._relay = relay_endpoint
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] == self._path:
            await self._relay(scope, receive, send)
        else:
            await self._application(scope, receive, send)
