"""What one call needs of texts: a way to send what goes with a change, and one-time codes where Verify makes none."""

from __future__ import annotations

import asyncio
import logging
import time

from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import TextWanted
from voice_agent.agent.toolbox import Texts as Texter
from voice_agent.codes import Codes, TextedCodes, VerifyCodes
from voice_agent.lines import Line
from voice_agent.messaging.texts import Texts
from voice_agent.settings import Settings
from voice_agent.twilio.rest import TwilioRest

TAKEN_SECONDS = 3.0
"""So long the word on a change may wait for the word on its text."""

log = logging.getLogger(__name__)


def texter_of(texts: Texts, line: Line, call_sid: str) -> Texter:
    """For the toolbox: texts that were wanted with a change that has been committed."""

    async def send(wanted: TextWanted, key: str, context: ToolContext) -> bool:
        try:
            async with asyncio.timeout(TAKEN_SECONDS):
                taken = await texts.to_contact(
                    wanted.template,
                    wanted.contact_id,
                    key=key,
                    values=wanted.values,
                    lang=wanted.lang,
                    sender=line.number,
                    call_sid=call_sid,
                )
        except TimeoutError:
            log.warning("text not taken in time", extra={"template": wanted.template})
            return False
        return taken.accepted

    return send


def codes_of(settings: Settings, rest: TwilioRest, texts: Texts, line: Line) -> Codes:
    """Twilio Verify where a service is configured, else codes of our own from the line's number."""
    if settings.twilio_verify_service_sid:
        return VerifyCodes(rest, settings.twilio_verify_service_sid)

    async def say(to: str, code: str, lang: str) -> None:
        body = texts.wording.body("code", {"code": code}, lang)
        await rest.send_text(to=to, sender=line.number, body=body, status_callback="")

    return TextedCodes(say, time.monotonic)
