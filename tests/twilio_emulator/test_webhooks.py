"""Requests to the application: forms, signatures, limits, retries, status callbacks (sheet section 4)."""

import asyncio
import json

import pytest
from starlette.responses import RedirectResponse, Response
from twilio.request_validator import RequestValidator

from voice_agent.demo.twilio.happenings import AlertRaised
from voice_agent.demo.twilio.webhook import Overrides

from .application import BASE, CALLER, LINE, TOKEN, Application, Page, Seen, relay_twiml, response
from .stage import Stage
from .virtual_time import run

GEO = {f"{side}{place}" for side in ("From", "To", "Caller", "Called") for place in ("City", "State", "Zip", "Country")}


def test_the_voice_webhook_holds_every_field_and_a_valid_signature() -> None:
    """Sheet section 4.4, recorded forms: `CallToken` and `StirVerstat` take part in the signature."""

    async def scenario() -> None:
        application = Application(voice=response())
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        [seen] = [seen for seen in application.seen if seen.path == "/voice"]
        form = seen.form
        assert set(form) == GEO | {
            "AccountSid",
            "ApiVersion",
            "CallSid",
            "CallStatus",
            "CallToken",
            "Called",
            "Caller",
            "Direction",
            "From",
            "StirVerstat",
            "To",
        }
        assert form["From"] == form["Caller"] == CALLER and form["To"] == form["Called"] == LINE
        assert form["CallStatus"] == "ringing" and form["Direction"] == "inbound"
        assert json.loads(form["CallToken"])
        assert seen.headers["content-type"].startswith("application/x-www-form-urlencoded")
        for each in application.seen:
            validator = RequestValidator(TOKEN)
            assert validator.validate(f"{BASE}{each.path}", dict(each.form), each.headers["x-twilio-signature"])

    run(scenario())


def test_a_failed_connection_is_tried_once_more_with_the_same_token() -> None:
    """Sheet section 4.2: one retry, on connection failure only, `I-Twilio-Idempotency-Token` kept."""

    async def scenario() -> None:
        application = Application(voice=response("<Hangup/>"))
        stage = Stage(application)
        stage.network.outages = 1
        call = await stage.call()
        await call.ended()
        assert len(application.forms("/voice")) == 1
        sent = [entry.as_json() for entry in call.journal.entries if entry.as_json()["type"] == "webhook_sent"]
        assert [entry["attempt"] for entry in sent if entry["kind"] == "voice"] == [1, 2]

    run(scenario())


def test_two_failed_connections_are_11205() -> None:
    async def scenario() -> None:
        application = Application(voice=response("<Hangup/>"))
        stage = Stage(application)
        stage.network.outages = 2
        call = await stage.call()
        await call.ended()
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [11205]

    run(scenario())


def test_an_answer_after_15_seconds_is_too_late() -> None:
    """Sheet section 4.2: a hard ceiling."""

    async def scenario() -> None:
        async def slow(seen: Seen) -> Response:
            await asyncio.sleep(15.5)
            return Response(response(), media_type="text/xml")

        application = Application(voice=slow)
        stage = Stage(application, {"voice_fallback_url": f"{BASE}/fallback"})
        await (await stage.call()).ended()
        [form] = application.forms("/fallback")
        assert form["ErrorCode"] == "11205" and 14_900 <= application.times("/fallback")[0] <= 15_100

    run(scenario())


def test_the_fragment_overrides_and_is_neither_sent_nor_signed() -> None:
    """Sheet section 4.2: `#rc=2&rp=5xx`."""

    async def scenario() -> None:
        pages: list[Page] = [Response(status_code=500), Response(status_code=502), response("<Hangup/>")]
        application = Application(voice=pages)
        stage = Stage(application, {"voice_url": f"{BASE}/voice#rc=2&rp=5xx"})
        await (await stage.call()).ended()
        seen = [each for each in application.seen if each.path == "/voice"]
        assert len(seen) == 3 and "#" not in seen[0].url
        assert len({each.headers["i-twilio-idempotency-token"] for each in seen}) == 1
        signature = seen[0].headers["x-twilio-signature"]
        assert RequestValidator(TOKEN).validate(f"{BASE}/voice", dict(seen[0].form), signature)

    run(scenario())


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("ct=2000&rt=3000&tt=4000", Overrides(2.0, 3.0, 4.0)),
        ("rc=9&rp=all", Overrides(retries=5, retry_on=frozenset({"4xx", "5xx", "ct", "rt"}))),
        ("ct=1&tt=99999&e=ashburn&sni=y", Overrides(connect_timeout=0.1, total_timeout=15.0)),
        ("ct=soon&rc=x", Overrides()),
    ],
)
def test_overrides_are_read_and_kept_in_range(fragment: str, expected: Overrides) -> None:
    """Sheet section 4.2, table of keys."""
    assert Overrides.read(fragment) == expected


