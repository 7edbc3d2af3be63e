"""What the agent may ask of and change in Field Service; every answer is typed, every change is first a plan.

One method is one step of a conversation and, as far as the org allows, one round trip. The rules live in the
neighbours named after what they are about; this is the list of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from voice_agent import errors
from voice_agent.salesforce import (
    arrivals,
    bookings,
    callers,
    intake,
    jobs,
    openings,
    parts,
    reports,
    sources,
    supply,
    work_types,
)
from voice_agent.salesforce.catalogue import Catalogue, Queue
from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.commit import commit
from voice_agent.salesforce.plans import Committed, WritePlan
from voice_agent.salesforce.recent import Changed, Recent
from voice_agent.salesforce.records import (
    Appointment,
    Asset,
    Contact,
    Job,
    RecordId,
    RequiredPart,
    StockedPart,
    Technician,
    WorkType,
)
from voice_agent.salesforce.refusals import NO_ANSWER
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
    reachable,
)

KEPT_FOR = timedelta(minutes=2)
"""How long a technician's jobs and stock are taken as read within a call; a write makes them stale at once."""


WHOSE = ("ServiceAppointmentId", "ServiceResourceId")
"""Lookups of a new or changed AssignedResource: whose visit and whose day it belongs to."""


class SlotTaken(errors.Conflict):
    """A slot that was free when it was offered is not any more.

    `next_best` is what is free now, the best one first; `visit` the appointment as it is now, None if it is not known.
    """

    def __init__(self, message: str, next_best: tuple[Slot, ...], visit: Appointment | None = None) -> None:
        super().__init__(message, code="TAKEN")
        self.next_best = next_best
        self.visit = visit
        self.for_caller = "error.conflict" if next_best else "reschedule.taken_none"
        self.for_model = "That time has just been taken. Say so and offer the next best times; nothing was changed."


