"""What Twilio tells us about texts: what became of ours, and what people write back. No webhook waits for it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from sqlalchemy import Connection

from voice_agent.language import detect_language
from voice_agent.language.refusing_texts import refuses_texts
from voice_agent.messaging import kept
from voice_agent.messaging.kept import OF_TWILIO
from voice_agent.messaging.texts import Recipient, Texts
from voice_agent.store import Store

STOP_WORDS = frozenset(
    "stop stopall unsubscribe cancel end quit revoke optout alto parar pare baja cancelar detener basta".split()
)
START_WORDS = frozenset("start unstop yes alta iniciar comenzar reanudar".split())
HELP_WORDS = frozenset("help info ayuda informacion información".split())
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SPANISH = frozenset(
    "alto parar pare baja cancelar detener basta alta iniciar comenzar reanudar ayuda información".split()
)

log = logging.getLogger(__name__)


class Arrivals:
    def __init__(self, store: Store, texts: Texts) -> None:
        self._store = store
        self._texts = texts

    async def status(self, form: Mapping[str, str]) -> None:
        """A delivery report: `text` is our key from the address it was sent to. Only ever moves a text on."""
        sid, state = form.get("MessageSid", ""), OF_TWILIO.get(form.get("MessageStatus", ""))
        code = form.get("ErrorCode", "")
        if state is None or not sid:
            return
        error = int(code) if code.isascii() and code.isdigit() else 0

        def note(connection: Connection) -> bool:
            key = form.get("text") or kept.by_sid(connection, sid)
            text = kept.read(connection, key) if key else None
            if text is None or (text.sid and text.sid != sid):
                return False
            return kept.move(connection, text.key, state, at=self._texts.wall(), sid=sid, error=error)

        if await self._store.run(note):
            extra = {"message_sid": sid, "status": str(state), "code": error}
            (log.warning if error else log.info)("text is " + str(state), extra=extra)

    async def message(self, form: Mapping[str, str]) -> None:
        """Somebody wrote to one of our numbers: their wish for texts, or for none, holds from here on."""
        sender, ours, body = form.get("From", ""), form.get("To", ""), form.get("Body", "").strip()
        handled = form.get("OptOutType", "")
        if not NUMBER.fullmatch(sender):
            return
        wish = handled or wish_in(body)
        log.info("text received", extra={"message_sid": form.get("MessageSid", ""), "wish": wish})
        if wish in ("STOP", "START"):
            await self._texts.say(sender, wish == "START", source=f"text {wish}")
        if wish and not handled:  # where Twilio has answered we must not
            lang = "es" if _word(body) in SPANISH else detect_language(body, "en")
            await self._answer(wish, sender, ours, lang, form.get("MessageSid", ""))

    async def _answer(self, wish: str, to: str, ours: str, lang: str, sid: str) -> None:
        """Only to those we have texted before: nobody makes us text a number by writing in its name."""
        if not await self._store.look(lambda connection: kept.known_number(connection, to)):
            return
        template = {"STOP": "stopped", "START": "started", "HELP": "help"}[wish]
        await self._texts.answer(template, Recipient(to), key=f"answer:{sid}", lang=lang, sender=ours)


def wish_in(body: str) -> str:
    """STOP, START or HELP, however it is put; "" for anything else."""
    word = _word(body)
    if word in STOP_WORDS or refuses_texts(body):
        return "STOP"
    if word in START_WORDS:
        return "START"
    return "HELP" if word in HELP_WORDS else ""


def _word(body: str) -> str:
    return re.sub(r"\W", "", body).casefold() if len(body.split()) == 1 else ""
