"""One emulated Twilio account: its numbers, calls, queues, messages, and the outside phones they reach."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import forms
from .call import EmulatedCall
from .clock import Clock
from .conferences import Conference, Conferences
from .faults import Faults
from .happenings import Happening
from .ledger import Ledger
from .messages import Messages
from .numbers import PhoneNumber
from .options import CallOptions
from .phones import PhoneHabits
from .queues import Bridge, VoiceQueues
from .recordings import Recordings
from .studio import Flow
from .surroundings import InvalidTask
from .taskrouter.instructions import Instructions
from .taskrouter.workspaces import TaskRouter
from .timing import Timing
from .verify import DEMO_SERVICE_SID, Verifications
from .webhook import WebhookFailed, Webhooks
from .wire import ConnectSocket, Http

DEMO_ACCOUNT_SID = "AC" + "0" * 31 + "1"
DEMO_AUTH_TOKEN = "emulated-auth-token-0123456789ab"
DEMO_API_KEY_SID = "SK" + "0" * 31 + "1"
DEMO_API_KEY_SECRET = "emulated-api-key-secret-01234567"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the account answers to. The defaults are public constants: an emulator guards nothing."""

    account_sid: str = DEMO_ACCOUNT_SID
    auth_token: str = DEMO_AUTH_TOKEN
    api_key_sid: str = DEMO_API_KEY_SID
    api_key_secret: str = DEMO_API_KEY_SECRET


class UnknownNumber(LookupError):
    """The number is none of the account's, or has no VoiceUrl."""


