"""The sfdx source that an org needs, copied out on demand; its permission sets are made from `rights`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from xml.sax.saxutils import escape

from voice_agent.salesforce.rights import EDITED, NEEDS, Need

PERMISSION_SETS = {
    "AI_Voice_Agent_Read_Only": "AI Voice Agent (read only)",
    "AI_Voice_Agent": "AI Voice Agent",
}
FOLLOWING = frozenset(
    "FeedItem Task OperatingHoursHoliday SkillRequirement ServiceResourceSkill ServiceResourceCapacity".split()
)
FOLDER = "force-app/main/default/permissionsets"
ALWAYS_WRITTEN = frozenset({"AI_Interaction__c", "Case", "WorkOrder"})
"""Created in the read-only phase too: emergencies stand outside all phases, and every call is recorded."""


def source() -> Traversable:
    """The folder with `sfdx-project.json` as it ships."""
    return files("voice_agent.salesforce") / "package"


def write(out: Path) -> list[Path]:
    """The whole deployable source below `out`; returns the files. FileExistsError rather than mixing with others'."""
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    written = []
    for path, text in _files(source(), ""):
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def permission_set(name: str) -> str:
    """The XML of one permission set. Optional fields are left out: naming a field the org lacks fails the deployment.

    Nobody gets View All, Modify All or Delete (7.1).
    """
    reads_only = name.endswith("Read_Only")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">',
    ]
    needs = sorted(NEEDS, key=lambda need: need.object)
    for need in needs:
        writes = not reads_only or need.object in ALWAYS_WRITTEN
        for field in sorted(need.readable):
            lines += _field(need.object, field, editable=writes and field in need.settable)
    lines += ["    <hasActivationRequired>false</hasActivationRequired>", f"    <label>{PERMISSION_SETS[name]}</label>"]
    for need in needs:
        if _grantable(need):
            creates = bool(need.create) and (not reads_only or need.object in ALWAYS_WRITTEN)
            lines += _object(need.object, create=creates, edit=need.object in EDITED and not reads_only)
    lines += ["    <userPermissions>", "        <enabled>true</enabled>", "        <name>ApiEnabled</name>"]
    lines += ["    </userPermissions>", "</PermissionSet>", ""]
    return "\n".join(lines)


def _grantable(need: Need) -> bool:
    """Feed items, the joins of setup objects and details follow their parents' rights and take none of their own."""
    return need.object not in FOLLOWING


def _field(object_name: str, field: str, *, editable: bool) -> Iterable[str]:
    return (
        "    <fieldPermissions>",
        f"        <editable>{str(editable).lower()}</editable>",
        f"        <field>{escape(object_name)}.{escape(field)}</field>",
        "        <readable>true</readable>",
        "    </fieldPermissions>",
    )


def _object(object_name: str, *, create: bool, edit: bool) -> Iterable[str]:
    return (
        "    <objectPermissions>",
        f"        <allowCreate>{str(create).lower()}</allowCreate>",
        "        <allowDelete>false</allowDelete>",
        f"        <allowEdit>{str(edit).lower()}</allowEdit>",
        "        <allowRead>true</allowRead>",
        "        <modifyAllRecords>false</modifyAllRecords>",
        f"        <object>{escape(object_name)}</object>",
        "        <viewAllRecords>false</viewAllRecords>",
        "    </objectPermissions>",
    )


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")
