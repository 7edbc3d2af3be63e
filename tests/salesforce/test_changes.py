"""Change events: what is new, twice, gapped or lost (section 4), on its own and over CometD with the emulated org."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.salesforce.emulated_org import START, EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import AUDIT, marias_visit
from tests.salesforce.test_questions import field_service
from voice_agent.salesforce.changes import (
    Change,
    Deliver,
    Inbox,
    Keep,
    ReadAgain,
    ReadAllSince,
    UnreadableEvent,
    channel_of,
    object_of,
)
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.streaming import OVERLAP, ChangeListener

VISITS = "/data/ServiceAppointmentChangeEvent"
AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def event(kind: str = "UPDATE", *, key: str = "t1", sequence: int = 1, replay: int = 55, **more: Any) -> dict[str, Any]:
    header = {
        "entityName": "ServiceAppointment",
        "recordIds": more.pop("ids", ["08p000000000001"]),
        "changeType": kind,
        "changeOrigin": more.pop("origin", "com/salesforce/api/rest/67.0;client=other"),
        "transactionKey": key,
        "sequenceNumber": sequence,
        "commitTimestamp": int(AT.timestamp() * 1000),
        "commitNumber": 1,
        "commitUser": "005",
    }
    return {"payload": {"ChangeEventHeader": header, **more}, "event": {"replayId": replay}, "schema": "x"}


def test_a_change_is_delivered_and_then_its_place_kept() -> None:
    delivered, keep = Inbox().receive(VISITS, event(Status="Dispatched"))
    assert delivered == Deliver(
        Change("ServiceAppointment", "UPDATE", ("08p000000000001",), {"Status": "Dispatched"}, AT, ours=False)
    )
    assert keep == Keep(VISITS, 55)


def test_a_second_delivery_only_moves_the_place() -> None:
    """At least once; the transaction and its sequence number are the key."""
    inbox = Inbox()
    inbox.receive(VISITS, event())
    assert inbox.receive(VISITS, event(replay=56)) == [Keep(VISITS, 56)]
    assert len(inbox.receive(VISITS, event(sequence=2))) == 2
    assert len(inbox.receive(VISITS, event(key="t2"))) == 2


@pytest.mark.parametrize("kind", ["GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE"])
def test_a_gap_is_read_again(kind: str) -> None:
    assert Inbox().receive(VISITS, event(kind))[0] == ReadAgain("ServiceAppointment", ("08p000000000001",))


def test_a_gap_of_a_deletion_is_a_deletion() -> None:
    (order, _) = Inbox().receive(VISITS, event("GAP_DELETE"))
    assert isinstance(order, Deliver)
    assert order.change.kind == "DELETE"


@pytest.mark.parametrize(("kind", "ids"), [("GAP_OVERFLOW", []), ("UPDATE", ["08p*"]), ("SOMETHING_NEW", ["08p1"])])
def test_what_names_no_records_puts_the_whole_object_in_doubt(kind: str, ids: list[str]) -> None:
    assert Inbox().receive(VISITS, event(kind, ids=ids))[0] == ReadAllSince("ServiceAppointment", AT)


def test_our_own_changes_are_marked() -> None:
    (order, _) = Inbox().receive(VISITS, event(origin="com/salesforce/api/rest/67.0;client=voice-agent"))
    assert isinstance(order, Deliver)
    assert order.change.ours


@pytest.mark.parametrize(
    "broken", [{}, {"payload": {}}, {"payload": {"ChangeEventHeader": {}}, "event": {"replayId": 1}}]
)
def test_an_event_without_its_header_names_only_the_channel(broken: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEvent) as raised:
        Inbox().receive(VISITS, broken)
    assert str(raised.value) == VISITS


@pytest.mark.parametrize("name", ["ServiceAppointment", "AI_Interaction__c", "Pending_AI_Action__c"])
def test_channels_and_objects_name_each_other(name: str) -> None:
    assert object_of(channel_of(name)) == name
    assert channel_of("AI_Interaction__c") == "/data/AI_Interaction__ChangeEvent"


class Places:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.kept: dict[str, tuple[int, datetime]] = {}
        self._now = now

    async def load(self, channel: str) -> tuple[int, datetime] | None:
        return self.kept.get(channel)

    async def store(self, channel: str, replay_id: int) -> None:
        self.kept[channel] = (replay_id, self._now())


class Heard:
    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._more = asyncio.Event()

    async def hear(self, change: Change) -> None:
        self.changes.append(change)
        self._more.set()

    async def until(self, enough: Callable[[list[Change]], bool]) -> None:
        async with asyncio.timeout(10):
            while not enough(self.changes):
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def listening(service: FieldService, places: Places, org: EmulatedOrg) -> AsyncIterator[Heard]:
    """A listener that is subscribed when the block begins: a marker change has come through."""
    heard = Heard()

    async def no_wait(seconds: float) -> None:
        await asyncio.sleep(0)

    listener = ChangeListener(
        service._salesforce,
        ["ServiceAppointment"],
        places=places,
        on_change=heard.hear,
        now=lambda: org.now,
        wait=no_wait,
    )
    task = asyncio.create_task(listener.run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def touched(org: EmulatedOrg, record: str, heard: Heard, subject: str) -> None:
    """Somebody else's edit, repeated until it is heard: the subscription may still be under way."""

    def came(changes: list[Change]) -> bool:
        return any(str(change.fields.get("Subject")).startswith(subject) for change in changes)

    for attempt in range(10):
        edit = f"{subject} {attempt}"
        await asyncio.to_thread(org.somebody_else_changes, "ServiceAppointment", record, Subject=edit)
        try:
            async with asyncio.timeout(1):
                await heard.until(came)
            return
        except TimeoutError:
            continue
    raise AssertionError("never heard")