class Exchange:
    """Everything calls share. Calls go on by themselves until they end or `close` ends them."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        clock: Clock,
        http: Http,
        connect_ws: ConnectSocket,
        timing: Timing | None = None,
        media_base: str = "https://api.twilio.com",
    ) -> None:
        """`media_base` is where recordings are fetched: the emulator's own address if it serves HTTP."""
        self.credentials = credentials
        self.clock = clock
        self.http = http
        self.connect_ws = connect_ws
        self.timing = timing or Timing()
        self.faults = Faults()
        self.ledger = Ledger(self._utc)
        self.queues = VoiceQueues(clock)
        self.numbers: dict[str, PhoneNumber] = {}
        """By number."""
        self.phones: dict[str, PhoneHabits] = {}
        """How outside phones behave, by number; `*` for all others."""
        self.calls: dict[str, EmulatedCall] = {}
        self.requests_open = 0
        """REST requests being answered now."""
        self.webhooks = Webhooks(http, credentials.auth_token, self.faults)
        self.messages = Messages(self)
        self.conferences = Conferences(clock, self._tell_of_conference)
        self.instructions = Instructions(self)
        self.taskrouter = TaskRouter(credentials.account_sid, clock, self.webhooks, self.ledger, self.instructions)
        self.recordings = Recordings(clock, credentials.account_sid, media_base, self._tell_of_recording)
        self.verifications = Verifications(self._utc, self.ledger)
        self.verifications.create_service("Emulated service", sid=DEMO_SERVICE_SID)
        self.flows: dict[str, Flow] = {}
        """Studio flows by sid."""
        self.lookups: dict[str, dict[str, dict[str, Any]]] = {}
        """What Lookup knows of a number: fields by package."""
        self.began_at = self._utc()
        self._news: set[Callable[[Happening], None]] = set()

    def add_number(self, number: str, **settings: str) -> PhoneNumber:
        """Gives the account a number; `settings` are fields of PhoneNumber such as `voice_url`."""
        now = self._utc()
        owned = PhoneNumber(number, now, now, **{"friendly_name": number, **settings})
        self.numbers[number] = owned
        return owned

    async def incoming(self, from_number: str, to_number: str, stir_verstat: str, options: CallOptions) -> EmulatedCall:
        """A phone calls one of the account's numbers. Raises UnknownNumber."""
        call = self._inbound(from_number, to_number, stir_verstat, options)
        await call.start()
        return call

    async def outgoing(self, from_number: str, to_number: str, url: str, options: CallOptions) -> EmulatedCall:
        """The account calls a phone: one of its own numbers, or one outside."""
        call = self._outbound(from_number, to_number, url, options)
        await call.start()
        return call

    def dial(
        self,
        caller: EmulatedCall,
        number: str,
        bridge: Bridge,
        *,
        caller_id: str,
        status_callback: str,
        status_events: frozenset[str],
        machine_detection: str,
    ) -> EmulatedCall:
        options = CallOptions(
            direction="outbound-dial",
            parent_call_sid=caller.sid,
            status_callback=status_callback,
            status_events=status_events,
            machine_detection=machine_detection,
            bridge=bridge,
        )
        leg = self._outbound(caller_id, number, "", options)
        leg.begin()
        return leg

    def make_task(
        self, call: EmulatedCall, workflow_sid: str, attributes: dict[str, Any], priority: int, timeout: int
    ) -> str:
        """The sid of the task for an enqueued call. Raises InvalidTask."""
        try:
            return self.taskrouter.enqueue(call, workflow_sid, attributes, priority, timeout).sid
        except ValueError as invalid:
            raise InvalidTask(str(invalid)) from invalid

    def drop_task(self, call: EmulatedCall, reason: str) -> None:
        """The enqueued call has left: its task is cancelled unless a worker has it."""
        found = self.taskrouter.task_of_call(call.sid)
        if found is not None:
            self.taskrouter.routing.cancel(*found, reason)

    def take_reservation(self, call: EmulatedCall, sid: str) -> str | None:
        found = self.taskrouter.find_reservation(sid)
        if found is None or found[1].status not in ("pending", "accepted"):
            self.ledger.enter("alert_raised", code=14223, text="the reservation cannot be taken any more", url="")
            return None
        workspace, reservation = found
        if reservation.status == "pending":
            reservation.task.attributes["worker_call_sid"] = call.sid
            self.taskrouter.routing.accept(workspace, reservation)
        return reservation.task.sid

    def end_reservation(self, sid: str, post_work_activity_sid: str) -> None:
        if (found := self.taskrouter.find_reservation(sid)) is not None:
            workspace, reservation = found
            after = {"post_work_activity_sid": post_work_activity_sid}
            self.instructions.after_talk(self.taskrouter.routing, workspace, reservation, after)

    def number_sid(self, call: EmulatedCall) -> str | None:
        ours = call.to_number if call.options.direction == "inbound" else call.from_number
        number = self.numbers.get(ours)
        return None if number is None else number.sid

    def phone(self, number: str) -> PhoneHabits:
        return self.phones.get(number) or self.phones.get("*") or PhoneHabits()

    async def follow_all(self) -> AsyncIterator[Happening]:
        """What happens on every call: all so far, then all to come."""
        news: asyncio.Queue[Happening] = asyncio.Queue()
        before = [entry for call in self.calls.values() for entry in call.journal.entries]
        self._news.add(news.put_nowait)
        try:
            for entry in before:
                yield entry
            while True:
                yield await news.get()
        finally:
            self._news.discard(news.put_nowait)

    async def close(self) -> None:
        for call in self.calls.values():
            await call.close()
        await self.messages.close()
        await self.conferences.close()
        await self.recordings.close()
        await self.instructions.close()
        await self.taskrouter.close()

    async def _tell_of_conference(self, conference: Conference, form: dict[str, str]) -> None:
        common = {"AccountSid": self.credentials.account_sid, "Timestamp": forms.rfc2822(self.clock.utc())}
        await self._tell("conference-status", conference.status_callback, {**common, **form}, conference.status_method)

    async def _tell_of_recording(self, url: str, form: Mapping[str, str], method: str) -> None:
        await self._tell("recording-status", url, form, method)

    async def _tell(self, kind: str, url: str, form: Mapping[str, str], method: str) -> None:
        try:
            await self.webhooks.send(kind, url, form, self.ledger.follow_call, method)
        except WebhookFailed as failed:
            self.ledger.enter("alert_raised", code=failed.code, text=str(failed), url=failed.url)

    def _inbound(self, from_number: str, to_number: str, stir_verstat: str, options: CallOptions) -> EmulatedCall:
        number = self.numbers.get(to_number)
        if number is None or not number.voice_url:
            raise UnknownNumber(f"{to_number} is not a number of this account with a VoiceUrl")
        options = dataclasses.replace(
            options,
            voice_method=number.voice_method,
            fallback_url=number.voice_fallback_url,
            fallback_method=number.voice_fallback_method,
            status_callback=number.status_callback,
            status_callback_method=number.status_callback_method,
            timing=self.timing,
        )
        return self._register(number.voice_url, from_number, to_number, stir_verstat, options)

    def _outbound(self, from_number: str, to_number: str, url: str, options: CallOptions) -> EmulatedCall:
        options = dataclasses.replace(options, phone=self.phone(to_number), timing=self.timing)
        call = self._register(url, from_number, to_number, "", options)
        if to_number in self.numbers and self.numbers[to_number].voice_url:
            # One leg calls out, another comes in: the recordings were made of one number calling itself.
            far = self._inbound(from_number, to_number, "TN-Validation-Passed-C", CallOptions())
            call.far_leg, far.far_leg = far, call
            far.begin()
        return call

    def _register(
        self, url: str, from_number: str, to_number: str, stir_verstat: str, options: CallOptions
    ) -> EmulatedCall:
        call = EmulatedCall(
            url,
            self.credentials.auth_token,
            self.credentials.account_sid,
            from_number,
            to_number,
            clock=self.clock,
            http=self.http,
            connect_ws=self.connect_ws,
            stir_verstat=stir_verstat,
            options=options,
            faults=self.faults,
            exchange=self,
        )
        self.calls[call.sid] = call
        call.journal.listen(self.ledger.follow_call)
        call.journal.listen(self._pass_on)
        return call

    def _pass_on(self, happening: Happening) -> None:
        for listener in tuple(self._news):
            listener(happening)

    def _utc(self) -> datetime:
        try:
            return self.clock.utc()
        except RuntimeError:  # no event loop yet: numbers given at the start
            return datetime.now(UTC)
