"""Tasks, and who may own what (sheet 1.7)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


def check_owner(records: "Records", object_name: str, old: Row | None, new: Row) -> None:
    """A queue owns only records of the objects it was set up for."""
    owner = new.get("OwnerId")
    if not owner or (old is not None and old["OwnerId"] == owner):
        return
    found = records.parent(owner)
    if found is None or found[0].name != "Group":
        return
    if object_name not in {row["SobjectType"] for row in records.rows("QueueSobject", "QueueId", owner)}:
        raise ApiError(400, "INVALID_OPERATION", "Queue not associated with this SObject type", ["OwnerId"])


def before_task(records: "Records", old: Row | None, new: Row) -> None:
    """IsClosed, IsHighPriority, CompletedDateTime and AccountId are derived."""
    new["IsClosed"] = int(str(new["Status"] or "").lower() == "completed")
    new["IsHighPriority"] = int(str(new["Priority"] or "").lower() == "high")
    if not new["IsClosed"]:
        new["CompletedDateTime"] = None
    elif old is None or not old["IsClosed"]:
        new["CompletedDateTime"] = records.now
    if found := records.parent(new["WhatId"]):
        new["AccountId"] = found[1]["Id"] if found[0].name == "Account" else found[1].get("AccountId")
    elif found := records.parent(new["WhoId"]):
        new["AccountId"] = found[1].get("AccountId")
