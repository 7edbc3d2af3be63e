"""The REST API as the official Python client sees it, over HTTP, the emulator a process of its own (section 7)."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.responses import Response
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from voice_agent.demo.twilio.exchange import (
    DEMO_ACCOUNT_SID,
    DEMO_API_KEY_SECRET,
    DEMO_API_KEY_SID,
    DEMO_AUTH_TOKEN,
)

from .application import Application, response
from .official_client import client
from .processes import emulator, served, wait_until

pytestmark = pytest.mark.process

LINE, PHONE = "+15550100001", "+15550100002"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with emulator() as base_url:
        post(base_url, "/emulator/clock", {"speed": 20})
        yield base_url


@pytest.fixture(scope="module")
def twilio(address: str) -> Iterator[Client]:
    with client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as account:
        account.incoming_phone_numbers.create(phone_number=LINE)
        yield account


@pytest.fixture
def application() -> Iterator[tuple[Application, str]]:
    scripted = Application(now=time.monotonic)
    with served(scripted.app) as host:
        yield scripted, f"http://{host}"


def post(base_url: str, path: str, body: Any, method: str = "POST") -> Any:
    request = urllib.request.Request(base_url + path, json.dumps(body).encode(), method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def get(base_url: str, path: str) -> Any:
    with urllib.request.urlopen(base_url + path, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_call_can_be_made_fetched_and_listed(twilio: Client, application: tuple[Application, str]) -> None:
    """Sheet section 7.2: the resource's fields, numbers as text, `duration` only when over."""
    call = twilio.calls.create(to=PHONE, from_=LINE, twiml="<Response><Say>Hello.</Say></Response>")
    assert call.sid and call.sid.startswith("CA") and call.status == "queued" and call.direction == "outbound-api"
    assert call.duration is None
    done = wait_until(lambda: (found := twilio.calls(call.sid or "").fetch()).status == "completed" and found)
    assert done.duration is not None and done.start_time is not None and done.end_time is not None
    assert done.from_formatted == "(555) 010-0001"
    assert call.sid in [found.sid for found in twilio.calls.list(to=PHONE, status="completed")]
    assert twilio.calls.list(to="+15550109999") == []


def test_a_live_call_can_be_redirected_and_completed(twilio: Client, application: tuple[Application, str]) -> None:
    """Sheet section 7.2: `Url` takes a live call elsewhere; a call that is over answers 400/21220."""
    scripted, base_url = application
    scripted.pages["elsewhere"] = [response("<Pause length='600'/>")]
    call = twilio.calls.create(to=PHONE, from_=LINE, twiml="<Response><Pause length='600'/></Response>")
    wait_until(lambda: twilio.calls(call.sid or "").fetch().status == "in-progress")
    twilio.calls(call.sid or "").update(url=f"{base_url}/elsewhere")
    assert wait_until(lambda: scripted.forms("/elsewhere"))[0]["CallSid"] == call.sid
    assert twilio.calls(call.sid or "").update(status="completed").status == "completed"
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls(call.sid or "").update(status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "", "from_": LINE, "url": "http://x"}, 21201),
        ({"to": "12", "from_": LINE, "url": "http://x"}, 21211),
        ({"to": PHONE, "from_": "+15550108888", "url": "http://x"}, 21210),
        ({"to": PHONE, "from_": LINE}, 21205),
    ],
)
def test_a_call_with_a_wrong_parameter_is_refused(twilio: Client, given: dict[str, str], code: int) -> None:
    """Sheet section 7.1: the error body becomes the client's exception."""
    with pytest.raises(TwilioRestException) as refused:
        twilio.calls.create(**given)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_call_reports_its_progress_in_sequence(twilio: Client, application: tuple[Application, str]) -> None:
    """Sheet section 4.5: initiated 0, ringing 1, in-progress 2, completed 3, each signed form with its time."""
    scripted, base_url = application
    twilio.calls.create(
        to=PHONE,
        from_=LINE,
        twiml="<Response><Say>Hi.</Say></Response>",
        status_callback=f"{base_url}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    forms = wait_until(lambda: len(found := scripted.forms("/status")) == 4 and found)
    by_number = {form["SequenceNumber"]: form["CallStatus"] for form in forms}
    assert by_number == {"0": "initiated", "1": "ringing", "2": "in-progress", "3": "completed"}
    last = next(form for form in forms if form["CallStatus"] == "completed")
    assert last["CallbackSource"] == "call-progress-events" and last["Timestamp"].endswith("+0000")
    assert "CallDuration" in last and "CallDuration" not in forms[0]


def test_a_message_is_sent_and_delivered_and_redacted(twilio: Client, application: tuple[Application, str]) -> None:
    """Sheet sections 6.1 and 6.2: queued first, a callback for each status, `Body=""` redacts."""
    scripted, base_url = application
    message = twilio.messages.create(
        to=PHONE, from_=LINE, body="Your technician is on the way", status_callback=f"{base_url}/message-status"
    )
    assert message.status == "queued" and message.num_segments == "1" and message.direction == "outbound-api"
    forms = wait_until(lambda: len(found := scripted.forms("/message-status")) == 3 and found)
    assert {form["MessageStatus"] for form in forms} == {"queued", "sent", "delivered"}
    fetched = twilio.messages(message.sid or "").fetch()
    assert fetched.status == "delivered" and fetched.date_sent is not None
    assert twilio.messages(message.sid or "").update(body="").body == ""
    assert message.sid in [found.sid for found in twilio.messages.list(to=PHONE)]


def test_a_message_that_is_too_long_is_refused(twilio: Client) -> None:
    """Sheet section 6.1: 1600 characters, then HTTP 400 code 21617."""
    assert twilio.messages.create(to=PHONE, from_=LINE, body="x" * 1600).num_segments == "11"
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=PHONE, from_=LINE, body="x" * 1601)
    assert (refused.value.status, refused.value.code) == (400, 21617)


