"""An emergency gets onto record and to somebody on call, whatever stands in its way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from tests.salesforce.emulated_org import EmulatedOrg, emulator
from tests.salesforce.facade import live
from tests.salesforce.test_questions import field_service
from voice_agent.emergency import EmergencyDesk, Paging, record_emergency
from voice_agent.grants import Grant
from voice_agent.intents import ExactlyOnce, Intents
from voice_agent.jobs import Outbox
from voice_agent.paging.pages import Page, find, key_of, open_ones, open_page, settle, take
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.records import Contact
from voice_agent.store import Store
from voice_agent.workshop import InMemory, Workshop

CALL = "CA" + "5" * 32
RECORD = {"Case": ["CREATE"], "WorkOrder": ["CREATE"], "AI_Interaction__c": ["CREATE"]}


@pytest.fixture(scope="module")
def emulated() -> Iterator[EmulatedOrg]:
    with emulator() as org:
        yield org


@pytest.fixture
def org(emulated: EmulatedOrg) -> EmulatedOrg:
    emulated.reset()
    return emulated


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    opened.prepare()
    yield opened
    opened.close()


class Desk:
    """The desk of a process that holds a call; `rang` are the pages that were tried from memory."""

    def __init__(self, service: FieldService, store: Store) -> None:
        self.rang: list[Page] = []
        paging = Paging(store, lambda call_sid: "customer", self._ring)
        self._desk = EmergencyDesk(service, partial(ExactlyOnce(Intents(store), service), without_store=True), paging)

    async def _ring(self, page: Page) -> bool:
        self.rang.append(page)
        return True

    async def hears(self, contact: Contact | None = None, hazard: str = "gas") -> str:
        grant = Grant(number="+13125550188", contact=contact)
        say, _ = await self._desk.record(
            hazard=hazard, words="it smells of gas", grant=grant, call_sid=CALL, speak=lambda key, **holes: key
        )
        return say


async def on_stop(service: FieldService) -> Contact:
    """Somebody whose account the org books no work for."""
    rows = await service._salesforce.query("SELECT Phone_E164__c FROM Contact WHERE Account.On_Stop__c = true LIMIT 1")
    found = await service.caller_context(str(rows[0]["Phone_E164__c"]))
    return found.matches[0]


def made(org: EmulatedOrg) -> dict[str, list[str]]:
    return {name: changes for name, changes in org.changed().items() if name in RECORD}


@live
async def test_the_caller_hears_of_record_and_page_and_both_are_durable(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        desk = Desk(service, store)
        assert await desk.hears() == "emergency.recorded emergency.paged"
        assert await desk.hears() == "emergency.recorded emergency.paged", "told twice"
    assert made(org) == RECORD
    (page,) = store.now(open_ones)
    assert (page.key, page.number, page.hazard) == (key_of(CALL, "gas"), "+13125550188", "gas")
    assert [row.name for row in Outbox(store).waiting()].count("page") == 1
    assert desk.rang == []


@live
async def test_no_rule_of_bookkeeping_keeps_an_emergency_off_the_record(store: Store, org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        assert "emergency.recorded" in await Desk(service, store).hears(await on_stop(service))
        rows = await service._salesforce.query(
            "SELECT AccountId, Description FROM WorkOrder WHERE Subject LIKE 'EMERGENCY%' LIMIT 1"
        )
    assert rows[0]["AccountId"] is None and "of record:" in str(rows[0]["Description"])
    assert made(org) == RECORD


@live
async def test_the_job_makes_without_its_account_what_was_refused_when_nobody_was_there(
    store: Store, org: EmulatedOrg
) -> None:
    """The process died between the refusal and the second attempt."""
    async with field_service(org) as service:
        contact = await on_stop(service)
        plan = await service.plan_emergency(hazard="gas", said="it smells", number="+13125550188", contact=contact)
        with pytest.raises(Exception, match="CUSTOM_VALIDATION"):
            await ExactlyOnce(Intents(store), service)(plan, f"{CALL}:emergency:gas", {"call_sid": CALL})
        assert made(org) == {}
        nobody = cast(Any, None)
        shop = Workshop(nobody, store, Outbox(store), nobody, service._salesforce, service, nobody, InMemory())
        told = {"call_sid": CALL, "hazard": "gas"}
        assert await record_emergency(shop, "record", told) == {"recorded": True, "unlinked": True}
        assert await record_emergency(shop, "record", told) == {"recorded": True}
    assert made(org) == RECORD


@live
async def test_without_a_store_the_phones_ring_from_here_and_the_record_is_made(store: Store, org: EmulatedOrg) -> None:
    holder = sqlite3.connect(str(store.url.database), isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        async with field_service(org) as service:
            desk = Desk(service, store)
            say = await desk.hears()
            assert "emergency.paged" in say and [page.hazard for page in desk.rang] == ["gas"]
            async with asyncio.timeout(10):
                while made(org) != RECORD:  # noqa: ASYNC110 - the org is another process
                    await asyncio.sleep(0.05)
        assert made(org) == RECORD
    finally:
        holder.close()


def test_the_first_who_takes_a_page_has_it(store: Store) -> None:
    page = Page("page-CA1-gas", "CA1", "gas", "customer", "", "", "", 1.0)
    store.now(lambda c: open_page(c, page))
    assert store.now(lambda c: take(c, page.key, "Ann", at=2.0))
    assert not store.now(lambda c: take(c, page.key, "Bob", at=3.0))
    assert not store.now(lambda c: settle(c, page.key, "unanswered", "", at=4.0))
    found = store.now(lambda c: find(c, page.key))
    assert found is not None and (found.state, found.by) == ("acknowledged", "Ann")
    assert [row.name for row in Outbox(store).waiting()] == ["page", ""], "the job is told once"
