"""A visit to be placed and the people who might come, as the slot rules see them. Data only; `openings` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voice_agent.salesforce.capacity import Capacity
from voice_agent.salesforce.hours import Interval, OperatingHours
from voice_agent.salesforce.records import RecordId
from voice_agent.salesforce.travel import Point


@dataclass(frozen=True, slots=True)
class Skill:
    skill_id: str
    level: float
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """ServiceTerritoryMember: `kind` P primary, S secondary, R relocation; `hours` None means the territory's."""

    territory_id: str
    kind: str
    start: datetime
    end: datetime | None
    hours: OperatingHours | None
    home: Point | None

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Booked:
    """Time that is taken, by a visit or an absence, and where."""

    start: datetime
    end: datetime
    place: Point | None = None
    absence: bool = False
    visit_id: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    id: RecordId
    name: str
    memberships: tuple[Membership, ...]
    skills: tuple[Skill, ...] = ()
    booked: tuple[Booked, ...] = ()
    stock: frozenset[str] = frozenset()
    """Products of which the van holds any."""
    capacities: tuple[Capacity, ...] | None = None
    """Set for somebody booked by amount: visits may overlap and nobody's drive is known (rule 9)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be placed. `windows` is the calendar whose slots are cut into arrival windows."""

    duration: timedelta
    territory_id: str
    territory_hours: OperatingHours
    windows: OperatingHours
    place: Point | None = None
    earliest: datetime | None = None
    due: datetime | None = None
    skills: tuple[Skill, ...] = ()
    visiting_hours: OperatingHours | None = None
    required: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    preferred: frozenset[str] = frozenset()
    default_travel: float = 20.0
    """Minutes, when a place is not known."""
    parts: tuple[tuple[str, str], ...] = ()
    """(product id, name) the job needs."""
    not_this: Interval | None = None
    """The window promised now; offering it again would be no change."""
    counted: tuple[tuple[datetime, str], ...] = ()
    """(start, id) of the territory's other visits, for time slots that take only so many (rule 9)."""
    overtime: bool = False
    """Whether the org's policy lets work fall into Extended hours (rule 2)."""


@dataclass(frozen=True, slots=True)
class OrgTimes:
    """What the org's own service calls free: arrival windows in order, or starts by technician; None leaves it open."""

    windows: tuple[Interval, ...] | None = None
    starts: Mapping[str, frozenset[datetime]] | None = None
