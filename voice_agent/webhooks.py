"""The HTTP side of Twilio: every `/twilio/*` request is measured, then proven, and only then has an effect.

Order for each of them (contract, section 3): signature header present and body at most 64 KiB, then the body, then the
signature over the configured public URL, then the effect. The voice webhook asks neither the CRM nor a model.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voice_agent.calls import MOST_RECONNECTS, Calls, Tickets
from voice_agent.connecting import connect
from voice_agent.errors import VoiceAgentError
from voice_agent.handoff.caller_webhooks import xml
from voice_agent.handoff.outcomes import Waiting
from voice_agent.handoff.placing import Placing
from voice_agent.handoff.telling import summarise
from voice_agent.journal import Journal
from voice_agent.lines import Line, Lines
from voice_agent.messaging.arriving import Arrivals
from voice_agent.recalling import Recalling
from voice_agent.settings import Settings
from voice_agent.surroundings import Wards
from voice_agent.twilio import signature, twiml

MOST_FIELDS = 200
SINGLE = frozenset({"StirVerstat"})
"""Fields that decide about trust: said twice they say nothing."""
OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})

log = logging.getLogger(__name__)

Form = dict[str, str]
Handler = Callable[[Form], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Webhooks:
    settings: Settings
    lines: Lines
    calls: Calls
    tickets: Tickets
    journal: Journal
    transfers: Placing
    """Takes a call that the agent hands over."""
    more: Mapping[str, Handler]
    """Path to handler: further webhooks of other modules, proven like these. Query parameters join the form."""
    arrivals: Arrivals
    wards: Wards
    recalling: Recalling
    off: Callable[[], frozenset[str]] = frozenset
    """Names of lines whose callers are put through to a person at once."""
    draining: Callable[[], bool] = lambda: False
    """Whether that holds for all lines: this process is about to end."""

    def routes(self) -> list[Route]:
        table: dict[str, Handler] = {
            "/twilio/voice": self.voice,
            "/twilio/ended": self.ended,
            "/twilio/call-status": self.call_status,
            "/twilio/message": self.message,
            "/twilio/message-status": self.message_status,
            **self.more,
        }
        return [Route(path, self._signed(handler), methods=["POST"]) for path, handler in table.items()]

    def _signed(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            given = request.headers.get("x-twilio-signature", "")
            length = request.headers.get("content-length", "0")
            if not given:
                return Response("no signature", 403)
            if not (length.isascii() and length.isdigit()) or int(length) > signature.MOST_BODY_BYTES:
                return Response("too large", 413)
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > signature.MOST_BODY_BYTES:
                    return Response("too large", 413)
            url = self.settings.public_url.rstrip("/") + request.url.path
            if request.url.query:
                url += f"?{request.url.query}"
            try:
                fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
            except ValueError:
                return Response("too many fields", 400)
            if not signature.valid(self.settings.auth_tokens, given, url, fields):
                log.warning("webhook refused: signature does not match", extra={"path": request.url.path})
                return Response("signature does not match", 403)
            form = {name: values[-1] for name, values in fields.items() if len(values) == 1 or name not in SINGLE}
            return await handler(dict(request.query_params) | form)

        return endpoint

    # -- voice -----------------------------------------------------------------------------------------------------

    async def voice(self, form: Form) -> Response:
        call_sid = form.get("CallSid", "")
        if not call_sid:
            return Response("no CallSid", 400)
        if (earlier := self.calls.answered(call_sid)) is not None:
            return xml(earlier)
        line = self.lines.by_number(form.get("To", ""))
        if line is None:
            log.error("no line has this number; add it to lines.toml", extra={"called": form.get("To", "")})
            return xml(twiml.say("This number is not in service. Goodbye.", hang_up=True))
        caller, attestation = form.get("From", ""), form.get("StirVerstat", "")
        if line.name in self.off() or self.draining():
            reason = "line_off" if line.name in self.off() else "drain"
            arriving = Waiting(call_sid, 1, line.name, line.hand_off, caller, reason=reason)
            speak = line.speaker("en")
            danger = "" if line.role == "technician" else speak("gateway.danger")  # nobody listens for it in a queue
            answer = await self.transfers.hand_over(arriving, say=f"{danger} {speak('hand_off')}".strip())
        else:
            answer = self.connect(call_sid, line, caller, attestation, greeting=line.greeting)
        self.calls.remember(call_sid, answer)
        log.info("call answered", extra={"call_sid": call_sid, "line": line.name})
        return xml(answer)

    def connect(self, call_sid: str, line: Line, caller: str, attestation: str, *, greeting: str) -> str:
        """TwiML that opens a socket for this call, with a ticket for it."""
        return connect(self.settings, self.tickets, call_sid, line, caller, attestation, greeting=greeting)

    async def ended(self, form: Form) -> Response:
        """`<Connect action>`: the socket is gone. Was it us, the caller, or the line between?"""
        call_sid, status = form.get("CallSid", ""), form.get("SessionStatus", "")
        key = f"{call_sid}:{form.get('SessionId', '')}"
        if (earlier := self.calls.answered(key)) is not None:
            return xml(earlier)
        log.info("session ended", extra={"call_sid": call_sid, "status": status, "code": form.get("ErrorCode", "")})
        if form.get("CallStatus") in OVER or status == "completed":
            self.calls.over(call_sid, "hangup")
            await self.transfers.ended(call_sid)
            return xml(twiml.response())
        session = self.calls.get(call_sid)
        if session is not None:
            session.give_up_socket()
        answer = await self._again(call_sid, status) if session is None else None
        answer = answer or await self._after(call_sid, status, form)
        if session is not None and session.handed_off is None and status == "ended":
            self.calls.over(call_sid, "ended")
        self.calls.let_go(call_sid)
        self.calls.remember(key, answer)
        return xml(answer)

    async def _again(self, call_sid: str, status: str) -> str | None:
        """The process that held this call is gone and this one goes on with it; None if nothing is known of it."""
        if status == "ended" or (past := await self.recalling.past(call_sid)) is None:
            return None
        line = self.lines.by_name(past.line)
        if line is None or past.sockets > MOST_RECONNECTS:
            return None
        self.calls.expect_back(call_sid, past)
        return self.connect(call_sid, line, past.caller, past.attestation, greeting="")

    async def _after(self, call_sid: str, status: str, form: Form) -> str:
        session = self.calls.get(call_sid)
        reason = _handoff_reason(form.get("HandoffData", ""))
        if session is None:
            line = self.lines.by_number(form.get("To", ""))
            if status == "ended" and not reason:
                return twiml.hang_up()
            if line is None:
                return twiml.say("Sorry, we were cut off. Please call again.", hang_up=True)
            return await self._to_a_person(call_sid, line, form, say=line.speaker("en")("hand_off"))
        if session.handed_off or reason:
            return await self._to_a_person(call_sid, session.line, form)
        if status == "ended":
            return twiml.hang_up()
        if session.sockets > MOST_RECONNECTS:
            log.error("socket lost too often; a person takes over", extra={"call_sid": call_sid})
            return await self._to_a_person(call_sid, session.line, form)
        grant = session.identity.grant
        return self.connect(call_sid, session.line, grant.number, session.identity.attestation, greeting="")

    async def _to_a_person(self, call_sid: str, line: Line, form: Form, say: str = "") -> str:
        session = self.calls.get(call_sid)
        if session is None:
            coming = Waiting(call_sid, 1, line.name, line.hand_off, form.get("From", ""), reason="lost")
            return await self.transfers.hand_over(coming, say=say)
        grant, summary = session.identity.grant, summarise(session.record.entries)
        reason = session.handed_off or "line_lost"
        session.note("handed_off", queue=line.hand_off, reason=reason, summary=summary.as_json()["lines"])
        coming = Waiting(
            call_sid,
            1,
            line.name,
            line.hand_off,
            grant.number,
            name=summary.caller,
            contact=str(grant.contact.id) if grant.contact is not None and grant.level else "",
            lang=session.call.lang,
            reason=reason,
            urgent=session.call.emergency is not None,
            summary=summary.as_json(),
        )
        return await self.transfers.hand_over(coming, say=say)

    # -- status, messages --------------------------------------------------------------------------------------------

    async def call_status(self, form: Form) -> Response:
        if form.get("CallStatus") in OVER:
            self.calls.over(form.get("CallSid", ""), form["CallStatus"])
            await self.transfers.ended(form.get("CallSid", ""))
        return Response(status_code=204)

    async def message(self, form: Form) -> Response:
        self.wards.start(_noted(self.arrivals.message(form)))
        return xml(twiml.response())

    async def message_status(self, form: Form) -> Response:
        self.wards.start(_noted(self.arrivals.status(form)))
        return Response(status_code=204)


async def _noted(work: Awaitable[None]) -> None:
    try:
        await work
    except VoiceAgentError as error:
        log.error("a message webhook came to nothing", extra={"error": type(error).__name__, "why": str(error)})


def _handoff_reason(data: str) -> str:
    """The reason in `HandoffData`, "" without one; malformed data still means that we asked for a person."""
    if not data:
        return ""
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        return "unknown"
    return str(parsed.get("reason") or "unknown") if isinstance(parsed, dict) else "unknown"
