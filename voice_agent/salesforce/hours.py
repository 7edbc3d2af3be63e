"""Operating hours and holidays as intervals of time: wall-clock rules of a zone in, aware UTC intervals out. Pure.

TimeSlot times are wall-clock in the zone of their OperatingHours, whatever the Z in them says (sheet 1.5). Each date
is built on its own, so a day of 23 or 25 hours comes out right (3.4 rule 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voice_agent.salesforce.rows import Row, children, path, plain

Interval = tuple[datetime, datetime]
"""Half open, aware, start before end."""

MIDNIGHT = 24 * 60
MINUTE = timedelta(minutes=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """`start` and `end` in minutes after local midnight, end up to 1440; weekday Monday 0."""

    weekday: int
    start: int
    end: int
    extended: bool = False
    max_appointments: int | None = None


@dataclass(frozen=True, slots=True)
class Holiday:
    """Closed on `day`, between `start` and `end` minutes after midnight; every year on that day when `yearly`."""

    day: date
    start: int = 0
    end: int = MIDNIGHT
    yearly: bool = False

    def falls_on(self, day: date) -> bool:
        return day == self.day or (self.yearly and (day.month, day.day) == (self.day.month, self.day.day))


@dataclass(frozen=True, slots=True)
class OperatingHours:
    zone: ZoneInfo
    slots: tuple[TimeSlot, ...]
    holidays: tuple[Holiday, ...] = ()

    def on(self, day: date, *, extended: bool = False) -> list[tuple[TimeSlot, Interval]]:
        """The slots of one local date that leave any time, with the time they cover. Holidays are not cut out."""
        opened = []
        for slot in self.slots:
            if slot.weekday == day.weekday() and (extended or not slot.extended):
                start, end = instant(day, slot.start, self.zone), instant(day, slot.end, self.zone)
                if start < end:
                    opened.append((slot, (start, end)))
        return opened

    def closed_on(self, day: date) -> list[Interval]:
        return [
            (instant(day, holiday.start, self.zone), instant(day, holiday.end, self.zone))
            for holiday in self.holidays
            if holiday.falls_on(day)
        ]

    def open_between(self, first: date, last: date, *, extended: bool = False) -> list[Interval]:
        """Open time on the local dates `first` to `last`, both included: merged, in order, holidays cut out."""
        opened: list[Interval] = []
        closed: list[Interval] = []
        day = first
        while day <= last:
            opened += [interval for _, interval in self.on(day, extended=extended)]
            closed += self.closed_on(day)
            day += timedelta(days=1)
        return subtract(merged(opened), closed)


def instant(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The first moment at which the clocks of `zone` show at least this time on `day`, in UTC.

    So a time that the spring change skips is the moment of the change, and one that the autumn change shows twice is
    its first showing.
    """
    if minutes >= MIDNIGHT:
        return instant(day + timedelta(days=1), 0, zone)
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # Skipped: `moment` lies behind the change by as much as the wall time lies into the gap.
    before = moment
    while (earlier := before - MINUTE).astimezone(zone).utcoffset() == moment.astimezone(zone).utcoffset():
        before = earlier
    return before


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def subtract(intervals: Sequence[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals`, which are in order and apart, without `taken`."""
    left: list[Interval] = []
    blocks = merged(taken)
    for start, end in intervals:
        for block_start, block_end in blocks:
            if block_end <= start or block_start >= end:
                continue
            if start < block_start:
                left.append((start, block_start))
            start = max(start, block_end)
            if start >= end:
                break
        if start < end:
            left.append((start, end))
    return left


def intersect(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    common = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return merged((start, end) for start, end in common if start < end)


def operating_hours(row: Row) -> OperatingHours:
    """From an OperatingHours row with its TimeSlots and OperatingHoursHolidays."""
    return OperatingHours(
        zone=ZoneInfo(str(row.get("TimeZone") or "UTC")),
        slots=tuple(_time_slot(child) for child in children(row, "TimeSlots")),
        holidays=tuple(
            holiday for child in children(row, "OperatingHoursHolidays") if (holiday := _holiday(child)) is not None
        ),
    )


def _time_slot(row: Row) -> TimeSlot:
    end = _minutes(row["EndTime"])
    most = row.get("MaxAppointments")
    return TimeSlot(
        weekday=WEEKDAYS.index(row["DayOfWeek"]),
        start=_minutes(row["StartTime"]),
        end=end or MIDNIGHT,  # 00:00 as an end is midnight at the end of the day
        extended=row.get("Type") == "Extended",
        max_appointments=int(most) if most else None,
    )


def _holiday(row: Row) -> Holiday | None:
    """A dated holiday, or one that returns yearly on a date. Other recurrences count by their next occurrence."""
    holiday = row.get("Holiday") or {}
    yearly = bool(holiday.get("IsRecurrence")) and holiday.get("RecurrenceType") == "RecursYearly"
    named = holiday.get("NextOccurrenceDate") if holiday.get("IsRecurrence") else holiday.get("ActivityDate")
    named = named or holiday.get("ActivityDate") or path(row, "Holiday.RecurrenceStartDate")
    if not named:
        return None
    whole = holiday.get("IsAllDay", True) or holiday.get("StartTimeInMinutes") is None
    return Holiday(
        day=date.fromisoformat(plain(named, 10)),
        start=0 if whole else int(holiday["StartTimeInMinutes"]),
        end=MIDNIGHT if whole else int(holiday.get("EndTimeInMinutes") or MIDNIGHT),
        yearly=yearly,
    )


def _minutes(value: str) -> int:
    hours, minutes = value.split(":")[:2]
    return int(hours) * 60 + int(minutes)
