"""Reads the object descriptions in `schema/*.schema`: one line for an object, one for each of its fields.

    object WorkOrder 0WO owner "Work Order" "Work Orders"
    WorkOrderNumber  auto 00000000  name
    AccountId        -> Account  child=WorkOrders
    Status           picklist restricted : New* | In Progress | Closed
    Duration         number(16,2)
    extend Contact
    Phone_E164__c    string(20) external

An object line ends with its label and plural. A star marks the default value of a picklist. Flags of a field:
`required`, `readonly`, `create` (not updatable), `update` (not creatable), `unique`, `external`, `case`, `name`,
`restricted`, `cascade`, `restrict` (what deleting the parent does), `default=`, `child=`, `as=` (relationship up).
`formula PATH` shows a parent's field; `count RELATIONSHIP` counts children; `address PREFIX` and `geo PREFIX` are
compound fields with their components.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from voice_agent.demo.salesforce.metadata import Default, Field, FieldType, OnDelete, PicklistValue, SObject

_NUMBER = re.compile(r"(\w+)\((\d+)(?:,(\d+))?\)")
_LENGTHS = {"string": 255, "textarea": 255, "phone": 40, "email": 80, "url": 255, "picklist": 255}
_TYPES: dict[str, FieldType] = {
    "string": "string",
    "text": "textarea",
    "phone": "phone",
    "email": "email",
    "url": "url",
    "picklist": "picklist",
    "multipicklist": "multipicklist",
    "bool": "boolean",
    "int": "int",
    "number": "double",
    "currency": "currency",
    "percent": "percent",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
}
_ADDRESS: tuple[tuple[str, FieldType, int], ...] = (
    ("Street", "textarea", 255),
    ("City", "string", 40),
    ("State", "string", 80),
    ("PostalCode", "string", 20),
    ("Country", "string", 80),
)


class NotationError(ValueError):
    """A line of a schema file that cannot be read; the text names the line."""


@dataclass(slots=True)
class _Draft:
    """An object while its lines are being read."""

    name: str
    prefix: str
    label: str
    plural: str
    flags: frozenset[str]
    fields: dict[str, Field] = field(default_factory=dict)


def read(texts: Iterable[str]) -> list[SObject]:
    """All objects that the texts describe, with their system fields."""
    drafts: dict[str, _Draft] = {}
    for text in texts:
        current: _Draft | None = None
        for number, line in enumerate(text.splitlines(), 1):
            if not (words := line.split("#", 1)[0].strip()):
                continue
            try:
                if words.startswith("object "):
                    current = _object(words)
                    drafts[current.name] = current
                elif words.startswith("extend "):
                    current = drafts[words.split()[1]]
                elif current is None:
                    raise NotationError("a field before any object")
                else:
                    current.fields.update((f.name, f) for f in _fields(words, current.name))
            except (KeyError, ValueError) as problem:
                raise NotationError(f"line {number}: {line.strip()}: {problem}") from problem
    return [_finish(draft, drafts.keys()) for draft in drafts.values()]


def label_of(name: str) -> str:
    """The label that a field gets when none is given: `EarliestStartTime` reads `Earliest Start Time`."""
    bare = name.removesuffix("__c").rsplit("__", 1)[-1].replace("_", " ")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)
    return re.sub(r"\bId$", "ID", spaced)


def lookup(
    name: str,
    targets: tuple[str, ...],
    *,
    up: str = "",
    down: str = "",
    on_delete: OnDelete = "clear",
    nillable: bool = True,
    label: str = "",
) -> Field:
    """A reference field; `FooId` gives the relationship `Foo`, `Foo__c` gives `Foo__r` (sheet 1.1)."""
    relationship = up or (name[:-3] + "__r" if name.endswith("__c") else name.removesuffix("Id"))
    return Field(
        name=name,
        type="reference",
        label=label or label_of(name),
        length=18,
        reference_to=targets,
        relationship=relationship,
        child_relationship=down,
        on_delete=on_delete,
        nillable=nillable,
    )


def system_fields(owner: bool) -> tuple[Field, ...]:
    """What nearly every object carries (sheet 1.1): read-only to everybody."""

    def stamp(name: str, kind: FieldType) -> Field:
        return Field(name, kind, label_of(name), nillable=False, createable=False, updateable=False)

    def by(name: str) -> Field:
        return replace(lookup(name, ("User",)), createable=False, updateable=False, nillable=False)

    owned = (replace(lookup("OwnerId", ("User", "Group")), nillable=False),) if owner else ()
    return (
        *owned,
        replace(stamp("IsDeleted", "boolean"), default=False),
        stamp("CreatedDate", "datetime"),
        by("CreatedById"),
        stamp("LastModifiedDate", "datetime"),
        by("LastModifiedById"),
        stamp("SystemModstamp", "datetime"),
        replace(stamp("LastViewedDate", "datetime"), nillable=True),
        replace(stamp("LastReferencedDate", "datetime"), nillable=True),
    )


def id_field(label: str) -> Field:
    return Field("Id", "id", f"{label} ID", length=18, nillable=False, createable=False, updateable=False)


def _object(line: str) -> _Draft:
    _, name, prefix, *rest = shlex.split(line)
    *flags, label, plural = rest
    return _Draft(name, prefix, label, plural, frozenset(flags))


def _finish(draft: _Draft, known: Iterable[str]) -> SObject:
    there = set(known)
    fields = [id_field(draft.label)]
    for f in draft.fields.values():
        if f.reference_to:
            targets = tuple(target for target in f.reference_to if target in there)
            if not targets:
                raise NotationError(f"{draft.name}.{f.name} refers to nothing that is described")
            f = replace(f, reference_to=targets)
        fields.append(f)
    fields += [f for f in system_fields("owner" in draft.flags) if f.name not in draft.fields]
    setup = "setup" in draft.flags
    return SObject(
        name=draft.name,
        label=draft.label,
        plural=draft.plural,
        prefix=draft.prefix,
        fields=tuple(fields),
        createable=not setup and "nocreate" not in draft.flags,
        updateable=not setup and "noupdate" not in draft.flags,
        deletable=not setup and "nodelete" not in draft.flags,
        searchable=not setup and "nosearch" not in draft.flags,
    )


def _fields(line: str, owner: str) -> Iterator[Field]:
    head, _, listed = line.partition(" : ")
    name, kind, *flags = shlex.split(head)
    match kind:
        case "address":
            yield from _address(name, "" if not flags else flags[0])
        case "geo":
            yield from _geo(name, flags[0], _flag(flags, "update"))
        case "->":
            options = dict(flag.split("=", 1) for flag in flags[1:] if "=" in flag)
            on_delete: OnDelete = "cascade" if "cascade" in flags else "restrict" if "restrict" in flags else "clear"
            base = lookup(
                name,
                tuple(flags[0].split(",")),
                up=options.get("as", ""),
                down=options.get("child", ""),
                on_delete=on_delete,
            )
            yield _flagged(base, flags[1:])
        case "formula":
            kind_word = flags[1] if len(flags) > 1 else "string"
            yield replace(_plain(name, kind_word, []), formula=flags[0], createable=False, updateable=False)
        case "count":
            yield replace(_plain(name, "int", []), counts=flags[0], createable=False, updateable=False)
        case "auto":
            base = Field(name, "string", label_of(name), length=255, auto_number=_mask(flags[0]), nillable=False)
            yield _flagged(replace(base, createable=False, updateable=False), flags[1:])
        case _:
            yield replace(_plain(name, kind, flags), values=tuple(_picklist(listed)))


def _plain(name: str, kind: str, flags: list[str]) -> Field:
    sizes = _NUMBER.fullmatch(kind)
    word = sizes[1] if sizes else kind
    type_ = _TYPES[word]
    first, second = (int(sizes[2]), int(sizes[3] or 0)) if sizes else (0, 0)
    base = Field(name, type_, label_of(name))
    if type_ in ("double", "currency", "percent"):
        base = replace(base, precision=first or 18, scale=second if sizes else 2)
    elif type_ == "int":
        base = replace(base, precision=first or 8)
    elif type_ == "boolean":
        base = replace(base, default=False, nillable=False)
    elif type_ == "multipicklist":
        base = replace(base, length=4099)
    else:
        base = replace(base, length=first or _LENGTHS.get(type_, 0))
    return _flagged(base, flags)


def _flagged(base: Field, flags: list[str]) -> Field:
    defaults = [flag.removeprefix("default=") for flag in flags if flag.startswith("default=")]
    read_only = _flag(flags, "readonly")
    return replace(
        base,
        nillable=base.nillable and not _flag(flags, "required"),
        createable=base.createable and not read_only and not _flag(flags, "update"),
        updateable=base.updateable and not read_only and not _flag(flags, "create"),
        unique=_flag(flags, "unique"),
        external_id=_flag(flags, "external"),
        case_sensitive=_flag(flags, "case"),
        is_name=_flag(flags, "name"),
        restricted=_flag(flags, "restricted"),
        default=_default(base, defaults[0]) if defaults else base.default,
    )


def _flag(flags: list[str], word: str) -> bool:
    return word in flags


def _default(base: Field, text: str) -> Default:
    if base.type == "boolean":
        return text == "true"
    return float(text) if base.type in ("int", "double", "currency", "percent") else text


def _picklist(listed: str) -> Iterator[PicklistValue]:
    for word in listed.split("|"):
        if value := word.strip():
            bare, _, label = value.partition("=")
            yield PicklistValue(bare.removesuffix("*"), label or bare.removesuffix("*"), bare.endswith("*"))


def _mask(mask: str) -> str:
    """`SA-0000` is written for the format `SA-{0000}`."""
    return mask if "{" in mask else re.sub(r"(0+)$", r"{\1}", mask)


def _address(name: str, prefix: str) -> Iterator[Field]:
    parts = [Field(prefix + part, kind, label_of(prefix + part), length=size) for part, kind, size in _ADDRESS]
    parts += [
        Field(prefix + axis, "double", label_of(prefix + axis), precision=18, scale=15)
        for axis in ("Latitude", "Longitude")
    ]
    parts.append(Field(prefix + "GeocodeAccuracy", "picklist", label_of(prefix + "GeocodeAccuracy"), length=40))
    for part in parts:
        yield replace(part, compound=name)
    yield Field(
        name,
        "address",
        label_of(name),
        createable=False,
        updateable=False,
        components=tuple(part.name for part in parts),
    )


def _geo(name: str, prefix: str, update_only: bool) -> Iterator[Field]:
    axes = [f"{prefix.strip('-')}Latitude", f"{prefix.strip('-')}Longitude"]
    for axis in axes:
        yield Field(axis, "double", label_of(axis), precision=18, scale=15, compound=name, createable=not update_only)
    yield Field(name, "location", label_of(name), createable=False, updateable=False, components=tuple(axes))
