"""What a tool is given: the caller's grant, the field service, the time, the words of the line. No model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from voice_agent.grants import Grant
from voice_agent.salesforce.field_service import FieldService

Speak = Callable[..., str]
"""`speak("eta.window", window=...)`: a phrase of prompts/phrases.*.toml in the caller's language, its holes filled."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    grant: Grant
    field: FieldService
    now: datetime
    """Aware, in the zone of the line."""
    lang: str
    speak: Speak
    said: tuple[str, ...]
    """The caller's own words in this call, oldest first, with keypad entries as "(pressed 2)"."""
    call_sid: str
    line: str
