"""Signing in with the company's account: who gets in, and what a forged answer is worth."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.console.provider import CLIENT, SECRET, Provider, serving
from tests.console.test_door import Answer, ask
from tests.phone.running import Demo
from tests.phone.running import demo as running_demo

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as started:
        yield started


@pytest.fixture(scope="module")
def company(provider: Provider) -> Iterator[Demo]:
    with running_demo(
        CONSOLE_OIDC_ISSUER=provider.issuer, CONSOLE_OIDC_CLIENT_ID=CLIENT, CONSOLE_OIDC_CLIENT_SECRET=SECRET
    ) as started:
        yield started


def signing_in(company: Demo, provider: Provider, *, carry: bool = True) -> Answer:
    """There and back; without `carry` the answer comes to a browser that never left."""
    status, headers, _ = ask(company, "GET", "/console/openid?next=/console/calls")
    assert status == 303 and headers["location"].startswith(provider.issuer)
    back = urlsplit(provider.authorize(headers["location"]))
    cookie = headers["set-cookie"].partition(";")[0] if carry else "a=b"
    return ask(company, "GET", f"{back.path}?{back.query}", Cookie=cookie)


def test_a_person_with_a_role_gets_in_where_they_wanted_to_go(company: Demo, provider: Provider) -> None:
    provider.claims = {"sub": "7", "preferred_username": "Ines", "roles": ["voice-agent:supervisor", "other"]}
    status, headers, _ = signing_in(company, provider)
    assert (status, headers["location"]) == (303, "/console/calls")
    cookie = headers["set-cookie"].partition(";")[0]
    status, _, page = ask(company, "GET", "/console/settings", Cookie=cookie)
    assert status == 200 and "ines" in page and "Accounts" not in page


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "8", "preferred_username": "nobody", "roles": ["admin", "supervisor"]},
        {"sub": "9", "preferred_username": "demo", "roles": ["voice-agent:admin"]},
        {"sub": "7", "preferred_username": "ines", "roles": ["voice-agent:admin"], "aud": "another-client"},
        {"sub": "7", "preferred_username": "ines", "roles": ["voice-agent:admin"], "iss": "https://elsewhere.example"},
        {"sub": "7", "preferred_username": "ines", "roles": ["voice-agent:admin"], "exp": 1_000_000},
        {"sub": "7", "preferred_username": "ines", "roles": ["voice-agent:admin"], "nonce": "of another sign-in"},
    ],
    ids=["no role of ours", "name with a password", "other client", "other issuer", "expired", "other nonce"],
)
def test_nobody_else_gets_in(company: Demo, provider: Provider, claims: dict[str, object]) -> None:
    provider.claims = claims
    status, headers, _ = signing_in(company, provider)
    assert status == 403 and "console=" not in headers.get("set-cookie", "")


def test_a_token_of_another_key_or_a_foreign_browser_is_refused(company: Demo, provider: Provider) -> None:
    provider.claims = {"sub": "7", "preferred_username": "ines", "roles": ["voice-agent:admin"]}
    provider.sign_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert signing_in(company, provider)[0] == 403
    provider.sign_with = provider.key
    assert signing_in(company, provider, carry=False)[0] == 400
