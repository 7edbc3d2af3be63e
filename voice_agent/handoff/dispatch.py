"""Brings waiting callers and people together: what a person at the console may ask for, and how two legs meet.

One interface over the built-in queue, TaskRouter and plain dialling. What is on record stands in waits.py, whom to ring
next in ringing.py; here is what people want, and the moment between pressing 1 and hearing each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from voice_agent.errors import StoreUnavailable, TwilioRestError
from voice_agent.handoff import joining, workers
from voice_agent.handoff import waiting_room as room
from voice_agent.handoff.lately import Ended, lately
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Waiting, Wish
from voice_agent.handoff.ringing import Ringing
from voice_agent.handoff.workers import Worker

RESCUE_WAITS = (2.0, 2.0, 4.0, 8.0, 15.0)
"""After the person's leg is over, before each look whether Twilio has taken the caller out of the room by itself."""
NOT_THERE = (21220, 20404)
"""Codes of Twilio for a call that is over or unknown."""

Why = Literal["", "gone", "taken", "not_dialable", "unreachable", "unsaved"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a request of a person at the console.

    `gone`: the caller does not wait any more. `taken`: somebody else has them. `not_dialable`: the phone is no number
    of an allowed country. `unreachable`: Twilio refused to call it. `unsaved`: our store failed, nothing was done.
    """

    done: bool
    why: Why = ""


class Dispatch(Ringing):
    # -- for people ------------------------------------------------------------------------------------------------

    async def lately(self, since: float, limit: int) -> list[Ended]:
        """What became of those who began to wait at `since` (UNIX seconds) or later. StoreUnavailable."""
        return await self.look(lambda connection: lately(connection, since, limit))

    async def workers(self) -> list[Worker]:
        """TaskRouter's workers as far as they are known here. StoreUnavailable."""
        return await self.look(workers.everybody)

    async def worker_is(self, worker: Worker) -> None:
        """An event tells what a worker does now. StoreUnavailable."""
        if worker.sid:
            log.info("a worker's state", extra={"worker": worker.sid, "activity": worker.activity})
            await self.run(lambda connection: workers.note(connection, worker))

    async def look_at_workers(self) -> None:
        """Ask TaskRouter who there is; an errand, whose failure leaves what was known."""
        rows = await self.telephony.workers(self.settings.twilio_workflow_sid)
        listed = [_listed(row, self.wall()) for row in rows]
        await self.run(lambda connection: workers.replace_all(connection, listed))

    async def accept(self, call_sid: str, by: str, phone: str) -> Told:
        """Ring `phone`; whoever answers hears the summary, and the two are joined when they press 1.

        Said twice by the same person it rings once.
        """
        if not self.targets.dialable(phone):
            return Told(False, "not_dialable")
        try:
            waiting = await self.run(lambda connection: room.load(connection, call_sid))
            if waiting is None or waiting.state is State.OVER:
                return Told(False, "gone")
            if any(each.open and each.by == by for each in waiting.attempts):
                return Told(True)
            attempt = await self.ring(waiting, by=by, phone=phone)
        except StoreUnavailable:
            return Told(False, "unsaved")
        if attempt is None:
            return Told(False, "taken")
        return Told(attempt.open, "" if attempt.open else "unreachable")

    async def decline(self, call_sid: str, by: str) -> Told:
        """This person will not take the caller; their phone stops ringing, others are tried."""
        try:
            waiting = await self.run(lambda connection: room.load(connection, call_sid))
            if waiting is None or waiting.state is State.OVER:
                return Told(False, "gone")
            for attempt in waiting.attempts:
                if attempt.open and attempt.by == by:
                    await self.settle(attempt.key, Outcome.DECLINED)
                    self.later(self.hang_up(attempt.leg_sid))
        except StoreUnavailable:
            return Told(False, "unsaved")
        self.note(call_sid, "transfer", step="declined", by=by)
        return Told(True)

    async def promise_call_back(self, call_sid: str, by: str) -> Told:
        """The caller is told that they will be called, and leaves the queue at the end of the present round."""
        try:
            granted = await self.run(lambda connection: room.wish(connection, call_sid, Wish.CALL_BACK))
        except StoreUnavailable:
            return Told(False, "unsaved")
        self.note(call_sid, "transfer", step="call_back", by=by)
        return Told(granted, "" if granted else "taken")

    async def take_over(self, call_sid: str, by: str, phone: str, *, line: str, number: str = "") -> Told:
        """A person takes a call from the agent: their phone rings at once, while the agent says goodbye.

        The process that holds the call is told apart from this to hand over; until it has, the caller is `expected`.
        """
        if not self.targets.dialable(phone):
            return Told(False, "not_dialable")
        held = self.lines.by_name(line)
        if held is None:
            return Told(False, "gone")
        now = self.wall()
        coming = Waiting(
            call_sid, 1, line, held.hand_off, number, reason="take_over", state=State.EXPECTED, entered=now, seen=now
        )
        try:
            await self.run(lambda connection: room.expect(connection, coming))
        except StoreUnavailable:
            return Told(False, "unsaved")
        return await self.accept(call_sid, by, phone)

    # -- coming together -------------------------------------------------------------------------------------------

    async def accepted(self, key: str) -> tuple[bool, Waiting | None]:
        """Somebody pressed 1. The others who still ring for this caller stop."""
        now = self.wall()
        before = await self.find(key)
        mine, waiting = await self.run(lambda connection: joining.accept(connection, key, now))
        if mine and waiting is not None and before is not None:
            for other in before[0].attempts:
                if other.open and other.key != key:
                    self.later(self.hang_up(other.leg_sid))
            self.note(waiting.call_sid, "transfer", step="accepted", by=before[1].by)
        return mine, waiting

    async def connected(self, key: str, *, sure: bool = True) -> None:
        now = self.wall()
        joined = await self.run(lambda connection: joining.connected(connection, key, now, sure=sure))
        if (waiting := joined) is not None:
            self.note(waiting.call_sid, "transfer", step="connected", seconds=round(now - waiting.entered, 1))

    async def fetch_caller(self, waiting: Waiting, attempt: Attempt) -> None:
        """The person is in the room: take the caller there. If REST cannot, the next question of the queue does."""
        url = self.documents.url("/twilio/transfer/join", key=attempt.key)
        try:
            if waiting.queue_sid:
                await self.telephony.dequeue(waiting.queue_sid, waiting.call_sid, url)
            else:
                await self.telephony.redirect(waiting.call_sid, url)
        except TwilioRestError as error:
            log.warning("the caller comes a little later", extra={"call_sid": waiting.call_sid, "why": str(error)})

    async def joining(self, key: str) -> tuple[Waiting, Attempt] | None:
        """The caller is about to be sent to the person; the try is over if there is nobody to send them to."""
        now = self.wall()
        return await self.run(lambda connection: joining.joining(connection, key, now))

    async def gone(self, key: str, outcome: Outcome) -> tuple[Waiting, Attempt] | None:
        """The person's leg is over. A caller whom that leaves alone is fetched."""
        now = self.wall()
        found = await self.run(lambda connection: joining.gone(connection, key, outcome, now))
        if found is None:
            return None
        waiting, attempt, alone = found
        if attempt.ended == now:
            self.note_try(waiting.call_sid, attempt)
        if alone:
            self.later(self.rescue(key), patient=True)
        return waiting, attempt

    async def rescue(self, key: str) -> None:
        """Twilio ends the room with the person, and then asks us what is next. If it does not, the caller came too
        late for that and sits there alone: REST takes them out."""
        if key in self._rescuing:
            return
        self._rescuing.add(key)
        try:
            for wait in RESCUE_WAITS:
                await asyncio.sleep(wait)
                found = await self.find(key)
                if found is None or found[0].accepted_key != key or found[0].state not in joining.CLAIMED:
                    return
                url = self.documents.url("/twilio/transfer/alone", key=key)
                try:
                    await self.telephony.redirect(found[0].call_sid, url)
                except TwilioRestError as error:
                    log.warning("a caller is alone", extra={"call_sid": found[0].call_sid, "why": str(error)})
                    if error.code in NOT_THERE:
                        return
                else:
                    log.warning("a caller was alone and is fetched", extra={"call_sid": found[0].call_sid})
                    return
        finally:
            self._rescuing.discard(key)

    async def apart(self, key: str) -> Waiting | None:
        """They never met; the caller waits on."""
        now = self.wall()
        waiting = await self.run(lambda connection: joining.apart(connection, key, now))
        if waiting is not None:
            self.note(waiting.call_sid, "transfer", step="apart")
        return waiting


def _listed(row: Mapping[str, Any], now: float) -> Worker:
    """A worker of a REST answer."""
    try:
        since = datetime.fromisoformat(str(row.get("date_status_changed"))).timestamp()
    except ValueError:
        since = now
    available = row.get("available")
    name, activity = str(row.get("friendly_name", "")), str(row.get("activity_name", ""))
    return Worker(str(row.get("sid", "")), name, activity, available if isinstance(available, bool) else None, since)
