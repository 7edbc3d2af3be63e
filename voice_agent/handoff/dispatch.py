"""Brings waiting callers and people together. One interface over the built-in queue, TaskRouter and plain dialling.

The queue's own loop is the clock: Twilio asks every quarter of a minute what a waiting caller shall hear, and each time
`proceed` looks at the facts and takes the next rung of the ladder. No timer of ours can be lost with a process, and a
caller of whom Twilio asks is a caller who is still there. REST only makes it faster: what it cannot do, the caller's
own leg does with `<Leave>` and `<Dial>`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, assert_never

from voice_agent.errors import StoreUnavailable, TwilioRestError, VoiceAgentError
from voice_agent.handoff import promises
from voice_agent.handoff import waiting_room as room
from voice_agent.handoff.documents import Documents
from voice_agent.handoff.ladder import GiveUp, Lapse, Ring, Stay, next_step
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.handoff.promises import CallBack
from voice_agent.handoff.targets import Target, Targets
from voice_agent.jobs import Jobs
from voice_agent.lines import Line, Lines
from voice_agent.settings import Settings
from voice_agent.store import Store, Work
from voice_agent.twilio.telephony import Telephony

STORE_SECONDS = 3.0
"""The caller hears nothing while the store is asked."""
SETTLE_WAITS = (1.0, 2.0, 3.0)
"""After a lost answer to "call this phone", before each look whether the call exists."""
MOST_STEPS = 4

T = TypeVar("T")
Why = Literal["", "gone", "taken", "not_dialable", "unreachable", "unsaved"]

log = logging.getLogger(__name__)


Note = Callable[..., None]
"""`note(call_sid, kind, **facts)`: for the journal of the call, if this process holds it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a request of a person at the console.

    `gone`: the caller does not wait any more. `taken`: somebody else has them. `not_dialable`: the phone is no number
    of an allowed country. `unreachable`: Twilio refused to call it. `unsaved`: our store failed, nothing was done.
    """

    done: bool
    why: Why = ""


class Dispatch:
    def __init__(
        self,
        settings: Settings,
        lines: Lines,
        store: Store,
        telephony: Telephony,
        jobs: Jobs,
        *,
        wall: Callable[[], float],
        note: Note,
    ) -> None:
        self.settings = settings
        self.lines = lines
        self.targets: Targets = lines.targets
        self.telephony = telephony
        self.documents = Documents(settings)
        self.wall = wall
        self.note = note
        self._store = store
        self._jobs = jobs
        self._errands: set[asyncio.Task[None]] = set()

    # -- for people ------------------------------------------------------------------------------------------------

    async def waiting(self) -> list[Waiting]:
        """Everybody who waits for a person, is being connected or talks to one. StoreUnavailable."""
        return await self._store.run(room.open_ones)

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
            attempt = await self._ring(waiting, by=by, phone=phone)
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
                    self.later(self._hang_up(attempt.leg_sid))
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

    # -- for the call ----------------------------------------------------------------------------------------------

    async def enter(self, arriving: Waiting) -> Waiting:
        """A caller is handed over. StoreUnavailable: they can still be put through, but nobody can accept them."""
        now = self.wall()
        arriving = replace(arriving, entered=now, seen=now)
        waiting = await self.run(lambda connection: room.enter(connection, arriving))
        self.note(waiting.call_sid, "transfer", step="waiting", target=waiting.target, round=waiting.round)
        return waiting

    async def load(self, call_sid: str) -> Waiting | None:
        return await self.run(lambda connection: room.load(connection, call_sid))

    async def seen(self, call_sid: str, *, position: int, queue_sid: str) -> Waiting | None:
        now = self.wall()
        return await self.run(
            lambda connection: room.seen(connection, call_sid, position=position, queue_sid=queue_sid, at=now)
        )

    async def wish(self, call_sid: str, wanted: Wish) -> bool:
        return await self.run(lambda connection: room.wish(connection, call_sid, wanted))

    async def stay(self, call_sid: str, *, target: str = "") -> Waiting | None:
        now = self.wall()
        return await self.run(lambda connection: room.stay(connection, call_sid, target=target, at=now))

    async def find(self, key: str) -> tuple[Waiting, Attempt] | None:
        return await self.run(lambda connection: room.find_attempt(connection, key))

    async def begin(
        self, waiting: Waiting, *, by: str, phone: str, via: Via, reservation_sid: str = ""
    ) -> Attempt | None:
        """A try on record, before anything is called."""
        now = self.wall()
        return await self.run(
            lambda connection: room.begin(
                connection,
                waiting.call_sid,
                by=by,
                phone=phone,
                via=via,
                at=now,
                reservation_sid=reservation_sid,
                unless=lambda there: any(each.open and each.by == by for each in there.attempts),
            )
        )

    async def move(self, key: str, change: Callable[[Attempt], Attempt]) -> tuple[Waiting, Attempt] | None:
        """Change a try by a step of its own; None for a key that is not ours."""
        ended = False

        def watched(before: Attempt) -> Attempt:
            nonlocal ended
            after = change(before)
            ended = before.open and not after.open
            return after

        moved = await self.run(lambda connection: room.move(connection, key, watched))
        if moved is not None and ended:
            waiting, attempt = moved
            outcome = attempt.outcome.value if attempt.outcome is not None else ""
            self.note(waiting.call_sid, "transfer", step="tried", outcome=outcome, by=attempt.by)
        return moved

    async def settle(self, key: str, outcome: Outcome | None) -> tuple[Waiting, Attempt] | None:
        """The try is over; the first outcome counts."""
        now = self.wall()
        return await self.move(key, lambda attempt: attempt.over(outcome, now))

    async def accepted(self, key: str) -> tuple[bool, Waiting | None]:
        """Somebody pressed 1. The others who still ring for this caller stop."""
        now = self.wall()
        before = await self.find(key)
        mine, waiting = await self.run(lambda connection: room.accept(connection, key, now))
        if mine and waiting is not None and before is not None:
            for other in before[0].attempts:
                if other.open and other.key != key:
                    self.later(self._hang_up(other.leg_sid))
            self.note(waiting.call_sid, "transfer", step="accepted", by=before[1].by)
        return mine, waiting

    async def connected(self, key: str) -> None:
        now = self.wall()
        if (waiting := await self.run(lambda connection: room.connected(connection, key, now))) is not None:
            self.note(waiting.call_sid, "transfer", step="connected", seconds=round(now - waiting.entered, 1))

    async def over(self, call_sid: str, outcome: str) -> Waiting | None:
        """The wait is over: phones that still ring for it stop, and it is put on record in the org."""
        now = self.wall()
        before, first = await self.run(lambda connection: room.over(connection, call_sid, outcome, now))
        if before is None or not first:
            return before
        self.note(call_sid, "transfer", step="over", outcome=outcome)
        for attempt in before.attempts:
            if attempt.open and not attempt.was_accepted:
                self.later(self._hang_up(attempt.leg_sid))
            if attempt.was_accepted and attempt.via is Via.TASK:
                self.later(self._complete(attempt, outcome))
        self.later(self._file(before))
        return before

    async def promise(self, waiting: Waiting, *, recording: str = "") -> None:
        """To call them back, with the durable job that does it. StoreUnavailable: nothing may be promised."""
        now = self.wall()
        await self.run(lambda connection: promises.promise(connection, waiting, recording=recording, at=now))

    async def call_backs(self) -> list[CallBack]:
        """Promises still to be kept."""
        return await self.run(promises.open_ones)

    async def signal_job(self, key: str, message: Mapping[str, Any]) -> None:
        await self._jobs.signal(key, message)

    # -- the ladder ------------------------------------------------------------------------------------------------

    def target_of(self, waiting: Waiting) -> Target:
        """TaskRouter rings its own workers: with it a queue has no phones of ours."""
        target = self.targets.of(waiting.target)
        routed = target.kind == "queue" and bool(self.settings.twilio_workflow_sid)
        return replace(target, phones=()) if routed else target

    def line_of(self, waiting: Waiting) -> Line:
        return self.lines.by_name(waiting.line) or self.lines.lines[0]

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
                    self.later(self._hang_up(lapsed.leg_sid))
                case GiveUp():
                    await self.wish(call_sid, Wish.NEXT)
                    return
                case Ring(phone=phone):
                    attempt = await self._ring(waiting, by=target.name, phone=phone)
                    if attempt is None or attempt.open:
                        return
                case _:
                    assert_never(step)

    async def _ring(self, waiting: Waiting, *, by: str, phone: str) -> Attempt | None:
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

    # -- errands ---------------------------------------------------------------------------------------------------

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

    async def _hang_up(self, leg_sid: str) -> None:
        if leg_sid:
            await self.telephony.end(leg_sid)

    async def _complete(self, attempt: Attempt, outcome: str) -> None:
        """The worker is free for the next one."""
        workspace, task, _ = attempt.reservation
        await self.telephony.task(workspace, task, AssignmentStatus="completed", Reason=outcome)

    async def _file(self, waiting: Waiting) -> None:
        key = f"{waiting.call_sid}:hand_off:{waiting.round}"
        await self._jobs.start("file_hand_off", key, {"call_sid": waiting.call_sid, "round": waiting.round})

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the answer that Twilio waits for. What it does is repeated by the ladder if the process dies."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except VoiceAgentError as error:
            log.warning("an errand of a transfer failed", extra={"error": type(error).__name__, "why": str(error)})

    async def close(self) -> None:
        if self._errands:
            await asyncio.wait(self._errands, timeout=STORE_SECONDS)
        for task in self._errands:
            task.cancel()
        await self.telephony.close()

    async def run(self, work: Work[T]) -> T:
        """One transaction. StoreUnavailable when it failed or took too long: the caller is not kept waiting for it."""
        return await self._store.run(work, deadline=STORE_SECONDS)
