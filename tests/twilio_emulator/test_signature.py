"""Signatures made by the emulator are those of Twilio (sheet section 4.1)."""

from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from voice_agent.demo.twilio.signature import sign, sign_json

TOKEN = "12345"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


def test_a_form_is_signed_as_the_published_vector_says() -> None:
    """Sheet section 4.1, first vector."""
    assert sign(TOKEN, "https://mycompany.com/myapp.php?foo=1&bar=2", FORM) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_an_upgrade_is_signed_over_the_literal_url_alone() -> None:
    """Sheet sections 2.2 and 4.1, last vector."""
    assert sign(TOKEN, "wss://voice.example.com/relay/abc") == "QmvN5WpWhbr7ZUPAikhpMf/fy5A="


def test_a_json_body_is_bound_by_its_hash_in_the_url() -> None:
    """Sheet section 4.1, third vector."""
    digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    url, signature = sign_json(TOKEN, "https://x.example.com/hook", b'{"a":1}')
    assert url == f"https://x.example.com/hook?bodySHA256={digest}"
    assert signature == "n8nFiGtDqMWl0aZfV0xBvJdqlBY="


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20)), st.text("abc/", max_size=9))
def test_the_official_validator_accepts_every_form(form: dict[str, str], tail: str) -> None:
    url = f"https://app.example.com/{tail}"
    validator = RequestValidator("another token")
    signature = sign("another token", url, form)
    assert validator.validate(url, form, signature)
    assert not validator.validate(url, {**form, "CallToken": "added"}, signature)
