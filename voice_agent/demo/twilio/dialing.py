"""`<Dial>`: rings another phone, or takes the front of a queue, and bridges the two (sheet section 5.3)."""

import asyncio
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .bridging import join_as_dialler
from .flow import Fetch, HungUp, Interruption, Next
from .queues import Bridge, Member, VoiceQueue
from .speaking import whole
from .twiml import NOT_BUILT, Document, NotBuilt, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

QUEUE_POLL = 0.25
"""Seconds between looks into an empty queue while `<Dial><Queue>` rings."""


async def dial(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Gives the `action` document with `DialCallStatus`, or None to go on below when there is no `action`."""
    nouns = [child for child in element if child.tag in ("Number", "Queue")]
    missing = next((child.tag for child in element if child.tag in NOT_BUILT), None)
    if missing is not None:
        raise NotBuilt(missing)
    if element.get("record", "do-not-record") not in ("do-not-record", "false"):
        raise NotBuilt("Record")
    call.answer()
    if nouns and nouns[0].tag == "Queue":
        outcome = await _dial_queue(call, element, nouns[0], document)
    else:
        outcome = await _dial_number(call, element, nouns[0] if nouns else element, document)
    action = element.get("action")
    if action is None:
        return None
    return Fetch(document.resolve(action), element.get("method", "POST"), "action", outcome)


async def _dial_number(call: "EmulatedCall", element: Element, noun: Element, document: Document) -> dict[str, str]:
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
    timeout = whole(element.get("timeout"), 30)
    try:
        await call.unless_interrupted(call.clock.within(timeout, _ready_or_over(leg, bridge)))
    except TimeoutError:
        leg.interrupt(HungUp("the dialling side gave up", "no-answer"))
    except Interruption:
        leg.interrupt(HungUp("the dialling side hung up", "completed" if leg.answered else "canceled"))
        raise
    if not leg.answered:
        status = leg.status if leg.over else "no-answer"
        return {"DialCallStatus": status, "DialCallSid": leg.sid, "DialBridged": "false"}
    seconds = await join_as_dialler(call, bridge, leg, star_ends=element.get("hangupOnStar") == "true")
    return _talked(leg.sid, seconds)


async def _dial_queue(call: "EmulatedCall", element: Element, noun: Element, document: Document) -> dict[str, str]:
    queue = call.queues.named(text_of(noun))
    timeout = whole(element.get("timeout"), 30)
    try:
        member = await call.unless_interrupted(call.clock.within(timeout, _front(call, queue)))
    except TimeoutError:
        return {"DialCallStatus": "no-answer", "DialBridged": "false"}
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
    seconds = await join_as_dialler(call, bridge, member.call, star_ends=element.get("hangupOnStar") == "true")
    return _talked(member.call.sid, seconds)


def _talked(other_sid: str, seconds: float) -> dict[str, str]:
    return {
        "DialCallStatus": "completed",
        "DialCallSid": other_sid,
        "DialCallDuration": str(round(seconds)),
        "DialBridged": "true" if seconds else "false",
    }


async def _front(call: "EmulatedCall", queue: VoiceQueue) -> Member:
    while not queue.members:
        await call.clock.sleep(QUEUE_POLL)
    return queue.members[0]


async def _ready_or_over(leg: "EmulatedCall", bridge: Bridge) -> None:
    """The called side has answered and heard its whisper, or will not."""
    over = asyncio.ensure_future(leg.journal.until(lambda entry: isinstance(entry, happened.CallEnded)))
    try:
        ready = asyncio.ensure_future(bridge.ready.wait())
        await asyncio.wait({over, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
    finally:
        over.cancel()
