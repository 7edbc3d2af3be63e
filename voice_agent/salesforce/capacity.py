"""Resources that are booked by amount and not by the clock: how much work a period still takes. Pure.

A capacity-based ServiceResource (a contractor, a crew pool) has no drives and no gaps of its own; its
ServiceResourceCapacity rows say how many hours or visits it takes in each hour, day or month (sheet 3.4 rule 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from voice_agent.salesforce.hours import Interval, instant
from voice_agent.salesforce.rows import Row, number

Period = Literal["hours", "days", "months"]


@dataclass(frozen=True, slots=True)
class Capacity:
    """One ServiceResourceCapacity: at most `hours` of work and at most `items` visits a period; None sets no limit."""

    period: Period
    first: date
    last: date | None
    hours: float | None
    items: int | None

    def covers(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


def period_of(period: Period, moment: datetime, zone: ZoneInfo) -> Interval:
    """The hour, local day or local month that a moment falls in."""
    local = moment.astimezone(zone)
    day = local.date()
    match period:
        case "hours":
            start = moment.replace(minute=0, second=0, microsecond=0)
            return start, start + timedelta(hours=1)
        case "days":
            return instant(day, 0, zone), instant(day + timedelta(days=1), 0, zone)
        case "months":
            after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            return instant(day.replace(day=1), 0, zone), instant(after, 0, zone)


def room(
    capacities: Iterable[Capacity], taken: Sequence[Interval], start: datetime, duration: timedelta, zone: ZoneInfo
) -> Interval | None:
    """The time in which nothing may be added meanwhile for one more visit to fit; None when it does not fit.

    A day that no capacity covers takes nothing. Visits count in the period in which they start.
    """
    in_force = [one for one in capacities if one.covers(start.astimezone(zone).date())]
    if not in_force:
        return None
    periods = []
    for capacity in in_force:
        opens, closes = period_of(capacity.period, start, zone)
        inside = [end - begins for begins, end in taken if opens <= begins < closes]
        if capacity.items is not None and len(inside) >= capacity.items:
            return None
        if capacity.hours is not None and sum(inside, duration) > timedelta(hours=capacity.hours):
            return None
        periods.append((opens, closes))
    return min(opens for opens, _ in periods), max(closes for _, closes in periods)


def by_resource(rows: Iterable[Row]) -> Mapping[str, tuple[Capacity, ...]]:
    """Resource id -> its capacities. Rows of a period this does not know are left out: they promise nothing."""
    found: dict[str, list[Capacity]] = {}
    for row in rows:
        period = _period(row.get("TimePeriod"))
        if period is None or not row.get("StartDate"):
            continue
        items = number(row.get("CapacityInWorkItems"))
        capacity = Capacity(
            period=period,
            first=date.fromisoformat(str(row["StartDate"])),
            last=date.fromisoformat(str(row["EndDate"])) if row.get("EndDate") else None,
            hours=number(row.get("CapacityInHours")),
            items=int(items) if items is not None else None,
        )
        found.setdefault(str(row["ServiceResourceId"]), []).append(capacity)
    return {resource: tuple(capacities) for resource, capacities in found.items()}


def _period(value: object) -> Period | None:
    match str(value or "")[:1].upper():
        case "H":
            return "hours"
        case "D":
            return "days"
        case "M":
            return "months"
        case _:
            return None
