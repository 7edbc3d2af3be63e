"""ConversationRelay frames to events and actions to frames: pure, tolerant in what it reads, exact in what it writes.

Unknown types, unknown fields and missing optional fields are passed over (the protocol grows by the month); a frame
that is no JSON object is a WireError, which the session counts and survives. Outgoing frames are built here and nowhere
else: what a model wrote can fill `text.token` and nothing besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from voice_agent.call.events import (
    AgentSpeaking,
    CallerInterrupted,
    CallerSpeaking,
    CallerSpoke,
    DigitPressed,
    TokensPlayed,
)
from voice_agent.errors import WireError

MOST_PROMPT_CHARACTERS = 4_000
KEYS = frozenset("0123456789*#ABCD")
DIGITS = frozenset("0123456789w#*")


@dataclass(frozen=True, slots=True)
class Setup:
    """The first frame of every socket. `resumed`: Twilio says IN_PROGRESS on any socket but the call's first."""

    call_sid: str
    session_id: str
    account_sid: str
    caller: str
    called: str
    direction: str
    call_status: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorReported:
    """Twilio dropped a message of ours. `code` is a 64xxx number where the text carries one, else 0."""

    code: int


@dataclass(frozen=True, slots=True)
class Measured:
    """`roundTripDelayMs`; milliseconds, None if the value was not a number (its type is unconfirmed)."""

    round_trip_ms: float | None


@dataclass(frozen=True, slots=True)
class ConfigUpdated:
    value: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame of a type, or an info of a name, that this server does not know. Counted, never an error."""

    kind: str


Frame = (
    Setup
    | CallerSpoke
    | DigitPressed
    | CallerInterrupted
    | TokensPlayed
    | AgentSpeaking
    | CallerSpeaking
    | ErrorReported
    | Measured
    | ConfigUpdated
    | Ignored
)


def decode(text: str | bytes, *, at: float = 0.0) -> Frame:
    """One frame. WireError if it is no JSON object with a string `type`.

    A prompt's `lang` is not read: it names the recogniser's setting (`en` under Flux and `multi`), not what was spoken.
    """
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise WireError("frame is not JSON") from None
    kind = frame.get("type") if isinstance(frame, dict) else None
    if not isinstance(kind, str):
        raise WireError("frame has no type")
    match kind:
        case "prompt":
            words = _text(frame.get("voicePrompt"))[:MOST_PROMPT_CHARACTERS]
            return CallerSpoke(words, final=frame.get("last") is not False, at=at)
        case "info":
            return _info(frame, at)
        case "interrupt":
            heard = _text(frame.get("utteranceUntilInterrupt"))
            return CallerInterrupted(heard, _whole(frame.get("durationUntilInterruptMs")), at=at)
        case "dtmf":
            digit = _text(frame.get("digit"))
            return DigitPressed(digit, at=at) if digit in KEYS else Ignored("dtmf")
        case "setup":
            return _setup(frame)
        case "error":
            return ErrorReported(_code(_text(frame.get("description"))))
        case _:
            return Ignored(kind[:32])


def _info(frame: Mapping[str, Any], at: float) -> Frame:
    name, value = frame.get("name"), frame.get("value")
    match name:
        case "tokensPlayed":
            return TokensPlayed(_text(value), at=at)
        case "agentSpeaking":
            return AgentSpeaking(value in ("on", True), at=at)
        case "clientSpeaking":
            return CallerSpeaking(value in ("on", True), at=at)
        case "roundTripDelayMs":
            try:
                return Measured(float(value or ""))
            except (TypeError, ValueError):
                return Measured(None)
        case "configUpdated":
            return ConfigUpdated(_text(value))
        case _:
            return Ignored(f"info {_text(name)[:32]}")


def _setup(frame: Mapping[str, Any]) -> Setup:
    parameters = frame.get("customParameters")
    return Setup(
        call_sid=_text(frame.get("callSid")),
        session_id=_text(frame.get("sessionId")),
        account_sid=_text(frame.get("accountSid")),
        caller=_text(frame.get("from")),
        called=_text(frame.get("to")),
        direction=_text(frame.get("direction")),
        call_status=_text(frame.get("callStatus")),
        parameters={k: _text(v) for k, v in parameters.items()} if isinstance(parameters, dict) else {},
    )


def _text(value: Any) -> str:
    """A string without NUL and lone surrogates; "" for anything else."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() and "\0" not in value else value.replace("\0", "").encode(errors="replace").decode()


def _whole(value: Any) -> int:
    """`durationUntilInterruptMs` was documented as text and is sent as a number."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _code(description: str) -> int:
    """The number in `Invalid message received, code: 64107, ...`."""
    _, _, tail = description.partition("code:")
    digits = tail.strip()[:5]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def text(
    token: str,
    *,
    last: bool = False,
    lang: str | None = None,
    interruptible: bool | None = None,
    preemptible: bool | None = None,
) -> str:
    """Words to speak. Blanks at either end are kept: they separate words across frames."""
    frame: dict[str, Any] = {"type": "text", "token": token, "last": last}
    if lang is not None:
        frame["lang"] = lang
    if interruptible is not None:
        frame["interruptible"] = interruptible
    if preemptible is not None:
        frame["preemptible"] = preemptible
    return orjson.dumps(frame).decode()


def play(source: str, *, loop: int = 1, preemptible: bool | None = None, interruptible: bool | None = None) -> str:
    """An audio file that Twilio fetches. `source` comes from configuration, never from a model or a caller."""
    frame: dict[str, Any] = {"type": "play", "source": source, "loop": loop}
    if preemptible is not None:
        frame["preemptible"] = preemptible
    if interruptible is not None:
        frame["interruptible"] = interruptible
    return orjson.dumps(frame).decode()


def send_digits(digits: str) -> str:
    """Keypad tones, behind the speech in front of them; `w` is half a second. ValueError for any other character."""
    if not digits or not DIGITS.issuperset(digits):
        raise ValueError("digits may be 0-9, w, # and *")
    return orjson.dumps({"type": "sendDigits", "digits": digits}).decode()


def language(*, tts: str | None = None, transcription: str | None = None) -> str:
    """Switch what is spoken, what is recognised, or both. ValueError for neither: Twilio refuses that."""
    frame = {"type": "language"}
    if tts:
        frame["ttsLanguage"] = tts
    if transcription:
        frame["transcriptionLanguage"] = transcription
    if len(frame) == 1:
        raise ValueError("name a language to speak or to recognise")
    return orjson.dumps(frame).decode()


def end(handoff_data: Mapping[str, Any] | None = None) -> str:
    """End the session; the call goes on at `<Connect action>`. `handoffData` must be a string on the wire."""
    frame: dict[str, str] = {"type": "end"}
    if handoff_data is not None:
        frame["handoffData"] = orjson.dumps(handoff_data).decode()
    return orjson.dumps(frame).decode()
