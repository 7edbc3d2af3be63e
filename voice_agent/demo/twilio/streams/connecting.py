"""`<Connect><Stream>`: runs the stream, tells its status callback, and goes on when it is over (sheet section 3.1)."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from .. import forms
from .. import happenings as happened
from ..flow import Fetch, HungUp, Next
from ..relay.faults import RelayFault
from ..relay.settings import LOOPBACK
from ..sids import new_sid
from ..twiml import Document, NotBuilt
from .session import StreamFacts, StreamFailed, StreamSession

if TYPE_CHECKING:
    from ..call import EmulatedCall


async def connect_stream(call: "EmulatedCall", connect: Element, noun: Element, document: Document) -> Next | None:
    """Gives the `action` document, or None. The line stays up when the application closes its socket."""
    if noun.get("track", "inbound_track") != "inbound_track":
        call.note(happened.AlertRaised(code=31941, text="a bidirectional stream has the inbound track only"))
        return None
    if noun.get("connectorName"):
        raise NotBuilt("Stream")
    url = noun.get("url", "")
    parts = urlsplit(url)
    if not (parts.scheme == "wss" or (parts.scheme == "ws" and parts.hostname in LOOPBACK)) or parts.query:
        text = f"url must begin with wss:// and carry no query, not {url!r}"
        call.note(happened.AlertRaised(code=31920, text=text, url=document.url))
        return None
    call.answer()
    await call.pause(call.timing.webhook_to_setup)
    await _run(call, noun, url, document)
    action = connect.get("action")
    if call.over:
        if action is not None:
            await call.tell(Fetch(document.resolve(action), connect.get("method", "POST"), "action"))
        raise await call.interrupted()
    if action is None:
        return None
    return Fetch(document.resolve(action), connect.get("method", "POST"), "action")


def _session(call: "EmulatedCall", noun: Element, url: str, opened: Callable[[StreamSession], None]) -> StreamSession:
    path = urlsplit(url).path
    ordered = {RelayFault(rule.name) for rule in call.faults.take_all("RELAY", path) if rule.name in set(RelayFault)}
    sid = new_sid("MZ")
    facts = StreamFacts(
        account_sid=call.account_sid,
        auth_token=call.auth_token,
        call_sid=call.sid,
        stream_sid=sid,
        name=noun.get("name", sid),
        url=url,
        parameters={each.get("name", ""): each.get("value", "") for each in noun if each.tag == "Parameter"},
    )
    return StreamSession(
        facts,
        clock=call.clock,
        connect=call.connect_ws,
        journal=call.journal,
        faults=frozenset(ordered | call.options.relay_faults),
        opened=opened,
    )


async def _run(call: "EmulatedCall", noun: Element, url: str, document: Document) -> None:
    """Streams until either side ends it. Raises what took the call away, unless that was its end."""
    async with asyncio.TaskGroup() as callbacks:

        def report(session: StreamSession, event: str, error: str = "") -> None:
            callback = noun.get("statusCallback")
            if callback:
                fields = _status_fields(session, event, error, forms.rfc2822(call.clock.utc()))
                method = noun.get("statusCallbackMethod", "POST")
                callbacks.create_task(call.tell(Fetch(document.resolve(callback), method, "stream-status", fields)))

        def opened(session: StreamSession) -> None:
            call.person.listen_to(session)
            report(session, "stream-started")

        session = _session(call, noun, url, opened)
        running = asyncio.ensure_future(session.run())
        watching = asyncio.ensure_future(call.interrupted())
        try:
            await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                session.hang_up()
            await running
            report(session, "stream-stopped")
        except StreamFailed as failed:
            call.note(happened.AlertRaised(code=31920, text=str(failed), url=url))
            report(session, "stream-error", str(failed))
        finally:
            call.person.listen_to(None)
            running.cancel()
            watching.cancel()
    if watching.done() and not watching.cancelled() and not isinstance(watching.result(), HungUp):
        raise watching.result()


def _status_fields(session: StreamSession, event: str, error: str, timestamp: str) -> dict[str, str]:
    fields = {
        "StreamSid": session.facts.stream_sid,
        "StreamName": session.facts.name,
        "StreamEvent": event,
        "Timestamp": timestamp,
    }
    return fields | ({"StreamError": error} if error else {})
