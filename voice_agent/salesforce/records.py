"""The Salesforce records a call deals with: frozen, typed, under their own names. `rows` makes them.

Decisions rest on `StatusCategory` (read-only, the same words in every org), never on `Status`, which each org renames.
All datetimes are aware and in UTC. Text has passed `rows.plain` (no control, direction or zero-width characters).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

RecordId = NewType("RecordId", str)

StatusCategory = Literal["None", "Scheduled", "Dispatched", "InProgress", "CannotComplete", "Completed", "Canceled"]
"""ServiceAppointment.StatusCategory, stored without spaces (sheet, section 0 rule 2)."""

OVER: frozenset[str] = frozenset({"Completed", "CannotComplete", "Canceled", "Closed"})
"""Categories from which no tool moves a record again (3.3)."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person. `phone_e164` is the number on record, the only one a code may be sent to."""

    id: RecordId
    name: str
    first_name: str
    account_id: RecordId | None
    account_name: str
    phone_e164: str | None
    email: str
    do_not_call: bool
    modified: str
    """SystemModstamp as the org wrote it; compared, never computed with."""


@dataclass(frozen=True, slots=True)
class Technician:
    """A ServiceResource of type T or C. `voice_pin` is the stored hash, for `pins.verify_pin` only."""

    id: RecordId
    name: str
    first_name: str
    employee_number: str
    phone_e164: str | None
    voice_pin: str | None
    active: bool
    van_id: RecordId | None
    """Location that holds this technician's stock."""
    territory_ids: tuple[RecordId, ...]
    """Primary first."""
    zone: str
    """IANA zone of the primary territory's operating hours, UTC when the territory has none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit happens. Coordinates are for distances inside the server and are never spoken."""

    street: str = ""
    city: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


@dataclass(frozen=True, slots=True)
class Entitlement:
    id: RecordId
    name: str
    active: bool
    account_id: RecordId | None
    end: str | None
    """Date as the org wrote it, YYYY-MM-DD."""
    booking_hours_id: RecordId | None
    """SvcApptBookingWindowsId: the calendar of arrival windows this customer is entitled to (1.3)."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    id: RecordId
    number: str
    subject: str
    description: str
    status: str
    category: str
    """New, InProgress, OnHold, Completed, Closed, CannotComplete or Canceled."""
    priority: str
    account_id: RecordId | None
    contact_id: RecordId | None
    work_type_id: RecordId | None
    asset_id: RecordId | None
    entitlement_id: RecordId | None
    appointment_count: int
    modified: str

    @property
    def over(self) -> bool:
        return self.category in OVER


@dataclass(frozen=True, slots=True)
class LineItem:
    """A WorkOrderLineItem: one of several pieces of work on an order, with a status of its own (1.4)."""

    id: RecordId
    number: str
    subject: str
    status: str
    category: str
    """As of a WorkOrder."""
    appointment_count: int
    modified: str

    @property
    def over(self) -> bool:
        return self.category in OVER


@dataclass(frozen=True, slots=True)
class Assignment:
    """An AssignedResource row; the first one by number is the person a customer hears about."""

    id: RecordId
    technician_id: RecordId
    technician_name: str
    travel_minutes: float | None
    location: tuple[float, float] | None
    located_at: datetime | None
    modified: str

    @property
    def first_name(self) -> str:
        return self.technician_name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class Appointment:
    """A ServiceAppointment with what a person on the phone may want to know about it."""

    id: RecordId
    number: str
    subject: str
    status: str
    category: StatusCategory
    earliest_start: datetime | None
    due: datetime | None
    sched_start: datetime | None
    sched_end: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    actual_start: datetime | None
    duration_minutes: float | None
    account_id: RecordId | None
    account_name: str
    contact_id: RecordId | None
    """The visit's own contact, else the work order's."""
    contact_name: str
    parent_id: RecordId | None
    parent_type: str
    work_type_id: RecordId | None
    work_type: str
    territory_id: RecordId | None
    territory_hours_id: RecordId | None
    zone: str
    """IANA zone of the territory's operating hours; UTC when the territory has no hours (a line for `check`)."""
    territory_travel: float | None
    """Minutes the territory reckons for a drive."""
    place: Place
    pinned: bool
    assignments: tuple[Assignment, ...]
    work_order_id: RecordId | None
    work_order: WorkOrder | None
    """The visit's own, or the one above its line item; None when the visit hangs on an asset or an account."""
    line_item: LineItem | None
    """Set when the visit is about one line item of the order, whose status then follows the visit's."""
    entitlement: Entitlement | None
    """The work order's, else the one in force for the account."""
    modified: str
    read_at: datetime

    @property
    def over(self) -> bool:
        return self.category in OVER

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The promised arrival window, else the scheduled times, else None when nothing was promised yet."""
        if self.window_start and self.window_end:
            return self.window_start, self.window_end
        if self.sched_start and self.sched_end:
            return self.sched_start, self.sched_end
        return None


@dataclass(frozen=True, slots=True)
class RequiredPart:
    product_id: RecordId
    name: str
    quantity: float
    unit: str


@dataclass(frozen=True, slots=True)
class Job:
    """An appointment as the technician assigned to it sees it."""

    appointment: Appointment
    technician_id: RecordId
    customer: str

    @property
    def work_order(self) -> WorkOrder | None:
        return self.appointment.work_order


@dataclass(frozen=True, slots=True)
class StockedPart:
    """One ProductItem: a product lying at a place. `score` 0-1 says how well it fits the words spoken."""

    item_id: RecordId
    product_id: RecordId
    name: str
    code: str
    unit: str
    on_hand: float
    location_id: RecordId
    location: str
    mobile: bool
    mine: bool
    """True for the asking technician's own van."""
    modified: str
    score: float = 1.0
    point: tuple[float, float] | None = None
    km: float | None = None
    """Distance from the asking technician, None when either place has no coordinates."""


@dataclass(frozen=True, slots=True)
class WorkType:
    id: RecordId
    name: str
    description: str
    minutes: float
    makes_appointment: bool
    """ShouldAutoCreateSvcAppt: the org itself creates the ServiceAppointment (1.4)."""


@dataclass(frozen=True, slots=True)
class Asset:
    id: RecordId
    name: str
    serial: str
    product: str
