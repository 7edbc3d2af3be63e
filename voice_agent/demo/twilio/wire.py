"""The real network under the emulator: aiohttp and websockets, behind two small protocols that tests replace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket

MAX_BODY = 65_536
"""Bytes of a webhook's answer that are read; more is Twilio's 11750."""


class NoAnswer(Exception):
    """The other side gave no HTTP answer; `stage` is `ct` (connecting) or `rt` (reading), as in Twilio's overrides."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage


class UpgradeRefused(Exception):
    """The websocket upgrade was refused; `status` is the HTTP status, 0 when nothing answered."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class SocketGone(Exception):
    """The other side closed the websocket (`code`), or it broke (1006)."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Http(Protocol):
    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_timeout: float,
        read_timeout: float,
    ) -> Answer:
        """Sends one request and follows no redirect. Timeouts are real seconds. Raises NoAnswer."""


class Socket(Protocol):
    async def send(self, text: str) -> None:
        """Raises SocketGone."""

    async def receive(self) -> str:
        """The next text frame. Raises SocketGone."""

    async def close(self, code: int, reason: str) -> None: ...

    def abort(self) -> None:
        """Breaks the connection without a goodbye, as a lost network does."""


class ConnectSocket(Protocol):
    async def __call__(self, url: str, headers: Mapping[str, str]) -> Socket:
        """Opens a websocket with exactly these extra headers. Raises UpgradeRefused."""


class AiohttpClient:
    """Http over one aiohttp session; use as `async with`."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "AiohttpClient":
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_timeout: float,
        read_timeout: float,
    ) -> Answer:
        assert self._session is not None, "enter the client before its first request"
        limit = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout, sock_read=read_timeout)
        try:
            async with self._session.request(
                method, url, headers=dict(headers), data=body or None, timeout=limit, allow_redirects=False
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, names, await response.read())
        except aiohttp.ClientConnectorError as exc:
            raise NoAnswer("ct", f"could not connect to {url}: {exc}") from exc
        except aiohttp.ConnectionTimeoutError as exc:
            raise NoAnswer("ct", f"{url} did not take the connection within {connect_timeout:g} s") from exc
        except TimeoutError as exc:
            raise NoAnswer("rt", f"{url} did not answer within {read_timeout:g} s") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise NoAnswer("ct", f"the connection to {url} broke: {exc}") from exc


class _WebSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except websockets.ConnectionClosed as exc:
            raise _gone(exc) from exc

    async def receive(self) -> str:
        try:
            data = await self._connection.recv()
        except websockets.ConnectionClosed as exc:
            raise _gone(exc) from exc
        return data if isinstance(data, str) else data.decode("utf-8", "replace")

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    def abort(self) -> None:
        self._connection.transport.abort()


async def connect_websocket(url: str, headers: Mapping[str, str]) -> Socket:
    """A websocket like Twilio's: its user agent, no compression, no Origin, no sub-protocol (sheet section 2.1)."""
    agent = headers.get("User-Agent", "Jetty/11.0.24")
    rest = {name: value for name, value in headers.items() if name != "User-Agent"}
    try:
        connection = await open_websocket(
            url,
            additional_headers=rest,
            user_agent_header=agent,
            compression=None,
            open_timeout=10,
            close_timeout=2,
            ping_interval=None,
            max_size=2**20,
            proxy=None,
        )
    except websockets.InvalidStatus as exc:
        raise UpgradeRefused(
            exc.response.status_code, f"the upgrade was answered with {exc.response.status_code}"
        ) from exc
    except (websockets.InvalidHandshake, websockets.InvalidURI, OSError, TimeoutError, EOFError) as exc:
        raise UpgradeRefused(0, f"no websocket at {url}: {exc}") from exc
    return _WebSocket(connection)


def _gone(exc: websockets.ConnectionClosed) -> SocketGone:
    if exc.rcvd is None:
        return SocketGone(1006)
    return SocketGone(exc.rcvd.code, exc.rcvd.reason)
