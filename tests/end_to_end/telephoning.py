"""A call placed by a test itself, where a script cannot say what is to be looked at: timing, frames, the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tests.end_to_end.running import RunningDemo
from voice_agent.demo.twilio.happenings import Happening
from voice_agent.talking.calling import calling
from voice_agent.talking.dialling import dial
from voice_agent.talking.telephone import Telephone, TurnTaken

SPEED = 40.0


class Unwatched:
    """A screen that nobody looks at."""

    def show(self, happening: Happening) -> None: ...
    def latency(self, turn: TurnTaken) -> None: ...
    def entry(self, entry: Mapping[str, Any]) -> None: ...


@asynccontextmanager
async def call(running: RunningDemo, caller: int, line: str | None = None) -> AsyncIterator[Telephone]:
    """A call by one of the demo's callers, hung up on leaving."""
    dialling = await asyncio.to_thread(dial, running.url, running.caller(caller), line, {})
    async with calling(dialling, Unwatched(), speed=SPEED) as phone:
        yield phone


async def hears(phone: Telephone, pattern: str, seconds: float = 10.0) -> str:
    """What was heard, once it holds `pattern`; fails the test when it does not in time."""
    assert await phone.hears(pattern, seconds), f"/{pattern}/ was not heard, but: {phone.heard}"
    return phone.heard
