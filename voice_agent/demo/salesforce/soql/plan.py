"""How the columns of a SQL row become the nested JSON of a record (sheet 2.4: only selected fields, in their order)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.metadata import NUMERIC, Field, Schema
from voice_agent.demo.salesforce.soql.statement import Query
from voice_agent.demo.salesforce.values import Stored

Record = dict[str, object]
Cells = Sequence[Stored]
ChildRows = Callable[["Rows", str], object]
"""Gives the child records of a parent id, as a nested query answer or None when there are none."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One plain field."""

    index: int
    field: Field
    formatted: bool = False
    """FORMAT(): shown as the user's locale writes it."""


@dataclass(frozen=True, slots=True)
class Compound:
    """An address or location, null when all its parts are (sheet 1.1)."""

    parts: tuple[Leaf, ...]
    prefix: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a child sub-query."""

    relationship: str
    query: Query
    child: str
    key: Field


@dataclass(slots=True)
class RecordPlan:
    """A record, its own or a parent's; a parent is null when its id is."""

    id_index: int
    object_name: str
    """Empty for a polymorphic parent, whose type its id tells."""
    entries: dict[str, "Entry"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypePlan:
    """TYPEOF: the fields to show depend on what the id points at."""

    id_index: int
    whens: dict[str, RecordPlan]
    otherwise: RecordPlan


Entry = Leaf | Compound | Rows | RecordPlan | TypePlan


class Shaper:
    """Builds the records of one answer."""

    def __init__(self, schema: Schema, base: str, zone: ZoneInfo) -> None:
        self._schema = schema
        self._base = base
        """Path of the API version, such as `/services/data/v60.0`."""
        self._zone = zone

    def record(self, plan: RecordPlan, cells: Cells, children: ChildRows) -> Record | None:
        record_id = cells[plan.id_index]
        if not isinstance(record_id, str):
            return None
        name = plan.object_name or self._name_of(record_id)
        shown: Record = {"attributes": self.attributes(name, record_id)}
        for key, entry in plan.entries.items():
            shown[key] = self._entry(entry, cells, children, record_id)
        return shown

    def attributes(self, name: str, record_id: str) -> Record:
        return {"type": name, "url": f"{self._base}/sobjects/{name}/{record_id}"}

    def leaf(self, leaf: Leaf, cells: Cells) -> object:
        kept = cells[leaf.index]
        return self._formatted(leaf.field, kept) if leaf.formatted else values.show(leaf.field, kept)

    def _entry(self, entry: Entry, cells: Cells, children: ChildRows, record_id: str) -> object:
        match entry:
            case Leaf():
                return self.leaf(entry, cells)
            case Compound():
                return compound(entry, [cells[part.index] for part in entry.parts])
            case RecordPlan():
                return self.record(entry, cells, children)
            case TypePlan():
                key = cells[entry.id_index]
                name = self._name_of(key) if isinstance(key, str) else ""
                return self.record(entry.whens.get(name, entry.otherwise), cells, children)
            case Rows():
                return children(entry, record_id)
            case _:
                assert_never(entry)

    def _name_of(self, record_id: str) -> str:
        obj = self._schema.of_id(record_id)
        return obj.name if obj else "Name"

    def _formatted(self, f: Field, kept: Stored) -> object:
        """en_US forms: `11/21/2026, 7:11 PM`, `1,234.50`."""
        if kept is None:
            return None
        if f.type == "datetime" and isinstance(kept, str):
            there = values.moment(kept).astimezone(self._zone)
            return f"{there.month}/{there.day}/{there.year}, {there.hour % 12 or 12}:{there:%M %p}"
        if f.type == "date" and isinstance(kept, str):
            day = datetime.fromisoformat(kept)
            return f"{day.month}/{day.day}/{day.year}"
        if f.type in NUMERIC:
            return f"{float(kept):,.{f.scale}f}"
        return str(kept)


def compound(plan: Compound, kept: Sequence[Stored]) -> Record | None:
    """The object form of an address or location from its parts."""
    if all(value is None for value in kept):
        return None
    shown: Record = {}
    for part, value in zip(plan.parts, kept, strict=True):
        name = part.field.name.removeprefix(plan.prefix)
        shown[name[0].lower() + name[1:]] = values.show(part.field, value)
    return dict(sorted(shown.items()))


def prefix_of(names: Sequence[str]) -> str:
    """What the component names have in common before their own word: `Billing` of BillingStreet, BillingCity."""
    first = next(name for name in names if name.endswith(("Street", "Latitude")))
    return first.removesuffix("Street").removesuffix("Latitude")
