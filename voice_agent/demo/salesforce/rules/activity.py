"""Tasks (sheet 1.7)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


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
