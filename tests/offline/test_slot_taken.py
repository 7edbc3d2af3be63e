"""Two callers, one slot: whoever says yes second hears the next best time by name and may take it with a yes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest

from tests.offline.telephone import Telephone, dial, exchange
from tests.salesforce.emulated_org import EmulatedOrg

MARIA, ZOE = "+18475550103", "+14805550108"
THURSDAY = "2026-11-26"
AUDIT = "AI_Interaction__c"

pytestmark = pytest.mark.process


def live(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def only_tomas_works_on_thursday(org: EmulatedOrg) -> None:
    for name in ("Dana Kowalski", "Alex Rivera"):
        off_on_thursday(org, name)


def off_on_thursday(org: EmulatedOrg, name: str) -> None:
    (row,) = org.rows(f"SELECT Id FROM ServiceResource WHERE Name = '{name}'")
    off = {"Type": "Training", "Start": f"{THURSDAY}T12:00:00Z", "End": f"{THURSDAY}T23:59:00Z"}
    org.rest("POST", "sobjects/ResourceAbsence", {"ResourceId": row["Id"], **off})


def zoe_has_only_a_visit_without_a_time(org: EmulatedOrg) -> None:
    (row,) = org.rows("SELECT Id FROM ServiceAppointment WHERE AppointmentNumber = 'SA-2303'")
    org.rest("PATCH", f"sobjects/ServiceAppointment/{row['Id']}", {"Status": "Canceled"})


@asynccontextmanager
async def maria_late(org: EmulatedOrg, *, speaks: str = "en") -> AsyncIterator[Telephone]:
    """Maria has heard the read-back of Thursday at two; Zoe takes that very time before Maria says yes."""
    zoe_has_only_a_visit_without_a_time(org)
    async with exchange(org.url, org.now) as service:
        maria = dial(service, "customer", MARIA, org.now, speaks=speaks)
        await maria.ring()
        if speaks == "en":
            await maria.say("move my appointment to thursday afternoon")
            read_back = await maria.say("the second one")
        else:
            await maria.say("quiero cambiar mi cita para el jueves por la tarde")
            read_back = await maria.say("la segunda")
        assert re.search("between two and four PM|entre las dos y las cuatro", read_back), read_back
        zoe = dial(service, "customer", ZOE, org.now, call_sid="CA2")
        await zoe.ring()
        await zoe.say("i'd like another time for my visit thursday afternoon please")
        await zoe.press("2")
        assert "booked" in (done := await zoe.say("yes")) or "is now" in done, done
        yield maria


def visit(org: EmulatedOrg, number: str = "SA-2305") -> dict[str, Any]:
    (row,) = org.rows(
        "SELECT ArrivalWindowStartTime, (SELECT ServiceResource.Name FROM ServiceResources) FROM ServiceAppointment "
        f"WHERE AppointmentNumber = '{number}'"
    )
    return row


@live
async def test_the_second_caller_hears_the_next_best_by_name_and_takes_it_with_a_yes(org: EmulatedOrg) -> None:
    only_tomas_works_on_thursday(org)
    async with maria_late(org) as maria:
        heard = await maria.say("yes")
        assert re.search(
            r"that time has just been taken.*next best I have is Thursday.*furnace.*Say yes or press 1", heard
        ), heard
        assert "two and four" not in heard
        assert visit(org)["ArrivalWindowStartTime"].startswith("2026-11-25")
        assert re.search(r"Thursday.*between (noon and two|ten AM and noon)", await maria.say("yes please"))
    assert visit(org)["ArrivalWindowStartTime"].startswith(THURSDAY)


@live
async def test_the_same_in_spanish_and_by_key(org: EmulatedOrg) -> None:
    only_tomas_works_on_thursday(org)
    async with maria_late(org, speaks="es") as maria:
        heard = await maria.press("1")
        assert re.search(r"esa hora se acaba de ocupar.*Lo más cercano que tengo es el jueves", heard), heard
        assert re.search(r"jueves", await maria.press("1"))
    assert visit(org)["ArrivalWindowStartTime"].startswith(THURSDAY)


@live
async def test_a_no_to_the_next_best_changes_nothing_and_another_day_may_be_named(org: EmulatedOrg) -> None:
    only_tomas_works_on_thursday(org)
    async with maria_late(org) as maria:
        await maria.say("yes")
        assert re.search("changed nothing|nothing was changed", await maria.say("no"))
        assert visit(org)["ArrivalWindowStartTime"].startswith("2026-11-25")
        assert "Friday" in await maria.say("friday morning please")


@live
async def test_another_of_the_free_times_may_be_chosen_instead_of_the_next_best(org: EmulatedOrg) -> None:
    only_tomas_works_on_thursday(org)
    async with maria_late(org) as maria:
        await maria.say("yes")
        assert "Friday" in await maria.say("no, friday at ten")
        await maria.say("yes")
        if not visit(org)["ArrivalWindowStartTime"].startswith("2026-11-27"):
            await maria.say("yes")
    assert visit(org)["ArrivalWindowStartTime"].startswith("2026-11-27")


@live
async def test_the_same_window_with_somebody_else_to_come_needs_no_second_yes(org: EmulatedOrg) -> None:
    """No name was read back: what the caller agreed to can be had as it was, though Tomas has called in sick."""
    async with exchange(org.url, org.now) as service:
        maria = dial(service, "customer", MARIA, org.now)
        await maria.ring()
        await maria.say("move my appointment to thursday afternoon")
        await maria.say("the second one")
        off_on_thursday(org, "Tomas Lindqvist")
        heard = await maria.say("yes")
    assert re.search("your visit is now Thursday.*two and four|booked: Thursday", heard, re.I), heard
    moved = visit(org)
    assert moved["ArrivalWindowStartTime"].startswith(f"{THURSDAY}T20:00")
    assert moved["ServiceResources"]["records"][0]["ServiceResource"]["Name"] != "Tomas Lindqvist"
    assert len(org.rows(f"SELECT Id FROM {AUDIT}")) == 1
