"""Runs a TwiML document on a call, verb by verb; the longer verbs have modules of their own."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .connecting import connect
from .dialing import dial
from .flow import Fetch, HungUp, LeftQueue, Next
from .gathering import gather
from .queueing import enqueue
from .recording import record, start, stop
from .speaking import pause, play, say
from .twiml import NOT_BUILT, Document, NotBuilt, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

Verb = Callable[["EmulatedCall", Element, Document], Awaitable[Next | None]]


async def run_document(call: "EmulatedCall", document: Document, allowed: frozenset[str] | None = None) -> Next | None:
    """Runs the verbs of `document` in order; gives where to go next, or None when it ran out.

    Raises an Interruption when something from outside takes the call, NotBuilt for a verb of Twilio's that this
    emulator lacks. A tag that is no verb at all is skipped with alert 12200, as Twilio does.
    """
    for element in document.root:
        verb = VERBS.get(element.tag)
        if element.tag in NOT_BUILT and verb is None:
            missing = NotBuilt(element.tag)
            print(f"twilio emulator, call {call.sid}: {missing}", file=sys.stderr)  # noqa: T201
            raise missing
        if verb is None or (allowed is not None and element.tag not in allowed):
            call.note(happened.AlertRaised(code=12200, text=f"<{element.tag}> is not a verb here", url=document.url))
            continue
        call.note(happened.VerbStarted(verb=element.tag, attributes=dict(element.attrib), text=text_of(element)[:1000]))
        following = await verb(call, element, document)
        if following is not None:
            return following
    return None


async def redirect(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    return Fetch(document.resolve(text_of(element)), element.get("method", "POST"), "redirect")


async def hang_up(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    raise HungUp("<Hangup>", "completed" if call.answered else None)


async def reject(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Refuses an unanswered call; a busy signal with `reason="busy"`. On an answered call it just hangs up."""
    if call.answered:
        raise HungUp("<Reject> on an answered call", "completed")
    raise HungUp("<Reject>", "busy" if element.get("reason") == "busy" else "no-answer")


async def leave(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    raise LeftQueue


VERBS: dict[str, Verb] = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Connect": connect,
    "Enqueue": enqueue,
    "Dial": dial,
    "Redirect": redirect,
    "Hangup": hang_up,
    "Reject": reject,
    "Leave": leave,
    "Record": record,
    "Start": start,
    "Stop": stop,
}
