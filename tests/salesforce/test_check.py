"""`check` names what an org lacks, and what it asks for is enough: the agent works with those rights and no others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.salesforce.emulated_org import EmulatedOrg, emulator
from tests.salesforce.facade import facade, live
from tests.salesforce.test_other_orgs import finish_a_job, move_a_visit, second_process, second_seed  # noqa: F401
from tests.salesforce.test_questions import field_service
from voice_agent.salesforce.check import Finding, check
from voice_agent.salesforce.rights import EDITED, NEEDS
from voice_agent.salesforce.wishes import Problem


async def findings(org: EmulatedOrg) -> list[Finding]:
    async with field_service(org) as service:
        return [finding async for finding in check(service._salesforce)]


@live
async def test_a_complete_org_has_nothing_missing(org: EmulatedOrg) -> None:
    found = await findings(org)
    assert [finding for finding in found if finding.state == "missing"] == []
    assert sum(finding.state == "ok" for finding in found) > len(NEEDS) - 2


@live
async def test_an_org_that_is_not_there_is_one_line() -> None:
    async with facade("http://127.0.0.1:9") as salesforce:
        (only,) = [finding async for finding in check(salesforce)]
    assert only.state == "missing"
    assert "SALESFORCE_DOMAIN" in only.mend


@pytest.fixture(scope="module")
def scant(second_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedOrg]:  # noqa: F811
    """An org whose integration user lacks one field, one edit right and one create right."""
    rights = {
        "everything": True,
        "hidden": ["Contact.Phone_E164__c"],
        "read_only": ["ServiceAppointment.ArrivalWindowStartTime"],
        "objects": {"ProductConsumed": "r"},
    }
    with emulator("--seed", str(_with_rights(second_seed, tmp_path_factory.mktemp("scant"), rights))) as org:
        yield org


def _with_rights(seed: Path, out: Path, rights: dict[str, Any]) -> Path:
    for file in seed.iterdir():
        told = json.loads(file.read_text())
        if file.name == "org.json":
            runs_as = {app.get("run_as") for app in told["apps"]}
            for login in told["logins"]:
                if login["username"] in runs_as:
                    login["rights"] = rights
        (out / file.name).write_text(json.dumps(told))
    return out


@live
async def test_each_missing_right_is_named_with_its_mend(scant: EmulatedOrg) -> None:
    missing = {finding.what: finding.mend for finding in await findings(scant) if finding.state == "missing"}
    assert "deploy the package" in missing["Contact: cannot see Phone_E164__c"]
    assert "Edit" in missing["ServiceAppointment: cannot set ArrivalWindowStartTime"]
    assert missing["ProductConsumed: no Create right"] == "grant Create on ProductConsumed"


@pytest.fixture(scope="module")
def office_only(second_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedOrg]:  # noqa: F811
    """An org whose user sees no Field Service object at all."""
    hidden = ("ServiceAppointment", "ServiceResource", "Entitlement", "AssignedResource", "WorkOrder")
    rights = {"everything": True, "objects": dict.fromkeys(hidden, "")}
    with emulator("--seed", str(_with_rights(second_seed, tmp_path_factory.mktemp("office"), rights))) as org:
        yield org


@live
async def test_an_org_without_field_service_still_knows_its_customers(office_only: EmulatedOrg) -> None:
    async with field_service(office_only) as service:
        caller = next(one for one in office_only.info["callers"] if "can be moved" in one["note"])
        context = await service.caller_context(caller["number"])
        assert [person.name for person in context.matches] == [caller["name"]]
        assert context.appointments == ()
        missing = [finding.what for finding in await findings(office_only) if finding.state == "missing"]
    assert any(what.startswith("ServiceAppointment: not there") for what in missing)


@pytest.fixture(scope="module")
def just_enough(
    second_seed: Path,  # noqa: F811
    second_process: EmulatedOrg,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EmulatedOrg]:
    """An org whose integration user holds exactly the rights of our permission set: all else is hidden."""
    hidden, read_only, objects = [], [], {}
    needed = {need.object: need for need in NEEDS}
    for entry in second_process.rest("GET", "sobjects")["sobjects"]:
        name = entry["name"]
        need = needed.get(name)
        if need is None:
            objects[name] = "r" if name in SETUP else ""
            continue
        objects[name] = "r" + ("c" if need.create else "") + ("u" if name in EDITED else "")
        for field in second_process.rest("GET", f"sobjects/{name}/describe")["fields"]:
            known = need.fields | need.optional_fields
            if field["name"] in known or not field.get("permissionable", field["nillable"]):
                if field["name"] in need.readable - need.settable:
                    read_only.append(f"{name}.{field['name']}")
            elif field["nillable"] and field["name"] not in SYSTEM:
                hidden.append(f"{name}.{field['name']}")
    rights = {"everything": True, "hidden": hidden, "read_only": read_only, "objects": objects}
    assert len(hidden) > 200
    with emulator("--seed", str(_with_rights(second_seed, tmp_path_factory.mktemp("enough"), rights))) as org:
        yield org


SETUP = frozenset(
    {"ServiceAppointmentStatus", "WorkOrderStatus", "Holiday", "Skill", "User", "Organization", "Group", "QueueSobject"}
)
SYSTEM = frozenset(
    "Id IsDeleted OwnerId CreatedDate CreatedById LastModifiedDate LastModifiedById SystemModstamp".split()
)


@live
async def test_the_rights_asked_for_are_enough_for_every_job(just_enough: EmulatedOrg) -> None:
    just_enough.reset()
    async with field_service(just_enough) as service:
        found = [finding async for finding in check(service._salesforce)]
        assert [finding for finding in found if finding.state == "missing"] == []
        await move_a_visit(just_enough, service)
        await finish_a_job(just_enough, service)
        plan = await service.plan_emergency(hazard="gas", said="gas", number="+447700900203", address="1 High Street")
        assert (await service.commit(plan, key="e", audit={})).status == "applied"
        caller = next(one for one in just_enough.info["callers"] if "can be moved" in one["note"])
        context = await service.caller_context(caller["number"])
        problem = Problem("No heat", "Since today", like=context.appointments[0])
        made = await service.commit(await service.plan_new_problem(context.matches[0], problem), key="p", audit={})
        assert made.status == "applied"
        message = await service.plan_message(desk="billing", text="call me", contact=context.matches[0])
        assert (await service.commit(message, key="m2", audit={})).status == "applied"
        confirm = await service.plan_confirm((await service.caller_context(caller["number"])).appointments[0])
        assert (await service.commit(confirm, key="c", audit={})).status == "applied"


def test_the_emulator_writes_its_seed_the_same_way_twice(second_seed: Path, tmp_path: Path) -> None:  # noqa: F811
    """The comparisons above rest on one seed."""
    command = [sys.executable, "-m", "voice_agent.demo.salesforce.seed", "--out", str(tmp_path), "--variant", "second"]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "org.json").read_text() == (second_seed / "org.json").read_text()
