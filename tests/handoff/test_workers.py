"""TaskRouter's workers as the desk sees them: events come late and twice, and a list says who is there at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.running import fetch
from tests.handoff.desk import emulated_twilio, workflow
from tests.handoff.test_order_of_callbacks import door, played
from voice_agent.handoff import workers
from voice_agent.handoff.workers import Worker
from voice_agent.twilio.telephony import Telephony


def test_the_last_activity_stands_whichever_event_comes_last() -> None:
    async def scenario() -> None:
        async with door() as here:
            for activity, at in (("Break", 2_000), ("Available", 1_000), ("Break", 2_000)):
                await here.twilio(
                    "/twilio/task/event",
                    {
                        "EventType": "worker.activity.update",
                        "WorkerSid": "WK1",
                        "WorkerName": "ann",
                        "WorkerActivityName": activity,
                        "TimestampMs": str(at),
                    },
                )
            assert await here.services.dispatch.workers() == [Worker("WK1", "ann", "Break", None, 2.0)]

    played(scenario)


def test_a_list_says_which_activity_takes_calls_and_who_is_gone() -> None:
    async def scenario() -> None:
        async with door() as here:
            await here.services.dispatch.worker_is(Worker("WK1", "ann", "Lunch", None, 2.5))
            await here.services.dispatch.worker_is(Worker("WK9", "zoe", "Lunch", None, 2.5))
            listed = [Worker("WK1", "ann", "Lunch", False, 2.0), Worker("WK2", "bob", "At the desk", True, 1.0)]
            await here.services.store.run(lambda connection: workers.replace_all(connection, listed))
            assert await here.services.dispatch.workers() == [listed[1], Worker("WK1", "ann", "Lunch", False, 2.5)]

    played(scenario)


@pytest.mark.process
def test_the_workers_of_a_workflow_are_listed(tmp_path: Path) -> None:
    async def scenario(twilio: str, flow: str) -> list[tuple[str, str, bool]]:
        account = fetch(f"{twilio}/emulator/info")["twilio"]
        sid, token = account["account_sid"], account["auth_token"]
        telephony = Telephony(account_sid=sid, user=sid, secret=token, base_url=twilio)
        try:
            assert await telephony.workers("WW" + "0" * 32) == []
            rows = await telephony.workers(flow)
        finally:
            await telephony.close()
        return [(row["friendly_name"], row["activity_name"], row["available"]) for row in rows]

    with emulated_twilio(tmp_path) as twilio:
        flow = workflow(twilio, {"ann": "+13125550180", "bob": "+13125550181"})
        listed = asyncio.run(scenario(twilio, flow))
    assert sorted(listed) == [("ann", "Available", True), ("bob", "Available", True)]
