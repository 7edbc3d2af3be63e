"""Finds free technicians as the managed package would (sheet 3.4, rules 1 to 8): who can come, and when.

Written for the emulated slot services alone; it knows nothing of how a client works out its own slots. Travel is a
fixed allowance. Windows are the time slots of the calendar asked for, in that calendar's zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.records import Records
from voice_agent.demo.salesforce.values import Row, Stored

TRAVEL = timedelta(minutes=20)
GRID = timedelta(minutes=15)
_DEFAULT_MINUTES = 60.0
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_GONE = ("Canceled", "CannotComplete", "None")


@dataclass(frozen=True, slots=True)
class Span:
    """From start up to, not including, end; UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Placement:
    """A technician who can do a visit, from when to when."""

    resource_id: str
    span: Span


class Planner:
    """Answers for one appointment, from the records as they are now."""

    def __init__(self, records: Records, appointment: Row, travel: timedelta = TRAVEL) -> None:
        self._records = records
        self._travel = travel
        self._visit = appointment
        minutes = appointment["DurationInMinutes"]
        self._duration = timedelta(minutes=float(minutes if minutes is not None else _DEFAULT_MINUTES))
        territory = records.parent(appointment["ServiceTerritoryId"])
        self._territory = territory[1] if territory else None

    def windows(self, earliest: datetime, latest: datetime, calendar: Stored = None) -> Iterator[Span]:
        """The windows of a calendar in which somebody could begin, in order of time.

        The territory's hours are the calendar when none is given, and the territory's zone counts for any (sheet 3.1).
        """
        if self._territory is None:
            return
        own = self._records.parent(self._territory["OperatingHoursId"])
        zone = ZoneInfo(str(own[1]["TimeZone"])) if own else None
        for window in self._calendar(calendar or self._territory["OperatingHoursId"], earliest, latest, zone):
            if window.start >= earliest and window.end <= latest and self.place(window) is not None:
                yield window

    def place(self, window: Span) -> Placement | None:
        """The first start within the window that suits somebody, on the quarter-hour grid."""
        if self._territory is None:
            return None
        best: Placement | None = None
        for resource_id, hours_id in self._members(window):
            if not self._skilled(resource_id, window.start):
                continue
            busy = self._busy(resource_id)
            for shift in self._calendar(hours_id, window.start, window.end + self._duration):
                start = max(window.start, shift.start)
                while start < window.end and start + self._duration <= shift.end:
                    span = Span(start, start + self._duration)
                    if not any(span.overlaps(taken) for taken in busy):
                        if best is None or start < best.span.start:
                            best = Placement(resource_id, span)
                        break
                    start += GRID
        return best

    def starts(self, earliest: datetime, latest: datetime) -> Iterator[Placement]:
        """Every start on the quarter-hour grid, technician by technician."""
        for resource_id, hours_id in self._members(Span(earliest, latest)):
            busy = self._busy(resource_id)
            for shift in self._calendar(hours_id, earliest, latest):
                start = shift.start
                while start + self._duration <= min(shift.end, latest):
                    span = Span(start, start + self._duration)
                    free = start >= earliest and not any(span.overlaps(taken) for taken in busy)
                    if free and self._skilled(resource_id, start):
                        yield Placement(resource_id, span)
                    start += GRID

    def _calendar(self, hours_id: Stored, first: datetime, last: datetime, zone: ZoneInfo | None = None) -> list[Span]:
        """The normal time slots of operating hours between two moments, without holidays; wall clock to UTC."""
        hours = self._records.parent(hours_id)
        if hours is None:
            return []
        zone = zone or ZoneInfo(str(hours[1]["TimeZone"]))
        off = self._holidays(hours_id)
        slots = [s for s in self._records.rows("TimeSlot", "OperatingHoursId", hours_id) if s["Type"] == "Normal"]
        spans: list[Span] = []
        day = first.astimezone(zone).date()
        while day <= last.astimezone(zone).date():
            for slot in slots:
                if slot["DayOfWeek"] == _DAYS[day.weekday()]:
                    start = _wall(day, str(slot["StartTime"]), zone)
                    ends_at_midnight = str(slot["EndTime"]).startswith("00:00")
                    end = _wall(day + timedelta(days=ends_at_midnight), str(slot["EndTime"]), zone)
                    span = Span(start, end)
                    if not any(_on_holiday(span, holiday, zone) for holiday in off):
                        spans.append(span)
            day += timedelta(days=1)
        return sorted(spans, key=lambda span: span.start)

    def _holidays(self, hours_id: Stored) -> list[Row]:
        links = self._records.rows("OperatingHoursHoliday", "OperatingHoursId", hours_id)
        found = [self._records.parent(link["HolidayId"]) for link in links]
        return [holiday[1] for holiday in found if holiday]

    def _members(self, window: Span) -> Iterator[tuple[str, Stored]]:
        """Active technicians of the territory then, with their hours; a relocation elsewhere takes one away."""
        assert self._territory is not None
        at = values.instant(window.start)
        for member in self._records.rows("ServiceTerritoryMember", "ServiceTerritoryId", self._territory["Id"]):
            resource = self._records.parent(member["ServiceResourceId"])
            if resource is None or not resource[1]["IsActive"] or resource[1]["ResourceType"] not in ("T", "C"):
                continue
            if not _effective(member, at) or self._relocated(member, at):
                continue
            yield str(resource[1]["Id"]), member["OperatingHoursId"] or self._territory["OperatingHoursId"]

    def _relocated(self, member: Row, at: str) -> bool:
        others = self._records.rows("ServiceTerritoryMember", "ServiceResourceId", member["ServiceResourceId"])
        return any(
            other["TerritoryType"] == "R" and other["Id"] != member["Id"] and _effective(other, at) for other in others
        )

    def _skilled(self, resource_id: str, when: datetime) -> bool:
        at = values.instant(when)
        have = {
            skill["SkillId"]: float(skill["SkillLevel"] or 0)
            for skill in self._records.rows("ServiceResourceSkill", "ServiceResourceId", resource_id)
            if _effective(skill, at)
        }
        needed = self._records.rows("SkillRequirement", "RelatedRecordId", self._visit["ParentRecordId"])
        return all(
            need["SkillId"] in have and have[need["SkillId"]] >= float(need["SkillLevel"] or 0) for need in needed
        )

    def _busy(self, resource_id: str) -> list[Span]:
        """Absences, and other visits with travel on both sides."""
        taken = [
            Span(values.moment(str(absence["Start"])), values.moment(str(absence["End"])))
            for absence in self._records.rows("ResourceAbsence", "ResourceId", resource_id)
        ]
        for assignment in self._records.rows("AssignedResource", "ServiceResourceId", resource_id):
            found = self._records.parent(assignment["ServiceAppointmentId"])
            other = found[1] if found else None
            if other is None or other["Id"] == self._visit["Id"] or other["StatusCategory"] in _GONE:
                continue
            if other["SchedStartTime"] and other["SchedEndTime"]:
                start, end = values.moment(str(other["SchedStartTime"])), values.moment(str(other["SchedEndTime"]))
                taken.append(Span(start - self._travel, end + self._travel))
        return taken


def _wall(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock[:8]), zone).astimezone(ZoneInfo("UTC"))


def _effective(row: Row, at: str) -> bool:
    return str(row["EffectiveStartDate"]) <= at and (not row["EffectiveEndDate"] or str(row["EffectiveEndDate"]) > at)


def _on_holiday(span: Span, holiday: Row, zone: ZoneInfo) -> bool:
    if not holiday["ActivityDate"]:
        return False
    midnight = datetime.combine(date.fromisoformat(str(holiday["ActivityDate"])), time(), zone)
    if holiday["IsAllDay"]:
        return span.overlaps(Span(midnight, midnight + timedelta(days=1)))
    start = midnight + timedelta(minutes=float(holiday["StartTimeInMinutes"] or 0))
    return span.overlaps(Span(start, midnight + timedelta(minutes=float(holiday["EndTimeInMinutes"] or 1440))))