def test_who_said_stop_gets_no_more_messages_until_start(twilio: Client, address: str) -> None:
    """Sheet section 6.4: whole message, any case; 21610 from then on; one automatic reply each."""
    phone = "+15550100077"
    post(address, "/emulator/messages", {"from": phone, "to": LINE, "body": " stop "})
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=phone, from_=LINE, body="Hello?")
    assert (refused.value.status, refused.value.code) == (400, 21610)
    post(address, "/emulator/messages", {"from": phone, "to": LINE, "body": "START"})
    assert twilio.messages.create(to=phone, from_=LINE, body="Welcome back").status == "queued"
    replies = [found for found in twilio.messages.list(to=phone) if found.direction == "outbound-reply"]
    assert len(replies) == 2


def test_an_inbound_message_reaches_the_number_and_its_answer_is_sent(
    twilio: Client, address: str, application: tuple[Application, str]
) -> None:
    """Sheet section 6.3: the form's fields; `<Message>` in the answer goes back to the sender."""
    scripted, base_url = application
    scripted.pages["message"] = [response("<Message>Thank you.</Message>")]
    [number] = twilio.incoming_phone_numbers.list(phone_number=LINE)
    number.update(sms_url=f"{base_url}/message")
    post(address, "/emulator/messages", {"from": "+15550100078", "to": LINE, "body": "Running late?"})
    form = wait_until(lambda: scripted.forms("/message"))[0]
    assert form["Body"] == "Running late?" and form["SmsStatus"] == "received" and form["NumMedia"] == "0"
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"]
    answered = wait_until(lambda: twilio.messages.list(to="+15550100078"))
    assert answered[0].body == "Thank you." and answered[0].direction == "outbound-reply"
    number.update(sms_url="")


