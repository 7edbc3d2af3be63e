"""A tool is a typed function: its signature is the schema the model sees, its docstring the instruction.

    @tool(line=("customer",), level=1)
    async def eta(ctx: ToolContext, visit: Visit) -> Answer: ...

A reading tool gives an `Answer`. A changing tool gives a `Change`: a plan and the words it is read back in; it is run
by the toolbox after the caller's yes, never by the tool.
"""

from __future__ import annotations

import inspect
import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_type_hints

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from voice_agent.agent.policy import MOST_ARGUMENT_BYTES
from voice_agent.call.events import Ask
from voice_agent.errors import ConfigurationError, InvalidArguments, VoiceAgentError
from voice_agent.salesforce.plans import WritePlan

if TYPE_CHECKING:
    from voice_agent.agent.context import ToolContext


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reading tool found.

    `data` is all the model sees. `say` is the same as one speakable sentence in the caller's language; if `spoken`, the
    server says it itself and the turn ends there (lists to choose from, so that keys and words agree).
    """

    data: Mapping[str, Any]
    say: str = ""
    spoken: bool = False
    ask: Ask | None = None
    keep: bool = False
    """What was asked for before is answered again once the caller has proven who they are."""


@dataclass(frozen=True, slots=True)
class TextWanted:
    """A text message that belongs to a change: sent once it is committed, never before, and only if it may be sent.

    `template` names one of prompts/texts.*.toml, `values` fill it (strings for the eye, no secrets). It goes to the
    number on record of that contact, and a tool never chooses a number; without a contact it is not sent.
    """

    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    contact_id: str = ""
    lang: str = "en"
    told: str = ""
    """Said to the caller behind `Change.done` when the message was taken for sending."""
    not_told: str = ""
    """Said instead when it was not: no consent, no number on record, sends switched off."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change thought through but not made. `read_back` ends in a question; `done` is spoken only from the commit."""

    plan: WritePlan
    read_back: str
    done: str
    reversible: bool = True
    texts: tuple[TextWanted, ...] = ()
    otherwise: Otherwise | None = None
    """Asked when the records refuse the change: what can be had in its place, None to say no more than the refusal."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What can be had in place of a change that was refused: read back at once, as if it had been asked for.

    `arguments` are those with which the tool would give `change`; `options` are shown to the model beside the
    read-back, so that "no, the other one" can be understood. `why` is said before it.
    """

    change: Change
    arguments: Mapping[str, Any]
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)
    offer: Offer | None = None
    """The same for a caller who has gone on to other things meanwhile, and is told instead of asked."""
    same: bool = False
    """All that was read back is as it was: the yes still holds, and it is done without asking again."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A reading tool's answer that the server gives by itself, under that tool's name."""

    tool: str
    arguments: Mapping[str, Any]
    answer: Answer


Otherwise = Callable[["ToolContext", VoiceAgentError], Awaitable[Instead | None]]


Result = Answer | Change


@dataclass(frozen=True, slots=True)
class Tool:
    """Who may use it: callers of one of `lines` whose assurance level is at least `level`."""

    name: str
    description: str
    run: Callable[..., Awaitable[Result]]
    arguments: type[BaseModel]
    lines: frozenset[str]
    level: int
    writes: bool
    timeout: float
    fills: tuple[str, ...] = field(default=())

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as a chat-completions function."""
        parameters = self.arguments.model_json_schema()
        for part in (parameters, *parameters.get("properties", {}).values(), *parameters.get("$defs", {}).values()):
            part.pop("title", None)
            _without_null(part)
        for definition in parameters.get("$defs", {}).values():
            for prop in definition.get("properties", {}).values():
                prop.pop("title", None)
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": parameters},
        }

    def parse(self, text: str) -> dict[str, Any]:
        """Arguments as the model wrote them, strictly. InvalidArguments says what is wrong and what it must be."""
        if len(text.encode(errors="replace")) > MOST_ARGUMENT_BYTES:
            raise InvalidArguments("The arguments are too long.")
        try:
            json.loads(text or "{}", object_pairs_hook=_once)
            raw = orjson.loads(text or "{}")  # knows no NaN, no Infinity, no lone surrogates
        except (ValueError, RecursionError):
            raise InvalidArguments("The arguments are not one JSON object.") from None
        if not isinstance(raw, dict):
            raise InvalidArguments("The arguments must be one JSON object.")
        if not _plain_text(raw):
            raise InvalidArguments("The arguments hold characters that nobody says.")
        try:
            parsed = self.arguments.model_validate_json(orjson.dumps(raw), strict=True)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "arguments"
            raise InvalidArguments(f"{where}: {first['msg']}") from None
        return {name: getattr(parsed, name) for name in type(parsed).model_fields}

    def given(self, parsed: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that say something: those that differ from what leaving them out would mean."""
        fields = self.arguments.model_fields
        return {name: value for name, value in parsed.items() if value is not None and value != fields[name].default}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key written twice means two things to two readers."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _plain_text(value: Any) -> bool:
    """No control, direction, zero-width or private characters in any string; a line break is no control here."""
    match value:
        case str():
            return all(unicodedata.category(c)[0] != "C" or c in "\n\r\t" for c in value)
        case dict():
            return all(_plain_text(name) and _plain_text(item) for name, item in value.items())
        case list():
            return all(_plain_text(item) for item in value)
        case _:
            return True


def _without_null(schema: dict[str, Any]) -> None:
    """ "A string or null, null if left out" is an optional string: said in a third of the tokens."""
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) == 1:
        del schema["anyOf"]
        schema.update(options[0])
    if schema.get("default", "") in (None, ""):
        schema.pop("default", None)


def tool(
    *, lines: tuple[str, ...], level: int, writes: bool = False, timeout: float = 6.0
) -> Callable[[Callable[..., Awaitable[Result]]], Tool]:
    """Make a Tool of a coroutine function whose first parameter is the ToolContext. Raises ConfigurationError without
    a docstring or an annotation: the model has nothing else to go by."""

    def make(function: Callable[..., Awaitable[Result]]) -> Tool:
        name = function.__name__
        description = inspect.getdoc(function)
        if not description:
            raise ConfigurationError(f"tool {name} has no docstring; the model reads it to know when to use the tool")
        hints = get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {}
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.name not in hints:
                raise ConfigurationError(f"tool {name}: argument {parameter.name} has no type")
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[parameter.name] = (hints[parameter.name], default)
        arguments = create_model(name, __config__=ConfigDict(extra="forbid", str_strip_whitespace=True), **fields)
        return Tool(
            name=name,
            description=" ".join(description.split()),
            run=function,
            arguments=arguments,
            lines=frozenset(lines),
            level=level,
            writes=writes,
            timeout=timeout,
        )

    return make
