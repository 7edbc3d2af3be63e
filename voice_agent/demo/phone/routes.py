"""The phone page of the demo: the page itself, and the few requests by which it places a call and takes part in it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from voice_agent.app import Services
from voice_agent.demo.phone.carrier import ACTS, Carrier, CarrierRefused, EmulatorUnreachable
from voice_agent.demo.phone.feed import Feed
from voice_agent.demo.phone.records import Records
from voice_agent.demo.phone.tries import LINE_OF, SAYINGS, tries
from voice_agent.demo.product import Surroundings
from voice_agent.settings import LOOPBACK

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
MOST_BODY_BYTES = 4096
MOST_WORDS = 600
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
ATTESTATIONS = ("TN-Validation-Passed-A", "TN-Validation-Passed-B", "TN-Validation-Passed-C", "No-TN-Validation")
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


def routes() -> list[BaseRoute]:
    """Everything below /demo/phone. Answers only clients on this machine that ask for it by a name of this machine."""
    return [
        Route("/demo/phone", _guarded(_page)),
        Route("/demo/phone/static/{name}", _guarded(_static)),
        Route("/demo/phone/calls", _guarded(_place), methods=["POST"]),
        Route("/demo/phone/legs", _guarded(_legs)),
        Route("/demo/phone/calls/{sid}/events", _guarded(_events)),
        Route("/demo/phone/calls/{sid}/{act}", _guarded(_act), methods=["POST"]),
    ]


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Loopback clients only; a foreign Host or Origin is a page elsewhere that tries to reach in."""

    async def guarded(request: Request) -> Response:
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

    return guarded


async def _page(request: Request) -> Response:
    services, around = _of(request)
    lines = services.lines.lines
    html = (
        _templates()
        .get_template("phone.html")
        .render(
            company=lines[0].script.values.get("company", "") if lines else "",
            callers=around.callers,
            lines=lines,
            line_of=LINE_OF,
            sayings=SAYINGS,
            tries=tries(around.callers, lines),
            attestations=ATTESTATIONS,
            model=services.model.name,
        )
    )
    return HTMLResponse(html)


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _static_names():
        return Response("not found", 404)
    return FileResponse(STATIC / name, media_type=TYPES[Path(name).suffix])


async def _place(request: Request) -> Response:
    """`{"from", "to", "attestation"}`; gives `{"call_sid", "changes_since"}` for the stream of events."""
    services, around = _of(request)
    given = await _body(request)
    caller = re.sub(r"[\s().-]", "", str(given.get("from", "")))
    line = services.lines.by_number(str(given.get("to", "")))
    attestation = given.get("attestation", ATTESTATIONS[0])
    if not NUMBER.fullmatch(caller):
        raise Refused(400, "A number is written with its country code, like +1 312 555 0142.")
    if line is None:
        raise Refused(400, "That line does not exist.")
    if attestation not in ATTESTATIONS:
        raise Refused(400, "That attestation does not exist.")
    if not request.app.state.ready.is_set():
        raise Refused(503, "The demo is still starting. Try again in a moment.")
    since = await Records(around.salesforce, services.settings.salesforce_api_version).newest()
    call_sid = await Carrier(services.settings.twilio_api_base_url.rstrip("/")).place(caller, line.number, attestation)
    return JSONResponse({"call_sid": call_sid, "changes_since": since}, 201)


async def _legs(request: Request) -> Response:
    """Calls of the server to the phone `to` that are not over: the console shows its user's own phone with them."""
    services, _ = _of(request)
    carrier = Carrier(services.settings.twilio_api_base_url.rstrip("/"))
    return JSONResponse(await carrier.legs(request.query_params.get("to", "")))


async def _act(request: Request) -> Response:
    """`say {"text"}`, `bargein {"text"}`, `press {"keys"}`, `hangup {}`; 409 when nothing listens."""
    services, _ = _of(request)
    act, given = request.path_params["act"], await _body(request)
    if act not in ACTS:
        raise Refused(404, "There is nothing of that name to do on a call.")
    wanted: dict[str, Any] = {"patience": 3.0}
    match act:
        case "say" | "bargein":
            wanted["text"] = " ".join(str(given.get("text", "")).split())[:MOST_WORDS]
            if not wanted["text"]:
                raise Refused(400, "There is nothing to say.")
        case "press":
            wanted["keys"] = str(given.get("keys", ""))
            if not re.fullmatch(r"[0-9*#]{1,32}", wanted["keys"]):
                raise Refused(400, "The keys are 0 to 9, star and pound.")
        case _:
            pass
    carrier = Carrier(services.settings.twilio_api_base_url.rstrip("/"))
    return JSONResponse(await carrier.act(request.path_params["sid"], act, wanted))


async def _events(request: Request) -> Response:
    services, around = _of(request)
    since = request.query_params.get("since", "0")
    feed = Feed(
        services,
        Carrier(services.settings.twilio_api_base_url.rstrip("/")),
        Records(around.salesforce, services.settings.salesforce_api_version),
        request.path_params["sid"],
        int(since) if since.isdigit() else 0,
        stopping=lambda: bool(request.app.state.stopping),
    )
    return StreamingResponse(feed.events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _body(request: Request) -> Mapping[str, Any]:
    """A small JSON object, and said to be one: a form of another site cannot send that without being asked first."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "JSON is wanted.")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise Refused(413, "That is too long.")
    try:
        body = orjson.loads(bytes(raw))
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "A JSON object is wanted.")
    return body


def _of(request: Request) -> tuple[Services, Surroundings]:
    return request.app.state.services, request.app.state.demo


@cache
def _static_names() -> frozenset[str]:
    return frozenset(path.name for path in STATIC.iterdir() if path.suffix in TYPES)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("voice_agent.demo.phone"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
