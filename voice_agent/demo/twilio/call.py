"""One emulated phone call: the person on it, the TwiML it runs, the webhooks it causes, and all that happened."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

from . import forms
from . import happenings as happened
from .audio import AudioFiles
from .bridging import join_as_waiting
from .clock import Clock
from .faults import Faults
from .flow import Diverted, Fetch, HungUp, Interruption, Next
from .happenings import Happening, Journal
from .interpreter import run_document
from .options import CallOptions
from .person import Listener, NobodyListens, Person
from .queues import VoiceQueues
from .relay.session import RelaySession
from .ringing import be_answered, speak_first
from .sids import new_sid
from .status_reports import StatusReports
from .surroundings import Exchange
from .twiml import Document, NotBuilt, TwimlError, parse
from .webhook import WebhookFailed, Webhooks
from .wire import ConnectSocket, Http

T = TypeVar("T")

TERMINAL = {"completed", "busy", "failed", "no-answer", "canceled"}
CANNED_ERROR = "We are sorry, an application error has occurred. Goodbye."


class EmulatedCall:
    """A call against any application. `start` it, act as the person on it, follow `happenings`, await `ended`.

    Give `exchange` to let calls meet in queues and dial each other; without one the call has queues of its own and
    cannot dial.
    """

    def __init__(
        self,
        voice_url: str,
        auth_token: str,
        account_sid: str,
        from_: str,
        to: str,
        *,
        clock: Clock,
        http: Http,
        connect_ws: ConnectSocket,
        stir_verstat: str = "TN-Validation-Passed-A",
        options: CallOptions | None = None,
        faults: Faults | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self.options = options or CallOptions()
        self.sid = self.options.call_sid or new_sid("CA")
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.from_number = from_
        self.to_number = to
        self.stir_verstat = stir_verstat
        self.clock = clock
        self.timing = self.options.timing
        self.connect_ws = connect_ws
        self.faults = faults or Faults()
        self.exchange = exchange
        self.queues = exchange.queues if exchange is not None else VoiceQueues(clock)
        self.webhooks = Webhooks(http, auth_token, self.faults)
        self.audio = AudioFiles(http)
        self.journal = Journal(self.sid, clock.now)
        self.status = "ringing" if self.options.direction == "inbound" else "queued"
        self.answered_by: str | None = None
        self.created_at: datetime = clock.utc()
        self.started_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.fallback = Fetch(self.options.fallback_url, self.options.fallback_method, "fallback")
        self.far_leg: EmulatedCall | None = None
        """The leg at the other end, when a number of ours was called from a number of ours."""
        self.person = Person(self)
        self._voice_url = voice_url
        self._answered_at: float | None = None
        self._over_at: float | None = None
        self._interruption: asyncio.Future[Interruption] | None = None
        self.reports = StatusReports(self)
        self._task: asyncio.Task[None] | None = None
        self._first_words: asyncio.Task[None] | None = None
        self.doorbell: asyncio.Future[bool] | None = None
        """While a manual phone rings: whether it is answered."""

    # The call as seen from outside

    async def start(self) -> None:
        """Places the call; it goes on by itself until `ended`."""
        self.begin()

    def begin(self) -> None:
        """`start`, for code that must not wait."""
        self.journal.note(
            happened.CallPlaced(
                from_number=self.from_number, to_number=self.to_number, direction=self.options.direction
            )
        )
        self._interruption = asyncio.get_running_loop().create_future()
        # The call owns its task: `ended` joins it and `close` cancels it.
        self._task = asyncio.create_task(self._live(), name=f"call {self.sid}")

    async def ended(self) -> happened.CallEnded:
        """Waits for the end of the call and of its last webhooks."""
        assert self._task is not None, "start the call first"
        await asyncio.wait({self._task})
        await self._task
        ends = [entry for entry in self.journal.entries if isinstance(entry, happened.CallEnded)]
        return ends[-1]

    async def close(self) -> None:
        """Ends the call at once and without a webhook: the emulator is stopping."""
        tasks = {task for task in (self._task, self._first_words) if task is not None}
        for task in tasks:
            task.cancel()
        self.reports.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self.journal.close()

    def happenings(self, start: int = 0) -> AsyncIterator[Happening]:
        return self.journal.follow(start)

    @property
    def over(self) -> bool:
        return self.status in TERMINAL

    @property
    def answered(self) -> bool:
        return self._answered_at is not None

    @property
    def agent_is_speaking(self) -> bool:
        """Whether the person hears speech this moment."""
        return self.person.hears_agent

    @property
    def relay(self) -> RelaySession | None:
        return self.person.relay

    @property
    def listening(self) -> bool:
        return self.person.listener is not None

    @property
    def seconds(self) -> int:
        """Whole seconds from the answer to now or to the end; 0 before the answer."""
        if self._answered_at is None:
            return 0
        return round((self._over_at or self.clock.now()) - self._answered_at)

    # The person on the phone

    async def say(self, text: str, *, patience: float = 10.0) -> None:
        """See Person.say."""
        await self.person.say(text, patience=patience)

    async def press(self, keys: str, *, patience: float = 10.0) -> None:
        """See Person.press."""
        await self.person.press(keys, patience=patience)

    async def barge_in(self, text: str, *, patience: float = 10.0) -> None:
        """See Person.barge_in."""
        await self.person.barge_in(text, patience=patience)

    async def quiet(self, *, lasting: float = 1.2, patience: float = 60.0) -> None:
        """See Person.quiet."""
        await self.person.quiet(lasting=lasting, patience=patience)

    def pick_up(self, answered: bool = True) -> None:
        """Somebody answers the manual phone that this call makes ring, or declines. Raises NobodyListens."""
        if self.doorbell is None or self.doorbell.done():
            raise NobodyListens("this call makes no phone ring that waits for somebody")
        self.doorbell.set_result(answered)

    def play_audio(self, audio: bytes) -> None:
        """The person's own voice, μ-law 8 kHz, into an open Media Stream. Raises NobodyListens."""
        if self.person.stream is None:
            raise NobodyListens("no Media Stream is open on this call")
        self.person.stream.hear(audio)

    def hang_up(self) -> None:
        """The person puts the phone down."""
        self.interrupt(HungUp("the person hung up"))

    def drop_socket(self) -> None:
        """Breaks the websocket between Twilio and the application. Raises NobodyListens when there is none."""
        session = self.person.relay or self.person.stream
        if session is None:
            raise NobodyListens("no websocket is open on this call")
        session.drop()

    # What REST may do to it

    def redirect(self, to: Next, result: str = "redirected") -> None:
        """Sends a live call to another document."""
        self.interrupt(Diverted(to, result))

    def complete(self, status: str | None = None) -> None:
        self.interrupt(HungUp("ended over REST", status))

    def interrupt(self, interruption: Interruption) -> None:
        """The first interruption counts; a call that is over ignores all."""
        if self._interruption is not None and not self._interruption.done() and not self.over:
            if isinstance(interruption, HungUp):
                self.set_status(interruption.status or ("completed" if self.answered else "no-answer"))
            self._interruption.set_result(interruption)

    # What the verbs use

    async def unless_interrupted(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs `work`; if the call is interrupted first, cancels it and raises the Interruption."""
        assert self._interruption is not None
        task = asyncio.ensure_future(work)
        try:
            waits: set[asyncio.Future[Any]] = {task, self._interruption}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        raise self._interruption.result()

    async def interrupted(self) -> Interruption:
        """Waits for the next interruption, for verbs that must end something in good order first."""
        assert self._interruption is not None
        return await asyncio.shield(self._interruption)

    def pause(self, seconds: float) -> Coroutine[Any, Any, None]:
        return self.unless_interrupted(self.clock.sleep(seconds))

    def answer(self) -> None:
        """The call is answered by the first verb that needs it."""
        if self._answered_at is None:
            self._answered_at = self.clock.now()
            self.started_at = self.clock.utc()
            self.set_status("in-progress", event="answered")

    def relay_is_open(self, session: RelaySession) -> None:
        self.answer()
        self.person.listen_to(session)

    def listen_with(self, listener: Listener) -> AbstractContextManager[None]:
        """Gives the person's speech and keys to `listener` while the block runs."""
        return self.person.listen_with(listener)

    def agent_said(self, text: str) -> None:
        """Something on this leg spoke: a far leg of ours hears it as its person's speech."""
        if self.far_leg is not None and text.strip():
            self.far_leg.person.overhear(text)

    def agent_sent_tones(self, digits: str) -> None:
        if self.far_leg is not None:
            for digit in digits:
                if digit not in "wW":
                    self.far_leg.person.press_one(digit)

    def note(self, happening: Happening) -> None:
        self.journal.note(happening)

    def fields(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The form of any webhook about this call."""
        fields = forms.call_fields(
            account_sid=self.account_sid,
            call_sid=self.sid,
            status=self.status,
            direction=self.options.direction,
            from_number=self.from_number,
            to_number=self.to_number,
        )
        if self.options.parent_call_sid:
            fields["ParentCallSid"] = self.options.parent_call_sid
        return fields | dict(extra or {})

    async def run(self, document: Document, allowed: frozenset[str] | None = None) -> Next | None:
        """Runs one document, with only the `allowed` verbs if given; see `run_document`."""
        return await run_document(self, document, allowed)

    async def document(self, fetch: Fetch) -> Document:
        """Asks the application for TwiML, with the fallback if it fails. Raises HungUp when neither is usable."""
        try:
            return await self._ask(fetch)
        except (WebhookFailed, TwimlError) as failed:
            self.note(happened.AlertRaised(code=failed.code, text=str(failed), url=fetch.url))
            if not self.fallback.url or fetch.kind == "fallback" or self.over:
                raise await self._application_error(str(failed)) from failed
            extra = {**fetch.extra, "ErrorCode": str(failed.code), "ErrorUrl": fetch.url}
        return await self.document(Fetch(self.fallback.url, self.fallback.method, "fallback", extra))

    async def tell(self, fetch: Fetch) -> None:
        """A webhook whose answer does not matter any more; failures are only noted."""
        try:
            await self.webhooks.send(fetch.kind, fetch.url, self.fields(fetch.extra), self.note, fetch.method)
        except WebhookFailed as failed:
            self.note(happened.AlertRaised(code=failed.code, text=str(failed), url=fetch.url))

    # Its life

    async def _live(self) -> None:
        try:
            try:
                reason = await self._run_twiml()
            except HungUp as hung_up:
                reason = hung_up.reason
                if not self.over:
                    self.set_status(hung_up.status or ("completed" if self.answered else "no-answer"))
            await self._wind_up(reason)
        finally:
            self.journal.close()

    async def _wind_up(self, reason: str) -> None:
        self.person.listen_to(None)
        if not self.over:
            self.set_status("completed")
        self.ended_at = self.clock.utc()
        self.note(happened.CallEnded(status=self.status, reason=reason, seconds=self.seconds))
        if self.far_leg is not None:
            self.far_leg.interrupt(HungUp("the other side hung up"))
        await self.clock.sleep(self.timing.end_to_status_callback)
        self.reports.report("completed")
        await self.reports.all_sent()

    async def _run_twiml(self) -> str:
        """Runs document after document; gives the reason why the last one ended the call."""
        position: Next | None = None
        try:
            if self.options.direction != "inbound":
                await be_answered(self)
                if self.options.phone.says or self.options.phone.presses or self.options.phone.hangs_up:
                    self._first_words = asyncio.create_task(speak_first(self))
            if self.options.bridge is not None:
                await join_as_waiting(self, self.options.bridge)
                return "the conversation was over"
            position = await self._first_document()
        except Diverted as diverted:
            position = diverted.to
            self._renew_interruption()
        while position is not None:
            try:
                document = position if isinstance(position, Document) else await self.document(position)
                position = await self.run(document)
            except Diverted as diverted:
                position = diverted.to
                self._renew_interruption()
            except NotBuilt as missing:
                self.note(happened.AlertRaised(code=0, text=str(missing)))
                raise HungUp(str(missing), None if self.answered else "failed") from missing
        return "the TwiML ran out"

    async def _first_document(self) -> Next:
        if self.options.twiml is not None:
            try:
                return parse(self.options.twiml, None, "")
            except TwimlError as failed:
                self.note(happened.AlertRaised(code=failed.code, text=str(failed)))
                raise await self._application_error(str(failed)) from failed
        extra = dict(self.options.extra)
        if self.options.direction == "inbound":
            extra |= {"StirVerstat": self.stir_verstat, "CallToken": forms.call_token(self.stir_verstat)}
        if self.answered_by is not None:
            extra["AnsweredBy"] = self.answered_by
        return Fetch(self._voice_url, self.options.voice_method, "voice", extra)

    async def _ask(self, fetch: Fetch) -> Document:
        fields = self.fields(fetch.extra)
        answer = await self.unless_interrupted(
            self.webhooks.send(fetch.kind, fetch.url, fields, self.note, fetch.method)
        )
        return parse(answer.body, answer.headers.get("content-type", ""), fetch.url.partition("#")[0])

    async def _application_error(self, reason: str) -> HungUp:
        """Twilio's own voice tells the caller that something is wrong, and the call ends."""
        if not self.over:
            self.answer()
            self.note(happened.ClauseStarted(text=CANNED_ERROR, source="say"))
            await self.pause(self.timing.clause(CANNED_ERROR))
            self.note(happened.ClausePlayed(text=CANNED_ERROR, cut=False, source="say"))
        return HungUp(f"application error: {reason}")

    def _renew_interruption(self) -> None:
        self._interruption = asyncio.get_running_loop().create_future()

    def set_status(self, status: str, event: str | None = None) -> None:
        self.status = status
        if self.over:
            self._over_at = self.clock.now()
        self.note(happened.StatusChanged(status=status))
        if event is not None:
            self.reports.report(event)
