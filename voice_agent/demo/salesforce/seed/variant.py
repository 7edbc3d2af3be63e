"""What a demo org is told with: the same story can have other names, numbers, zones and status values."""

from collections.abc import Mapping
from dataclasses import dataclass

from voice_agent.demo.salesforce.org import Status
from voice_agent.demo.salesforce.seed import pins


@dataclass(frozen=True, slots=True)
class Place:
    """A territory: where it lies, and streets to live in."""

    key: str
    name: str
    zone: str
    city: str
    state: str
    country: str
    postal_codes: tuple[str, ...]
    latitude: float
    longitude: float
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Technician:
    """A service resource with a van."""

    key: str
    first: str
    last: str
    employee_number: str
    place: str
    skills: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """A product and what is usually in a van and in a warehouse."""

    key: str
    name: str
    code: str
    family: str
    unit: str
    price: float
    van: float
    warehouse: float


@dataclass(frozen=True, slots=True)
class Variant:
    """Everything that differs between the demo orgs."""

    name: str
    org_id: str
    zone: str
    locale: str
    calling_code: str
    domain: str
    client_id: str
    client_secret: str
    username: str
    password: str
    places: tuple[Place, Place]
    technicians: tuple[Technician, ...]
    pins: tuple[pins.Pin, ...]
    parts: tuple[Part, ...]
    named: Mapping[str, tuple[str, str]]
    """Role in the story to first and last name."""
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    businesses: tuple[str, ...]
    household: str
    """How the account of a family is called, with {} for its name."""
    appointment_statuses: tuple[Status, ...]
    work_order_statuses: tuple[Status, ...]
    first_work_order: int
    first_appointment: int
    story_work_order: int
    """Number of the work order that the lead technician is at."""
    number_block: tuple[str, ...]
    """Stems of phone numbers kept for fiction; two or three digits follow."""

    def appointment_status(self, category: str) -> str:
        return next(status.value for status in self.appointment_statuses if status.category == category)

    def work_order_status(self, category: str) -> str:
        return next(status.value for status in self.work_order_statuses if status.category == category)
