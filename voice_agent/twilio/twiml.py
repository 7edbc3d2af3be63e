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
    queue: str,
    *,
    wait_url: str,
    action: str,
    workflow_sid: str = "",
    task: str = "",
    priority: int = 0,
    say: str = "",
    language: str = "en-US",
) -> str:
    """A person takes over: a queue by name, or a TaskRouter workflow with a JSON task."""
    verb = ET.Element("Enqueue", {"waitUrl": wait_url, "waitUrlMethod": "POST", "action": action, "method": "POST"})
    if workflow_sid:
        verb.set("workflowSid", workflow_sid)
        ET.SubElement(verb, "Task", {"priority": str(priority)}).text = task
    else:
        verb.text = queue
    return response(*_spoken(say, language=language), verb)


def say(*sentences: str, language: str = "en-US", hang_up: bool = False) -> str:
    verbs = _spoken(*sentences, language=language)
    return response(*verbs, ET.Element("Hangup")) if hang_up else response(*verbs)


def dial(
    address: str,
    *,
    action: str,
    caller_id: str = "",
    say: str = "",
    language: str = "en-US",
    timeout: int = 30,
    whisper: str = "",
    status_callback: str = "",
) -> str:
    """Ring a number or SIP address from configuration. Without REST and without a queue this alone reaches a person.

    `whisper` runs on the called leg before the two hear each other.
    """
    attributes = {"action": action, "method": "POST", "timeout": str(timeout), "answerOnBridge": "false"}
    verb = ET.Element("Dial", attributes | ({"callerId": caller_id} if caller_id else {}))
    noun = ET.SubElement(verb, "Sip" if address.startswith(("sip:", "sips:")) else "Number")
    noun.text = address
    if whisper:
        noun.attrib |= {"url": whisper, "machineDetection": "Enable"}
    if status_callback:
        noun.attrib |= {"statusCallback": status_callback, "statusCallbackEvent": "ringing answered completed"}
    return response(*_spoken(say, language=language), verb)


def conference(
    room: str,
    *,
    action: str,
    ends: bool,
    say: str = "",
    language: str = "en-US",
    status_callback: str = "",
    wait_url: str = "",
) -> str:
    """Join a room of one conversation. `ends`: when this leg goes, the conversation is over for the other too.

    Whoever is alone in it hears `wait_url`, and with it can leave by a star.
    """
    verb = ET.Element("Dial", {"action": action, "method": "POST"})
    noun = ET.SubElement(
        verb, "Conference", {"beep": "false", "startConferenceOnEnter": "true", "endConferenceOnExit": _word(ends)}
    )
    noun.text = room
    if wait_url:
        verb.set("hangupOnStar", "true")
        noun.attrib |= {"waitUrl": wait_url, "waitMethod": "POST"}
    if status_callback:
        noun.attrib |= {"statusCallback": status_callback, "statusCallbackEvent": "start end join leave"}
    return response(*_spoken(say, language=language), verb)


def dial_reservation(reservation_sid: str, *, action: str, say: str = "", language: str = "en-US") -> str:
    """The worker's own leg takes the caller of a pending reservation out of the queue, and so accepts it."""
    verb = ET.Element("Dial", {"action": action, "method": "POST"})
    ET.SubElement(verb, "Queue", {"reservationSid": reservation_sid})
    return response(*_spoken(say, language=language), verb)


def gather(
    sentence: str, *, action: str, language: str, timeout: int, hints: str = "", music: str = "", pause: int = 0
) -> ET.Element:
    """One key, pressed at any time during the words and `timeout` seconds after them; with `hints` a word does too."""
    verb = ET.Element(
        "Gather",
        {
            "input": "dtmf speech" if hints else "dtmf",
            "numDigits": "1",
            "timeout": str(timeout),
            "action": action,
            "method": "POST",
        },
    )
    if hints:
        verb.attrib |= {"hints": hints, "language": language, "speechTimeout": "auto"}
    verb.extend(_spoken(sentence, language=language))
    verb.extend(_sound(music, pause))
    return verb


def record(sentence: str, *, action: str, language: str, longest: int, status_callback: str) -> str:
    """A message after the tone. Twilio skips `action` when nothing was said; the redirect then asks it."""
    verb = ET.Element(
        "Record",
        {
            "action": action,
            "method": "POST",
            "maxLength": str(longest),
            "timeout": "5",
            "finishOnKey": "#",
            "playBeep": "true",
            "recordingStatusCallback": status_callback,
        },
    )
    return response(*_spoken(sentence, language=language), verb, _redirect(action))


def redirect(url: str, *, say: str = "", language: str = "en-US") -> str:
    return response(*_spoken(say, language=language), _redirect(url))


def leave(say: str = "", *, language: str = "en-US") -> str:
    """Out of the queue; its `action` then says where to."""
    return response(*_spoken(say, language=language), ET.Element("Leave"))


def wait(sentence: str, *, keys: str = "", music: str = "", pause: int = 10, language: str = "en-US") -> str:
    """One round in the queue: a sentence, then music or a pause; Twilio asks again when it is over.

    `keys` is where a key pressed meanwhile is sent.
    """
    if keys:
        return response(gather(sentence, action=keys, language=language, timeout=1, music=music, pause=pause))
    return response(*_spoken(sentence, language=language), *_sound(music, pause))


def ask(sentence: str, *, action: str, language: str, hints: str, then: str, timeout: int = 6) -> str:
    """Words, a key or a word in answer, and where to go when nothing comes."""
    return response(gather(sentence, action=action, language=language, timeout=timeout, hints=hints), _redirect(then))


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


def _sound(music: str, pause: int) -> list[ET.Element]:
    if music:
        play = ET.Element("Play")
        play.text = music
        return [play]
    return [ET.Element("Pause", {"length": str(pause)})] if pause else []


def _redirect(url: str) -> ET.Element:
    verb = ET.Element("Redirect", {"method": "POST"})
    verb.text = url
    return verb


def _word(value: bool) -> str:
    return "true" if value else "false"


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
