"""Reads what callers say, without a language model: urgency, intent, slots, in English and Spanish. Pure and quick."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from voice_agent.language.features import hear
from voice_agent.language.intents import intent_of
from voice_agent.language.reading import Lang, Reading, Urgency
from voice_agent.language.slots import extract
from voice_agent.language.tongue import detect_language, language_of
from voice_agent.language.urgency import read_urgency, urgency_of

__all__ = ["Reading", "Urgency", "detect_language", "read", "read_urgency"]


def read(
    text: str,
    *,
    lang: str | None = None,
    role: str = "unknown",
    now: datetime | None = None,
    expecting: str | None = None,
    with_slots: bool = True,
) -> Reading:
    """Everything one sentence says; without slots, which cost as much as all the rest, what a turn is decided on.

    `role` is technician, customer, dispatcher or unknown. `now` is aware and in the caller's zone; without it relative
    dates stay words. `expecting` is what was asked last (yes_no, digits, work_order, date, time, slot_choice, status,
    parts, name): it makes such an answer likelier and forbids nothing.
    """
    heard = hear(text)
    spoken: Lang = language_of(heard.words) if lang not in ("en", "es") else ("es" if lang == "es" else "en")
    urgency = urgency_of(heard)
    intent, confidence, also = intent_of(heard, urgency, role=role, expecting=expecting)
    slots: dict[str, Any] = {}
    if with_slots:
        slots |= extract(text, lang=spoken, intent=intent, now=now, expecting=expecting)
    if urgency.hazard and "hazard" not in slots:
        slots["hazard"] = urgency.hazard
    return Reading(text, spoken, urgency, intent, confidence, also, slots)
