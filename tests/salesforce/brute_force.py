"""Which windows are free, found the slow way: minute by minute, from UTC to the wall clock. Shares no rule's code.

Only records and numbers are imported; hours, merging, travel legs and choices are worked out here anew.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import acos, cos, radians, sin
from zoneinfo import ZoneInfo

from voice_agent.salesforce.hours import OperatingHours, TimeSlot
from voice_agent.salesforce.wishes import SlotWish
from voice_agent.salesforce.workforce import Booked, Membership, Visit, Worker

MINUTE = timedelta(minutes=1)


@lru_cache(maxsize=4096)
def first_showing(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """Walks through UTC until the clocks of the zone stand at or past the time on that date."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    target = (day.toordinal(), minutes)
    if minutes >= 1440:
        target = (day.toordinal() + 1, minutes - 1440)

    def reached(at: datetime) -> bool:
        wall = at.astimezone(zone)
        return (wall.toordinal(), wall.hour * 60 + wall.minute) >= target

    for stride in (60, 15, 1):
        while not reached(moment + timedelta(minutes=stride)):
            moment += timedelta(minutes=stride)
    return moment + MINUTE


def is_open(hours: OperatingHours, moment: datetime, overtime: bool = False) -> bool:
    return any(start <= moment < end for start, end in _spans(hours, moment.astimezone(hours.zone).date(), overtime))


@lru_cache(maxsize=4096)
def _spans(hours: OperatingHours, day: date, overtime: bool) -> list[tuple[datetime, datetime]]:
    """Open spans of one local date."""
    spans = [
        (first_showing(day, slot.start, hours.zone), first_showing(day, slot.end, hours.zone))
        for slot in hours.slots
        if slot.weekday == day.weekday() and (overtime or not slot.extended)
    ]
    for holiday in hours.holidays:
        same = holiday.day == day or (holiday.yearly and holiday.day.strftime("%m%d") == day.strftime("%m%d"))
        if same:
            shut = first_showing(day, holiday.start, hours.zone), first_showing(day, holiday.end, hours.zone)
            spans = [
                piece
                for start, end in spans
                for piece in ((start, min(end, shut[0])), (max(start, shut[1]), end))
                if piece[0] < piece[1]
            ]
    return spans


def works(worker: Worker, visit: Visit, moment: datetime) -> list[Membership]:
    """Memberships under which the worker is on duty in the visit's territory at that minute."""
    holding = [m for m in worker.memberships if m.start <= moment and (m.end is None or moment < m.end)]
    if any(m.kind == "R" for m in holding):
        holding = [m for m in holding if m.kind == "R"]
    return [
        m
        for m in holding
        if m.territory_id == visit.territory_id and is_open(m.hours or visit.territory_hours, moment, visit.overtime)
    ]


def drive(a: tuple[float, float] | None, b: tuple[float, float] | None, otherwise: float) -> int:
    """Whole minutes; the law of cosines instead of haversine."""
    if a is None or b is None:
        return round(otherwise)
    (p, q), (r, s) = a, b
    inner = sin(radians(p)) * sin(radians(r)) + cos(radians(p)) * cos(radians(r)) * cos(radians(s - q))
    km = 6371.0 * acos(max(-1.0, min(1.0, inner)))
    return 0 if km < 0.1 else round(km * 1.3 / 42 * 60 + 7)


def can(worker: Worker, visit: Visit, start: datetime) -> bool:
    end = start + visit.duration
    if worker.id in visit.excluded or (visit.required and worker.id not in visit.required):
        return False
    for need in visit.skills:
        good = [
            s
            for s in worker.skills
            if s.skill_id == need.skill_id
            and s.level >= need.level
            and not (s.start and s.start > start)
            and not (s.end and s.end <= start)
        ]
        if not good:
            return False
    if visit.visiting_hours is not None:
        at = start
        while at < end:
            if not is_open(visit.visiting_hours, at):
                return False
            at += MINUTE
    if worker.capacities is not None:
        return _by_amount(worker, visit, start, end)
    if any(b.start < end and b.end > start for b in worker.booked):
        return False
    return any(_with(worker, visit, start, end, m) for m in worker.memberships)


def _by_amount(worker: Worker, visit: Visit, start: datetime, end: datetime) -> bool:
    """On duty for all of it, not absent, and every capacity of that date still has room for one visit more."""
    assert worker.capacities is not None
    at = start
    while at < end:
        if not works(worker, visit, at) or any(b.absence and b.start <= at < b.end for b in worker.booked):
            return False
        at += MINUTE
    zone = visit.territory_hours.zone
    day = start.astimezone(zone).date()
    dated = [c for c in worker.capacities if c.first <= day and not (c.last and day > c.last)]
    for capacity in dated:
        spelled = {"hours": "%Y%m%d%H%z", "days": "%Y%m%d", "months": "%Y%m"}[capacity.period]
        clock = UTC if capacity.period == "hours" else zone
        mine = start.astimezone(clock).strftime(spelled)
        others = [b for b in worker.booked if not b.absence and b.start.astimezone(clock).strftime(spelled) == mine]
        minutes = sum((b.end - b.start).total_seconds() / 60 for b in others) + visit.duration.total_seconds() / 60
        if capacity.items is not None and len(others) + 1 > capacity.items:
            return False
        if capacity.hours is not None and minutes > capacity.hours * 60:
            return False
    return bool(dated)