@live
async def test_what_somebody_changes_is_heard(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        places = Places(lambda: org.now)
        async with listening(service, places, org) as heard:
            await touched(org, visit.id, heard, "moved")
    change = heard.changes[-1]
    assert (change.object, change.kind, change.ids, change.ours) == ("ServiceAppointment", "UPDATE", (visit.id,), False)
    assert places.kept[VISITS][0] > 0


@live
async def test_our_own_writes_are_heard_as_ours(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        async with listening(service, Places(lambda: org.now), org) as heard:
            await touched(org, visit.id, heard, "moved")
            visit = await marias_visit(service)
            await service.commit(await service.plan_cancel(visit, "x"), key="c", audit=AUDIT)
            await heard.until(lambda changes: any(change.ours for change in changes))
    assert next(change for change in heard.changes if change.ours).fields["Status"] == "Canceled"


@live
async def test_what_happened_while_nobody_listened_is_heard_afterwards(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        places = Places(lambda: org.now)
        async with listening(service, places, org) as heard:
            await touched(org, visit.id, heard, "moved")
        org.somebody_else_changes("ServiceAppointment", visit.id, Subject="while away")
        async with listening(service, places, org) as later:
            await later.until(lambda changes: any(c.fields.get("Subject") == "while away" for c in changes))
    assert not [change for change in later.changes if "moved" in str(change.fields.get("Subject"))], (
        "no second delivery"
    )


@live
async def test_a_place_the_org_has_dropped_is_made_good_by_a_catch_up(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        places = Places(lambda: org.now)
        places.kept[VISITS] = (987_654_321, org.now)
        org.advance(600)
        org.somebody_else_changes("ServiceAppointment", visit.id, Subject="while away")
        async with listening(service, places, org) as heard:
            await heard.until(lambda changes: any(visit.id in change.ids for change in changes))
    assert all(change.committed_at >= START - OVERLAP for change in heard.changes)


@live
async def test_an_expired_token_does_not_end_the_listening(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = await marias_visit(service)
        async with listening(service, Places(lambda: org.now), org) as heard:
            await touched(org, visit.id, heard, "before")
            org.fault("POST /cometd/.*", "401", times=1)
            await asyncio.to_thread(org.expire_sessions)
            await touched(org, visit.id, heard, "after")
    assert service._salesforce.sign_ins >= 2
