"""Studio flows: a call that is redirected to one is its own from then on (sheet section 5.1)."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID

from .processes import emulator

pytestmark = pytest.mark.process
FLOW = "FW" + "1" * 32
WEBHOOK = f"/webhooks.twilio.com/v1/Accounts/{DEMO_ACCOUNT_SID}/Flows"


@pytest.fixture(scope="module")
def twilio() -> Iterator[str]:
    with emulator() as address:
        yield address


def post(url: str, body: bytes, kind: str) -> str:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.read().decode())


def enters(twilio: str, flow: str, trigger: str = "incomingCall") -> str:
    form = b"CallSid=CA1"
    return post(f"{twilio}{WEBHOOK}/{flow}?Trigger={trigger}", form, "application/x-www-form-urlencoded")


def test_a_flow_takes_the_call_to_its_phone_and_is_in_the_ledger(twilio: str) -> None:
    made: dict[str, Any] = {"sid": FLOW, "says": "One moment & no more.", "connects_to": "+15550100003"}
    post(f"{twilio}/emulator/flows", json.dumps(made).encode(), "application/json")
    assert enters(twilio, FLOW) == (
        "<Response><Say>One moment &amp; no more.</Say><Dial><Number>+15550100003</Number></Dial><Hangup /></Response>"
    )
    with urllib.request.urlopen(f"{twilio}/emulator/ledger", timeout=5) as answer:
        ledger = json.load(answer)
    assert [e["flow_sid"] for e in ledger if e["effect"] == "flow_entered" and e["call_sid"] == "CA1"] == [FLOW]


@pytest.mark.parametrize(("flow", "trigger"), [("FW" + "2" * 32, "incomingCall"), (FLOW, "incomingMessage")])
def test_what_is_no_flow_or_no_call_is_not_found(twilio: str, flow: str, trigger: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as missing:
        enters(twilio, flow, trigger)
    assert missing.value.code == 404
    missing.value.close()
