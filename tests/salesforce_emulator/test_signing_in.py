"""The login flows, each by the real client, and what a token is worth (sheet 2.2, 5.2)."""

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from tests.salesforce_emulator.conftest import Client, Emulator, Raw

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
)


def info(emulator: Emulator) -> dict[str, str]:
    found: dict[str, str] = emulator.get("/emulator/info")["salesforce"]
    return found


def token(emulator: Emulator, **form: str) -> requests.Response:
    return requests.post(f"{emulator.url}/services/oauth2/token", data=form, timeout=10)


def works(sf: Client) -> bool:
    return bool(sf.query("SELECT COUNT() FROM Account")["totalSize"] == 30)


def assertion(emulator: Emulator, **claims: Any) -> str:
    known = {
        "iss": info(emulator)["client_id"],
        "sub": info(emulator)["username"],
        "aud": "https://login.salesforce.com",
        "exp": str(int(time.time()) + 120),
    }
    return jwt.encode({**known, **claims}, PRIVATE, "RS256")


def grant(emulator: Emulator, **claims: Any) -> requests.Response:
    kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return token(emulator, grant_type=kind, assertion=assertion(emulator, **claims))


def register(emulator: Emulator) -> None:
    emulator.post("/emulator/certificate", {"client_id": info(emulator)["client_id"], "certificate": PUBLIC})


def test_client_credentials_by_basic_header(emulator: Emulator) -> None:
    """Sheet 2.2, 5.2 row 4."""
    assert works(emulator.client())


def test_client_credentials_in_the_body(emulator: Emulator) -> None:
    """Sheet 2.2: id and secret may stand in the form; the answer has no refresh token and no expires_in."""
    known = info(emulator)
    answer = token(
        emulator,
        grant_type="client_credentials",
        client_id=known["client_id"],
        client_secret=known["client_secret"],
    ).json()
    assert answer["token_type"] == "Bearer"
    assert not {"refresh_token", "expires_in"} & answer.keys()


def test_username_and_password(emulator: Emulator) -> None:
    """Sheet 2.2 username-password."""
    known = info(emulator)
    sf = Salesforce(
        username=known["username"],
        password=known["password"],
        consumer_key=known["client_id"],
        consumer_secret=known["client_secret"],
        session=emulator.session(),
    )
    assert works(sf)


def test_jwt_bearer_with_an_expiry_in_text(emulator: Emulator) -> None:
    """Sheet 2.2, 5.2 row 3: exp as a numeric string is accepted once the app has the certificate."""
    register(emulator)
    known = info(emulator)
    sf = Salesforce(
        username=known["username"],
        consumer_key=known["client_id"],
        privatekey=PRIVATE,
        session=emulator.session(),
    )
    assert works(sf)


def test_soap_login(emulator: Emulator) -> None:
    """Sheet 2.2 SOAP: session id and serverUrl in XML, serverUrl at the request's own origin."""
    known = info(emulator)
    sf: Client = Salesforce(
        username=known["username"],
        password=known["password"],
        security_token="demoToken",
        session=emulator.session(),
    )
    assert works(sf)
    assert str(emulator.port) in sf.base_url


def test_a_session_id_used_directly(emulator: Emulator, sf: Client) -> None:
    """Sheet 5.1 "direct"."""
    again = Salesforce(session_id=sf.session_id, instance=f"127.0.0.1:{emulator.port}", session=emulator.session())
    assert works(again)


def test_web_server_flow_gives_a_refresh_token_that_renews(emulator: Emulator) -> None:
    """Sheet 2.2: a code is good once; the refresh answer has no new refresh token."""
    known = info(emulator)
    code = emulator.post("/emulator/consent", {"client_id": known["client_id"], "username": known["username"]})["code"]
    first = token(emulator, grant_type="authorization_code", client_id=known["client_id"], code=code, redirect_uri="x")
    again = token(emulator, grant_type="authorization_code", client_id=known["client_id"], code=code, redirect_uri="x")
    assert (first.status_code, again.status_code) == (200, 400)
    renewed = token(
        emulator,
        grant_type="refresh_token",
        client_id=known["client_id"],
        refresh_token=first.json()["refresh_token"],
    ).json()
    assert renewed["access_token"] != first.json()["access_token"]
    assert "refresh_token" not in renewed


