"""The end of a process that holds calls: no new ones, the live ones to their own end, the last ones to a person.

A deploy must not cut anybody off. From the moment it is asked to stop the process is not ready, whoever calls is put
through to people, and those who are on the line go on as if nothing was. Who is still there at the deadline hears why
and is handed over. Asked again it still drains; only `SIGINT` ends it at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voice_agent.call.events import Announced
from voice_agent.calls import Calls, Tickets
from voice_agent.session import Session

LOOK_SECONDS = 0.1
FAREWELL_SECONDS = 30.0
"""Beyond the deadline: for the sentence, the agent's `end`, and Twilio's question where the caller goes."""
REASON = "drain"

log = logging.getLogger(__name__)


class Drain:
    """`seconds` is how long calls may go on by themselves; 0 ends the process at once, calls or not."""

    def __init__(self, calls: Calls, tickets: Tickets, seconds: float) -> None:
        self.on = False
        self.seconds = seconds
        self._calls = calls
        self._tickets = tickets

    def begin(self) -> bool:
        """From now on no new calls; safe in a signal handler. False when this process does not drain."""
        self.on = self.seconds > 0
        return self.on

    async def run(self, farewell: float = FAREWELL_SECONDS) -> bool:
        """Until nobody depends on this process any more: True. False if somebody still did when time was up."""
        now = asyncio.get_running_loop().time
        log.warning("draining", extra={"calls": len(self._calls.depending()), "seconds": self.seconds})
        if await self._empty(now() + self.seconds, lambda: None):
            log.warning("drained", extra={"clean": True, "handed_over": 0})
            return True
        told: set[Session] = set()

        def tell() -> None:
            for session in self._calls.depending():
                if session not in told and session.handed_off is None:
                    told.add(session)
                    say = session.line.speaker(session.call.lang)("gateway.draining")
                    session.announce(Announced(say, then_hand_off=REASON, at=session.now()))

        clean = await self._empty(now() + farewell, tell)
        log.warning("drained", extra={"clean": clean, "handed_over": len(told)})
        return clean

    async def _empty(self, deadline: float, meanwhile: Callable[[], None]) -> bool:
        while self._calls.depending() or self._tickets.awaited:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            meanwhile()
            await asyncio.sleep(LOOK_SECONDS)
        return True
