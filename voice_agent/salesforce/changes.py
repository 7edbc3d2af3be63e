"""Change events of the org, made sense of: what is new, what came twice, what must be read again. Pure.

Delivery is at least once, with gaps that carry no data and overflows that carry no ids (sheet, section 4). The inbox
turns each event into orders; `streaming` brings the events and carries the orders out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from voice_agent.salesforce.limits import CLIENT_NAME

Kind = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE"]
REMEMBERED = 5_000
"""Transactions kept for telling a second delivery from a first."""


@dataclass(frozen=True, slots=True)
class Change:
    """Records of one object that changed in one way. `fields` holds what changed; null means set to nothing."""

    object: str
    kind: Kind
    ids: tuple[str, ...]
    fields: Mapping[str, Any]
    committed_at: datetime
    ours: bool
    """Made through this very client, as changeOrigin says."""


@dataclass(frozen=True, slots=True)
class Deliver:
    change: Change


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """A gap: these records changed somehow, and the event holds no data."""

    object: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadAllSince:
    """An overflow or a lost place: everything of the object since then."""

    object: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Keep:
    """Store this place of the channel: everything before it was handed over."""

    channel: str
    replay_id: int


Order: TypeAlias = Deliver | ReadAgain | ReadAllSince | Keep


class UnreadableEvent(ValueError):
    """A change event without the header that section 4 describes. Names the channel, never the contents."""


@dataclass(slots=True)
class Inbox:
    """One channel set's memory. `receive` is to be called in the order of arrival."""

    _seen: OrderedDict[tuple[str, int, str], None] = field(default_factory=OrderedDict)

    def receive(self, channel: str, event: Mapping[str, Any]) -> list[Order]:
        """Orders for one event, ending in Keep: the place is stored only after the rest was done."""
        try:
            replay_id = int(event["event"]["replayId"])
            payload = event["payload"]
            header = payload["ChangeEventHeader"]
            name, kind = str(header["entityName"]), str(header["changeType"])
            ids = tuple(str(one) for one in header["recordIds"])
            key = (str(header["transactionKey"]), int(header["sequenceNumber"]), name)
            at = datetime.fromtimestamp(int(header["commitTimestamp"]) / 1000, UTC)
        except (KeyError, TypeError, ValueError) as problem:
            raise UnreadableEvent(channel) from problem
        keep = Keep(channel, replay_id)
        if key in self._seen:
            return [keep]
        self._remember(key)
        fields = {name: value for name, value in payload.items() if name != "ChangeEventHeader"}
        ours = f"client={CLIENT_NAME}" in str(header.get("changeOrigin") or "")
        match kind:
            case "CREATE" | "UPDATE" | "DELETE" | "UNDELETE" if not _wild(ids):
                return [Deliver(Change(name, kind, ids, fields, at, ours)), keep]
            case "GAP_CREATE" | "GAP_UPDATE" | "GAP_UNDELETE" if not _wild(ids):
                return [ReadAgain(name, ids), keep]
            case "GAP_DELETE" if not _wild(ids):
                return [Deliver(Change(name, "DELETE", ids, {}, at, ours)), keep]
            case _:
                # GAP_OVERFLOW, a wildcard id, or a type of a later release: the object as a whole is in doubt.
                return [ReadAllSince(name, at), keep]

    def _remember(self, key: tuple[str, int, str]) -> None:
        self._seen[key] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def _wild(ids: tuple[str, ...]) -> bool:
    """`001*` stands for all records of a type."""
    return not ids or any(one.endswith("*") for one in ids)


def object_of(channel: str) -> str:
    """`/data/ServiceAppointmentChangeEvent` -> ServiceAppointment, `/data/X__ChangeEvent` -> X__c, else empty."""
    name = channel.rsplit("/", 1)[-1]
    if name.endswith("__ChangeEvent"):
        return name.removesuffix("ChangeEvent") + "c"
    return name.removesuffix("ChangeEvent") if name.endswith("ChangeEvent") else ""


def channel_of(object_name: str) -> str:
    if object_name.endswith("__c"):
        return f"/data/{object_name[:-1]}ChangeEvent"
    return f"/data/{object_name}ChangeEvent"
