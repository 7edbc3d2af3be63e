"""What a model may ask of the call itself. These have no body here: the call machine carries them out."""

from __future__ import annotations

from typing import Any

from voice_agent.language.reading import LIFE_HAZARDS, URGENT_HAZARDS


def _control(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
        },
    }


CONTROLS: tuple[dict[str, Any], ...] = (
    _control(
        "hand_off",
        "Connect the caller with a person. Use when they want one, when you cannot help, or after two failed attempts. "
        "The server announces it; say nothing yourself.",
        {"reason": {"type": "string", "description": "Why, in a few words, for the person who takes over."}},
    ),
    _control("end_call", "End the call once the caller has said goodbye or wants nothing more.", {}),
    _control(
        "report_emergency",
        "Raise an alarm: someone is or may be in danger. The server speaks the safety guidance and records it; say "
        "nothing yourself. When in doubt, use it.",
        {"hazard": {"type": "string", "enum": [*LIFE_HAZARDS, *URGENT_HAZARDS]}},
    ),
)
"""Chat-completion functions, appended to the schemas of a line's tools where lines.toml lists them."""
