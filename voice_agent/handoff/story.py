"""The journal of one call, sorted by what the person who takes over wants to know. Reads entries, words nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from voice_agent.handoff.summary import Source
from voice_agent.language.distress import distress

Entry = Mapping[str, Any]

MOST_FAILURES = 3
NOT_WISHES = frozenset({"yes", "no", "number", "repeat", "none", "request_human"})
RANKS = {"routine": 0, "urgent": 1, "life_safety": 2}
SETTLED = frozenset({"applied", "unknown", "queued", "approval", "awaiting_approval", "pending"})


@dataclass(slots=True)
class Act:
    """A change the agent read back, or a look-up, and what became of it."""

    tool: str
    read_back: str = ""
    status: str = "unanswered"
    why: str = ""


@dataclass(slots=True)
class Heard:
    """Something said or pressed. `kind`: `caller`, `keys`, `agent`, or `cut` when the caller talked over it."""

    source: Source
    kind: str
    text: str
    turn: int = 0


@dataclass(slots=True)
class Story:
    """The journal of one call, sorted by what a person wants to know. Values are as the journal has them."""

    call_sid: str = ""
    line: str = ""
    identified: Entry = field(default_factory=dict)
    proven: bool = False
    refused: int = 0
    reason: str = ""
    caller_lang: str = "en"
    urgency: str = "routine"
    hazard: str = ""
    hazard_words: str = ""
    guided: list[str] = field(default_factory=list)
    recorded: str = ""
    wishes: dict[str, str] = field(default_factory=dict)
    """Intent to the words it was said in, in the order in which they came up."""
    said: list[str] = field(default_factory=list)
    feeling: str = ""
    feeling_words: str = ""
    acts: list[Act] = field(default_factory=list)
    proposals: dict[str, Act] = field(default_factory=dict)
    confidence: Entry | None = None
    heard: list[Heard] = field(default_factory=list)
    asked_person: bool = False
    turns: int = 0

    @property
    def last_wish(self) -> str:
        return next(reversed(self.wishes), "")

    @property
    def level(self) -> int:
        return int(self.identified.get("level", 0))


def read(entries: Sequence[Entry]) -> Story:
    story = Story()
    running: dict[str, Act] = {}
    for entry in entries:
        _take(story, running, entry)
    return story


def _take(story: Story, running: dict[str, Act], entry: Entry) -> None:
    story.call_sid = str(entry.get("call", story.call_sid))
    match entry.get("kind"):
        case "call_started" | "call_resumed":
            story.line = str(entry.get("line", story.line))
        case "identified":
            story.identified = entry
        case "secret":
            story.proven = story.proven or bool(entry.get("accepted"))
            story.refused += not entry.get("accepted")
        case "caller":
            _spoke(story, entry)
        case "key" if str(entry.get("digit", "•")) != "•":
            story.heard.append(Heard(Source.CALLER, "keys", str(entry["digit"])))
        case "agent":
            turn = int(entry.get("turn") or 0)
            story.heard.append(Heard(Source.AGENT, "agent", str(entry.get("text", "")), turn))
        case "interrupted":
            _cut(story, str(entry.get("heard", "")))
        case "tool":
            running[str(entry.get("id"))] = act = Act(str(entry.get("tool", "")))
            story.acts.append(act)
        case "tool_result":
            _returned(story, running.get(str(entry.get("id"))) or Act(str(entry.get("tool", ""))), entry)
        case "proposal_dropped":
            if (dropped := story.proposals.get(str(entry.get("proposal")))) is not None:
                dropped.status = "not_confirmed"
        case "write":
            _settled(story, entry)
        case "emergency":
            story.urgency, story.hazard = "life_safety", story.hazard or str(entry.get("hazard", ""))
            story.guided.append(str(entry.get("hazard", "")))
        case "emergency_recorded":
            story.recorded = str(entry.get("note", ""))
        case "confidence":
            story.confidence = entry
        case "hand_off" | "handed_off":
            story.reason = str(entry.get("reason") or story.reason)
        case _:
            pass


def _spoke(story: Story, entry: Entry) -> None:
    text, intent = str(entry.get("text", "")), str(entry.get("intent", "none"))
    story.turns += 1
    story.caller_lang = str(entry.get("lang", story.caller_lang))
    story.said.append(text)
    _hear(story, Heard(Source.CALLER, "caller", text, int(entry.get("turn") or 0)))
    story.asked_person = story.asked_person or intent == "request_human"
    urgency = str(entry.get("urgency", "routine"))
    if RANKS.get(urgency, 0) > RANKS.get(story.urgency, 0):
        story.urgency, story.hazard_words = urgency, text
    elif urgency == story.urgency != "routine" and not story.hazard_words:
        story.hazard_words = text
    if RANKS.get(urgency, 0) >= RANKS.get(story.urgency, 0):
        story.hazard = str(entry.get("hazard") or story.hazard)
    if intent not in NOT_WISHES and urgency != "life_safety":
        story.wishes.pop(intent, None)
        story.wishes[intent] = text
    if (feeling := distress(text)) is not None:
        story.feeling, story.feeling_words = feeling, text


def _hear(story: Story, words: Heard) -> None:
    """What the server answers by itself is noted a moment before the words it answers."""
    place = len(story.heard)
    while place and story.heard[place - 1].kind == "agent" and 0 < words.turn <= story.heard[place - 1].turn:
        place -= 1
    story.heard.insert(place, words)


def _cut(story: Story, heard: str) -> None:
    """The agent's last words count as far as they were heard."""
    last = story.heard[-1] if story.heard else None
    if last is not None and last.kind == "agent" and heard:
        end = last.text.rfind(heard)
        last.kind, last.text = "cut", last.text[: end + len(heard)] if end >= 0 else heard


def _returned(story: Story, act: Act, entry: Entry) -> None:
    content = _object(entry.get("content"))
    act.status = str(content.get("status", "")) or "found"
    act.why = str(content.get("why", ""))
    if act.status == "awaiting_confirmation":
        act.read_back, act.status = str(content.get("read_back", "")), "unanswered"
        if proposal := entry.get("proposal"):
            story.proposals[str(proposal)] = act


def _settled(story: Story, entry: Entry) -> None:
    act = story.proposals.get(str(entry.get("proposal")))
    note = str(entry.get("note", ""))
    if act is None:
        act = Act(note.partition(":")[0])
        story.proposals[str(entry.get("proposal"))] = act
        story.acts.append(act)
    act.status, act.why = str(entry.get("status", "")), note.partition(": not done. ")[2]


def _object(text: Any) -> dict[str, Any]:
    try:
        found = orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def final(story: Story) -> list[Act]:
    """What became of each act in the end: a failure that the same tool mended later is not told."""
    kept: list[Act] = []
    failures = 0
    for place, act in enumerate(story.acts):
        later = story.acts[place + 1 :]
        mended = any(after.tool == act.tool and after.status not in ("unanswered", "failed") for after in later)
        if act.status not in SETTLED and mended:
            continue
        if act.status == "failed":
            failures += 1
            if failures > MOST_FAILURES:
                continue
        kept.append(act)
    return kept
