"""The slot rules of section 3.4, one by one and against a brute-force oracle, also in the two nights of the year."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.salesforce import brute_force
from voice_agent.salesforce.capacity import Capacity, Period
from voice_agent.salesforce.hours import Holiday, OperatingHours, TimeSlot, instant, merged, subtract
from voice_agent.salesforce.records import RecordId
from voice_agent.salesforce.schedule import free_slots, still_free
from voice_agent.salesforce.windows import HORIZON, LEAD
from voice_agent.salesforce.wishes import Limit, Slot, SlotWish
from voice_agent.salesforce.workforce import Booked, Membership, OrgTimes, Skill, Visit, Worker

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""07:00 in Chicago."""
WEEK = tuple(TimeSlot(day, 8 * 60, 17 * 60) for day in range(5))
OFFICE = OperatingHours(CHICAGO, WEEK)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HERE = (41.88, -87.63)
ANYTHING = SlotWish()


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in Chicago in the week of MONDAY; day 0 is Monday."""
    return datetime(2026, 11, 23, hour, minute, tzinfo=CHICAGO) + timedelta(days=day)


def member(**changes: object) -> Membership:
    return replace(Membership("T1", "P", LONG_AGO, None, None, HERE), **changes)  # type: ignore[arg-type]


def worker(name: str = "Alex", **changes: object) -> Worker:
    return replace(Worker(RecordId(name), name, (member(),)), **changes)  # type: ignore[arg-type]


def visit(**changes: object) -> Visit:
    plain = Visit(timedelta(hours=1), "T1", OFFICE, OFFICE, place=HERE, due=local(11, 17))
    return replace(plain, **changes)  # type: ignore[arg-type]


def offered(what: Visit, *team: Worker, wish: SlotWish = ANYTHING, now: datetime = MONDAY) -> list[str]:
    found = free_slots(what, team, wish, now=now)
    return [slot.window_start.astimezone(what.windows.zone).strftime("%a %H:%M") for slot in found]


def test_two_hour_windows_on_two_days_are_offered() -> None:
    assert offered(visit(), worker()) == ["Mon 08:00", "Mon 10:00", "Mon 12:00", "Tue 08:00", "Tue 10:00", "Tue 12:00"]


def test_nothing_in_the_past_or_within_the_next_hour_is_offered() -> None:
    """Rules 1 and 12."""
    assert offered(visit(), worker(), now=local(0, 9, 30))[0] == "Mon 10:00"
    late = free_slots(visit(), [worker()], ANYTHING, now=local(0, 9, 30))[0]
    assert late.start >= local(0, 10, 30)


def test_nothing_after_the_due_date_is_offered_unless_it_is_wished_for() -> None:
    """Rule 12: only after the caller has heard that it breaks the promise."""
    due = visit(due=local(0, 13))
    assert offered(due, worker()) == ["Mon 08:00", "Mon 10:00", "Mon 12:00"]
    later = free_slots(due, [worker()], SlotWish(past_due=True), now=MONDAY)
    assert [slot.late for slot in later] == [False, False, False, True, True, True]


def test_the_window_promised_now_is_no_change() -> None:
    assert offered(visit(not_this=(local(0, 8), local(0, 10))), worker())[0] == "Mon 10:00"


def test_a_missing_skill_or_level_rules_a_technician_out() -> None:
    """Rule 7."""
    need = visit(skills=(Skill("gas", 5),))
    assert offered(need, worker()) == []
    assert offered(need, worker(skills=(Skill("gas", 4.5),))) == []
    assert offered(need, worker(skills=(Skill("gas", 5),)))
    lapsed = worker(skills=(Skill("gas", 9, LONG_AGO, local(1, 0)),))
    assert set(offered(need, lapsed)) == {"Mon 08:00", "Mon 10:00", "Mon 12:00", "Mon 14:00"}


def test_an_absence_blocks_with_the_drive_round_it() -> None:
    """Rule 5: all types of absence."""
    away = worker(booked=(Booked(local(0, 8), local(0, 12), HERE, absence=True),))
    assert offered(visit(), away)[0] == "Mon 12:00"


def test_a_visit_before_it_leaves_time_to_drive() -> None:
    """Rule 6."""
    far = (42.3, -87.9)
    busy = worker(booked=(Booked(local(0, 8), local(0, 11, 30), far),))
    first = free_slots(visit(), [busy], ANYTHING, now=MONDAY)[0]
    assert first.start >= local(0, 12, 30)
    assert first.travel_minutes > 60


def test_a_visit_after_it_must_still_be_reached() -> None:
    far = (42.3, -87.9)
    busy = worker(booked=(Booked(local(0, 10), local(0, 17), far),))
    assert offered(visit(), busy)[0] == "Tue 08:00", "eight to nine and 98 minutes of driving would be too late"


def test_a_relocated_technician_works_only_there() -> None:
    """Rule 4."""
    relocation = member(territory_id="T2", kind="R", start=local(0, 0), end=local(1, 0))
    assert offered(visit(), worker(memberships=(member(), relocation)))[0] == "Tue 08:00"


def test_a_lapsed_membership_does_not_count() -> None:
    assert offered(visit(), worker(memberships=(member(end=local(0, 12)),))) == ["Mon 08:00", "Mon 10:00"]


def test_a_members_own_hours_win() -> None:
    """Rule 3."""
    early = OperatingHours(CHICAGO, tuple(TimeSlot(day, 8 * 60, 10 * 60) for day in range(5)))
    assert offered(visit(), worker(memberships=(member(hours=early),)))[:2] == ["Mon 08:00", "Tue 08:00"]


def test_a_customer_is_visited_within_the_customers_hours() -> None:
    """Rule 3."""
    afternoons = OperatingHours(CHICAGO, tuple(TimeSlot(day, 13 * 60, 17 * 60) for day in range(5)))
    assert offered(visit(visiting_hours=afternoons), worker())[:2] == ["Mon 12:00", "Mon 14:00"]


def test_a_holiday_is_closed() -> None:
    closed = OperatingHours(CHICAGO, WEEK, (Holiday(date(2026, 11, 23)),))
    assert offered(visit(windows=closed, territory_hours=closed), worker())[0] == "Tue 08:00"


def test_a_yearly_holiday_returns() -> None:
    closed = OperatingHours(CHICAGO, WEEK, (Holiday(date(2019, 11, 23), yearly=True),))
    assert offered(visit(windows=closed, territory_hours=closed), worker())[0] == "Tue 08:00"


def test_lunch_is_no_window() -> None:
    """Two slots on one day (1.5)."""
    lunch = OperatingHours(
        CHICAGO, tuple(TimeSlot(d, a, b) for d in range(5) for a, b in ((8 * 60, 12 * 60), (13 * 60, 17 * 60)))
    )
    assert offered(visit(windows=lunch, territory_hours=lunch), worker())[:3] == ["Mon 08:00", "Mon 10:00", "Mon 13:00"]


def test_nobody_drives_home_for_lunch() -> None:
    """A visit may last until the break begins, and the next one start when it is over."""
    lunch = OperatingHours(
        CHICAGO, tuple(TimeSlot(d, a, b) for d in range(5) for a, b in ((8 * 60, 12 * 60), (12 * 60 + 30, 17 * 60)))
    )
    far = (42.3, -87.9)
    away = worker(memberships=(member(home=far),))
    two_hours = visit(duration=timedelta(hours=2), windows=lunch, territory_hours=lunch)
    starts = [slot.start for slot in free_slots(two_hours, [away], ANYTHING, now=MONDAY)[:3]]
    assert starts == [local(0, 9, 45), local(0, 10), local(0, 12, 30)]


def test_a_full_slot_is_not_offered() -> None:
    """Rule 9: MaxAppointments."""
    one = OperatingHours(CHICAGO, tuple(replace(slot, max_appointments=1) for slot in WEEK))
    assert offered(visit(windows=one, counted=((local(0, 9), "08p1"),)), worker())[0] == "Tue 08:00"


EVENINGS = tuple(TimeSlot(day, 18 * 60, 20 * 60, extended=True) for day in range(5))


def test_extended_hours_are_used_only_where_the_policy_allows_overtime() -> None:
    """Rule 2."""
    hours = OperatingHours(CHICAGO, (TimeSlot(0, 15 * 60, 17 * 60), *EVENINGS))
    assert offered(visit(territory_hours=hours, windows=hours), worker()) == ["Mon 15:00", "Mon 15:00"]
    with_overtime = visit(territory_hours=hours, windows=hours, overtime=True)
    assert offered(with_overtime, worker())[:3] == ["Mon 15:00", "Mon 18:00", "Tue 18:00"]


PER_DAY = Capacity("days", date(2026, 1, 1), None, hours=None, items=2)


def contractor(*capacities: Capacity, booked: tuple[Booked, ...] = ()) -> Worker:
    return worker("Contractor", capacities=capacities, booked=booked)


def test_somebody_booked_by_amount_takes_visits_at_the_same_time_until_the_day_is_full() -> None:
    """Rule 9."""
    one = Booked(local(0, 8), local(0, 9))
    assert offered(visit(), contractor(PER_DAY, booked=(one,)))[0] == "Mon 08:00", "an overlap is no matter"
    assert offered(visit(), contractor(PER_DAY, booked=(one, one)))[0] == "Tue 08:00"


@pytest.mark.parametrize(
    ("capacity", "first"),
    [
        (Capacity("days", date(2026, 1, 1), None, hours=3.0, items=None), "23 Nov 08:00"),
        (Capacity("days", date(2026, 1, 1), None, hours=2.5, items=None), "24 Nov 08:00"),
        (Capacity("hours", date(2026, 1, 1), None, hours=None, items=1), "23 Nov 08:00"),
        (Capacity("months", date(2026, 1, 1), None, hours=None, items=1), "01 Dec 08:00"),
        (Capacity("days", date(2026, 11, 25), None, hours=None, items=1), "25 Nov 08:00"),
    ],
)
def test_hours_visits_and_dates_of_a_capacity_count(capacity: Capacity, first: str) -> None:
    booked = (Booked(local(0, 9), local(0, 11)),)
    (slot, *_) = free_slots(visit(), [contractor(capacity, booked=booked)], ANYTHING, now=MONDAY)
    assert slot.window_start.astimezone(CHICAGO).strftime("%d %b %H:%M") == first


def test_no_capacity_takes_no_work() -> None:
    assert offered(visit(), contractor()) == []
    assert offered(visit(), contractor(replace(PER_DAY, last=date(2026, 11, 1)))) == []


def test_somebody_booked_by_amount_keeps_hours_absences_and_skills() -> None:
    away = Booked(local(0, 0), local(1, 0), absence=True)
    assert offered(visit(), contractor(PER_DAY, booked=(away,)))[0] == "Tue 08:00"
    assert offered(visit(skills=(Skill("s", 1.0),)), contractor(PER_DAY)) == []


def test_a_slot_names_the_limits_it_was_offered_under() -> None:
    limited = OperatingHours(CHICAGO, (TimeSlot(0, 8 * 60, 12 * 60, max_appointments=3),))
    counted = ((local(0, 9), "08p2"), (local(0, 13), "08p3"))
    busy = Booked(local(0, 6), local(0, 7), visit_id="08p1")
    what = visit(windows=limited, counted=counted)
    (slot, *_) = free_slots(what, [contractor(PER_DAY, booked=(busy,))], ANYTHING, now=MONDAY)
    assert slot.of_calendar == Limit(local(0, 8), local(0, 12), ("08p2",))
    assert slot.of_technician == Limit(local(0, 0), local(1, 0), ("08p1",))


def test_the_orgs_own_windows_are_cut_to_two_hours() -> None:
    given = OrgTimes(windows=((local(0, 8), local(0, 13)), (local(1, 14), local(1, 15))))
    found = free_slots(visit(), [worker()], ANYTHING, now=MONDAY, org=given)
    assert [(s.window_start, s.window_end) for s in found] == [
        (local(0, 8), local(0, 10)),
        (local(0, 10), local(0, 12)),
        (local(0, 12), local(0, 13)),
        (local(1, 14), local(1, 15)),
    ]


def test_what_nobody_can_be_sent_to_is_not_offered_whoever_calls_it_free() -> None:
    night = OrgTimes(windows=((local(0, 22), local(1, 0)), (local(1, 8), local(1, 10))))
    assert [s.window_start for s in free_slots(visit(), [worker()], ANYTHING, now=MONDAY, org=night)] == [local(1, 8)]


def test_only_the_starts_that_the_org_names_are_used() -> None:
    given = OrgTimes(starts={"Alex": frozenset({local(0, 9, 30), local(1, 9)}), "Dana": frozenset({local(0, 8)})})
    found = free_slots(visit(), [worker()], ANYTHING, now=MONDAY, org=given)
    assert [slot.start for slot in found] == [local(0, 9, 30), local(1, 9)]


def test_an_excluded_technician_never_comes_and_a_required_one_always() -> None:
    """Rule 7."""
    team = worker("Alex"), worker("Bo")
    names = {
        slot.technician_name for slot in free_slots(visit(excluded=frozenset({"Alex"})), team, ANYTHING, now=MONDAY)
    }
    assert names == {"Bo"}
    names = {slot.technician_name for slot in free_slots(visit(required=frozenset({"Bo"})), team, ANYTHING, now=MONDAY)}
    assert names == {"Bo"}
    names = {
        slot.technician_name for slot in free_slots(visit(preferred=frozenset({"Bo"})), team, ANYTHING, now=MONDAY)
    }
    assert names == {"Bo"}


def test_the_van_that_holds_the_parts_is_sent() -> None:
    team = worker("Alex"), worker("Bo", stock=frozenset({"P1"}))
    slots = free_slots(visit(parts=(("P1", "flame sensor"),)), team, ANYTHING, now=MONDAY)
    assert {(slot.technician_name, slot.missing_parts) for slot in slots} == {("Bo", ())}
    alone = free_slots(visit(parts=(("P1", "flame sensor"),)), team[:1], ANYTHING, now=MONDAY)
    assert {slot.missing_parts for slot in alone} == {("flame sensor",)}


@pytest.mark.parametrize(
    ("wish", "first"),
    [
        (SlotWish(date_from=date(2026, 11, 26)), "Thu 08:00"),
        (SlotWish(time_from=time(12)), "Mon 12:00"),
        (SlotWish(time_from=time(10, 30), time_to=time(11)), "Mon 10:00"),
        (SlotWish(exclude_weekdays=frozenset({0, 1})), "Wed 08:00"),
        (SlotWish(date_from=date(2026, 11, 24), time_to=time(10)), "Tue 08:00"),
    ],
)
def test_a_wish_is_honoured(wish: SlotWish, first: str) -> None:
    assert offered(visit(), worker(), wish=wish)[0] == first


def test_a_single_day_may_fill_the_whole_offer() -> None:
    wish = SlotWish(date_from=date(2026, 11, 24), date_to=date(2026, 11, 24))
    assert offered(visit(), worker(), wish=wish) == ["Tue 08:00", "Tue 10:00", "Tue 12:00", "Tue 14:00"]


def test_a_slot_that_was_taken_meanwhile_is_not_free() -> None:
    """Rule 11."""
    slot: Slot = free_slots(visit(), [worker()], ANYTHING, now=MONDAY)[0]
    assert still_free(visit(), worker(), slot)
    assert not still_free(visit(), worker(booked=(Booked(slot.start, slot.end, HERE),)), slot)


# The two nights of the year.


def test_a_time_that_spring_skips_is_the_moment_of_the_change() -> None:
    """Rule 2: 2027-03-14 has no 02:30 in Chicago."""
    night = date(2027, 3, 14)
    assert instant(night, 150, CHICAGO) == datetime(2027, 3, 14, 8, 0, tzinfo=UTC)
    assert instant(night, 120, CHICAGO) == datetime(2027, 3, 14, 8, 0, tzinfo=UTC)
    assert instant(night, 180, CHICAGO) == datetime(2027, 3, 14, 8, 0, tzinfo=UTC)
    assert instant(night, 119, CHICAGO) == datetime(2027, 3, 14, 7, 59, tzinfo=UTC)


def test_a_time_that_autumn_shows_twice_is_its_first_showing() -> None:
    """Rule 2: 2026-11-01 has two 01:30 in Chicago."""
    assert instant(date(2026, 11, 1), 90, CHICAGO) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_days_of_23_and_25_hours_have_their_length() -> None:
    always = OperatingHours(CHICAGO, tuple(TimeSlot(day, 0, 1440) for day in range(7)))
    for day, hours in ((date(2027, 3, 14), 23), (date(2026, 11, 1), 25), (date(2026, 11, 2), 24)):
        ((start, end),) = always.open_between(day, day)
        assert end - start == timedelta(hours=hours)


def test_windows_keep_their_wall_clock_across_the_change() -> None:
    """Friday before and Monday after the spring change both offer eight o'clock."""
    now = datetime(2027, 3, 12, 13, 0, tzinfo=UTC)
    found = free_slots(visit(due=None), [worker()], ANYTHING, now=now)
    assert [
        (s.window_start.hour, s.window_start.astimezone(CHICAGO).hour) for s in found if s.start.weekday() in (4, 0)
    ][::3] == [(14, 8), (13, 8)]


