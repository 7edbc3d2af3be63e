"""Text messages: sending with status callbacks, the opt-out register, and messages that come in (sheet section 6)."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import forms
from . import happenings as happened
from .happenings import Happening
from .segments import count_segments
from .sids import new_sid
from .twiml import TwimlError, parse, text_of
from .webhook import WebhookFailed

if TYPE_CHECKING:
    from .exchange import Exchange

STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START_WORDS = {"START", "YES", "UNSTOP"}
HELP_WORDS = {"HELP", "INFO"}
STOPPED = "You have successfully been unsubscribed. You will not receive any more messages from this number."
STARTED = "You have successfully been re-subscribed to messages from this number."
MOST_CHARACTERS = 1600
STEP_SECONDS = 0.8
"""Between two statuses of a message on its way (our figure)."""


class MessageRefused(ValueError):
    """HTTP 400 with Twilio's code (sheet section 6.5)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(slots=True)
class Message:
    to_number: str
    from_number: str
    body: str
    direction: str
    """`inbound`, `outbound-api` or `outbound-reply`."""
    status: str
    created_at: datetime
    updated_at: datetime
    status_callback: str = ""
    media: tuple[str, ...] = ()
    sent_at: datetime | None = None
    error_code: int | None = None
    segments: int = 1
    sid: str = field(default_factory=lambda: new_sid("SM"))


