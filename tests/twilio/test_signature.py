"""The signature against Twilio's own helper, and against the vectors of the sheet (sections 2.2 and 4.1)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from voice_agent.twilio import signature

TOKEN = "12345"
FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}


def test_the_published_vectors() -> None:
    assert signature.sign(TOKEN, "https://mycompany.com/myapp.php?foo=1&bar=2", FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signature.sign(TOKEN, "wss://voice.example.com/relay/abc") == "QmvN5WpWhbr7ZUPAikhpMf/fy5A="


def test_a_socket_is_signed_as_written_and_nothing_else_matches() -> None:
    signed = "QmvN5WpWhbr7ZUPAikhpMf/fy5A="
    assert signature.valid([TOKEN], signed, "wss://voice.example.com/relay/abc")
    assert signature.valid([TOKEN], signed, "wss://voice.example.com:443/relay/abc")
    for url in (
        "https://voice.example.com/relay/abc",
        "ws://voice.example.com/relay/abc",
        "wss://voice.example.com/relay/abc/",
    ):
        assert not signature.valid([TOKEN], signed, url)


@given(
    st.dictionaries(st.text("abcAB_1", min_size=1, max_size=4), st.lists(st.text(max_size=6), min_size=1, max_size=3)),
    st.sampled_from(["https://a.example/x", "https://a.example:8443/x?y=1", "http://127.0.0.1:8000/twilio/voice"]),
)
def test_what_the_official_helper_signs_is_accepted(form: dict[str, list[str]], url: str) -> None:
    class Many(dict[str, list[str]]):
        def getall(self, name: str) -> list[str]:
            return self[name]

    try:
        signed = RequestValidator("secret").compute_signature(url, Many(form))
    except UnicodeEncodeError:
        return
    assert signature.valid(["secret"], signed, url, form)
    assert not signature.valid(["other"], signed, url, form)


def test_both_tokens_are_good_during_a_rotation() -> None:
    signed = signature.sign("new", "https://a.example/x", FORM)
    assert signature.valid(["old", "new"], signed, "https://a.example/x", FORM)
    assert not signature.valid(["", "old"], signed, "https://a.example/x", FORM)


@pytest.mark.parametrize("given_signature", ["", "x", "é", "QmvN5WpWhbr7ZUPAikhpMf/fy5A"])
def test_anything_else_is_refused(given_signature: str) -> None:
    assert not signature.valid([TOKEN], given_signature, "wss://voice.example.com/relay/abc")


def test_a_json_body_is_bound_by_its_hash() -> None:
    body = b'{"a":1}'
    url = f"https://x.example.com/hook?bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert signature.body_matches(url, body)
    assert not signature.body_matches(url, body + b" ")
    assert not signature.body_matches("https://x.example.com/hook", body)
