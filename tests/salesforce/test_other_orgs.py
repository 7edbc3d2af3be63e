"""The same questions and changes on orgs that are not like the first: renamed statuses, another country, no package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.salesforce.emulated_org import EmulatedOrg, emulator
from tests.salesforce.facade import live
from tests.salesforce.test_changes_made import AUDIT, visit_row
from tests.salesforce.test_questions import field_service
from voice_agent import errors
from voice_agent.salesforce.callers import spelled
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.pins import verify_pin
from voice_agent.salesforce.wishes import PartUse, SlotWish


@pytest.fixture(scope="session")
def second_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("second")
    command = [sys.executable, "-m", "voice_agent.demo.salesforce.seed", "--out", str(out), "--variant", "second"]
    subprocess.run(command, check=True, capture_output=True)
    return out


@pytest.fixture(scope="session")
def second_process(second_seed: Path) -> Iterator[EmulatedOrg]:
    with emulator("--seed", str(second_seed)) as org:
        yield org


@pytest.fixture
def second(second_process: EmulatedOrg) -> EmulatedOrg:
    second_process.reset()
    return second_process


@pytest.fixture(scope="session")
def plain_process(second_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedOrg]:
    """The second org without the managed package: no FSL__ field, no life-cycle rules."""
    seed = tmp_path_factory.mktemp("plain")
    for file in second_seed.iterdir():
        rows: Any = json.loads(file.read_text())
        if file.name == "org.json":
            rows["package"] = False
            rows["objects"] = [name for name in rows["objects"] if not name.startswith("FSL__")]
        elif isinstance(rows, list):
            rows = [{k: v for k, v in row.items() if not k.startswith("FSL__")} for row in rows]
        (seed / file.name).write_text(json.dumps(rows))
    with emulator("--seed", str(seed)) as org:
        yield org


@pytest.fixture
def plain(plain_process: EmulatedOrg) -> EmulatedOrg:
    plain_process.reset()
    return plain_process


def caller(org: EmulatedOrg, note: str) -> dict[str, Any]:
    return next(one for one in org.info["callers"] if note in one["note"])


async def move_a_visit(org: EmulatedOrg, service: FieldService) -> str:
    context = await service.caller_context(caller(org, "can be moved")["number"])
    visit = context.appointments[0]
    slot = (await service.slots(visit, SlotWish()))[0]
    done = await service.commit(await service.plan_reschedule(visit, slot), key="m", audit=AUDIT)
    assert done.status == "applied"
    assert visit_row(org, visit.id)["StatusCategory"] == "Scheduled"
    assert slot.zone == visit.zone
    return visit.zone


async def finish_a_job(org: EmulatedOrg, service: FieldService) -> str:
    who = caller(org, "several jobs today")
    (technician,) = (await service.caller_context(who["number"])).technicians
    assert verify_pin(technician.voice_pin, who["pin"])
    jobs = await service.day(technician, org.now.date())
    (one,) = [job for job in jobs if job.appointment.category == "InProgress"]
    assert one.work_order is not None
    (found,) = await service.find_job(technician, one.work_order.number)
    assert found == one
    held = org.rows(
        f"SELECT Product2.Name FROM ProductItem WHERE LocationId = '{technician.van_id}' AND QuantityOnHand > 0"
    )
    (part, *_) = await service.match_part(technician, held[0]["Product2"]["Name"].lower())
    plan = await service.plan_job_update(one, status="completed", parts=[PartUse(part, 1)])
    await service.commit(plan, key="f", audit=AUDIT)
    assert visit_row(org, one.appointment.id)["StatusCategory"] == "Completed"
    return str(visit_row(org, one.appointment.id)["Status"])


@live
async def test_an_org_that_renamed_its_statuses_is_served_in_its_own_words(second: EmulatedOrg) -> None:
    async with field_service(second) as service:
        assert await move_a_visit(second, service) == "Europe/London"
        assert await finish_a_job(second, service) == "Done"


@live
async def test_a_british_cancelled_is_found_by_its_category(second: EmulatedOrg) -> None:
    """Section 0 rule 2."""
    async with field_service(second) as service:
        visit = (await service.caller_context(caller(second, "can be moved")["number"])).appointments[0]
        await service.commit(await service.plan_cancel(visit, "x"), key="c", audit=AUDIT)
    assert (visit_row(second, visit.id)["Status"], visit_row(second, visit.id)["StatusCategory"]) == (
        "Cancelled",
        "Canceled",
    )


@live
async def test_ten_british_numbers_are_one_person(second: EmulatedOrg) -> None:
    async with field_service(second) as service:
        known = caller(second, "ten numbers")
        (first,) = (await service.caller_context(known["number"])).matches
        row = second.rows(f"SELECT Phone, HomePhone FROM Contact WHERE Id = '{first.id}'")[0]
        assert row["Phone"] or row["HomePhone"]
        stored = "".join(c for c in str(row["Phone"] or row["HomePhone"]) if c.isdigit())
        number = "+44" + stored.removeprefix("44").lstrip("0")
        (found,) = (await service.caller_context(number)).matches
    assert found.id == first.id
    assert found.phone_e164 == known["number"]


@live
async def test_an_org_without_the_package_works_without_its_fields(plain: EmulatedOrg) -> None:
    """Section 0 rule 7."""
    async with field_service(plain) as service:
        assert "FSL__Pinned__c" not in await service.catalogue.describe("ServiceAppointment")
        await move_a_visit(plain, service)
        await finish_a_job(plain, service)
        who = caller(plain, "several jobs today")
        (technician,) = (await service.caller_context(who["number"])).technicians
        one = next(job for job in await service.day(technician, plain.now.date()) if not job.appointment.over)
        await service.commit(await service.plan_running_late(one, minutes=20), key="l", audit=AUDIT)
    assert "FeedItem" in plain.changed()


@live
async def test_without_the_package_a_visit_sent_out_is_simply_moved(plain: EmulatedOrg) -> None:
    """3.3: the platform itself enforces no transitions."""
    async with field_service(plain) as service:
        number = caller(plain, "can be moved")["number"]
        visit = (await service.caller_context(number)).appointments[0]
        sent = next(s.value for s in (await service.catalogue.statuses())[0].values if s.category == "Dispatched")
        plain.somebody_else_changes("ServiceAppointment", visit.id, Status=sent)
        visit = (await service.caller_context(number)).appointments[0]
        slot = (await service.slots(visit, SlotWish()))[0]
        await service.commit(await service.plan_reschedule(visit, slot), key="m", audit=AUDIT)
    assert visit_row(plain, visit.id)["StatusCategory"] == "Scheduled"


@live
async def test_an_org_without_a_status_for_it_refuses_in_words(second: EmulatedOrg) -> None:
    async with field_service(second) as service:
        visits, _ = await service.catalogue.statuses()
        with pytest.raises(errors.NotAllowed):
            visits.choose("CheckedIn")


def test_a_number_is_spelled_the_way_its_country_does() -> None:
    assert {"13175550125", "3175550125", "(317) 555-0125", "317-555-0125", "317.555.0125"} <= set(
        spelled("+13175550125")
    )
    assert {"447700900413", "7700900413", "07700 900413", "07700900413"} <= set(spelled("+447700900413"))
    assert spelled("+999") == ("999",)
