"""Changes that wait for approval: what would change, on what evidence, which rule stopped it, and how long there is."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voice_agent.approval_rows import Approval
from voice_agent.console.acts import done
from voice_agent.console.desk import Desk
from voice_agent.console.folding import fold
from voice_agent.console.guard import Form, Guard, Refused
from voice_agent.console.rendering import render
from voice_agent.console.users import User, Visitor
from voice_agent.errors import Conflict
from voice_agent.revising import why

LAST_WORDS = 4
RECENT = 20


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def show(request: Request, visitor: Visitor) -> Response:
        return desk.page(request, visitor, "approvals.html", title="Approvals", approvals=await approvals(desk))

    async def decide(request: Request, visitor: Visitor, form: Form) -> Response:
        """`decision` approve or reject; a rejection says why, because the caller is told."""
        key, reason = request.path_params["key"], " ".join(form.get("reason", "").split())
        approve = form.get("decision") == "approve"
        if form.get("decision") not in ("approve", "reject"):
            raise Refused(400, "A change is approved or rejected.")
        if not approve and not reason:
            raise Refused(400, "Say why: the person who asked is told.")
        seen = int(form["version"]) if form.get("version", "").isdigit() else None
        decided = await word(desk, key, approve, visitor.user, reason, seen)
        sentence = "Approved; the change is made now." if approve else "Rejected; nothing is changed."
        return done(request, sentence, decided.call_sid)

    return [
        Route("/console/approvals", guard.page(show)),
        Route("/console/approvals/{key:path}/decide", guard.post(decide), methods=["POST"]),
    ]


async def word(desk: Desk, key: str, approve: bool, user: User, reason: str, version: int | None) -> Approval:
    """A person's word on a change, on the version they looked at. Refused when it was decided before, or ran out."""
    try:
        decided = await desk.approvals.decide(key, approve, user.name, reason, version=version)
    except Conflict as conflict:
        raise Refused(*why(conflict)) from None
    desk.board.look_again()
    return decided


async def approvals(desk: Desk, csrf: str = "") -> str:
    """What waits and what was decided last, as markup."""
    waiting = [await card(desk, each) for each in await desk.board.pending()]
    recent = [await card(desk, each, evidence=False) for each in await desk.approvals.recent(RECENT)]
    return render("approvals/list.html", {"waiting": waiting, "recent": recent, "csrf": csrf, "zone": desk.zone})


async def card(desk: Desk, approval: Approval, *, evidence: bool = True) -> dict[str, Any]:
    view = desk.watch.calls.get(approval.call_sid)
    if view is None and evidence and (kept := await desk.source.call(approval.call_sid)) is not None:
        view = fold(kept)
    spoken = [turn for turn in view.turns if turn.caller] if view is not None else []
    return {
        "key": approval.key,
        "sid": approval.call_sid,
        "tool": approval.tool,
        "rule": approval.rule,
        "asker": approval.asker,
        "request": approval.request,
        "version": approval.version,
        "edited_by": approval.edited_by,
        "said": approval.said,
        "editable": bool(desk.revising.schema(approval)),
        "touches": approval.plan.touches,
        "asked": approval.asked,
        "expires": approval.expires,
        "status": approval.status,
        "by": approval.decided_by,
        "decided": approval.decided,
        "reason": approval.reason,
        "live": view is not None and view.live,
        "level": view.level if view is not None else None,
        "confidence": view.confidence if view is not None else None,
        "words": [turn.caller for turn in spoken[-LAST_WORDS:]] if evidence else [],
    }
