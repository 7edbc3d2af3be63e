"""TwiML as Twilio reads it: every default written out, and no text that can leave its place."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from voice_agent.twilio import twiml

NASTY = '</Say><Dial>+1900555</Dial><Say a="'


def relay(**changes: object) -> ET.Element:
    settings: dict[str, object] = {
        "url": "wss://a.example/twilio/relay",
        "action": "https://a.example/twilio/ended",
        "greeting": "Hello.",
        "attributes": {},
        "parameters": {"ticket": "t"},
    }
    root = ET.fromstring(twiml.conversation_relay(**(settings | changes)))  # type: ignore[arg-type]
    found = root.find("Connect/ConversationRelay")
    assert found is not None
    return found


def test_every_attribute_with_a_known_default_is_written_out() -> None:
    element = relay()
    for name, default in twiml.KNOWN_DEFAULTS.items():
        assert element.get(name) == default


def test_a_line_changes_defaults_and_adds_what_has_none() -> None:
    element = relay(attributes={"reportInputDuringAgentSpeech": "any", "hints": "belt,igniter"})
    assert element.get("reportInputDuringAgentSpeech") == "any" and element.get("hints") == "belt,igniter"
    assert relay().get("hints") is None


def test_a_resumed_call_is_not_greeted() -> None:
    assert relay(greeting="").get("welcomeGreeting") is None


def test_languages_and_parameters_are_children() -> None:
    element = relay(languages=[{"code": "es-US", "voice": "x"}])
    language, parameter = element.findall("Language")[0], element.findall("Parameter")[0]
    assert language.attrib == {"code": "es-US", "voice": "x"}
    assert parameter.attrib == {"name": "ticket", "value": "t"}


@pytest.mark.parametrize(
    "document",
    [
        twiml.say(NASTY),
        twiml.enqueue(NASTY, wait_url=NASTY, action=NASTY, say=NASTY),
        twiml.enqueue("x", wait_url="https://a", action="https://b", workflow_sid=NASTY, task=NASTY),
        twiml.dial(NASTY, action=NASTY, say=NASTY),
        twiml.wait(NASTY, music=NASTY),
        twiml.conversation_relay(url=NASTY, action=NASTY, greeting=NASTY, attributes={}, parameters={NASTY: NASTY}),
    ],
)
def test_no_text_becomes_a_verb(document: str) -> None:
    root = ET.fromstring(document)
    verbs = {element.tag for element in root.iter()}
    own_dial = root.find("Dial/Number") is not None
    assert "Dial" not in verbs or own_dial
    assert sum(element.tag == "Dial" for element in root.iter()) <= 1


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("dtmf_detection", True, ("dtmfDetection", "true")),
        ("hints", ["belt", "igniter"], ("hints", "belt,igniter")),
        ("events", ["speaker-events", "tokens-played"], ("events", "speaker-events tokens-played")),
        ("eot_threshold", 0.7, ("eotThreshold", "0.7")),
        ("speechTimeout", "auto", ("speechTimeout", "auto")),
    ],
)
def test_settings_are_written_as_the_wire_wants_them(name: str, value: object, written: tuple[str, str]) -> None:
    assert (twiml.camel(name), twiml.attribute(twiml.camel(name), value)) == written
