"""What Twilio asks about the leg of the person who is called: the summary, their answer, and how their leg fares.

Nobody is joined to a caller who has not pressed 1 or said so: a voicemail, a fax and a pocket never are. The person
talks with the agent's summary first, as often as they want it repeated, while the caller waits.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from voice_agent.errors import StoreUnavailable
from voice_agent.handoff.caller_webhooks import xml
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.documents import ACCEPT, DECLINE, REPEAT, WORDS
from voice_agent.handoff.outcomes import ENDINGS, Attempt, Outcome, State, Step, Via, Waiting
from voice_agent.handoff.summary import Summary
from voice_agent.lines import Line
from voice_agent.twilio import twiml
from voice_agent.twilio.telephony import OVER

MOST_READINGS = 2
"""The summary is read so often to somebody who says nothing; then it was nobody, or a machine."""
MOST_MOMENTS = 5
MACHINES = ("machine", "fax")

Form = dict[str, str]

log = logging.getLogger(__name__)


class PersonWebhooks:
    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents

    def table(self) -> dict[str, Callable[[Form], Awaitable[Response]]]:
        return {
            "/twilio/transfer/leg": self.leg,
            "/twilio/transfer/key": self.key,
            "/twilio/transfer/leg-done": self.leg_done,
            "/twilio/transfer/status": self.status,
        }

    async def leg(self, form: Form) -> Response:
        """Somebody or something picked up."""
        key, tries = form.get("key", ""), _whole(form.get("tries"))
        try:
            found = await self._dispatch.find(key)
            if found is None:
                return self._unknown(form)
            waiting, attempt = found
            line = self._dispatch.line_of(waiting)
            if attempt.was_accepted and attempt.open:
                return await self._take(attempt, waiting, line)
            if not attempt.open or waiting.state is State.OVER:
                return self._bye(line, _why_not(waiting))
            if form.get("AnsweredBy", "").startswith(MACHINES):
                return await self._not(key, Outcome.VOICEMAIL, waiting)
            if tries >= MOST_READINGS:
                return await self._not(key, Outcome.VOICEMAIL, waiting, words="transfer.person.nobody")
            now = self._dispatch.wall()
            leg_sid = form.get("CallSid", "")
            await self._dispatch.move(key, lambda each: each.reached(Step.ANSWERED, now).met(leg_sid))
        except StoreUnavailable:
            return self._unknown(form) if form.get("via") == Via.DIAL else self._a_moment(form)
        speak = line.speaker(line.script.lang)
        words = [speak("transfer.person.intro"), spoken(waiting, line), speak("transfer.person.keys")]
        return xml(self._documents.summary(key, attempt.via, " ".join(filter(None, words)), line, tries=tries))

    def _unknown(self, form: Form) -> Response:
        """The store cannot say for whom this is. On the caller's own `<Dial>` the caller is there all the same."""
        line = self._dispatch.lines.by_number(form.get("From", "")) or self._dispatch.lines.lines[0]
        speak = line.speaker(line.script.lang)
        if form.get("via") != Via.DIAL:
            return self._bye(line, "transfer.person.gone")
        if _whole(form.get("tries")) >= MOST_READINGS or form.get("AnsweredBy", "").startswith(MACHINES):
            return xml(twiml.hang_up())
        words = f"{speak('transfer.person.intro')} {speak('transfer.person.keys')}"
        key = form.get("key", "")
        return xml(self._documents.summary(key, Via.DIAL, words, line, tries=_whole(form.get("tries"))))

    def _a_moment(self, form: Form) -> Response:
        """The store does not answer: whoever picked up is asked to stay, and it is asked again."""
        late = _whole(form.get("late")) + 1
        line = self._dispatch.lines.by_number(form.get("From", "")) or self._dispatch.lines.lines[0]
        if late > MOST_MOMENTS:
            return self._bye(line, "transfer.person.gone")
        here = {name: form.get(name, "") for name in ("key", "via", "tries")}
        words = line.speaker(line.script.lang)("transfer.person.moment")
        url = self._documents.url("/twilio/transfer/leg", **here, late=str(late))
        return xml(twiml.redirect(url, say=words, language=line.greets_in))

    async def key(self, form: Form) -> Response:
        """1 takes the call, 2 declines, 3 reads again; the words for them do too."""
        key = form.get("key", "")
        choice = form.get("Digits") or key_of(form.get("SpeechResult", ""))
        if choice not in (ACCEPT, DECLINE):
            again = form | {"tries": form.get("tries", "") if choice == REPEAT else str(_whole(form.get("tries")) + 1)}
            return await self.leg(again)
        try:
            found = await self._dispatch.find(key)
            if found is None:
                return self._of_nobody(form, choice)
            waiting, attempt = found
            line = self._dispatch.line_of(waiting)
            if choice == DECLINE:
                return await self._not(key, Outcome.DECLINED, waiting, words="transfer.person.declined")
            mine, now_waiting = await self._dispatch.accepted(key)
        except StoreUnavailable:
            return self._of_nobody(form, choice) if form.get("via") == Via.DIAL else self._a_moment(form)
        if not mine or now_waiting is None:
            return self._bye(line, _why_not(now_waiting or waiting))
        return await self._take(attempt, now_waiting, line)

    async def _take(self, attempt: Attempt, waiting: Waiting, line: Line) -> Response:
        """The person's leg goes to the caller; over REST the caller is fetched once the person is on the way."""
        if attempt.via is Via.REST and waiting.state is State.ACCEPTED:
            self._dispatch.later(self._dispatch.fetch_caller(waiting, attempt))
        if attempt.via is Via.DIAL:
            await self._dispatch.connected(attempt.key, sure=False)
        speak = line.speaker(line.script.lang)
        return xml(self._documents.take(attempt, line, say=speak("transfer.person.joining")))

    def _of_nobody(self, form: Form, choice: str) -> Response:
        line = self._dispatch.lines.lines[0]
        if form.get("via") == Via.DIAL and choice == ACCEPT:
            return xml(twiml.response())  # the document ends, and Twilio joins the two
        return self._bye(line, "transfer.person.gone")

    async def _not(self, key: str, outcome: Outcome, waiting: Waiting, words: str = "") -> Response:
        """This person is not the one; the next rung follows."""
        moved = await self._dispatch.settle(key, outcome)
        if moved is not None and moved[1].via is Via.TASK:
            self._dispatch.later(self._give_back(moved[1]))
        self._dispatch.later(self._dispatch.proceed(waiting.call_sid))
        return self._bye(self._dispatch.line_of(waiting), words) if words else xml(twiml.hang_up())

    async def _give_back(self, attempt: Attempt) -> None:
        workspace, task, reservation = attempt.reservation
        await self._dispatch.telephony.reservation(workspace, task, reservation, ReservationStatus="rejected")

    def _bye(self, line: Line, phrase: str) -> Response:
        return xml(twiml.say(line.speaker(line.script.lang)(phrase), language=line.greets_in, hang_up=True))

    async def leg_done(self, form: Form) -> Response:
        """The caller has gone first, or both are done."""
        return xml(twiml.hang_up())

    async def status(self, form: Form) -> Response:
        """How the person's leg fares. Twice, late and out of order it changes nothing it has not changed before."""
        key, status, sid = form.get("key", ""), form.get("CallStatus", ""), form.get("CallSid", "")
        try:
            if status in OVER:
                await self._leg_over(key, await self._ending(key, status))
            elif status == "ringing":
                now = self._dispatch.wall()
                moved = await self._dispatch.move(key, lambda each: each.reached(Step.RINGING, now).met(sid))
                if moved is not None:
                    log.info("a person's phone rings", extra={"call_sid": moved[0].call_sid, "by": moved[1].via.value})
        except StoreUnavailable as error:
            log.warning("a leg's status was not noted", extra={"why": str(error)})
        return Response(status_code=204)

    async def _ending(self, key: str, status: str) -> Outcome:
        """Where nobody is asked to press 1 a leg that was picked up is a conversation."""
        found = await self._dispatch.find(key)
        if found is not None and found[1].via is Via.TASK and status == "completed":
            if self._dispatch.target_of(found[0]).assign in ("dequeue", "conference"):
                return Outcome.ANSWERED
        return ENDINGS[status]

    async def _leg_over(self, key: str, outcome: Outcome) -> None:
        moved = await self._dispatch.gone(key, outcome)
        if moved is None:
            return
        waiting, attempt = moved
        if attempt.via is Via.TASK and not attempt.was_accepted:
            self._dispatch.later(self._give_back(attempt))  # the next worker need not wait for the reservation's end
        self._dispatch.later(self._dispatch.proceed(waiting.call_sid))


def spoken(waiting: Waiting, line: Line) -> str:
    """The summary for the ear, in the language of the line's people; "" when none was kept."""
    return Summary.from_json(waiting.summary).as_speech(line.script.lang) if waiting.summary else ""


def _why_not(waiting: Waiting) -> str:
    return "transfer.person.taken" if waiting.accepted_key else "transfer.person.gone"


def key_of(speech: str) -> str:
    """The key that a spoken word stands for, "" for none."""
    heard = [word.strip(".,!?¡¿").lower() for word in speech.split()]
    return next((WORDS[word] for word in heard if word in WORDS), "")


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0
