"""One fact of a call as the console reads it, wherever it was kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """`wall` is wall-clock seconds. Kinds and their values are those of `session.Session.note`."""

    call_sid: str
    kind: str
    wall: float
    data: Mapping[str, Any]
    seq: int = 0
    """Its number in the journal of all calls; 0 for what is seen live and not kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A call with everything noted about it so far, oldest first."""

    call_sid: str
    line: str
    started: float
    entries: tuple[Entry, ...]
