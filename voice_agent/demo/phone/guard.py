"""What every request of the demo's pages goes through: this machine only, small JSON bodies, a strict policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voice_agent.app import Services
from voice_agent.console import rendering
from voice_agent.demo.phone.carrier import Carrier, CarrierRefused, EmulatorUnreachable
from voice_agent.demo.product import Surroundings
from voice_agent.settings import LOOPBACK

MOST_BODY_BYTES = 4096
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}

Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """What the page asked for makes no sense: an HTTP status and a sentence for the person in front of it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def guarded(endpoint: Endpoint) -> Endpoint:
    """Loopback clients only; a foreign Host or Origin is a page elsewhere that tries to reach in."""

    async def near(request: Request) -> Response:
        host = request.url.hostname
        origin = urlsplit(request.headers.get("origin") or "").hostname or host
        if request.client is None or request.client.host not in LOOPBACK or host not in LOOPBACK or origin != host:
            return Response("not found", 404)
        try:
            answer = await endpoint(request)
        except Refused as refused:
            answer = JSONResponse({"error": str(refused)}, refused.status)
        except CarrierRefused as refused:
            answer = JSONResponse({"error": str(refused)}, refused.status)
        except EmulatorUnreachable as unreachable:
            answer = JSONResponse({"error": str(unreachable)}, 502)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return near


async def body(request: Request) -> Mapping[str, Any]:
    """A small JSON object, and said to be one: a form of another site cannot send that without being asked first."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "JSON is wanted.")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise Refused(413, "That is too long.")
    try:
        read = orjson.loads(bytes(raw))
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise Refused(400, "A JSON object is wanted.")
    return read


def surroundings(request: Request) -> tuple[Services, Surroundings]:
    return request.app.state.services, request.app.state.demo


def carrier(request: Request) -> Carrier:
    services, _ = surroundings(request)
    return Carrier(services.settings.twilio_api_base_url.rstrip("/"))


@cache
def templates() -> Environment:
    made = Environment(
        loader=PackageLoader("voice_agent.demo.phone"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = rendering.number
    return made
