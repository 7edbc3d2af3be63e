"""Incoming phone numbers over REST, and the account itself (sheet section 7.4)."""

from typing import Any

from starlette.responses import Response

from ..exchange import Exchange
from ..numbers import URL_FIELDS, PhoneNumber
from .answers import API, Parameters, RestError, not_found, page_2010, rfc2822
from .calls import formatted
from .gate import Call, created, deleted, found


async def create(request: Call) -> Response:
    """`PhoneNumber`, or `AreaCode` for any free number in it."""
    number, area = request.form.text("PhoneNumber"), request.form.text("AreaCode")
    if not number and area:
        number = next(
            candidate
            for candidate in (f"+1{area}555{line:04d}" for line in range(100, 9999))
            if candidate not in request.exchange.numbers
        )
    if not number.startswith("+") or not number[1:].isdigit():
        raise RestError(400, 21421, f"PhoneNumber {number} is not valid")
    if number in request.exchange.numbers:
        raise RestError(400, 21422, f"PhoneNumber {number} is not available")
    settings = _settings(request.form, None)
    return created(_show(request.exchange, request.exchange.add_number(number, **settings)))


async def list_all(request: Call) -> Response:
    query = request.query
    wanted = [
        number
        for number in request.exchange.numbers.values()
        if query.text("PhoneNumber") in number.number
        and query.text("FriendlyName", number.friendly_name) == number.friendly_name
    ]
    return found(
        page_2010("incoming_phone_numbers", wanted, lambda row: _show(request.exchange, row), request.path, query)
    )


async def fetch(request: Call) -> Response:
    return found(_show(request.exchange, _number(request)))


async def update(request: Call) -> Response:
    number = _number(request)
    for name, value in _settings(request.form, number).items():
        setattr(number, name, value)
    number.updated_at = request.exchange.clock.utc()
    return found(_show(request.exchange, number))


async def delete(request: Call) -> Response:
    del request.exchange.numbers[_number(request).number]
    return deleted()


async def list_accounts(request: Call) -> Response:
    rows = [request.exchange]
    return found(page_2010("accounts", rows, _show_account, request.path, request.query))


async def fetch_account(request: Call) -> Response:
    return found(_show_account(request.exchange))


def _settings(form: Parameters, before: PhoneNumber | None) -> dict[str, str]:
    given = {field: form.text(name) for name, field in URL_FIELDS.items() if form.has(name)}

    def after(field: str) -> str:
        return given.get(field, "" if before is None else getattr(before, field))

    for kind, code in (("voice", 21405), ("sms", 21406)):
        if after(f"{kind}_fallback_url") and not after(f"{kind}_url"):
            raise RestError(400, code, f"A {kind} fallback URL needs a {kind} URL first")
    return given


def _number(request: Call) -> PhoneNumber:
    sid = request.part["sid"]
    number = next((number for number in request.exchange.numbers.values() if number.sid == sid), None)
    if number is None:
        raise not_found(request.path)
    return number


def _show(exchange: Exchange, number: PhoneNumber) -> dict[str, Any]:
    account = exchange.credentials.account_sid
    friendly = number.friendly_name
    return {
        "sid": number.sid,
        "account_sid": account,
        "friendly_name": formatted(number.number) if friendly == number.number else friendly,
        "phone_number": number.number,
        "voice_url": number.voice_url,
        "voice_method": number.voice_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_application_sid": "",
        "trunk_sid": None,
        "address_sid": None,
        "identity_sid": None,
        "bundle_sid": None,
        "emergency_status": "Active",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "address_requirements": "none",
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "type": "local",
        "api_version": API,
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "uri": f"/{API}/Accounts/{account}/IncomingPhoneNumbers/{number.sid}.json",
        "subresource_uris": {},
    }


def _show_account(exchange: Exchange) -> dict[str, Any]:
    account = exchange.credentials.account_sid
    uri = f"/{API}/Accounts/{account}"
    parts = ("Calls", "Messages", "Queues", "IncomingPhoneNumbers")
    return {
        "sid": account,
        "owner_account_sid": account,
        "friendly_name": "Emulated account",
        "status": "active",
        "type": "Full",
        "auth_token": exchange.credentials.auth_token,
        "date_created": rfc2822(exchange.began_at),
        "date_updated": rfc2822(exchange.began_at),
        "uri": f"{uri}.json",
        "subresource_uris": {name.lower(): f"{uri}/{name}.json" for name in parts},
    }
