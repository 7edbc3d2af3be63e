"""The phone numbers this server answers: prompts/lines.toml, read once at start.

A mistake is a ConfigurationError that names the file, the line and the field, and says how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voice_agent import calibration
from voice_agent import phrases as phrase_files
from voice_agent.agent.prompt import Prompt
from voice_agent.call.confidence import Judge
from voice_agent.call.events import Ask, Keypad
from voice_agent.call.script import Phrases, Rules, Script
from voice_agent.errors import ConfigurationError
from voice_agent.handoff.targets import Targets
from voice_agent.handoff.targets import read as read_targets
from voice_agent.language.spoken import contracted
from voice_agent.twilio import relay, twiml

ROLES = ("customer", "technician", "after_hours")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OPENINGS: Mapping[str, Ask | None] = {"": None, "pin": Ask(Keypad.PIN, 6)}
MOST_SECONDS = 300.0
NAME = "must be a short word, unlike those of the other lines"
FIELDS = frozenset(
    "name number role zone languages greeting prompt tools hand_off hours silence silence_ends_in hold speculate "
    "keypad_pause opening_keypad relay language".split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """One number and everything the business decided about it."""

    name: str
    number: str
    role: str
    zone: ZoneInfo
    hours: tuple[tuple[time, time] | None, ...]
    """Monday first; None is closed."""
    script: Script
    greeting: str
    prompt: Prompt
    tool_names: frozenset[str]
    hand_off: str
    """Queue that takes callers who want a person."""
    relay: Mapping[str, str]
    languages: tuple[Mapping[str, str], ...]
    codes: Mapping[str, str] = field(default_factory=dict)
    """Our language to the code the line declared for it: `es` to `es-US`."""
    greets_in: str = "en-US"

    def is_open(self, now: datetime) -> bool:
        """`now` is aware, in any zone."""
        local = now.astimezone(self.zone)
        hours = self.hours[local.weekday()]
        return hours is not None and hours[0] <= local.time() < hours[1]

    def language_frame(self, lang: str) -> str | None:
        """What makes Twilio speak `lang`; recognition follows unless it already takes several languages."""
        code = self.codes.get(lang)
        if code is None:
            return None
        several = self.relay.get("transcriptionLanguage") == "multi"
        return relay.language(tts=code, transcription=None if several else code)

    def speaker(self, lang: str, variant: int = 0) -> Callable[..., str]:
        """`speak(key, **holes)` in one language; what tools and the server say without a model."""

        def speak(key: str, **holes: str) -> str:
            text = self.script.line(key, lang, variant)
            for name, value in holes.items():
                text = text.replace("{" + name + "}", str(value))
            return contracted(text) if lang == "es" else text

        return speak


@dataclass(frozen=True, slots=True)
class Lines:
    lines: tuple[Line, ...]
    phrases: Phrases
    values: Mapping[str, str]
    targets: Targets = field(default_factory=lambda: Targets({}))
    """Where callers can be handed to."""

    def by_number(self, number: str) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)

    def by_name(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)


def load(folder: str | None = None, *, emergency_number: str = "911") -> Lines:
    """Read the shipped `prompts`, or another folder of the same shape."""
    root: Traversable = Path(folder) if folder else resources.files("prompts")
    document = phrase_files.toml(root, "lines.toml")
    phrases = phrase_files.read(root)
    company = document.get("company")
    if not isinstance(company, str) or not company.strip():
        raise ConfigurationError('lines.toml: company is missing; write company = "..." above the first [[line]]')
    values = {"company": company, "emergency_number": emergency_number}
    blocks = document.get("line")
    if not isinstance(blocks, list) or not blocks:
        raise ConfigurationError("lines.toml: there is no [[line]]; add one for each phone number")
    judge = calibration.load(root)
    lines = tuple(_line(block, position, phrases, values, root, judge) for position, block in enumerate(blocks, 1))
    for what in ("name", "number"):
        seen = [getattr(line, what) for line in lines]
        if doubled := sorted({value for value in seen if seen.count(value) > 1}):
            raise ConfigurationError(f"lines.toml: {what} {doubled[0]} is used by two lines; give each its own")
    return Lines(lines, phrases, values, read_targets(document))


class Block:
    """One [[line]] being read: every complaint names the line and the field."""

    def __init__(self, block: Mapping[str, Any], position: int) -> None:
        self.block = block
        name = block.get("name")
        self.label = f"lines.toml: {f'line {name}' if name else f'[[line]] number {position}'}"

    def wrong(self, name: str, must: str) -> ConfigurationError:
        return ConfigurationError(f"{self.label}: {name} {must}")

    def get(self, name: str, kind: type | tuple[type, ...], must: str, default: Any = None) -> Any:
        value = self.block.get(name, default)
        if value is None or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(name, must)
        return value

    def words(self, name: str, must: str, default: list[str] | None = None) -> list[str]:
        """A list of words."""
        value: list[str] = self.get(name, list, must, default)
        if not all(isinstance(word, str) and word for word in value):
            raise self.wrong(name, must)
        return value

    def seconds(self, name: str, default: float) -> float:
        value = float(self.get(name, (int, float), "must be seconds", default))
        if not 0 <= value <= MOST_SECONDS:
            raise self.wrong(name, f"must be seconds from 0 to {MOST_SECONDS:g}")
        return value


def _line(
    raw: Any, position: int, phrases: Phrases, values: Mapping[str, str], root: Traversable, judge: Judge
) -> Line:
    if not isinstance(raw, dict):
        raise ConfigurationError("lines.toml: [[line]] must be a table")
    block = Block(raw, position)
    if unknown := sorted(set(raw) - FIELDS):
        raise block.wrong(unknown[0], f"is not a setting of a line; there are {', '.join(sorted(FIELDS))}")
    name = block.get("name", str, NAME)
    if not name:
        raise block.wrong("name", NAME)
    number = block.get("number", str, "must be the number as +13125550100")
    if not re.fullmatch(r"\+\d{7,15}", number, re.ASCII):
        raise block.wrong("number", f"is {number!r}; write it as +13125550100")
    role = block.get("role", str, f"must be one of {', '.join(ROLES)}")
    if role not in ROLES:
        raise block.wrong("role", f"is {role!r}; it must be one of {', '.join(ROLES)}")
    spoken = block.words("languages", 'must be a list such as ["en", "es"]', ["en"])
    if not spoken:
        raise block.wrong("languages", "must name at least the one that greets")
    for lang in spoken:
        if lang not in phrases:
            raise block.wrong("languages", f"names {lang!r}, but there is no phrases.{lang}.toml")
    phrase_files.complete(spoken[0], phrases[spoken[0]])
    script = _script(block, {lang: phrases[lang] for lang in spoken}, values, judge)
    greeting = block.get("greeting", str, "must be the name of a phrase")
    if greeting not in phrases[spoken[0]]:
        raise block.wrong("greeting", f"is {greeting!r}, which is no phrase of phrases.{spoken[0]}.toml")
    prompt_file = block.get("prompt", str, "must name a .md file of the prompts folder")
    try:
        prompt = Prompt((root / prompt_file).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise block.wrong("prompt", f"is {prompt_file!r}, which is not UTF-8 text") from None
    except (OSError, ValueError):
        raise block.wrong("prompt", f"is {prompt_file!r}, but there is no such file beside lines.toml") from None
    attributes = _attributes(block, "relay", block.block.get("relay", {}), twiml.RELAY_ATTRIBUTES)
    tables = block.get("language", list, "must be [[line.language]] tables", [])
    children = tuple(_attributes(block, "language", child, twiml.LANGUAGE_ATTRIBUTES) for child in tables)
    if any("code" not in child for child in children):
        raise block.wrong("language.code", "is missing; write it as en-US")
    hand_off = block.get("hand_off", str, "must name a queue")
    if not hand_off:
        raise block.wrong("hand_off", "must name a queue")
    codes = {child["code"].split("-")[0]: child["code"] for child in children}
    return Line(
        name=name,
        number=number,
        role=role,
        zone=_zone(block),
        hours=_hours(block),
        script=script,
        greeting=script.line(greeting, spoken[0]),
        prompt=prompt,
        tool_names=frozenset(block.words("tools", "must be a list of tool names", [])),
        hand_off=hand_off,
        relay=attributes,
        languages=children,
        codes=codes,
        greets_in=attributes.get("ttsLanguage") or attributes.get("language", "en-US"),
    )


def _script(block: Block, phrases: Phrases, values: Mapping[str, str], judge: Judge) -> Script:
    silence = block.get("silence", list, "must be a list of seconds such as [6.0, 12.0]", [6.0, 12.0])
    if (
        not silence
        or not all(type(s) in (int, float) and 0 < s <= MOST_SECONDS for s in silence)
        or any(later <= sooner for sooner, later in pairwise(silence))
    ):
        raise block.wrong("silence", "must be rising seconds such as [6.0, 12.0]")
    ends_in = block.get("silence_ends_in", str, "must be hangup or hand_off", "hangup")
    if ends_in not in ("hangup", "hand_off"):
        raise block.wrong("silence_ends_in", f"is {ends_in!r}; it must be hangup or hand_off")
    opening = block.get("opening_keypad", str, "must be pin, or be left out", "")
    if opening not in OPENINGS:
        raise block.wrong("opening_keypad", f"is {opening!r}; it must be pin, or be left out")
    rules = Rules(
        silence=tuple(float(s) for s in silence),
        silence_ends_in=ends_in,
        hold=block.seconds("hold", 0.0),
        keypad_pause=block.seconds("keypad_pause", 1.5),
        speculate=block.get("speculate", bool, "must be true or false", False),
    )
    return Script(phrases, rules, next(iter(phrases)), values, OPENINGS[opening], block.block["role"], judge)


def _attributes(block: Block, where: str, table: Any, known: frozenset[str]) -> dict[str, str]:
    if not isinstance(table, dict):
        raise block.wrong(where, "must be a table of attributes")
    for name, value in table.items():
        if not isinstance(value, (str, int, float, list)):
            raise block.wrong(f"{where}.{name}", "must be a text, a number, true or false, or a list")
    attributes = {twiml.camel(name): twiml.attribute(twiml.camel(name), value) for name, value in table.items()}
    if unknown := sorted(set(attributes) - known):
        raise block.wrong(f"{where}.{unknown[0]}", "is no attribute Twilio documents; check its spelling")
    flux = attributes.get("speechModel", "").startswith("flux")
    if where == "relay" and not flux and (stray := sorted(set(attributes) & twiml.FLUX_ONLY)):
        raise block.wrong(f"relay.{stray[0]}", 'works with speech_model = "flux" only')
    return attributes


def _zone(block: Block) -> ZoneInfo:
    name = block.get("zone", str, "must be a time zone such as America/Chicago")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise block.wrong("zone", f"is {name!r}; write a time zone such as America/Chicago") from None


def _hours(block: Block) -> tuple[tuple[time, time] | None, ...]:
    table = block.get("hours", dict, "must be a table of days; an empty one is always closed", {})
    if unknown := sorted(set(table) - set(DAYS)):
        raise block.wrong(f"hours.{unknown[0]}", f"is no day; there are {', '.join(DAYS)}")
    hours: list[tuple[time, time] | None] = []
    for day in DAYS:
        if day not in table:
            hours.append(None)
            continue
        try:
            start, end = (time.fromisoformat(text) for text in table[day])
            if start >= end or start.tzinfo or end.tzinfo:
                raise ValueError
        except (TypeError, ValueError):
            raise block.wrong(f"hours.{day}", 'must be two times such as ["08:00", "17:00"]') from None
        hours.append((start, end))
    return tuple(hours)
