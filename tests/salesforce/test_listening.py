"""A running server hears what others change in the org, and asks again instead of trusting what it kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import facade, live
from tests.salesforce.test_questions import HELEN, MARIA, alex_of, field_service, spent
from voice_agent import errors
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.listening import AFTER_A_MISTAKE, PlacesInMemory, listen
from voice_agent.salesforce.wishes import SlotWish


async def at_once(seconds: float) -> None:
    await asyncio.sleep(0)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


class Arrived(PlacesInMemory):
    """Says when an event has been carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.stored = asyncio.Event()

    async def store(self, channel: str, replay_id: int) -> None:
        await super().store(channel, replay_id)
        self.stored.set()


@asynccontextmanager
async def listening(org: EmulatedOrg, service: FieldService) -> AsyncIterator[Arrived]:
    """A listener that hears: an edit nobody cares about has come through."""
    places = Arrived()
    task = asyncio.create_task(listen(service._salesforce, service, places, now=lambda: org.now, wait=at_once))
    work_type = org.rows("SELECT Id FROM WorkType LIMIT 1")[0]["Id"]
    try:
        async with asyncio.timeout(15):
            while not places.stored.is_set():
                await asyncio.to_thread(org.somebody_else_changes, "WorkType", work_type, Description=str(org.now))
                await asyncio.sleep(0.05)
        yield places
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@live
async def test_hours_that_change_in_the_org_are_not_offered_any_more(org: EmulatedOrg) -> None:
    """Reference data is kept for half an hour otherwise."""
    async with field_service(org) as service, listening(org, service):
        visit = (await service.caller_context(MARIA)).appointments[0]
        assert await service.slots(visit, SlotWish())
        for row in org.rows(f"SELECT Id FROM TimeSlot WHERE OperatingHoursId = '{visit.territory_hours_id}'"):
            await asyncio.to_thread(org.rest, "DELETE", f"sobjects/TimeSlot/{row['Id']}")

        async def refused() -> bool:
            try:
                await service.slots(visit, SlotWish())
            except errors.NotAllowed:
                return True
            return False

        await until(refused)


@live
async def test_a_visit_that_changes_during_a_call_is_told_as_it_is_now(org: EmulatedOrg) -> None:
    """What was read a few seconds ago would be taken as it is otherwise."""
    async with field_service(org) as service, listening(org, service):
        visit = (await service.caller_context(HELEN)).appointments[0]
        assert (await service.eta(visit)).category == "Dispatched"
        await asyncio.to_thread(org.somebody_else_changes, "ServiceAppointment", visit.id, Status="In Progress")

        async def told() -> bool:
            return (await service.eta(visit)).category == "InProgress"

        await until(told)


@live
async def test_a_job_given_to_a_technician_is_in_the_day_at_once(org: EmulatedOrg) -> None:
    async with field_service(org) as service, listening(org, service):
        alex = await alex_of(service)
        before = await service.day(alex, org.now.date())
        other = org.rows("SELECT Id, SchedStartTime FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2306'")[0]
        given = {"ServiceAppointmentId": other["Id"], "ServiceResourceId": alex.id}
        await asyncio.to_thread(org.rest, "POST", "sobjects/AssignedResource", given)

        async def known() -> bool:
            return len(await service.day(alex, org.now.date())) == len(before) + 1

        await until(known)


@live
async def test_what_nobody_changed_is_not_asked_for_again(org: EmulatedOrg) -> None:
    """A busy org changes other people's visits all day; that must not cost calls."""
    async with field_service(org) as service, listening(org, service) as places:
        alex = await alex_of(service)
        await service.catalogue.warm_up()
        before = spent(service)
        places.stored.clear()
        other = org.rows("SELECT Id FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2306'")[0]["Id"]
        await asyncio.to_thread(org.somebody_else_changes, "ServiceAppointment", other, Subject="elsewhere")
        await asyncio.wait_for(places.stored.wait(), 10)
        await service.day(alex, org.now.date())
        await service.catalogue.statuses()
        await service.catalogue.hours()
        assert spent(service) == before


@live
async def test_listening_goes_on_whatever_happens(org: EmulatedOrg) -> None:
    """Nobody is there: it waits, longer each time, and ends only by cancelling."""
    waits: list[float] = []

    async def counted(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    async with facade("http://127.0.0.1:9") as nobody:
        with pytest.raises(asyncio.CancelledError):
            await listen(nobody, FieldService(nobody, now=lambda: org.now), wait=counted)
    assert waits == [1.0, 2.0, 5.0, 10.0]


class Broken(PlacesInMemory):
    async def load(self, channel: str) -> tuple[int, datetime] | None:
        raise RuntimeError("a disk that is full")


@live
async def test_a_mistake_of_our_own_does_not_end_the_listening(org: EmulatedOrg) -> None:
    waits: list[float] = []

    async def counted(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    async with field_service(org) as service:
        with pytest.raises(asyncio.CancelledError):
            await listen(service._salesforce, service, Broken(), wait=counted)
    assert waits == [AFTER_A_MISTAKE, AFTER_A_MISTAKE]


@live
async def test_a_channel_that_the_org_does_not_offer_is_done_without(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(HELEN)).appointments[0]
        objects = ("Nonsense", "ServiceAppointment")
        task = asyncio.create_task(listen(service._salesforce, service, objects=objects, wait=at_once))
        try:

            async def told() -> bool:
                await asyncio.to_thread(org.somebody_else_changes, "ServiceAppointment", visit.id, Subject=str(org.now))
                return service._changed.since(visit.read_at, [visit.id])

            await until(told)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
