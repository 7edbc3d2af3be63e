"""A line's instructions to the model: Markdown with {holes} that the server fills from what it knows for certain."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache

from voice_agent.agent.model import Situation

MARK = "".join(secrets.choice("bdfgklmnprstvz" if n % 2 == 0 else "aeiou") for n in range(11))
"""Stands at the head of every prompt of this process and is never to be heard: a reply that says it is cut off."""
LANGUAGES = {"en": "English", "es": "Spanish"}
LEVELS = ("not identified", "matched by number", "proven by PIN or code")


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str

    @property
    def version(self) -> str:
        """Twelve hex digits that change with the wording; they stand in every audit row."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    def fill(self, situation: Situation) -> str:
        """What changes least comes first in the file, so that providers can reuse their cached prefix."""
        now = situation.now
        return _filled(
            f"({MARK}) {self.text}",
            company=situation.company,
            language=LANGUAGES.get(situation.lang, "English"),
            caller=situation.caller or "unknown",
            identity=LEVELS[min(situation.level, 2)],
            today=f"{now:%A}, {now:%B} {now.day}, {now.year}",
            time=f"{now:%H:%M}",
            open="open" if situation.open else "closed",
            emergency=situation.emergency or "none",
        )


@lru_cache(maxsize=512)
def _filled(text: str, **holes: str) -> str:
    for name, value in holes.items():
        text = text.replace("{" + name + "}", value)
    return text