ZONES = ("America/Chicago", "Europe/London", "America/Phoenix", "Australia/Lord_Howe")
NIGHTS = (
    datetime(2027, 3, 13, 12, 7, tzinfo=UTC),  # the day before the spring change in the United States
    datetime(2026, 10, 31, 3, 0, tzinfo=UTC),  # and before the autumn one
    datetime(2027, 3, 27, 22, 0, tzinfo=UTC),  # Europe, spring
    datetime(2026, 10, 24, 15, 53, tzinfo=UTC),  # Europe, autumn
    datetime(2026, 10, 3, 4, 0, tzinfo=UTC),  # Lord Howe, half an hour
    MONDAY,
)
SKILLS = ((Skill("s", 5.0),), (Skill("s", 2.0),), (Skill("s", 5.0, None, MONDAY),), (Skill("s", 3.0, MONDAY),))
CORNERS = (HERE, (41.95, -87.70), (42.3, -87.9), None)


@st.composite
def calendars(draw: st.DrawFn, zone: ZoneInfo) -> OperatingHours:
    edges = draw(st.lists(st.sampled_from(range(0, 1441, 30)), min_size=2, max_size=4, unique=True).map(sorted))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    days = draw(st.sets(st.integers(0, 6), min_size=2))
    most = draw(st.sampled_from([None, None, 1, 2]))
    late = draw(st.sampled_from([None, None, 0, 1]))
    slots = tuple(
        TimeSlot(day, a, b, extended=late == place, max_appointments=most)
        for day in sorted(days)
        for place, (a, b) in enumerate(pairs)
    )
    return OperatingHours(zone, slots)


