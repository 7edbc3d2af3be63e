"""What a call finds around it: the socket it speaks through, the clients all calls share, work that outlives them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from voice_agent.agent.context import Speak
from voice_agent.agent.model import Model
from voice_agent.grants import Grant
from voice_agent.journal import Journal
from voice_agent.lines import Line
from voice_agent.recalling import Recalling
from voice_agent.salesforce.field_service import FieldService


class Socket(Protocol):
    """One ConversationRelay connection, already accepted. `receive` gives None once it is closed."""

    async def receive(self) -> str | bytes | None: ...
    async def send(self, text: str) -> None: ...
    async def close(self, code: int = 1000) -> None: ...


class Emergencies(Protocol):
    async def record(self, *, hazard: str, words: str, grant: Grant, call_sid: str, speak: Speak) -> tuple[str, str]:
        """Case, WorkOrder and page. Gives (sentence for the caller, note for the model), both true; never raises."""
        ...


class Wards:
    """Work that must reach its end whatever becomes of the call that asked for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self, seconds: float) -> bool:
        """Before the process goes: True if everything has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of the process share."""

    model: Model
    journal: Journal
    wards: Wards
    emergencies: Emergencies
    field: FieldService
    now: Callable[[Line], Any]
    """Wall-clock time in the line's zone, aware."""
    wall: Callable[[], float]
    recalling: Recalling | None = None
    """Takes up calls of a process that died."""
    draining: Callable[[], bool] = lambda: False
    """Whether this process takes no new calls any more and waits for these to end."""
    refuse_texts: Callable[[str], Awaitable[None]] | None = None
    """No more texts to this number, from now on. Raises VoiceAgentError when that cannot be kept."""
