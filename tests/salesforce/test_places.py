"""Where listening to the org's changes stopped outlives the process, and a store that is away stops nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from tests.databases import database
from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import live
from tests.salesforce.test_listening import at_once, until
from tests.salesforce.test_questions import field_service
from voice_agent.places import PlacesInStore
from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.listening import listen
from voice_agent.store import Store


async def written(org: EmulatedOrg, store: Store, how_many: int, heard: list[Change]) -> None:
    """A server runs until it has heard of so many edits of a visit."""
    async with field_service(org) as service:

        async def hear(change: Change) -> None:
            heard.append(change)

        places = PlacesInStore(store)
        task = asyncio.create_task(listen(service._salesforce, service, places, wait=at_once, also=hear))
        visit = org.rows("SELECT Id FROM ServiceAppointment LIMIT 1")[0]["Id"]
        try:
            async with asyncio.timeout(20):
                while len(heard) < how_many:
                    change = {"Description": f"edit {asyncio.get_running_loop().time()}"}
                    await asyncio.to_thread(org.somebody_else_changes, "ServiceAppointment", visit, **change)
                    await asyncio.sleep(0.05)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@live
async def test_what_was_changed_while_no_server_ran_is_heard_by_the_next_one(org: EmulatedOrg, tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        store = Store(url)
        store.prepare()
        await written(org, store, 1, [])
        visit = org.rows("SELECT Id FROM ServiceAppointment LIMIT 1")[0]["Id"]
        org.somebody_else_changes("ServiceAppointment", visit, Description="decided while nobody listened")
        heard: list[Change] = []
        async with field_service(org) as service:

            async def hear(change: Change) -> None:
                heard.append(change)

            task = asyncio.create_task(
                listen(service._salesforce, service, PlacesInStore(store), wait=at_once, also=hear)
            )

            async def told() -> bool:
                return any(change.object == "ServiceAppointment" and visit in change.ids for change in heard)

            await until(told)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        store.close()


@live
async def test_a_store_that_is_away_forgets_the_place_and_stops_nothing(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite3'}")
    store.prepare()
    places = PlacesInStore(store, wall=lambda: 100.0)
    await places.store("/data/X", 7)
    await places.store("/data/X", 9)
    assert await places.load("/data/X") == (9, datetime.fromtimestamp(100.0, UTC))
    holder = sqlite3.connect(str(store.url.database), isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        await places.store("/data/X", 11)
    finally:
        holder.close()
    assert await places.load("/data/X") == (9, datetime.fromtimestamp(100.0, UTC))
    store.close()
