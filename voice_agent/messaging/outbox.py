"""The durable job that sends one text, exactly once as far as Twilio lets anyone know.

Twilio takes no key with a message. Before a request leaves, the row says so; an attempt whose end nobody saw is looked
for in Twilio's own list before another one is made, and a delivery report that arrives settles it, too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from voice_agent.errors import TwilioRestError
from voice_agent.messaging import kept
from voice_agent.messaging.kept import OF_TWILIO, KeptText, State
from voice_agent.messaging.setting_up import texts_of
from voice_agent.messaging.texts import JOB, Texts
from voice_agent.messaging.wording import KINDS
from voice_agent.overrides import configured, stored
from voice_agent.salesforce.consents import Given
from voice_agent.twilio.rest import SentText
from voice_agent.workshop import Result, Workshop

OPTED_OUT = 21610
SETTLE_SECONDS = 10.0
"""So long after an attempt a message may still be missing from Twilio's list."""
CLOCKS_APART = 60.0
MOST_WAIT_SECONDS = 24 * 3600.0
"""A text that could not leave for so long is old news."""
SIGN_IN_STATUSES = frozenset({401, 403})

log = logging.getLogger(__name__)


async def send_text(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """`text` is the key of the row. Raises TwilioRestError when it is to be tried again."""
    name = str(arguments["text"])
    store, now = workshop.store, workshop.now
    text = await store.look(lambda connection: kept.read(connection, name))
    if text is None or text.sid or text.state not in (State.WANTED, State.SENDING):
        return {"state": text.state if text is not None else "unknown"}
    current = await store.look(lambda connection: stored(connection, configured(workshop.settings)))
    texts = texts_of(
        workshop.settings, store, workshop.salesforce, workshop.lines, sends=lambda: current.sends, wall=now
    )
    if text.state is State.SENDING:
        sent = await _look_for(workshop, text)
        if sent is not None:
            return await _sent(workshop, text, sent)
        if now() - text.tried < SETTLE_SECONDS:
            raise TwilioRestError("an attempt is not settled yet", ambiguous=True)
        await store.run(lambda connection: kept.back(connection, name, at=now()))
    if (result := await _held_back(workshop, texts, text, key)) is not None:
        return result
    await store.run(lambda connection: kept.move(connection, name, State.SENDING, at=now()))
    try:
        sent = await workshop.twilio.send_text(
            to=text.number, sender=text.sender, body=text.body, status_callback=_callback(workshop, text)
        )
    except TwilioRestError as error:
        return await _failed(workshop, texts, text, error)
    return await _sent(workshop, text, sent)


async def _held_back(workshop: Workshop, texts: Texts, text: KeptText, key: str) -> Result:
    """What has come between the wish and now: a STOP, the switch, the night, or too much time."""
    now, kind = workshop.now(), KINDS[text.template]
    told = text.about.get("given")
    given = Given(bool(told[0]), float(told[1])) if told else None
    if not (kind.staff or kind.asked) and text.contact:
        recipient = await texts.recipient(text.contact)
        if recipient is None or recipient.number != text.number:
            return await _end(workshop, text, State.REFUSED, "the number on record is another one")
        given = recipient.given
    why = await workshop.store.look(lambda connection: texts.refusal(connection, text, kind, given))
    if why is None and now - text.created > MOST_WAIT_SECONDS:
        why = "too old"
    if why is not None:
        return await _end(workshop, text, State.REFUSED, why)
    wait = texts.rules.wait(text.number, now, str(text.about.get("zone") or "")) if kind.waits else 0.0
    if wait > 0:
        await workshop.jobs.start(JOB, f"{key}@{int(now + wait)}", {"text": text.key}, delay=wait)
        return {"waits": round(wait)}
    return None


async def _look_for(workshop: Workshop, text: KeptText) -> SentText | None:
    """The message of an attempt that got no answer: same words, same number, since then, and nobody else's."""
    since = datetime.fromtimestamp(text.tried - CLOCKS_APART, UTC)
    listed = await workshop.twilio.texts_to(text.number, text.sender, since)
    claimed = await workshop.store.look(lambda connection: kept.claimed(connection, text.number))
    return next((one for one in listed if one.body == text.body and one.sid not in claimed), None)


async def _sent(workshop: Workshop, text: KeptText, sent: SentText) -> Result:
    state = OF_TWILIO.get(sent.status, State.QUEUED)
    await workshop.store.run(
        lambda connection: kept.move(
            connection, text.key, state, at=workshop.now(), sid=sent.sid, error=sent.error_code or 0
        )
    )
    log.info("text sent", extra={"template": text.template, "message_sid": sent.sid})
    return {"sid": sent.sid}


async def _failed(workshop: Workshop, texts: Texts, text: KeptText, error: TwilioRestError) -> Result:
    """Twilio's own no is final; anything else is tried again, looked for first if it may have happened."""
    if error.ambiguous:
        raise error
    if error.code == OPTED_OUT:
        await texts.say(text.number, False, source="carrier")
    if 400 <= error.status < 500 and error.status not in (429, *SIGN_IN_STATUSES):
        return await _end(workshop, text, State.FAILED, f"code {error.code}", error.code)
    await workshop.store.run(lambda connection: kept.back(connection, text.key, at=workshop.now()))
    raise error


async def _end(workshop: Workshop, text: KeptText, state: State, why: str, code: int = 0) -> Result:
    await workshop.store.run(lambda connection: kept.move(connection, text.key, state, at=workshop.now(), error=code))
    log.warning("text not sent", extra={"template": text.template, "why": why})
    return {"state": str(state), "why": why}


def _callback(workshop: Workshop, text: KeptText) -> str:
    base = workshop.settings.public_url.rstrip("/")
    return f"{base}/twilio/message-status?text={text.key}"
