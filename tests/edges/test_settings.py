"""A setting that is missing, malformed, weak or a placeholder stops the start with a sentence that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voice_agent.errors import ConfigurationError
from voice_agent.settings import SECRETS, Settings, for_serve, names, parse, read

WHOLE = {
    "PUBLIC_URL": "https://voice.example.net",
    "SECRET_KEY": "c0ffee51b7d94a3e8f6012ab45cd7e90",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "SALESFORCE_CLIENT_ID": "3MVG9",
    "SALESFORCE_DOMAIN": "acme.my",
    "SALESFORCE_CLIENT_SECRET": "55AA66BB77CC88DD",
}


def refused(given: dict[str, str], *, serve: bool = False) -> str:
    with pytest.raises(ConfigurationError) as caught:
        for_serve(given) if serve else parse(given)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 300
    return said


MALFORMED = [
    ("PORT", ["", "x", "0", "65536", "-1", "8000.0", "٨٠٠٠", "²", "9" * 5000]),
    ("DRAIN_SECONDS", ["-1", "15m", "86401", "1.5"]),
    ("AUTONOMOUS_SENDS", ["yes please", "2", "onn"]),
    ("LOG_LEVEL", ["LOUD", "info warning"]),
    ("ROLLOUT_PHASE", ["readonly", "AUTONOMOUS"]),
    ("VOICE_TRANSPORT", ["sip", "media"]),
    ("EMERGENCY_NUMBER", ["nine one one", "9", "911;112", "+"]),
    ("SALESFORCE_API_VERSION", ["62", "latest", "v62", "6.0"]),
    ("SALESFORCE_API_BASE_URL", ["acme.my.salesforce.com", "ftp://a", "http://[", "http://acme.example", "https://"]),
    *(
        (name, ["voice.example.net", "ftp://a.example", "https://", "http://[::1", "https://a:port", "https://a b"])
        for name in ("PUBLIC_URL", "TWILIO_API_BASE_URL", "OPENAI_BASE_URL", "OPENAI_FALLBACK_BASE_URL")
    ),
]


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in MALFORMED for value in values], ids=lambda v: str(v)[:20]
)
def test_a_malformed_value_is_refused_by_name(name: str, value: str) -> None:
    assert refused({name: value}).startswith(name)


def test_every_complaint_says_how_to_mend_it() -> None:
    for name, values in MALFORMED:
        assert re.search(r"must be|write|allowed|leave it", refused({name: values[0]})), name


@pytest.mark.parametrize("name", WHOLE)
def test_serve_insists_on_what_production_needs(name: str) -> None:
    assert refused({k: v for k, v in WHOLE.items() if k != name}, serve=True).startswith(f"{name} is not set")


def test_serve_starts_with_what_production_needs_and_no_more(tmp_path: Path) -> None:
    settings = for_serve(WHOLE)
    assert settings.rollout_phase == "read_only" and settings.autonomous_sends is False
    assert settings.socket_url == "wss://voice.example.net"
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    by_key = {"SALESFORCE_USERNAME": "a@acme.example", "SALESFORCE_PRIVATE_KEY_FILE": str(key)}
    without = {k: v for k, v in WHOLE.items() if k not in ("SALESFORCE_CLIENT_SECRET", "SALESFORCE_DOMAIN")}
    assert for_serve(without | by_key).salesforce_private_key_file == str(key)


@pytest.mark.parametrize("given", ["SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"])
def test_a_login_by_key_needs_both_user_and_key(given: str) -> None:
    other = ({"SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"} - {given}).pop()
    assert refused(WHOLE | {given: "something"}, serve=True).startswith(f"{other} is not set")


def test_a_key_file_that_is_not_there_is_named() -> None:
    by_key = {"SALESFORCE_USERNAME": "a@acme.example", "SALESFORCE_PRIVATE_KEY_FILE": "/nowhere/key.pem"}
    assert "/nowhere/key.pem" in refused(WHOLE | by_key, serve=True)


@pytest.mark.parametrize("name", sorted(SECRETS))
@pytest.mark.parametrize("value", ["changeme", "your-token-here-your-token-here-xx", "x" * 40, "TODO" * 10, "0" * 64])
def test_serve_takes_no_placeholder_for_a_secret_and_does_not_repeat_it(name: str, value: str) -> None:
    said = refused(WHOLE | {name: value}, serve=True)
    assert said.startswith(f"{name} is a placeholder") and value not in said


def test_a_short_secret_key_is_refused_and_the_way_to_a_good_one_told() -> None:
    said = refused(WHOLE | {"SECRET_KEY": "c0ffee51b7d94a3e"}, serve=True)
    assert said.startswith("SECRET_KEY is too short") and "openssl" in said and "c0ffee" not in said


@pytest.mark.parametrize(
    "url",
    [
        "http://voice.example.net",
        "https://voice.example.net/app",
        "https://voice.example.net?a=1",
        "https://v.example#a",
    ],
)
def test_serve_wants_the_https_origin_that_twilio_reaches(url: str) -> None:
    assert refused(WHOLE | {"PUBLIC_URL": url}, serve=True).startswith("PUBLIC_URL")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8010", "http://localhost:1", "http://[::1]:1", "https://a.example"]
)
def test_salesforce_over_plain_http_is_for_this_machine_only(address: str) -> None:
    assert parse({"SALESFORCE_API_BASE_URL": address}).salesforce_api_base_url == address


# -- where values come from --------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=1111\nLOG_LEVEL=DEBUG\n# PUBLIC_URL=https://no.example\nNOT_OURS=1\n", encoding="utf-8")
    assert read({"PORT": "2222", "PATH": "/bin"}, dotenv=file) == {"PORT": "2222", "LOG_LEVEL": "DEBUG"}
    assert read({"PORT": "2222"}, dotenv=None) == {"PORT": "2222"}


def test_a_blank_value_counts_as_not_set(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=\nHOST=  \n", encoding="utf-8")
    assert read({"LOG_LEVEL": " "}, dotenv=file) == {}


def test_the_file_may_quote_and_export(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("export PORT='8080'\n HOST = \"::1\"\nSECRET_KEY=a=b#c\n\n", encoding="utf-8")
    assert read({}, dotenv=file) == {"PORT": "8080", "HOST": "::1", "SECRET_KEY": "a=b#c"}


@pytest.mark.parametrize(
    ("text", "told"), [(b"PORT 80", "line 1"), (b"\n=x", "line 2"), (b"A-B=1", "line 1"), (b"\xff", "UTF-8")]
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: bytes, told: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(text)
    with pytest.raises(ConfigurationError, match=rf"\.env.*{told}"):
        read({}, dotenv=file)


def test_no_secret_is_in_a_representation() -> None:
    hidden = {name: f"hidden-{number}-{name}" for number, name in enumerate(sorted(SECRETS))}
    shown = repr(parse(hidden))
    assert not [name for name, value in hidden.items() if value in shown]
    assert set(SECRETS) <= set(names()) and "demo" not in {name.lower() for name in names()}


def test_the_models_are_tried_in_the_order_of_the_settings() -> None:
    assert parse({}).model_endpoints == ()
    both = parse({"OPENAI_API_KEY": "k1", "OPENAI_FALLBACK_MODEL": "other"})
    assert both.model_endpoints == (
        ("https://api.openai.com/v1", Settings().openai_model, "k1"),
        ("https://api.openai.com/v1", "other", "k1"),
    )
