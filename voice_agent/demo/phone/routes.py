"""The phone page of the demo: the page itself, and the few requests by which it places a call and takes part in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from voice_agent.demo.phone import staff
from voice_agent.demo.phone.carrier import ACTS
from voice_agent.demo.phone.feed import Feed
from voice_agent.demo.phone.guard import Refused, body, carrier, guarded, surroundings, templates
from voice_agent.demo.phone.records import Records
from voice_agent.demo.phone.tries import LINE_OF, SAYINGS, tries

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
MOST_WORDS = 600
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
ATTESTATIONS = ("TN-Validation-Passed-A", "TN-Validation-Passed-B", "TN-Validation-Passed-C", "No-TN-Validation")


def routes() -> list[BaseRoute]:
    """Everything below /demo/phone, and /demo/staff. Only for clients on this machine, by a name of this machine."""
    return [
        Route("/demo/phone", guarded(_page)),
        Route("/demo/phone/static/{name}", guarded(_static)),
        Route("/demo/phone/calls", guarded(_place), methods=["POST"]),
        Route("/demo/phone/legs", guarded(_legs)),
        Route("/demo/staff", guarded(staff.page)),
        Route("/demo/staff/legs", guarded(staff.legs)),
        Route("/demo/phone/calls/{sid}/events", guarded(_events)),
        Route("/demo/phone/calls/{sid}/{act}", guarded(_act), methods=["POST"]),
    ]


async def _page(request: Request) -> Response:
    services, around = surroundings(request)
    lines = services.lines.lines
    html = (
        templates()
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
    services, around = surroundings(request)
    given = await body(request)
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
    call_sid = await carrier(request).place(caller, line.number, attestation)
    return JSONResponse({"call_sid": call_sid, "changes_since": since}, 201)


async def _legs(request: Request) -> Response:
    """Calls of the server to the phone `to` that are not over: the console shows its user's own phone with them."""
    return JSONResponse(await carrier(request).legs(request.query_params.get("to", "")))


async def _act(request: Request) -> Response:
    """`say {"text"}`, `bargein {"text"}`, `press {"keys"}`, `hangup {}`, and of a phone that rings
    `answer {}`, `decline {}`; 409 when it cannot be done now."""
    act, given = request.path_params["act"], await body(request)
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
    return JSONResponse(await carrier(request).act(request.path_params["sid"], act, wanted))


async def _events(request: Request) -> Response:
    services, around = surroundings(request)
    since = request.query_params.get("since", "0")
    feed = Feed(
        services,
        carrier(request),
        Records(around.salesforce, services.settings.salesforce_api_version),
        request.path_params["sid"],
        int(since) if since.isdigit() else 0,
        stopping=lambda: bool(request.app.state.stopping),
    )
    return StreamingResponse(feed.events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@cache
def _static_names() -> frozenset[str]:
    return frozenset(path.name for path in STATIC.iterdir() if path.suffix in TYPES)
