"""What an org consists of: objects, their fields, and the relationships between them.

Tables, describe answers, validation and SOQL are all made from these descriptions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal[
    "id",
    "string",
    "textarea",
    "phone",
    "email",
    "url",
    "picklist",
    "multipicklist",
    "boolean",
    "int",
    "double",
    "currency",
    "percent",
    "date",
    "datetime",
    "time",
    "reference",
    "address",
    "location",
]
OnDelete = Literal["clear", "cascade", "restrict"]
Default = str | int | float | bool | None

NUMERIC: frozenset[FieldType] = frozenset({"int", "double", "currency", "percent"})
TEXTUAL: frozenset[FieldType] = frozenset({"string", "textarea", "phone", "email", "url", "picklist", "multipicklist"})


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value of a picklist."""

    value: str
    label: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field as describe shows it; names of the properties follow the describe answer (sheet 2.3)."""

    name: str
    type: FieldType
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    default: Default = None
    auto_number: str = ""
    """Format such as `SA-{0000}`; empty for every other field."""
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    is_name: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str = ""
    """Name of the way up, from this record to the one it refers to."""
    child_relationship: str = ""
    """Name of the way down, from the record referred to."""
    on_delete: OnDelete = "clear"
    restricted: bool = False
    values: tuple[PicklistValue, ...] = ()
    compound: str = ""
    """Name of the compound field that this one is a part of."""
    components: tuple[str, ...] = ()
    """The parts of a compound field."""
    formula: str = ""
    """Path to the field of a parent whose value this field shows."""
    counts: str = ""
    """Child relationship whose records this field counts."""

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        """Whether the field has a column of its own."""
        return not (self.components or self.formula or self.counts)

    @property
    def long_text(self) -> bool:
        return self.type == "textarea" and self.length > 255

    @property
    def filterable(self) -> bool:
        """Long text and compound fields cannot stand in WHERE (sheet 2.4)."""
        return not self.long_text and not self.components

    @property
    def polymorphic(self) -> bool:
        return len(self.reference_to) > 1

    @property
    def id_lookup(self) -> bool:
        return self.external_id or self.type in ("id", "email") or (self.is_name and self.type == "string")


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """The way from a parent down to the records that refer to it."""

    name: str
    child: str
    field: Field


@dataclass(frozen=True)
class SObject:
    """One object: its own facts, and its fields by lower-case name (names are case-insensitive, sheet 2.1)."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: tuple[Field, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    searchable: bool = True
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    by_relationship: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name.lower(): f for f in self.fields})
        up = {f.relationship.lower(): f for f in self.fields if f.relationship}
        object.__setattr__(self, "by_relationship", up)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def name_field(self) -> Field | None:
        return next((f for f in self.fields if f.is_name), None)

    def field(self, name: str) -> Field | None:
        return self.by_name.get(name.lower())

    def has(self, name: str) -> bool:
        return name.lower() in self.by_name


class Schema:
    """All objects of an org, and the child relationships worked out from their lookups."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects = {o.name: o for o in objects}
        self._by_name = {name.lower(): o for name, o in self.objects.items()}
        self._by_prefix = {o.prefix: o for o in self.objects.values()}
        self._children: dict[str, list[ChildRelationship]] = {name: [] for name in self.objects}
        for o in self.objects.values():
            for f in o.fields:
                for parent in f.reference_to:
                    if parent in self._children:
                        self._children[parent].append(ChildRelationship(f.child_relationship, o.name, f))
        self._down = {
            parent: {c.name.lower(): c for c in children if c.name} for parent, children in self._children.items()
        }

    def find(self, name: str) -> SObject | None:
        return self._by_name.get(name.lower())

    def of_id(self, record_id: str) -> SObject | None:
        return self._by_prefix.get(record_id[:3])

    def children(self, name: str) -> list[ChildRelationship]:
        return self._children[name]

    def child(self, parent: str, relationship: str) -> ChildRelationship | None:
        return self._down[parent].get(relationship.lower())
