"""Free arrival windows for a visit: the twelve rules of the sheet's section 3.4 over records, without any I/O.

The arrival window is the promise; the start inside it is only the plan. A window is offered when some technician could
start at some quarter of an hour inside it, with the drive there and the drive onward, within shift and skills.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from voice_agent.salesforce import travel
from voice_agent.salesforce.capacity import Capacity, room
from voice_agent.salesforce.hours import Interval, intersect, subtract
from voice_agent.salesforce.records import RecordId
from voice_agent.salesforce.windows import HORIZON, LEAD, arrival_windows, given_windows, limit_on
from voice_agent.salesforce.wishes import Limit, Slot, SlotWish
from voice_agent.salesforce.workforce import Booked, Membership, OrgTimes, Visit, Worker

GRID = timedelta(minutes=15)
BREAK = timedelta(minutes=90)
"""A gap between two spans of duty up to this is a break within one working day."""
MOST = 6
MOST_A_DAY = 3
"""Six windows at most on at least two days: what a person can keep in mind on the phone (rule 10)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a visit fits into somebody's day: the drive there, and the capacity it uses up."""

    there: timedelta
    limit: Limit | None = None


FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shift:
    """Time on duty without a break, and the working day it is part of; drives from and to home lie inside the day."""

    opens: datetime
    closes: datetime
    day_opens: datetime
    day_closes: datetime
    membership: Membership


def free_slots(
    visit: Visit,
    workers: Iterable[Worker],
    wish: SlotWish,
    *,
    now: datetime,
    most: int = MOST,
    org: OrgTimes | None = None,
) -> tuple[Slot, ...]:
    """Up to `most` windows, earliest first, on at least two days where two days have any.

    The search ends as soon as it has enough, so an empty calendar costs more than a free one. With `org` only what the
    org's own service calls free is offered, and of that only what somebody of the team can be booked for.
    """
    org = org or OrgTimes()
    team = [worker for worker in workers if _may_come(visit, worker)]
    until = now + HORIZON + timedelta(days=1)
    shifts = {worker.id: shifts_of(worker, visit, now, until) for worker in team}
    kept: list[Slot] = []
    beyond: list[Slot] = []
    days: Counter[date] = Counter()
    if org.windows is None:
        windows = arrival_windows(visit, wish, now=now)
    else:
        windows = given_windows(org.windows, visit, wish, now=now)
    for window in windows:
        offers = _offers_in(window, visit, team, shifts, wish, now=now, org=org)
        best = min(offers, key=lambda offer: _rank(offer, visit, wish), default=None)
        if best is None:
            continue
        day = best.window_start.astimezone(visit.windows.zone).date()
        days[day] += 1
        (kept if days[day] <= MOST_A_DAY else beyond).append(best)
        if len(kept) == most:
            break
    picked = kept if len(days) > 1 else (kept + beyond)[:most]
    return tuple(sorted(picked, key=lambda slot: slot.window_start))


def _may_come(visit: Visit, worker: Worker) -> bool:
    """Rule 7, the hard part of preferences."""
    return worker.id not in visit.excluded and (not visit.required or worker.id in visit.required)


# Technicians: rules 3 to 8.


def _offers_in(
    window: Interval,
    visit: Visit,
    workers: Iterable[Worker],
    shifts: Mapping[RecordId, Sequence[Shift]],
    wish: SlotWish,
    *,
    now: datetime,
    org: OrgTimes,
) -> Iterator[Slot]:
    starts = list(_starts(window, visit, wish, now=now))
    for worker in workers:
        given = org.starts.get(worker.id, frozenset()) if org.starts is not None else None
        for start in starts:
            if given is not None and start not in given:
                continue
            fit = fits(worker, visit, shifts[worker.id], start)
            if fit is not None:
                yield _slot(window, visit, worker, start, fit)
                break


def _starts(window: Interval, visit: Visit, wish: SlotWish, *, now: datetime) -> Iterator[datetime]:
    start = window[0]
    floor = max(now + LEAD, visit.earliest or now)
    while start < window[1]:
        on_time = visit.due is None or wish.past_due or start + visit.duration <= visit.due
        if start >= floor and on_time:
            yield start
        start += GRID


def shifts_of(worker: Worker, visit: Visit, start: datetime, end: datetime) -> list[Shift]:
    """When this technician works in the visit's territory between `start` and `end`, and under which membership.

    A relocation is the only place to work for as long as it lasts; a primary membership goes before a secondary one.
    """
    relocations = [(m.start, m.end or FAR) for m in worker.memberships if m.kind == "R"]
    shifts: list[Shift] = []
    for membership in sorted(worker.memberships, key=lambda m: "PRS".find(m.kind)):
        if membership.territory_id != visit.territory_id:
            continue
        hours = membership.hours or visit.territory_hours
        first, last = start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date()
        spans = hours.open_between(first, last, extended=visit.overtime)
        spans = intersect(spans, [(membership.start, membership.end or FAR)])
        if membership.kind != "R":
            spans = subtract(spans, relocations)
        shifts += [
            Shift(*span, *day, membership) for day in _days(spans) for span in spans if day[0] <= span[0] < day[1]
        ]
    return shifts


