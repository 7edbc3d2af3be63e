"""Change events made from the ledger (sheet 4): channels, headers, payloads, replay ids."""

from collections.abc import Mapping

from voice_agent.demo.salesforce import ledger, values
from voice_agent.demo.salesforce.database import Database
from voice_agent.demo.salesforce.metadata import Schema

_STANDARD = frozenset(
    {
        "Account",
        "Contact",
        "Case",
        "Asset",
        "Entitlement",
        "Task",
        "User",
        "Location",
        "WorkOrder",
        "WorkOrderLineItem",
        "WorkType",
        "ServiceAppointment",
        "AssignedResource",
        "ServiceResource",
        "ServiceResourceSkill",
        "SkillRequirement",
        "ResourceAbsence",
        "ServiceTerritory",
        "ServiceTerritoryMember",
        "OperatingHours",
        "TimeSlot",
        "ProductItem",
        "ProductItemTransaction",
        "ProductRequired",
        "ProductConsumed",
        "ProductRequest",
        "ProductRequestLineItem",
        "ProductTransfer",
        "Shipment",
        "ReturnOrder",
        "PendingServiceRouting",
    }
)
"""Objects whose changes can be subscribed to; custom objects all can (sheet 4)."""
ALL_CHANGES = "/data/ChangeEvents"


class ReplayError(ValueError):
    """A replay id that is not, or no longer, known."""


def channel_of(object_name: str) -> str:
    """`/data/WorkOrderChangeEvent`, `/data/AI_Interaction__ChangeEvent`."""
    return f"/data/{object_name.removesuffix('c') if object_name.endswith('__c') else object_name}ChangeEvent"


def objects_of(channel: str, schema: Schema) -> frozenset[str]:
    """The objects that a channel tells of; none for a channel that does not exist."""
    told = {name for name in schema.objects if name in _STANDARD or name.endswith("__c")}
    if channel == ALL_CHANGES:
        return frozenset(told)
    return frozenset(name for name in told if channel_of(name) == channel)


def start_after(database: Database, replay: int) -> int:
    """The sequence number that a subscription begins after: -1 new events only, -2 all that are kept, or an id.

    Raises ReplayError for an id outside of what is kept.
    """
    newest = ledger.last(database)
    oldest = retained_from(database)
    match replay:
        case -1:
            return newest
        case -2:
            return oldest - 1
        case _ if oldest - 1 <= replay <= newest:
            return replay
        case _:
            raise ReplayError(
                f"The replayId {{{replay}}} you provided was invalid. Please provide a valid ID, -2 to replay all "
                "events, or -1 to replay only new events."
            )


def retained_from(database: Database) -> int:
    """The oldest event that is still kept (72 hours in a real org)."""
    kept = database.setting("retained_from")
    return kept if isinstance(kept, int) else 1


def event(entry: Mapping[str, object], channel: str) -> dict[str, object]:
    """The message for a ledger entry: changed fields only, no old values (sheet 4)."""
    change = str(entry["change"])
    at = values.moment(str(entry["at"]))
    changed = entry["fields"]
    assert isinstance(changed, Mapping)
    header: dict[str, object] = {
        "entityName": entry["object"],
        "recordIds": [entry["id"]],
        "changeType": change,
        "changeOrigin": entry["origin"],
        "transactionKey": entry["transaction"],
        "sequenceNumber": entry["step"],
        "commitTimestamp": int(at.timestamp() * 1000),
        "commitUser": entry["user"],
        "commitNumber": entry["seq"],
    }
    payload: dict[str, object] = {"ChangeEventHeader": header}
    if change == "UPDATE":
        header["changedFields"] = [*changed, "LastModifiedDate"]
        payload["LastModifiedDate"] = entry["at"]
    if change in ("CREATE", "UPDATE"):
        for name, pair in changed.items():
            payload[name] = _told(pair[1])
    if change == "CREATE":
        payload |= {"CreatedDate": entry["at"], "LastModifiedDate": entry["at"]}
    return {
        "channel": channel,
        "data": {"schema": f"{entry['object']}-1", "payload": payload, "event": {"replayId": entry["seq"]}},
    }


def add_gap(database: Database, object_name: str, record: str, change: str) -> None:
    """Puts a gap event into the log: something changed, nobody knows what (sheet 4)."""
    database.connection.execute(
        "INSERT INTO _ledger (at, txn, step, object, record, change, fields, user, origin) "
        "VALUES (?, 'gap', 1, ?, ?, ?, '{}', '', '')",
        [values.instant(database.now()), object_name, record, change],
    )


def _told(value: object) -> object:
    """Instants are written with a Z in events."""
    if isinstance(value, str) and value.endswith("+0000") and "T" in value:
        return value.removesuffix("+0000") + "Z"
    return value