def test_a_redirect_is_followed_without_the_parameters() -> None:
    """Sheet section 4.2."""

    async def scenario() -> None:
        application = Application(voice=RedirectResponse("/moved", 302), moved=response("<Say>Here.</Say>"))
        stage = Stage(application)
        await (await stage.call()).ended()
        [seen] = [each for each in application.seen if each.path == "/moved"]
        assert seen.method == "GET" and not seen.form

    run(scenario())


def test_a_get_webhook_carries_and_signs_its_fields_in_the_url() -> None:
    """Sheet section 4.1: GET adds nothing to the signed URL."""

    async def scenario() -> None:
        application = Application(voice=response("<Hangup/>"))
        stage = Stage(application, {"voice_method": "GET"})
        await (await stage.call()).ended()
        [seen] = [each for each in application.seen if each.path == "/voice"]
        assert seen.method == "GET" and "CallSid=CA" in seen.url
        assert RequestValidator(TOKEN).validate(seen.url, {}, seen.headers["x-twilio-signature"])

    run(scenario())


@pytest.mark.parametrize("fault", ["wrong_signature", "missing_signature", "trailing_slash"])
def test_a_webhooks_signature_can_be_made_wrong(fault: str) -> None:
    """Sheet section 9."""

    async def scenario() -> None:
        application = Application(voice=response("<Hangup/>"))
        stage = Stage(application)
        stage.exchange.faults.add({"match": "WEBHOOK /voice", "fault": fault, "times": 1})
        await (await stage.call()).ended()
        [seen] = [each for each in application.seen if each.path == "/voice"]
        signature = seen.headers.get("x-twilio-signature", "")
        assert not RequestValidator(TOKEN).validate(f"{BASE}/voice", dict(seen.form), signature)

    run(scenario())


def test_an_inbound_number_reports_its_end_only() -> None:
    """Sheet section 4.5: `completed`, SequenceNumber 0, 0.3-1.3 s after the end (README of the recordings)."""

    async def scenario() -> None:
        application = Application(voice=response("<Say>Goodbye now.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        end = await call.ended()
        [form] = application.forms("/status")
        assert form["CallStatus"] == "completed" and form["SequenceNumber"] == "0"
        assert form["CallbackSource"] == "call-progress-events" and form["Timestamp"].endswith(" +0000")
        assert form["CallDuration"] == str(end.seconds) and form["Duration"] == "1"
        assert 300 <= application.times("/status")[0] - end.ms <= 1300

    run(scenario())


def test_status_callbacks_can_come_twice_and_out_of_order() -> None:
    """Sheet sections 4.3 and 9: at least once, in any order; recorded in 4 of 13 calls."""

    async def scenario() -> None:
        application = Application(outbound=response("<Say>Hello.</Say>"))
        stage = Stage(application)
        stage.exchange.faults.add({"match": "STATUS /status", "fault": "shuffle"})
        stage.exchange.faults.add({"match": "STATUS /status", "fault": "duplicate", "times": 1})
        call = await stage.outgoing(
            "+15550100003",
            status_callback=f"{BASE}/status",
            status_events=frozenset({"initiated", "ringing", "answered", "completed"}),
        )
        await call.ended()
        numbers = [form["SequenceNumber"] for form in application.forms("/status")]
        assert sorted(numbers) == ["0", "0", "1", "2", "3"] and numbers != sorted(numbers)

    run(scenario())


def test_basic_credentials_in_a_url_are_sent_as_a_header() -> None:
    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application, {"voice_url": "https://ann:secret@app.example.com/voice"})
        await stage.call()
        await application.talk()
        assert application.seen[0].headers["authorization"] == "Basic YW5uOnNlY3JldA=="

    run(scenario())
