"""`voice-agent understand`: sentences in, one JSON object a sentence out, each read as the first of a fresh call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from voice_agent.language import read
from voice_agent.language.reading import Reading


def understand(lines: Iterable[str], *, role: str = "unknown", now: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yields `{"text", "lang", "urgency", "intent", "confidence", "also", "slots"}` for every line that is not blank.

    `now` is aware; dates are resolved in its zone.
    """
    for line in lines:
        text = line.rstrip("\r\n")
        if text.strip():
            yield as_json(read(text, role=role, now=now))


def as_json(reading: Reading) -> dict[str, Any]:
    """The reading as plain JSON values, in the order the command prints."""
    return {
        "text": reading.text,
        "lang": reading.lang,
        "urgency": reading.urgency.level,
        "intent": reading.intent,
        "confidence": round(reading.confidence, 4),
        "also": reading.also,
        "slots": reading.slots,
    }
