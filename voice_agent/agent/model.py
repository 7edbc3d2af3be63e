"""What a language model is to this server: it is given a situation and a transcript, and emits words and tool calls.

Three of them stand behind this protocol: any OpenAI-compatible endpoint (openai.py), the rule-based one that needs
nothing (offline.py), and the ladder that falls from one to the next (ladder.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Situation:
    """What the server knows for certain when a reply is asked for. Made from server state, never from the model."""

    line: str
    """`customer`, `technician` or `after_hours`."""
    now: datetime
    """Aware, in the zone of the line."""
    company: str = ""
    lang: str = "en"
    role: str = "unknown"
    level: int = 0
    caller: str = ""
    """First name of the one record the number or PIN led to, else empty."""
    open: bool = True
    emergency: str | None = None
    expecting: str | None = None
    """What the caller was asked last: yes_no, slot_choice, digits, or None."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    situation: Situation
    messages: Sequence[Mapping[str, Any]]
    """Chat-completion messages, oldest first, without the system prompt."""
    tools: bytes
    """JSON array of the tools this caller may use, serialised once per line."""
    system: str = ""
    tool_names: frozenset[str] = frozenset()
    rung: int = 0
    """Where the ladder begins: what failed in this turn is not asked again in it."""
    already_said: str = ""
    """Words of this very reply that are already on their way to the caller; a broken stream is completed from there."""


@dataclass(frozen=True, slots=True)
class Words:
    text: str


@dataclass(frozen=True, slots=True)
class ToolWanted:
    """A whole tool call: the pieces of its arguments have been put together, but nobody has parsed them yet."""

    tool_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Usage:
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    first_token_s: float | None = None
    """Request sent to first word or tool call, seconds; None when nothing came."""
    rung: int = 0
    """Which model of the ladder answered, from 0."""
    attempts: tuple[str, ...] = field(default=())
    """What was tried before, in order: `name: reason`."""


Emit = Callable[[Words | ToolWanted], None]
Breathe = Callable[[], Awaitable[None]]
"""Awaited between the pieces of a stream: what was emitted leaves here, at the pace the caller's line takes it."""


async def at_ease() -> None:
    """Breathing where nobody waits for the words."""


class Model(Protocol):
    @property
    def name(self) -> str: ...

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        """Run once. `emit` is called in order and must not be called after this returns or is cancelled.

        Raises ModelUnavailable, ModelRateLimited or ModelStreamBroken (errors.py); what was emitted before stands.
        """
        ...
