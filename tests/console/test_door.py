"""The console's door over HTTP: what is refused before anything happens, and what browsers are told."""

import http.client
import re
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import pytest

from tests.phone.running import Demo
from voice_agent.console.wiring import DEMO_USER

pytestmark = pytest.mark.process

Answer = tuple[int, Mapping[str, str], str]


def ask(demo: Demo, method: str, path: str, form: Mapping[str, str] | None = None, /, **headers: str) -> Answer:
    """Status, headers in lower case, and body; redirects are not followed."""
    place = urlsplit(demo.base)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if form is not None:
        given["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form is not None else None, {"Accept": "text/html", **given})
    answer = connection.getresponse()
    read = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return read


def signed_in(demo: Demo) -> tuple[str, str]:
    """Cookie and CSRF token of a new session."""
    name, password = DEMO_USER
    status, headers, _ = ask(demo, "POST", "/console/sign-in", {"name": name, "password": password})
    assert status == 303
    cookie = headers["set-cookie"]
    assert "httponly" in cookie.lower() and "samesite=lax" in cookie.lower()
    cookie = cookie.partition(";")[0]
    _, _, page = ask(demo, "GET", "/console/now", Cookie=cookie)
    found = re.search(r'name="csrf" content="([^"]+)"', page)
    assert found is not None
    return cookie, found[1]


def test_without_a_session_every_page_leads_to_the_door_and_back(demo: Demo) -> None:
    status, headers, _ = ask(demo, "GET", "/console/calls/CA123?x=1")
    assert (status, headers["location"]) == (303, "/console/sign-in?next=%2Fconsole%2Fcalls%2FCA123%3Fx%3D1")
    status, _, body = ask(demo, "GET", "/console/events", Accept="text/event-stream")
    assert status == 401 and "Sign in" in body


@pytest.mark.parametrize("wanted", ["https://elsewhere.example", "//elsewhere.example", "/console/../twilio", "/x"])
def test_the_door_leads_nowhere_but_into_the_console(demo: Demo, wanted: str) -> None:
    name, password = DEMO_USER
    status, headers, _ = ask(demo, "POST", "/console/sign-in", {"name": name, "password": password, "next": wanted})
    assert status == 303 and headers["location"].startswith("/console/") and "elsewhere" not in headers["location"]


def test_pages_cannot_run_inline_script_or_be_framed(demo: Demo) -> None:
    _, headers, body = ask(demo, "GET", "/console/sign-in")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", body)


def test_a_post_without_the_sessions_own_token_changes_nothing(demo: Demo) -> None:
    cookie, csrf = signed_in(demo)
    other = signed_in(demo)[1]
    for form in ({}, {"csrf": ""}, {"csrf": other}):
        status, _, body = ask(demo, "POST", "/console/sign-out", form, Cookie=cookie)
        assert status == 403 and "out of date" in body
    status, _, _ = ask(
        demo, "POST", "/console/sign-out", {"csrf": csrf}, Cookie=cookie, Origin="https://elsewhere.example"
    )
    assert status == 403
    status, _, _ = ask(demo, "POST", "/console/sign-out", {"csrf": csrf}, Cookie=cookie, Sec_Fetch_Site="cross-site")
    assert status == 403
    assert ask(demo, "GET", "/console/now", Cookie=cookie)[0] == 200, "the session lives"
    assert ask(demo, "POST", "/console/sign-out", {"csrf": csrf}, Cookie=cookie, Origin=demo.base)[0] == 303
    assert ask(demo, "GET", "/console/now", Cookie=cookie)[0] == 303


def test_signing_in_from_another_site_is_refused(demo: Demo) -> None:
    name, password = DEMO_USER
    form = {"name": name, "password": password}
    status, headers, _ = ask(demo, "POST", "/console/sign-in", form, Origin="https://elsewhere.example")
    assert status == 403 and "set-cookie" not in headers


def test_a_foreign_name_for_this_machine_finds_no_console_in_the_demo(demo: Demo) -> None:
    assert ask(demo, "GET", "/console/sign-in", Host="rebound.example")[0] == 404


def test_too_many_wrong_passwords_are_told_to_wait(demo: Demo) -> None:
    for _ in range(5):
        status, _, body = ask(demo, "POST", "/console/sign-in", {"name": "mallory", "password": "guess"})
        assert status == 403 and "wrong" in body
    status, _, body = ask(demo, "POST", "/console/sign-in", {"name": "mallory", "password": "guess"})
    assert status == 429 and "minutes" in body