class FieldService:
    def __init__(self, salesforce: Salesforce, *, now: Callable[[], datetime]) -> None:
        self._salesforce = salesforce
        self._now = now
        self.catalogue = Catalogue(salesforce)
        self._sources = sources.Sources(salesforce)
        self._changed = Changed(now=now)
        self._near: Recent[tuple[Job, ...]] = Recent(now=now, writes=lambda: salesforce.writes, kept_for=KEPT_FOR)
        self._far: Recent[tuple[Job, ...]] = Recent(now=now, writes=lambda: salesforce.writes, kept_for=KEPT_FOR)
        self._visits: Recent[tuple[Appointment, ...]] = Recent(
            now=now, writes=lambda: salesforce.writes, kept_for=arrivals.REREAD_AFTER
        )
        self._parts: Recent[tuple[StockedPart, ...]] = Recent(
            now=now, writes=lambda: salesforce.writes, kept_for=KEPT_FOR
        )

    async def warm_up(self) -> None:
        """Sign in and learn the org's statuses, fields and hours. Everything works without, only later."""
        await self._salesforce.warm_up()
        await self.catalogue.warm_up()
        await self._sources.chosen()

    def note(self, change: Change) -> None:
        """A change event: what was kept of such records, or read of them in a call, is read anew when asked for."""
        self.catalogue.forget(change.object)
        touched = {*change.ids, *(str(change.fields[name]) for name in WHOSE if change.fields.get(name))}
        self._changed.note(touched)
        match change.object:
            case "ServiceAppointment" | "WorkOrder" | "AssignedResource":
                for kept in (self._near, self._far):
                    kept.drop(lambda who, day: who in touched or any(touched & jobs.made_of(job) for job in day))
                whose = change.fields.get("AccountId")  # a visit that is new was read nowhere yet
                self._visits.drop(
                    lambda account, found: account == whose or any(touched & jobs.read_from(visit) for visit in found)
                )
            case "ProductItem":
                self._parts.drop(lambda _, found: any(part.item_id in touched for part in found))
            case _:
                pass

    # Who is it?

    async def caller_context(self, number: str) -> CallerContext:
        """Contacts, technicians and open appointments behind an E.164 number, in one round trip."""
        context, near = await callers.context(self._salesforce, number, self._now())
        if len(context.technicians) == 1:
            self._near.put(context.technicians[0].id, near)
        for account in {visit.account_id for visit in context.appointments if visit.account_id}:
            self._visits.put(account, tuple(one for one in context.appointments if one.account_id == account))
        return context

    async def technician_by_employee_number(self, number: str) -> Technician | None:
        return await callers.by_employee_number(self._salesforce, number, self._now())

    async def appointments_of(self, contact: Contact, *, account: bool = False) -> tuple[Appointment, ...]:
        """The contact's own open appointments, the next one first; `account` as in `CallerContext.of`: level 2 only.

        What was read a moment ago along with who is calling is taken as it is, unless anything changed since.
        """
        if contact.account_id is None:
            return ()
        found = await self._visits.get(
            contact.account_id, lambda: callers.of_accounts(self._salesforce, (contact,), self._now())
        )
        return reachable(found, contact, account=account)

    async def work_order_for_stranger(self, number: str) -> StrangersOrder | None:
        """The order a customer names on another phone, with the number on record to prove it by."""
        return await callers.strangers_order(self._salesforce, number, self._now())

    # What is planned?

    async def appointment(self, appointment_id: RecordId) -> Appointment | None:
        return await arrivals.by_id(self._salesforce, appointment_id, self._now())

    async def day(self, technician: Technician, day: date) -> tuple[Job, ...]:
        """The technician's jobs on a local date, in order, cancelled ones left out."""
        now = self._now()
        start, end = jobs.day_of(technician, day)
        if now - jobs.NEAR <= start and end <= now + jobs.NEAR:
            return jobs.on_day(await self._near_jobs(technician), technician, day)
        return jobs.on_day(await jobs.between(self._salesforce, technician, start, end, now), technician, day)

    async def find_job(self, technician: Technician, digits: str) -> tuple[Job, ...]:
        """The technician's own jobs with that work order or appointment number; today and its neighbours first."""
        now = self._now()
        near = jobs.by_digits(await self._near_jobs(technician), digits, now=now)
        if near or not jobs.said_number(digits):
            return near
        far = await self._far.get(
            technician.id, lambda: jobs.between(self._salesforce, technician, now - jobs.FAR, now + jobs.FAR, now)
        )
        return jobs.by_digits(far, digits, now=now)

    async def eta(self, appointment: Appointment) -> Eta:
        now = self._now()
        visit, stops_before = await arrivals.current(self._salesforce, appointment, now, self._changed)
        return arrivals.eta(visit, now, stops_before)

    async def slots(self, appointment: Appointment, wish: SlotWish) -> tuple[Slot, ...]:
        """Free arrival windows, at most six; none when nothing fits. NotAllowed when only a dispatcher can plan it.

        Asks the org's own service for free times along with the team's days; four seconds are the most for either.
        """
        now = self._now()
        bookings.movable(appointment, now)
        opening, org = await asyncio.gather(
            self._opening(appointment, now), self._sources.times(appointment, wish, now=now)
        )
        return openings.offer(opening, wish, now=now, org=org)

    async def next_best(self, appointment: Appointment, taken: datetime, wish: SlotWish) -> tuple[Slot, ...]:
        """Free windows instead of the one that began at `taken`, what comes nearest to it and to the wish first.

        One reading of the team's days serves every widening of the wish: its hours on that day, on the other days
        wished for, that day at any hour, and any time at all.
        """
        now = self._now()
        anything = SlotWish(past_due=wish.past_due)
        opening, org = await asyncio.gather(
            self._opening(appointment, now), self._sources.times(appointment, anything, now=now)
        )
        day = taken.astimezone(ZoneInfo(appointment.zone)).date()
        found: dict[datetime, Slot] = {}
        this_day = replace(wish, date_from=day, date_to=day)
        for wider in (this_day, wish, replace(anything, date_from=day, date_to=day), anything):
            free = openings.offer(opening, wider, now=now, org=org)
            for slot in sorted(free, key=lambda slot: abs(slot.window_start - taken)):
                found.setdefault(slot.window_start, slot)
        return tuple(found.values())

    async def _opening(self, appointment: Appointment, now: datetime) -> openings.Opening:
        try:
            async with asyncio.timeout(sources.SEARCH_SECONDS):
                return await openings.read(self._salesforce, self.catalogue, appointment, now=now)
        except TimeoutError as late:
            raise errors.SalesforceTimeout("slot search: no answer in time", code=NO_ANSWER) from late

    async def candidates(self, appointment: Appointment, at: datetime | None = None) -> tuple[Candidate, ...]:
        """Technicians who could take the visit at a time (the planned one by default), best first, with reasons."""
        now = self._now()
        opening, visits = await asyncio.gather(
            self._opening(appointment, now), openings.history(self._salesforce, appointment)
        )
        return openings.candidates(opening, at or appointment.sched_start or now, visits)

    # What is where?

    async def match_part(self, technician: Technician, spoken: str) -> tuple[StockedPart, ...]:
        """Products the words may mean, the van's own first; empty when nothing is like it."""
        van = await self._parts.get(technician.id, lambda: parts.of_van(self._salesforce, technician))
        fitting = parts.best(van, spoken)
        if any(part.score >= parts.CERTAIN for part in fitting):
            return fitting
        return parts.best((*van, *await parts.elsewhere(self._salesforce, technician, spoken)), spoken)

    async def parts_required(self, job: Job) -> tuple[RequiredPart, ...]:
        """Parts that the job calls for: the estimate that parts used are held against."""
        return await parts.required(self._salesforce, job)

    async def part_stock(self, technician: Technician, part: StockedPart) -> PartStock:
        return await parts.stock(self._salesforce, technician, part)

    async def work_types_like(self, words: str) -> tuple[WorkType, ...]:
        """Kinds of work that a described problem may be, best first."""
        return await work_types.like(self.catalogue, words)

    async def assets_like(self, contact: Contact, words: str) -> tuple[Asset, ...]:
        """The account's assets that words or a serial number name, best first."""
        return await work_types.assets_like(self._salesforce, contact.account_id, words)

    async def assets_at(self, job: Job, words: str) -> tuple[Asset, ...]:
        """The same for the customer of a technician's own job."""
        return await work_types.assets_like(self._salesforce, job.appointment.account_id, words)

    # Plans: a customer's visit.

    async def plan_reschedule(self, appointment: Appointment, slot: Slot, wish: SlotWish | None = None) -> WritePlan:
        """`wish` is what the slot was found by; it decides what is offered should the slot be gone at commit."""
        return await bookings.reschedule(self.catalogue, appointment, slot, self._now(), wish or SlotWish())

    async def plan_cancel(self, appointment: Appointment, reason: str) -> WritePlan:
        return await bookings.cancel(self.catalogue, appointment, reason)

    async def plan_confirm(self, appointment: Appointment) -> WritePlan:
        return await bookings.confirm(self.catalogue, appointment)

    async def plan_arrival_note(self, appointment: Appointment, note: str) -> WritePlan:
        return await bookings.arrival_note(self.catalogue, appointment, note)

    async def plan_preferred_times(self, appointment: Appointment, times: str) -> WritePlan:
        """For the planners: when the customer would like the visit to be. Nothing is booked by it."""
        return await bookings.preferred_times(appointment, times, await self._owner("dispatch", "Task"))

    async def plan_details_sent(self, appointments: Sequence[Appointment]) -> WritePlan:
        """The record that details of these visits were texted; the message itself is not Salesforce's."""
        return bookings.details_sent(appointments)

    # Plans: a technician's job.

    async def plan_job_update(
        self,
        job: Job,
        *,
        status: str | None,
        parts: Sequence[PartUse] = (),
        reason: str | None = None,
        note: str | None = None,
        required: Sequence[RequiredPart] | None = None,
    ) -> WritePlan:
        """`status` is one of `wishes.JobStatus`, `required` what `parts_required` gave, None if it was not asked.

        NotAllowed names why, in a sentence the model may use.
        """
        return await reports.job_update(
            self._salesforce,
            self.catalogue,
            job,
            self._now(),
            status=status,
            parts=parts,
            reason=reason,
            note=note,
            required=required,
        )

    async def plan_running_late(self, job: Job, *, minutes: int, reason: str | None = None) -> WritePlan:
        return await reports.running_late(self.catalogue, job, minutes=minutes, reason=reason)

    async def plan_note(self, job: Job, note: str) -> WritePlan:
        return await reports.note(self.catalogue, job, note)

    async def plan_question(self, technician: Technician, text: str, job: Job | None = None) -> WritePlan:
        """For the dispatchers to answer: on the job it is about, owned by their queue where the org has one."""
        return await reports.question(job, technician, text, await self._owner("dispatch", "Task"))

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
        return await supply.request(
            self.catalogue, technician, part, quantity, job=job, source=source, need_by=need_by, rush=rush
        )

    async def plan_transfer(
        self, technician: Technician, source: StockedPart, quantity: float, *, job: Job | None = None
    ) -> WritePlan:
        return await supply.transfer(technician, source, quantity, job=job)

    # Plans: something new.

    async def plan_new_problem(self, contact: Contact, problem: Problem) -> WritePlan:
        kinds = await self.catalogue.work_types() if problem.work_type_id else ()
        kind = next((kind for kind in kinds if kind.id == problem.work_type_id), None)
        return intake.new_problem(contact, problem, kind, self._now())

    async def plan_line_item(self, job: Job, work: Problem) -> WritePlan:
        """More work found on a job: a line item on its order, with kind of work and machine where they are known."""
        return intake.line_item(job, work)

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
        return intake.emergency(
            self.catalogue,
            hazard=hazard,
            said=said,
            number=number,
            contact=contact,
            address=address,
            urgency=urgency,
        )

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
        """For the org's queue of that name where it has one; the subject names the desk otherwise."""
        return intake.message(
            await self._queues(),
            desk=desk,
            text=text,
            contact=contact,
            number=number,
            name=name,
            call_back_at=call_back_at,
        )

    # Doing it.

    async def commit(
        self,
        plan: WritePlan,
        *,
        key: str,
        audit: Mapping[str, Any],
        seal: bool = False,
    ) -> Committed:
        """`commit.commit`; a slot that was taken meanwhile raises SlotTaken with what is free instead."""
        try:
            done = await commit(self._salesforce, plan, key=key, audit=audit, seal=seal)
        except errors.Conflict as exc:
            if exc.code != "TAKEN" or plan.name != bookings.RESCHEDULE:
                raise
            raise SlotTaken(str(exc), *await self._instead_of(plan)) from exc
        if plan.name == bookings.RESCHEDULE and done.status == "applied" and not done.repeated:
            await self._sources.booked(done.ids.get(bookings.ANEW, plan.facts["appointment_id"]))
        return done

    async def _queues(self) -> tuple[Queue, ...]:
        try:
            return await self.catalogue.queues()
        except errors.SalesforceError:
            return ()  # a message must not be lost because nobody could be asked whose it is

    async def _owner(self, desk: str, object_name: str) -> RecordId | None:
        return intake.owner_of(await self._queues(), desk, object_name)

    async def _instead_of(self, plan: WritePlan) -> tuple[tuple[Slot, ...], Appointment | None]:
        """What is free in place of a taken slot; nothing where that cannot be found out, for the refusal stands."""
        try:
            visit = await self.appointment(RecordId(plan.facts["appointment_id"]))
            if visit is None:
                return (), None
            taken = datetime.fromisoformat(plan.facts["window_start"])
            return await self.next_best(visit, taken, SlotWish.from_json(plan.facts["wish"])), visit
        except (errors.SalesforceError, errors.NotAllowed):
            return (), None

    async def _near_jobs(self, technician: Technician) -> tuple[Job, ...]:
        now = self._now()
        return await self._near.get(
            technician.id, lambda: jobs.between(self._salesforce, technician, now - jobs.NEAR, now + jobs.NEAR, now)
        )
