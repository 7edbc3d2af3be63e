"""What callers ask of the schedule and the stock, and what they get: arguments and answers of `FieldService`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from voice_agent.salesforce.records import Appointment, Contact, RecordId, StatusCategory, StockedPart, Technician

JobStatus = Literal["en_route", "on_site", "in_progress", "paused", "completed", "cannot_complete"]


@dataclass(frozen=True, slots=True)
class CallerContext:
    """All the org knows of a number, from one round trip.

    Several `matches` mean several people: ask, never assume. More than ten are treated as none (a switchboard).
    """

    matches: tuple[Contact, ...]
    technicians: tuple[Technician, ...]
    appointments: tuple[Appointment, ...]
    """Of the matches' accounts as a whole, other contacts' visits included; `of` gives those of one person."""
    read_at: datetime

    def of(self, contact: Contact, *, account: bool = False) -> tuple[Appointment, ...]:
        """The person's own open visits; with `account` all of the account's, for a caller who has proven themselves.

        Data of another contact of the account needs level 2 (design, section 7 rule 1).
        """
        return reachable(self.appointments, contact, account=account)


def reachable(found: Iterable[Appointment], contact: Contact, *, account: bool) -> tuple[Appointment, ...]:
    """Visits that name the contact; with `account` also those of the account's others and those that name nobody."""
    return tuple(
        visit
        for visit in found
        if visit.contact_id == contact.id
        or (account and visit.account_id is not None and visit.account_id == contact.account_id)
    )


@dataclass(frozen=True, slots=True)
class StrangersOrder:
    """A work order named from another phone: whom it belongs to and the number on record that a code may go to."""

    work_order_id: RecordId
    contact: Contact
    number_on_record: str
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class Eta:
    """What may be said about an arrival. Never coordinates, never more than the technician's first name."""

    category: StatusCategory
    status: str
    window: tuple[datetime, datetime] | None
    zone: str
    technician: str | None
    minutes: int | None
    """Only while the technician is on the way and the location is younger than 15 minutes."""
    location_age_minutes: int | None
    stops_before: int | None = None


@dataclass(frozen=True, slots=True)
class SlotWish:
    """All limits are the caller's, in the territory's zone. Weekdays are Monday 0 to Sunday 6."""

    date_from: date | None = None
    date_to: date | None = None
    time_from: time | None = None
    time_to: time | None = None
    exclude_weekdays: frozenset[int] = frozenset()
    past_due: bool = False
    """True only after the caller heard that a later visit breaks the promised due date (3.4 rule 12)."""
    preferred_technician_id: RecordId | None = None

    def as_json(self) -> dict[str, Any]:
        """What a plan keeps of the wish, so that another time can be looked for when the chosen one is taken."""
        return {
            "date_from": self.date_from.isoformat() if self.date_from else None,
            "date_to": self.date_to.isoformat() if self.date_to else None,
            "time_from": self.time_from.isoformat() if self.time_from else None,
            "time_to": self.time_to.isoformat() if self.time_to else None,
            "exclude_weekdays": sorted(self.exclude_weekdays),
            "past_due": self.past_due,
            "preferred_technician_id": self.preferred_technician_id,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SlotWish:
        """The inverse of `as_json`. KeyError or ValueError for anything else."""
        return cls(
            date_from=date.fromisoformat(data["date_from"]) if data["date_from"] else None,
            date_to=date.fromisoformat(data["date_to"]) if data["date_to"] else None,
            time_from=time.fromisoformat(data["time_from"]) if data["time_from"] else None,
            time_to=time.fromisoformat(data["time_to"]) if data["time_to"] else None,
            exclude_weekdays=frozenset(data["exclude_weekdays"]),
            past_due=data["past_due"],
            preferred_technician_id=data["preferred_technician_id"],
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """Room for one visit more between two moments, as long as no other visits begin there than the known ones."""

    opens: datetime
    closes: datetime
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A free arrival window. `start` and `end` are the planned visit inside the org, the window is the promise."""

    window_start: datetime
    window_end: datetime
    start: datetime
    end: datetime
    zone: str
    technician_id: RecordId
    technician_name: str
    travel_minutes: float
    late: bool = False
    """After the due date; must be said."""
    missing_parts: tuple[str, ...] = ()
    """Required parts that this technician's van does not hold now."""
    territory_id: str = ""
    of_technician: Limit | None = None
    """Set when the technician is booked by amount: the period whose capacity the visit uses up."""
    of_calendar: Limit | None = None
    """Set when the calendar takes only so many visits (TimeSlot.MaxAppointments): the time slot that counts them."""


@dataclass(frozen=True, slots=True)
class PartUse:
    part: StockedPart
    quantity: float


@dataclass(frozen=True, slots=True)
class PartStock:
    """Where a part lies. `others` and `warehouses` hold stock above zero, nearest first."""

    van: StockedPart | None
    others: tuple[StockedPart, ...]
    warehouses: tuple[StockedPart, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault a caller reports. Free words stay the caller's own; ids come from records read in this call."""

    subject: str
    description: str
    work_type_id: RecordId | None = None
    asset_id: RecordId | None = None
    like: Appointment | None = None
    """An earlier visit of the same customer; its place and territory are used for the new one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A technician suggested for a visit, with the reasons a dispatcher may read."""

    technician_id: RecordId
    name: str
    score: float
    reasons: tuple[str, ...]
