"""Changes that wait for a person, as operations of the API: look, edit, take back, decide."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request

from voice_agent.approval_rows import Approval
from voice_agent.console import deciding, editing
from voice_agent.console.desk import Desk
from voice_agent.console.guard import Refused
from voice_agent.console.operations import NUMBER, OBJECT, TEXT, WHOLE, Body, Operation, several, thing
from voice_agent.console.users import User
from voice_agent.orders import as_words

APPROVAL = thing(
    key=TEXT, call_sid=TEXT, tool=TEXT, rule=TEXT, status=TEXT, request=TEXT, asker=OBJECT, asked=NUMBER,
    expires=NUMBER, decided_by=TEXT, reason=TEXT, changes={"type": "array", "items": OBJECT}, version=WHOLE,
    edited_by=TEXT, said=TEXT,
)  # fmt: skip
EDITABLE = {**APPROVAL, "properties": {**APPROVAL["properties"], "values": OBJECT, "schema": OBJECT}}


def operations(desk: Desk) -> list[Operation]:
    async def pending(request: Request, user: User, body: Body) -> Any:
        return {"approvals": [approval_json(each) for each in await desk.approvals.waiting()]}

    async def decide(request: Request, user: User, body: Body) -> Any:
        if not isinstance(body.get("approve"), bool):
            raise Refused(400, "approve must be true or false.")
        reason = as_words(str(body.get("reason", "")))
        if not body["approve"] and not reason:
            raise Refused(400, "reason is missing: the person who asked is told.")
        version = body.get("version")
        if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
            raise Refused(400, "version must be the number of the version you looked at.")
        decided = await deciding.word(desk, request.path_params["key"], body["approve"], user, reason, version)
        return approval_json(decided)

    async def one_change(request: Request, user: User, body: Body) -> Any:
        known = await desk.approvals.get(request.path_params["key"])
        if known is None:
            raise Refused(404, "There is no change of that key.")
        schema = desk.revising.schema(known) if known.status == "proposed" else {}
        return approval_json(known) | {"values": dict(known.arguments), "schema": schema}

    async def edit(request: Request, user: User, body: Body) -> Any:
        if not isinstance(body.get("values"), dict):
            raise Refused(400, "values must be an object of those values that are to be others.")
        return approval_json(await editing.revise(desk, *looked_at(request, body), body["values"], user))

    async def undo(request: Request, user: User, body: Body) -> Any:
        return approval_json(await editing.take_back(desk, *looked_at(request, body), user))

    def looked_at(request: Request, body: Body) -> tuple[str, int]:
        version = body.get("version", 0)
        if isinstance(version, bool) or not isinstance(version, int):
            raise Refused(400, "version must be the number of the version you looked at.")
        return request.path_params["key"], version

    return [
        Operation("GET", "/api/approvals", "Changes that wait for approval.", pending, several("approvals", APPROVAL)),
        Operation(
            "POST", "/api/approvals/{key}/decide", "Approve or reject; the first word counts.", decide, APPROVAL,
            {"type": "object", "properties": {"approve": {"type": "boolean"}, "reason": TEXT, "version": WHOLE},
             "required": ["approve"]},
        ),
        Operation(
            "GET", "/api/approvals/{key}", "One change, its values, and the schema of those that may be edited.",
            one_change, EDITABLE,
        ),
        Operation(
            "POST", "/api/approvals/{key}/edit", "Put other values into a change that waits; null takes one away.",
            edit, APPROVAL,
            {"type": "object", "properties": {"values": OBJECT, "version": WHOLE}, "required": ["values"]},
        ),
        Operation(
            "POST", "/api/approvals/{key}/undo", "Take edited values back: what the caller said stands again.", undo,
            APPROVAL, {"type": "object", "properties": {"version": WHOLE}, "required": ["version"]},
        ),
    ]  # fmt: skip


def approval_json(approval: Approval) -> dict[str, Any]:
    return {
        "key": approval.key,
        "call_sid": approval.call_sid,
        "tool": approval.tool,
        "rule": approval.rule,
        "status": approval.status,
        "request": approval.request,
        "asker": {"role": approval.asker.role, "name": approval.asker.name},
        "asked": approval.asked,
        "expires": approval.expires,
        "decided_by": approval.decided_by,
        "reason": approval.reason,
        "changes": [asdict(touch) for touch in approval.plan.touches],
        "version": approval.version,
        "edited_by": approval.edited_by,
        "said": approval.said,
    }