def test_a_queue_shows_who_waits_and_lets_the_front_be_taken(
    twilio: Client, application: tuple[Application, str]
) -> None:
    """Sheet section 5.4: sizes, members, positions; POST on a member sends that call to `Url`."""
    scripted, base_url = application
    scripted.pages["taken"] = [response("<Hangup/>")]
    queue = twilio.queues.create("dispatch", max_size=50)
    twiml = "<Response><Enqueue>dispatch</Enqueue></Response>"
    first = twilio.calls.create(to=PHONE, from_=LINE, twiml=twiml)
    wait_until(lambda: twilio.queues(queue.sid or "").fetch().current_size == 1)
    second = twilio.calls.create(to=PHONE, from_=LINE, twiml=twiml)
    wait_until(lambda: twilio.queues(queue.sid or "").fetch().current_size == 2)
    members = twilio.queues(queue.sid or "").members.list()
    assert [(member.call_sid, member.position) for member in members] == [(first.sid, 1), (second.sid, 2)]
    with pytest.raises(TwilioRestException):
        twilio.queues(queue.sid or "").delete()
    assert twilio.queues(queue.sid or "").members("Front").fetch().call_sid == first.sid
    twilio.queues(queue.sid or "").members("Front").update(url=f"{base_url}/taken")
    assert wait_until(lambda: scripted.forms("/taken"))[0]["CallSid"] == first.sid
    wait_until(lambda: twilio.queues(queue.sid or "").members("Front").fetch().call_sid == second.sid)
    twilio.calls(second.sid or "").update(status="completed")
    wait_until(lambda: twilio.queues(queue.sid or "").fetch().current_size == 0)
    assert twilio.queues(queue.sid or "").delete()


def test_numbers_are_kept_with_their_urls(twilio: Client) -> None:
    """Sheet section 7.4; a fallback URL needs a primary one first (21405)."""
    number = twilio.incoming_phone_numbers.create(phone_number="+15550100005", voice_url="https://app.example.com/v")
    assert number.sid and number.sid.startswith("PN") and number.capabilities
    updated = twilio.incoming_phone_numbers(number.sid).update(status_callback="https://app.example.com/s")
    assert updated.voice_url == "https://app.example.com/v" and updated.status_callback == "https://app.example.com/s"
    [found] = twilio.incoming_phone_numbers.list(phone_number="+15550100005")
    assert found.sid == number.sid
    bare = twilio.incoming_phone_numbers.create(area_code="555")
    with pytest.raises(TwilioRestException) as refused:
        twilio.incoming_phone_numbers(bare.sid or "").update(voice_fallback_url="https://app.example.com/f")
    assert refused.value.code == 21405


def test_long_lists_come_in_pages(twilio: Client) -> None:
    """Sheet section 7.1: `PageSize`, `next_page_uri` until there is none."""
    for number in range(7):
        twilio.messages.create(to="+15550100066", from_=LINE, body=f"message {number}")
    page = twilio.messages.page(to="+15550100066", page_size=3)
    bodies = [message.body for message in page]
    assert bodies == ["message 6", "message 5", "message 4"]
    assert len(twilio.messages.list(to="+15550100066", page_size=3)) == 7
    following = page.next_page()
    assert following is not None and [m.body for m in following] == ["message 3", "message 2", "message 1"]


def test_credentials_are_the_token_or_an_api_key(address: str, twilio: Client) -> None:
    """Sheet section 7.1: 401/20003 otherwise."""
    assert twilio.api.accounts(DEMO_ACCOUNT_SID).fetch().status == "active"
    with client(address, DEMO_API_KEY_SID, DEMO_API_KEY_SECRET, DEMO_ACCOUNT_SID) as keyed:
        assert keyed.messages.list(limit=1) is not None
    for username, password in (
        (DEMO_ACCOUNT_SID, "not the token"),
        (DEMO_API_KEY_SID, DEMO_AUTH_TOKEN),
        ("AC" + "9" * 32, DEMO_AUTH_TOKEN),
    ):
        with client(address, username, password, DEMO_ACCOUNT_SID) as wrong:
            with pytest.raises(TwilioRestException) as refused:
                wrong.calls("CA" + "0" * 32).fetch()
            assert (refused.value.status, refused.value.code) == (401, 20003)


