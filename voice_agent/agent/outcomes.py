"""What becomes of a tool call: an answer, a read-back that waits for a yes, a change settled, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Change
from voice_agent.call.events import Ask, InsteadProposed
from voice_agent.salesforce.plans import WritePlan


@dataclass(frozen=True, slots=True)
class Outcome:
    """The one result of a tool call, in the words of `call.events.ToolReturned`."""

    content: str
    say: str = ""
    ask: Ask | None = None
    proposal: str | None = None
    keep: bool = False
    evidence: tuple[str, ...] = ()
    """What the gateway found wrong, as `ungrounded:minutes` or `disagrees:status`: it lowers confidence."""
    reversible: bool = True
    """What is proposed could be undone by another change."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a confirmed change ended. `again`: unknown yet, `follow` will find out."""

    say: str
    note: str
    status: str
    again: bool = False
    instead: InsteadProposed | None = None
    """Something else was proposed in its place, and is asked about at once."""
    waits: bool = False
    """A dispatcher was asked: `Toolbox.decided` tells what they say."""
    texted: bool = False
    """A text says the same, to whoever did not hear it."""


@dataclass(slots=True)
class Proposed:
    """A change that was read back. `turn` is the caller's turn it was asked for in: a yes comes in a later one."""

    tool: str
    arguments: str
    change: Change
    expires: float
    turn: int = 0
    approval: str = ""
    """The rule by which a dispatcher has to agree too, empty when the caller's yes is enough."""


class Approver(Protocol):
    """The dispatchers, as one call sees them."""

    def rule(self, plan: WritePlan, now: datetime) -> str:
        """Why this change needs their word, as the name of a rule; empty when it does not."""
        ...

    def forbids(self, plan: WritePlan) -> str:
        """A field that nobody may agree to, empty when there is none."""
        ...

    async def ask(self, key: str, proposed: Proposed, audit: Mapping[str, Any], context: ToolContext) -> bool:
        """Put it before them, durably. True if the outcome will be texted. StoreUnavailable: nobody was asked."""
        ...

    async def ended(self, key: str) -> tuple[str, str]:
        """Waits for the end of it: executed, rejected, expired or failed; and what is said of one that was made with
        other values than the caller's, else nothing."""
        ...


def awaiting(change: Change, options: Mapping[str, Any] | None = None) -> str:
    """What the model sees of a change that is being read back."""
    told = {"status": "awaiting_confirmation", "read_back": change.read_back, "note": "The caller is being asked."}
    return as_json({**(options or {}), **told})


def failed(why: str, say: str = "", *, evidence: tuple[str, ...] = ()) -> Outcome:
    return Outcome(as_json({"status": "failed", "why": why, "say": say}), evidence=evidence)


def as_json(value: Mapping[str, Any]) -> str:
    """Canonical: keys in order, models and sets as plain values."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
