"""What every REST request passes: credentials, ordered faults, the method, Twilio's response headers."""

import asyncio
import base64
import binascii
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..exchange import Credentials, Exchange
from ..faults import REST_FAULTS, Rule
from ..severing import SEVER
from .answers import Parameters, RestError, not_found

MOST_CONCURRENT = 100
"""Requests at a time before 20429 (Twilio limits concurrency, not rate; the figure is ours)."""
HANG_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API: where, by what parameters, on which account."""

    exchange: Exchange
    path: str
    """Without the host's part."""
    host: str
    """`api.twilio.com` and so on."""
    part: Mapping[str, str]
    """What stands in the path: `sid`, `account`..."""
    query: Parameters
    form: Parameters
    headers: Mapping[str, str]


Handler = Callable[[Call], Awaitable[Response]]


class Resource:
    """One path of the API with a handler for each method."""

    def __init__(self, host: str, prefix: str, **handlers: Handler) -> None:
        self._host = host
        self._prefix = prefix
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        began = time.perf_counter()
        exchange: Exchange = request.app.state.exchange
        exchange.requests_open += 1
        try:
            fault = exchange.faults.take(request.method, request.url.path)
            response = await self._answer(request, exchange, fault)
        except RestError as error:
            response = error.answer()
        finally:
            exchange.requests_open -= 1
        response.headers["Twilio-Request-Id"] = f"RQ{secrets.token_hex(16)}"
        response.headers["Twilio-Concurrent-Requests"] = str(exchange.requests_open + 1)
        response.headers["Twilio-Request-Duration"] = f"{time.perf_counter() - began:.3f}"
        await response(scope, receive, send)

    async def _answer(self, request: Request, exchange: Exchange, fault: Rule | None) -> Response:
        path = request.url.path.removeprefix(self._prefix)
        if fault is not None and fault.name in REST_FAULTS:
            early = await _early(fault, request)
            if early is not None:
                return early
        if exchange.requests_open > MOST_CONCURRENT:
            raise RestError(429, 20429, "Too Many Requests")
        _authenticate(request, exchange.credentials, request.path_params.get("account"))
        handler = self._handlers.get(request.method)
        if handler is None:
            raise RestError(405, 20004, f"Method {request.method} not allowed on {path}")
        form = Parameters(await request.form())
        query = Parameters(request.query_params)
        call = Call(exchange, path, self._host, request.path_params, query, form, request.headers)
        response = await handler(call)
        if fault is not None and fault.name == "apply_then_hang":
            await _hang(request)
            return _broken_off()
        return response


async def unknown(request: Request) -> Response:
    """Any other path of an API host."""
    try:
        _authenticate(request, request.app.state.exchange.credentials, None)
        raise not_found(request.url.path)
    except RestError as error:
        return error.answer()


def resource(host: str, prefix: str, path: str, **handlers: Handler) -> Route:
    return Route(prefix + path, Resource(host, prefix, **handlers), include_in_schema=False)


def _authenticate(request: Request, credentials: Credentials, account: str | None) -> None:
    """Basic auth by account and token, or by API key; the path must name the same account (sheet section 7.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    pairs = {
        credentials.account_sid: credentials.auth_token,
        credentials.api_key_sid: credentials.api_key_secret,
    }
    known = scheme.lower() == "basic" and secrets.compare_digest(pairs.get(user, "").encode(), password.encode())
    if not known or not password:
        raise RestError(401, 20003, "Authenticate")
    if account is not None and account != credentials.account_sid:
        raise RestError(401, 20003, "Authenticate: the path names another account")


async def _early(fault: Rule, request: Request) -> Response | None:
    """What a fault does before the request is looked at; None lets the request go on."""
    match fault.name:
        case "status":
            status = int(fault.detail.get("status", 500))
            code = int(fault.detail.get("code", {429: 20429, 500: 20500, 503: 20503}.get(status, 20500)))
            raise RestError(status, code, str(fault.detail.get("message", "ordered by the test")))
        case "latency":
            await asyncio.sleep(float(fault.detail.get("ms", 1000)) / 1000)
        case "hang":
            await _hang(request)
            return _broken_off()
        case "drop":
            return _broken_off()
    return None


async def _hang(request: Request) -> None:
    """Answers nothing until the client gives up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG_SECONDS):
            while (await request.receive())["type"] != "http.disconnect":
                continue


def _broken_off() -> Response:
    return _BrokenOff()


class _BrokenOff(Response):
    """Cuts the connection; under a server that cannot, promises more than it sends, which ends the same way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sever = scope.get("extensions", {}).get(SEVER)
        if sever is not None:
            sever()
            return
        headers = [(b"content-length", b"1000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def created(body: Mapping[str, object]) -> Response:
    return JSONResponse(body, 201)


def found(body: Mapping[str, object]) -> Response:
    return JSONResponse(body)


def deleted() -> Response:
    return Response(status_code=204)
