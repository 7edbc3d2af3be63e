"""What the body of a durable job has at hand, and how it does things that must not be done twice or forgotten.

    async def NAME(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None

A body stands in the module that means it; worker.py lists them all. A short job (`whole`) is one step: it is begun
again from its top until it returns, so everything in it must bear repeating. A long one does each effect in
`workshop.step`, whose result is kept, and waits with `workshop.receive` or `workshop.sleep`, whose deadlines are kept.
After a crash it runs again from its top, and every finished step gives its kept result instead of happening again. What
it does between the steps must therefore depend on nothing but the arguments and the results of earlier steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from voice_agent.jobs import Jobs
from voice_agent.lines import Lines
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.field_service import FieldService
from voice_agent.settings import Settings
from voice_agent.store import Store
from voice_agent.twilio.rest import TwilioRest

Result = Mapping[str, Any] | None
Step = Callable[[], Awaitable[Result]]

SOON = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between attempts that somebody waits for."""
PATIENTLY = (*SOON, *(120.0,) * 5, *(300.0,) * 10, *(900.0,) * 92)
"""The same, and on for a day: the records may be away for long."""


class Engine(Protocol):
    """How steps and waits are kept. Each of them is called from a job's body only."""

    async def step(self, name: str, work: Step, retries: tuple[float, ...]) -> Result:
        """`work`'s result, from its first success. Raises GivenUp when it failed once more than there are retries."""
        ...

    async def receive(self, seconds: float) -> Result:
        """The next signal to this job, None once the time is over. The deadline survives a crash."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class GivenUp(Exception):
    """A step failed as often as it may. The job's body may do something else instead, or end with it."""


@dataclass(frozen=True, slots=True)
class Workshop:
    settings: Settings
    store: Store
    jobs: Jobs
    lines: Lines
    salesforce: Salesforce
    field: FieldService
    twilio: TwilioRest
    engine: Engine
    now: Callable[[], float] = time.time
    """UNIX seconds."""

    async def step(self, name: str, work: Step, *, retries: tuple[float, ...] = SOON) -> Result:
        return await self.engine.step(name, work, retries)

    async def receive(self, seconds: float) -> Result:
        return await self.engine.receive(seconds)

    async def sleep(self, seconds: float) -> None:
        await self.engine.sleep(seconds)


Body = Callable[[Workshop, str, Mapping[str, Any]], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of durable work: its body, and the seconds between attempts before it is given up."""

    body: Body
    retries: tuple[float, ...] = PATIENTLY
    whole: bool = True

    @property
    def name(self) -> str:
        return str(getattr(self.body, "__name__", ""))


@dataclass(slots=True)
class InMemory:
    """An engine that keeps nothing: for what must go on when the store is away, and for a body called by itself."""

    signals: asyncio.Queue[Mapping[str, Any]] = field(default_factory=asyncio.Queue)

    async def step(self, name: str, work: Step, retries: tuple[float, ...]) -> Result:
        for wait in (*retries, None):
            try:
                return await work()
            except Exception as error:
                if wait is None:
                    raise GivenUp(f"{name}: {type(error).__name__}") from error
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def receive(self, seconds: float) -> Result:
        try:
            async with asyncio.timeout(seconds):
                return await self.signals.get()
        except TimeoutError:
            return None

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
