"""`<Enqueue>`: the call waits in a queue, with the wait document in a loop, until something takes it out."""

import asyncio
import json
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from . import happenings as happened
from .bridging import join_as_waiting
from .flow import Diverted, Fetch, HungUp, Interruption, LeftQueue, Next
from .queues import Bridge, Meeting, Member, QueueFull, VoiceQueue
from .speaking import whole
from .twiml import Document, NotBuilt, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

WAITING_VERBS = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
"""What a queue's wait document may hold (sheet section 5.2)."""
DAY = 86_400
MUSIC_SECONDS = 30.0
"""One round of Twilio's own waiting music."""


async def enqueue(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Waits; then asks `action` with `QueueResult`; its answer goes on if the call is still up (sheet section 5.2)."""
    call.answer()
    workflow_sid = element.get("workflowSid")
    queue = call.queues.named(_make_task(call, element, workflow_sid) if workflow_sid else text_of(element))
    try:
        member = call.queues.enter(queue, call, whole(element.get("maxQueueSize"), 0) or None)
    except QueueFull:
        return await _left(call, element, document, queue, "queue-full", 0)
    position = queue.position(member)
    call.note(happened.QueueEntered(queue=queue.name, queue_sid=queue.sid, position=position))
    try:
        taken = await _wait(call, element, document, queue, member)
    except LeftQueue:
        return await _left(call, element, document, queue, "leave", call.queues.leave(queue, member))
    except Diverted as diverted:
        waited = call.queues.leave(queue, member)
        await _left(call, element, document, queue, diverted.result, waited, ask=False)
        raise
    except HungUp:
        await _left(call, element, document, queue, "hangup", call.queues.leave(queue, member), ask=False)
        raise
    finally:
        call.queues.leave(queue, member)
        found = member.taken.done() and not member.taken.cancelled()
        bridged = found and isinstance(member.taken.result(), Bridge | Meeting)
        if workflow_sid and call.exchange is not None and not bridged:
            call.exchange.drop_task(call, "the caller left the queue")
    waited = call.queues.waited(member)
    if isinstance(taken, Bridge):
        return await _bridge(call, element, document, queue, taken, waited)
    if isinstance(taken, Meeting):
        return await _meet(call, element, document, queue, taken, waited)
    await _left(call, element, document, queue, "redirected", waited, ask=False)
    return taken


def _make_task(call: "EmulatedCall", element: Element, workflow_sid: str) -> str:
    """The task's sid, which names the queue that its call alone waits in. Raises HungUp for a bad `<Task>`."""
    if call.exchange is None:
        raise NotBuilt("Task")
    task = next((child for child in element if child.tag == "Task"), None)
    text = "{}" if task is None else text_of(task) or "{}"
    try:
        attributes = json.loads(text)
        if not isinstance(attributes, dict):
            raise ValueError("<Task> must hold a JSON object")
        priority = 0 if task is None else whole(task.get("priority"), 0)
        timeout = DAY if task is None else whole(task.get("timeout"), DAY)
        return call.exchange.make_task(call, workflow_sid, attributes, priority, timeout)
    except ValueError as invalid:
        call.note(happened.AlertRaised(code=14221, text=f"<Enqueue workflowSid>: {invalid}"))
        raise HungUp(f"the task could not be made: {invalid}", "completed") from invalid


async def _wait(
    call: "EmulatedCall", element: Element, document: Document, queue: VoiceQueue, member: Member
) -> Next | Bridge | Meeting:
    """Plays the wait document over and over until the member is taken; raises LeftQueue or an Interruption."""
    music = asyncio.ensure_future(_play_while_waiting(call, element, document, queue, member))
    try:
        waits: set[asyncio.Future[Any]] = {music, member.taken}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not member.taken.done():
            music.result()
    finally:
        music.cancel()
        await asyncio.wait({music})
    return member.taken.result()


async def _play_while_waiting(
    call: "EmulatedCall", element: Element, document: Document, queue: VoiceQueue, member: Member
) -> None:
    wait_url = element.get("waitUrl")
    while True:
        if not wait_url:
            await call.pause(MUSIC_SECONDS)
            continue
        extra = {
            "QueuePosition": str(queue.position(member)),
            "QueueSid": queue.sid,
            "QueueTime": str(call.queues.waited(member)),
            "AvgQueueTime": str(queue.average_wait),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.max_size),
        }
        following: Next | None = Fetch(document.resolve(wait_url), element.get("waitUrlMethod", "POST"), "wait", extra)
        began = call.clock.now()
        while following is not None:
            page = following if isinstance(following, Document) else await call.document(following)
            following = await call.run(page, WAITING_VERBS)
        # A wait document without sound must not make the loop spin.
        if call.clock.now() - began < 1.0:
            await call.pause(1.0)


async def _bridge(
    call: "EmulatedCall", element: Element, document: Document, queue: VoiceQueue, bridge: Bridge, waited: int
) -> Next | None:
    call.note(happened.QueueLeft(queue=queue.name, result="bridged", waited=waited))
    gone: Interruption | None = None
    try:
        await join_as_waiting(call, bridge)
    except Interruption as interruption:
        gone = interruption
    result = "redirected-from-bridged" if isinstance(gone, Diverted) else "bridged"
    following = await _left(call, element, document, queue, result, waited, ask=gone is None, note=False)
    if gone is not None:
        raise gone
    return following


async def _meet(
    call: "EmulatedCall", element: Element, document: Document, queue: VoiceQueue, meeting: Meeting, waited: int
) -> Next | None:
    """As `_bridge`, in a conference: the `action` is asked when the call has left it."""
    call.note(happened.QueueLeft(queue=queue.name, result="bridged", waited=waited))
    following: Next | None = meeting.document
    try:
        while following is not None:
            page = following if isinstance(following, Document) else await call.document(following)
            following = await call.run(page)
    except HungUp:
        await _left(call, element, document, queue, "bridged", waited, ask=False, note=False)
        raise
    return await _left(call, element, document, queue, "bridged", waited, note=False)


async def _left(
    call: "EmulatedCall",
    element: Element,
    document: Document,
    queue: VoiceQueue,
    result: str,
    waited: int,
    *,
    ask: bool = True,
    note: bool = True,
) -> Next | None:
    """Tells `action` how the wait ended. With `ask` its answer is where the call goes; else it is ignored."""
    if note:
        call.note(happened.QueueLeft(queue=queue.name, result=result, waited=waited))
    action = element.get("action")
    if action is None:
        return None
    extra = {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(waited)}
    fetch = Fetch(document.resolve(action), element.get("method", "POST"), "action", extra)
    if ask:
        return fetch
    await call.tell(fetch)
    return None
