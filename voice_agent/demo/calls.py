"""What the server noted about its calls, for whoever plays one in the demo: `/demo/calls/{sid}` and its events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from voice_agent.app import Services
from voice_agent.journal import Journal
from voice_agent.settings import LOOPBACK

QUIET_SECONDS = 10.0
LAST_KINDS = frozenset({"call_ended"})  # a caller may come back from the queue


def routes() -> list[BaseRoute]:
    """Loopback only: the words of callers are in it."""
    return [Route("/demo/calls/{sid}", _entries), Route("/demo/calls/{sid}/events", _events)]


async def _entries(request: Request) -> Response:
    """The journal of one call so far, a JSON list; 404 when there is none."""
    if not _is_near(request):
        return Response("not found", 404)
    record = _journal(request).get(request.path_params["sid"])
    return Response("not found", 404) if record is None else JSONResponse(record.entries)


async def _events(request: Request) -> Response:
    """The same as it grows, as server-sent events; it may be asked for before the call has reached the server."""
    if not _is_near(request):
        return Response("not found", 404)
    stream = _follow(_journal(request), request.path_params["sid"])
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _follow(journal: Journal, call_sid: str) -> AsyncIterator[bytes]:
    with journal.follow(call_sid) as news:
        record = journal.get(call_sid)
        for entry in list(record.entries) if record is not None else []:
            yield _event(entry)
        while True:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    entry = await news.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            yield _event(entry)
            if entry["kind"] in LAST_KINDS:
                return


def _event(entry: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(entry) + b"\n\n"


def _journal(request: Request) -> Journal:
    services: Services = request.app.state.services
    return services.journal


def _is_near(request: Request) -> bool:
    return request.client is not None and request.client.host in LOOPBACK
