"""What is on record of those who wait for a person: one method a fact, each one transaction, each noted in the journal.

Beside the answers that Twilio waits for go errands: phones that stop ringing, a record that is filed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from voice_agent.errors import VoiceAgentError
from voice_agent.handoff import promises
from voice_agent.handoff import waiting_room as room
from voice_agent.handoff.documents import Documents
from voice_agent.handoff.outcomes import Attempt, Outcome, Via, Waiting, Wish
from voice_agent.handoff.promises import CallBack
from voice_agent.handoff.targets import Target, Targets
from voice_agent.jobs import Jobs
from voice_agent.lines import Line, Lines
from voice_agent.settings import Settings
from voice_agent.store import Store, Work
from voice_agent.twilio.telephony import Telephony

STORE_SECONDS = 3.0
"""The caller hears nothing while the store is asked."""

T = TypeVar("T")

log = logging.getLogger(__name__)

Note = Callable[..., None]
"""`note(call_sid, kind, **facts)`: for the journal of the call, if this process holds it."""


class Waits:
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
        self._patient: set[asyncio.Task[None]] = set()
        self._rescuing: set[str] = set()
        """Keys of tries whose caller is just being fetched."""

    # -- those who wait --------------------------------------------------------------------------------------------

    async def waiting(self) -> list[Waiting]:
        """Everybody who waits for a person, is being connected or talks to one. StoreUnavailable."""
        return await self.look(room.open_ones)

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

    async def worded(self, waiting: Waiting, words: str) -> None:
        """A model's wording, beside the lines of the summary."""
        call_sid, round_ = waiting.call_sid, waiting.round
        if await self.run(lambda connection: room.worded(connection, call_sid, round_, words)):
            self.note(call_sid, "transfer", step="worded")

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
            self.note_try(moved[0].call_sid, moved[1])
        return moved

    def note_try(self, call_sid: str, attempt: Attempt) -> None:
        """How a try ended."""
        outcome = attempt.outcome.value if attempt.outcome is not None else ""
        self.note(call_sid, "transfer", step="tried", outcome=outcome, by=attempt.by)

    async def settle(self, key: str, outcome: Outcome | None) -> tuple[Waiting, Attempt] | None:
        """The try is over; the first outcome counts."""
        now = self.wall()
        return await self.move(key, lambda attempt: attempt.over(outcome, now))

    async def over(self, call_sid: str, outcome: str) -> Waiting | None:
        """The wait is over: phones that still ring for it stop, and it is put on record in the org."""
        now = self.wall()
        before, first = await self.run(lambda connection: room.over(connection, call_sid, outcome, now))
        if before is None or not first:
            return before
        self.note(call_sid, "transfer", step="over", outcome=outcome)
        for attempt in before.attempts:
            if attempt.open and not attempt.was_accepted:
                self.later(self.hang_up(attempt.leg_sid))
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

    def target_of(self, waiting: Waiting) -> Target:
        """TaskRouter rings its own workers: with it a queue has no phones of ours."""
        target = self.targets.of(waiting.target)
        routed = target.kind == "queue" and bool(self.settings.twilio_workflow_sid)
        return replace(target, phones=()) if routed else target

    def line_of(self, waiting: Waiting) -> Line:
        return self.lines.by_name(waiting.line) or self.lines.lines[0]

    # -- errands ---------------------------------------------------------------------------------------------------

    async def hang_up(self, leg_sid: str) -> None:
        if leg_sid:
            await self.telephony.end(leg_sid)

    async def _complete(self, attempt: Attempt, outcome: str) -> None:
        """The worker is free for the next one."""
        workspace, task, _ = attempt.reservation
        await self.telephony.task(workspace, task, AssignmentStatus="completed", Reason=outcome)

    async def _file(self, waiting: Waiting) -> None:
        key = f"{waiting.call_sid}:hand_off:{waiting.round}"
        await self._jobs.start("file_hand_off", key, {"call_sid": waiting.call_sid, "round": waiting.round})

    def later(self, work: Coroutine[Any, Any, None], *, patient: bool = False) -> None:
        """Beside the answer that Twilio waits for. What it does is repeated by the ladder if the process dies; the
        end of the process does not wait for one that mostly waits itself."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        errands = self._patient if patient else self._errands
        errands.add(task)
        task.add_done_callback(errands.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except VoiceAgentError as error:
            log.warning("an errand of a transfer failed", extra={"error": type(error).__name__, "why": str(error)})

    async def close(self) -> None:
        if self._errands:
            await asyncio.wait(self._errands, timeout=STORE_SECONDS)
        for task in (*self._errands, *self._patient):
            task.cancel()
        await self.telephony.close()

    async def run(self, work: Work[T]) -> T:
        """One transaction. StoreUnavailable when it failed or took too long: the caller is not kept waiting for it."""
        return await self._store.run(work, deadline=STORE_SECONDS)

    async def look(self, work: Work[T]) -> T:
        """The same for what only reads: it waits for no call's write, and none waits for it."""
        return await self._store.look(work, deadline=STORE_SECONDS)
