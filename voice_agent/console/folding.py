"""What a call looks like after everything that was noted about it: pure, one fact at a time, live or past."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voice_agent.console import heard
from voice_agent.console.entries import Entry, Kept
from voice_agent.console.heard import Spoken

SMALL_TALK = frozenset({"none", "yes", "no", "repeat", "number", ""})
"""Readings that do not say what a caller wants."""


@dataclass(slots=True)
class ToolUse:
    id: str
    name: str
    arguments: Mapping[str, Any]
    wall: float
    ms: float | None = None
    """None while it runs."""
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.result.get("status") in ("failed", "refused", "cancelled")

    @property
    def asks(self) -> bool:
        return self.result.get("status") == "awaiting_confirmation"


@dataclass(frozen=True, slots=True)
class Note:
    """Something between the words: a change, a key, a hand-off. `tone` is good, wait, bad or nothing."""

    text: str
    tone: str
    wall: float
    detail: str = ""
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRun:
    name: str
    first_token_ms: float | None
    prompt_tokens: int
    completion_tokens: int
    wall: float


@dataclass(slots=True)
class Turn:
    number: int
    wall: float
    caller: str = ""
    keys: str = ""
    intent: str = ""
    certainty: float | None = None
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    first_words_ms: float | None = None
    said: list[Spoken] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    models: list[ModelRun] = field(default_factory=list)
    pieces: list[ToolUse | Note | Spoken] = field(default_factory=list)
    """Tools, notes and replies in the order in which they came."""


@dataclass(slots=True)
class CallView:
    """`take` each entry once, in order. `version` moves with every change that can be seen."""

    call_sid: str
    line: str = ""
    started: float = 0.0
    number: str = ""
    name: str = ""
    role: str = "unknown"
    level: int = 0
    record: str = ""
    """The org's id of the caller's contact or technician."""
    visits: tuple[tuple[str, str], ...] = ()
    """Number and the org's id of the visits that go with them."""
    territory: str = ""
    lang: str = "en"
    wants: str = ""
    confidence: float | None = None
    reasons: tuple[str, ...] = ()
    state: str = "greeting"
    """greeting, listening, speaking (the caller), thinking, tool, talking, asking, leaving, waiting, person, ended"""
    about: str = ""
    """Which tool runs, which queue the caller waits in, how the call ended."""
    who: str = ""
    words: str = ""
    """The last words of the call and whose they were: caller, agent, dispatcher."""
    partial: str = ""
    emergency: str = ""
    handed_off: str = ""
    """Reason for which a person was asked in."""
    summary: tuple[Mapping[str, str], ...] = ()
    ended: float | None = None
    outcome: str = ""
    resumed: int = 0
    bridged: bool = False
    """A person has been on the line."""
    last: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    proposals: dict[str, tuple[str, tuple[Mapping[str, Any], ...]]] = field(default_factory=dict)
    """Proposal -> tool and the changes it would make."""
    writes: list[tuple[str, str, float]] = field(default_factory=list)
    """Tool, status and moment of each change that was said yes to."""
    version: int = 0

    taken: set[int] = field(default_factory=set)
    """Numbers of the entries taken: one that comes again is left out."""

    def take(self, entry: Entry) -> None:
        if entry.seq and entry.seq in self.taken:
            return
        self.taken.add(entry.seq)
        self.version += 1
        self.last = max(self.last, entry.wall)
        if (handle := HANDLERS.get(entry.kind)) is not None:
            handle(self, entry, entry.data)

    @property
    def live(self) -> bool:
        return self.ended is None

    @property
    def latency_ms(self) -> float | None:
        """First words of the newest turn that has any."""
        return next((t.first_words_ms for t in reversed(self.turns) if t.first_words_ms is not None), None)

    @property
    def latencies(self) -> list[float]:
        return [t.first_words_ms for t in self.turns if t.first_words_ms is not None]

    def turn(self, number: int, wall: float) -> Turn:
        if not self.turns or self.turns[-1].number < number:
            self.turns.append(Turn(number, wall))
            return self.turns[-1]
        return next((t for t in reversed(self.turns) if t.number == number), self.turns[-1])

    # -- beginning and end -------------------------------------------------------------------------------------------

    def _call_started(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.started = self.started or entry.wall
        self.line = str(data.get("line") or self.line)
        self.number = str(data.get("caller") or "")
        if greeting := str(data.get("greeting") or ""):
            self._speak(Spoken(greeting, wall=entry.wall), 0)

    def _call_resumed(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.resumed += 1
        self.state = "listening"
        self._note("The connection broke and was taken up again", "wait", entry)

    def _identified(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.role, self.level = str(data.get("role") or "unknown"), int(data.get("level") or 0)
        self.name = str(data.get("name") or "") or self.name
        self.territory = str(data.get("territory") or "") or self.territory
        self.record = str(data.get("record_id") or "") or self.record
        found = tuple((str(each.get("number") or ""), str(each.get("id") or "")) for each in data.get("visits") or ())
        self.visits = tuple(each for each in found if all(each)) or self.visits

    def _call_ended(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.ended, self.state, self.partial = entry.wall, "ended", ""
        self.outcome = str(data.get("reason") or "hangup")
        self.about = self.outcome
        self._note("The call ended", "", entry, self.outcome.replace("_", " "))

    def _end(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.state = "leaving"

    # -- the caller --------------------------------------------------------------------------------------------------

    def _partial(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.partial = str(data.get("text") or "")
        self.state = "speaking"

    def _caller_speaking(self, entry: Entry, data: Mapping[str, Any]) -> None:
        if self.state in ("listening", "talking", "greeting", "asking", "speaking"):
            self.state = "speaking" if data.get("on") else "listening"

    def _caller(self, entry: Entry, data: Mapping[str, Any]) -> None:
        turn = self.turn(int(data.get("turn") or 0), entry.wall)
        turn.caller, self.partial = str(data.get("text") or ""), ""
        turn.intent = str(data.get("intent") or "")
        turn.certainty = _share(data.get("confidence"))
        if turn.intent not in SMALL_TALK and not (self.wants and turn.intent == "request_human"):
            self.wants = turn.intent
        self.lang = str(data.get("lang") or self.lang)
        self.who, self.words, self.state = "caller", turn.caller, "thinking"

    def _key(self, entry: Entry, data: Mapping[str, Any]) -> None:
        turn = self.turns[-1] if self.turns else self.turn(0, entry.wall)
        turn.keys += str(data.get("digit") or "")
        self.who, self.words = "caller", f"keys {turn.keys}"

    def _interrupted(self, entry: Entry, data: Mapping[str, Any]) -> None:
        heard.interrupted(self._replies(), str(data.get("heard") or ""))
        self.state = "speaking"

    def _secret(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.level = int(data.get("level") or 0)
        accepted = bool(data.get("accepted"))
        self._note(
            "Proved who they are" if accepted else "The digits were refused", "good" if accepted else "bad", entry
        )

    def _language(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.lang = str(data.get("lang") or self.lang)
        self._note("The language changed", "", entry, self.lang)

    # -- the agent ---------------------------------------------------------------------------------------------------

    def _token(self, entry: Entry, data: Mapping[str, Any]) -> None:
        if self.state != "ended":
            self.state = "talking"

    def _agent(self, entry: Entry, data: Mapping[str, Any]) -> None:
        if text := str(data.get("text") or ""):
            self._speak(Spoken(text, wall=entry.wall), int(data.get("turn") or 0))

    def _speak(self, spoken: Spoken, number: int) -> None:
        turn = self.turn(number, spoken.wall)
        if turn.said and spoken.text.startswith(turn.said[-1].text) and not turn.said[-1].cut:
            turn.said[-1].text = spoken.text  # the same reply, said on
        else:
            turn.said.append(spoken)
            turn.pieces.append(spoken)
        self.who, self.words = "agent", spoken.text
        if self.state not in ("asking", "leaving", "waiting", "person", "ended"):
            self.state = "talking"

    def _played(self, entry: Entry, data: Mapping[str, Any]) -> None:
        replies = self._replies()
        heard.played(replies, str(data.get("text") or ""))
        if self.state in ("talking", "greeting") and not any(r.text[r.heard :].strip() for r in replies if not r.cut):
            self.state = "asking" if self._asks() else "listening"

    def _first_words(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.turn(int(data.get("turn") or 0), entry.wall).first_words_ms = float(data.get("ms") or 0.0)

    def _model(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.turn(int(data.get("turn") or 0), entry.wall).models.append(
            ModelRun(
                str(data.get("model") or ""),
                data.get("first_token_ms"),
                int(data.get("prompt_tokens") or 0),
                int(data.get("completion_tokens") or 0),
                entry.wall,
            )
        )

    def _confidence(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.confidence = _share(data.get("probability"))
        self.reasons = tuple(str(reason) for reason in data.get("reasons") or ())
        turn = self.turn(int(data.get("turn") or (self.turns[-1].number if self.turns else 0)), entry.wall)
        turn.confidence, turn.reasons = self.confidence, self.reasons

    # -- work --------------------------------------------------------------------------------------------------------

    def _tool(self, entry: Entry, data: Mapping[str, Any]) -> None:
        turn = self.turn(int(data.get("turn") or 0), entry.wall)
        use = ToolUse(str(data.get("id")), str(data.get("tool")), _object(data.get("arguments")), entry.wall)
        turn.tools.append(use)
        turn.pieces.append(use)
        self.state, self.about = "tool", use.name

    def _tool_result(self, entry: Entry, data: Mapping[str, Any]) -> None:
        for turn in reversed(self.turns):
            for use in turn.tools:
                if use.id == str(data.get("id")) and use.ms is None:
                    use.ms, use.result = float(data.get("ms") or 0.0), _object(data.get("content"))
                    self.state = "thinking" if self.state == "tool" else self.state
                    return

    def _proposed(self, entry: Entry, data: Mapping[str, Any]) -> None:
        changes = tuple(change for change in data.get("changes") or () if isinstance(change, Mapping))
        self.proposals[str(data.get("proposal"))] = (str(data.get("tool") or ""), changes)
        self._note("Asks for a yes", "wait", entry, str(data.get("tool") or ""), changes)
        self.state = "asking"

    def _write(self, entry: Entry, data: Mapping[str, Any]) -> None:
        status = str(data.get("status") or "")
        tone = {"applied": "good", "unknown": "wait", "queued": "wait", "pending": "wait"}.get(status, "bad")
        text = {
            "applied": "Changed in Salesforce",
            "unknown": "Sent; Salesforce has not confirmed it yet",
            "queued": "Saved; Salesforce gets it when it is back",
            "pending": "Waits for a dispatcher's approval",
            "expired": "The confirmation came too late; nothing was changed",
        }.get(status, "Not changed")
        tool, changes = self.proposals.get(str(data.get("proposal")), ("", ()))
        self.writes.append((tool, status, entry.wall))
        self._note(text, tone, entry, tool or str(data.get("note") or ""), changes if tone != "bad" else ())

    def _proposal_dropped(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self._note("The proposed change was dropped", "", entry)

    def _emergency(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.emergency = str(data.get("hazard") or "danger")
        self._note("Emergency: safety guidance was given", "bad", entry, self.emergency.replace("_", " "))

    def _emergency_recorded(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self._note("The emergency was recorded", "good", entry, str(data.get("note") or ""))

    def _whisper(self, entry: Entry, data: Mapping[str, Any]) -> None:
        said = data.get("how") == "say"
        text = "said to the caller" if said else "told the agent"
        self._note(f"{data.get('by') or 'A dispatcher'} {text}", "", entry, str(data.get("text") or ""))

    def _order(self, entry: Entry, data: Mapping[str, Any]) -> None:
        text = {"take_over": "Takes the call over", "hang_up": "Ends the call"}.get(str(data.get("how")), "An order")
        self._note(text, "wait", entry, str(data.get("by") or ""))

    # -- a person takes over -----------------------------------------------------------------------------------------

    def _hand_off(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.handed_off = str(data.get("reason") or "unknown")
        self.state = "leaving"
        self._note("A person takes over", "wait", entry, self.handed_off.replace("_", " "))

    def _handed_off(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.handed_off = str(data.get("reason") or self.handed_off or "unknown")
        self.state, self.about = "waiting", str(data.get("queue") or "")
        summary = data.get("summary") or ()
        lines = summary.get("lines") or () if isinstance(summary, Mapping) else summary
        self.summary = tuple(line for line in lines if isinstance(line, Mapping))
        self._note("Waits for a person", "wait", entry, self.about)

    def _bridged(self, entry: Entry, data: Mapping[str, Any]) -> None:
        self.state, self.about, self.bridged = "person", str(data.get("by") or ""), True
        self._note("A person is on the line", "good", entry, self.about)

    def _transfer(self, entry: Entry, data: Mapping[str, Any]) -> None:
        outcome, by = str(data.get("outcome") or "").replace("_", " "), str(data.get("by") or "")
        match data.get("step"):
            case "waiting":
                self.state, self.about = "waiting", str(data.get("target") or "")
            case "connected":
                self.state, self.bridged = "person", True
                self._note("A person is on the line", "good", entry, by)
            case "tried":
                self._note("A person was called", "good" if outcome == "answered" else "wait", entry, f"{by} {outcome}")
            case "accepted" | "declined" | "call_back" as step:
                text = {
                    "accepted": "Accepted by",
                    "declined": "Declined by",
                    "call_back": "A call back was promised by",
                }
                self._note(text[step], "good" if step == "accepted" else "wait", entry, by)
            case "over":
                self._note("The transfer is over", "", entry, outcome)
            case _:
                pass

    def _queue_left(self, entry: Entry, data: Mapping[str, Any]) -> None:
        result = str(data.get("result") or "")
        if result == "bridged":
            self.state, self.bridged = "person", True
        self._note("Left the queue", "good" if result.startswith("bridg") else "", entry, result.replace("-", " "))

    # -- parts -------------------------------------------------------------------------------------------------------

    def _replies(self) -> list[Spoken]:
        return [spoken for turn in self.turns[-4:] for spoken in turn.said]

    def _asks(self) -> bool:
        return bool(self.turns and any(use.asks for use in self.turns[-1].tools))

    def _note(
        self, text: str, tone: str, entry: Entry, detail: str = "", changes: tuple[Mapping[str, Any], ...] = ()
    ) -> None:
        turn = self.turns[-1] if self.turns else self.turn(0, entry.wall)
        note = Note(text, tone, entry.wall, detail, changes)
        turn.notes.append(note)
        turn.pieces.append(note)


HANDLERS: Mapping[str, Callable[[CallView, Entry, Mapping[str, Any]], None]] = {
    "call_started": CallView._call_started,
    "call_resumed": CallView._call_resumed,
    "identified": CallView._identified,
    "call_ended": CallView._call_ended,
    "end": CallView._end,
    "partial": CallView._partial,
    "caller_speaking": CallView._caller_speaking,
    "caller": CallView._caller,
    "key": CallView._key,
    "interrupted": CallView._interrupted,
    "secret": CallView._secret,
    "language": CallView._language,
    "token": CallView._token,
    "agent": CallView._agent,
    "played": CallView._played,
    "first_words": CallView._first_words,
    "model": CallView._model,
    "confidence": CallView._confidence,
    "tool": CallView._tool,
    "tool_result": CallView._tool_result,
    "proposed": CallView._proposed,
    "write": CallView._write,
    "proposal_dropped": CallView._proposal_dropped,
    "emergency": CallView._emergency,
    "emergency_recorded": CallView._emergency_recorded,
    "whisper": CallView._whisper,
    "order": CallView._order,
    "hand_off": CallView._hand_off,
    "handed_off": CallView._handed_off,
    "bridged": CallView._bridged,
    "transfer": CallView._transfer,
    "queue_left": CallView._queue_left,
}


def fold(kept: Kept) -> CallView:
    view = CallView(kept.call_sid, kept.line, kept.started)
    return fold_on(view, kept.entries)


def fold_on(view: CallView, entries: Iterable[Entry]) -> CallView:
    for entry in entries:
        view.take(entry)
    return view


def _share(value: Any) -> float | None:
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else None


def _object(text: Any) -> Mapping[str, Any]:
    """The JSON object in a text a model or a tool wrote; the text itself under one name if it is none."""
    if isinstance(text, Mapping):
        return text
    try:
        parsed = json.loads(text)
    except (TypeError, ValueError):
        return {"text": str(text or "")}
    return parsed if isinstance(parsed, dict) else {"value": parsed}
