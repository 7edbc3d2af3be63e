"""The emulator's own controls, over HTTP, with a whole call over real sockets (the emulator a process of its own)."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from voice_agent.demo.twilio.server import NotLoopback, serve

from .application import Application, answering, relay_twiml
from .official_client import client
from .processes import emulator, served, wait_until

pytestmark = pytest.mark.process

LINE, PHONE = "+15550100001", "+15550100002"


class Control:
    """A plain HTTP client of `/emulator`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/emulator{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())

    def do(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.ask(method, path, body)
        assert status < 300, (status, answer)
        return answer

    def events(self, path: str) -> Iterator[dict[str, Any]]:
        """Server-sent events, until the server ends the stream."""
        with urllib.request.urlopen(f"{self.base_url}/emulator{path}", timeout=30) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


@pytest.fixture(scope="module")
def control() -> Iterator[Control]:
    with emulator() as base_url:
        control = Control(base_url)
        control.do("POST", "/clock", {"speed": 20})
        yield control


@pytest.fixture
def application(control: Control) -> Iterator[Application]:
    """A scripted application that the account's line is pointed at."""
    scripted = Application(answering({}), now=time.monotonic)
    with served(scripted.app) as host:
        scripted.pages["voice"] = [relay_twiml(url=f"ws://{host}/relay")]
        with client(control.base_url, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as twilio:
            for number in twilio.incoming_phone_numbers.list(phone_number=LINE):
                number.delete()
            twilio.incoming_phone_numbers.create(phone_number=LINE, voice_url=f"http://{host}/voice")
        yield scripted


def test_a_whole_call_over_real_sockets(control: Control, application: Application) -> None:
    """Placed, heard, interrupted and hung up through the controls; the events tell it from the start."""
    sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE, "stir_verstat": "No-TN-Validation"})["call_sid"]
    assert control.do("POST", f"/calls/{sid}/quiet")["relay_open"]
    control.do("POST", f"/calls/{sid}/say", {"text": "Where is my technician today please?"})
    control.do("POST", f"/calls/{sid}/bargein", {"text": "Never mind."})
    control.do("POST", f"/calls/{sid}/quiet")
    control.do("POST", f"/calls/{sid}/press", {"keys": "7"})
    control.do("POST", f"/calls/{sid}/quiet")
    control.do("POST", f"/calls/{sid}/hangup")
    events = list(control.events(f"/calls/{sid}/events"))
    kinds = [event["type"] for event in events]
    assert kinds[0] == "call_placed" and "call_ended" in kinds and "caller_interrupted" in kinds
    assert [event["ms"] for event in events] == sorted(event["ms"] for event in events)
    finals = [event["text"] for event in events if event["type"] == "caller_final"]
    assert finals == ["Where is my technician today please?", "Never mind."]
    [voice] = [seen for seen in application.seen if seen.path == "/voice"]
    assert voice.form["StirVerstat"] == "No-TN-Validation"
    headers = application.talks[0].socket.headers
    validator = RequestValidator(DEMO_AUTH_TOKEN)
    assert validator.validate(voice.url, dict(voice.form), voice.headers["x-twilio-signature"])
    assert validator.validate(str(application.talks[0].socket.url), {}, headers["x-twilio-signature"])
    assert "sec-websocket-extensions" not in headers and "origin" not in headers
    effects = [entry["effect"] for entry in control.do("GET", "/ledger") if entry.get("call_sid") == sid]
    assert effects[0] == "call_placed" and {"socket_opened", "socket_closed", "call_ended"} <= set(effects)


def test_a_relay_fault_can_be_ordered_for_the_next_call(control: Control, application: Application) -> None:
    """Sheet section 9, «Faults»."""
    control.do("POST", "/faults", [{"match": "RELAY /relay", "fault": "wrong_signature", "times": 1}])
    for valid in (False, True):
        sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE})["call_sid"]
        wait_until(lambda sid=sid: control.do("GET", f"/calls/{sid}")["relay_open"])
        socket = application.talks[-1].socket
        signature = socket.headers["x-twilio-signature"]
        assert RequestValidator(DEMO_AUTH_TOKEN).validate(str(socket.url), {}, signature) is valid
        control.do("POST", f"/calls/{sid}/hangup")
        list(control.events(f"/calls/{sid}/events"))


