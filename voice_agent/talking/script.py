"""A call script: what the person says, presses and expects to hear, a line each, read before the phone is picked up.

    # comment
    say TEXT                        speak, once the agent has finished
    press KEYS                      0-9 * # and w for half a second, once the agent has finished
    bargein TEXT                    speak while the agent is talking
    attestation VALUE               the carrier's word on the caller's number (StirVerstat); in full without this line
    text REGEX                      wait for it in a text message that is sent during the call
    expect REGEX                    wait for it in what the agent said since the last say, press or bargein
    record OBJECT KEY FIELD VALUE   wait for a field of a record of the org to have a value
    let NAME SOQL                   before the call: {NAME} stands for the first value of the query's first row
    drop                            break the websocket between Twilio and the server
    hangup                          put the phone down

KEY is a number or name ("quoted" if it has blanks; zeros in front do not count), the record's Id, FIELD=VALUE, or
`new` for the newest record made since the call began. VALUE is the rest of the line: a value, "" for none,
`~REGEX`, or `by -2` for a number's change since the call began. {pin} and {name} are the caller's;
{code} in `press` is the one-time code that was texted last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from voice_agent.errors import ConfigurationError

VERBS = ("say", "press", "bargein", "expect", "text", "record", "let", "attestation", "drop", "hangup")
KEYS = frozenset("0123456789*#ABCDwW")
_HOLE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_RECORD = re.compile(r'(\w+)\s+((?:[\w.]+=)?"[^"]*"|\S+)\s+([\w.]+)\s+(.+)', re.ASCII)
_LET = re.compile(r"([a-z_][a-z0-9_]*)\s+(select\s.+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`number` counts the script's lines from 1; `line` is the line as written."""

    number: int
    line: str


@dataclass(frozen=True, slots=True)
class Say(Step):
    text: str


@dataclass(frozen=True, slots=True)
class Press(Step):
    keys: str


@dataclass(frozen=True, slots=True)
class BargeIn(Step):
    text: str


@dataclass(frozen=True, slots=True)
class Expect(Step):
    pattern: str


@dataclass(frozen=True, slots=True)
class Record(Step):
    sobject: str
    key: str
    field: str
    value: str

    @property
    def change(self) -> float | None:
        """The number after `by`, None when the line wants a value."""
        found = re.fullmatch(r"by\s+([+-]?\d+(?:\.\d+)?)", self.value)
        return float(found[1]) if found else None


@dataclass(frozen=True, slots=True)
class Let(Step):
    name: str
    soql: str


@dataclass(frozen=True, slots=True)
class Attested(Step):
    value: str


@dataclass(frozen=True, slots=True)
class Texted(Step):
    pattern: str


@dataclass(frozen=True, slots=True)
class Drop(Step):
    pass


@dataclass(frozen=True, slots=True)
class HangUp(Step):
    pass


ScriptStep = Say | Press | BargeIn | Expect | Record | Let | Attested | Texted | Drop | HangUp
S = TypeVar("S", bound=ScriptStep)


def read(path: Path) -> tuple[ScriptStep, ...]:
    """The steps of a script file. ConfigurationError names the file and the first line that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failed:
        raise ConfigurationError(f"--script: {path} cannot be read ({failed.strerror}); give a script file") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"--script: {path} is not UTF-8 text") from None
    return parse(text, str(path))


def parse(text: str, name: str) -> tuple[ScriptStep, ...]:
    """The steps of a script's text; `name` is what complaints call it."""
    steps: list[ScriptStep] = []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            step = _step(number, line)
            _check(step)
        except ValueError as wrong:
            raise ConfigurationError(f"{name}, line {number}: {wrong}") from None
        steps.append(step)
    if not steps:
        raise ConfigurationError(f"{name} holds no step; write lines such as `say TEXT` and `expect REGEX`")
    return tuple(steps)


def fill(step: S, values: Mapping[str, str]) -> S:
    """The step with `{name}` replaced by values; in an `expect` they stand for themselves, not for a pattern."""
    changed: dict[str, Any] = {}
    for field in ("text", "keys", "pattern", "sobject", "key", "field", "value", "soql"):
        before = getattr(step, field, None)
        if isinstance(before, str):
            changed[field] = _filled(before, values, _quoting(field, before))
    return replace(step, **changed)


def _quoting(field: str, text: str) -> Callable[[str], str]:
    if field == "pattern" or (field == "value" and text.startswith("~")):
        return re.escape
    return _in_soql if field == "soql" else str


def _in_soql(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _filled(text: str, values: Mapping[str, str], quoted: Callable[[str], str]) -> str:
    """Braces around anything that has no value stay as they are: `a{2}` is a pattern."""
    return _HOLE.sub(lambda hole: quoted(values[hole[1]]) if hole[1] in values else hole[0], text)


def _step(number: int, line: str) -> ScriptStep:
    verb, _, rest = line.partition(" ")
    rest = rest.strip()
    match verb.lower():
        case "say":
            return Say(_given(rest, "say TEXT"), number=number, line=line)
        case "press":
            return Press(_given(rest, "press KEYS").replace(" ", ""), number=number, line=line)
        case "bargein":
            return BargeIn(_given(rest, "bargein TEXT"), number=number, line=line)
        case "expect":
            return Expect(_given(rest, "expect REGEX"), number=number, line=line)
        case "record":
            found = _RECORD.fullmatch(rest)
            if found is None:
                raise ValueError("write `record OBJECT KEY FIELD VALUE`")
            value = "" if found[4] == '""' else found[4]
            return Record(found[1], found[2].replace('"', ""), found[3], value, number=number, line=line)
        case "let":
            found = _LET.fullmatch(rest)
            if found is None:
                raise ValueError("write `let NAME SELECT ...`")
            return Let(found[1], found[2], number=number, line=line)
        case "attestation":
            return Attested(_given(rest, "attestation VALUE"), number=number, line=line)
        case "text":
            return Texted(_given(rest, "text REGEX"), number=number, line=line)
        case "drop":
            return Drop(number=number, line=line)
        case "hangup":
            return HangUp(number=number, line=line)
        case other:
            raise ValueError(f"{other!r} is no verb; there are {', '.join(VERBS)}")


def _given(rest: str, form: str) -> str:
    if not rest:
        raise ValueError(f"write `{form}`")
    return rest


def _check(step: ScriptStep) -> None:
    if isinstance(step, Press) and not _HOLE.search(step.keys) and (wrong := set(step.keys) - KEYS):
        raise ValueError(f"{min(wrong)!r} is no key; there are 0-9, *, #, and w for a pause")
    pattern = step.pattern if isinstance(step, Expect | Texted) else None
    if isinstance(step, Record) and step.value.startswith("~"):
        pattern = step.value[1:]
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as wrong_pattern:
            raise ValueError(f"{pattern!r} is no regular expression: {wrong_pattern}") from None
