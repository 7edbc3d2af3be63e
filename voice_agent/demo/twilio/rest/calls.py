"""Calls over REST: create, look at, list, redirect and end (sheet section 7.2)."""

from typing import Any

from starlette.responses import Response

from ..call import EmulatedCall
from ..flow import Fetch, Next
from ..options import CallOptions
from ..twiml import TwimlError, parse
from .answers import API, RestError, matches_date, not_built, not_found, page_2010, rfc2822
from .gate import Call, created, deleted, found

NOT_BUILT = {"ApplicationSid": "TwiML apps", "Byoc": "BYOC trunks", "SipAuthUsername": "SIP"}
MOST_TWIML = 4000
STATUS_EVENTS = {"initiated", "ringing", "answered", "completed"}
SUBRESOURCES = ("Events", "Notifications", "Payments", "Recordings", "Siprec", "Streams", "Transcriptions")


async def create(request: Call) -> Response:
    form = request.form
    for name, what in NOT_BUILT.items():
        if form.has(name):
            raise not_built(f"{name} ({what})")
    to_number, from_number = form.text("To"), form.text("From") or form.text("CallerId")
    if not to_number:
        raise RestError(400, 21201, "No 'To' number is specified")
    if not from_number:
        raise RestError(400, 21213, "Caller ID is missing: no 'From' number is specified")
    if not _is_number(to_number):
        raise RestError(400, 21211, f"The phone number you are attempting to call, {to_number}, is not valid.")
    if from_number not in request.exchange.numbers:
        raise RestError(400, 21210, f"The source phone number provided, {from_number}, is not yet verified.")
    if form.text("Record") == "true":
        raise not_built("Record (recordings)")
    url, twiml = form.text("Url"), form.text("Twiml")
    if not url and not twiml:
        raise RestError(400, 21205, "Url parameter is required.")
    if len(twiml) > MOST_TWIML:
        raise RestError(400, 21218, "Twiml may hold 4000 characters")
    events = {word for value in form.all("StatusCallbackEvent") for word in value.split()}
    if events - STATUS_EVENTS:
        raise RestError(400, 21626, f"Unknown StatusCallbackEvent: {', '.join(sorted(events - STATUS_EVENTS))}")
    options = CallOptions(
        direction="outbound-api",
        voice_method=form.text("Method", "POST"),
        twiml=None if url else twiml,
        fallback_url=form.text("FallbackUrl"),
        fallback_method=form.text("FallbackMethod", "POST"),
        status_callback=form.text("StatusCallback"),
        status_callback_method=form.text("StatusCallbackMethod", "POST"),
        status_events=frozenset(events or {"completed"}),
        machine_detection=form.text("MachineDetection"),
        send_digits=form.text("SendDigits"),
        ring_limit=form.number("Timeout", 60, 1, 600),
    )
    call = await request.exchange.outgoing(from_number, to_number, url, options)
    return created(show(call))


async def fetch(request: Call) -> Response:
    return found(show(_call(request)))


async def list_all(request: Call) -> Response:
    query = request.query
    wanted = [
        call
        for call in reversed(list(request.exchange.calls.values()))
        if query.text("To", call.to_number) == call.to_number
        and query.text("From", call.from_number) == call.from_number
        and query.text("Status", call.status) == call.status
        and query.text("ParentCallSid", call.options.parent_call_sid) == call.options.parent_call_sid
        and matches_date(call.started_at or call.created_at, "StartTime", query)
        and matches_date(call.ended_at, "EndTime", query)
    ]
    return found(page_2010("calls", wanted, show, request.path, query))


async def update(request: Call) -> Response:
    """`Status=canceled|completed`, or `Url`/`Twiml`: the live call leaves what it does and runs that."""
    call, form = _call(request), request.form
    status = form.text("Status")
    if call.over:
        raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
    if status == "completed":
        call.complete("completed" if call.answered else "canceled")
    elif status == "canceled":
        if call.answered:
            raise RestError(400, 21220, "Call is in progress: it can be completed, not canceled.")
        call.complete("canceled")
    elif status:
        raise RestError(400, 20001, "Status must be canceled or completed")
    if form.has("FallbackUrl"):
        call.fallback = Fetch(form.text("FallbackUrl"), form.text("FallbackMethod", "POST"), "fallback")
    if form.text("Url") or form.text("Twiml"):
        call.redirect(_target(request))
    return found(show(call))


async def delete(request: Call) -> Response:
    call = _call(request)
    if not call.over:
        raise RestError(400, 20001, "A call in progress cannot be deleted")
    del request.exchange.calls[call.sid]
    return deleted()


def show(call: EmulatedCall) -> dict[str, Any]:
    """The call resource; numbers as text, `duration` null until the call is over."""
    uri = f"/{API}/Accounts/{call.account_sid}/Calls/{call.sid}"
    owned = call.exchange.number_sid(call) if call.exchange is not None else None
    return {
        "sid": call.sid,
        "parent_call_sid": call.options.parent_call_sid or None,
        "account_sid": call.account_sid,
        "to": call.to_number,
        "to_formatted": formatted(call.to_number),
        "from": call.from_number,
        "from_formatted": formatted(call.from_number),
        "phone_number_sid": owned,
        "status": call.status,
        "start_time": rfc2822(call.started_at),
        "end_time": rfc2822(call.ended_at),
        "duration": str(call.seconds) if call.over else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.options.direction,
        "answered_by": call.answered_by,
        "annotation": None,
        "api_version": API,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "stir_verstat": call.stir_verstat or None,
        "trunk_sid": None,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.ended_at or call.started_at or call.created_at),
        "uri": f"{uri}.json",
        "subresource_uris": {name.lower(): f"{uri}/{name}.json" for name in SUBRESOURCES},
    }


def formatted(number: str) -> str:
    """`(555) 010-0001` for North American numbers, others as they are."""
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _call(request: Call) -> EmulatedCall:
    call = request.exchange.calls.get(request.part["sid"])
    if call is None:
        raise not_found(request.path)
    return call


def _target(request: Call) -> Next:
    url = request.form.text("Url")
    if url:
        return Fetch(url, request.form.text("Method", "POST"), "redirect")
    try:
        return parse(request.form.text("Twiml"), None, "")
    except TwimlError as bad:
        raise RestError(400, bad.code, str(bad)) from bad


def _is_number(text: str) -> bool:
    return text.startswith("+") and text[1:].isdigit() and 8 <= len(text) <= 16
