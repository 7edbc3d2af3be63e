"""How a relay session opens: the signed upgrade and the `setup` frame (sheet sections 2.1 to 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..signature import sign
from .faults import RelayFault

USER_AGENT = "Jetty/11.0.24"


class HandshakeFailed(Exception):
    """No websocket came about: 64102, the call is lost and no action is asked (sheet section 1.4)."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What `setup` says about the call, and the token that signs the upgrade."""

    account_sid: str
    auth_token: str
    call_sid: str
    parent_call_sid: str
    from_number: str
    to_number: str
    direction: str
    answered: bool
    session_id: str


def upgrade_headers(url: str, auth_token: str, faults: frozenset[RelayFault]) -> dict[str, str]:
    """The recorded headers; the signature covers `url` exactly as the TwiML has it."""
    headers = {
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "gzip",
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
    }
    if RelayFault.MISSING_SIGNATURE not in faults:
        token = "not the account's token" if RelayFault.WRONG_SIGNATURE in faults else auth_token
        signature = sign(token, url + "/" if RelayFault.TRAILING_SLASH in faults else url)
        headers["X-Twilio-Signature"] = signature
        headers["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Twilio-Signature"] = signature
    return headers


def setup_frame(facts: CallFacts, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The first frame, its keys in the recorded order."""
    return {
        "type": "setup",
        "sessionId": facts.session_id,
        "callSid": facts.call_sid,
        "parentCallSid": facts.parent_call_sid,
        "from": facts.from_number,
        "to": facts.to_number,
        "forwardedFrom": facts.to_number,
        "callerName": "",
        "direction": facts.direction,
        "callType": "PSTN",
        "callStatus": "IN_PROGRESS" if facts.answered else "RINGING",
        "accountSid": facts.account_sid,
        "customParameters": dict(parameters),
    }