class Messages:
    """All messages of the account, newest last."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self.by_sid: dict[str, Message] = {}
        self.opted_out: set[tuple[str, str]] = set()
        """Pairs of our number and the number that told it to stop."""
        self.undeliverable: dict[str, int] = {}
        """Outside numbers whose messages end as `undelivered`, and the error code."""
        self.alerts: list[Happening] = []
        self._errands: set[asyncio.Task[None]] = set()

    def send(
        self,
        to_number: str,
        from_number: str,
        body: str,
        *,
        media: tuple[str, ...] = (),
        status_callback: str = "",
        direction: str = "outbound-api",
    ) -> Message:
        """Queues a message; its statuses follow by themselves. Raises MessageRefused."""
        if not to_number.startswith("+") or not to_number[1:].isdigit() or not 8 <= len(to_number) <= 16:
            raise MessageRefused(21211, f"The 'To' number {to_number} is not a valid phone number.")
        if from_number not in self._exchange.numbers:
            raise MessageRefused(21606, f"The 'From' phone number {from_number} is not a valid, SMS-capable number.")
        if not body and not media:
            raise MessageRefused(21619, "A text message body or media urls must be specified.")
        if len(body) > MOST_CHARACTERS:
            raise MessageRefused(21617, "The concatenated message body exceeds the 1600 character limit.")
        if (from_number, to_number) in self.opted_out:
            raise MessageRefused(21610, "Attempt to send to unsubscribed recipient")
        return self._send(to_number, from_number, body, media, status_callback, direction)

    async def receive(self, from_number: str, to_number: str, body: str) -> Message:
        """A message from outside to one of our numbers: kept, answered if it is STOP, START or HELP, passed on."""
        message = self._new(to_number, from_number, body, (), "", "inbound", "received")
        word, pair = body.strip().upper(), (to_number, from_number)
        opt_out = ""
        if word in STOP_WORDS:
            opt_out = "STOP"
            if pair not in self.opted_out:
                self._send(from_number, to_number, STOPPED, (), "", "outbound-reply")
            self.opted_out.add(pair)
        elif word in START_WORDS and (word != "YES" or pair in self.opted_out):
            opt_out = "START"
            self.opted_out.discard(pair)
            self._send(from_number, to_number, STARTED, (), "", "outbound-reply")
        elif word in HELP_WORDS:
            opt_out = "HELP"
        self._exchange.ledger.enter("message_received", **self._about(message), body=body)
        self._do(self._pass_on(message, opt_out))
        return message

    def redact(self, message: Message) -> None:
        message.body = ""
        message.updated_at = self._exchange.clock.utc()
        self._exchange.ledger.enter("message_redacted", sid=message.sid)

    async def close(self) -> None:
        for errand in tuple(self._errands):
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)

    def _send(
        self, to_number: str, from_number: str, body: str, media: tuple[str, ...], callback: str, direction: str
    ) -> Message:
        message = self._new(to_number, from_number, body, media, callback, direction, "queued")
        self._exchange.ledger.enter("message_sent", **self._about(message), body=body)
        self._do(self._deliver(message))
        return message

    def _new(
        self,
        to_number: str,
        from_number: str,
        body: str,
        media: tuple[str, ...],
        callback: str,
        direction: str,
        status: str,
    ) -> Message:
        now = self._exchange.clock.utc()
        message = Message(to_number, from_number, body, direction, status, now, now, callback, media)
        message.segments = count_segments(body)
        self.by_sid[message.sid] = message
        return message

    async def _deliver(self, message: Message) -> None:
        """queued → sent → delivered, or undelivered with a code; a callback each (sheet section 6.2)."""
        code = self.undeliverable.get(message.to_number)
        for status in ("queued", "sent", "undelivered" if code else "delivered"):
            if status != "queued":
                await self._exchange.clock.sleep(STEP_SECONDS)
                message.updated_at = self._exchange.clock.utc()
                message.status = status
                if status == "sent":
                    message.sent_at = message.updated_at
                if status == "undelivered":
                    message.error_code = code
                self._exchange.ledger.enter("message_status", sid=message.sid, status=status)
            if message.status_callback:
                self._do(self._call_back(message, status))

    async def _call_back(self, message: Message, status: str) -> None:
        faults = {rule.name for rule in self._exchange.faults.take_all("STATUS", message.status_callback)}
        if "shuffle" in faults and status == "sent":
            await self._exchange.clock.sleep(2 * STEP_SECONDS)
        form = {**self._fields(message), "MessageStatus": status, "SmsStatus": status}
        if message.error_code is not None and status == "undelivered":
            form["ErrorCode"] = str(message.error_code)
        if status in ("delivered", "undelivered"):
            form["RawDlrDoneDate"] = message.updated_at.strftime("%y%m%d%H%M")
        for _ in range(2 if "duplicate" in faults else 1):
            await self._post("message-status", message.status_callback, form)

    async def _pass_on(self, message: Message, opt_out: str) -> None:
        number = self._exchange.numbers.get(message.to_number)
        if number is None or not number.sms_url:
            return
        form = {
            **self._fields(message),
            "SmsMessageSid": message.sid,
            "Body": message.body,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            "SmsStatus": "received",
        }
        for side, party in (("From", message.from_number), ("To", message.to_number)):
            form |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": forms.country(party)}
        if opt_out:
            form["OptOutType"] = opt_out
        body = await self._post("message", number.sms_url, form, number.sms_method)
        if body is None and number.sms_fallback_url:
            form |= {"ErrorCode": "11200", "ErrorUrl": number.sms_url}
            body = await self._post("fallback", number.sms_fallback_url, form, number.sms_fallback_method)
        for reply in body or ():
            self._send(message.from_number, message.to_number, reply, (), "", "outbound-reply")

    async def _post(self, kind: str, url: str, form: dict[str, str], method: str = "POST") -> tuple[str, ...] | None:
        """The texts of `<Message>` verbs in the answer; None when the webhook failed."""
        try:
            answer = await self._exchange.webhooks.send(kind, url, form, self._note, method)
            if kind == "message-status":
                return ()
            document = parse(answer.body, answer.headers.get("content-type", ""), url)
        except (WebhookFailed, TwimlError) as failed:
            self._note(happened.AlertRaised(code=failed.code, text=str(failed), url=url))
            return None
        return tuple(text_of(verb) for verb in document.root if verb.tag in ("Message", "Sms"))

    def _fields(self, message: Message) -> dict[str, str]:
        return {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": self._exchange.credentials.account_sid,
            "From": message.from_number,
            "To": message.to_number,
            "ApiVersion": forms.API_VERSION,
        }

    def _about(self, message: Message) -> dict[str, str]:
        return {
            "sid": message.sid,
            "to": message.to_number,
            "from": message.from_number,
            "direction": message.direction,
        }

    def _note(self, happening: Happening) -> None:
        self.alerts.append(happening)
        self._exchange.ledger.follow_call(happening)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
