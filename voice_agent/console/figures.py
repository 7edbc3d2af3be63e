"""What many calls come to: containment, resolution, delays and costs, each with its definition. Pure.

Shares are None when there is nothing to take a share of; a page shows a dash then, never a zero.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from voice_agent.console.digest import Digest
from voice_agent.overrides import Current

AGAIN_SECONDS = 24 * 3600.0
"""A contained caller who calls again about the same within a day was not helped."""


@dataclass(frozen=True, slots=True)
class Figures:
    calls: int
    spoken: int
    """Calls in which the caller said or keyed anything: what shares are taken of."""
    containment: float | None
    """Spoken calls that ended without a person being asked in."""
    resolution: float | None
    """Spoken calls that needed no person and in which what was asked for was done or answered."""
    wrong_containment: float | None
    """Contained calls whose caller called again within a day and asked for the same or got a person, or whose change
    failed."""
    deflection: float | None
    """Resolved calls among those a dispatcher would else have taken: resolved ones and those handed over."""
    schedule_change_p50: float | None
    """Seconds from the wish to move or cancel a visit to its commit."""
    schedule_change_p95: float | None
    latency_p50: float | None
    """Milliseconds from the end of a turn to the first words."""
    latency_p95: float | None
    latency_p99: float | None
    slow_share: float | None
    minutes: float
    prompt_tokens: int
    completion_tokens: int
    cost: float
    """Of all calls, in the currency of the prices."""
    cost_per_call: float | None
    emergencies: int
    interruptions_per_call: float | None


def figures(calls: Sequence[Digest], prices: Current, *, around: Sequence[Digest] | None = None) -> Figures:
    """`around` are the calls among which a second call of the same caller is looked for; those themselves without."""
    spoken = [call for call in calls if call.outcome != "wordless"]
    contained = [call for call in spoken if call.contained]
    resolved = [call for call in spoken if call.outcome == "resolved"]
    handed = [call for call in spoken if call.handed_off]
    wrong = wrongly_contained(contained, around if around is not None else calls)
    delays = sorted(ms for call in calls for ms in call.latencies)
    changes = sorted(call.change_seconds for call in calls if call.change_seconds is not None)
    minutes = sum(call.seconds for call in calls) / 60
    prompt, completion = sum(call.prompt_tokens for call in calls), sum(call.completion_tokens for call in calls)
    cost = cost_of(calls, prices)
    return Figures(
        calls=len(calls),
        spoken=len(spoken),
        containment=share(len(contained), len(spoken)),
        resolution=share(len(resolved), len(spoken)),
        wrong_containment=share(len(wrong), len(contained)),
        deflection=share(len(resolved), len(resolved) + len(handed)),
        schedule_change_p50=quantile(changes, 0.5),
        schedule_change_p95=quantile(changes, 0.95),
        latency_p50=quantile(delays, 0.5),
        latency_p95=quantile(delays, 0.95),
        latency_p99=quantile(delays, 0.99),
        slow_share=share(sum(ms > prices.slow_ms for ms in delays), len(delays)),
        minutes=minutes,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost=cost,
        cost_per_call=cost / len(calls) if calls else None,
        emergencies=sum(bool(call.emergency) for call in calls),
        interruptions_per_call=sum(call.interruptions for call in calls) / len(calls) if calls else None,
    )


def wrongly_contained(contained: Iterable[Digest], around: Iterable[Digest]) -> list[Digest]:
    later: dict[str, list[Digest]] = {}
    for call in around:
        if call.number:
            later.setdefault(call.number, []).append(call)
    return [
        call
        for call in contained
        if call.failed_writes or any(_is_second(call, other) for other in later.get(call.number, ()))
    ]


def _is_second(call: Digest, other: Digest) -> bool:
    soon = 0 < other.started - call.started <= AGAIN_SECONDS
    return soon and (bool(other.handed_off) or (bool(call.wants) and other.wants == call.wants))


def cost_of(calls: Iterable[Digest], prices: Current) -> float:
    """Minutes are billed begun; tokens by the million."""
    return sum(
        math.ceil(call.seconds / 60) * prices.minute_cost
        + call.prompt_tokens * prices.prompt_cost / 1e6
        + call.completion_tokens * prices.completion_cost / 1e6
        for call in calls
    )


def reasons(calls: Iterable[Digest]) -> list[tuple[str, int]]:
    """Why persons were asked in, the most frequent first."""
    return Counter(call.handed_off for call in calls if call.handed_off).most_common()


def by(calls: Iterable[Digest], key: Callable[[Digest], str]) -> dict[str, list[Digest]]:
    groups: dict[str, list[Digest]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups


def day_of(call: Digest, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(call.started, zone).strftime("%Y-%m-%d")


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def quantile(ordered: Sequence[float], q: float) -> float | None:
    """The nearest-rank quantile of values in order."""
    return ordered[min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1)] if ordered else None
