"""Work that outlives its turn, its socket and its call: confirmed changes, emergencies, and how they ended.

All of it is started among the wards, and what becomes of it goes to the machine if somebody is still there to hear it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voice_agent.agent.outcomes import Settled
from voice_agent.call.actions import RecordEmergency
from voice_agent.call.events import Announced, CallStarted, EmergencyRecorded, WriteSettled
from voice_agent.recalling import Ending, Past

if TYPE_CHECKING:
    from voice_agent.session import Session

TAKE_UP_SECONDS = 1.2
"""How long a recalled call waits for the end of what was confirmed in it, before it says that it does not know yet."""


class Outliving:
    """Of one call."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # -- what is asked for in this call ----------------------------------------------------------------------------

    async def settle(self, proposal: str) -> None:
        session = self._session
        context = session.answering.context()
        settled: Settled | None = await session.toolbox.settle(proposal, context)
        while settled is not None:
            session.note("write", proposal=proposal, status=settled.status, note=settled.note)
            if settled.instead is not None:
                asked = settled.instead.asked
                session.note("instead", tool=asked.name, arguments=asked.arguments, content=asked.content)
            applied = settled.status == "applied"
            session.post(WriteSettled(proposal, settled.say, settled.note, settled.instead, applied, at=session.now()))
            if session.record.ended:
                await session.toolbox.text_outcome(proposal, settled, context)
            if settled.waits:
                session.start(self.await_decision, proposal)
            if not settled.again:
                return
            settled = await session.toolbox.follow(proposal, context)

    async def await_decision(self, proposal: str) -> None:
        """A dispatcher decides while the caller is still here: they are told. Otherwise a text does it."""
        session = self._session
        settled = await session.toolbox.decided(proposal, session.answering.context())
        if settled is not None:
            session.note("write", proposal=proposal, status=settled.status, note=settled.note)
            session.post(WriteSettled(proposal, settled.say, settled.note, at=session.now()))

    async def emergency(self, order: RecordEmergency) -> None:
        session = self._session
        say, note = await session.around.emergencies.record(
            hazard=order.hazard,
            words=order.words,
            grant=session.identity.grant,
            call_sid=session.call_sid,
            speak=session.line.speaker(session.call.lang),
        )
        session.note("emergency_recorded", hazard=order.hazard, note=note)
        session.post(EmergencyRecorded(order.hazard, say, note, at=session.now()))

    async def refuse_texts(self) -> None:
        """Said in any words, to any model: it holds for the phone in hand and for the number on record."""
        session, grant = self._session, self._session.identity.grant
        on_record = grant.contact.phone_e164 if grant.contact is not None else None
        numbers = {number for number in (grant.number, on_record) if number}
        if session.around.refuse_texts is None or not numbers:
            return
        for number in sorted(numbers):
            await session.around.refuse_texts(number)
        session.note("texts_refused")
        session.post(Announced(session.phrase("text.no_more"), at=session.now()))

    # -- what was asked for before another process died ------------------------------------------------------------

    async def take_up(self, past: Past) -> None:
        """Say what became of what was confirmed, once, then go on with what the caller wanted."""
        session = self._session
        if past.endings:
            await asyncio.wait({ending.outcome for ending in past.endings}, timeout=TAKE_UP_SECONDS)
        told = []
        for ending in past.endings:
            status = ending.outcome.result() if ending.outcome.done() else "unknown"
            told.append(self._told(ending, status))
            if status == "unknown":
                session.ward(self._tell_later, ending)
        wanted = past.intent if session.line.script.has(f"resumed.wanted.{past.intent}") else ""
        wish = "" if told else past.wish
        session.post(CallStarted(True, told=tuple(told), wanted=wanted, wish=wish, at=session.now()))

    def _told(self, ending: Ending, status: str) -> str:
        """The end of a change in a sentence; noted, so that it is told once."""
        session = self._session
        token = ending.intent.key.rpartition(":")[2]
        if ending.is_emergency:
            session.note("emergency_recorded", hazard=token, note=status)
            return session.phrase("emergency.recorded" if status == "applied" else "emergency.queued")
        proposal = ending.intent.key.partition(":")[2]
        session.note("write", proposal=proposal, status=status, note=f"settled later: {status}")
        phrase = {"applied": "resumed.applied", "unknown": "write.queued"}.get(status, "write.not_done")
        return session.phrase(phrase)

    async def _tell_later(self, ending: Ending) -> None:
        session = self._session
        assert session.around.recalling is not None
        status = await session.around.recalling.ends_later(ending)
        if status != "unknown":
            say, note = self._told(ending, status), f"A change asked for before the cut: {status}."
            session.post(WriteSettled(ending.intent.key, say, note, at=session.now()))