@st.composite
def capacities(draw: st.DrawFn, day: date) -> Capacity:
    first = day + timedelta(days=draw(st.sampled_from([-30, 1])))
    last = draw(st.sampled_from([None, day + timedelta(days=2)]))
    periods: list[Period] = ["hours", "days", "months"]
    period = draw(st.sampled_from(periods))
    return Capacity(period, first, last, draw(st.sampled_from([None, 1.5, 4.0])), draw(st.sampled_from([None, 1, 3])))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Visit, list[Worker], SlotWish, datetime]:
    now = draw(st.sampled_from(NIGHTS))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    hours = draw(calendars(zone))
    day = now.astimezone(zone).date()
    if draw(st.booleans()):
        shut = draw(st.integers(0, 3))
        part = draw(st.sampled_from([(0, 1440), (600, 720)]))
        hours = replace(hours, holidays=(Holiday(day + timedelta(days=shut), *part),))

    def moments() -> st.SearchStrategy[datetime]:
        return st.integers(0, 4 * 96).map(lambda quarter: _quarter(now) + timedelta(minutes=15 * quarter))

    def booking(absence: bool) -> st.SearchStrategy[Booked]:
        return st.builds(
            lambda start, length, place: Booked(start, start + timedelta(minutes=length), place, absence),
            moments(),
            st.sampled_from([30, 60, 150, 600]),
            st.sampled_from(CORNERS),
        )

    team = []
    for name in "AB"[: draw(st.integers(1, 2))]:
        memberships = [Membership("T1", "P", LONG_AGO, None, None, draw(st.sampled_from(CORNERS)))]
        if draw(st.booleans()):
            start = draw(moments())
            where = draw(st.sampled_from(["T1", "T2"]))
            own = draw(calendars(zone)) if draw(st.booleans()) else None
            memberships.append(
                Membership(where, draw(st.sampled_from("RRS")), start, start + timedelta(days=1), own, HERE)
            )
        booked = draw(st.lists(booking(False), max_size=3)) + draw(st.lists(booking(True), max_size=1))
        apart: list[Booked] = []
        for one in sorted(booked, key=lambda b: b.start):
            if not apart or apart[-1].end <= one.start:
                apart.append(one)
        skills = draw(st.sampled_from(SKILLS))
        amounts = draw(st.none() | st.none() | st.lists(capacities(day), max_size=2).map(tuple))
        taken = tuple(apart) if amounts is None else tuple(sorted(booked, key=lambda b: b.start))
        team.append(Worker(RecordId(name), name, tuple(memberships), skills, taken, capacities=amounts))
    place = draw(st.sampled_from(CORNERS))
    what = Visit(
        duration=timedelta(minutes=draw(st.sampled_from([30, 60, 135]))),
        territory_id="T1",
        territory_hours=hours,
        windows=hours,
        place=place,
        earliest=draw(st.none() | moments()),
        due=_quarter(now) + timedelta(days=draw(st.sampled_from([2, 3, 4]))),
        skills=draw(st.sampled_from([(), (), (Skill("s", 3.0),)])),
        visiting_hours=draw(st.one_of(st.none(), st.none(), st.none(), calendars(zone))),
        counted=tuple((start, "08p") for start in draw(st.lists(moments(), max_size=4))),
        overtime=draw(st.booleans()),
    )
    wish = draw(
        st.sampled_from(
            [
                ANYTHING,
                SlotWish(time_from=time(12)),
                SlotWish(exclude_weekdays=frozenset({now.weekday()})),
                SlotWish(date_to=day + timedelta(days=1)),
                SlotWish(time_from=time(9, 15), time_to=time(9, 30)),
            ]
        )
    )
    return what, team, wish, now


