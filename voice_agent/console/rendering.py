"""Fills the console's templates; what every page shows is put in here once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
STATIC = Path(__file__).parent / "static"


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("voice_agent.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"words": words, "delay": delay, "span": span, "percent": percent, "number": number, "shown": shown}
    made.filters["reason"] = reason
    made.globals["version"] = version()
    return made


def render(name: str, values: Mapping[str, Any]) -> str:
    return environment().get_template(name).render(**values)


@cache
def version() -> str:
    """Changes when a file the browser keeps has changed."""
    return format(max(int(file.stat().st_mtime) for file in STATIC.iterdir()), "x")


def words(name: object) -> str:
    """`reschedule_visit` to `reschedule visit`."""
    return str(name or "").replace("_", " ")


REASONS = {
    "unsure_of_the_wish": "what the caller wants is not clear",
    "odd_words": "words that are unusual here",
    "very_short": "a very short answer",
    "caller_upset": "the caller is upset",
    "stalled": "several turns without progress",
    "asked_again": "the same had to be asked again",
    "unclear_before": "unclear in earlier turns",
    "read_back_corrected": "the caller corrected a read-back",
    "records_failed": "Salesforce failed",
    "not_found": "nothing was found",
    "value_doubted": "a value that may be misheard",
    "talked_over": "the caller talked over the agent",
    "own_words_odd": "free text that was hardly said so",
    "another_wish": "a second wish beside this one",
    "rules_disagree": "rules and model read it differently",
    "value_not_said": "a value that was not said",
    "value_from_nowhere": "a value from neither caller nor record",
    "same_as_denied": "the same as was denied before",
}


def reason(name: object) -> str:
    """Why the agent is not sure, for people; a name that is new reads as its words."""
    return REASONS.get(str(name), words(name))


def delay(ms: float | None) -> str:
    """38 to `38 ms`, 1480 to `1.48 s`."""
    if ms is None:
        return "–"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def span(seconds: float) -> str:
    """75 to `1:15`, 3700 to `1:01:40`."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f} %"


def number(value: str) -> str:
    """+13125550142 to `+1 312 555 0142`; other countries in groups of three."""
    if value.startswith("+1") and len(value) == 12:
        return f"+1 {value[2:5]} {value[5:8]} {value[8:]}"
    return value or "withheld"


def shown(value: object, zone: ZoneInfo) -> str:
    """A field's value for people: moments in the zone of the page, nothing as a dash."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value.replace("+0000", "+00:00")).astimezone(zone)
        except ValueError:
            return value
        return f"{moment:%a} {moment.day} {moment:%b}, {moment:%H:%M}"
    return "–" if value is None or value == "" else str(value)


def clock(wall: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(wall, zone).strftime("%H:%M")


def day(wall: float, zone: ZoneInfo) -> str:
    moment = datetime.fromtimestamp(wall, zone)
    return f"{moment:%a} {moment.day} {moment:%b}"
