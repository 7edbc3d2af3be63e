"""What one caller may reach: a role, an assurance level, and the records in scope, each under an opaque handle.

The model sees handles ("visit 1"), never ids. A handle is minted in this call for a record that was read for this
caller, so a handle that resolves is a record in reach; anything else answers like something that does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, TypeVar

from voice_agent.call.events import Ask
from voice_agent.errors import NotFound
from voice_agent.salesforce.records import Contact, Technician

T = TypeVar("T")


class Level(IntEnum):
    """How sure we are who is calling (contract, section 7.1)."""

    UNKNOWN = 0
    """No record, several records, or a number whose attestation is not exactly A."""
    MATCHED = 1
    """The number matches exactly one record and the carrier vouches for it in full."""
    PROVEN = 2
    """A PIN by keypad, or a code sent to the number on record."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller is told who must prove more: a key of prompts/phrases, and what the keys mean from then on.

    `refused`: nothing can prove it on this call; `phrase` names the ways that are left.
    """

    phrase: str
    ask: Ask | None = None
    refused: bool = False
    holes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verifier's word. `phrase` is a key of prompts/phrases; `left` fills its hole of that name."""

    accepted: bool
    phrase: str
    ask: Ask | None = None
    locked: bool = False
    left: int = 0


Proof = Literal["", "number", "pin", "code"]
"""What a level rests on."""


@dataclass(slots=True)
class Grant:
    """Belongs to one call. Only identity.py raises the level; only tools mint handles, for records they just read."""

    role: str = "unknown"
    level: Level = Level.UNKNOWN
    number: str = ""
    """Caller's number, E.164; a hint, empty when withheld."""
    proof: Proof = ""
    contact: Contact | None = None
    technician: Technician | None = None
    _handles: dict[str, dict[str, Any]] = field(default_factory=dict)
    _names: dict[str, dict[str, str]] = field(default_factory=dict)

    def mint(self, kind: str, record_id: str, record: Any) -> str:
        """The handle of `record`: the same one again for a record met before, now holding the newer reading."""
        shelf = self._handles.setdefault(kind, {})
        names = self._names.setdefault(kind, {})
        handle = names.setdefault(record_id, f"{kind} {len(names) + 1}")
        shelf[handle] = record
        return handle

    def fresh(self, kind: str) -> None:
        """A new list of `kind` replaces the old one: slots offered before are no longer on offer."""
        self._handles[kind] = {}
        self._names[kind] = {}

    def resolve(self, kind: str, handle: str, as_type: type[T]) -> T:
        """The record behind a handle. NotFound for foreign, stale and invented handles alike."""
        record = self._handles.get(kind, {}).get(_canonical(kind, handle))
        if not isinstance(record, as_type):
            raise NotFound(f"no {kind} under that handle", code="HANDLE")
        return record

    def all(self, kind: str) -> tuple[Any, ...]:
        return tuple(self._handles.get(kind, {}).values())

    def forget(self) -> None:
        """The caller's identity changed or lapsed: nothing read before is in reach."""
        self._handles.clear()
        self._names.clear()


def _canonical(kind: str, handle: str) -> str:
    """Models write "visit 1", "Visit 1" or "1": all mean the same shelf and nothing more."""
    text = handle.strip().lower()
    return text if text.startswith(kind) else f"{kind} {text}"
