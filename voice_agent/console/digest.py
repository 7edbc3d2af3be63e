"""One call in a few figures: what a list of past calls shows and what all numbers are counted from. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from voice_agent.console.folding import CallView

SCHEDULING = frozenset({"reschedule", "cancel", "cancel_visit", "confirm", "confirm_visit"})
CHANGING = SCHEDULING | {"report_status", "parts_used", "new_problem", "running_late"}
"""Wishes that only a change fulfils."""


@dataclass(frozen=True, slots=True)
class Digest:
    """`outcome` is one of person, resolved, contained, emergency, wordless.

    person: somebody was asked in. resolved: no person, and what was asked for was done or answered. contained: no
    person, and neither. wordless: the caller said nothing that could be read.
    """

    call_sid: str
    line: str
    number: str
    name: str
    role: str
    level: int
    territory: str
    lang: str
    started: float
    seconds: float
    wants: str
    outcome: str
    ended: str
    handed_off: str
    """Reason a person was asked in; "" without one."""
    bridged: bool
    emergency: str
    turns: int
    writes: tuple[str, ...]
    """Tools whose change was applied."""
    failed_writes: int
    tool_failures: int
    change_seconds: float | None
    """From the wish to move or cancel a visit to its commit."""
    latencies: tuple[float, ...]
    """Milliseconds to the first words, a turn each."""
    prompt_tokens: int
    completion_tokens: int
    interruptions: int
    confidence: float | None

    @property
    def contained(self) -> bool:
        return not self.handed_off

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def digest(view: CallView) -> Digest:
    uses = [use for turn in view.turns for use in turn.tools]
    applied = tuple(tool for tool, status, _ in view.writes if status == "applied")
    answered = any(use.ms is not None and not use.failed and not use.asks for use in uses)
    spoke = any(turn.caller or turn.keys for turn in view.turns)
    if view.emergency:
        outcome = "emergency"
    elif view.handed_off:
        outcome = "person"
    elif not spoke:
        outcome = "wordless"
    elif applied or (answered and not view.writes and view.wants not in CHANGING and not uses[-1].failed):
        outcome = "resolved"
    else:
        outcome = "contained"
    end = view.ended if view.ended is not None else view.last
    models = [run for turn in view.turns for run in turn.models]
    return Digest(
        call_sid=view.call_sid,
        line=view.line,
        number=view.number,
        name=view.name,
        role=view.role,
        level=view.level,
        territory=view.territory,
        lang=view.lang,
        started=view.started,
        seconds=max(0.0, end - view.started),
        wants=view.wants,
        outcome=outcome,
        ended=view.outcome,
        handed_off=view.handed_off,
        bridged=view.bridged,
        emergency=view.emergency,
        turns=sum(1 for turn in view.turns if turn.caller or turn.keys),
        writes=applied,
        failed_writes=sum(1 for _, status, _ in view.writes if status not in ("applied", "pending", "queued")),
        tool_failures=sum(use.failed for use in uses),
        change_seconds=_change_seconds(view),
        latencies=tuple(view.latencies),
        prompt_tokens=sum(run.prompt_tokens for run in models),
        completion_tokens=sum(run.completion_tokens for run in models),
        interruptions=sum(reply.cut for turn in view.turns for reply in turn.said),
        confidence=view.confidence,
    )


def _change_seconds(view: CallView) -> float | None:
    asked = next((turn.wall for turn in view.turns if turn.intent in SCHEDULING), None)
    done = next((wall for tool, status, wall in view.writes if status == "applied" and tool in SCHEDULING), None)
    return max(0.0, done - asked) if asked is not None and done is not None else None