def _days(spans: Sequence[Interval]) -> list[Interval]:
    """Spans joined over breaks: nobody drives home for lunch."""
    days: list[Interval] = []
    for start, end in spans:
        if days and start - days[-1][1] <= BREAK:
            days[-1] = (days[-1][0], end)
        else:
            days.append((start, end))
    return days


def fits(worker: Worker, visit: Visit, shifts: Sequence[Shift], start: datetime) -> Fit | None:
    """How the visit fits if it can start then, else None.

    Drives from and to home lie inside the shift; a drive from an absence or to one is planned like one between visits.
    """
    end = start + visit.duration
    if not _skilled(worker, visit, start) or not _received(visit, start, end):
        return None
    if worker.capacities is not None:
        return _fits_by_amount(worker, worker.capacities, visit, shifts, start)
    if any(booked.start < end and start < booked.end for booked in worker.booked):
        return None
    before = max((b for b in worker.booked if b.end <= start), key=lambda b: b.end, default=None)
    after = min((b for b in worker.booked if b.start >= end), key=lambda b: b.start, default=None)
    for shift in shifts:
        if not (shift.opens <= start and end <= shift.closes):
            continue
        near_before = before if before and before.end > shift.day_opens else None
        near_after = after if after and after.start < shift.day_closes else None
        there = _drive(near_before, visit, shift.membership)
        onward = _drive(near_after, visit, shift.membership)
        leaves = near_before.end if near_before else shift.day_opens
        expected = near_after.start if near_after else shift.day_closes
        if leaves + there <= start and end + onward <= expected:
            return Fit(there)
    return None


def _fits_by_amount(
    worker: Worker, capacities: Sequence[Capacity], visit: Visit, shifts: Sequence[Shift], start: datetime
) -> Fit | None:
    """Somebody booked by amount: on duty, not absent, and the period has room. The drive is the territory's usual."""
    end = start + visit.duration
    if not any(shift.opens <= start and end <= shift.closes for shift in shifts):
        return None
    if any(booked.absence and booked.start < end and start < booked.end for booked in worker.booked):
        return None
    taken = [(booked.start, booked.end) for booked in worker.booked if not booked.absence]
    period = room(capacities, taken, start, visit.duration, visit.territory_hours.zone)
    if period is None:
        return None
    known = (b.visit_id for b in worker.booked if not b.absence and period[0] <= b.start < period[1])
    return Fit(timedelta(minutes=round(visit.default_travel)), Limit(*period, tuple(sorted(known))))


def _drive(neighbour: Booked | None, visit: Visit, membership: Membership) -> timedelta:
    """Between the visit and its neighbour in time, or home where it has none that day."""
    place = membership.home if neighbour is None else neighbour.place
    return travel.between(place, visit.place, otherwise=visit.default_travel)


def _received(visit: Visit, start: datetime, end: datetime) -> bool:
    """Whether somebody lets the technician in: the account's visiting hours, where it has any (rule 3)."""
    hours = visit.visiting_hours
    if hours is None:
        return True
    spans = hours.open_between(start.astimezone(hours.zone).date(), end.astimezone(hours.zone).date())
    return any(opens <= start and end <= closes for opens, closes in spans)


def _skilled(worker: Worker, visit: Visit, moment: datetime) -> bool:
    return all(
        any(
            has.skill_id == need.skill_id
            and has.level >= need.level
            and (has.start is None or has.start <= moment)
            and (has.end is None or moment < has.end)
            for has in worker.skills
        )
        for need in visit.skills
    )


# Choice: rule 10.


def _slot(window: Interval, visit: Visit, worker: Worker, start: datetime, fit: Fit) -> Slot:
    return Slot(
        window_start=window[0],
        window_end=window[1],
        start=start,
        end=start + visit.duration,
        zone=visit.windows.zone.key,
        technician_id=worker.id,
        technician_name=worker.name,
        travel_minutes=fit.there.total_seconds() / 60,
        late=visit.due is not None and start + visit.duration > visit.due,
        missing_parts=tuple(name for product, name in visit.parts if product not in worker.stock),
        territory_id=visit.territory_id,
        of_technician=fit.limit,
        of_calendar=limit_on(window, visit),
    )


def _rank(slot: Slot, visit: Visit, wish: SlotWish) -> tuple[bool, int, float, datetime, str]:
    """Within one window: the preferred technician, then parts in the van, then the shortest drive."""
    preferred = slot.technician_id == wish.preferred_technician_id or slot.technician_id in visit.preferred
    return (not preferred, len(slot.missing_parts), slot.travel_minutes, slot.start, slot.technician_id)


def still_free(visit: Visit, worker: Worker, slot: Slot) -> bool:
    """Whether a slot offered earlier would be offered now (rule 11): the same start, the same technician."""
    unheld = replace(visit, not_this=None)
    return fits(worker, unheld, shifts_of(worker, unheld, slot.start, slot.end), slot.start) is not None