def _quarter(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(situations())
def test_what_is_offered_is_what_the_slow_way_finds(situation: tuple[Visit, list[Worker], SlotWish, datetime]) -> None:
    """Every window offered is possible with that very technician; the earliest possible ones are all offered."""
    what, team, wish, now = situation

    def told(opens: datetime, closes: datetime) -> tuple[datetime, datetime]:
        """As the caller hears it: in the night when an hour comes twice, two windows have one name."""
        zone = what.windows.zone
        return opens.astimezone(zone).replace(tzinfo=None), closes.astimezone(zone).replace(tzinfo=None)

    possible: dict[tuple[datetime, datetime], set[str]] = {}
    for window, technicians in brute_force.windows(what, team, wish, now, LEAD, HORIZON).items():
        possible.setdefault(told(*window), set()).update(technicians)
    slots = free_slots(what, team, wish, now=now, most=100)
    found = {told(slot.window_start, slot.window_end) for slot in slots}
    days = {opens.date() for opens, _ in possible}
    if len(days) > 1:
        by_day: dict[date, list[tuple[datetime, datetime]]] = {}
        for window in sorted(possible):
            by_day.setdefault(window[0].date(), []).append(window)
        assert found == {window for listed in by_day.values() for window in listed[:3]}
    else:
        assert found == set(possible)
    for slot in slots:
        assert slot.technician_id in possible[told(slot.window_start, slot.window_end)]
        chosen = next(one for one in team if one.id == slot.technician_id)
        assert brute_force.can(chosen, what, slot.start)
        assert slot.window_start <= slot.start < slot.window_end


moments = st.integers(0, 200).map(lambda n: MONDAY + timedelta(minutes=n))
spans = st.tuples(moments, moments).filter(lambda pair: pair[0] < pair[1])


@given(st.lists(spans, max_size=5), st.lists(spans, max_size=5))
def test_subtracting_leaves_exactly_the_minutes_not_taken(
    whole: list[tuple[datetime, datetime]], taken: list[tuple[datetime, datetime]]
) -> None:
    left = subtract(merged(whole), taken)
    for n in range(201):
        at = MONDAY + timedelta(minutes=n)
        inside = any(a <= at < b for a, b in whole) and not any(a <= at < b for a, b in taken)
        assert inside == any(a <= at < b for a, b in left)
