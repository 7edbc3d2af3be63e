"""The TwiML of a transfer: what the waiting caller and the person on the other leg hear, and where each goes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from voice_agent.handoff.outcomes import Attempt, Via, Waiting
from voice_agent.handoff.targets import Target
from voice_agent.lines import Line
from voice_agent.settings import Settings
from voice_agent.twilio import twiml

MUSIC_PATH = "/handoff/music.wav"
ACCEPT, DECLINE, REPEAT = "1", "2", "3"
CALL_BACK_KEY, AGENT_KEY = "1", "2"
WORDS: Mapping[str, str] = {
    "accept": ACCEPT,
    "yes": ACCEPT,
    "decline": DECLINE,
    "no": DECLINE,
    "repeat": REPEAT,
    "again": REPEAT,
    "aceptar": ACCEPT,
    "sí": ACCEPT,
    "rechazar": DECLINE,
    "repetir": REPEAT,
}
"""What a person may say instead of pressing a key."""
MESSAGE_SECONDS = 120
MOMENT_SECONDS = 5
URGENT = 10


@dataclass(frozen=True, slots=True)
class Documents:
    """Made of settings; every method gives one whole document."""

    settings: Settings

    def url(self, path: str, **query: str) -> str:
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items() if value)
        return self.settings.public_url.rstrip("/") + path + (f"?{asked}" if asked else "")

    # -- the caller ------------------------------------------------------------------------------------------------

    def queue(self, waiting: Waiting, target: Target, line: Line, *, say: str = "") -> str:
        """Into TaskRouter if a workflow is set, else into the queue of that name."""
        task = {"type": target.name, "call": waiting.call_sid, "reason": waiting.reason, "line": waiting.line}
        return twiml.enqueue(
            target.address,
            wait_url=self.url("/twilio/queue/wait"),
            action=self.url("/twilio/queue/left"),
            workflow_sid=self.settings.twilio_workflow_sid,
            task=orjson.dumps(task).decode(),
            priority=URGENT if waiting.urgent else 0,
            say=say,
            language=code(line, waiting.lang),
        )

    def wait(self, line: Line, lang: str, sentence: str) -> str:
        return twiml.wait(
            sentence, keys=self.url("/twilio/queue/key"), music=self.url(MUSIC_PATH), language=code(line, lang)
        )

    def dial(self, attempt: Attempt, target: Target, line: Line, lang: str, *, say: str = "") -> str:
        """The caller's own leg rings the person, who hears the summary and must accept before they are joined."""
        return twiml.dial(
            attempt.phone,
            action=self.url("/twilio/transfer/dialled", key=attempt.key),
            caller_id=line.number,
            say=say,
            language=code(line, lang),
            timeout=target.ring_seconds,
            whisper=self.leg_url(attempt),
            status_callback=self.status_url(attempt.key),
        )

    def join(self, attempt: Attempt, line: Line, lang: str, *, say: str = "") -> str:
        """The caller enters the room in which the person already is."""
        return twiml.conference(
            attempt.key,
            action=self.url("/twilio/transfer/talked", key=attempt.key),
            ends=True,
            say=say,
            language=code(line, lang),
            status_callback=self.room_url(attempt.key),
            wait_url=self.url("/twilio/transfer/room-wait", key=attempt.key),
        )

    def moment(self, line: Line, lang: str, sentence: str) -> str:
        """One round for somebody who is alone in a room; no key can be asked for there."""
        return twiml.wait(sentence, pause=MOMENT_SECONDS, language=code(line, lang))

    def message(self, line: Line, lang: str, sentence: str) -> str:
        return twiml.record(
            sentence,
            action=self.url("/twilio/transfer/message"),
            language=code(line, lang),
            longest=MESSAGE_SECONDS,
            status_callback=self.url("/twilio/transfer/recorded"),
        )

    def flow(self, target: Target, *, say: str, line: Line, lang: str) -> str:
        """A Studio flow takes the call; it is asked as for an incoming one."""
        base = self.settings.twilio_api_base_url.rstrip("/")
        host = f"{base}/webhooks.twilio.com" if base else "https://webhooks.twilio.com"
        url = f"{host}/v1/Accounts/{self.settings.twilio_account_sid}/Flows/{target.address}?Trigger=incomingCall"
        return twiml.redirect(url, say=say, language=code(line, lang))

    def goodbye(self, line: Line, lang: str, sentence: str) -> str:
        return twiml.say(sentence, language=code(line, lang), hang_up=True)

    # -- the person ------------------------------------------------------------------------------------------------

    def leg_url(self, attempt: Attempt, tries: int = 0) -> str:
        return self.url(
            "/twilio/transfer/leg", key=attempt.key, via=attempt.via.value, tries=str(tries) if tries else ""
        )

    def status_url(self, key: str) -> str:
        return self.url("/twilio/transfer/status", key=key)

    def room_url(self, key: str) -> str:
        return self.url("/twilio/transfer/room", key=key)

    def summary(self, key: str, via: Via, words: str, line: Line, *, tries: int) -> str:
        """Said to whoever picked up: who calls and why, then 1, 2 or 3 by key or word."""
        here = {"key": key, "via": via.value}
        return twiml.ask(
            words,
            action=self.url("/twilio/transfer/key", **here, tries=str(tries)),
            language=line.greets_in,
            hints=", ".join(WORDS),
            then=self.url("/twilio/transfer/leg", **here, tries=str(tries + 1)),
        )

    def take(self, attempt: Attempt, line: Line, *, say: str) -> str:
        """The person has accepted: their leg meets the caller."""
        match attempt.via:
            case Via.REST:
                action = self.url("/twilio/transfer/leg-done", key=attempt.key)
                return twiml.conference(
                    attempt.key,
                    action=action,
                    ends=True,
                    say=say,
                    language=line.greets_in,
                    status_callback=self.room_url(attempt.key),  # the first one in a room decides who is told of it
                )
            case Via.TASK:
                action = self.url("/twilio/transfer/leg-done", key=attempt.key)
                return twiml.dial_reservation(attempt.reservation[2], action=action, say=say, language=line.greets_in)
            case Via.DIAL:
                return twiml.say(say, language=line.greets_in)  # the document ends, and Twilio joins the two


def code(line: Line, lang: str) -> str:
    return line.codes.get(lang, line.greets_in)