def _with(worker: Worker, visit: Visit, start: datetime, end: datetime, membership: Membership) -> bool:
    """Walks outwards from the visit minute by minute, to the neighbours or to the edges of the shift."""
    at = start
    while at < end:
        if membership not in works(worker, visit, at):
            return False
        at += MINUTE
    home = membership.home
    return _room(worker, visit, start, -1, membership, home) and _room(worker, visit, end, 1, membership, home)


def _room(
    worker: Worker,
    visit: Visit,
    edge: datetime,
    direction: int,
    membership: Membership,
    home: tuple[float, float] | None,
) -> bool:
    minutes = 0
    while True:
        touching = [
            b for b in worker.booked if (b.end if direction < 0 else b.start) == edge + direction * minutes * MINUTE
        ]
        if touching:
            return minutes >= _longest(touching, visit)
        minute = edge + direction * minutes * MINUTE + (-MINUTE if direction < 0 else timedelta())
        if not _in_the_day(worker, visit, minute, direction, membership):
            return minutes >= drive(home, visit.place, visit.default_travel)
        minutes += 1


def _in_the_day(worker: Worker, visit: Visit, minute: datetime, direction: int, membership: Membership) -> bool:
    """On duty then, or on a break of at most an hour and a half: on duty both somewhat earlier and somewhat later."""
    if membership in works(worker, visit, minute):
        return True
    later = earlier = None
    for n in range(1, 91):
        if later is None and membership in works(worker, visit, minute + n * MINUTE):
            later = n
        if earlier is None and membership in works(worker, visit, minute - n * MINUTE):
            earlier = n
    return later is not None and earlier is not None and later + earlier - 1 <= 90


def _longest(touching: list[Booked], visit: Visit) -> int:
    return max(drive(b.place, visit.place, visit.default_travel) for b in touching)


def windows(
    visit: Visit, workers: list[Worker], wish: SlotWish, now: datetime, lead: timedelta, horizon: timedelta
) -> dict[tuple[datetime, datetime], set[str]]:
    """Window -> everybody who could come in it."""
    found: dict[tuple[datetime, datetime], set[str]] = {}
    zone = visit.windows.zone
    floor = max(now + lead, visit.earliest or now)
    day = now.astimezone(zone).date()
    while day <= (floor + horizon).astimezone(zone).date():
        for slot in visit.windows.slots:
            if slot.weekday != day.weekday() or (slot.extended and not visit.overtime):
                continue
            at = slot.start
            while at + 120 <= slot.end:
                opens, closes = first_showing(day, at, zone), first_showing(day, at + 120, zone)
                if _allowed(visit, wish, day, at, opens, closes, now) and not _full(visit, slot, day):
                    able = {
                        str(worker.id)
                        for worker in workers
                        for start in _quarters(opens, closes)
                        if start >= floor
                        and (wish.past_due or visit.due is None or start + visit.duration <= visit.due)
                        and can(worker, visit, start)
                    }
                    if able:
                        found[(opens, closes)] = able
                at += 120
        day += timedelta(days=1)
    return found


def _quarters(opens: datetime, closes: datetime) -> list[datetime]:
    return [opens + timedelta(minutes=15 * n) for n in range(40) if opens + timedelta(minutes=15 * n) < closes]


def _full(visit: Visit, slot: TimeSlot, day: date) -> bool:
    most = slot.max_appointments
    if most is None:
        return False
    zone = visit.windows.zone
    opens, closes = (first_showing(day, edge, zone) for edge in (slot.start, slot.end))
    return len([start for start, _ in visit.counted if opens <= start < closes]) >= most


def _allowed(
    visit: Visit, wish: SlotWish, day: date, at: int, opens: datetime, closes: datetime, now: datetime
) -> bool:
    if opens >= closes or opens < now or (opens, closes) == visit.not_this:
        return False
    if (wish.date_from and day < wish.date_from) or (wish.date_to and day > wish.date_to):
        return False
    if day.weekday() in wish.exclude_weekdays:
        return False
    for holiday in visit.windows.holidays:
        same = holiday.day == day or (holiday.yearly and holiday.day.strftime("%m%d") == day.strftime("%m%d"))
        shut = [first_showing(day, edge, visit.windows.zone) for edge in (holiday.start, holiday.end)]
        if same and shut[0] < closes and shut[1] > opens:
            return False
    first = wish.time_from.hour * 60 + wish.time_from.minute if wish.time_from else 0
    last = wish.time_to.hour * 60 + wish.time_to.minute if wish.time_to else 1440
    return at <= first < at + 120 if last - first < 120 else first <= at and at + 120 <= last
