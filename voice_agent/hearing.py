"""What rules make of the caller's words, before the machine decides anything: danger, wish, yes or no, how sure.

A final prompt goes to the machine twice: at once, so that the model's request may leave, and a millisecond later with
its reading. Nothing of an answer is spoken before the second.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from voice_agent.call.events import CallerFinished, CallerSpoke, Gist, Urgency
from voice_agent.language import Reading, detect_language, read, read_urgency
from voice_agent.language import Urgency as Triage
from voice_agent.language.affirming import affirms
from voice_agent.language.distress import distress
from voice_agent.language.farewell import takes_leave
from voice_agent.language.oddities import odd_words
from voice_agent.language.person import asks_for_person
from voice_agent.language.refusing_texts import refuses_texts

if TYPE_CHECKING:
    from voice_agent.session import Session

READ_AFTER_SECONDS = 0.001
"""From a final prompt to its reading by rule; the model's request leaves in between."""
FEWEST_WORDS = 3
"""A partial prompt of no more says nothing of danger yet."""
NO_WISH = frozenset({"yes", "no", "number", "repeat", "none"})
NO_DANGER_READ = Triage("routine")

log = logging.getLogger(__name__)


class Hearing:
    """Of one call. `wishes` is what the caller's last words that held a wish were read to want."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._final: CallerSpoke | None = None
        self._reading: asyncio.TimerHandle | None = None
        self.wishes: tuple[str, ...] = ()
        self.turn_heard: float | None = None
        """When the caller finished, until the first words of the answer are out."""

    def final(self, spoke: CallerSpoke) -> None:
        self._final = spoke
        self._session.post(CallerFinished(spoke.text, at=spoke.at))
        self._reading = asyncio.get_running_loop().call_later(READ_AFTER_SECONDS, self.read_final)

    def partial(self, spoke: CallerSpoke) -> None:
        session = self._session
        if len(spoke.text.split()) > FEWEST_WORDS:
            urgency = read_urgency(spoke.text, lang=session.call.lang)
            spoke = replace(spoke, gist=Gist(session.call.lang, Urgency(urgency.level), urgency.hazard))
        session.around.journal.glimpse(session.record, "partial", spoke.at, text=spoke.text)
        session.post(spoke)

    def read_final(self) -> None:
        """Read the caller's words by rule; the machine decides on the reading before anything is spoken.

        The model's request has left by then, if these words may be for it: reading costs as much as sending.
        """
        spoke, self._final = self._final, None
        if spoke is None:
            return
        if self._reading is not None:
            self._reading.cancel()
        session = self._session
        reading = self._understood(spoke.text)
        gist = gist_of(reading)
        if refuses_texts(spoke.text):
            session.refuses_texts()
        before = session.call.turn
        self.turn_heard = spoke.at
        if reading.intent not in NO_WISH:
            self.wishes = (reading.intent, reading.also) if reading.also else (reading.intent,)
        session.post(replace(spoke, gist=gist))
        if session.call.turn != before:
            session.note(
                "caller",
                turn=session.call.turn,
                text=session.call.transcript.last_caller(),
                intent=reading.intent,
                confidence=round(reading.confidence, 3),
                urgency=reading.urgency.level,
                hazard=reading.urgency.hazard,
                lang=reading.lang,
            )
            told = {"turn": session.call.turn, "intent": reading.intent, "urgency": reading.urgency.level}
            log.info("turn", extra=told)

    def _understood(self, text: str) -> Reading:
        """What rules make of the words; a reader that fails leaves them to the model, not the caller to silence."""
        session = self._session
        lang, grant = session.call.lang, session.identity.grant
        try:
            return read(
                text,
                lang=detect_language(text, lang),
                role=grant.role if grant.level else session.line.role,
                now=session.around.now(session.line),
                expecting=session.call.expecting,
                with_slots=session.call.proposal is not None,
            )
        except Exception as error:
            log.exception("a prompt could not be read by rule", extra={"error": type(error).__name__})
            return Reading(text, "es" if lang == "es" else "en", NO_DANGER_READ, "none", 0.0)


def gist_of(reading: Reading) -> Gist:
    """What of a reading the machine decides on."""
    said = reading.text
    return Gist(
        lang=reading.lang,
        urgency=Urgency(reading.urgency.level),
        hazard=reading.urgency.hazard,
        affirms=affirms(reading),
        wants_human=reading.wants_human or asks_for_person(said),
        wants_repeat=reading.intent == "repeat",
        only_digits=reading.intent == "number",
        sure=reading.confidence,
        odd=odd_words(said),
        upset=distress(said) is not None,
        takes_leave=takes_leave(said),
    )
