"""Recordings: the verb, beside other verbs, over REST, their callbacks and their sound (sheet section 7.3)."""

import io
import wave
from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN

from .application import Application, response
from .official_client import client
from .processes import emulator, wait_until
from .stage import Stage
from .virtual_time import run

VOICEMAIL = response(
    '<Say>Please leave a message.</Say><Record action="/recorded" timeout="3" recordingStatusCallback="/recording"/>'
    "<Say>Nothing was said.</Say>"
)


def test_a_message_is_recorded_until_the_caller_falls_silent() -> None:
    """Sheet section 4.4: `RecordingUrl`, `RecordingDuration`, `Digits`; the callback when it is complete."""

    async def scenario() -> None:
        application = Application(voice=VOICEMAIL, recorded=response("<Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(3)
        await call.say("Please call me back about the boiler.")
        await call.ended()
        [form] = application.forms("/recorded")
        assert form["RecordingSid"].startswith("RE") and form["RecordingUrl"].endswith(form["RecordingSid"])
        assert 4 <= int(form["RecordingDuration"]) <= 7 and form["Digits"] == ""
        [status] = application.forms("/recording")
        assert status["RecordingStatus"] == "completed" and status["RecordingSource"] == "RecordVerb"
        assert status["RecordingDuration"] == form["RecordingDuration"]

    run(scenario())


@pytest.mark.parametrize(("key", "digits"), [("#", "#"), ("", "hangup")])
def test_a_key_or_a_hang_up_ends_a_recording(key: str, digits: str) -> None:
    async def scenario() -> None:
        application = Application(voice=VOICEMAIL, recorded=response("<Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(3)
        await call.say("Please call me back.")
        if key:
            await call.press(key)
        else:
            call.hang_up()
        await call.ended()
        assert [form["Digits"] for form in application.forms("/recorded")] == [digits]

    run(scenario())


def test_a_silent_recording_goes_on_to_the_next_verb() -> None:
    async def scenario() -> None:
        application = Application(voice=VOICEMAIL)
        stage = Stage(application)
        await (await stage.call()).ended()
        assert not application.forms("/recorded")

    run(scenario())


def test_a_recording_beside_a_call_runs_to_its_end() -> None:
    """Sheet section 7.3: `<Start><Recording>` before what blocks; `in-progress` and `completed` are told."""

    async def scenario() -> None:
        page = response(
            '<Start><Recording recordingStatusCallback="/recording" '
            'recordingStatusCallbackEvent="in-progress completed"/></Start><Pause length="20"/>'
        )
        application = Application(voice=page)
        stage = Stage(application)
        await (await stage.call()).ended()
        started, ended = application.forms("/recording")
        assert started["RecordingStatus"] == "in-progress" and "RecordingDuration" not in started
        assert ended["RecordingStatus"] == "completed" and ended["RecordingDuration"] == "20"
        assert ended["RecordingChannels"] == "2"

    run(scenario())


@pytest.fixture(scope="module")
def twilio() -> Iterator[Client]:
    with emulator() as address, client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as account:
        account.incoming_phone_numbers.create(phone_number="+15550100001")
        yield account


@pytest.mark.process
def test_rest_records_a_live_call_and_pauses_for_a_card_number(twilio: Client) -> None:
    """Sheet section 7.3, with the official client."""
    pause = "<Response><Pause length='600'/></Response>"
    call = twilio.calls.create(to="+15550100002", from_="+15550100001", twiml=pause)
    wait_until(lambda: twilio.calls(call.sid or "").fetch().status == "in-progress")
    recording = twilio.calls(call.sid or "").recordings.create()
    assert recording.status == "in-progress" and recording.duration is None
    current = twilio.calls(call.sid or "").recordings("Twilio.CURRENT")
    assert current.update(status="paused").status == "paused"
    assert current.update(status="in-progress").status == "in-progress"
    twilio.calls(call.sid or "").update(status="completed")
    done = wait_until(lambda: (one := twilio.recordings(recording.sid or "").fetch()).status == "completed" and one)
    assert done.duration is not None and [each.sid for each in twilio.recordings.list()] == [recording.sid]
    path = f"https://api.twilio.com/2010-04-01/Accounts/{DEMO_ACCOUNT_SID}/Recordings/{recording.sid}.wav"
    sound = twilio.request("GET", path)
    assert sound.status_code == 200
    assert twilio.recordings(recording.sid or "").delete()
    with pytest.raises(TwilioRestException) as gone:
        twilio.recordings(recording.sid or "").fetch()
    assert gone.value.status == 404


def test_the_sound_is_as_long_as_the_recording() -> None:
    from voice_agent.demo.twilio.recordings import media

    with wave.open(io.BytesIO(media(7))) as sound:
        assert sound.getnframes() / sound.getframerate() == 7
