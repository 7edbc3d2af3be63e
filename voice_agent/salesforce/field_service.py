"""What the agent may ask of and change in Field Service; every answer is typed, every change is first a plan.

One method is one step of a conversation and, as far as the org allows, one round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.plans import WritePlan
from voice_agent.salesforce.records import Appointment, Asset, Contact, Job, StockedPart, Technician, WorkType
from voice_agent.salesforce.wishes import (
    CallerContext,
    Candidate,
    Eta,
    PartStock,
    PartUse,
    Problem,
    Slot,
    SlotWish,
    StrangersOrder,
)


class FieldService:
    def __init__(self, salesforce: Salesforce, *, now: Callable[[], datetime]) -> None:
        self._salesforce = salesforce
        self._now = now

    async def caller_context(self, number: str) -> CallerContext:
        """Contacts, technicians and open appointments behind an E.164 number, in one composite request."""
        raise NotImplementedError

    async def technician_by_employee_number(self, number: str) -> Technician | None:
        raise NotImplementedError

    async def appointments_of(self, contact: Contact) -> tuple[Appointment, ...]:
        raise NotImplementedError

    async def work_order_for_stranger(self, number: str) -> StrangersOrder | None:
        raise NotImplementedError

    async def day(self, technician: Technician, day: date) -> tuple[Job, ...]:
        raise NotImplementedError

    async def find_job(self, technician: Technician, digits: str) -> tuple[Job, ...]:
        raise NotImplementedError

    async def eta(self, appointment: Appointment) -> Eta:
        raise NotImplementedError

    async def slots(self, appointment: Appointment, wish: SlotWish) -> tuple[Slot, ...]:
        raise NotImplementedError

    async def candidates(self, appointment: Appointment) -> tuple[Candidate, ...]:
        raise NotImplementedError

    async def match_part(self, technician: Technician, spoken: str) -> tuple[StockedPart, ...]:
        raise NotImplementedError

    async def part_stock(self, technician: Technician, part: StockedPart) -> PartStock:
        raise NotImplementedError

    async def work_types_like(self, words: str) -> tuple[WorkType, ...]:
        raise NotImplementedError

    async def assets_like(self, contact: Contact, words: str) -> tuple[Asset, ...]:
        raise NotImplementedError

    async def plan_reschedule(self, appointment: Appointment, slot: Slot) -> WritePlan:
        raise NotImplementedError

    async def plan_cancel(self, appointment: Appointment, reason: str) -> WritePlan:
        raise NotImplementedError

    async def plan_confirm(self, appointment: Appointment) -> WritePlan:
        raise NotImplementedError

    async def plan_arrival_note(self, appointment: Appointment, note: str) -> WritePlan:
        raise NotImplementedError

    async def plan_job_update(
        self,
        job: Job,
        *,
        status: str | None,
        parts: Sequence[PartUse] = (),
        reason: str | None = None,
        note: str | None = None,
    ) -> WritePlan:
        raise NotImplementedError

    async def plan_running_late(self, job: Job, *, minutes: int, reason: str | None = None) -> WritePlan:
        raise NotImplementedError

    async def plan_note(self, job: Job, note: str) -> WritePlan:
        raise NotImplementedError

    async def plan_part_request(
        self,
        technician: Technician,
        part: StockedPart,
        quantity: float,
        *,
        job: Job | None = None,
        source: StockedPart | None = None,
        need_by: datetime | None = None,
        rush: bool = False,
    ) -> WritePlan:
        """Ask for a part. `part` names the product; `source` is where it should come from, if one was chosen."""
        raise NotImplementedError

    async def plan_transfer(
        self, technician: Technician, source: StockedPart, quantity: float, *, job: Job | None = None
    ) -> WritePlan:
        raise NotImplementedError

    async def plan_new_problem(self, contact: Contact, problem: Problem) -> WritePlan:
        raise NotImplementedError

    async def plan_emergency(
        self,
        *,
        hazard: str,
        said: str,
        number: str | None,
        contact: Contact | None = None,
        address: str | None = None,
        urgency: str = "life_safety",
    ) -> WritePlan:
        """Case (Priority High) and WorkOrder (Priority Critical). Needs no read and no identity."""
        raise NotImplementedError

    async def plan_message(
        self,
        *,
        desk: str,
        text: str,
        contact: Contact | None = None,
        number: str | None = None,
        name: str | None = None,
        call_back_at: str | None = None,
    ) -> WritePlan:
        raise NotImplementedError
