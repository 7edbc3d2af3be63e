"""What an application may answer to a reservation: accept, reject, dequeue, call, redirect, conference (5.5)."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from .. import happenings as happened
from ..call import EmulatedCall
from ..flow import Fetch
from ..happenings import Happening
from ..options import CallOptions
from ..queues import Meeting
from ..twiml import parse
from .records import Reservation, Workspace
from .routing import Routing

if TYPE_CHECKING:
    from ..exchange import Exchange


class InvalidInstruction(ValueError):
    """The instruction is unknown, lacks a key, or does not fit the task."""


class Instructions:
    """Carries instructions out on the exchange's calls."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._errands: set[asyncio.Task[None]] = set()

    def perform(
        self, routing: Routing, workspace: Workspace, reservation: Reservation, instruction: Mapping[str, Any]
    ) -> None:
        """Raises InvalidInstruction."""
        if reservation.status != "pending":
            raise InvalidInstruction(f"the reservation is {reservation.status}")
        match instruction.get("instruction"):
            case "accept":
                routing.accept(workspace, reservation)
            case "reject":
                wanted = instruction.get("activity_sid")
                activity = workspace.activities.get(wanted) if wanted else None
                if wanted and activity is None:
                    raise InvalidInstruction(f"there is no activity {wanted}")
                routing.reject(workspace, reservation, activity)
            case "redirect":
                self._redirect(routing, workspace, reservation, instruction)
            case "call":
                url = _required(instruction, "url")
                work = self._call(routing, workspace, reservation, instruction, url=url, twiml=None)
                self._do(work)
            case "dequeue":
                waiting = self._waiting(reservation)
                twiml = _dial("Queue", reservation.task.sid)
                self._do(self._call(routing, workspace, reservation, instruction, url="", twiml=twiml, joins=waiting))
            case "conference":
                waiting = self._waiting(reservation)
                self._do(self._conference(routing, workspace, reservation, instruction, waiting))
            case other:
                raise InvalidInstruction(f"unknown instruction {other!r}")

    def _redirect(
        self, routing: Routing, workspace: Workspace, reservation: Reservation, instruction: Mapping[str, Any]
    ) -> None:
        call = self._exchange.calls.get(_required(instruction, "call_sid"))
        if call is None or call.over:
            raise InvalidInstruction("call_sid names no live call")
        call.redirect(Fetch(_required(instruction, "url"), kind="redirect"))
        if _yes(instruction.get("accept")):
            routing.accept(workspace, reservation)

    def _waiting(self, reservation: Reservation) -> EmulatedCall:
        """The queued call of an Enqueue task: the only kind that can be dequeued."""
        call = self._exchange.calls.get(reservation.task.call_sid or "")
        if call is None or call.over:
            raise InvalidInstruction("the task has no waiting call")
        return call

    async def _call(
        self,
        routing: Routing,
        workspace: Workspace,
        reservation: Reservation,
        instruction: Mapping[str, Any],
        *,
        url: str,
        twiml: str | None,
        joins: EmulatedCall | None = None,
    ) -> None:
        """Rings the worker. An answer accepts the reservation (a `call` only if told so), no answer times it out."""
        leg = await self._ring(reservation, instruction, url, twiml)
        accepts = joins is not None or _yes(instruction.get("accept"))
        if not await _answered(leg):
            if joins is not None:
                routing.time_out(workspace, reservation)
            return
        if accepts and reservation.status == "pending":
            reservation.task.attributes["worker_call_sid"] = leg.sid
            routing.accept(workspace, reservation)
        if joins is not None:
            await _ended(leg)
            self.after_talk(routing, workspace, reservation, instruction)

    async def _conference(
        self,
        routing: Routing,
        workspace: Workspace,
        reservation: Reservation,
        instruction: Mapping[str, Any],
        waiting: EmulatedCall,
    ) -> None:
        """Worker and caller meet in a conference that bears the task's sid."""
        name = reservation.task.sid
        twiml = _dial("Conference", name, endConferenceOnExit=instruction.get("end_conference_on_exit", "true"))
        leg = await self._ring(reservation, instruction, "", twiml)
        if not await _answered(leg):
            routing.time_out(workspace, reservation)
            return
        if reservation.status != "pending":
            leg.complete()
            return
        routing.accept(workspace, reservation)
        ends = instruction.get("end_conference_on_customer_exit", "true")
        room = Meeting(parse(_dial("Conference", name, endConferenceOnExit=ends), None, ""))
        queue = self._exchange.queues.named(name)
        for member in [each for each in queue.members if each.call is waiting]:
            self._exchange.queues.take(queue, member, room)
        await _ended(leg)
        self.after_talk(routing, workspace, reservation, instruction)

    async def _ring(
        self, reservation: Reservation, instruction: Mapping[str, Any], url: str, twiml: str | None
    ) -> EmulatedCall:
        to_number = instruction.get("to") or reservation.worker.attributes.get("contact_uri")
        if not to_number:
            raise InvalidInstruction("neither `to` nor the worker's contact_uri says whom to call")
        from_number = instruction.get("from") or reservation.task.attributes.get("to", "")
        events = instruction.get("status_callback_events") or ["completed"]
        options = CallOptions(
            direction="outbound-api",
            twiml=twiml,
            status_callback=instruction.get("status_callback_url", ""),
            status_events=frozenset(events if isinstance(events, list) else events.split(",")),
            ring_limit=float(instruction.get("timeout", 60)),
        )
        leg = await self._exchange.outgoing(str(from_number), str(to_number), url, options)
        reservation.call_sid = leg.sid
        return leg

    def after_talk(
        self, routing: Routing, workspace: Workspace, reservation: Reservation, instruction: Mapping[str, Any]
    ) -> None:
        """The conversation is over: the task wraps up, and the worker goes where `post_work_activity_sid` says."""
        if reservation.task.status == "assigned":
            routing.wrap_up(workspace, reservation.task)
        activity = workspace.activities.get(str(instruction.get("post_work_activity_sid", "")))
        if activity is not None:
            routing.complete(workspace, reservation.task, "the conversation is over")
            routing.move_worker(workspace, reservation.worker, activity)

    async def close(self) -> None:
        for errand in tuple(self._errands):
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        errand = asyncio.create_task(self._guarded(work))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except InvalidInstruction as invalid:
            self._exchange.ledger.enter("alert_raised", code=40001, text=str(invalid), url="")


async def _answered(leg: EmulatedCall) -> bool:
    def settled(entry: Happening) -> bool:
        return leg.answered or isinstance(entry, happened.CallEnded)

    await leg.journal.until(settled)
    return leg.answered


async def _ended(leg: EmulatedCall) -> None:
    await leg.journal.until(lambda entry: isinstance(entry, happened.CallEnded))


def _dial(noun: str, name: str, **attributes: Any) -> str:
    response = Element("Response")
    room = SubElement(SubElement(response, "Dial"), noun)
    room.text = name
    for attribute, value in attributes.items():
        room.set(attribute, "true" if _yes(value) else "false")
    return tostring(response, encoding="unicode")


def _required(instruction: Mapping[str, Any], key: str) -> str:
    value = instruction.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidInstruction(f"{instruction.get('instruction')} needs {key}")
    return value


def _yes(value: object) -> bool:
    return value is True or str(value).lower() == "true"