def test_what_is_not_there_and_what_may_not_be_done_say_so(address: str, twilio: Client) -> None:
    """Sheet section 7.1: 404/20404, 405/20004, and what the emulator lacks is never a quiet success."""
    with pytest.raises(TwilioRestException) as missing:
        twilio.calls("CA" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)
    url = f"https://api.twilio.com/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}/Messages.json"
    wrong = twilio.request("DELETE", url)
    assert (wrong.status_code, json.loads(wrong.text)["code"]) == (405, 20004)
    with pytest.raises(TwilioRestException) as lacking:
        twilio.messages.create(to=PHONE, messaging_service_sid="MG" + "0" * 32, body="x")
    assert lacking.value.status == 501


@pytest.mark.parametrize("fault", ["429", "500", "503"])
def test_an_ordered_fault_answers_once_and_then_all_is_well(address: str, twilio: Client, fault: str) -> None:
    """Sheet section 7.1, error codes 20429, 20500, 20503."""
    post(address, "/emulator/faults", [{"match": "POST /Messages", "fault": fault, "times": 1}])
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=PHONE, from_=LINE, body="x")
    assert refused.value.status == int(fault)
    assert twilio.messages.create(to=PHONE, from_=LINE, body="x").status == "queued"


def test_apply_then_hang_has_its_effect_and_no_answer(address: str, twilio: Client) -> None:
    """Sheet section 7.1: no idempotency key, so after a time-out one must list before repeating."""
    post(address, "/emulator/faults", [{"match": "POST /Messages", "fault": "apply_then_hang", "times": 1}])
    with client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as impatient:
        impatient.http_client.timeout = 0.5
        with pytest.raises(OSError):
            impatient.messages.create(to="+15550100055", from_=LINE, body="sent all the same")
    assert [found.body for found in twilio.messages.list(to="+15550100055")] == ["sent all the same"]


def test_a_dropped_request_has_no_effect(address: str, twilio: Client) -> None:
    post(address, "/emulator/faults", [{"match": "POST /Messages", "fault": "drop", "times": 1}])
    with pytest.raises(OSError):
        twilio.messages.create(to="+15550100054", from_=LINE, body="never sent")
    assert twilio.messages.list(to="+15550100054") == []


def test_faults_can_be_taken_back_and_unknown_ones_are_refused(address: str, twilio: Client) -> None:
    post(address, "/emulator/faults", [{"match": "GET /Queues", "fault": "503"}])
    post(address, "/emulator/faults", {}, method="DELETE")
    assert twilio.queues.list(limit=1) is not None
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(address, "/emulator/faults", [{"match": "GET /", "fault": "gremlins"}])
    with refused.value as answer:
        assert answer.code == 400


def test_the_ledger_tells_every_effect_in_order(address: str, twilio: Client) -> None:
    before = len(get(address, "/emulator/ledger"))
    message = twilio.messages.create(to="+15550100044", from_=LINE, body="for the ledger")
    entries = get(address, "/emulator/ledger")[before:]
    assert [entry["seq"] for entry in entries] == list(range(before + 1, before + 1 + len(entries)))
    sent = next(entry for entry in entries if entry["effect"] == "message_sent" and entry["sid"] == message.sid)
    assert sent["to"] == "+15550100044" and sent["body"] == "for the ledger"


def test_info_names_what_a_client_needs(address: str) -> None:
    info = get(address, "/emulator/info")
    assert info["twilio"]["base_url"] == address and info["twilio"]["account_sid"] == DEMO_ACCOUNT_SID
    assert {"callers", "lines", "salesforce", "twilio"} <= set(info)


def test_a_failed_webhook_is_asked_at_the_fallback_with_the_error(
    twilio: Client, address: str, application: tuple[Application, str]
) -> None:
    """Sheet section 4.2: `ErrorCode` and `ErrorUrl` go to the fallback URL."""
    scripted, base_url = application
    scripted.pages["voice"] = [Response(status_code=500)]
    twilio.incoming_phone_numbers.create(
        phone_number="+15550100009", voice_url=f"{base_url}/voice", voice_fallback_url=f"{base_url}/fallback"
    )
    post(address, "/emulator/calls", {"from": PHONE, "to": "+15550100009"})
    form = wait_until(lambda: scripted.forms("/fallback"))[0]
    assert form["ErrorCode"] == "11200" and form["ErrorUrl"] == f"{base_url}/voice"
