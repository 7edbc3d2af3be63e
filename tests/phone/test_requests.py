"""What the page's routes accept, from whom, and what they refuse in words."""

import asyncio
import urllib.error
import urllib.request

import pytest
from starlette.requests import Request
from starlette.routing import Route

from tests.phone.running import Demo, get, post
from voice_agent.demo.phone.routes import routes

pytestmark = pytest.mark.process


def status(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get("Content-Security-Policy", "")
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code, ""


def test_the_page_carries_a_policy_that_allows_nothing_inline_or_foreign(demo: Demo) -> None:
    code, policy = status(demo.phone)
    assert code == 200
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    with urllib.request.urlopen(demo.phone, timeout=10) as answer:
        html = answer.read().decode()
    assert "<style" not in html and " style=" not in html and " onclick=" not in html and "http" not in html


def test_a_page_elsewhere_cannot_reach_in_by_name_or_by_script(demo: Demo) -> None:
    assert status(demo.phone, Host="rebound.example")[0] == 404
    calls = f"{demo.info()['twilio']['base_url']}/emulator/calls"
    before = len(get(calls))
    wanted = {"from": "+17735550103", "to": demo.info()["lines"][0]["number"]}
    assert post(f"{demo.phone}/calls", wanted, Origin="https://elsewhere.example")[0] == 404
    assert post(f"{demo.phone}/calls", wanted, Content_Type="text/plain")[0] == 415
    assert len(get(calls)) == before


def test_another_machine_is_told_that_there_is_nothing() -> None:
    for route in routes():
        assert isinstance(route, Route)
        scope = {
            "type": "http",
            "method": "GET",
            "path": route.path,
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "client": ("10.1.2.3", 40000),
            "server": ("localhost", 80),
            "scheme": "http",
        }
        answer = asyncio.run(route.endpoint(Request(scope)))
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"from": "", "to": "+13125550100"}, "country code"),
        ({"from": "12", "to": "+13125550100"}, "country code"),
        ({"from": "+1 773 555 0103", "to": "+19"}, "line does not exist"),
        ({"from": "+17735550103", "to": "+13125550100", "attestation": "A"}, "attestation"),
    ],
)
def test_a_call_that_cannot_be_is_refused_with_a_sentence(demo: Demo, asked: dict[str, str], why: str) -> None:
    code, said = post(f"{demo.phone}/calls", asked)
    assert code == 400 and why in said["error"]


@pytest.mark.parametrize(
    ("act", "given", "code"),
    [
        ("say", {"text": "  "}, 400),
        ("press", {"keys": "12A"}, 400),
        ("drop", {}, 404),
        ("say", {"text": "x" * 5000}, 413),
        ("hangup", {}, 404),
    ],
)
def test_an_act_on_no_call_or_without_sense_is_refused(demo: Demo, act: str, given: dict[str, str], code: int) -> None:
    assert post(f"{demo.phone}/calls/CA00000000000000000000000000000000/{act}", given)[0] == code


def test_only_the_pages_own_files_are_served(demo: Demo) -> None:
    assert status(f"{demo.phone}/static/page.js")[0] == 200
    assert status(f"{demo.phone}/static/..%2froutes.py")[0] == 404
    assert status(f"{demo.phone}/static/missing.js")[0] == 404


def test_keys_and_tickets_never_go_over_the_feed(demo: Demo) -> None:
    technician = demo.caller("technician")
    line = next(line["number"] for line in demo.info()["lines"] if line["role"] == "technician")
    code, placed = post(f"{demo.phone}/calls", {"from": technician["number"], "to": line})
    assert code == 201
    sid = placed["call_sid"]
    assert post(f"{demo.phone}/calls/{sid}/press", {"keys": technician["pin"]})[0] == 200
    told = b""
    with urllib.request.urlopen(f"{demo.phone}/calls/{sid}/events?since=0", timeout=20) as feed:
        while b'"kind":"secret"' not in told:
            told += feed.readline()
    assert b"ticket" not in told and str(technician["pin"]).encode() not in told
    assert "•".encode() in told and b'"digit":"' + str(technician["pin"])[0].encode() not in told
    assert post(f"{demo.phone}/calls/{sid}/hangup", {})[0] == 200
