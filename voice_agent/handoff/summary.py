"""What a person who takes over is told: short, and every line says where it comes from. Plain data and its renderings.

`telling.summarise` writes it by rules from the journal of a call; nothing here looks anything up. Words of the caller
and of the records are quoted and can neither look like another line nor like another source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from voice_agent.handoff.words import LABELS, SPOKEN
from voice_agent.language.redaction import redact

MOST_QUOTED = 160
"""Characters of one quotation."""
MOST_SPOKEN = 380
"""Characters of the spoken form: about 17 s at the pace measured for the playout estimate (43 ms a character)."""
HIDDEN = ("[card]", "[pin]", "[ssn]")
FEWEST_FIGURES = 3
"""Fewer digits and number words than this hold no card, PIN or social security number."""
_FIGURES = re.compile(
    r"\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|cero|un[oa]?|dos|"
    r"tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieci\w+|veint\w+|\w+enta|"
    r"\w*cient[oa]s?|cien|mil)\b",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")
_QUOTES = str.maketrans({"“": "'", "”": "'", '"': "'", "«": "'", "»": "'", "[": "(", "]": ")"})


class Source(StrEnum):
    """Who vouches for a line. A reader trusts `verified` and `agent`; the others are somebody's words."""

    VERIFIED = "verified"
    CALLER = "caller"
    RECORD = "record"
    AGENT = "agent"
    NOT_DONE = "not done"
    SUGGESTED = "suggested"


class Section(StrEnum):
    """In the order in which they are shown."""

    DANGER = "danger"
    WHO = "who"
    WANTS = "wants"
    DONE = "done"
    NOT_DONE = "not done"
    PENDING = "pending"
    NEXT = "next"
    RECORD = "record"
    CONFIDENCE = "confidence"
    HEARD = "heard"


@dataclass(frozen=True, slots=True)
class Line:
    section: Section
    source: Source
    text: str
    brief: str = ""
    """The same in few words, for the ear; empty where a line is only for the eye. Holds no words of others."""

    def as_json(self) -> dict[str, Any]:
        return {"section": self.section.value, "source": self.source.value, "text": self.text}


@dataclass(frozen=True, slots=True)
class Summary:
    """All a person needs to go on with the call. `lang` is the language the lines are written in."""

    call_sid: str
    lang: str
    caller: str
    """Name, if a record led to one; `level` says how far it may be believed (0 not at all, 1 number, 2 proven)."""
    level: int
    reason: str
    """Why the call is handed over, as the machine named it: `caller_asked`, `not_understood`, ..."""
    caller_lang: str
    urgency: str
    """`routine`, `urgent` or `life_safety`: the worst that was heard."""
    confidence: float | None
    """The last calibrated probability that the agent's next act would have been right."""
    lines: tuple[Line, ...]
    speech: Mapping[str, str]
    """The spoken form, by language."""
    worded: str = ""
    """A model's wording of the same lines, if one was asked and added nothing. Shown beside them, never instead."""

    def of(self, *sections: Section) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.section in sections)

    def with_wording(self, text: str) -> Summary:
        return replace(self, worded=text)

    def as_json(self) -> dict[str, Any]:
        """JSON values only; `from_json` reads it back."""
        return {
            "call": self.call_sid,
            "lang": self.lang,
            "caller": self.caller,
            "level": self.level,
            "reason": self.reason,
            "caller_lang": self.caller_lang,
            "urgency": self.urgency,
            "confidence": self.confidence,
            "lines": [line.as_json() for line in self.lines],
            "speech": dict(self.speech),
            "worded": self.worded,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Summary:
        lines = tuple(Line(Section(line["section"]), Source(line["source"]), line["text"]) for line in data["lines"])
        return cls(
            data["call"], data["lang"], data["caller"], data["level"], data["reason"], data["caller_lang"],
            data["urgency"], data["confidence"], lines, data["speech"], data.get("worded", ""),
        )  # fmt: skip

    def as_text(self) -> str:
        """For a Task or a Case comment: a heading a section, a line a fact, its source in brackets in front."""
        labels = LABELS[self.lang]
        rows: list[str] = []
        for section in Section:
            lines = self.of(section)
            if lines:
                rows.append(f"{labels[section.value].upper()}")
                rows += [f"[{_label(line, self.lang)}] {line.text}" for line in lines]
        return "\n".join(rows)

    def as_speech(self, lang: str) -> str:
        """For the ear of the person who takes over: at most 20 s, the most pressing first, none of the caller's own
        words."""
        return self.speech.get(lang) or self.speech["en"]


def _label(line: Line, lang: str) -> str:
    said = line.section is Section.HEARD and line.source is Source.AGENT
    return LABELS[lang]["source.agent.heard" if said else f"source.{line.source.value}"]


SPOKEN_ORDER = (Section.DANGER, Section.WHO, Section.WANTS, Section.PENDING, Section.NOT_DONE, Section.DONE,
                Section.NEXT)  # fmt: skip


def spoken(lines: Iterable[Line], caller: str, level: int, lang: str) -> str:
    """The brief forms of `lines` behind a word on who is calling."""
    words = SPOKEN[lang]
    opening = words["opening" if level else "unproven"].replace("{caller}", caller or words["unknown"])
    told = tuple(lines)
    return _whole([opening, *(line.brief for section in SPOKEN_ORDER for line in told
                              if line.section is section and line.brief)])  # fmt: skip


def _whole(sentences: Iterable[str]) -> str:
    """As many whole sentences as fit."""
    said = ""
    for sentence in sentences:
        longer = f"{said} {sentence}".strip()
        if len(longer) <= MOST_SPOKEN:
            said = longer
    return said


def quoted(text: str, most: int = MOST_QUOTED) -> str:
    """Somebody's words as a quotation of one line: no control or direction marks, no brackets, no quotes inside, no
    card, PIN or social security number."""
    plain = "".join(c if c.isprintable() and unicodedata.category(c) != "Cf" else " " for c in text)
    plain = _BLANKS.sub(" ", plain.translate(_QUOTES)).strip()
    if len(_FIGURES.findall(plain)) >= FEWEST_FIGURES:
        hidden = redact(plain)
        if any(mark in hidden for mark in HIDDEN):
            plain = hidden.translate(_QUOTES)
    if len(plain) > most:
        plain = plain[: plain.rfind(" ", 0, most)].rstrip(",;:") + " …" if " " in plain[:most] else plain[:most] + "…"
    return f"“{plain}”"


__all__ = ["Line", "Section", "Source", "Summary", "quoted", "spoken"]
