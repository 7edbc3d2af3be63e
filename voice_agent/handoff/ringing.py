"""The ladder of a waiting caller: whom to ring next, over REST or with the caller's own leg, and when to give up.

The queue's own loop is the clock: Twilio asks every quarter of a minute what a waiting caller shall hear, and each time
`proceed` looks at the facts and takes the next rung. No timer of ours can be lost with a process, and a caller of whom
Twilio asks is a caller who is still there. REST only makes it faster: what it cannot do, the caller's own leg does with
`<Leave>` and `<Dial>`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import assert_never

from voice_agent.errors import TwilioRestError
from voice_agent.handoff.ladder import GiveUp, Lapse, Ring, Stay, next_step
from voice_agent.handoff.outcomes import Attempt, Outcome, Step, Via, Waiting, Wish
from voice_agent.handoff.waits import Waits
from voice_agent.lines import Line

SETTLE_WAITS = (1.0, 2.0, 3.0)
"""After a lost answer to "call this phone", before each look whether the call exists."""
MOST_STEPS = 4

log = logging.getLogger(__name__)


class Ringing(Waits):
    async def proceed(self, call_sid: str) -> None:
        """Take the next rung, if there is one to take now. Any process may call it at any time."""
        for _ in range(MOST_STEPS):
            waiting = await self.load(call_sid)
            if waiting is None:
                return
            target = self.target_of(waiting)
            step = next_step(waiting, target, self.wall())
            match step:
                case Stay():
                    return
                case Lapse(key=key):
                    lapsed = next(each for each in waiting.attempts if each.key == key)
                    await self.settle(key, Outcome.FAILED if lapsed.rang is None else Outcome.NO_ANSWER)
                    self.later(self.hang_up(lapsed.leg_sid))
                case GiveUp():
                    await self.wish(call_sid, Wish.NEXT)
                    return
                case Ring(phone=phone):
                    attempt = await self.ring(waiting, by=target.name, phone=phone)
                    if attempt is None or attempt.open:
                        return
                case _:
                    assert_never(step)

    async def ring(self, waiting: Waiting, *, by: str, phone: str) -> Attempt | None:
        """Call somebody for a caller: over REST, or by the caller's own leg while REST is down.

        None when the caller is not to be had any more; an attempt that is over when Twilio refuses the number.
        """
        reachable = not self.telephony.down
        attempt = await self.begin(waiting, by=by, phone=phone, via=Via.REST if reachable else Via.DIAL)
        if attempt is None:
            return None
        if attempt.via is Via.DIAL:
            return await self._let_the_caller_dial(attempt)
        line = self.line_of(waiting)
        try:
            sid = await self.telephony.call(
                to=phone,
                from_=line.number,
                url=self.documents.leg_url(attempt),
                status_callback=self.documents.status_url(attempt.key),
                ring_seconds=self.targets.of(waiting.target).ring_seconds,
            )
        except TwilioRestError as error:
            log.warning("a person could not be called", extra={"call_sid": waiting.call_sid, "why": str(error)})
            if error.ambiguous:
                self.later(self._settle_call(attempt, line))
                return attempt
            if self.telephony.down:
                return await self._let_the_caller_dial(attempt)
            moved = await self.settle(attempt.key, Outcome.FAILED)
            return attempt if moved is None else moved[1]
        await self._met(attempt.key, sid)
        return attempt

    async def _met(self, key: str, leg_sid: str) -> None:
        await self.move(key, lambda attempt: attempt.met(leg_sid))

    async def _let_the_caller_dial(self, attempt: Attempt) -> Attempt:
        """At the next question of the queue the caller leaves it and rings this phone with `<Dial>`."""
        moved = await self.move(attempt.key, lambda each: replace(each, via=Via.DIAL) if each.open else each)
        if not await self.wish(attempt.call_sid, Wish.DIAL):
            moved = await self.settle(attempt.key, Outcome.FAILED)
        return attempt if moved is None else moved[1]

    async def _settle_call(self, attempt: Attempt, line: Line) -> None:
        """The answer was lost: the phone may be ringing. Look for the call; a callback of it settles it too."""
        for wait in SETTLE_WAITS:
            await asyncio.sleep(wait)
            found = await self.find(attempt.key)
            if found is None or not found[1].open or found[1].step is not Step.ASKED:
                return
            try:
                legs = await self.telephony.calls_to(attempt.phone, from_=line.number)
            except TwilioRestError:
                continue
            live = next((leg for leg in legs if not leg.over), None)
            if live is None:
                await self.settle(attempt.key, Outcome.FAILED)
                await self.proceed(attempt.call_sid)
            else:
                await self._met(attempt.key, live.sid)
            return
        await self._let_the_caller_dial(attempt)
