"""A live call as one line of the list: the texts of its slots. `@` marks what becomes an attribute of the row."""

from __future__ import annotations

from voice_agent.console import rendering
from voice_agent.console.folding import CallView

STATES = {
    "greeting": "greeting",
    "listening": "listening",
    "speaking": "caller speaks",
    "thinking": "thinking",
    "tool": "looking up",
    "talking": "agent speaks",
    "asking": "asks for a yes",
    "leaving": "handing over",
    "waiting": "waits for a person",
    "person": "with a person",
    "ended": "ended",
}
LEVELS = ("not identified", "number on record", "proven by PIN or code")
LANGUAGES = {"en": "English", "es": "Spanish"}
SLOW_MS = 1500.0
SURE, UNSURE = 0.8, 0.5
MOST_WORDS = 180

Row = dict[str, str]


def row(view: CallView) -> Row:
    sure = view.confidence if view.confidence is not None else _last_certainty(view)
    latency = view.latency_ms
    return {
        "name": view.name or ("Unknown caller" if view.number else "Number withheld"),
        "number": rendering.number(view.number),
        "line": rendering.words(view.line),
        "lang": view.lang.upper(),
        "wants": rendering.words(view.emergency or view.wants) or "–",
        "sure": "" if sure is None else f"{sure * 100:.0f} %",
        "who": "caller" if view.partial else view.who,
        "words": tail(view.partial) if view.partial else view.words[:MOST_WORDS],
        "state": "" if view.state in ("talking", "speaking") else state(view),
        "latency": "" if latency is None else rendering.delay(latency),
        "level": f"L{view.level}",
        "@state": view.state,
        "@level": str(view.level),
        "@sure": _grade(sure),
        "@slow": "yes" if latency is not None and latency > SLOW_MS else "",
        "@urgent": "emergency" if view.emergency else "person" if view.state in ("leaving", "waiting") else "",
        "@partial": "yes" if view.partial else "",
        "@who": "caller" if view.partial else view.who,
        "@since": f"{view.started:.0f}",
        "@ended": "" if view.ended is None else f"{view.ended:.0f}",
        "@line": view.line,
    }


def tail(words: str) -> str:
    """The end of half a sentence: what was said last."""
    return words if len(words) <= MOST_WORDS else f"… {words[-MOST_WORDS:].partition(' ')[2]}"


def state(view: CallView) -> str:
    if view.state == "tool" and view.about:
        return f"{STATES['tool']}: {rendering.words(view.about)}"
    return STATES.get(view.state, view.state)


def _grade(share: float | None) -> str:
    if share is None:
        return ""
    return "high" if share >= SURE else "middle" if share >= UNSURE else "low"


def _last_certainty(view: CallView) -> float | None:
    return next((turn.certainty for turn in reversed(view.turns) if turn.certainty is not None), None)
