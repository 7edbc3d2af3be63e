"""The attributes and children of `<ConversationRelay>`, read the way Twilio reads them (sheet section 1.1 and 1.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class InvalidParameter(ValueError):
    """An attribute Twilio refuses: error 64101, the session does not start."""


@dataclass(frozen=True, slots=True)
class Input:
    """Which of the caller's inputs a rule is about: the words none, dtmf, speech, any."""

    speech: bool
    dtmf: bool


NONE = Input(speech=False, dtmf=False)
ANY = Input(speech=True, dtmf=True)
_INPUTS = {
    "none": NONE,
    "false": NONE,
    "dtmf": Input(speech=False, dtmf=True),
    "speech": Input(speech=True, dtmf=False),
    "any": ANY,
    "true": ANY,
}


def read_input(value: str | bool) -> Input | None:
    """The rule for an attribute or a frame's field; None when the word is not one of Twilio's."""
    return _INPUTS.get(str(value).lower())


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One session's settings, with Twilio's defaults for what the TwiML did not say."""

    url: str
    welcome_greeting: str = ""
    welcome_greeting_interruptible: Input = ANY
    interruptible: Input = ANY
    report_during_agent_speech: Input = NONE
    """The default was `any` before May 2025: a server must not rely on it."""
    interrupt_sensitivity: str = "high"
    ignore_backchannel: bool = False
    preemptible: bool = False
    dtmf_detection: bool = False
    partial_prompts: bool = False
    partial_prompt_on_hangup: bool = False
    tts_language: str = "en-US"
    transcription_language: str = "en-US"
    speech_model: str = ""
    speaker_events: bool = False
    tokens_played: bool = False
    debugging: bool = False
    config_updated: bool = False
    languages: frozenset[str] = frozenset()
    """Codes of the `<Language>` children; the two default languages are usable without one."""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def flux(self) -> bool:
        """Deepgram's conversational model: `lang` loses its region and one utterance may come as two finals."""
        return "flux" in self.speech_model

    def prompt_language(self, language: str) -> str:
        """The `lang` of a prompt: plain `en` under Flux and under `multi` (sheet section 2.3)."""
        if self.flux or language == "multi":
            return "en" if language == "multi" else language.split("-")[0]
        return language

    def knows(self, language: str) -> bool:
        return language in self.languages | {self.tts_language, self.transcription_language}


def read_settings(element: Element) -> RelaySettings:
    """Reads a `<ConversationRelay>`; raises InvalidParameter. Unknown attributes are ignored, their order is free."""
    given = element.attrib
    url = given.get("url", "")
    parts = urlsplit(url)
    plain = parts.scheme == "ws" and parts.hostname in LOOPBACK
    if not (parts.scheme == "wss" or plain) or not parts.netloc:
        raise InvalidParameter(f"url must begin with wss:// (ws:// to this machine only), not {url!r}")
    language = given.get("language", "en-US")
    asked = set(f"{given.get('events', '')} {given.get('debug', '')}".split())
    return RelaySettings(
        url=url,
        welcome_greeting=given.get("welcomeGreeting", ""),
        welcome_greeting_interruptible=_input(given, "welcomeGreetingInterruptible", ANY),
        interruptible=_input(given, "interruptible", ANY),
        report_during_agent_speech=_input(given, "reportInputDuringAgentSpeech", NONE),
        interrupt_sensitivity=_word(given, "interruptSensitivity", ("high", "medium", "low")),
        ignore_backchannel=_flag(given, "ignoreBackchannel"),
        preemptible=_flag(given, "preemptible"),
        dtmf_detection=_flag(given, "dtmfDetection"),
        partial_prompts=_flag(given, "partialPrompts"),
        partial_prompt_on_hangup=_flag(given, "partialPromptOnHangup"),
        tts_language=given.get("ttsLanguage", language),
        transcription_language=given.get("transcriptionLanguage", language),
        speech_model=given.get("speechModel", "").lower(),
        speaker_events="speaker-events" in asked,
        tokens_played="tokens-played" in asked,
        debugging="debugging" in asked,
        config_updated="config-updated" in asked,
        languages=frozenset(child.get("code", "") for child in _children(element, "Language")),
        parameters={child.get("name", ""): child.get("value", "") for child in _children(element, "Parameter")},
    )


def _children(element: Element, tag: str) -> Iterable[Element]:
    return (child for child in element if child.tag == tag)


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "false").lower()
    if value not in ("true", "false"):
        raise InvalidParameter(f"{name} must be true or false, not {value!r}")
    return value == "true"


def _word(given: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    value = given.get(name, words[0])
    if value not in words:
        raise InvalidParameter(f"{name} must be one of {', '.join(words)}, not {value!r}")
    return value


def _input(given: Mapping[str, str], name: str, default: Input) -> Input:
    if name not in given:
        return default
    rule = read_input(given[name])
    if rule is None:
        raise InvalidParameter(f"{name} must be none, dtmf, speech or any, not {given[name]!r}")
    return rule
