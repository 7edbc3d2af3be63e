"""The fields of voice webhooks, exactly those Twilio posts (sheet sections 1.3, 4.4, 4.5 and the recordings)."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

API_VERSION = "2010-04-01"


def country(number: str) -> str:
    """`US` for a North American number, empty otherwise: the recorded forms carry a country and blank places."""
    return "US" if number.startswith("+1") else ""


def call_fields(
    *, account_sid: str, call_sid: str, status: str, direction: str, from_number: str, to_number: str
) -> dict[str, str]:
    """What every webhook about a call holds."""
    fields = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call_sid,
        "CallStatus": status,
        "Direction": direction,
        "From": from_number,
        "To": to_number,
        "Caller": from_number,
        "Called": to_number,
    }
    for side, number in (("From", from_number), ("Caller", from_number), ("To", to_number), ("Called", to_number)):
        fields |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": country(number)}
    return fields


def session_fields(
    session_id: str, status: str, seconds: float, handoff_data: str | None, error: tuple[str, str] | None
) -> dict[str, str]:
    """What `<Connect action>` adds: keys that do not apply are absent, not empty (sheet section 1.3)."""
    fields = {"SessionId": session_id, "SessionStatus": status, "SessionDuration": str(round(seconds))}
    if handoff_data is not None:
        fields["HandoffData"] = handoff_data
    if error is not None:
        fields["ErrorCode"], fields["ErrorMessage"] = error
    return fields


def status_fields(sequence: int, now: datetime, seconds: int | None) -> Mapping[str, str]:
    """What a status callback adds; `seconds` only once the call is over."""
    fields = {
        "Timestamp": rfc2822(now),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
    }
    if seconds is not None:
        fields |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60)), "SipResponseCode": "200"}
    return fields


def rfc2822(moment: datetime) -> str:
    """`Sun, 30 Aug 2026 08:39:11 +0000`."""
    return format_datetime(moment)


def call_token(stir_verstat: str) -> str:
    """JSON text around an opaque token, as forwardable calls carry it (sheet section 4.4)."""
    passport = {"attest": stir_verstat[-1:], "n": secrets.token_urlsafe(48)}
    return json.dumps({"parentCallInfoToken": secrets.token_urlsafe(96), "identityHeaderTokens": [passport]})
