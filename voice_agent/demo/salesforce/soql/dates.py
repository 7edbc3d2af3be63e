"""Date literals as ranges of instants, in the zone of the user who asks (sheet 2.4 "Date literals")."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def span(name: str, count: int, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open range [start, end) of a literal, in UTC.

    LAST_N_DAYS:n runs from n days ago through now; NEXT_N_DAYS:n starts tomorrow. Weeks begin on Sunday (en_US).
    The fiscal year is the calendar year.
    """
    today = now.astimezone(zone).date()
    plain = name.replace("FISCAL_", "")
    if plain in ("LAST_N_DAYS", "LAST_90_DAYS"):
        days = 90 if plain == "LAST_90_DAYS" else count
        return _start(today - timedelta(days=days), zone), now + timedelta(seconds=1)
    first, last = _dates(plain, count, today)
    return _start(first, zone), _start(last, zone)


def date_span(name: str, count: int, now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The half-open range of days of a literal, for date fields."""
    today = now.astimezone(zone).date()
    plain = name.replace("FISCAL_", "")
    if plain in ("LAST_N_DAYS", "LAST_90_DAYS"):
        days = 90 if plain == "LAST_90_DAYS" else count
        return today - timedelta(days=days), today + timedelta(days=1)
    return _dates(plain, count, today)


def _dates(name: str, count: int, today: date) -> tuple[date, date]:
    match name:
        case "TODAY":
            return today, today + timedelta(days=1)
        case "YESTERDAY":
            return today - timedelta(days=1), today
        case "TOMORROW":
            return today + timedelta(days=1), today + timedelta(days=2)
        case "NEXT_90_DAYS":
            return today + timedelta(days=1), today + timedelta(days=91)
        case _:
            pass
    if name.endswith("_AGO"):
        unit = name.removeprefix("N_").removesuffix("S_AGO")
        return _unit(unit, today, -count), _unit(unit, today, 1 - count)
    which, _, unit = name.partition("_")
    if unit.startswith("N_"):
        unit = unit.removeprefix("N_").removesuffix("S")
        if which == "LAST":
            return _unit(unit, today, -count), _unit(unit, today, 0)
        return _unit(unit, today, 1), _unit(unit, today, count + 1)
    place = {"LAST": -1, "THIS": 0, "NEXT": 1}[which]
    return _unit(unit, today, place), _unit(unit, today, place + 1)


def _unit(unit: str, today: date, places: int) -> date:
    """The first day of the unit that lies so many places after the one today is in."""
    match unit:
        case "DAY":
            return today + timedelta(days=places)
        case "WEEK":
            return today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=places)
        case "MONTH":
            return _month(today.year * 12 + today.month - 1 + places)
        case "QUARTER":
            return _month(((today.year * 12 + today.month - 1) // 3 + places) * 3)
        case "YEAR":
            return date(today.year + places, 1, 1)
        case _:
            raise ValueError(unit)


def _month(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
