"""Who is on call, in which order: prompts/on_call.toml, the only place that names phones to page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from voice_agent.errors import ConfigurationError

FILE = "on_call.toml"
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
MOST_ROUNDS, LONGEST_WAIT = 10, 3600.0


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Rung:
    """People who are paged together; `wait` seconds until the next rung."""

    people: tuple[Person, ...]
    wait: float


@dataclass(frozen=True, slots=True)
class OnCall:
    rungs: tuple[Rung, ...]
    rounds: int

    def __bool__(self) -> bool:
        return bool(self.rungs)

    def turns(self) -> list[tuple[int, int, Rung]]:
        """(round, rung, who) in the order in which they are paged."""
        return [(turn, place, rung) for turn in range(self.rounds) for place, rung in enumerate(self.rungs)]


def load(folder: str | None = None) -> OnCall:
    """The file of `folder`, or the shipped one. A folder without the file has nobody on call."""
    place: Traversable = Path(folder) if folder else resources.files("prompts")
    file = place / FILE
    if not file.is_file():
        return OnCall((), 1)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{FILE}: {error}") from None
    return read(document)


def read(document: Mapping[str, Any]) -> OnCall:
    """ConfigurationError names the rung and the field."""
    if unknown := sorted(set(document) - {"rounds", "rung"}):
        raise ConfigurationError(f"{FILE}: {unknown[0]!r} is no field; there are rounds and [[rung]]")
    rounds = document.get("rounds", 1)
    if not isinstance(rounds, int) or isinstance(rounds, bool) or not 1 <= rounds <= MOST_ROUNDS:
        raise ConfigurationError(f"{FILE}: rounds must be a whole number from 1 to {MOST_ROUNDS}")
    rungs = document.get("rung", [])
    if not isinstance(rungs, list):
        raise ConfigurationError(f"{FILE}: write each rung as [[rung]]")
    return OnCall(tuple(_rung(number, table) for number, table in enumerate(rungs, 1)), rounds)


def _rung(number: int, table: Any) -> Rung:
    where = f"{FILE}: rung {number}"
    if not isinstance(table, dict) or (unknown := sorted(set(table) - {"wait", "people"})):
        raise ConfigurationError(f"{where}: {unknown[0] if isinstance(table, dict) else table!r} is no field of it")
    wait = table.get("wait", 120)
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 1 <= wait <= LONGEST_WAIT:
        raise ConfigurationError(f"{where}: wait must be seconds, from 1 to {LONGEST_WAIT:g}")
    people = table.get("people", [])
    if not isinstance(people, list) or not people:
        raise ConfigurationError(f"{where}: people must name somebody")
    return Rung(tuple(_person(where, person) for person in people), float(wait))


def _person(where: str, table: Any) -> Person:
    if not isinstance(table, dict) or set(table) != {"name", "number"}:
        raise ConfigurationError(f"{where}: a person has a name and a number, nothing else")
    name, number = str(table["name"]).strip(), str(table["number"])
    if not name or not E164.fullmatch(number):
        raise ConfigurationError(f"{where}: {name or 'a person'}: number must look like +13125550182")
    return Person(name, number)
