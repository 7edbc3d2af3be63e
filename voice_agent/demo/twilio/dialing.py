"""`<Dial>`: rings another phone, or takes the front of a queue, and bridges the two (sheet section 5.3)."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .bridging import join_as_dialler
from .conferencing import dial_conference
from .flow import Fetch, HungUp, Interruption, Next
from .queues import Bridge, Member, VoiceQueue
from .speaking import whole
from .twiml import NOT_BUILT, Document, NotBuilt, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

QUEUE_POLL = 0.25
"""Seconds between looks into an empty queue while `<Dial><Queue>` rings."""


@dataclass(slots=True)
class Dialled:
    """How the dialling goes, as `<Dial action>` will be told."""

    status: str = "canceled"
    """A DialCallStatus; canceled until something else is known."""
    other_sid: str = ""
    bridge: Bridge | None = None

    def fields(self) -> dict[str, str]:
        """`DialCallDuration` only after a conversation (sheet section 5.3)."""
        talked = None if self.bridge is None else self.bridge.talked
        fields = {"DialCallStatus": self.status, "DialBridged": "true" if talked is not None else "false"}
        if self.other_sid:
            fields["DialCallSid"] = self.other_sid
        if talked is not None:
            fields["DialCallDuration"] = str(round(talked))
        return fields


async def dial(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Gives the `action` document with `DialCallStatus`, or None to go on below when there is no `action`.

    When the one who dialled hangs up the action is told too, and its answer is ignored.
    """
    nouns = [child for child in element if child.tag in ("Number", "Sip", "Queue", "Conference")]
    missing = next((child.tag for child in element if child.tag in NOT_BUILT), None)
    if missing is not None:
        raise NotBuilt(missing)
    if element.get("record", "do-not-record") not in ("do-not-record", "false"):
        raise NotBuilt("Record")
    call.answer()
    dialled = Dialled()
    action = element.get("action")

    def fetch() -> Fetch:
        url = document.resolve(action or "")
        return Fetch(url, element.get("method", "POST"), "action", dialled.fields())

    try:
        if nouns and nouns[0].tag == "Conference":
            dialled.status = "answered"
            await dial_conference(call, nouns[0], document, star_leaves=element.get("hangupOnStar") == "true")
        elif nouns and nouns[0].tag == "Queue":
            await _dial_queue(call, element, nouns[0], document, dialled)
        else:
            await _dial_number(call, element, nouns[0] if nouns else element, document, dialled)
    except HungUp:
        if action is not None:
            await call.tell(fetch())
        raise
    return None if action is None else fetch()


async def _dial_number(
    call: "EmulatedCall", element: Element, noun: Element, document: Document, dialled: Dialled
) -> None:
    if call.exchange is None:
        raise HungUp("this call has no exchange, so it cannot dial another phone")
    number = (noun.text or "").strip() if noun is element else text_of(noun)
    url = noun.get("url") if noun is not element else None
    bridge = Bridge(call, Fetch(document.resolve(url), noun.get("method", "POST")) if url else None)
    status_callback = noun.get("statusCallback")
    leg = call.exchange.dial(
        call,
        number,
        bridge,
        caller_id=element.get("callerId", call.from_number),
        status_callback=document.resolve(status_callback) if status_callback else "",
        status_events=frozenset(noun.get("statusCallbackEvent", "completed").split()),
        machine_detection=noun.get("machineDetection", ""),
    )
    dialled.other_sid = leg.sid
    timeout = whole(element.get("timeout"), 30)
    try:
        await call.unless_interrupted(_ready_or_over(leg, bridge, timeout))
    except TimeoutError:
        leg.interrupt(HungUp("the dialling side gave up", "no-answer"))
    except Interruption:
        leg.interrupt(HungUp("the dialling side hung up", "completed" if leg.answered else "canceled"))
        raise
    if not leg.answered:
        dialled.status = leg.status if leg.over else "no-answer"
        return
    dialled.status, dialled.bridge = "completed", bridge
    await join_as_dialler(call, bridge, leg, star_ends=element.get("hangupOnStar") == "true")


async def _dial_queue(
    call: "EmulatedCall", element: Element, noun: Element, document: Document, dialled: Dialled
) -> None:
    reservation = noun.get("reservationSid", "")
    if reservation:
        taken = None if call.exchange is None else call.exchange.take_reservation(call, reservation)
        if taken is None:
            dialled.status = "failed"
            return
    queue = call.queues.named(taken if reservation and taken else text_of(noun))
    timeout = whole(element.get("timeout"), 30)
    try:
        member = await call.unless_interrupted(call.clock.within(timeout, _front(call, queue)))
    except TimeoutError:
        dialled.status = "no-answer"
        return
    url = noun.get("url")
    # `DequeingCallSid` is Twilio's own spelling (sheet section 5.3).
    fields = {
        "QueueSid": queue.sid,
        "QueueTime": str(call.queues.waited(member)),
        "DequeingCallSid": call.sid,
    }
    first = Fetch(document.resolve(url), noun.get("method", "POST")) if url else None
    bridge = Bridge(call, first, fields)
    call.queues.take(queue, member, bridge)
    dialled.status, dialled.other_sid, dialled.bridge = "completed", member.call.sid, bridge
    try:
        await join_as_dialler(call, bridge, member.call, star_ends=element.get("hangupOnStar") == "true")
    finally:
        if reservation and call.exchange is not None:
            call.exchange.end_reservation(reservation, noun.get("postWorkActivitySid", ""))


async def _front(call: "EmulatedCall", queue: VoiceQueue) -> Member:
    while not queue.members:
        await call.clock.sleep(QUEUE_POLL)
    return queue.members[0]


async def _ready_or_over(leg: "EmulatedCall", bridge: Bridge, timeout: int) -> None:
    """The called side has answered and heard its whisper, or will not. TimeoutError: it rang too long; a whisper may
    take its time."""
    await leg.clock.within(timeout, leg.journal.until(lambda entry: leg.answered or leg.over))
    over = asyncio.ensure_future(leg.journal.until(lambda entry: isinstance(entry, happened.CallEnded)))
    try:
        ready = asyncio.ensure_future(bridge.ready.wait())
        await asyncio.wait({over, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
    finally:
        over.cancel()
