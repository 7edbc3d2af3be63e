"""What one sentence of a caller was understood to say: urgency, intent, slots. Plain values, no logic about calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Lang = Literal["en", "es"]
Level = Literal["life_safety", "urgent", "routine"]

LIFE_HAZARDS: tuple[str, ...] = (
    "gas",
    "co",
    "fire",
    "shock",
    "downed_line",
    "water_electric",
    "trapped",
    "pressure",
    "chemical",
    "injury",
    "exposure",
)
URGENT_HAZARDS: tuple[str, ...] = ("burst_pipe", "sewage", "no_heat", "no_cooling", "power_loss", "critical_site")

INTENTS: tuple[str, ...] = (
    "report_status",
    "parts_used",
    "parts_inquiry",
    "eta",
    "reschedule",
    "cancel",
    "confirm",
    "billing_other",
    "request_human",
    "emergency",
    "repeat",
    "yes",
    "no",
    "number",
    "new_problem",
    "next_job",
    "running_late",
    "job_details",
    "request_transfer",
    "message",
    "none",
)


@dataclass(frozen=True, slots=True)
class Urgency:
    """How bad it is. `hazard` is a key of the fixed guidance texts and None when routine; `evidence` the words that
    decided, as they were said."""

    level: Level
    hazard: str | None = None
    evidence: str | None = None

    def at_least(self, other: Urgency) -> Urgency:
        """The worse of the two: a call's urgency only rises, whatever is said later."""
        return self if _RANK[self.level] >= _RANK[other.level] else other


_WISHED = 0.3
"""Probability from which a wish for a person is believed; below it most such sentences wish for something else."""
_RANK: dict[str, int] = {"routine": 0, "urgent": 1, "life_safety": 2}


@dataclass(frozen=True, slots=True)
class Reading:
    """One sentence understood. `confidence` is the calibrated probability of `intent` (0 to 1); `also` is the second
    intent of a sentence that holds two; `slots` has the formats of the slot readers and only what the sentence says."""

    text: str
    lang: Lang
    urgency: Urgency
    intent: str
    confidence: float
    also: str | None = None
    slots: dict[str, Any] = field(default_factory=dict)

    @property
    def affirms(self) -> bool | None:
        """True for a yes, False for a no, None when the sentence is neither."""
        answers = {self.intent, self.also}
        if "no" in answers:
            return False
        return True if "yes" in answers else None

    @property
    def wants_human(self) -> bool:
        """The caller asks for a person, alone or beside something else. (`request_transfer` is about parts.)"""
        return self.also == "request_human" or (self.intent == "request_human" and self.confidence >= _WISHED)
