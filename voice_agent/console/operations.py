"""What one operation of the API is: a row from which both its route and its description are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from voice_agent.console.users import Role, User

Body = Mapping[str, Any]
Answer = Callable[[Request, User, Body], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table. `takes` and `gives` are JSON schemas; path parameters stand in braces in `path`."""

    method: str
    path: str
    summary: str
    answer: Answer
    gives: Mapping[str, Any]
    takes: Mapping[str, Any] | None = None
    query: tuple[tuple[str, str], ...] = ()
    role: Role = Role.DISPATCHER


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
DONE = {"type": "object", "properties": {"done": {"type": "boolean"}}, "required": ["done"]}
OBJECT = {"type": "object"}


def thing(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def several(name: str, of: Mapping[str, Any]) -> Mapping[str, Any]:
    return thing(**{name: {"type": "array", "items": of}})