def test_the_answer_names_the_origin_it_was_asked_at(emulator: Emulator) -> None:
    """Contract: instance_url and id name the request's own origin, whatever name it was reached by."""
    known = info(emulator)
    form = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
    }
    answer = requests.post(f"http://localhost:{emulator.port}/services/oauth2/token", data=form, timeout=10).json()
    assert answer["instance_url"] == f"http://localhost:{emulator.port}"
    assert answer["id"].startswith(f"http://localhost:{emulator.port}/id/00D")
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    identity = requests.get(answer["id"], headers=bearer, timeout=10)
    assert identity.json()["username"] == known["username"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "device"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "client_id": "nobody"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": "ID", "client_secret": "wrong"}, "invalid_client"),
        (
            {"grant_type": "password", "client_id": "ID", "client_secret": "SECRET", "username": "x", "password": "y"},
            "invalid_grant",
        ),
        ({"grant_type": "refresh_token", "client_id": "ID", "refresh_token": "stale"}, "invalid_grant"),
    ],
)
def test_token_errors_are_objects_with_a_name(emulator: Emulator, form: dict[str, str], error: str) -> None:
    """Sheet 2.2 Errors."""
    known = info(emulator)
    named = {"ID": known["client_id"], "SECRET": known["client_secret"]}
    answer = token(emulator, **{key: named.get(value, value) for key, value in form.items()})
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


def test_a_jwt_is_refused_without_certificate_signature_audience_or_time(emulator: Emulator) -> None:
    """Sheet 2.2 JWT: signed with the app's key, for this audience, at most three minutes ahead, a known user."""
    assert grant(emulator).json()["error_description"] == "user hasn't approved this consumer"
    register(emulator)
    assert grant(emulator).status_code == 200
    assert grant(emulator, aud="https://elsewhere.example").json()["error_description"] == "audience is invalid"
    assert grant(emulator, exp=int(time.time()) - 10).json()["error"] == "invalid_grant"
    assert grant(emulator, exp=int(time.time()) + 3600).json()["error"] == "invalid_grant"
    assert grant(emulator, sub="nobody@example.com").json()["error"] == "invalid_grant"
    assert grant(emulator, iss="unknown").json()["error"] == "invalid_client_id"
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(
        {"iss": info(emulator)["client_id"], "sub": "x", "aud": "y", "exp": int(time.time()) + 60}, other, "RS256"
    )
    kind = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert token(emulator, grant_type=kind, assertion=forged).json()["error_description"] == "invalid assertion"


def test_soap_refuses_a_wrong_password_with_a_fault(emulator: Emulator) -> None:
    """Sheet 2.2: HTTP 500 with sf:exceptionCode INVALID_LOGIN."""
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(username="x", password="y", security_token="z", session=emulator.session())
    assert refused.value.code == "INVALID_LOGIN"


def test_a_token_unknown_revoked_or_expired_is_401(emulator: Emulator, raw: Raw) -> None:
    """Sheet 2.7 INVALID_SESSION_ID."""
    assert raw("GET", "limits").status_code == 200
    requests.post(f"{emulator.url}/services/oauth2/revoke", data={"token": raw.token}, timeout=10)
    answer = raw("GET", "limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    fresh = Raw(emulator, emulator.client().session_id)
    emulator.post("/emulator/expire")
    assert fresh("GET", "limits").status_code == 401


def test_introspection_tells_live_tokens_from_dead_ones(emulator: Emulator, raw: Raw) -> None:
    """Sheet 2.2 Other."""
    url = f"{emulator.url}/services/oauth2/introspect"
    assert requests.post(url, data={"token": raw.token}, timeout=10).json()["active"] is True
    assert requests.post(url, data={"token": "nothing"}, timeout=10).json() == {"active": False}


def test_an_expired_session_is_renewed_by_the_client_once(emulator: Emulator, sf: Client) -> None:
    """Sheet 5.2 row 6: top-level calls of simple-salesforce sign in again after 401."""
    emulator.post("/emulator/expire")
    assert works(sf)
