"""What Twilio asks while a promised call-back is under way: first the person, then the caller, and how it went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.responses import Response

from voice_agent.handoff.caller_webhooks import xml
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.documents import ACCEPT, DECLINE, WORDS
from voice_agent.handoff.outcomes import ENDINGS, Outcome, State, Waiting
from voice_agent.handoff.person_webhooks import MACHINES, MOST_READINGS, key_of, spoken
from voice_agent.handoff.placing import Placing
from voice_agent.handoff.promises import CallBack, find
from voice_agent.lines import Line
from voice_agent.twilio import twiml
from voice_agent.twilio.telephony import OVER

RING_SECONDS = 30

Form = dict[str, str]


class CallBackWebhooks:
    def __init__(self, dispatch: Dispatch, placing: Placing) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents
        self._placing = placing

    def table(self) -> dict[str, Callable[[Form], Awaitable[Response]]]:
        return {
            "/twilio/call-back/person": self.person,
            "/twilio/call-back/key": self.key,
            "/twilio/call-back/done": self.done,
            "/twilio/call-back/caller": self.caller,
            "/twilio/call-back/caller-key": self.caller_key,
            "/twilio/call-back/status": self.status,
        }

    async def person(self, form: Form) -> Response:
        """Somebody of ours picked up: whom shall they call back, and why."""
        promised = await self._open(form)
        if promised is None or _read(form) >= MOST_READINGS or form.get("AnsweredBy", "").startswith(MACHINES):
            return xml(twiml.hang_up())
        line = self._line(promised)
        speak = line.speaker(line.script.lang)
        waiting = await self._dispatch.load(promised.call_sid)
        told = spoken(waiting, line) if waiting is not None else ""
        words = [speak("transfer.call_back.intro"), told, speak("transfer.call_back.keys")]
        here = {"key": promised.key, "try": form.get("try", "")}
        return xml(
            twiml.ask(
                " ".join(filter(None, words)),
                action=self._documents.url("/twilio/call-back/key", **here, read=str(_read(form))),
                language=line.greets_in,
                hints=", ".join(WORDS),
                then=self._documents.url("/twilio/call-back/person", **here, read=str(_read(form) + 1)),
            )
        )

    async def key(self, form: Form) -> Response:
        """1 dials the caller on the person's own leg, with the line's number as the caller's id."""
        promised = await self._open(form)
        if promised is None:
            return xml(twiml.hang_up())
        line = self._line(promised)
        speak = line.speaker(line.script.lang)
        choice = form.get("Digits") or key_of(form.get("SpeechResult", ""))
        if choice == DECLINE:
            await self._tell(form, Outcome.DECLINED)
            return xml(twiml.say(speak("transfer.person.declined"), language=line.greets_in, hang_up=True))
        if choice != ACCEPT or not self._dispatch.targets.dialable(promised.number):
            return await self.person(form | {"read": str(_read(form) + 1)})
        about = {"key": promised.key, "try": form.get("try", "")}
        return xml(
            twiml.dial(
                promised.number,
                action=self._documents.url("/twilio/call-back/done", **about),
                status_callback=self._documents.url("/twilio/call-back/status", leg="caller", **about),
                caller_id=line.number,
                say=speak("transfer.call_back.dialling"),
                language=line.greets_in,
                timeout=RING_SECONDS,
            )
        )

    async def done(self, form: Form) -> Response:
        """They have talked, or the caller did not answer."""
        talked = form.get("DialBridged") == "true"
        await self._tell(
            form, Outcome.ANSWERED if talked else ENDINGS.get(form.get("DialCallStatus", ""), Outcome.FAILED)
        )
        promised = await self._open(form)
        if promised is None or talked:
            return xml(twiml.hang_up())
        line = self._line(promised)
        sentence = line.speaker(line.script.lang)("transfer.call_back.not_reached")
        return xml(twiml.say(sentence, language=line.greets_in, hang_up=True))

    async def caller(self, form: Form) -> Response:
        """The caller picked up: a person follows when they press 1; their voicemail presses nothing."""
        promised = await self._open(form)
        if promised is None or _read(form) >= MOST_READINGS or form.get("AnsweredBy", "").startswith(MACHINES):
            return xml(twiml.hang_up())
        line = self._line(promised)
        here = {"key": promised.key, "try": form.get("try", "")}
        return xml(
            twiml.ask(
                line.speaker(promised.lang)("transfer.call_back.caller"),
                action=self._documents.url("/twilio/call-back/caller-key", **here, read=str(_read(form))),
                language=line.codes.get(promised.lang, line.greets_in),
                hints="",
                then=self._documents.url("/twilio/call-back/caller", **here, read=str(_read(form) + 1)),
            )
        )

    async def caller_key(self, form: Form) -> Response:
        """1: the promise is kept, and they go to the front of the queue with all that is known of the first call."""
        promised = await self._open(form)
        if promised is None or form.get("Digits") != ACCEPT:
            return await self.caller(form | {"read": str(_read(form) + 1)})
        await self._tell(form, Outcome.ANSWERED)
        before = await self._dispatch.load(promised.call_sid)
        coming = before or Waiting(promised.call_sid, 1, promised.line, promised.target, promised.number)
        coming = replace(
            coming,
            call_sid=form.get("CallSid", ""),
            round=1,
            reason="call_back",
            urgent=True,
            state=State.WAITING,
            outcome="",
            accepted_key="",
            talks=0,
            queue_sid="",
            attempts=(),
        )
        return xml(await self._placing.hand_over(coming))

    async def status(self, form: Form) -> Response:
        """The caller has answered: kept. The first leg is over: that was all, unless the job knows better already."""
        status = form.get("CallStatus", "")
        if form.get("leg") == "caller":
            if status == "in-progress":
                await self._tell(form, Outcome.ANSWERED)
        elif status in OVER:
            await self._tell(form, ENDINGS[status])
        return Response(status_code=204)

    async def _open(self, form: Form) -> CallBack | None:
        promised = await self._dispatch.run(lambda connection: find(connection, form.get("key", "")))
        return promised if promised is not None and promised.state == "promised" else None

    async def _tell(self, form: Form, outcome: Outcome) -> None:
        number = form.get("try", "")
        if number.isascii() and number.isdigit():
            await self._dispatch.signal_job(form.get("key", ""), {"try": int(number), "outcome": outcome.value})

    def _line(self, promised: CallBack) -> Line:
        return self._dispatch.lines.by_name(promised.line) or self._dispatch.lines.lines[0]


def _read(form: Form) -> int:
    text = form.get("read", "")
    return int(text) if text.isascii() and text.isdigit() else 0
