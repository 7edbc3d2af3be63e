"""`/emulator/...`: what a test, a phone page or a person does to the emulator that no Twilio account could."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from .call import EmulatedCall
from .exchange import Exchange, UnknownNumber
from .faults import InvalidFault
from .happenings import Happening
from .options import CallOptions
from .person import NobodyListens
from .phones import PhoneHabits, UnknownAnswer
from .relay.ear import Habits
from .relay.faults import RelayFault
from .verify import DEMO_SERVICE_SID

KEEP_ALIVE_SECONDS = 15.0


def routes(info: Mapping[str, Any]) -> list[Route]:
    """The control routes; `info` is what `GET /emulator/info` adds to the account's own data."""

    async def show_info(request: Request) -> Response:
        exchange = _exchange(request)
        credentials = exchange.credentials
        twilio = {
            "base_url": str(request.base_url).rstrip("/"),
            "account_sid": credentials.account_sid,
            "auth_token": credentials.auth_token,
            "api_key_sid": credentials.api_key_sid,
            "api_key_secret": credentials.api_key_secret,
            "verify_service_sid": DEMO_SERVICE_SID,
        }
        return JSONResponse({"callers": [], "lines": [], "salesforce": {}, **info, "twilio": twilio})

    return [
        Route("/emulator/info", show_info),
        Route("/emulator/faults", _faults, methods=["GET", "POST", "DELETE"]),
        Route("/emulator/clock", _clock, methods=["GET", "POST"]),
        Route("/emulator/ledger", _ledger),
        Route("/emulator/phones", _phones, methods=["GET", "POST"]),
        Route("/emulator/messages", _receive_message, methods=["POST"]),
        Route("/emulator/calls", _calls, methods=["GET", "POST"]),
        Route("/emulator/calls/events", _all_events),
        Route("/emulator/calls/{sid}", _call),
        Route("/emulator/calls/{sid}/events", _events),
        Route("/emulator/calls/{sid}/happenings", _happenings),
        Route("/emulator/calls/{sid}/{act}", _act, methods=["POST"]),
    ]


def _exchange(request: Request) -> Exchange:
    exchange: Exchange = request.app.state.exchange
    return exchange


