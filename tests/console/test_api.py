"""The API for other systems: keys, roles, and a description that matches what is served."""

import re
from typing import Any

import pytest

from tests.console.test_door import ask, signed_in
from tests.phone.running import Demo, get, post

pytestmark = pytest.mark.process


def key(demo: Demo, name: str, role: str) -> dict[str, Any]:
    """The header of a new key, made on the settings page."""
    cookie, csrf = signed_in(demo)
    form = {"csrf": csrf, "act": "make", "key": name, "role": role}
    status, _, page = ask(demo, "POST", "/console/settings/key", form, Cookie=cookie)
    assert status == 200
    found = re.search(r"vat_[\w-]+", page)
    assert found is not None
    return {"Authorization": f"Bearer {found[0]}"}


def test_without_a_key_nothing_is_told(demo: Demo) -> None:
    for given in ("", "Bearer vat_guess", "vat_"):
        status, headers, _ = ask(demo, "GET", "/api/queue", Authorization=given)
        assert status == 401 and headers["www-authenticate"] == "Bearer"


def test_a_key_sees_the_queue_but_not_what_its_role_may_not(demo: Demo) -> None:
    header = key(demo, "flow", "dispatcher")
    assert ask(demo, "GET", "/api/queue", **header)[0] == 200
    assert ask(demo, "GET", "/api/calls/live", **header)[0] == 200
    status, _, body = ask(demo, "GET", "/api/numbers", **header)
    assert status == 403 and "supervisor" in body
    status, body = post(f"{demo.base}/api/queue/CA404/accept", {"phone": "+13125550190"}, **header)
    assert status == 409 and "does not wait" in body["error"]
    status, body = post(f"{demo.base}/api/approvals/nothing/decide", {"approve": True}, **header)
    assert status == 409


def test_every_operation_of_the_description_is_served(demo: Demo) -> None:
    described = get(f"{demo.base}/api/openapi.json")
    assert described["openapi"].startswith("3.1")
    header = key(demo, "reader", "supervisor")
    for path, methods in described["paths"].items():
        for method in methods:
            status, _, _ = ask(demo, method.upper(), re.sub(r"\{\w+\}", "CA404", path), **header)
            assert status in (200, 400, 404, 409), (method, path, status)


def test_a_dispatcher_has_no_settings_no_numbers_and_no_export(demo: Demo) -> None:
    admin, csrf = signed_in(demo)
    form = {"csrf": csrf, "act": "add", "account": "dora", "role": "dispatcher"}
    status, _, page = ask(demo, "POST", "/console/settings/account", form, Cookie=admin)
    assert status == 200
    found = re.search(r'class="secret">([^<]+)<', page)
    assert found is not None
    status, headers, _ = ask(demo, "POST", "/console/sign-in", {"name": "dora", "password": found[1]})
    assert status == 303
    cookie = headers["set-cookie"].partition(";")[0]
    assert ask(demo, "GET", "/console/now", Cookie=cookie)[0] == 200
    for path in ("/console/settings", "/console/numbers", "/console/calls.csv"):
        assert ask(demo, "GET", path, Cookie=cookie)[0] == 403, path
    _, _, page = ask(demo, "GET", "/console/now", Cookie=cookie)
    assert "/console/settings" not in page.replace("/console/settings/phone", "")
    own = re.search(r'name="csrf" content="([^"]+)"', page)
    assert own is not None
    form = {"csrf": own[1], "name": "phase", "value": "read_only", "confirm": "yes"}
    assert ask(demo, "POST", "/console/settings", form, Cookie=cookie)[0] == 403
