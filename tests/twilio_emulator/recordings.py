"""The recorded calls, read where they lie beside the project, and made into something to play again."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .application import shorten

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "recorded"
NAMES = (
    "busy-digits",
    "dial-string-pin",
    "end-then-reconnect",
    "end-then-say-hangup",
    "greeting-dtmf",
    "idle-digits",
    "interrupt",
    "malformed-frames",
    "pin-spoken",
    "preempt-marked",
    "queued-digits",
    "rest-update-completed",
    "socket-drop",
)
OPERATOR_NAMES = ("operator-leg/barge-in", "operator-leg/resume")

needed = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded calls are not ours to ship: they lie in ../shared/recorded"
)

Line = Mapping[str, Any]
Anchor = tuple[str, int]
"""A frame of Twilio's in short, and which of its like it is, from 0: the moment something else is timed by."""


def read(name: str) -> list[Line]:
    text = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


@dataclass(frozen=True)
class Step:
    """Something the caller or our side did: `after_ms` after the frame named by `anchor`."""

    anchor: Anchor
    after_ms: int
    act: str
    """`press`, `say`, `hang up`, `drop`, `text`, `frame` or `raw`."""
    value: Any = None
    triggered: bool = False
    """Our side's answer to what just came, rather than something it did by the clock."""


@dataclass(frozen=True)
class Session:
    """One socket of a recorded call."""

    lines: list[Line]

    @property
    def frames(self) -> list[tuple[int, Mapping[str, Any]]]:
        return [(line["ms"], line["frame"]) for line in self.lines if line["dir"] == "in"]

    @property
    def close(self) -> Line:
        return next(line for line in self.lines if line.get("event") == "close")


def sessions(lines: list[Line]) -> list[Session]:
    """The lines of each socket: from its open to its close."""
    found: list[list[Line]] = []
    for line in lines:
        if line.get("event") == "open":
            found.append([])
        if found and (line["dir"] in ("in", "out", "note") or line.get("event") == "close"):
            found[-1].append(line)
    return [Session(each) for each in found]


def forms(lines: list[Line], path: str) -> list[tuple[int, Mapping[str, str]]]:
    return [
        (line["ms"], line["form"])
        for line in lines
        if line["dir"] == "http" and line["path"] == path and "form" in line
    ]


def answers(lines: list[Line], path: str) -> list[str]:
    return [line["response"] for line in _webhooks(lines, path) if "response" in line]


def _webhooks(lines: list[Line], path: str) -> list[Line]:
    return [line for line in lines if line["dir"] == "http" and line["path"] == path]


def steps(session: Session, hung_up: bool) -> list[Step]:
    """What was done in a session, each thing timed by the last audible moment before it."""
    return list(_steps(session, hung_up))


def _steps(session: Session, hung_up: bool) -> Iterator[Step]:
    seen: Counter[str] = Counter()
    anchor, anchor_ms = ("setup", 0), session.frames[0][0]
    speaking = answered = False
    last_input = -1
    for line in session.lines:
        ms = line["ms"]
        if line["dir"] == "in":
            frame, short = line["frame"], shorten(line["frame"])
            if (frame["type"] == "prompt" or short == "clientSpeaking on") and not speaking:
                speaking = True
                final = next(each["voicePrompt"] for at, each in session.frames if at >= ms and each.get("last"))
                yield Step(anchor, ms - anchor_ms, "say", final)
            if frame["type"] == "prompt" and frame["last"]:
                speaking, last_input, answered = False, ms, False
            if frame["type"] == "dtmf":
                yield Step(anchor, ms - anchor_ms, "press", frame["digit"])
                last_input, answered = ms, False
            if frame["type"] == "setup" or short.startswith(("agentSpeaking", "tokensPlayed")):
                # Info frames of one millisecond come in an order that says nothing about time.
                anchor, anchor_ms = (short, seen[short]), ms
                seen[short] += 1
        elif line["dir"] == "out":
            triggered = not answered and 0 <= ms - last_input <= 5
            answered = answered or triggered
            if "text" in line:
                value = {"text": line["text"], "preemptible": line.get("preemptible")}
                yield Step(anchor, ms - anchor_ms, "text", value, triggered)
            elif "raw" in line:
                yield Step(anchor, ms - anchor_ms, "raw", line["raw"])
            else:
                yield Step(anchor, ms - anchor_ms, "frame", line["frame"])
        elif line.get("terminate"):
            yield Step(anchor, ms - anchor_ms, "drop")
        elif line.get("event") == "close" and hung_up:
            yield Step(anchor, ms - anchor_ms, "hang up")


def outline(frames: list[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, str]]:
    """The frames in short with the caller's beginning as one: partials and `clientSpeaking on` come in either order."""
    found: list[tuple[int, str]] = []
    talking = False
    for ms, frame in frames:
        short = shorten(frame)
        if short == "clientSpeaking on" or (frame["type"] == "prompt" and not frame["last"]):
            if not talking:
                found.append((ms, "caller begins"))
            talking = True
            continue
        if frame["type"] == "prompt":
            talking = False
        found.append((ms, short))
    return found
