"""The sentences said without a model: phrases.<language>.toml of a prompts folder, held to the shipped ones.

What is missing would fail in the middle of a call, and a misspelt hole would be read out; both stop the start instead.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from voice_agent.call.script import Phrases
from voice_agent.errors import ConfigurationError

EVERYWHERE = frozenset({"company", "emergency_number"})
"""Holes that any phrase may use."""
FREE = "greeting."
"""A folder names its own greetings."""


def read(root: Traversable) -> Phrases:
    """language -> key -> variants. ConfigurationError names the file and the key."""
    phrases: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in sorted(root.iterdir(), key=lambda entry: entry.name):
        if file.name.startswith("phrases.") and file.name.endswith(".toml"):
            phrases[file.name.split(".")[1]] = flatten(toml(root, file.name), file.name)
    if not phrases:
        raise ConfigurationError(f"{root}: no phrases.<language>.toml; copy the shipped ones there")
    known = _shipped()
    for lang, table in phrases.items():
        for key, texts in table.items():
            allowed = EVERYWHERE | (_holes(known[key]) if key in known else frozenset())
            if unknown := sorted(_holes(texts) - allowed):
                raise ConfigurationError(
                    f"phrases.{lang}.toml: {key} has the hole {{{unknown[0]}}}, which nothing fills; there are "
                    + ", ".join(f"{{{hole}}}" for hole in sorted(allowed))
                )
    return phrases


def complete(lang: str, table: Mapping[str, tuple[str, ...]]) -> None:
    """The language a line greets in stands in for all others, so nothing may be missing from it."""
    if missing := sorted(key for key in _shipped().keys() - table.keys() if not key.startswith(FREE)):
        raise ConfigurationError(f"phrases.{lang}.toml: {missing[0]} is missing; copy it from the shipped file")


@cache
def _shipped() -> Mapping[str, tuple[str, ...]]:
    return flatten(toml(resources.files("prompts"), "phrases.en.toml"), "phrases.en.toml")


def _holes(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)\}", " ".join(texts)))


def flatten(table: Mapping[str, Any], file: str, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Nested tables to dotted keys; `_` is the phrase of the table itself; a phrase is a sentence or a list of them."""
    flat: dict[str, tuple[str, ...]] = {}
    for name, value in table.items():
        key = prefix if name == "_" else f"{prefix}.{name}" if prefix else name
        match value:
            case dict():
                flat |= flatten(value, file, key)
            case str() if value:
                flat[key] = (value,)
            case [*variants] if variants and all(isinstance(v, str) and v for v in variants):
                flat[key] = tuple(variants)
            case _:
                raise ConfigurationError(f"{file}: {key} must be a sentence or a list of sentences")
    return flat


def toml(root: Traversable, name: str) -> dict[str, Any]:
    """A file of the prompts folder. ConfigurationError names it, and the line where it is not TOML."""
    try:
        return tomllib.loads((root / name).read_text(encoding="utf-8"))
    except OSError:
        raise ConfigurationError(f"{name} is missing in {root}; PROMPTS_DIR must name a folder like prompts/") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name}: not UTF-8; save it as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: not valid TOML: {error}") from None
