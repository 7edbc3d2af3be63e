"""The deployable source is well-formed, complete, and grants what `rights` says; its XML rules are those of 1.8."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import parse

from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.salesforce import deployable
from voice_agent.salesforce.rights import NEEDS

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
ROOTS = {
    "field-meta.xml": "CustomField",
    "object-meta.xml": "CustomObject",
    "permissionset-meta.xml": "PermissionSet",
    "listView-meta.xml": "ListView",
    "layout-meta.xml": "Layout",
    "flow-meta.xml": "Flow",
    "cls-meta.xml": "ApexClass",
    "package.xml": "Package",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("package") / "out"
    assert deployable.write(out)
    return out


def texts(root: Element, path: str) -> list[str]:
    return [found.text or "" for found in root.findall("/".join(f"{NAMESPACE}{step}" for step in path.split("/")))]


def fields(written: Path) -> dict[str, Element]:
    return {
        f"{file.parent.parent.name}.{file.name.split('.')[0]}": parse(file).getroot()
        for file in written.rglob("*.field-meta.xml")
    }


def test_every_file_is_well_formed_under_the_right_root(written: Path) -> None:
    checked = 0
    for file in written.rglob("*.xml"):
        ending = next(ending for ending in ROOTS if file.name.endswith(ending))
        assert parse(file).getroot().tag == f"{NAMESPACE}{ROOTS[ending]}", file.name
        checked += 1
    assert checked > 60


def test_the_manifest_names_every_file_and_no_other(written: Path) -> None:
    root = parse(written / "manifest" / "package.xml").getroot()
    named = {
        (texts(types, "name")[0], member)
        for types in root.findall(f"{NAMESPACE}types")
        for member in texts(types, "members")
    }
    base = written / "force-app" / "main" / "default"
    there = {("CustomField", name) for name in fields(written)}
    there |= {("CustomObject", file.parent.name) for file in base.rglob("*.object-meta.xml")}
    there |= {
        ("ListView", f"{file.parent.parent.name}.{file.name.split('.')[0]}")
        for file in base.rglob("*.listView-meta.xml")
    }
    for kind, ending in (("Flow", "flow"), ("Layout", "layout"), ("PermissionSet", "permissionset")):
        there |= {(kind, file.name.split(".")[0]) for file in base.rglob(f"*.{ending}-meta.xml")}
    assert named == there


def test_the_permission_sets_are_those_of_the_rights(written: Path) -> None:
    """After a change in `rights`: write `deployable.permission_set(name)` into the package folder again."""
    for name in deployable.PERMISSION_SETS:
        shipped = (written / deployable.FOLDER / f"{name}.permissionset-meta.xml").read_text()
        assert shipped == deployable.permission_set(name)


def test_no_right_is_granted_that_nobody_needs(written: Path) -> None:
    for name in deployable.PERMISSION_SETS:
        root = parse(written / deployable.FOLDER / f"{name}.permissionset-meta.xml").getroot()
        for verb in ("allowDelete", "modifyAllRecords", "viewAllRecords"):
            assert set(texts(root, f"objectPermissions/{verb}")) == {"false"}
        assert texts(root, "userPermissions/name") == ["ApiEnabled"]
        granted = texts(root, "fieldPermissions/field")
        assert not [field for field in granted if ".FSL__" in field], "fails to deploy without the managed package"
        required = {f"{need.object}.{field}" for need in NEEDS for field in need.fixed.split()}
        assert not required & set(granted), "required fields in a permission set fail to deploy"


def test_read_only_may_still_record_an_emergency_and_a_call(written: Path) -> None:
    root = parse(written / deployable.FOLDER / "AI_Voice_Agent_Read_Only.permissionset-meta.xml").getroot()
    made = {
        texts(one, "object")[0]
        for one in root.findall(f"{NAMESPACE}objectPermissions")
        if texts(one, "allowCreate") == ["true"]
    }
    assert made == {"AI_Interaction__c", "Case", "WorkOrder"}
    assert set(texts(root, "objectPermissions/allowEdit")) == {"false"}


def test_keys_are_unique_case_sensitive_external_ids(written: Path) -> None:
    keys = {
        name: root for name, root in fields(written).items() if name.endswith(("Agent_Key__c", "Idempotency_Key__c"))
    }
    assert len(keys) == 11
    for root in keys.values():
        for flag in ("unique", "externalId", "caseSensitive"):
            assert texts(root, flag) == ["true"]
        assert texts(root, "length") == ["64"]


def test_a_call_may_have_many_rows(written: Path) -> None:
    assert texts(fields(written)["AI_Interaction__c.Call_Sid__c"], "unique") == []


def test_every_custom_field_we_name_is_in_the_package(written: Path) -> None:
    ours = {
        f"{need.object}.{field}"
        for need in NEEDS
        for field in need.fields
        if field.endswith("__c") and not field.startswith("FSL__")
    }
    assert ours == set(fields(written))


TYPES = {
    "Text": "string",
    "LongTextArea": "textarea",
    "Phone": "phone",
    "Picklist": "picklist",
    "Checkbox": "boolean",
    "Number": "double",
    "DateTime": "datetime",
    "Lookup": "reference",
}


def test_the_emulated_org_has_the_very_fields_of_the_package(written: Path, org: EmulatedOrg) -> None:
    """So that what runs against the emulator and what is deployed cannot drift apart."""
    described: dict[str, dict[str, dict[str, object]]] = {}
    for name, root in fields(written).items():
        owner, field = name.split(".")
        if owner not in described:
            told = org.rest("GET", f"sobjects/{owner}/describe")["fields"]
            described[owner] = {str(one["name"]): one for one in told}
        known = described[owner][field]
        assert known["type"] == TYPES[texts(root, "type")[0]], name
        for tag, flag in (("unique", "unique"), ("externalId", "externalId")):
            assert bool(known[flag]) == (texts(root, tag) == ["true"]), f"{name} {flag}"
        if texts(root, "length") and texts(root, "type") == ["Text"]:
            assert str(known["length"]) == texts(root, "length")[0], name
        if texts(root, "referenceTo"):
            assert known["referenceTo"] == texts(root, "referenceTo")


def test_lookups_let_go_of_deleted_records(written: Path) -> None:
    lookups = [root for root in fields(written).values() if texts(root, "type") == ["Lookup"]]
    assert len(lookups) == 8
    assert all(texts(root, "deleteConstraint") == ["SetNull"] for root in lookups)
    for owner in ("AI_Interaction__c", "Opt_In__c", "Pending_AI_Action__c"):
        named = [
            (texts(root, "referenceTo")[0], texts(root, "relationshipName")[0])
            for name, root in fields(written).items()
            if name.startswith(owner) and texts(root, "type") == ["Lookup"]
        ]
        assert len(named) == len(set(named))


def test_the_project_file_lists_the_folders(written: Path) -> None:
    project = json.loads((written / "sfdx-project.json").read_text())
    for folder in project["packageDirectories"]:
        assert (written / folder["path"]).is_dir()


def test_layouts_and_list_views_name_fields_that_exist(written: Path) -> None:
    known = set(fields(written))
    for file in written.rglob("*.layout-meta.xml"):
        owner = file.name.split("-")[0]
        for field in texts(parse(file).getroot(), "layoutSections/layoutColumns/layoutItems/field"):
            assert field == "Name" or f"{owner}.{field}" in known
    for file in written.rglob("*.listView-meta.xml"):
        owner = file.parent.parent.name
        root = parse(file).getroot()
        for column in texts(root, "columns") + texts(root, "filters/field"):
            assert column in ("NAME", "CREATED_DATE") or f"{owner}.{column}" in known


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(FileExistsError):
        deployable.write(tmp_path)
