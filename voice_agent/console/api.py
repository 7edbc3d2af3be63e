"""`/api/...`: the queue, approvals, calls and numbers as JSON, for Salesforce Flow and other systems.

A key of the settings page goes into `Authorization: Bearer ...`; it acts under its own name and role. There are no
cookies here, so nothing a browser could be tricked into. The description at `/api/openapi.json` is made from the same
table as the routes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent.console import approving
from voice_agent.console.acts import give, note
from voice_agent.console.desk import Desk
from voice_agent.console.digest import digest
from voice_agent.console.figures import figures
from voice_agent.console.folding import CallView, fold
from voice_agent.console.guard import Refused
from voice_agent.console.operations import DONE, NUMBER, OBJECT, TEXT, Body, Operation, several, thing
from voice_agent.console.people import WHY
from voice_agent.console.rows import state
from voice_agent.console.users import Role, User
from voice_agent.errors import StoreUnavailable
from voice_agent.handoff.dispatch import Told
from voice_agent.handoff.outcomes import Waiting
from voice_agent.orders import Order, as_words

MOST_BODY_BYTES = 16 * 1024
MOST_CALLS = 500
DAY_SECONDS = 86_400.0

LIVE = thing(
    call_sid=TEXT, line=TEXT, number=TEXT, name=TEXT, level={"type": "integer"}, lang=TEXT, state=TEXT, wants=TEXT,
    emergency=TEXT, started=NUMBER, confidence={"type": ["number", "null"]}, latency_ms={"type": ["number", "null"]},
    last_words=TEXT, last_speaker=TEXT,
)  # fmt: skip
WAITING = thing(
    call_sid=TEXT, line=TEXT, number=TEXT, name=TEXT, reason=TEXT, urgent={"type": "boolean"}, state=TEXT,
    entered=NUMBER, position={"type": "integer"}, summary=OBJECT,
)  # fmt: skip


def routes(desk: Desk) -> list[BaseRoute]:
    table = operations(desk)
    described = orjson.dumps(description(table, desk))

    async def openapi(request: Request) -> Response:
        return Response(described, media_type="application/json")

    return [
        Route("/api/openapi.json", openapi),
        *(Route(one.path, _endpoint(desk, one), methods=[one.method]) for one in table),
    ]


def operations(desk: Desk) -> list[Operation]:
    async def live(request: Request, user: User, body: Body) -> Any:
        async with desk.watch.watching():
            return {"calls": [live_json(view) for view in desk.watch.live() if view.live]}

    async def past(request: Request, user: User, body: Body) -> Any:
        days = _count(request.query_params.get("days"), 7, 365)
        found = await desk.digests.since(desk.wall() - days * DAY_SECONDS)
        number = request.query_params.get("number", "")
        outcome = request.query_params.get("outcome", "")
        fitting = [one for one in found if one.number.endswith(number) and (not outcome or one.outcome == outcome)]
        return {
            "calls": [one.as_json() for one in fitting[: _count(request.query_params.get("limit"), 100, MOST_CALLS)]]
        }

    async def one_call(request: Request, user: User, body: Body) -> Any:
        kept = await desk.source.call(request.path_params["call_sid"])
        if kept is None:
            raise Refused(404, "There is no call of that name.")
        entries = [{"kind": each.kind, "at": each.wall, **each.data} for each in kept.entries]
        return {"call": digest(fold(kept)).as_json(), "entries": entries}

    async def whisper(request: Request, user: User, body: Body) -> Any:
        sid, words = request.path_params["call_sid"], as_words(str(body.get("words", "")))
        if not words:
            raise Refused(400, "words is missing.")
        await give(desk, Order(sid, "say" if body.get("aloud") is True else "whisper", words, user.name))
        return {"done": True}

    async def waiting(request: Request, user: User, body: Body) -> Any:
        return {"waiting": [waiting_json(each) for each in await desk.dispatch.waiting()]}

    async def accept(request: Request, user: User, body: Body) -> Any:
        phone = str(body.get("phone", ""))
        if not phone:
            raise Refused(400, "phone is missing.")
        sid = request.path_params["call_sid"]
        return await told(user, "accept", sid, await desk.dispatch.accept(sid, user.name, phone))

    async def decline(request: Request, user: User, body: Body) -> Any:
        sid = request.path_params["call_sid"]
        return await told(user, "decline", sid, await desk.dispatch.decline(sid, user.name))

    async def call_back(request: Request, user: User, body: Body) -> Any:
        sid = request.path_params["call_sid"]
        return await told(user, "call_back", sid, await desk.dispatch.promise_call_back(sid, user.name))

    async def told(user: User, act: str, sid: str, result: Told) -> Any:
        await note(desk, user.name, act, sid, facts={"done": result.done, "why": result.why})
        if not result.done:
            raise Refused(409, WHY[result.why])
        return {"done": True}

    async def numbers(request: Request, user: User, body: Body) -> Any:
        days = _count(request.query_params.get("days"), 7, 365)
        midnight = datetime.fromtimestamp(desk.wall(), desk.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = await desk.digests.since(midnight.timestamp() - (days - 1) * DAY_SECONDS)
        return asdict(figures(found, desk.overrides.current))

    days = ("days", "How many days back; 7 without it.")
    return [
        Operation("GET", "/api/calls/live", "Calls that are on now.", live, several("calls", LIVE)),
        Operation(
            "GET", "/api/calls", "Calls that are over, the newest first.", past, several("calls", OBJECT),
            query=(days, ("number", "End of the caller's number."), ("outcome", "resolved, contained, person, ..."),
                   ("limit", "At most so many; 100 without it.")),
            role=Role.SUPERVISOR,
        ),
        Operation(
            "GET", "/api/calls/{call_sid}", "One call with everything noted of it.", one_call,
            thing(call=OBJECT, entries={"type": "array", "items": OBJECT}), role=Role.SUPERVISOR,
        ),
        Operation(
            "POST", "/api/calls/{call_sid}/whisper", "A note for the agent of a live call, or words for its caller.",
            whisper, DONE, {"type": "object", "properties": {"words": TEXT, "aloud": {"type": "boolean"}},
                            "required": ["words"]},
        ),
        Operation("GET", "/api/queue", "Callers who wait for a person.", waiting, several("waiting", WAITING)),
        Operation(
            "POST", "/api/queue/{call_sid}/accept", "Ring a phone; whoever presses 1 there gets the caller.",
            accept, DONE, thing(phone=TEXT),
        ),
        Operation("POST", "/api/queue/{call_sid}/decline", "Stop ringing for this caller.", decline, DONE),
        Operation("POST", "/api/queue/{call_sid}/call-back", "Promise to call the caller back.", call_back, DONE),
        *approving.operations(desk),
        Operation(
            "GET", "/api/numbers", "Containment, resolution, delays and costs of a period.", numbers, OBJECT,
            query=(days,), role=Role.SUPERVISOR,
        ),
    ]  # fmt: skip


def _endpoint(desk: Desk, one: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            holder = await desk.tokens.holder(request.headers.get("authorization", "").removeprefix("Bearer ").strip())
            if holder is None:
                refused = JSONResponse({"error": "A key is wanted: Authorization: Bearer ..."}, 401)
                refused.headers["WWW-Authenticate"] = "Bearer"
                return refused
            if holder.role < one.role:
                raise Refused(403, f"This key is a {holder.role.word}'s; a {one.role.word}'s is wanted.")
            body = await _body(request) if one.method == "POST" else {}
            answer = await one.answer(request, User(f"key:{holder.name}", holder.role), body)
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        except StoreUnavailable:
            return JSONResponse({"error": "The database does not answer. Nothing was changed."}, 503)
        return Response(orjson.dumps(answer, default=str), media_type="application/json")

    return endpoint


async def _body(request: Request) -> Body:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise Refused(413, "That is too long.")
    try:
        body = orjson.loads(bytes(raw)) if raw.strip() else {}
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "A JSON object is wanted.")
    return body


def _count(given: str | None, otherwise: int, most: int) -> int:
    return min(most, max(1, int(given))) if given and given.isascii() and given.isdigit() else otherwise


def live_json(view: CallView) -> dict[str, Any]:
    return {
        "call_sid": view.call_sid,
        "line": view.line,
        "number": view.number,
        "name": view.name,
        "level": view.level,
        "lang": view.lang,
        "state": state(view),
        "wants": view.wants,
        "emergency": view.emergency,
        "started": view.started,
        "confidence": view.confidence,
        "latency_ms": view.latency_ms,
        "last_words": view.words,
        "last_speaker": view.who,
    }


def waiting_json(waiting: Waiting) -> dict[str, Any]:
    return {
        "call_sid": waiting.call_sid,
        "line": waiting.line,
        "number": waiting.number,
        "name": waiting.name,
        "reason": waiting.reason,
        "urgent": waiting.urgent,
        "state": waiting.state.value,
        "entered": waiting.entered,
        "position": waiting.position,
        "summary": dict(waiting.summary),
    }


def description(table: list[Operation], desk: Desk) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for one in table:
        names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
        in_path = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
        asked = [{"name": name, "in": "query", "schema": TEXT, "description": about} for name, about in one.query]
        described: dict[str, Any] = {
            "summary": one.summary,
            "description": f"For keys of the role {one.role.word} and above.",
            "operationId": "_".join([one.method.lower(), *(p.strip("{}") for p in one.path.split("/")[2:])]),
            "parameters": [*in_path, *asked],
            "responses": {
                "200": {"description": "Done.", "content": {"application/json": {"schema": one.gives}}},
                "default": {
                    "description": "Refused; the sentence says why.",
                    "content": {"application/json": {"schema": thing(error=TEXT)}},
                },
            },
        }
        if one.takes is not None:
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": one.takes}}}
        paths.setdefault(one.path, {})[one.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{desk.company}: voice agent", "version": "1"},
        "servers": [{"url": desk.settings.public_url or "/"}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": paths,
    }
