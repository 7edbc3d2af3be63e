"""The stream an open page lives on, while the database comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson

from tests.handoff.test_order_of_callbacks import door, played
from voice_agent.console.streaming import Stream
from voice_agent.console.users import Role, User
from voice_agent.handoff.waiting_room import waiting_callers


async def told(events: AsyncIterator[bytes], name: str) -> Any:
    """The data of the next event of that name."""
    async with asyncio.timeout(20):
        async for raw in events:
            kind, _, data = raw.decode().partition("\n")
            if kind == f"event: {name}":
                return orjson.loads(data.strip().removeprefix("data: "))
    raise AssertionError("the stream ended")


def test_a_page_says_that_the_database_is_gone_and_that_it_is_back() -> None:
    async def scenario() -> None:
        async with door() as here:
            desk, store = here.services.console.desk, here.services.store
            events = Stream(desk, User("dana", Role.DISPATCHER, "", False), rows=True, part="queue").events()
            assert (await told(events, "tally"))["waiting"] == 0
            await store.run(lambda connection: waiting_callers.drop(connection))
            assert "does not answer" in (await told(events, "trouble"))["text"]
            await store.run(lambda connection: waiting_callers.create(connection))
            assert await told(events, "trouble") == {"text": ""}
            await desk.watch.stop()

    played(scenario)
