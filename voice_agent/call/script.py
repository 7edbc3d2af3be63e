"""What the call may say without a model, and how long it waits: the line's words and its patience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voice_agent.call.confidence import Judge
from voice_agent.call.events import Ask

Phrases = Mapping[str, Mapping[str, tuple[str, ...]]]
"""language -> key -> variants, from prompts/phrases.*.toml."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures of the contract, section 6. Seconds unless the name says otherwise."""

    filler_after: float = 0.8
    second_filler_after: float = 5.0
    reply_within: float = 30.0
    """A reply that is neither finished nor failed by then is given up, aloud."""
    tools_within: float = 12.0
    write_within: float = 4.0
    """A confirmed change that has not settled by then is said to be still on its way."""
    secret_within: float = 6.0
    emergency_within: float = 6.0
    tool_calls: int = 6
    spoken_characters: int = 600
    turns: int = 60
    call_seconds: float = 20 * 60
    completion_tokens: int = 30_000
    silence: tuple[float, ...] = (6.0, 12.0)
    """Re-prompts, counted from the moment the agent has really finished; the next one ends the call."""
    silence_ends_in: str = "hangup"
    """`hangup` or `hand_off`."""
    hold: float = 0.0
    """How long a final prompt waits for another part of it before it is answered."""
    keypad_pause: float = 1.5
    """A pause that ends an entry of open length; 0 answers every key at once."""
    speaking_at_most: float = 15.0
    """`clientSpeaking on` that is never followed by words or `off` is believed for so long."""
    person_key: str = "0"
    """Reaches a person wherever no number is being entered; empty where a line has no such key."""
    leave_margin: float = 1.0
    """After the estimated end of a farewell, before the session is ended without a report."""
    partial_triage: float = 1.5
    """A hazard heard in a partial prompt is answered by then even if no final comes."""
    key_interrupts_within: float = 0.5
    """An `interrupt` this soon after a key is that key's (15 ms recorded); later ones are speech."""
    duplicate_within: float = 1.0
    speculate: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """Phrases in the languages of the line, its rules, and what the keypad means when the call begins."""

    phrases: Phrases
    rules: Rules = Rules()
    lang: str = "en"
    values: Mapping[str, str] = field(default_factory=dict)
    """Names that phrases may use: company, emergency number."""
    opening_ask: Ask | None = None
    role: str = ""
    """Whose line it is: `customer`, `technician`, `after_hours`."""
    judge: Judge | None = None
    """Weighs what a call has shown; without one nothing is handed over or asked again for want of confidence."""
    stay_on_line: frozenset[str] = frozenset({"trapped"})
    """Hazards for which keeping the caller on the line is right; for all others they are let go."""

    @property
    def hazards(self) -> tuple[str, ...]:
        """Hazards with guidance, in the words of the triage."""
        prefix = "guidance."
        return tuple(key.removeprefix(prefix) for key in self.phrases[self.lang] if key.startswith(prefix))

    def speaks(self, lang: str) -> bool:
        return lang in self.phrases

    def has(self, key: str) -> bool:
        return key in self.phrases[self.lang]

    def line(self, key: str, lang: str, variant: int = 0) -> str:
        """The phrase under `key`; the line's own language stands in where a translation is missing."""
        variants = self.phrases.get(lang, {}).get(key) or self.phrases[self.lang][key]
        text = variants[variant % len(variants)]
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", value)
        return text
