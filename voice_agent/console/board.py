"""What waits for a person, looked up once a second for all open pages of the process together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from voice_agent.approval_rows import Approval
from voice_agent.approvals import Approvals
from voice_agent.errors import StoreUnavailable
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.lately import Ended
from voice_agent.handoff.outcomes import State, Waiting
from voice_agent.handoff.workers import Worker

T = TypeVar("T")

FRESH_SECONDS = 0.7
BACK_SECONDS = 86_400.0
MOST_ENDED = 12
LISTED_SECONDS = 30.0
"""How often TaskRouter is asked for its workers while a page shows them; events tell of changes at once."""


@dataclass(slots=True)
class Board:
    dispatch: Dispatch
    approvals: Approvals
    _waiting: Sequence[Waiting] = ()
    _pending: Sequence[Approval] = ()
    _ended: Sequence[Ended] = ()
    _workers: Sequence[Worker] = ()
    _looked: dict[str, float] = field(default_factory=dict)

    async def waiting(self) -> Sequence[Waiting]:
        """Callers who wait, are being connected, or talk to a person."""
        if self._stale("waiting"):
            self._waiting = await self._asked("waiting", self.dispatch.waiting())
        return self._waiting

    async def pending(self) -> Sequence[Approval]:
        """Changes that nobody has decided, the one that runs out first on top."""
        if self._stale("pending"):
            self._pending = await self._asked("pending", self.approvals.waiting())
        return self._pending

    async def ended(self) -> Sequence[Ended]:
        """Waits that are over, of the last day, the newest first."""
        if self._stale("ended"):
            since = time.time() - BACK_SECONDS
            self._ended = await self._asked("ended", self.dispatch.lately(since, MOST_ENDED))
        return self._ended

    async def workers(self) -> Sequence[Worker]:
        """TaskRouter's workers; nobody without a workflow."""
        if not self.dispatch.settings.twilio_workflow_sid:
            return ()
        if self._stale("listed", LISTED_SECONDS):
            self.dispatch.later(self.dispatch.look_at_workers())
        if self._stale("workers"):
            self._workers = await self._asked("workers", self.dispatch.workers())
        return self._workers

    async def alone(self) -> int:
        """How many wait with nobody on the line yet."""
        return sum(each.state in (State.WAITING, State.EXPECTED) for each in await self.waiting())

    def look_again(self) -> None:
        """Something was just decided here: do not show what was before."""
        self._looked = {what: at for what, at in self._looked.items() if what == "listed"}

    def _stale(self, what: str, after: float = FRESH_SECONDS) -> bool:
        now = time.monotonic()
        if now - self._looked.get(what, float("-inf")) < after:
            return False
        self._looked[what] = now
        return True

    async def _asked(self, what: str, answer: Awaitable[T]) -> T:
        """A store that failed is asked again at the next look: nobody is shown the old state as if it were new."""
        try:
            return await answer
        except StoreUnavailable:
            self._looked.pop(what, None)
            raise
