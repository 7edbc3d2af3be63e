"""What Twilio asks about a caller in the queue: what they hear, which key they pressed, and where they go from there.

Each answer is a document that leads on. The wait is also the moment at which the ladder moves.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

from starlette.responses import Response

from voice_agent.calls import Calls
from voice_agent.errors import StoreUnavailable, VoiceAgentError
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.documents import AGENT_KEY, CALL_BACK_KEY, code
from voice_agent.handoff.ladder import next_phone
from voice_agent.handoff.outcomes import ENDINGS, Outcome, State, Via, Waiting, Wish
from voice_agent.handoff.placing import FAILED_QUEUES, Placing
from voice_agent.lines import Line
from voice_agent.twilio import twiml
from voice_agent.twilio.telephony import OVER

JOIN_SECONDS = 30.0
"""From pressing 1 to being together, before a caller in TaskRouter's queue is offered to others again."""

Form = dict[str, str]
Handler = Callable[[Form], Awaitable[Response]]

log = logging.getLogger(__name__)


class CallerWebhooks:
    def __init__(self, dispatch: Dispatch, calls: Calls, placing: Placing) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents
        self._calls = calls
        self._placing = placing

    def table(self) -> dict[str, Handler]:
        placing = self._placing
        return {
            "/twilio/queue/wait": self.wait,
            "/twilio/queue/key": self.key,
            "/twilio/queue/left": kept(self.left, placing.into_the_queue),
            "/twilio/transfer/dialled": kept(self.dialled, placing.into_the_queue),
            "/twilio/transfer/message": kept(self.message, placing.not_saved),
            "/twilio/transfer/recorded": self.recorded,
        }

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def wait(self, form: Form) -> Response:
        """One round in the queue. It is also the moment at which the ladder moves."""
        call_sid = form.get("CallSid", "")
        try:
            waiting = await self._dispatch.seen(
                call_sid, position=_whole(form.get("QueuePosition")), queue_sid=form.get("QueueSid", "")
            )
            if waiting is not None and waiting.state is State.ACCEPTED:
                waiting = await self._unstuck(waiting)
        except StoreUnavailable:
            waiting = None
        line, lang = self._placing.where(form, waiting)
        speak = line.speaker(lang)
        if waiting is not None and (leaving := self._leaving(waiting)):
            return xml(twiml.leave(speak(leaving), language=code(line, lang)))
        if waiting is not None:
            self._dispatch.later(self._dispatch.proceed(call_sid))
        position = form.get("QueuePosition", "1")
        words = [speak("queue.next") if position == "1" else speak("queue.position", position=position)]
        if waiting is not None:
            words += self._progress(waiting, line)
        return xml(self._documents.wait(line, lang, " ".join(words)))

    def _leaving(self, waiting: Waiting) -> str:
        """What a caller is told who leaves the queue now; "" while they stay in it."""
        if waiting.state is State.ACCEPTED:
            accepted = next((each for each in waiting.attempts if each.key == waiting.accepted_key), None)
            return "transfer.joining" if accepted is not None and accepted.via is not Via.TASK else ""
        match waiting.wish:
            case Wish.NONE:
                return ""
            case Wish.AGENT:
                return "transfer.going_back"
            case Wish.DIAL:
                return "transfer.dialling"
            case Wish.NEXT:
                return "transfer.no_one_here"
            case Wish.CALL_BACK:
                return "transfer.noting"
            case _:
                assert_never(waiting.wish)

    def _progress(self, waiting: Waiting, line: Line) -> list[str]:
        speak = line.speaker(waiting.lang)
        said = []
        if waiting.state is State.ACCEPTED:
            said.append(speak("transfer.joining"))
        elif waiting.trying is not None:
            again = any(not each.open and each.outcome is not None for each in waiting.attempts)
            said.append(speak("transfer.ringing_next") if again else speak("transfer.ringing"))
        elif waiting.attempts:
            said.append(speak("transfer.still_trying"))
        return [*said, speak("transfer.keys")]

    async def _unstuck(self, waiting: Waiting) -> Waiting:
        """Accepted long ago and still in TaskRouter's queue: the person's leg never came for them."""
        accepted = next((each for each in waiting.attempts if each.key == waiting.accepted_key), None)
        late = accepted is None or self._dispatch.wall() - (accepted.accepted or 0.0) > JOIN_SECONDS
        if accepted is not None and accepted.via is Via.TASK and late:
            await self._dispatch.settle(accepted.key, Outcome.FAILED)
            return await self._dispatch.stay(waiting.call_sid) or waiting
        return waiting

    async def key(self, form: Form) -> Response:
        """A waiting caller pressed a key: 1 to be called back, 2 for the agent."""
        call_sid, digit = form.get("CallSid", ""), form.get("Digits", "")
        wanted = {CALL_BACK_KEY: Wish.CALL_BACK, AGENT_KEY: Wish.AGENT}.get(digit)
        try:
            waiting = await self._dispatch.load(call_sid)
            line, lang = self._placing.where(form, waiting)
            speak = line.speaker(lang)
            if wanted is None or waiting is None:
                return xml(self._documents.wait(line, lang, speak("transfer.keys")))
            if not await self._dispatch.wish(call_sid, wanted) and waiting.wish is not wanted:
                return await self.wait(form)
        except StoreUnavailable:
            line, lang = self._placing.where(form, None)
            return xml(self._documents.wait(line, lang, line.speaker(lang)("transfer.not_noted")))
        leaving = "transfer.going_back" if wanted is Wish.AGENT else "transfer.noting"
        return xml(twiml.leave(speak(leaving), language=code(line, lang)))

    # -- leaving ---------------------------------------------------------------------------------------------------

    async def left(self, form: Form) -> Response:
        """`<Enqueue action>`: the caller is out of the queue. Asked twice it answers the same."""
        call_sid, result = form.get("CallSid", ""), form.get("QueueResult", "")
        log.info("queue left", extra={"call_sid": call_sid, "result": result})
        self._dispatch.note(call_sid, "queue_left", result=result)
        asked = f"{call_sid}:left:{form.get('QueueSid', '')}:{form.get('QueueTime', '')}:{result}"
        if (earlier := self._calls.answered(asked)) is not None:
            return xml(earlier)
        answer = await self._after_queue(form, call_sid, result)
        self._calls.remember(asked, answer)
        return xml(answer)

    async def _after_queue(self, form: Form, call_sid: str, result: str) -> str:
        waiting = await self._dispatch.load(call_sid)
        if waiting is None:
            return self._out_of_the_dark(form, result)
        if form.get("CallStatus") in OVER or result == "hangup":
            await self._placing.ended(call_sid)
            return twiml.response()
        match result:
            case "bridged":
                if waiting.accepted_key:
                    await self._dispatch.connected(waiting.accepted_key)
                return await self._placing.after_talk(waiting)
            case "redirected-from-bridged":
                return twiml.response()
            case _ if result in FAILED_QUEUES:
                return await self._without_queue(waiting)
            case _:
                return await self._placing.as_wished(waiting)

    def _out_of_the_dark(self, form: Form, result: str) -> str:
        """Nothing is known of this wait: whoever was helped is let go, the others are told."""
        if result in ("bridged", "hangup", "redirected", "redirected-from-bridged"):
            return twiml.hang_up()
        line, lang = self._placing.where(form, None)
        return self._documents.goodbye(line, lang, line.speaker(lang)("queue.failed"))

    async def _without_queue(self, waiting: Waiting) -> str:
        """The queue failed: the caller's own leg rings the phones, one after the other."""
        target = self._dispatch.target_of(waiting)
        phone = next_phone(waiting, target)
        if phone is not None and (dialled := await self._placing.dial(waiting, target.name, phone, "")):
            return dialled
        return await self._placing.further(waiting)

    async def dialled(self, form: Form) -> Response:
        """The caller's own leg rang a person: they have talked, or the next rung follows at once."""
        if form.get("CallStatus") in OVER and form.get("DialBridged") != "true":
            # First: a caller who hung up was not let down by the person.
            await self._placing.ended(form.get("CallSid", ""))
        bridged = form.get("DialBridged") == "true"
        ended = Outcome.ANSWERED if bridged else ENDINGS.get(form.get("DialCallStatus", ""), Outcome.FAILED)
        moved = await self._dispatch.settle(form.get("key", ""), ended)
        if moved is None:
            line, lang = self._placing.where(form, None)
            sentence = line.speaker(lang)("goodbye" if bridged else "queue.failed")
            return xml(self._documents.goodbye(line, lang, sentence))
        waiting, attempt = moved
        if form.get("CallStatus") in OVER:
            await self._placing.ended(waiting.call_sid)
            return xml(twiml.response())
        if bridged:
            await self._dispatch.connected(attempt.key)
            return xml(await self._placing.after_talk(waiting))
        if attempt.was_accepted:  # they said yes and were gone before the two could talk
            waiting = await self._dispatch.apart(attempt.key) or waiting
        waiting = await self._dispatch.stay(waiting.call_sid) or waiting
        target = self._dispatch.target_of(waiting)
        if target.kind == "queue" and target.phones and next_phone(waiting, target) is None:
            return xml(await self._placing.further(waiting))
        return xml(await self._placing.place(waiting, say=self._placing.say(waiting, "transfer.still_trying")))

    # -- the end of the ladder -------------------------------------------------------------------------------------

    async def message(self, form: Form) -> Response:
        """`<Record action>`: whatever was said is kept, and a call-back promised where there is a number."""
        call_sid = form.get("CallSid", "")
        waiting = await self._dispatch.load(call_sid)
        line, lang = self._placing.where(form, waiting)
        speak = line.speaker(lang)
        if waiting is None:
            return xml(self._documents.goodbye(line, lang, speak("goodbye")))
        recording = form.get("RecordingSid", "")
        self._dispatch.note(call_sid, "transfer", step="message", recording=recording)
        try:
            await self._dispatch.promise(waiting, recording=recording)
        except VoiceAgentError:
            await self._dispatch.over(call_sid, Outcome.FAILED)
            return xml(self._documents.goodbye(line, lang, speak("transfer.not_saved")))
        await self._dispatch.over(call_sid, "message" if recording else "call_back")
        return xml(self._documents.goodbye(line, lang, speak("transfer.noted")))

    async def recorded(self, form: Form) -> Response:
        log.info("message recorded", extra={"status": form.get("RecordingStatus", "")})
        return Response(status_code=204)


def kept(handler: Handler, otherwise: Callable[[Form], str]) -> Handler:
    """A store that fails for a moment must not cost a caller the call: they are kept where we can find them."""

    async def keeping(form: Form) -> Response:
        try:
            return await handler(form)
        except StoreUnavailable as error:
            log.error("kept on the line without the store", extra={"why": str(error)})
            return xml(twiml.response() if form.get("CallStatus") in OVER else otherwise(form))

    return keeping


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def xml(document: str) -> Response:
    return Response(document, media_type="text/xml")
