"""Lookup v2 over REST: is this a phone number, and what is known of it (sheet section 7.6)."""

from typing import Any

import phonenumbers
from starlette.responses import Response

from .answers import RestError, not_found
from .gate import Call, found

HOST = "lookups.twilio.com"

PACKAGES: dict[str, tuple[str, ...]] = {
    "line_type_intelligence": ("type", "mobile_country_code", "mobile_network_code", "carrier_name"),
    "caller_name": ("caller_name", "caller_type"),
    "sim_swap": ("last_sim_swap", "carrier_name", "mobile_country_code", "mobile_network_code"),
    "call_forwarding": ("call_forwarding_enabled",),
    "line_status": ("status",),
    "identity_match": (
        "first_name_match",
        "last_name_match",
        "address_lines_match",
        "city_match",
        "state_match",
        "postal_code_match",
        "address_country_match",
        "national_id_match",
        "date_of_birth_match",
        "summary_score",
        "error_message",
    ),
    "reassigned_number": ("last_verified_date", "is_number_reassigned"),
    "sms_pumping_risk": (
        "carrier_risk_category",
        "number_blocked",
        "number_blocked_date",
        "number_blocked_last_3_months",
        "sms_pumping_risk_score",
    ),
}
NOT_COVERED = 60600
"""A package nobody has told the emulator anything about for this number: in its `error_code`, HTTP 200."""

_LENGTHS = {
    phonenumbers.ValidationResult.TOO_SHORT: "TOO_SHORT",
    phonenumbers.ValidationResult.TOO_LONG: "TOO_LONG",
    phonenumbers.ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
}


async def fetch(request: Call) -> Response:
    """A number counts as valid when its length is possible: the fictitious ones of tests must pass."""
    asked = [field for value in request.query.all("Fields") for field in value.split(",") if field]
    unknown = [field for field in asked if field not in PACKAGES]
    if unknown:
        raise RestError(400, 20001, f"Unknown Fields: {', '.join(unknown)}")
    try:
        number = phonenumbers.parse(request.part["number"], request.query.text("CountryCode") or None)
    except phonenumbers.NumberParseException as exc:
        raise not_found(request.path) from exc
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    error = _LENGTHS.get(phonenumbers.is_possible_number_with_reason(number))
    known = request.exchange.lookups.get(e164, {})
    answer: dict[str, Any] = {
        "calling_country_code": str(number.country_code),
        "country_code": phonenumbers.region_code_for_country_code(number.country_code or 0),
        "phone_number": e164,
        "national_format": phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL),
        "valid": error is None,
        "validation_errors": [error] if error else [],
        "url": f"https://{HOST}/v2/PhoneNumbers/{e164}",
    }
    for package, fields in PACKAGES.items():
        answer[package] = _package(package, fields, known) if package in asked else None
    return found(answer)


def _package(package: str, fields: tuple[str, ...], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(fields)
    if package in known:
        return blank | {"error_code": None} | known[package]
    if package == "line_type_intelligence":
        return blank | {"type": "mobile", "carrier_name": "Emulated Wireless", "error_code": None}
    return blank | {"error_code": NOT_COVERED}
