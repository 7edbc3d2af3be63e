"""The emulator's own endpoints below `/emulator/`: who to play, faults, clock, ledger, reset."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from voice_agent.demo.salesforce import events, ledger, values
from voice_agent.demo.salesforce.faults import Faults
from voice_agent.demo.salesforce.service import Service

_POLL_S = 0.05
_LONGEST_POLL_S = 55.0


def routes(service: Service, faults: Faults) -> list[Route]:
    """All control routes."""

    async def info(request: Request) -> Response:
        return _json(service.info(origin(request)))

    async def set_faults(request: Request) -> Response:
        if request.method == "POST":
            try:
                faults.set(orjson.loads(await request.body()))
            except (ValueError, TypeError) as problem:
                return _json({"error": str(problem)}, 400)
        elif request.method == "DELETE":
            faults.clear()
        return _json([fault.shown() for fault in faults.listed])

    async def clock(request: Request) -> Response:
        """`{"freeze": ISO or true}`, `{"now": ISO}` (running on from there), `{"advance": seconds}`, `{}` real time."""
        if request.method == "POST":
            body = await request.body()
            try:
                _set_clock(service, orjson.loads(body) if body else {})
            except (ValueError, TypeError) as problem:
                return _json({"error": f"clock: {problem}"}, 400)
        state = service.database.setting("clock") or {}
        frozen = isinstance(state, dict) and "frozen" in state
        return _json({"now": service.database.now().isoformat(), "frozen": frozen})

    async def entries(request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        return _json(ledger.since(service.database, since))

    async def changes(request: Request) -> Response:
        """The ledger as it grows: server-sent events, or one long poll that returns when something is there."""
        since = request.query_params.get("since") or request.headers.get("last-event-id")
        start = int(since) if since else ledger.last(service.database)
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(_stream(service, start, request), media_type="text/event-stream")
        seconds = min(float(request.query_params.get("timeout", "25")), _LONGEST_POLL_S)
        with anyio.move_on_after(seconds):
            while ledger.last(service.database) <= start:  # noqa: ASYNC110 - another process may be the writer
                await anyio.sleep(_POLL_S)
        return _json(ledger.since(service.database, start))

    async def reset(request: Request) -> Response:
        faults.clear()
        service.seed()
        return _json(service.info(origin(request)))

    async def expire(request: Request) -> Response:
        """Ends every session, so that the next call of each client gets 401."""
        with service.database.transaction(write=True):
            service.sessions.expire_all()
        return Response(status_code=204)

    async def certificate(request: Request) -> Response:
        """Registers the public key that JWT assertions of an app are checked with: `{"client_id", "certificate"}`."""
        body = orjson.loads(await request.body())
        with service.database.transaction(write=True):
            service.database.set(f"certificate {body['client_id']}", str(body["certificate"]))
        return Response(status_code=204)

    async def switch(request: Request) -> Response:
        """Turns services of the org on and off: `{"scheduling": ["apex", "action", "scheduler"]}`."""
        body = orjson.loads(await request.body())
        with service.database.transaction(write=True):
            service.database.set("scheduling", [str(one) for one in body["scheduling"]])
        return Response(status_code=204)

    async def gap(request: Request) -> Response:
        """Logs a change event without data: `{"object", "id", "change": "GAP_UPDATE"}`."""
        body = orjson.loads(await request.body())
        with service.database.transaction(write=True):
            events.add_gap(service.database, str(body["object"]), str(body["id"]), str(body["change"]))
        return Response(status_code=204)

    async def retain(request: Request) -> Response:
        """Forgets change events before a sequence number, as time does: `{"from": 17}`."""
        body = orjson.loads(await request.body())
        with service.database.transaction(write=True):
            service.database.set("retained_from", int(body["from"]))
        return Response(status_code=204)

    async def consent(request: Request) -> Response:
        """Stands for a user's consent in the browser: `{"client_id", "username"}` gives a one-time code."""
        body = orjson.loads(await request.body())
        with service.database.transaction(write=True):
            return _json({"code": service.sessions.authorize(str(body["client_id"]), str(body["username"]))})

    return [
        Route("/emulator/info", info, methods=["GET"]),
        Route("/emulator/faults", set_faults, methods=["GET", "POST", "DELETE"]),
        Route("/emulator/clock", clock, methods=["GET", "POST"]),
        Route("/emulator/ledger", entries, methods=["GET"]),
        Route("/emulator/changes", changes, methods=["GET"]),
        Route("/emulator/reset", reset, methods=["POST"]),
        Route("/emulator/expire", expire, methods=["POST"]),
        Route("/emulator/certificate", certificate, methods=["POST"]),
        Route("/emulator/switch", switch, methods=["POST"]),
        Route("/emulator/gap", gap, methods=["POST"]),
        Route("/emulator/retain", retain, methods=["POST"]),
        Route("/emulator/consent", consent, methods=["POST"]),
    ]


def origin(request: Request) -> str:
    """Where this request reached us: what `instance_url`, `id` and SOAP's serverUrl name."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.headers.get('host', request.url.netloc)}"


def _set_clock(service: Service, body: object) -> None:
    if not isinstance(body, dict):
        raise ValueError("an object is wanted")
    with service.database.transaction(write=True):
        now = service.database.now()
        frozen = isinstance(service.database.setting("clock"), dict) and "frozen" in _state(service)
        if "now" in body:
            now = _moment(body["now"])
        if body.get("freeze") not in (None, False):
            now, frozen = (now if body["freeze"] is True else _moment(body["freeze"])), True
        if body.get("freeze") is False:
            frozen = False
        if not body:
            now, frozen = datetime.now(UTC), False
        now += timedelta(seconds=float(body.get("advance", 0)))
        if frozen:
            service.database.set("clock", {"frozen": now.astimezone(UTC).isoformat()})
        else:
            service.database.set("clock", {"shift": (now - datetime.now(UTC)).total_seconds()})


def _state(service: Service) -> dict[str, object]:
    state = service.database.setting("clock")
    return state if isinstance(state, dict) else {}


def _moment(text: object) -> datetime:
    read = values.moment(str(text))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


async def _stream(service: Service, start: int, request: Request) -> AsyncIterator[bytes]:
    yield b": changes follow\n\n"
    quiet = 0.0
    while not await request.is_disconnected():
        for entry in ledger.since(service.database, start):
            start = int(str(entry["seq"]))
            yield b"id: %d\nevent: change\ndata: %s\n\n" % (start, orjson.dumps(entry))
            quiet = 0.0
        await anyio.sleep(_POLL_S)
        quiet += _POLL_S
        if quiet > 15:
            quiet = 0.0
            yield b": still here\n\n"


def _json(body: object, status: int = 200) -> Response:
    return JSONResponse(body, status)
