"""Settings that people change while the server runs: kept in the store, known to every process within a second.

What is overridden here was read from the environment at start (`settings.py`), which stays the value to go back to.
Reading costs nothing: `current` is what the store held at the last look. When the store fails, the last look stands.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Float, String, Table, Text, delete, insert, select

from voice_agent.errors import StoreUnavailable
from voice_agent.settings import PHASES, Settings
from voice_agent.store import Store, metadata

LOOK_SECONDS = 0.5

overrides = Table(
    "overrides",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Float, nullable=False),
    info={"impersonal": "settings, and who of the staff changed them"},
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Current:
    """What holds now."""

    phase: str
    """read_only, supervised or autonomous."""
    pilot: tuple[str, ...]
    """Territories that are served by the agent; empty for all."""
    sends: bool
    """Whether texts leave without a person's word."""
    lines_off: frozenset[str] = frozenset()
    """Lines whose callers are put through to a person at once."""
    slow_ms: float = 1500.0
    """From here on an answer counts as slow."""
    minute_cost: float = 0.0785
    """Of a minute on the line, in the account's currency: carriage and ConversationRelay."""
    prompt_cost: float = 0.4
    """Of a million prompt tokens."""
    completion_cost: float = 1.6
    changed: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """Name -> who changed it last, and when (UNIX seconds); settings that stand as configured are missing."""


class Overrides:
    """`current` is always there; `run` keeps it fresh."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._configured = configured(settings)
        self.current = self._configured

    @property
    def configured(self) -> Current:
        return self._configured

    async def run(self) -> None:
        """Look twice a second, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreUnavailable:
                log.warning("settings of the console cannot be read; the last ones stand")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        self.current = await self._store.look(lambda connection: stored(connection, self._configured))


def configured(settings: Settings) -> Current:
    """What the environment says."""
    return Current(
        phase=settings.rollout_phase,
        pilot=tuple(part.strip() for part in settings.pilot_territories.split(",") if part.strip()),
        sends=settings.autonomous_sends,
    )


def stored(connection: Connection, otherwise: Current) -> Current:
    """What holds at this moment: for work that must not go by a look of half a second ago."""
    now, changed = otherwise, {}
    for row in connection.execute(select(overrides)):
        try:
            now = replace(now, **{row.name: parsed(row.name, orjson.loads(row.value))})
        except ValueError:  # written by a newer program, or by hand
            log.error("an override makes no sense and is left out", extra={"setting": row.name})
            continue
        changed[row.name] = (row.by, row.at)
    return replace(now, changed=changed)


def write(connection: Connection, name: str, value: Any, by: str) -> None:
    """In the caller's transaction, so that an entry of the audit can stand or fall with it. ValueError says what is
    wrong with the value; None takes the override away."""
    connection.execute(delete(overrides).where(overrides.c.name == name))
    if value is not None:
        plain = parsed(name, value)
        text = orjson.dumps(sorted(plain) if isinstance(plain, frozenset) else plain).decode()
        connection.execute(insert(overrides).values(name=name, value=text, by=by, at=time.time()))


def parsed(name: str, value: Any) -> Any:
    """The value as `Current` holds it. ValueError is a sentence for the person who gave it."""
    match name:
        case "phase":
            if value not in PHASES:
                raise ValueError(f"The phase is one of {', '.join(PHASES)}.")
            return value
        case "sends":
            if not isinstance(value, bool):
                raise ValueError("Texts are on or off.")
            return value
        case "pilot" | "lines_off":
            if not isinstance(value, list | tuple | frozenset) or not all(isinstance(one, str) for one in value):
                raise ValueError("A list of names is wanted.")
            return frozenset(value) if name == "lines_off" else tuple(value)
        case "slow_ms" | "minute_cost" | "prompt_cost" | "completion_cost":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100_000:
                raise ValueError("A number that is not negative is wanted.")
            return float(value)
    raise ValueError(f"There is no setting {name!r}.")
