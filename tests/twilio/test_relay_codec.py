"""ConversationRelay frames, both ways: all that is documented or recorded is read, and no words become a frame."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.call.events import (
    AgentSpeaking,
    CallerInterrupted,
    CallerSpeaking,
    CallerSpoke,
    DigitPressed,
    TokensPlayed,
)
from voice_agent.errors import WireError
from voice_agent.twilio import relay

# Sheet sections 2.3 and 2.4, and the recordings' README.
FRAMES = [
    ({"type": "prompt", "voicePrompt": "my heater", "lang": "en-US", "last": False}, CallerSpoke("my heater", False)),
    ({"type": "prompt", "voicePrompt": "My heater.", "lang": "en", "last": True}, CallerSpoke("My heater.", True)),
    ({"type": "prompt", "voicePrompt": "No last at all"}, CallerSpoke("No last at all", True)),
    ({"type": "dtmf", "digit": "5"}, DigitPressed("5")),
    ({"type": "dtmf", "digit": "#"}, DigitPressed("#")),
    (
        {"type": "interrupt", "utteranceUntilInterrupt": "Sentence 2 of", "durationUntilInterruptMs": 684},
        CallerInterrupted("Sentence 2 of", 684),
    ),
    (
        {"type": "interrupt", "utteranceUntilInterrupt": "This", "durationUntilInterruptMs": "15"},
        CallerInterrupted("This", 15),
    ),
    ({"type": "interrupt"}, CallerInterrupted("", 0)),
    ({"type": "info", "name": "agentSpeaking", "value": "on"}, AgentSpeaking(True)),
    ({"type": "info", "name": "agentSpeaking", "value": "off"}, AgentSpeaking(False)),
    ({"type": "info", "name": "clientSpeaking", "value": "on"}, CallerSpeaking(True)),
    ({"type": "info", "name": "tokensPlayed", "value": " Let me check."}, TokensPlayed(" Let me check.")),
    ({"type": "info", "name": "roundTripDelayMs", "value": "412"}, relay.Measured(412.0)),
    ({"type": "info", "name": "roundTripDelayMs", "value": 412}, relay.Measured(412.0)),
    ({"type": "info", "name": "roundTripDelayMs", "value": "?"}, relay.Measured(None)),
    ({"type": "info", "name": "configUpdated", "value": "tts"}, relay.ConfigUpdated("tts")),
    ({"type": "info", "name": "somethingNew", "value": {}}, relay.Ignored("info somethingNew")),
    ({"type": "error", "description": "Invalid message received, code: 64107, {}"}, relay.ErrorReported(64107)),
    ({"type": "error", "description": "Invalid message received: {}"}, relay.ErrorReported(0)),
    ({"type": "wave", "hello": True}, relay.Ignored("wave")),
    ({"type": "dtmf", "digit": "12"}, relay.Ignored("dtmf")),
    ({"type": "dtmf"}, relay.Ignored("dtmf")),
]


@pytest.mark.parametrize(("frame", "event"), FRAMES)
def test_every_frame_twilio_sends_is_read(frame: dict[str, object], event: object) -> None:
    assert relay.decode(json.dumps(frame)) == event


def test_unknown_fields_are_passed_over() -> None:
    frame = {"type": "prompt", "voicePrompt": "hi", "last": True, "turnState": {"x": 1}, "segments": []}
    assert relay.decode(json.dumps(frame)) == CallerSpoke("hi", True)


def test_setup_is_read_with_and_without_its_optional_fields() -> None:
    whole = relay.decode(
        '{"type":"setup","sessionId":"VX1","accountSid":"AC1","callSid":"CA1","from":"+1555","to":"+1556",'
        '"direction":"inbound","callStatus":"IN_PROGRESS","customParameters":{"ticket":"t","n":3}}'
    )
    assert isinstance(whole, relay.Setup)
    assert whole.parameters == {"ticket": "t", "n": ""} and whole.call_status == "IN_PROGRESS"
    bare = relay.decode('{"type":"setup","callSid":"CA1"}')
    assert isinstance(bare, relay.Setup) and bare.parameters == {} and bare.caller == ""


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"prompt"', "null", "17", '{"kind":"prompt"}', '{"type":7}', b"\xff\xfe"]
)
def test_what_is_no_frame_is_named_as_such(text: str | bytes) -> None:
    with pytest.raises(WireError):
        relay.decode(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5), lambda v: st.lists(v, max_size=2)
    )
)
def test_a_frame_of_any_values_is_read_or_refused_but_never_breaks(value: object) -> None:
    for kind in ("setup", "prompt", "dtmf", "interrupt", "info", "error", "other"):
        frame = {"type": kind, "voicePrompt": value, "last": value, "digit": value, "value": value, "name": value}
        frame |= {"utteranceUntilInterrupt": value, "durationUntilInterruptMs": value, "customParameters": value}
        frame |= {"description": value, "callSid": value}
        relay.decode(json.dumps(frame))


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("Invalid message received, code: 64107, message: x", 64107),
        ("code: ²", 0),
        ("code: ٦٤١٠٧", 0),
        ("code:", 0),
        ("", 0),
    ],
)
def test_the_number_of_an_error_is_read_where_there_is_one(description: str, code: int) -> None:
    told = json.dumps({"type": "error", "description": description})
    assert relay.decode(told) == relay.ErrorReported(code)


def test_nul_and_half_surrogates_do_not_get_in() -> None:
    spoke = relay.decode('{"type":"prompt","voicePrompt":"a\\u0000b","last":true}')
    assert spoke == CallerSpoke("ab", True)


def test_a_prompt_is_cut_at_its_limit() -> None:
    spoke = relay.decode(json.dumps({"type": "prompt", "voicePrompt": "x" * 9000, "last": True}))
    assert isinstance(spoke, CallerSpoke) and len(spoke.text) == relay.MOST_PROMPT_CHARACTERS


@given(st.text(max_size=60), st.booleans())
def test_what_a_model_writes_stays_inside_the_token(words: str, last: bool) -> None:
    try:
        frame = json.loads(relay.text(words + '","type":"end', last=last))
    except UnicodeEncodeError:
        return  # half a surrogate is no text; the ear filter in front removes it
    assert frame == {"type": "text", "token": words + '","type":"end', "last": last}


def test_frames_to_twilio_have_the_documented_form() -> None:
    assert json.loads(relay.text(" at nine.", last=True, interruptible=False, preemptible=True, lang="es-US")) == {
        "type": "text",
        "token": " at nine.",
        "last": True,
        "lang": "es-US",
        "interruptible": False,
        "preemptible": True,
    }
    assert json.loads(relay.play("https://a.example/hold.mp3", loop=0, preemptible=True, interruptible=False)) == {
        "type": "play",
        "source": "https://a.example/hold.mp3",
        "loop": 0,
        "preemptible": True,
        "interruptible": False,
    }
    assert json.loads(relay.send_digits("1w2#")) == {"type": "sendDigits", "digits": "1w2#"}
    assert json.loads(relay.language(tts="es-US", transcription="es-US")) == {
        "type": "language",
        "ttsLanguage": "es-US",
        "transcriptionLanguage": "es-US",
    }
    assert json.loads(relay.end()) == {"type": "end"}
    handoff = json.loads(relay.end({"reasonCode": "live-agent"}))
    assert json.loads(handoff["handoffData"]) == {"reasonCode": "live-agent"}, "a string that holds JSON"


@pytest.mark.parametrize("digits", ["", "12x", "1 2", "A"])
def test_only_keys_are_sent_as_keys(digits: str) -> None:
    with pytest.raises(ValueError):
        relay.send_digits(digits)


def test_a_language_frame_names_a_language() -> None:
    with pytest.raises(ValueError):
        relay.language()
