"""How many proofs may be tried and codes sent: from one number, against one person, and in all, over all calls.

An attempt is counted before it is checked and taken back if it was right, so that parallel calls cannot share a try.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from voice_agent.errors import StoreUnavailable
from voice_agent.tallies import Limit, Tallies

HOUR, DAY = 3600.0, 24 * 3600.0
MOST_PER_NUMBER = 5
"""Failed proofs an hour from one caller's number."""
MOST_PER_PERSON = 5
"""Failed proofs an hour against one person, whatever numbers they come from."""
ALARM = 60
"""Failed proofs an hour in all at which the operator is told."""
MOST_IN_ALL = 300
"""Failed proofs an hour in all at which no more are taken: somebody is trying them out."""
MOST_CODES_PER_NUMBER = 5
"""Codes an hour to one number."""
MOST_CODES_PER_CALLER = 5
"""Codes an hour asked for from one caller's number."""
MOST_CODES_A_DAY = 2_000

log = logging.getLogger(__name__)


class Proofs:
    """One call's view of the counts. Without tallies (None) only the call's own limits hold."""

    def __init__(
        self,
        tallies: Tallies | None,
        *,
        call_sid: str,
        number: str,
        reachable: Callable[[str], bool] = lambda number: True,
    ) -> None:
        self._tallies = tallies
        self._call_sid = call_sid
        self._number = number
        self._reachable = reachable
        self._attempts = 0
        self._codes = 0

    async def attempt(self, kind: str, person: str) -> str | None:
        """A receipt for one try, None when no more are taken. StoreUnavailable when it cannot be counted."""
        self._attempts += 1
        receipt = f"{self._call_sid}:{kind}:{self._attempts}"
        if self._tallies is None:
            return receipt
        total = Limit("try.all", "", MOST_IN_ALL, HOUR)
        limits = [total, Limit("try.person", person, MOST_PER_PERSON, HOUR)]
        if self._number:
            limits.append(Limit("try.number", self._number, MOST_PER_NUMBER, HOUR))
        stands_in_the_way = await self._tallies.take(receipt, limits)
        if stands_in_the_way is not None:
            log.warning("proof refused", extra={"limit": stands_in_the_way.name})
        if stands_in_the_way is total or await self._tallies.count(total) >= ALARM:
            log.critical("many wrong PINs and codes", extra={"within_seconds": HOUR})
        return receipt if stands_in_the_way is None else None

    async def succeeded(self, receipt: str) -> None:
        """It was right, so it counts for nothing. Where that cannot be written down it stays counted for its hour."""
        if self._tallies is not None:
            with suppress(StoreUnavailable):
                await self._tallies.give_back(receipt)

    async def may_send(self, to: str) -> bool:
        """Count a code to this number; False when that would be too many, or it is no number that we text."""
        if not await asyncio.to_thread(self._reachable, to):
            log.warning("code not sent: not a number we text")
            return False
        if self._tallies is None:
            return True
        self._codes += 1
        limits = [
            Limit("code.number", to, MOST_CODES_PER_NUMBER, HOUR),
            Limit("code.all", "", MOST_CODES_A_DAY, DAY),
        ]
        if self._number:
            limits.append(Limit("code.caller", self._number, MOST_CODES_PER_CALLER, HOUR))
        stands_in_the_way = await self._tallies.take(f"{self._call_sid}:send:{self._codes}", limits)
        if stands_in_the_way is not None:
            log.warning("code not sent", extra={"limit": stands_in_the_way.name})
        return stands_in_the_way is None
