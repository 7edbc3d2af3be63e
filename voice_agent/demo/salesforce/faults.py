"""Trouble on demand: an ASGI layer that spoils the requests it was told to (sheet 6.2 "Fault injection").

    {"match": "PATCH .*/ServiceAppointment/.*", "fault": "lock", "times": 2}

`match` is a regular expression over "METHOD path". `times` is how often (default 1, null until cleared), `after` how
many matching requests go through first. Faults: `401`, `403` (or `limit`), `500`, `503`, `lock`, `latency` (with `ms`),
`hang`, `drop`, `apply_then_hang`, `apply_then_drop`. Only `lock` also hits the sub-requests of a composite.
They belong to this process alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from voice_agent.demo.salesforce.errors import ApiError

_HANG_AT_MOST_S = 300.0
_BODIES: Mapping[str, tuple[int, bytes, bytes]] = {
    "401": (
        401,
        b"application/json;charset=UTF-8",
        orjson.dumps([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]),
    ),
    "403": (
        403,
        b"application/json;charset=UTF-8",
        orjson.dumps([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]),
    ),
    "500": (
        500,
        b"application/json;charset=UTF-8",
        orjson.dumps([{"message": "An unexpected error occurred.", "errorCode": "UNKNOWN_EXCEPTION"}]),
    ),
    "503": (
        503,
        b"text/html;charset=UTF-8",
        b"<html><head><title>Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>",
    ),
}
_ALIASES = {"limit": "403", "request_limit": "403", "unavailable": "503", "expired": "401"}
_LAYERED = frozenset({*_BODIES, "latency", "hang", "drop", "apply_then_hang", "apply_then_drop"})


@dataclass(slots=True)
class Fault:
    """One kind of trouble and whom it still waits for."""

    match: re.Pattern[str]
    name: str
    times: int | None = 1
    after: int = 0
    ms: float = 0.0
    hits: int = 0

    def shown(self) -> dict[str, object]:
        left = None if self.times is None else max(0, self.times - self.hits)
        return {"match": self.match.pattern, "fault": self.name, "left": left, "hits": self.hits, "ms": self.ms}


@dataclass(slots=True)
class Faults:
    """The faults that are set, in the order they were set."""

    listed: list[Fault] = field(default_factory=list)

    def set(self, entries: object) -> None:
        """Adds faults. Raises ValueError for an entry that makes no sense."""
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, Mapping):
                raise ValueError("a fault is an object with match and fault")
            name = str(entry.get("fault", "")).lower()
            name = _ALIASES.get(name, name)
            if name not in _LAYERED and name != "lock":
                raise ValueError(f"unknown fault {name!r}; known are {', '.join(sorted(_LAYERED | {'lock'}))}")
            times = entry.get("times", 1)
            self.listed.append(
                Fault(
                    re.compile(str(entry.get("match", ".*"))),
                    name,
                    None if times is None else int(times),
                    int(entry.get("after", 0)),
                    float(entry.get("ms", entry.get("latency", 0))),
                )
            )

    def clear(self) -> None:
        self.listed.clear()

    def strike(self, method: str, path: str, layered: bool) -> Fault | None:
        """The fault that hits this request, if any; counts it."""
        for fault in self.listed:
            if (fault.name in _LAYERED) != layered or not fault.match.search(f"{method} {path}"):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is None or fault.hits < fault.times:
                fault.hits += 1
                return fault
        return None

    def lock(self, method: str, path: str) -> None:
        """Raises UNABLE_TO_LOCK_ROW when a lock fault waits for this request."""
        if self.strike(method, path, layered=False):
            reason = "unable to obtain exclusive access to this record or 1 records: " + path.rsplit("/", 1)[-1]
            raise ApiError(400, "UNABLE_TO_LOCK_ROW", reason, [])


class FaultLayer:
    """The outermost ASGI layer; control requests pass untouched."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/emulator/"):
            await self._app(scope, receive, send)
            return
        fault = self._faults.strike(scope["method"], scope["path"], layered=True)
        match fault.name if fault else "":
            case "":
                await self._app(scope, receive, send)
            case "latency" if fault:
                await anyio.sleep(fault.ms / 1000)
                await self._app(scope, receive, send)
            case "hang":
                await _until_gone(receive)
            case "drop":
                _abort(send)
            case "apply_then_hang":
                await self._app(scope, receive, _swallow)
                await _until_gone(receive)
                _abort(send)
            case "apply_then_drop":
                await self._app(scope, receive, _swallow)
                _abort(send)
            case name:
                await _answer(send, *_BODIES[name])


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _swallow(message: Message) -> None:
    """What the client never gets to see."""


async def _until_gone(receive: Receive) -> None:
    with anyio.move_on_after(_HANG_AT_MOST_S):
        while (await receive())["type"] != "http.disconnect":
            pass


def _abort(send: Send) -> None:
    """Cuts the connection without an answer. ASGI has no word for it, so uvicorn's own cycle is asked."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("dropping a connection needs uvicorn's HTTP protocol")
    transport.abort()