def test_a_broken_socket_reaches_the_server_without_a_goodbye(control: Control, application: Application) -> None:
    """Sheet section 1.4: and the call is still there for the action."""
    sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE})["call_sid"]
    wait_until(lambda: control.do("GET", f"/calls/{sid}")["relay_open"])
    control.do("POST", f"/calls/{sid}/drop")
    list(control.events(f"/calls/{sid}/events"))
    closed = wait_until(lambda: application.talks[0].closed)
    assert closed[1] in (1005, 1006)  # what uvicorn makes of a connection that is just gone
    assert wait_until(lambda: application.forms("/action"))[0]["SessionStatus"] == "failed"


def test_what_cannot_be_done_now_says_why(control: Control, application: Application) -> None:
    assert control.ask("POST", "/calls", {"from": PHONE, "to": "+15550107777"})[0] == 404
    assert control.ask("POST", "/calls", {"from": PHONE})[0] == 400
    options = {"faults": ["gremlins"]}
    assert control.ask("POST", "/calls", {"from": PHONE, "to": LINE, "options": options})[0] == 400
    assert control.ask("POST", "/calls/CA0/say", {"text": "Hello"})[0] == 404
    sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE})["call_sid"]
    assert control.ask("POST", f"/calls/{sid}/sing")[0] == 404
    assert control.ask("POST", f"/calls/{sid}/say")[0] == 400
    control.do("POST", f"/calls/{sid}/hangup")
    list(control.events(f"/calls/{sid}/events"))
    status, answer = control.ask("POST", f"/calls/{sid}/say", {"text": "Hello?", "patience": 0.1})
    assert (status, answer["error"]) == (409, "the call is over")


def test_the_clock_can_be_frozen_and_moved(control: Control, application: Application) -> None:
    """Time real, scaled or moved by hand; the clock shows its date."""
    sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE})["call_sid"]
    wait_until(lambda: control.do("GET", f"/calls/{sid}")["relay_open"])
    frozen = control.do("POST", "/clock", {"freeze": True})
    assert frozen["frozen"] and control.do("GET", "/clock")["now"] == frozen["now"]
    before = control.do("GET", f"/calls/{sid}")["seconds"]
    control.do("POST", "/clock", {"advance": 60})
    assert control.do("GET", f"/calls/{sid}")["seconds"] - before in (59, 60, 61)
    assert not control.do("POST", "/clock", {"freeze": False})["frozen"]
    assert control.ask("POST", "/clock", {"speed": 0})[0] == 400
    control.do("POST", f"/calls/{sid}/hangup")
    list(control.events(f"/calls/{sid}/events"))


def test_all_calls_can_be_followed_at_once(control: Control, application: Application) -> None:
    sid = control.do("POST", "/calls", {"from": PHONE, "to": LINE})["call_sid"]
    followed = control.events("/calls/events")
    next(event for event in followed if event["call_sid"] == sid and event["type"] == "socket_opened")
    control.do("POST", f"/calls/{sid}/hangup")
    next(event for event in followed if event["call_sid"] == sid and event["type"] == "call_ended")
    followed.close()  # type: ignore[attr-defined]  # a generator


def test_an_outside_phone_can_be_told_how_to_behave(control: Control, application: Application) -> None:
    control.do("POST", "/phones", {"number": "+15550100033", "answer": "busy", "after": 1})
    assert control.ask("POST", "/phones", {"number": "+15550100033", "answer": "sleepy"})[0] == 400
    with client(control.base_url, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as twilio:
        call = twilio.calls.create(to="+15550100033", from_=LINE, twiml="<Response/>")
        wait_until(lambda: twilio.calls(call.sid or "").fetch().status == "busy")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "emulator.example.com", "10.0.0.1"])
def test_the_emulator_stays_on_this_machine(host: str) -> None:
    """Its credentials are public and it calls whom it is told: another host needs an explicit word."""
    with pytest.raises(NotLoopback):
        serve(0, host)
