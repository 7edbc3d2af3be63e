"""What Twilio asks about the caller's own leg while a person is sought for them, and what it is answered.

Each answer is a document that leads on: into the queue, to a phone, back to the agent, to a message. Nothing here ends
in silence, and nothing needs REST. When the store fails the caller is still put through; only the bookkeeping is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import assert_never

from starlette.responses import Response

from voice_agent.calls import Calls
from voice_agent.connecting import Connect
from voice_agent.errors import StoreUnavailable, VoiceAgentError
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.documents import AGENT_KEY, CALL_BACK_KEY, code
from voice_agent.handoff.ladder import next_phone
from voice_agent.handoff.outcomes import ENDINGS, Attempt, Outcome, State, Via, Waiting, Wish
from voice_agent.handoff.targets import MOST_CONVERSATIONS
from voice_agent.lines import Line
from voice_agent.twilio import twiml
from voice_agent.twilio.telephony import OVER

JOIN_SECONDS = 30.0
"""From pressing 1 to being together, before a caller in TaskRouter's queue is offered to others again."""

FAILED_QUEUES = ("error", "queue-full", "system-error")

Form = dict[str, str]
Handler = Callable[[Form], Awaitable[Response]]

log = logging.getLogger(__name__)


class CallerWebhooks:
    def __init__(self, dispatch: Dispatch, calls: Calls, connect: Connect) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents
        self._calls = calls
        self._connect = connect

    def table(self) -> dict[str, Handler]:
        return {
            "/twilio/queue/wait": self.wait,
            "/twilio/queue/key": self.key,
            "/twilio/queue/left": self._kept(self.left, self._into_the_queue),
            "/twilio/transfer/join": self._kept(self.join, self._into_the_room),
            "/twilio/transfer/talked": self._kept(self.talked, self._after_an_unknown_talk),
            "/twilio/transfer/dialled": self._kept(self.dialled, self._into_the_queue),
            "/twilio/transfer/message": self._kept(self.message, self._not_saved),
            "/twilio/transfer/recorded": self.recorded,
        }

    # -- without a store -------------------------------------------------------------------------------------------

    @staticmethod
    def _kept(handler: Handler, otherwise: Callable[[Form], str]) -> Handler:
        """A store that fails for a moment must not cost a caller the call: they are kept where we can find them."""

        async def keeping(form: Form) -> Response:
            try:
                return await handler(form)
            except StoreUnavailable as error:
                log.error("kept on the line without the store", extra={"why": str(error)})
                return xml(twiml.response() if form.get("CallStatus") in OVER else otherwise(form))

        return keeping

    def _into_the_queue(self, form: Form) -> str:
        """Whoever has talked to somebody gets the agent; everybody else waits on, and the next round asks again."""
        if form.get("QueueResult") in ("bridged", "redirected-from-bridged") or form.get("DialBridged") == "true":
            return self._after_an_unknown_talk(form)
        line, lang = self._where(form, None)
        waiting = Waiting(form.get("CallSid", ""), 0, line.name, line.hand_off, lang=lang)
        target = self._dispatch.target_of(waiting)
        if target.kind != "queue" or form.get("QueueResult") in FAILED_QUEUES:
            return self._documents.goodbye(line, lang, line.speaker(lang)("queue.failed"))
        return self._documents.queue(waiting, target, line)

    def _into_the_room(self, form: Form) -> str:
        """The person is in the room that bears the key; only they were told to go there."""
        line, lang = self._where(form, None)
        attempt = Attempt(form.get("key", ""), form.get("CallSid", ""), 0, 0, "", "", Via.REST)
        return self._documents.join(attempt, line, lang)

    def _after_an_unknown_talk(self, form: Form) -> str:
        line, lang = self._where(form, None)
        waiting = Waiting(form.get("CallSid", ""), 0, line.name, line.hand_off, form.get("From", ""), lang=lang)
        return self._agent_again(waiting, "transfer.anything_else")

    def _not_saved(self, form: Form) -> str:
        line, lang = self._where(form, None)
        return self._documents.goodbye(line, lang, line.speaker(lang)("transfer.not_saved"))

    # -- arriving --------------------------------------------------------------------------------------------------

    async def hand_over(self, arriving: Waiting, *, say: str = "") -> str:
        """The agent lets go of a call: the TwiML that reaches a person."""
        try:
            waiting = await self._dispatch.enter(arriving)
            return await self._place(waiting, say=say)
        except StoreUnavailable:
            log.error("the store failed at a hand-over", extra={"call_sid": arriving.call_sid})
            return self._unsaved(arriving, say)

    async def _place(self, waiting: Waiting, *, say: str = "") -> str:
        """Where a caller goes who waits: to the person who has them, to their target, or to the end of the ladder."""
        line, target = self._dispatch.line_of(waiting), self._dispatch.target_of(waiting)
        if waiting.accepted_key and (found := await self._dispatch.find(waiting.accepted_key)) is not None:
            if found[1].via is Via.REST:
                return await self._joined(waiting, found[1], line)
        if waiting.talks >= MOST_CONVERSATIONS:
            return self._to_message(waiting, "transfer.enough")
        match target.kind:
            case "queue":
                phone = next_phone(waiting, target) if self._dispatch.telephony.down else None
                if phone is not None and (dialled := await self._dial(waiting, target.name, phone, say)):
                    return dialled
                self._dispatch.later(self._dispatch.proceed(waiting.call_sid))
                return self._documents.queue(waiting, target, line, say=say)
            case "studio":
                await self._dispatch.over(waiting.call_sid, "flow")
                return self._documents.flow(target, say=say, line=line, lang=waiting.lang)
            case _:
                tried = sum(each.phone == target.address for each in waiting.attempts)
                if tried < target.passes and (dialled := await self._dial(waiting, target.name, target.address, say)):
                    return dialled
                return await self._further(waiting)

    async def _dial(self, waiting: Waiting, by: str, phone: str, say: str) -> str:
        """ "" when the caller is not to be dialled for now. Asked twice it is the same try."""
        attempt = await self._dispatch.begin(waiting, by=by, phone=phone, via=Via.DIAL)
        if attempt is None:
            now = await self._dispatch.load(waiting.call_sid)
            attempt = now.trying if now is not None else None
            if attempt is None or attempt.via is not Via.DIAL:
                return ""
        line, target = self._dispatch.line_of(waiting), self._dispatch.target_of(waiting)
        return self._documents.dial(attempt, target, line, waiting.lang, say=say)

    async def _further(self, waiting: Waiting) -> str:
        """The next target of the ladder; at its end a message and a call-back."""
        then = self._dispatch.target_of(waiting).then
        moved = await self._dispatch.stay(waiting.call_sid, target=then)
        if not then or moved is None:
            return self._to_message(waiting, "transfer.message")
        return await self._place(moved, say=self._say(waiting, "transfer.next_desk"))

    def _to_message(self, waiting: Waiting, phrase: str) -> str:
        line = self._dispatch.line_of(waiting)
        return self._documents.message(line, waiting.lang, line.speaker(waiting.lang)(phrase))

    def _unsaved(self, waiting: Waiting, say: str) -> str:
        """Without a store: a phone that the caller's own leg rings, else the queue, which the console cannot see."""
        line, target = self._dispatch.line_of(waiting), self._dispatch.target_of(waiting)
        phone = target.address if target.kind in ("number", "sip") else next(iter(target.phones), "")
        if target.kind == "studio":
            return self._documents.flow(target, say=say, line=line, lang=waiting.lang)
        if not phone:
            return self._documents.queue(waiting, target, line, say=say)
        attempt = Attempt(f"{waiting.call_sid}.0.0", waiting.call_sid, 0, 0, target.name, phone, Via.DIAL)
        return self._documents.dial(attempt, target, line, waiting.lang, say=say)

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
        line, lang = self._where(form, waiting)
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
            line, lang = self._where(form, waiting)
            speak = line.speaker(lang)
            if wanted is None or waiting is None:
                return xml(self._documents.wait(line, lang, speak("transfer.keys")))
            if not await self._dispatch.wish(call_sid, wanted) and waiting.wish is not wanted:
                return await self.wait(form)
        except StoreUnavailable:
            line, lang = self._where(form, None)
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
            await self.ended(call_sid)
            return twiml.response()
        match result:
            case "bridged":
                if waiting.accepted_key:
                    await self._dispatch.connected(waiting.accepted_key)
                return await self._after_talk(waiting)
            case "redirected-from-bridged":
                return twiml.response()
            case _ if result in FAILED_QUEUES:
                return await self._without_queue(waiting)
            case _:
                return await self._as_wished(waiting)

    def _out_of_the_dark(self, form: Form, result: str) -> str:
        """Nothing is known of this wait: whoever was helped is let go, the others are told."""
        if result in ("bridged", "hangup", "redirected", "redirected-from-bridged"):
            return twiml.hang_up()
        line, lang = self._where(form, None)
        return self._documents.goodbye(line, lang, line.speaker(lang)("queue.failed"))

    async def _as_wished(self, waiting: Waiting) -> str:
        """Out of the queue by `<Leave>` or by REST: the store knows why."""
        line = self._dispatch.line_of(waiting)
        if waiting.state is State.OVER:
            match waiting.outcome:
                case "returned":
                    return self._agent_again(waiting, "transfer.back")
                case "call_back":
                    return self._documents.goodbye(line, waiting.lang, self._say(waiting, "transfer.will_call"))
                case _:
                    return twiml.hang_up()
        match waiting.wish:
            case Wish.AGENT:
                await self._dispatch.over(waiting.call_sid, "returned")
                return self._agent_again(waiting, "transfer.back")
            case Wish.CALL_BACK:
                return await self._call_back(waiting)
            case Wish.DIAL if (attempt := waiting.trying) is not None:
                return self._documents.dial(attempt, self._dispatch.target_of(waiting), line, waiting.lang)
            case Wish.NEXT:
                return await self._further(waiting)
            case _:
                return await self._place(await self._waits_on(waiting))

    async def _waits_on(self, waiting: Waiting) -> Waiting:
        if waiting.wish is Wish.NONE:
            return waiting
        return await self._dispatch.stay(waiting.call_sid) or waiting

    async def _without_queue(self, waiting: Waiting) -> str:
        """The queue failed: the caller's own leg rings the phones, one after the other."""
        target = self._dispatch.target_of(waiting)
        phone = next_phone(waiting, target)
        if phone is not None and (dialled := await self._dial(waiting, target.name, phone, "")):
            return dialled
        return await self._further(waiting)

    async def _call_back(self, waiting: Waiting, recording: str = "") -> str:
        """Promise to call, and say so only once the promise is kept by a durable job."""
        line = self._dispatch.line_of(waiting)
        if not self._dispatch.targets.dialable(waiting.number):
            return self._to_message(waiting, "transfer.no_number")
        try:
            await self._dispatch.promise(waiting, recording=recording)
        except VoiceAgentError as error:
            log.error("a call-back could not be promised", extra={"why": str(error)})
            moved = await self._dispatch.stay(waiting.call_sid)
            return await self._place(moved or waiting, say=self._say(waiting, "transfer.not_noted"))
        await self._dispatch.over(waiting.call_sid, "call_back")
        return self._documents.goodbye(line, waiting.lang, self._say(waiting, "transfer.will_call"))

    # -- together --------------------------------------------------------------------------------------------------

    async def join(self, form: Form) -> Response:
        """REST sent the caller out of the queue: into the room where the person is."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(twiml.hang_up())
        waiting, attempt = found
        if waiting.accepted_key != attempt.key:
            return xml(await self._as_wished(waiting))
        return xml(await self._joined(waiting, attempt, self._dispatch.line_of(waiting)))

    async def _joined(self, waiting: Waiting, attempt: Attempt, line: Line) -> str:
        if not attempt.open:
            moved = await self._dispatch.stay(waiting.call_sid)
            return await self._place(moved or waiting, say=self._say(waiting, "transfer.still_trying"))
        await self._dispatch.connected(attempt.key)
        return self._documents.join(attempt, line, waiting.lang)

    async def talked(self, form: Form) -> Response:
        """The conversation with the person is over; whoever is still there gets the agent again."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(twiml.hang_up())
        if form.get("CallStatus") in OVER:
            await self.ended(found[0].call_sid)
            return xml(twiml.response())
        return xml(await self._after_talk(found[0]))

    async def _after_talk(self, waiting: Waiting) -> str:
        if waiting.accepted_key:
            await self._dispatch.settle(waiting.accepted_key, Outcome.ANSWERED)
        await self._dispatch.over(waiting.call_sid, Outcome.ANSWERED)
        return self._agent_again(waiting, "transfer.anything_else")

    async def dialled(self, form: Form) -> Response:
        """The caller's own leg rang a person: they have talked, or the next rung follows at once."""
        if form.get("CallStatus") in OVER and form.get("DialBridged") != "true":
            await self.ended(form.get("CallSid", ""))  # first: a caller who hung up was not let down by the person
        ended = ENDINGS.get(form.get("DialCallStatus", ""), Outcome.FAILED)
        moved = await self._dispatch.settle(form.get("key", ""), ended)
        if moved is None:
            line, lang = self._where(form, None)
            bridged = form.get("DialBridged") == "true"
            sentence = line.speaker(lang)("goodbye" if bridged else "queue.failed")
            return xml(self._documents.goodbye(line, lang, sentence))
        waiting, attempt = moved
        if form.get("CallStatus") in OVER:
            await self.ended(waiting.call_sid)
            return xml(twiml.response())
        if attempt.was_accepted:
            await self._dispatch.connected(attempt.key)
            return xml(await self._after_talk(waiting))
        waiting = await self._dispatch.stay(waiting.call_sid) or waiting
        target = self._dispatch.target_of(waiting)
        if target.kind == "queue" and target.phones and next_phone(waiting, target) is None:
            return xml(await self._further(waiting))
        return xml(await self._place(waiting, say=self._say(waiting, "transfer.still_trying")))

    # -- the end of the ladder -------------------------------------------------------------------------------------

    async def message(self, form: Form) -> Response:
        """`<Record action>`: whatever was said is kept, and a call-back promised where there is a number."""
        call_sid = form.get("CallSid", "")
        waiting = await self._dispatch.load(call_sid)
        line, lang = self._where(form, waiting)
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

    async def ended(self, call_sid: str) -> None:
        """The caller's call is over. Whoever was being called for them is let go."""
        try:
            waiting = await self._dispatch.load(call_sid)
            if waiting is None or waiting.state is State.OVER:
                return
            talked = waiting.state is State.CONNECTED
            if talked and waiting.accepted_key:
                await self._dispatch.settle(waiting.accepted_key, Outcome.ANSWERED)
            await self._dispatch.over(call_sid, Outcome.ANSWERED if talked else Outcome.ABANDONED)
        except StoreUnavailable as error:
            log.warning("the end of a wait was not noted", extra={"call_sid": call_sid, "why": str(error)})

    def _agent_again(self, waiting: Waiting, phrase: str) -> str:
        """The agent takes the call back, with all it knew; another process only knows that the call was here."""
        line = self._dispatch.line_of(waiting)
        session = self._calls.get(waiting.call_sid)
        if session is None:
            return self._connect(
                waiting.call_sid, line, waiting.number, "", greeting=line.speaker(waiting.lang)(phrase)
            )
        session.take_back(phrase)
        attestation = session.identity.attestation
        return self._connect(waiting.call_sid, line, waiting.number, attestation, greeting="")

    # -- words -----------------------------------------------------------------------------------------------------

    def _say(self, waiting: Waiting, phrase: str) -> str:
        return self._dispatch.line_of(waiting).speaker(waiting.lang)(phrase)

    def _where(self, form: Form, waiting: Waiting | None) -> tuple[Line, str]:
        if waiting is not None:
            return self._dispatch.line_of(waiting), waiting.lang
        session = self._calls.get(form.get("CallSid", ""))
        if session is not None:
            return session.line, session.call.lang
        lines = self._dispatch.lines
        return lines.by_number(form.get("To", "")) or lines.lines[0], "en"


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


def xml(document: str) -> Response:
    return Response(document, media_type="text/xml")
