"""What was said in a call: by the caller, by the agent as far as it was heard, and by the tools.

Two rules live here and nowhere else. What the caller did not hear is not in it. Every tool call has exactly one result,
next to it, also when the work was cancelled or its result came late: providers refuse an orphan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from voice_agent.call.playout import Utterance

CANCELLED = '{"status":"cancelled","why":"the caller spoke before it finished"}'
RUNNING = '{"status":"still running","say":"it is being saved"}'
WINDOW = 80
"""Entries that a model is shown; the oldest fall out first, a tool call never without its result."""


@dataclass(slots=True)
class CallerSaid:
    turn: int
    text: str
    keys: bool = False


@dataclass(slots=True)
class AgentSaid:
    """Refers to the utterance: its text grows while it is sent and is cut to what was heard."""

    turn: int
    utterance: Utterance


@dataclass(slots=True)
class ToolUsed:
    turn: int
    tool_call_id: str
    name: str
    arguments: str
    result: str | None = None


@dataclass(slots=True)
class Noted:
    """A fact for the model that nobody said: a verified PIN, a committed change, a cut connection."""

    turn: int
    text: str


Entry = CallerSaid | AgentSaid | ToolUsed | Noted


@dataclass(slots=True)
class Transcript:
    entries: list[Entry] = field(default_factory=list)

    def caller(self, turn: int, text: str, *, keys: bool = False) -> None:
        self.entries.append(CallerSaid(turn, text, keys))

    def join(self, turn: int, text: str) -> None:
        """The caller went on before we spoke: one utterance, of the newer turn."""
        for entry in reversed(self.entries):
            if isinstance(entry, CallerSaid):
                entry.text = f"{entry.text} {text}"
                entry.turn = turn
                return
        self.caller(turn, text)

    def agent(self, utterance: Utterance) -> None:
        self.entries.append(AgentSaid(utterance.turn, utterance))

    def tool(self, turn: int, tool_call_id: str, name: str, arguments: str) -> ToolUsed:
        entry = ToolUsed(turn, tool_call_id, name, arguments)
        self.entries.append(entry)
        return entry

    def note(self, turn: int, text: str) -> None:
        self.entries.append(Noted(turn, text))

    def tool_calls(self) -> Iterator[ToolUsed]:
        return (entry for entry in self.entries if isinstance(entry, ToolUsed))

    def last_said(self) -> str:
        """The agent's last words that were heard, the greeting apart: for "say that again" and for a call cut off."""
        for entry in reversed(self.entries):
            if isinstance(entry, AgentSaid) and entry.turn > 0 and (text := heard(entry.utterance)):
                return text
        return ""

    def last_caller(self) -> str:
        """The caller's last words, or nothing."""
        return next((entry.text for entry in reversed(self.entries) if isinstance(entry, CallerSaid)), "")

    def messages(self) -> list[dict[str, Any]]:
        """Chat-completion messages, oldest first."""
        out: list[dict[str, Any]] = []
        for entry in self.entries[-WINDOW:]:
            match entry:
                case CallerSaid(text=text):
                    out.append({"role": "user", "content": text})
                case AgentSaid(utterance=utterance):
                    if text := heard(utterance):
                        message = _assistant(out)
                        message["content"] = f"{message['content']} {text}" if message["content"] else text
                case ToolUsed():
                    _tool(out, entry)
                case Noted(text=text):
                    out.append({"role": "system", "content": text})
        return out


def heard(utterance: Utterance) -> str:
    """What the model may believe it said: all that is on its way, or what was played before a cut."""
    if not utterance.cut:
        return utterance.text.strip()
    text = utterance.heard_text.strip()
    return text if not text or text[-1] in ".?!" else f"{text}—"


def _assistant(out: list[dict[str, Any]]) -> dict[str, Any]:
    if not out or out[-1]["role"] != "assistant" or "tool_calls" in out[-1]:
        out.append({"role": "assistant", "content": ""})
    return out[-1]


def _tool(out: list[dict[str, Any]], used: ToolUsed) -> None:
    """One assistant message a call, its result right behind: valid everywhere, whatever ran beside it."""
    message = _assistant(out)
    message["content"] = message["content"] or None
    message["tool_calls"] = [
        {"id": used.tool_call_id, "type": "function", "function": {"name": used.name, "arguments": used.arguments}}
    ]
    out.append({"role": "tool", "tool_call_id": used.tool_call_id, "content": used.result or RUNNING})
