"""Other values for a change that waits: a form made from the tool's own schema, and what becomes of what is put in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent import revising
from voice_agent.approval_rows import Approval
from voice_agent.console.desk import Desk
from voice_agent.console.guard import Form, Guard, Refused
from voice_agent.console.users import User, Visitor

LIST = "/console/approvals"
LONG = 120
"""From so many characters on a text gets several lines."""
EMPTY_LINES = 1
"""Lines left for one more part."""


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: choice, number, day, text, long. `name` is a path into the values, as `parts.0.quantity`."""

    name: str
    label: str
    kind: str
    value: str
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()
    required: bool = False


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def show(request: Request, visitor: Visitor) -> Response:
        """`day` asks for the free times of that day."""
        known = await _waiting(desk, request.path_params["key"])
        day = _day(request.query_params.get("day", ""))
        try:
            times = await desk.revising.times(known, day)
        except revising.Refusals as error:
            raise Refused(*revising.why(error)) from None
        schema = desk.revising.schema(known)
        return desk.page(
            request,
            visitor,
            "approval_edit.html",
            title="Edit a change",
            one=known,
            day=day.isoformat() if day else "",
            fields=fields(schema, known.arguments, times),
            timed="slot" in schema["properties"],
        )

    async def edit(request: Request, visitor: Visitor, form: Form) -> Response:
        key = request.path_params["key"]
        known = await _waiting(desk, key)
        schema = desk.revising.schema(known)
        changed = changes(schema, known.arguments, form)
        edited = await revise(desk, key, _version(form.get("version", "")), changed, visitor.user)
        return _answer(request, "Changed; it waits for your word.", edited)

    async def undo(request: Request, visitor: Visitor, form: Form) -> Response:
        key = request.path_params["key"]
        edited = await take_back(desk, key, _version(form.get("version", "")), visitor.user)
        return _answer(request, "Back to what the caller said.", edited)

    return [
        Route(LIST + "/{key}/edit", guard.page(show), methods=["GET"]),
        Route(LIST + "/{key}/edit", guard.post(edit), methods=["POST"]),
        Route(LIST + "/{key}/undo", guard.post(undo), methods=["POST"]),
    ]


async def revise(desk: Desk, key: str, version: int, values: Mapping[str, Any], user: User) -> Approval:
    """Refused with the sentence for what is wrong with the values."""
    try:
        edited = await desk.revising.revise(key, version, values, user.name)
    except revising.Refusals as error:
        raise Refused(*revising.why(error)) from None
    desk.board.look_again()
    return edited


async def take_back(desk: Desk, key: str, version: int, user: User) -> Approval:
    try:
        edited = await desk.revising.undo(key, version, user.name)
    except revising.Refusals as error:
        raise Refused(*revising.why(error)) from None
    desk.board.look_again()
    return edited


async def _waiting(desk: Desk, key: str) -> Approval:
    known = await desk.approvals.get(key)
    if known is None or known.status != "proposed":
        raise Refused(409, "It was decided already, or its time is over. The list shows what came of it.")
    if not desk.revising.schema(known):
        raise Refused(400, "Nothing of this change can be edited. Approve it, or reject it and say why.")
    return known


def _answer(request: Request, sentence: str, edited: Approval) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(LIST, 303)
    undo = {"path": f"{LIST}/{edited.key}/undo", "version": edited.version} if edited.edited_by else None
    return JSONResponse({"done": sentence, "next": LIST, "undo": undo})


def _version(text: str) -> int:
    if not text.isdigit():
        raise Refused(400, "This form is out of date. Load the page again and repeat what you did.")
    return int(text)


def _day(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None


# -- from a schema to a form and back --------------------------------------------------------------------------------


def fields(schema: Mapping[str, Any], values: Mapping[str, Any], times: Sequence[Mapping[str, str]]) -> list[Field]:
    """One for each value there is; a list has its lines one after the other, and an empty one."""
    found: list[Field] = []
    for name, form in schema["properties"].items():
        wanted = name in schema.get("required", ())
        if name == "slot":
            choices = [("", "as it stands"), *((one["start"], one["told"]) for one in times)]
            found.append(Field(name, "Free times", "choice", "", choices=choices))
        elif form.get("type") == "array":
            lines = [*values.get(name, ()), *[{}] * EMPTY_LINES]
            inner = _items(schema, form)
            found += [
                _field(f"{name}.{place}.{key}", key, part, line.get(key), False)
                for place, line in enumerate(lines)
                for key, part in inner["properties"].items()
            ]
        else:
            found.append(_field(name, name, form, values.get(name, form.get("default")), wanted))
    return found


def _items(schema: Mapping[str, Any], form: Mapping[str, Any]) -> Mapping[str, Any]:
    inner: Mapping[str, Any] = schema["$defs"][str(form["items"]["$ref"]).rpartition("/")[2]]
    return inner


def _field(path: str, name: str, form: Mapping[str, Any], value: Any, wanted: bool) -> Field:
    label = name.replace("_", " ").capitalize()
    place = re.search(r"\.(\d+)\.", path)
    label = f"{label} {int(place[1]) + 1}" if place else label
    text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    if "enum" in form:
        choices = [*([] if wanted else [("", "–")]), *((one, one.replace("_", " ")) for one in form["enum"])]
        return Field(path, label, "choice", text, choices=choices, required=wanted)
    if form.get("type") in ("number", "integer"):
        return Field(path, label, "number", text, required=wanted)
    if form.get("format") == "date":
        return Field(path, label, "day", text, required=wanted)
    return Field(path, label, "long" if form.get("maxLength", 0) > LONG else "text", text, required=wanted)


def changes(schema: Mapping[str, Any], values: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The values of a sent form that differ from those that stand. What is no number stays a text: the tool's own
    validation then says which value is wrong."""
    read: dict[str, Any] = {}
    for name, about in schema["properties"].items():
        if about.get("type") == "array":
            read[name] = _lines(name, _items(schema, about), form) or None
        elif name in form:
            read[name] = _value(about, form[name])
    stands = {name: values.get(name, schema["properties"][name].get("default")) for name in read}
    return {name: value for name, value in read.items() if not _same(value, stands[name]) and (name != "slot" or value)}


def _lines(name: str, inner: Mapping[str, Any], form: Form) -> list[dict[str, Any]]:
    """Lines in which anything is filled in; one without its first value is taken out."""
    lines: dict[int, dict[str, Any]] = {}
    first = next(iter(inner["properties"]))
    for path, text in form.items():
        match = re.fullmatch(rf"{re.escape(name)}\.(\d{{1,2}})\.(\w+)", path)
        if match and match[2] in inner["properties"] and text.strip():
            lines.setdefault(int(match[1]), {})[match[2]] = _value(inner["properties"][match[2]], text)
    return [line for _, line in sorted(lines.items()) if first in line]


def _value(about: Mapping[str, Any], text: str) -> Any:
    text = text.strip()
    if not text:
        return None
    if about.get("type") in ("number", "integer"):
        with suppress(ValueError, OverflowError):
            number = float(text)
            if not math.isfinite(number):
                return text
            return int(number) if number == int(number) and about["type"] == "integer" else number
    return text


def _same(one: Any, other: Any) -> bool:
    return json.dumps(_plain(one), sort_keys=True) == json.dumps(_plain(other), sort_keys=True)


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int() | float():
            return float(value)
        case list():
            return [_plain(one) for one in value]
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case _:
            return value or ""
