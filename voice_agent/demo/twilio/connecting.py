"""`<Connect>`: hands the call to a stream or a relay session and asks its `action` after it (sheet 1.3 and 1.4)."""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from . import forms
from . import happenings as happened
from .flow import Diverted, Fetch, HungUp, Interruption, Next
from .relay.faults import RelayFault
from .relay.handshake import CallFacts, HandshakeFailed
from .relay.session import RelaySession, SessionEnd
from .relay.settings import InvalidParameter, RelaySettings, read_settings
from .sids import new_sid
from .streams.connecting import connect_stream
from .twiml import NOT_BUILT, Document, NotBuilt

if TYPE_CHECKING:
    from .call import EmulatedCall


async def connect(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Runs the session; gives the `action` document, or None (on to the next verb) when there is no `action`.

    A handshake that fails loses the call with 64102 and asks no action. A lost socket leaves the call up.
    """
    stream = next((child for child in element if child.tag == "Stream"), None)
    if stream is not None:
        return await connect_stream(call, element, stream, document)
    noun = next((child for child in element if child.tag == "ConversationRelay"), None)
    if noun is None:
        tag = next((child.tag for child in element if child.tag in NOT_BUILT), None)
        if tag is not None:
            raise NotBuilt(tag)
        call.note(happened.AlertRaised(code=12200, text="<Connect> holds nothing to connect to", url=document.url))
        return None
    settings = await _settings(call, noun, document)
    await call.pause(call.timing.webhook_to_setup)
    session = _session(call, settings)
    end, interruption = await _run(call, session)
    if isinstance(interruption, Diverted):
        raise interruption
    action = element.get("action")
    if action is None:
        if interruption is not None:
            raise interruption
        return None
    await call.clock.sleep(end.action_after)
    fields = forms.session_fields(session.facts.session_id, end.status, end.seconds, end.handoff_data, end.error)
    fetch = Fetch(document.resolve(action), element.get("method", "POST"), "action", fields)
    if call.over:
        await call.tell(fetch)
        raise await call.interrupted()
    return await call.document(fetch)


async def _settings(call: "EmulatedCall", noun: Element, document: Document) -> RelaySettings:
    try:
        return read_settings(noun)
    except InvalidParameter as invalid:
        call.note(happened.AlertRaised(code=64101, text=str(invalid), url=document.url))
        raise HungUp(f"64101: {invalid}", None if call.answered else "failed") from invalid


def _session(call: "EmulatedCall", settings: RelaySettings) -> RelaySession:
    path = urlsplit(settings.url).path
    ordered = {RelayFault(rule.name) for rule in call.faults.take_all("RELAY", path) if rule.name in set(RelayFault)}
    facts = CallFacts(
        account_sid=call.account_sid,
        auth_token=call.auth_token,
        call_sid=call.sid,
        parent_call_sid=call.options.parent_call_sid,
        from_number=call.from_number,
        to_number=call.to_number,
        direction=call.options.direction,
        answered=call.answered,
        session_id=new_sid("VX"),
    )
    return RelaySession(
        settings,
        facts,
        clock=call.clock,
        timing=call.timing,
        connect=call.connect_ws,
        journal=call.journal,
        habits=call.options.habits,
        faults=frozenset(ordered | call.options.relay_faults),
        measure_audio=call.audio.seconds,
        far_end=call,
    )


async def _run(call: "EmulatedCall", session: RelaySession) -> tuple[SessionEnd, Interruption | None]:
    """Runs the session to its end; the second value is what took the call away meanwhile."""
    running = asyncio.ensure_future(session.run())
    watching = asyncio.ensure_future(call.interrupted())
    try:
        await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            if isinstance(watching.result(), Diverted):
                session.divert()
            else:
                session.hang_up()
        end = await running
    except HandshakeFailed as failed:
        call.note(happened.AlertRaised(code=64102, text=str(failed), url=session.settings.url))
        raise HungUp(f"64102: {failed}", None if call.answered else "failed") from failed
    finally:
        call.person.listen_to(None)
        running.cancel()
        watching.cancel()
    return end, watching.result() if watching.done() and not watching.cancelled() else None
