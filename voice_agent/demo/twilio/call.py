"""One emulated phone call: the person on it, the TwiML it runs, the webhooks it causes, and all that happened."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from . import forms
from . import happenings as happened
from .audio import AudioFiles
from .bridging import join_as_waiting
from .clock import Clock
from .faults import Faults
from .flow import Diverted, Fetch, HungUp, Interruption, Next
from .happenings import Happening, Journal
from .interpreter import run_document
from .phones import PhoneHabits
from .queues import Bridge, VoiceQueues
from .relay.ear import Habits
from .relay.faults import RelayFault
from .relay.session import RelaySession
from .sids import new_sid
from .timing import Timing
from .twiml import Document, NotBuilt, TwimlError, parse
from .webhook import WebhookFailed, Webhooks
from .wire import ConnectSocket, Http

T = TypeVar("T")

TERMINAL = {"completed", "busy", "failed", "no-answer", "canceled"}
CANNED_ERROR = "We are sorry, an application error has occurred. Goodbye."


class NobodyListens(Exception):
    """The person spoke or pressed a key while nothing on the line took it, or waited for speech that did not come."""


class Listener(Protocol):
    """What on a call takes the person's speech and keys: a relay session, a `<Gather>`, a bridge."""

    def speak(self, text: str) -> None: ...
    def press(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class CallOptions:
    """All of a call that has a sensible default. URLs are the number's or the REST request's."""

    direction: str = "inbound"
    """`inbound`, `outbound-api` or `outbound-dial`."""
    call_sid: str | None = None
    parent_call_sid: str = ""
    voice_method: str = "POST"
    twiml: str | None = None
    """Runs this instead of asking `voice_url`."""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    """`initiated ringing answered completed`; an inbound call only ever sends `completed`."""
    habits: Habits = Habits()
    relay_faults: frozenset[RelayFault] = frozenset()
    """Faults of this call's relay sessions, beside those ordered for the whole emulator."""
    timing: Timing = Timing()
    phone: PhoneHabits = PhoneHabits()
    """Of an outbound call: how the phone that is called behaves."""
    machine_detection: str = ""
    """`Enable` or `DetectMessageEnd`: the first webhook waits for it and carries `AnsweredBy`."""
    bridge: Bridge | None = None
    """Of a dialled leg: what it joins once it is answered, instead of running TwiML of its own."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further fields of the first webhook, such as `ForwardedFrom`."""


class Exchange(Protocol):
    """What a call needs of the network around it: queues to wait in and other phones to dial."""

    queues: VoiceQueues

    def dial(
        self,
        caller: "EmulatedCall",
        number: str,
        bridge: Bridge,
        *,
        caller_id: str,
        status_callback: str,
        status_events: frozenset[str],
        machine_detection: str,
    ) -> "EmulatedCall":
        """Places and starts a second leg for `<Dial>`, which joins `bridge` once it is answered."""


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
        self.saying = False
        self._voice_url = voice_url
        self._answered_at: float | None = None
        self._listener: Listener | None = None
        self._listener_news = asyncio.Event()
        self._interruption: asyncio.Future[Interruption] | None = None
        self._sequence = 0
        self._task: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()

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
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
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
        relay = self.relay
        return self.saying or (relay is not None and relay.mouth.playing is not None)

    @property
    def relay(self) -> RelaySession | None:
        return self._listener if isinstance(self._listener, RelaySession) else None

    @property
    def listening(self) -> bool:
        return self._listener is not None

    @property
    def seconds(self) -> int:
        """Whole seconds since the answer; 0 before it."""
        return 0 if self._answered_at is None else round(self.clock.now() - self._answered_at)

    # The person on the phone

    async def say(self, text: str, *, patience: float = 10.0) -> None:
        """Starts to say `text`, waiting up to `patience` seconds for something to listen. Raises NobodyListens."""
        listener = await self._someone_listens(patience)
        self.journal.note(happened.CallerSpoke(text=text))
        listener.speak(text)

    async def press(self, keys: str, *, patience: float = 10.0) -> None:
        """Presses keys 0.38 s apart; `w` waits half a second. Returns after the last. Raises NobodyListens."""
        await self._someone_listens(patience)
        for at, key in enumerate(keys):
            if at:
                await self.clock.sleep(self.timing.per_pause if key in "wW" else self.timing.per_key)
            if key not in "wW":
                self.press_one(key)

    def press_one(self, key: str) -> None:
        self.journal.note(happened.KeyPressed(key=key))
        if self._listener is not None:
            self._listener.press(key)

    async def barge_in(self, text: str, *, patience: float = 10.0) -> None:
        """Talks over the agent: waits until it is speaking, then a moment more. Raises NobodyListens."""
        if not self.agent_is_speaking:
            await self._until_agent_speaks(patience)
        await self.say(text, patience=0.0)

    async def quiet(self, *, lasting: float = 1.2, patience: float = 60.0) -> None:
        """Waits until neither side has said anything for `lasting` seconds, or the call is over.

        The default outlasts the pause between a question and its answer. Raises NobodyListens after `patience`.
        """
        deadline = self.clock.now() + patience
        since = self.clock.now()
        while not self.over and self.clock.now() - since < lasting:
            relay = self.relay
            if self.saying or (relay is not None and relay.busy):
                since = self.clock.now()
            if self.clock.now() > deadline:
                raise NobodyListens(f"somebody was still talking after {patience:g} s")
            await self.clock.sleep(0.05)

    def hang_up(self) -> None:
        """The person puts the phone down."""
        self.interrupt(HungUp("the person hung up"))

    def drop_socket(self) -> None:
        """Breaks the websocket between Twilio and the application. Raises NobodyListens when there is none."""
        relay = self.relay
        if relay is None:
            raise NobodyListens("no websocket is open on this call")
        relay.drop()

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
                self._set_status(interruption.status or ("completed" if self.answered else "no-answer"))
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

    @contextmanager
    def listen_with(self, listener: Listener) -> Iterator[None]:
        """Gives the person's speech and keys to `listener` while the block runs."""
        before = self._listener
        self._set_listener(listener)
        try:
            yield
        finally:
            self._set_listener(before)

    def answer(self) -> None:
        """The call is answered by the first verb that needs it."""
        if self._answered_at is None:
            self._answered_at = self.clock.now()
            self.started_at = self.clock.utc()
            self._set_status("in-progress", event="answered")

    def agent_said(self, text: str) -> None:
        """The relay spoke: a far leg of ours hears it as speech."""
        if self.far_leg is not None and text.strip():
            self.far_leg.overhear(text)

    def agent_sent_tones(self, digits: str) -> None:
        if self.far_leg is not None:
            for digit in digits:
                if digit not in "wW":
                    self.far_leg.press_one(digit)

    def overhear(self, text: str) -> None:
        """What the other leg says is this leg's person speaking, if anything listens."""
        self.note(happened.CallerSpoke(text=text, heard=self.listening))
        if self._listener is not None:
            self._listener.speak(text)

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
                    self._set_status(hung_up.status or ("completed" if self.answered else "no-answer"))
            await self._wind_up(reason)
        finally:
            self.journal.close()

    async def _wind_up(self, reason: str) -> None:
        self._set_listener(None)
        if not self.over:
            self._set_status("completed")
        self.ended_at = self.clock.utc()
        self.note(happened.CallEnded(status=self.status, reason=reason, seconds=self.seconds))
        if self.far_leg is not None:
            self.far_leg.interrupt(HungUp("the other side hung up"))
        await self.clock.sleep(self.timing.end_to_status_callback)
        self._report_status("completed")
        while self._errands:
            await asyncio.wait(self._errands)

    async def _run_twiml(self) -> str:
        """Runs document after document; gives the reason why the last one ended the call."""
        position: Next | None = None
        try:
            if self.options.direction != "inbound":
                await self._be_answered()
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
            extra |= {"StirVerstat": self.stir_verstat, "CallToken": _call_token(self.stir_verstat)}
        if self.answered_by is not None:
            extra["AnsweredBy"] = self.answered_by
        return Fetch(self._voice_url, self.options.voice_method, "voice", extra)

    async def _be_answered(self) -> None:
        """An outbound call rings at the far end until somebody or something answers; raises HungUp if nobody does."""
        self._report_status("initiated")
        self._set_status("ringing", event="ringing")
        phone = self.options.phone
        if self.far_leg is not None:
            far = self.far_leg
            await self.unless_interrupted(far.journal.until(lambda entry: far.answered or far.over))
            if not far.answered:
                raise HungUp("the called number did not answer", far.status if far.over else "no-answer")
        else:
            await self.pause(self.timing.ring if phone.after is None else phone.after)
            if phone.outcome is not None:
                raise HungUp(f"the phone was {phone.answer}", phone.outcome)
        if self.options.machine_detection:
            self.answer()
            await self.pause(phone.detection_seconds)
            self.answered_by = phone.answered_by(self.options.machine_detection)
        self.answer()
        if phone.says:
            errand = asyncio.create_task(self._speak_up(phone))
            self._errands.add(errand)
            errand.add_done_callback(self._errands.discard)

    async def _speak_up(self, phone: PhoneHabits) -> None:
        try:
            await self.say(phone.says)
        except NobodyListens:
            self.note(happened.CallerSpoke(text=phone.says, heard=False))

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

    async def _someone_listens(self, patience: float) -> Listener:
        deadline = self.clock.now() + patience
        while self._listener is None:
            left = deadline - self.clock.now()
            if self.over or left <= 0:
                raise NobodyListens("nothing on the line listens" if not self.over else "the call is over")
            try:
                await self.clock.within(left, self._listener_news.wait())
            except TimeoutError:
                continue
        return self._listener

    async def _until_agent_speaks(self, patience: float) -> None:
        begun = self.journal.until(
            lambda entry: isinstance(entry, happened.ClauseStarted), start=len(self.journal.entries)
        )
        try:
            found = await self.clock.within(patience, begun)
        except TimeoutError:
            found = None
        if found is None:
            raise NobodyListens(f"the agent did not speak within {patience:g} s")

    def _set_listener(self, listener: Listener | None) -> None:
        self._listener = listener
        self._listener_news.set()
        self._listener_news = asyncio.Event()

    def _renew_interruption(self) -> None:
        self._interruption = asyncio.get_running_loop().create_future()

    def _set_status(self, status: str, event: str | None = None) -> None:
        self.status = status
        self.note(happened.StatusChanged(status=status))
        if event is not None:
            self._report_status(event)

    def _report_status(self, event: str) -> None:
        """Sends a status callback if this call has one that wants `event` (sheet section 4.5)."""
        inbound = self.options.direction == "inbound"
        sequence = self._sequence
        if not inbound or event == "completed":
            self._sequence += 1
        wanted = event in (self.options.status_events if not inbound else {"completed"})
        if not self.options.status_callback or not wanted:
            return
        over = self.seconds if event == "completed" else None
        extra = forms.status_fields(sequence, self.clock.utc(), over)
        shown = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}.get(event, self.status)
        form = self.fields({**extra, "CallStatus": shown})
        errand = asyncio.create_task(self._send_status(form, sequence))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _send_status(self, form: Mapping[str, str], sequence: int) -> None:
        url, method = self.options.status_callback, self.options.status_callback_method
        faults = {rule.name for rule in self.faults.take_all("STATUS", url)}
        if "shuffle" in faults and sequence % 2 == 0:
            await self.clock.sleep(0.8)
        for _ in range(2 if "duplicate" in faults else 1):
            try:
                await self.webhooks.send("status", url, form, self.note, method)
            except WebhookFailed as failed:
                self.note(happened.AlertRaised(code=failed.code, text=str(failed), url=url))


def _call_token(stir_verstat: str) -> str:
    """JSON text around an opaque token, as forwardable calls carry it (sheet section 4.4)."""
    passport = {"attest": stir_verstat[-1:], "n": secrets.token_urlsafe(48)}
    return json.dumps({"parentCallInfoToken": secrets.token_urlsafe(96), "identityHeaderTokens": [passport]})
