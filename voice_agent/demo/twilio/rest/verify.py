"""Verify v2 over REST (sheet section 7.5)."""

from typing import Any

from starlette.responses import Response

from ..verify import Service, Verification, VerifyRefused
from .answers import RestError, iso8601, not_built, not_found, page_meta
from .gate import Call, created, found

HOST = "verify.twilio.com"
BASE = f"https://{HOST}/v2"
NOT_BUILT = {"RateLimits": "rate limits", "Amount": "payments", "Payee": "payments"}


async def create_service(request: Call) -> Response:
    name = request.form.text("FriendlyName")
    if not name:
        raise RestError(400, 60200, "Invalid parameter: FriendlyName")
    length = request.form.number("CodeLength", 6, 4, 10)
    return created(_show_service(request, request.exchange.verifications.create_service(name, length)))


async def list_services(request: Call) -> Response:
    rows = list(request.exchange.verifications.services.values())
    url = f"{BASE}/Services"
    return found(page_meta("services", rows, lambda row: _show_service(request, row), url, request.query))


async def fetch_service(request: Call) -> Response:
    return found(_show_service(request, _service(request)))


async def create(request: Call) -> Response:
    form = request.form
    for name, what in NOT_BUILT.items():
        if form.has(name):
            raise not_built(f"{name} ({what})")
    try:
        verification = request.exchange.verifications.send(
            _service(request), form.text("To"), form.text("Channel"), form.text("CustomCode")
        )
    except VerifyRefused as refused:
        raise RestError(refused.status, refused.code, str(refused)) from refused
    return created(_show(request, verification))


async def fetch(request: Call) -> Response:
    return found(_show(request, _verification(request)))


async def update(request: Call) -> Response:
    verification = _verification(request)
    try:
        request.exchange.verifications.settle(verification, request.form.text("Status"))
    except VerifyRefused as refused:
        raise RestError(refused.status, refused.code, str(refused)) from refused
    return found(_show(request, verification))


async def check(request: Call) -> Response:
    """201 (200 would do as well: unconfirmed), also for a wrong code: then `pending` and `valid` false."""
    form = request.form
    try:
        verification = request.exchange.verifications.check(
            _service(request), form.text("To"), form.text("VerificationSid"), form.text("Code")
        )
    except VerifyRefused as refused:
        raise RestError(refused.status, refused.code, str(refused)) from refused
    shown = _show(request, verification)
    kept = ("sid", "service_sid", "account_sid", "to", "channel", "status", "valid", "amount", "payee")
    return created(
        {name: shown[name] for name in (*kept, "date_created", "date_updated")} | {"sna_attempts_error_codes": []}
    )


def _service(request: Call) -> Service:
    service = request.exchange.verifications.services.get(request.part["service"])
    if service is None:
        raise not_found(request.path)
    return service


def _verification(request: Call) -> Verification:
    verification = request.exchange.verifications.find(_service(request), request.part["sid"])
    if verification is None:
        raise not_found(request.path)
    return verification


def _show(request: Call, verification: Verification) -> dict[str, Any]:
    service = verification.service.sid
    return {
        "sid": verification.sid,
        "service_sid": service,
        "account_sid": request.exchange.credentials.account_sid,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "lookup": {"carrier": None},
        "amount": None,
        "payee": None,
        "send_code_attempts": [
            {"attempt_sid": sid, "channel": channel, "time": iso8601(at)} for sid, channel, at in verification.attempts
        ],
        "sna": None,
        "date_created": iso8601(verification.created_at),
        "date_updated": iso8601(verification.updated_at),
        "url": f"{BASE}/Services/{service}/Verifications/{verification.sid}",
    }


def _show_service(request: Call, service: Service) -> dict[str, Any]:
    url = f"{BASE}/Services/{service.sid}"
    return {
        "sid": service.sid,
        "account_sid": request.exchange.credentials.account_sid,
        "friendly_name": service.friendly_name,
        "code_length": service.code_length,
        "lookup_enabled": False,
        "psd2_enabled": False,
        "skip_sms_to_landlines": False,
        "dtmf_input_required": False,
        "tts_name": None,
        "do_not_share_warning_enabled": False,
        "custom_code_enabled": True,
        "date_created": iso8601(service.created_at),
        "date_updated": iso8601(service.created_at),
        "url": url,
        "links": {
            "verifications": f"{url}/Verifications",
            "verification_checks": f"{url}/VerificationCheck",
        },
    }
