"""One call as pieces of a page, each under a name: what has changed is sent again, the rest stays where it is."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from voice_agent.console import rendering
from voice_agent.console.folding import CallView, Turn
from voice_agent.console.rows import LANGUAGES, LEVELS, state


def fragments(view: CallView, zone: ZoneInfo) -> dict[str, str]:
    """`head`, `summary`, `timing` and `turn-N` for each turn."""
    common = {
        "view": view,
        "zone": zone,
        "state": state(view),
        "levels": LEVELS,
        "languages": LANGUAGES,
        "clock": rendering.clock,
    }
    out = {
        "head": rendering.render("call/head.html", common),
        "summary": rendering.render("call/summary.html", common),
        "timing": rendering.render("call/timing.html", {**common, "waterfalls": waterfalls(view)}),
    }
    for turn in view.turns:
        out[f"turn-{turn.number}"] = rendering.render("call/turn.html", {**common, "turn": turn, "split": split(turn)})
    return out


def times(view: CallView) -> dict[str, float]:
    """When each turn began, UNIX seconds, by the name of its fragment."""
    return {f"turn-{turn.number}": turn.wall for turn in view.turns}


def split(turn: Turn) -> list[tuple[str, float]]:
    """Where the time to the first words went, as (what, milliseconds); empty when nothing was measured."""
    if turn.first_words_ms is None:
        return []
    parts: list[tuple[str, float]] = []
    tools = sum(use.ms or 0.0 for use in turn.tools)
    first = next((run.first_token_ms for run in turn.models if run.first_token_ms is not None), None)
    if first is not None:
        parts.append(("model", min(first, turn.first_words_ms)))
    if tools and turn.first_words_ms > sum(ms for _, ms in parts):
        parts.append(("tools", min(tools, turn.first_words_ms - sum(ms for _, ms in parts))))
    rest = turn.first_words_ms - sum(ms for _, ms in parts)
    if rest > 0.5:
        parts.append(("server", rest))
    return parts


def waterfalls(view: CallView) -> list[dict[str, Any]]:
    """A bar a turn, in hundredths of the slowest one or of 1.5 s, whichever is longer."""
    measured = [turn for turn in view.turns if turn.first_words_ms is not None]
    longest = max([1500.0, *(turn.first_words_ms or 0.0 for turn in measured)])
    bars: list[dict[str, Any]] = []
    for turn in measured:
        at, pieces = 0.0, []
        for what, ms in split(turn):
            pieces.append({"what": what, "ms": ms, "x": at / longest * 100, "width": max(ms / longest * 100, 0.6)})
            at += ms
        bars.append({"turn": turn.number, "ms": turn.first_words_ms, "pieces": pieces, "limit": 1500 / longest * 100})
    return bars