def _refusal(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


async def _body(request: Request) -> Any:
    raw = await request.body()
    return json.loads(raw) if raw.strip() else {}


async def _faults(request: Request) -> Response:
    exchange = _exchange(request)
    match request.method:
        case "DELETE":
            exchange.faults.clear()
        case "POST":
            rules = await _body(request)
            try:
                for rule in rules if isinstance(rules, list) else [rules]:
                    exchange.faults.add(rule)
            except InvalidFault as invalid:
                return _refusal(400, str(invalid))
        case _:
            pass
    return JSONResponse(exchange.faults.as_json())


async def _clock(request: Request) -> Response:
    """`{"speed": 20}`, `{"freeze": true}`, `{"freeze": false}`, `{"advance": 60}`, in this order if combined."""
    clock = _exchange(request).clock
    if request.method == "POST":
        wanted = await _body(request)
        try:
            if "speed" in wanted:
                clock.run_at(float(wanted["speed"]))
        except ValueError as exc:
            return _refusal(400, str(exc))
        if "freeze" in wanted:
            clock.freeze() if wanted["freeze"] else clock.thaw()
        if "advance" in wanted:
            await clock.advance(float(wanted["advance"]))
    return JSONResponse({"now": clock.utc().isoformat(), "speed": clock.speed, "frozen": clock.frozen})


async def _ledger(request: Request) -> Response:
    return JSONResponse(_exchange(request).ledger.entries)


async def _phones(request: Request) -> Response:
    """How outside phones behave: `{"number": "+1...", "answer": "human", "after": 2, "says": "Hi", "presses": "1"}`,
    `*` for all. `manual` ones wait for `answer` or `decline` on the call that makes them ring. With `hangs_up` they put
    the phone down after what they press.

    `undeliverable` is the error code that ends messages to it, `lookup` the packages that Lookup answers with.
    """
    exchange = _exchange(request)
    if request.method == "POST":
        given = await _body(request)
        try:
            habits = PhoneHabits(
                given.get("answer", "human"),
                given.get("after"),
                given.get("says", ""),
                given.get("presses", ""),
                given.get("hangs_up", False),
            )
        except UnknownAnswer as exc:
            return _refusal(400, str(exc))
        exchange.phones[str(given.get("number", "*"))] = habits
        if "lookup" in given:
            exchange.lookups[str(given["number"])] = given["lookup"]
        if "undeliverable" in given:
            exchange.messages.undeliverable[str(given["number"])] = int(given["undeliverable"])
    return JSONResponse(
        {
            number: {"answer": phone.answer, "after": phone.after, "says": phone.says, "presses": phone.presses}
            for number, phone in exchange.phones.items()
        }
    )


async def _receive_message(request: Request) -> Response:
    """A text message from outside: `{"from", "to", "body"}`."""
    given = await _body(request)
    message = await _exchange(request).messages.receive(given["from"], given["to"], given["body"])
    return JSONResponse({"message_sid": message.sid}, 201)


async def _calls(request: Request) -> Response:
    """POST places an incoming call: `{"from", "to", "stir_verstat", "options": {split_finals, faults, fields}}`."""
    exchange = _exchange(request)
    if request.method == "GET":
        return JSONResponse([state(call) for call in exchange.calls.values()])
    given = await _body(request)
    asked = given.get("options") or {}
    try:
        options = CallOptions(
            habits=Habits(split_finals=bool(asked.get("split_finals"))),
            relay_faults=frozenset(RelayFault(name) for name in asked.get("faults", ())),
            extra={str(name): str(value) for name, value in (asked.get("fields") or {}).items()},
        )
        call = await exchange.incoming(
            given["from"], given["to"], given.get("stir_verstat", "TN-Validation-Passed-A"), options
        )
    except UnknownNumber as exc:
        return _refusal(404, str(exc))
    except (KeyError, ValueError) as exc:
        return _refusal(400, f"not understood: {exc}")
    return JSONResponse({"call_sid": call.sid}, 201)


def state(call: EmulatedCall) -> dict[str, Any]:
    """A call at this moment."""
    return {
        "call_sid": call.sid,
        "from": call.from_number,
        "to": call.to_number,
        "direction": call.options.direction,
        "status": call.status,
        "seconds": call.seconds,
        "waits_for_answer": call.doorbell is not None,
        "listening": call.listening,
        "agent_speaking": call.agent_is_speaking,
        "relay_open": call.relay is not None,
        "happenings": len(call.journal.entries),
    }


async def _call(request: Request) -> Response:
    call = _exchange(request).calls.get(request.path_params["sid"])
    return _refusal(404, "no such call") if call is None else JSONResponse(state(call))


async def _happenings(request: Request) -> Response:
    """All that has happened on a call, or from the `from`th on: a JSON list, for who asks now and then."""
    call = _exchange(request).calls.get(request.path_params["sid"])
    if call is None:
        return _refusal(404, "no such call")
    first = int(request.query_params.get("from", "0"))
    return JSONResponse([happening.as_json() for happening in call.journal.entries[max(0, first) :]])


async def _act(request: Request) -> Response:
    """`say {"text"}`, `press {"keys"}`, `bargein {"text"}`, `quiet`, `hangup`, `drop`, and of a manual
    phone `answer`, `decline`; 409 when it cannot be done now.

    `patience` is how many emulated seconds to wait for a moment at which it can.
    """
    call = _exchange(request).calls.get(request.path_params["sid"])
    if call is None:
        return _refusal(404, "no such call")
    given = await _body(request)
    patience = float(given.get("patience", 10.0))
    try:
        match request.path_params["act"]:
            case "say":
                await call.say(str(given["text"]), patience=patience)
            case "press":
                await call.press(str(given["keys"]), patience=patience)
            case "bargein":
                await call.barge_in(str(given["text"]), patience=patience)
            case "quiet":
                await call.quiet(lasting=float(given.get("lasting", 1.2)), patience=float(given.get("patience", 60.0)))
            case "answer":
                call.pick_up()
            case "decline":
                call.pick_up(answered=False)
            case "hangup":
                call.hang_up()
            case "drop":
                call.drop_socket()
            case other:
                return _refusal(404, f"there is nothing called {other} to do on a call")
    except NobodyListens as exc:
        return _refusal(409, str(exc))
    except KeyError as exc:
        return _refusal(400, f"{exc} is missing")
    return JSONResponse(state(call))


async def _events(request: Request) -> Response:
    call = _exchange(request).calls.get(request.path_params["sid"])
    if call is None:
        return _refusal(404, "no such call")
    start = int(request.query_params.get("from", request.headers.get("last-event-id", "-1"))) + 1
    if "from" in request.query_params:
        start -= 1
    return _stream(call.happenings(max(0, start)), start)


async def _all_events(request: Request) -> Response:
    return _stream(_exchange(request).follow_all(), 0)


def _stream(happenings: AsyncIterator[Happening], start: int) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_server_sent(happenings, start), media_type="text/event-stream", headers=headers)


async def _server_sent(happenings: AsyncIterator[Happening], start: int) -> AsyncIterator[str]:
    """One event for each happening, numbered from the start of the call, and a comment when it is quiet."""
    number = start
    pending: asyncio.Task[Happening] | None = None
    try:
        while True:
            if pending is None:
                pending = asyncio.ensure_future(_following(happenings))
            done, _ = await asyncio.wait({pending}, timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield ": still here\n\n"
                continue
            try:
                happening = pending.result()
            except StopAsyncIteration:
                return
            pending = None
            about = happening.as_json()
            yield f"id: {number}\nevent: {about['type']}\ndata: {json.dumps(about)}\n\n"
            number += 1
    finally:
        if pending is not None:
            pending.cancel()


async def _following(happenings: AsyncIterator[Happening]) -> Happening:
    return await anext(happenings)
