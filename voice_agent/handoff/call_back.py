"""The job that keeps a promise to call back: a person is rung, hears the summary, presses 1, and we dial the caller.

The person comes first, so nobody who is called back is ever put on hold. Where people have no phones of ours
(TaskRouter, the console), the caller is rung and, on pressing 1, goes to the front of the queue. Tries are spaced,
inside daytime at the line, and what could not be kept becomes an open Task for the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from voice_agent.clients import telephony_of
from voice_agent.errors import Conflict, TwilioRestError
from voice_agent.handoff.documents import Documents
from voice_agent.handoff.filing import call_page
from voice_agent.handoff.promises import CallBack, find, settle, tried
from voice_agent.handoff.summary import Summary
from voice_agent.handoff.waiting_room import load
from voice_agent.salesforce.activities import called_back, hand_over
from voice_agent.workshop import GivenUp, Workshop

FILE_WAITS = (10.0, 60.0, 600.0, 1800.0, 3600.0, 3 * 3600.0)
"""Seconds between tries to put on record what became of it."""
OPENS, CLOSES = 8, 21
"""Hours between which a phone may ring, at the line."""
RING_SECONDS = 25
LONGEST_TRY = 2 * 3600.0
"""A try of which nothing is heard for so long has failed."""
ANSWERED = "answered"


async def call_back(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Signals of the webhooks carry the number of the try, so a late one of an earlier try means nothing."""
    promised = await workshop.store.run(lambda connection: find(connection, key))
    if promised is None:
        return {"state": "nothing is kept of it"}
    outcome, waits = "", workshop.lines.targets.of(promised.target).call_back_after
    for number, wait in enumerate(waits, 1):
        await workshop.sleep(wait)
        pause = await workshop.step(f"when {number}", _pausing(workshop, promised))
        await workshop.sleep(float((pause or {}).get("seconds", 0.0)))
        try:
            placed = await workshop.step(f"ring {number}", _ringing(workshop, promised, number))
        except GivenUp:
            outcome = "failed"
            continue
        if placed is not None and not placed.get("called"):
            outcome = "failed"
            continue
        outcome = await _outcome(workshop, number)
        if outcome == ANSWERED:
            await workshop.step("kept", _settling(workshop, key, "kept", outcome))
            await workshop.step("closed", _closing(workshop, promised), retries=FILE_WAITS)
            return {"state": "kept", "tries": number}
    await workshop.step("failed", _settling(workshop, key, "failed", outcome))
    await workshop.step("filed", _filing(workshop, promised, outcome), retries=FILE_WAITS)
    return {"state": "failed", "outcome": outcome}


async def _outcome(workshop: Workshop, number: int) -> str:
    while True:
        heard = await workshop.receive(LONGEST_TRY)
        if heard is None:
            return "failed"
        if heard.get("try") == number:
            return str(heard.get("outcome", "failed"))


def _pausing(workshop: Workshop, promised: CallBack) -> Any:
    async def pause() -> Mapping[str, Any]:
        line = workshop.lines.by_name(promised.line) or workshop.lines.lines[0]
        return {"seconds": until_daytime(datetime.fromtimestamp(workshop.now(), UTC), line.zone)}

    return pause


def until_daytime(now: datetime, zone: ZoneInfo) -> float:
    """Seconds until phones may ring there; 0 while they may."""
    local = now.astimezone(zone)
    if OPENS <= local.hour < CLOSES:
        return 0.0
    day = local.date() if local.hour < OPENS else local.date() + timedelta(days=1)
    opens = datetime(day.year, day.month, day.day, OPENS, tzinfo=zone)
    return (opens - local).total_seconds()


def _ringing(workshop: Workshop, promised: CallBack, number: int) -> Any:
    async def ring() -> Mapping[str, Any]:
        line = workshop.lines.by_name(promised.line) or workshop.lines.lines[0]
        target = workshop.lines.targets.of(promised.target)
        routed = target.kind == "queue" and bool(workshop.settings.twilio_workflow_sid)
        phones = () if routed else target.phones or ((target.address,) if target.kind == "number" else ())
        to = phones[(number - 1) % len(phones)] if phones else promised.number
        if not workshop.lines.targets.dialable(to) or not workshop.lines.targets.dialable(promised.number):
            return {"called": False}
        documents = Documents(workshop.settings)
        telephony = telephony_of(workshop.settings)
        about = {"key": promised.key, "try": str(number)}
        try:
            begun = await workshop.store.run(lambda connection: tried(connection, promised.key, number))
            if not begun:  # this step died once already: its call may be ringing
                there = await telephony.calls_to(to, from_=line.number)
                if any(not leg.over for leg in there):
                    return {"called": True}
            await telephony.call(
                to=to,
                from_=line.number,
                url=documents.url(f"/twilio/call-back/{'person' if phones else 'caller'}", **about),
                status_callback=documents.url("/twilio/call-back/status", **about),
                ring_seconds=RING_SECONDS,
            )
        except TwilioRestError as error:
            if error.ambiguous:
                return {"called": True}  # never rung twice for one try; a callback tells, or the try lapses
            raise
        finally:
            await telephony.close()
        return {"called": True}

    return ring


def _settling(workshop: Workshop, key: str, state: str, outcome: str) -> Any:
    async def note() -> None:
        now = workshop.now()
        await workshop.store.run(lambda connection: settle(connection, key, state, outcome, now))

    return note


def _closing(workshop: Workshop, promised: CallBack) -> Any:
    """The office has nothing left to do: the Task that says so is the one that the hand-over left open."""

    async def close() -> Mapping[str, Any]:
        audit = {"call_sid": promised.call_sid, "tool": "call_back", "decision": ANSWERED}
        plan = called_back(call_sid=promised.call_sid, contact_id=promised.contact or None)
        try:
            done = await workshop.field.commit(plan, key=f"{promised.call_sid}:call_back:kept", audit=audit)
        except Conflict:
            return {"status": "no task is open"}  # somebody in the office was faster
        return {"status": done.status}

    return close


def _filing(workshop: Workshop, promised: CallBack, outcome: str) -> Any:
    async def file() -> Mapping[str, Any]:
        waiting = await workshop.store.run(lambda connection: load(connection, promised.call_sid))
        text = "A call-back was promised and could not be kept. Please call."
        if waiting is not None and waiting.summary:
            text += "\n\n" + Summary.from_json(waiting.summary).as_text()
        page = call_page(workshop.settings, promised.call_sid)
        plan = hand_over(
            call_sid=promised.call_sid,
            subject="Call-back promised, caller not reached",
            text=f"{text}\n\nNumber: {promised.number}\nThe whole call: {page}",
            disposition=outcome,
            seconds=0,
            contact_id=promised.contact or None,
            done=False,
        )
        audit = {"call_sid": promised.call_sid, "tool": "call_back", "decision": outcome}
        done = await workshop.field.commit(plan, key=f"{promised.call_sid}:call_back", audit=audit)
        return {"status": done.status}

    return file
