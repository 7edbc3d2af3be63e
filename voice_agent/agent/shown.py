"""What a model is shown of a tool's findings: known keys only, cut short, without characters that hide or steer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from voice_agent.agent.policy import (
    MOST_FREE_TEXT,
    MOST_RESULT_CHARACTERS,
    NAMES,
    SHOWN,
    WRITTEN_BY_OTHERS,
)

MOST_NAME = 160
"""Characters of a name, a title, a place."""
MOST_ROWS = 20
OURS = frozenset({"say", "why"})
"""Made by the server of its own phrases; not cut like a record's free text."""
_RECORD_ID = re.compile(r"\b(?=[a-zA-Z0-9]*\d)(?=[a-zA-Z0-9]*[a-zA-Z])[a-zA-Z0-9]{5}0{2,}[a-zA-Z0-9]{8,11}\b")
"""Fifteen or eighteen characters with the zeros that every id of an org carries: ids stay in the server."""


def content(data: Mapping[str, Any]) -> str:
    """JSON for the model, at most MOST_RESULT_CHARACTERS long; lists give way first."""
    for rows in (MOST_ROWS, 8, 3):
        text = orjson.dumps(_object(data, rows), default=str).decode()
        if len(text) <= MOST_RESULT_CHARACTERS:
            return text
    short = {name: data[name] for name in ("status", "say") if name in data}
    return orjson.dumps(_object(short, 1) | {"status": str(short.get("status", "found"))[:40]}, default=str).decode()


def names_in(data: Any) -> Iterator[str]:
    """Values under which a later change may name one of these records, lower case."""
    match data:
        case Mapping():
            for key, value in data.items():
                if key in NAMES and isinstance(value, str) and value:
                    yield value.lower()
                else:
                    yield from names_in(value)
        case list() | tuple():
            for item in data:
                yield from names_in(item)
        case _:
            return


def dropped(data: Any) -> Iterator[str]:
    """Keys of a finding that the table does not open."""
    match data:
        case Mapping():
            for key, value in data.items():
                if key not in SHOWN:
                    yield str(key)
                yield from dropped(value)
        case list() | tuple():
            for item in data:
                yield from dropped(item)
        case _:
            return


def cleaned(text: str, longest: int) -> str:
    """No control, direction, zero-width or tag characters; white space folded; at most `longest` characters."""
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " if c.isspace() else "" for c in text)
    return _RECORD_ID.sub("", " ".join(visible.split()))[:longest]


def _object(data: Mapping[str, Any], rows: int) -> dict[str, Any]:
    return {key: _value(key, value, rows) for key, value in data.items() if key in SHOWN}


def _value(key: str, value: Any, rows: int) -> Any:
    match value:
        case str():
            free = key in OURS or key.endswith(WRITTEN_BY_OTHERS)
            return cleaned(value, 1_500 if key in OURS else MOST_FREE_TEXT if free else MOST_NAME)
        case Mapping():
            return _object(value, rows)
        case Sequence():
            return [_value(key, item, rows) for item in value[:rows]]
        case _:
            return value
