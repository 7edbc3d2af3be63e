"""What people do to live calls from the console, each act with an entry in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent.audit import Entry
from voice_agent.console.desk import Desk
from voice_agent.console.guard import Form, Guard, Refused
from voice_agent.console.users import Visitor
from voice_agent.orders import Order, as_words

HOW = ("note", "say")


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def whisper(request: Request, visitor: Visitor, form: Form) -> Response:
        """`words` for the agent (`how` note) or, word for word, for the caller (`how` say)."""
        sid, words = request.path_params["sid"], as_words(form.get("words", ""))
        how = form.get("how", "note")
        if not words:
            raise Refused(400, "There is nothing to say.")
        if how not in HOW:
            raise Refused(400, "A note is for the agent or for the caller.")
        await give(desk, Order(sid, "whisper" if how == "note" else "say", words, visitor.user.name))
        return done(request, "The agent has your note." if how == "note" else "The caller hears it next.", sid)

    async def hang_up(request: Request, visitor: Visitor, form: Form) -> Response:
        sid = request.path_params["sid"]
        await give(desk, Order(sid, "hang_up", "", visitor.user.name))
        return done(request, "The agent says goodbye and ends the call.", sid)

    return [
        Route("/console/calls/{sid}/whisper", guard.post(whisper), methods=["POST"]),
        Route("/console/calls/{sid}/hang-up", guard.post(hang_up), methods=["POST"]),
    ]


async def give(desk: Desk, order: Order) -> None:
    """Order something of a live call. Refused when the call is over."""
    view = desk.watch.calls.get(order.call_sid)
    kept = None if view is not None else await desk.source.call(order.call_sid)
    if view is None and kept is None:
        raise Refused(404, "There is no call of that name.")
    ended = not view.live if view is not None else any(e.kind == "call_ended" for e in kept.entries) if kept else True
    if ended:
        raise Refused(409, "The call is over.")
    await desk.orders.give(order)
    await note(desk, order.by, order.kind, order.call_sid, personal={"words": order.words} if order.words else {})


async def note(
    desk: Desk,
    by: str,
    act: str,
    call_sid: str = "",
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
) -> None:
    """An entry of the audit log: who of the staff did what."""
    entry = Entry("console", call_sid, {"act": act, "by": by, **(facts or {})}, personal or {})
    await desk.store.run(lambda connection: desk.audit.append(connection, entry, wall=desk.wall()))


def done(request: Request, sentence: str, call_sid: str = "", **more: Any) -> Response:
    """The sentence for a script; a person without one is led back to the call."""
    if "text/html" in request.headers.get("accept", ""):
        from starlette.responses import RedirectResponse

        return RedirectResponse(f"/console/calls/{call_sid}" if call_sid else "/console/now", 303)
    return JSONResponse({"done": sentence, **more})
