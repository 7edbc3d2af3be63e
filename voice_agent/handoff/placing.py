"""Where a caller goes who is to reach a person: every document that leads on, and none that ends in silence.

Nothing here needs REST. When the store fails the caller is still put through; only the bookkeeping is lost.
"""

from __future__ import annotations

import logging

from voice_agent.calls import Calls
from voice_agent.connecting import Connect
from voice_agent.errors import StoreUnavailable, VoiceAgentError
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.ladder import next_phone
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Via, Waiting, Wish
from voice_agent.handoff.rewording import Rewording
from voice_agent.handoff.summary import Summary
from voice_agent.handoff.targets import MOST_CONVERSATIONS
from voice_agent.lines import Line
from voice_agent.twilio import twiml

FAILED_QUEUES = ("error", "queue-full", "system-error")

Form = dict[str, str]

log = logging.getLogger(__name__)


class Placing:
    def __init__(self, dispatch: Dispatch, calls: Calls, connect: Connect, rewording: Rewording | None = None) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents
        self._calls = calls
        self._connect = connect
        self._rewording = rewording

    # -- arriving --------------------------------------------------------------------------------------------------

    async def hand_over(self, arriving: Waiting, *, say: str = "") -> str:
        """The agent lets go of a call: the TwiML that reaches a person."""
        try:
            waiting = await self._dispatch.enter(arriving)
            answer = await self.place(waiting, say=say)
            if self._rewording is not None and waiting.summary:
                self._dispatch.later(self._word(waiting, self._rewording), patient=True)
            return answer
        except StoreUnavailable:
            log.error("the store failed at a hand-over", extra={"call_sid": arriving.call_sid})
            return self._unsaved(arriving, say)

    async def _word(self, waiting: Waiting, rewording: Rewording) -> None:
        """The lines written by rule are in the queue already; a wording of them may follow."""
        if words := await rewording.of(Summary.from_json(waiting.summary)):
            await self._dispatch.worded(waiting, words)

    async def place(self, waiting: Waiting, *, say: str = "") -> str:
        """Where a caller goes who waits: to the person who has them, to their target, or to the end of the ladder."""
        line, target = self._dispatch.line_of(waiting), self._dispatch.target_of(waiting)
        if waiting.accepted_key and (found := await self._dispatch.find(waiting.accepted_key)) is not None:
            if found[1].via is Via.REST:
                return await self.join(waiting, found[1], line)
        if waiting.talks >= MOST_CONVERSATIONS:
            return self.to_message(waiting, "transfer.enough")
        match target.kind:
            case "queue":
                phone = next_phone(waiting, target) if self._dispatch.telephony.down else None
                if phone is not None and (dialled := await self.dial(waiting, target.name, phone, say)):
                    return dialled
                self._dispatch.later(self._dispatch.proceed(waiting.call_sid))
                return self._documents.queue(waiting, target, line, say=say)
            case "studio":
                await self._dispatch.over(waiting.call_sid, "flow")
                return self._documents.flow(target, say=say, line=line, lang=waiting.lang)
            case _:
                tried = sum(each.phone == target.address for each in waiting.attempts)
                if tried < target.passes and (dialled := await self.dial(waiting, target.name, target.address, say)):
                    return dialled
                return await self.further(waiting)

    async def dial(self, waiting: Waiting, by: str, phone: str, say: str) -> str:
        """ "" when the caller is not to be dialled for now. Asked twice it is the same try."""
        attempt = await self._dispatch.begin(waiting, by=by, phone=phone, via=Via.DIAL)
        if attempt is None:
            now = await self._dispatch.load(waiting.call_sid)
            attempt = now.trying if now is not None else None
            if attempt is None or attempt.via is not Via.DIAL:
                return ""
        line, target = self._dispatch.line_of(waiting), self._dispatch.target_of(waiting)
        return self._documents.dial(attempt, target, line, waiting.lang, say=say)

    async def further(self, waiting: Waiting) -> str:
        """The next target of the ladder; at its end a message and a call-back."""
        then = self._dispatch.target_of(waiting).then
        moved = await self._dispatch.stay(waiting.call_sid, target=then)
        if not then or moved is None:
            return self.to_message(waiting, "transfer.message")
        return await self.place(moved, say=self.say(waiting, "transfer.next_desk"))

    def to_message(self, waiting: Waiting, phrase: str) -> str:
        line = self._dispatch.line_of(waiting)
        return self._documents.message(line, waiting.lang, line.speaker(waiting.lang)(phrase))

    async def as_wished(self, waiting: Waiting) -> str:
        """Out of the queue by `<Leave>` or by REST: the store knows why."""
        line = self._dispatch.line_of(waiting)
        if waiting.state is State.OVER:
            match waiting.outcome:
                case "returned":
                    return self.agent_again(waiting, "transfer.back")
                case "call_back":
                    return self._documents.goodbye(line, waiting.lang, self.say(waiting, "transfer.will_call"))
                case _:
                    return twiml.hang_up()
        match waiting.wish:
            case Wish.AGENT:
                await self._dispatch.over(waiting.call_sid, "returned")
                return self.agent_again(waiting, "transfer.back")
            case Wish.CALL_BACK:
                return await self.call_back(waiting)
            case Wish.DIAL if (attempt := waiting.trying) is not None:
                return self._documents.dial(attempt, self._dispatch.target_of(waiting), line, waiting.lang)
            case Wish.NEXT:
                return await self.further(waiting)
            case _:
                return await self.place(await self._waits_on(waiting))

    async def _waits_on(self, waiting: Waiting) -> Waiting:
        if waiting.wish is Wish.NONE:
            return waiting
        return await self._dispatch.stay(waiting.call_sid) or waiting

    async def call_back(self, waiting: Waiting, recording: str = "") -> str:
        """Promise to call, and say so only once the promise is kept by a durable job."""
        line = self._dispatch.line_of(waiting)
        if not self._dispatch.targets.dialable(waiting.number):
            return self.to_message(waiting, "transfer.no_number")
        try:
            await self._dispatch.promise(waiting, recording=recording)
        except VoiceAgentError as error:
            log.error("a call-back could not be promised", extra={"why": str(error)})
            moved = await self._dispatch.stay(waiting.call_sid)
            return await self.place(moved or waiting, say=self.say(waiting, "transfer.not_noted"))
        await self._dispatch.over(waiting.call_sid, "call_back")
        return self._documents.goodbye(line, waiting.lang, self.say(waiting, "transfer.will_call"))

    # -- together --------------------------------------------------------------------------------------------------

    async def join(self, waiting: Waiting, attempt: Attempt, line: Line) -> str:
        """Into the room where the person is, if they still are."""
        found = await self._dispatch.joining(attempt.key)
        if found is None or not found[1].open:
            return await self.wait_on(waiting, attempt.key)
        return self._documents.join(attempt, line, waiting.lang)

    async def wait_on(self, waiting: Waiting, key: str) -> str:
        """The person who had accepted is gone, and the two have not talked."""
        apart = await self._dispatch.apart(key) or waiting
        if apart.state is State.OVER:  # and yet Twilio asks about them: whoever is on the line is not left there
            return self.agent_again(apart, "transfer.back")
        return await self.place(apart, say=self.say(waiting, "transfer.lost_them"))

    async def after_talk(self, waiting: Waiting) -> str:
        if waiting.accepted_key:
            await self._dispatch.settle(waiting.accepted_key, Outcome.ANSWERED)
        await self._dispatch.over(waiting.call_sid, Outcome.ANSWERED)
        return self.agent_again(waiting, "transfer.anything_else")

    def agent_again(self, waiting: Waiting, phrase: str) -> str:
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

    # -- without a store -------------------------------------------------------------------------------------------

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

    def into_the_queue(self, form: Form) -> str:
        """Whoever has talked to somebody gets the agent; everybody else waits on, and the next round asks again."""
        if form.get("QueueResult") in ("bridged", "redirected-from-bridged") or form.get("DialBridged") == "true":
            return self.after_an_unknown_talk(form)
        line, lang = self.where(form, None)
        waiting = Waiting(form.get("CallSid", ""), 0, line.name, line.hand_off, lang=lang)
        target = self._dispatch.target_of(waiting)
        if target.kind != "queue" or form.get("QueueResult") in FAILED_QUEUES:
            return self._documents.goodbye(line, lang, line.speaker(lang)("queue.failed"))
        return self._documents.queue(waiting, target, line)

    def into_the_room(self, form: Form) -> str:
        """The person is in the room that bears the key; only they were told to go there."""
        line, lang = self.where(form, None)
        attempt = Attempt(form.get("key", ""), form.get("CallSid", ""), 0, 0, "", "", Via.REST)
        return self._documents.join(attempt, line, lang)

    def after_an_unknown_talk(self, form: Form) -> str:
        line, lang = self.where(form, None)
        waiting = Waiting(form.get("CallSid", ""), 0, line.name, line.hand_off, form.get("From", ""), lang=lang)
        return self.agent_again(waiting, "transfer.anything_else")

    def until_they_come(self, form: Form) -> str:
        line, lang = self.where(form, None)
        return self._documents.moment(line, lang, "")

    def not_saved(self, form: Form) -> str:
        line, lang = self.where(form, None)
        return self._documents.goodbye(line, lang, line.speaker(lang)("transfer.not_saved"))

    # -- words -----------------------------------------------------------------------------------------------------

    def say(self, waiting: Waiting, phrase: str) -> str:
        return self._dispatch.line_of(waiting).speaker(waiting.lang)(phrase)

    def where(self, form: Form, waiting: Waiting | None) -> tuple[Line, str]:
        if waiting is not None:
            return self._dispatch.line_of(waiting), waiting.lang
        session = self._calls.get(form.get("CallSid", ""))
        if session is not None:
            return session.line, session.call.lang
        lines = self._dispatch.lines
        return lines.by_number(form.get("To", "")) or lines.lines[0], "en"
