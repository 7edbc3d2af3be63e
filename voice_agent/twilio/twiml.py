"""TwiML documents this server answers with, built as trees and serialised once: nothing is ever pasted into XML.

Defaults of `<ConversationRelay>` have changed under running applications (`reportInputDuringAgentSpeech` went from any
to none in May 2025), so every attribute with a known default is written out, the others only where the line sets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

KNOWN_DEFAULTS: Mapping[str, str] = {
    "welcomeGreetingInterruptible": "any",
    "language": "en-US",
    "ttsProvider": "ElevenLabs",
    "transcriptionProvider": "Deepgram",
    "speechTimeout": "auto",
    "partialPrompts": "false",
    "partialPromptOnHangup": "false",
    "interruptible": "any",
    "interruptSensitivity": "high",
    "ignoreBackchannel": "false",
    "reportInputDuringAgentSpeech": "none",
    "preemptible": "false",
    "dtmfDetection": "false",
    "deepgramSmartFormat": "true",
    "elevenlabsTextNormalization": "off",
    "echoPromptFiltering": "false",
    "applicationReconnect": "false",
}
"""Attribute -> documented default (sheet section 1.1)."""

RELAY_ATTRIBUTES = frozenset(KNOWN_DEFAULTS) | {
    "ttsLanguage",
    "transcriptionLanguage",
    "voice",
    "speechModel",
    "eotThreshold",
    "eagerEotThreshold",
    "hints",
    "profanityFilter",
    "backgroundNoiseReduction",
    "asrSmartFormat",
    "ttsTextNormalization",
    "ttsLanguageTextNormalization",
    "elevenlabsLanguageTextNormalization",
    "events",
    "debug",
    "intelligenceService",
    "conversationConfiguration",
    "conversationId",
    "customerName",
    "includeInPrompt",
    "turnDetection",
}
"""What a line may set. `url` and `welcomeGreeting` are the server's."""

LANGUAGE_ATTRIBUTES = frozenset(
    {
        "code",
        "ttsProvider",
        "voice",
        "transcriptionProvider",
        "speechModel",
        "hints",
        "asrSmartFormat",
        "ttsTextNormalization",
        "ttsLanguageTextNormalization",
    }
)

FLUX_ONLY = frozenset({"eotThreshold", "eagerEotThreshold"})


def conversation_relay(
    *,
    url: str,
    action: str,
    greeting: str,
    attributes: Mapping[str, str],
    languages: Sequence[Mapping[str, str]] = (),
    parameters: Mapping[str, str],
) -> str:
    """`<Connect action><ConversationRelay>`; an empty greeting is left out, so that nobody is greeted twice."""
    connect = ET.Element("Connect", {"action": action, "method": "POST"})
    relay = ET.SubElement(connect, "ConversationRelay", {"url": url, **KNOWN_DEFAULTS, **attributes})
    if greeting:
        relay.set("welcomeGreeting", greeting)
    for settings in languages:
        ET.SubElement(relay, "Language", dict(settings))
    _parameters(relay, parameters)
    return response(connect)


def enqueue(
    queue: str, *, wait_url: str, action: str, workflow_sid: str = "", task: str = "", priority: int = 0, say: str = ""
) -> str:
    """A person takes over: a queue by name, or a TaskRouter workflow with a JSON task."""
    verb = ET.Element("Enqueue", {"waitUrl": wait_url, "waitUrlMethod": "POST", "action": action, "method": "POST"})
    if workflow_sid:
        verb.set("workflowSid", workflow_sid)
        ET.SubElement(verb, "Task", {"priority": str(priority)}).text = task
    else:
        verb.text = queue
    return response(*_spoken(say), verb)


def say(*sentences: str, language: str = "en-US", hang_up: bool = False) -> str:
    verbs = _spoken(*sentences, language=language)
    return response(*verbs, ET.Element("Hangup")) if hang_up else response(*verbs)


def dial(number: str, *, action: str, caller_id: str = "", say: str = "", timeout: int = 30) -> str:
    """Ring a number from configuration. Without REST and without a queue this alone still reaches a person."""
    attributes = {"action": action, "method": "POST", "timeout": str(timeout)}
    verb = ET.Element("Dial", attributes | ({"callerId": caller_id} if caller_id else {}))
    ET.SubElement(verb, "Number").text = number
    return response(*_spoken(say), verb)


def wait(sentence: str, *, music: str = "", pause: int = 10, language: str = "en-US") -> str:
    """One round in the queue: a sentence, then music or a pause; Twilio asks again when it is over."""
    verbs = _spoken(sentence, language=language)
    if music:
        play = ET.Element("Play")
        play.text = music
        verbs.append(play)
    else:
        verbs.append(ET.Element("Pause", {"length": str(pause)}))
    return response(*verbs)


def hang_up() -> str:
    return response(ET.Element("Hangup"))


def response(*verbs: ET.Element) -> str:
    root = ET.Element("Response")
    root.extend(verbs)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _spoken(*sentences: str, language: str = "en-US") -> list[ET.Element]:
    verbs = []
    for sentence in sentences:
        if sentence:
            verb = ET.Element("Say", {"language": language})
            verb.text = sentence
            verbs.append(verb)
    return verbs


def _parameters(parent: ET.Element, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        ET.SubElement(parent, "Parameter", {"name": name, "value": value})


def attribute(name: str, value: Any) -> str:
    """A value of lines.toml as the wire wants it: true/false in lower case, lists with their separator."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ("," if name == "hints" else " ").join(str(item) for item in value)
    return str(value)


def camel(name: str) -> str:
    """snake_case of lines.toml to the wire's camelCase; camelCase stays."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
