"""Arrival windows that may be promised at all, before anybody's day is looked at: rules 1, 2, 8, 9 and 12. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from voice_agent.salesforce.hours import Interval, instant, subtract
from voice_agent.salesforce.wishes import Limit, SlotWish
from voice_agent.salesforce.workforce import Visit

WINDOW = 120
"""Minutes of an arrival window (design, issue of the scheduling brain)."""
LEAD = timedelta(minutes=60)
HORIZON = timedelta(days=14)


def arrival_windows(visit: Visit, wish: SlotWish, *, now: datetime, horizon: timedelta = HORIZON) -> Iterator[Interval]:
    """Two-hour pieces of the calendar's slots, wall-clock in its zone, that the wish and the dates allow."""
    zone = visit.windows.zone
    day, last = _days_asked_for(visit, wish, now=now, horizon=horizon)
    while day <= last:
        closed = visit.windows.closed_on(day)
        for slot, span in sorted(visit.windows.on(day, extended=visit.overtime), key=lambda item: item[1]):
            if slot.max_appointments is not None and len(_starting_in(span, visit)) >= slot.max_appointments:
                continue
            for minutes in range(slot.start, slot.end - WINDOW + 1, WINDOW):
                start, end = instant(day, minutes, zone), instant(day, minutes + WINDOW, zone)
                inside = subtract([(start, end)], closed) == [(start, end)]
                if inside and start >= now and (start, end) != visit.not_this and _wished(wish, day, minutes):
                    yield start, end
        day += timedelta(days=1)


def given_windows(
    windows: Iterable[Interval], visit: Visit, wish: SlotWish, *, now: datetime, horizon: timedelta = HORIZON
) -> Iterator[Interval]:
    """The org's own windows that the wish and the dates allow, cut to two hours where they are longer."""
    zone = visit.windows.zone
    first, last = _days_asked_for(visit, wish, now=now, horizon=horizon)
    for opens, closes in sorted(windows):
        start = opens
        while start < closes:
            end = min(start + timedelta(minutes=WINDOW), closes)
            local = start.astimezone(zone)
            minutes, length = local.hour * 60 + local.minute, int((end - start).total_seconds() // 60)
            wished = first <= local.date() <= last and _wished(wish, local.date(), minutes, length)
            if wished and start >= now and (start, end) != visit.not_this:
                yield start, end
            start = end


def _days_asked_for(visit: Visit, wish: SlotWish, *, now: datetime, horizon: timedelta) -> tuple[date, date]:
    zone = visit.windows.zone
    floor = max(now + LEAD, visit.earliest or now)
    day = max(floor.astimezone(zone).date(), wish.date_from or date.min)
    last = (max(now, floor) + horizon).astimezone(zone).date()
    if visit.due and not wish.past_due:
        last = min(last, visit.due.astimezone(zone).date())
    return day, min(last, wish.date_to) if wish.date_to else last


def _starting_in(span: Interval, visit: Visit) -> tuple[str, ...]:
    return tuple(sorted(other for start, other in visit.counted if span[0] <= start < span[1]))


def _wished(wish: SlotWish, day: date, minutes: int, length: int = WINDOW) -> bool:
    """A wish narrower than a window ("half past ten") is met by the window that holds it."""
    if day.weekday() in wish.exclude_weekdays:
        return False
    first = 0 if wish.time_from is None else wish.time_from.hour * 60 + wish.time_from.minute
    last = 24 * 60 if wish.time_to is None else wish.time_to.hour * 60 + wish.time_to.minute
    if last - first < length:
        return minutes <= first < minutes + length
    return first <= minutes and minutes + length <= last


def limit_on(window: Interval, visit: Visit) -> Limit | None:
    """The calendar's time slot round a window, where it takes only so many visits (MaxAppointments)."""
    day = window[0].astimezone(visit.windows.zone).date()
    for slot, span in visit.windows.on(day, extended=visit.overtime):
        if slot.max_appointments is not None and span[0] <= window[0] < span[1]:
            return Limit(*span, _starting_in(span, visit))
    return None
