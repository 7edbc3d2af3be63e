"""A slot that is gone by the time of the yes, over real sockets: the next best is named and taken with a yes."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.running import RunningDemo
from tests.end_to_end.telephoning import call, hears
from tests.salesforce.emulated_org import EmulatedOrg

CUSTOMER = 1
HERE = ZoneInfo("America/Chicago")

pytestmark = pytest.mark.process


def test_the_next_best_time_is_heard_and_taken_with_a_yes(running: RunningDemo) -> None:
    running.reset()
    org = EmulatedOrg(running.org_url)

    async def scenario() -> None:
        async with call(running, CUSTOMER) as phone:
            await phone.speak("I need to move my appointment to another day")
            await hears(phone, "number 1.*\\?")
            await phone.press("1")
            await hears(phone, "yes or press 1")
            wanted = offered(running.journal(phone.call.sid))[0]
            await asyncio.to_thread(nobody_is_free, org, wanted)
            await phone.speak("yes")
            heard = await hears(phone, "has just been taken.*next best I have is .*yes or press 1")
            best = offered(running.journal(phone.call.sid))[0]
            assert best["window"] in heard
            assert (best["date"], best["from"]) != (wanted["date"], wanted["from"])
            await phone.speak("yes please")
            await hears(phone, "visit is now|booked")
            starts = org.rows("SELECT ArrivalWindowStartTime FROM ServiceAppointment WHERE Contact.FirstName = 'Maria'")
            moments = {datetime.fromisoformat(row["ArrivalWindowStartTime"] or "1970-01-01T00Z") for row in starts}
            assert begins(best) in moments

    asyncio.run(scenario())


def offered(entries: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The times that were put before the caller last, by the model's wish or the server's own."""
    for entry in reversed(entries):
        if entry["kind"] in ("tool_result", "instead"):
            options: list[dict[str, str]] | None = json.loads(entry["content"]).get("options")
            if options:
                return options
    raise AssertionError("no times were offered")


def begins(slot: dict[str, str]) -> datetime:
    return datetime.fromisoformat(f"{slot['date']}T{slot['from']}").replace(tzinfo=HERE)


def nobody_is_free(org: EmulatedOrg, slot: dict[str, str]) -> None:
    """All technicians are called to a meeting at just that time."""
    start = begins(slot)
    for row in org.rows("SELECT Id FROM ServiceResource WHERE IsActive = true AND ResourceType = 'T'"):
        absence = {"ResourceId": row["Id"], "Type": "Meeting", "Start": start.isoformat()}
        org.rest("POST", "sobjects/ResourceAbsence", {**absence, "End": (start + timedelta(hours=2)).isoformat()})
