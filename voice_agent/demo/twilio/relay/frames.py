"""Frames of the relay socket: building Twilio's, and judging the server's as strictly as Twilio does (2.3 to 2.5)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .settings import Input, read_input

T = TypeVar("T")


class BadFrame(ValueError):
    """A frame Twilio answers with `error` 64107 and otherwise ignores."""


@dataclass(frozen=True, slots=True)
class Text:
    token: str
    last: bool
    lang: str | None
    interruptible: Input | None
    """None: as the TwiML says."""
    preemptible: bool | None


@dataclass(frozen=True, slots=True)
class Play:
    source: str
    loop: int
    interruptible: Input | None
    preemptible: bool


@dataclass(frozen=True, slots=True)
class SendDigits:
    digits: str


@dataclass(frozen=True, slots=True)
class Language:
    tts: str | None
    transcription: str | None


@dataclass(frozen=True, slots=True)
class End:
    handoff_data: str | None


@dataclass(frozen=True, slots=True)
class Reconfigure:
    """`config` and `hints` of October 2026: their shape is unconfirmed, so any object is taken and only noted."""

    frame: Mapping[str, Any]


ServerFrame = Text | Play | SendDigits | Language | End | Reconfigure

MAX_LOOPS = 1000
"""`loop: 0` means this many."""


def read_frame(raw: str) -> ServerFrame:
    """What the server asked for; raises BadFrame for anything that Twilio's validation refuses. Extra keys pass."""
    try:
        frame = json.loads(raw)
    except ValueError as exc:
        raise BadFrame("not JSON") from exc
    if not isinstance(frame, dict):
        raise BadFrame("not an object")
    match frame.get("type"):
        case "text":
            return Text(
                token=_required(frame, "token", str),
                last=_optional(frame, "last", bool) or False,
                lang=_optional(frame, "lang", str),
                interruptible=_rule(frame),
                preemptible=_optional(frame, "preemptible", bool),
            )
        case "play":
            loop = _optional(frame, "loop", int)
            if loop is not None and (isinstance(loop, bool) or loop < 0):
                raise BadFrame("loop must be a whole number from 0")
            return Play(
                source=_required(frame, "source", str),
                loop=1 if loop is None else min(loop or MAX_LOOPS, MAX_LOOPS),
                interruptible=_rule(frame),
                preemptible=_optional(frame, "preemptible", bool) or False,
            )
        case "sendDigits":
            digits = _required(frame, "digits", str)
            if not re.fullmatch(r"[0-9w#*]+", digits):
                raise BadFrame("digits may hold 0-9 w # * only")
            return SendDigits(digits)
        case "language":
            tts, transcription = (_optional(frame, name, str) for name in ("ttsLanguage", "transcriptionLanguage"))
            if tts is None and transcription is None:
                raise BadFrame("language needs ttsLanguage or transcriptionLanguage")
            return Language(tts, transcription)
        case "end":
            return End(_optional(frame, "handoffData", str))
        case "config" | "hints":
            return Reconfigure(frame)
        case unknown:
            raise BadFrame(f"unknown type {unknown!r}")


def error(raw: str) -> dict[str, Any]:
    """The recorded wording (malformed-frames), not the documented one."""
    return {"type": "error", "description": f"Invalid message received, code: 64107, {raw}"}


def info(name: str, value: str) -> dict[str, Any]:
    return {"type": "info", "name": name, "value": value}


def prompt(text: str, lang: str, *, last: bool) -> dict[str, Any]:
    return {"type": "prompt", "voicePrompt": text, "lang": lang, "last": last}


def dtmf(key: str) -> dict[str, Any]:
    return {"type": "dtmf", "digit": key}


def interrupt(heard: str, after_ms: int) -> dict[str, Any]:
    return {"type": "interrupt", "utteranceUntilInterrupt": heard, "durationUntilInterruptMs": after_ms}


def _required(frame: dict[str, Any], name: str, kind: type[T]) -> T:
    value = frame.get(name)
    if not isinstance(value, kind):
        raise BadFrame(f"{name} is required and must be {kind.__name__}")
    return value


def _optional(frame: dict[str, Any], name: str, kind: type[T]) -> T | None:
    if name not in frame or frame[name] is None:
        return None
    return _required(frame, name, kind)


def _rule(frame: dict[str, Any]) -> Input | None:
    value = frame.get("interruptible")
    if value is None:
        return None
    # Whether words are taken beside booleans is unconfirmed (sheet section 11, item 5): take both.
    rule = read_input(value) if isinstance(value, bool | str) else None
    if rule is None:
        raise BadFrame("interruptible must be a boolean or none, dtmf, speech, any")
    return rule
