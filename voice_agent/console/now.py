"""The page of live calls, one call beside it, and the stream that keeps both up to date."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from voice_agent.console.desk import Desk
from voice_agent.console.folding import CallView, fold
from voice_agent.console.fragments import fragments, times
from voice_agent.console.guard import Guard, Refused
from voice_agent.console.rendering import render
from voice_agent.console.rows import row
from voice_agent.console.streaming import Stream
from voice_agent.console.tally import tally
from voice_agent.console.users import Visitor

EMPTY = CallView("")


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def now(request: Request, visitor: Visitor) -> Response:
        async with desk.watch.watching():
            rows = [(view.call_sid, row(view)) for view in desk.watch.live()]
            opened = await found(request.query_params.get("call", ""))
            return desk.page(
                request,
                visitor,
                "now.html",
                title="Now",
                rows=rows,
                blank=dict.fromkeys(row(EMPTY), ""),
                tally=await tally(desk),
                lines=desk.lines.lines,
                opened=opened,
                parts=fragments(opened, desk.zone) if opened is not None else {},
                times=times(opened) if opened is not None else {},
            )

    async def found(call_sid: str) -> CallView | None:
        if not call_sid:
            return None
        if (view := desk.watch.calls.get(call_sid)) is not None:
            return view
        kept = await desk.source.call(call_sid)
        return fold(kept) if kept is not None else None

    async def pane(request: Request, visitor: Visitor) -> Response:
        """One call as it goes beside the list."""
        view = await found(request.path_params["sid"])
        if view is None:
            raise Refused(404, "There is no call of that name.")
        values = {
            **desk.frame(request, visitor),
            "opened": view,
            "parts": fragments(view, desk.zone),
            "times": times(view),
        }
        return HTMLResponse(render("call/pane.html", values))

    async def call(request: Request, visitor: Visitor) -> Response:
        """The same as a page of its own: for narrow screens, links from elsewhere, and calls that are over."""
        view = await found(request.path_params["sid"])
        if view is None:
            raise Refused(404, "There is no call of that name.")
        return desk.page(
            request,
            visitor,
            "call.html",
            title="Call",
            opened=view,
            parts=fragments(view, desk.zone),
            times=times(view),
        )

    async def events(request: Request, visitor: Visitor) -> Response:
        asked = request.query_params
        stream = Stream(
            desk,
            visitor.user,
            rows=asked.get("rows") == "1",
            call_sid=asked.get("call", "")[:64],
            part=asked.get("part", ""),
        )
        return StreamingResponse(stream.events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    return [
        Route("/console/now", guard.page(now)),
        Route("/console/calls/{sid}", guard.page(call)),
        Route("/console/calls/{sid}/pane", guard.page(pane)),
        Route("/console/events", guard.page(events)),
    ]
