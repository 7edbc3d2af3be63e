"""Verify and Lookup as the official client sees them, the emulator a process of its own (sheet sections 7.5, 7.6)."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from voice_agent.demo.twilio.verify import DEMO_SERVICE_SID

from .official_client import client
from .processes import emulator

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with emulator() as base_url:
        yield base_url


@pytest.fixture(scope="module")
def twilio(address: str) -> Iterator[Client]:
    with client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as account:
        yield account


def control(address: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/emulator{path}", data), timeout=20) as answer:
        return json.loads(answer.read())


def code_sent_to(address: str, number: str) -> str:
    sent = [e for e in control(address, "/ledger") if e["effect"] == "verification_sent" and e["to"] == number]
    return str(sent[-1]["code"])


def test_the_right_code_is_approved_once_and_then_gone(address: str, twilio: Client) -> None:
    """Sheet section 7.5: a wrong code is a success answer that stays pending; after approval 404/20404."""
    service, number = twilio.verify.v2.services(DEMO_SERVICE_SID), "+15550100011"
    sent = service.verifications.create(to=number, channel="sms")
    assert (sent.status, sent.valid, sent.channel) == ("pending", False, "sms") and sent.sid.startswith("VE")
    code = code_sent_to(address, number)
    assert len(code) == 6 and code.isdigit()
    wrong = service.verification_checks.create(to=number, code="x" + code[1:])
    assert (wrong.status, wrong.valid) == ("pending", False)
    right = service.verification_checks.create(to=number, code=code)
    assert (right.status, right.valid) == ("approved", True)
    with pytest.raises(TwilioRestException) as gone:
        service.verification_checks.create(to=number, code=code)
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_more_than_five_checks_are_too_many(address: str, twilio: Client) -> None:
    """Sheet section 7.5: 60202, HTTP 429, also for the right code."""
    service, number = twilio.verify.v2.services(DEMO_SERVICE_SID), "+15550100012"
    service.verifications.create(to=number, channel="sms")
    for _ in range(5):
        service.verification_checks.create(to=number, code="wrong")
    with pytest.raises(TwilioRestException) as refused:
        service.verification_checks.create(to=number, code=code_sent_to(address, number))
    assert (refused.value.status, refused.value.code) == (429, 60202)


def test_more_than_five_sends_are_too_many(address: str, twilio: Client) -> None:
    """Sheet section 7.5: 60203, HTTP 429; the same verification is sent again until then."""
    service, number = twilio.verify.v2.services(DEMO_SERVICE_SID), "+15550100013"
    sids = {service.verifications.create(to=number, channel="sms").sid for _ in range(5)}
    assert len(sids) == 1
    with pytest.raises(TwilioRestException) as refused:
        service.verifications.create(to=number, channel="sms")
    assert (refused.value.status, refused.value.code) == (429, 60203)


def test_a_code_lives_ten_minutes(address: str, twilio: Client) -> None:
    """Sheet section 7.5."""
    service, number = twilio.verify.v2.services(DEMO_SERVICE_SID), "+15550100014"
    service.verifications.create(to=number, channel="sms")
    control(address, "/clock", {"freeze": True, "advance": 601})
    with pytest.raises(TwilioRestException) as gone:
        service.verification_checks.create(to=number, code=code_sent_to(address, number))
    control(address, "/clock", {"freeze": False})
    assert gone.value.status == 404


def test_a_verification_can_be_canceled_and_found_by_number(twilio: Client) -> None:
    service, number = twilio.verify.v2.services(DEMO_SERVICE_SID), "+15550100015"
    sent = service.verifications.create(to=number, channel="sms")
    assert service.verifications(number).fetch().sid == sent.sid
    assert service.verifications(sent.sid).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        service.verifications.create(to=number, channel="pigeon")
    assert refused.value.code == 60200


def test_services_are_listed_with_the_newer_paging(twilio: Client) -> None:
    """Sheet section 7.1: `meta` with whole URLs."""
    names = [f"Service {number}" for number in range(3)]
    for name in names:
        twilio.verify.v2.services.create(friendly_name=name)
    listed = [service.friendly_name for service in twilio.verify.v2.services.list(page_size=2)]
    assert set(names) <= set(listed) and len(listed) == 4


def test_lookup_knows_numbers_and_what_it_was_told_of_them(address: str, twilio: Client) -> None:
    """Sheet section 7.6: packages not asked for are null; what is not covered says so in its `error_code`."""
    plain = twilio.lookups.v2.phone_numbers("+15550100001").fetch()
    assert plain.valid and plain.country_code == "US" and plain.line_type_intelligence is None
    control(address, "/phones", {"number": "+15550100002", "lookup": {"line_type_intelligence": {"type": "landline"}}})
    told = twilio.lookups.v2.phone_numbers("+15550100002").fetch(fields="line_type_intelligence,sim_swap")
    assert told.line_type_intelligence["type"] == "landline" and told.sim_swap["error_code"] == 60600
    national = twilio.lookups.v2.phone_numbers("5550100003").fetch(country_code="US")
    assert national.phone_number == "+15550100003"
    short = twilio.lookups.v2.phone_numbers("+1555").fetch()
    assert not short.valid and short.validation_errors == ["TOO_SHORT"]
