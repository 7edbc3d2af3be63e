"""Reads objects and fields from sfdx source format (sheet 1.8), so that a package and this org cannot drift apart.

objects/AI_Interaction__c/AI_Interaction__c.object-meta.xml
objects/AI_Interaction__c/fields/Call_Sid__c.field-meta.xml
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

from voice_agent.demo.salesforce.metadata import Default, Field, FieldType, OnDelete, PicklistValue, SObject
from voice_agent.demo.salesforce.notation import id_field, label_of, lookup, system_fields

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES: dict[str, FieldType] = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Phone": "phone",
    "Email": "email",
    "Url": "url",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Checkbox": "boolean",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Time": "time",
}
_DELETION: dict[str, OnDelete] = {"SetNull": "clear", "Cascade": "cascade", "Restrict": "restrict"}


class PackageError(ValueError):
    """A file of the package that cannot be read; the text names it."""


def lay_over(objects: Iterable[SObject], package: Path) -> list[SObject]:
    """The objects with those of the package added, and fields of the same name replaced by the package's.

    New custom objects get the next free prefix (`a00`, `a01`, ... in order of their names, sheet 1.2).
    """
    known = {obj.name: obj for obj in objects}
    taken = {obj.prefix for obj in known.values()}
    folders = sorted(path for path in package.rglob("objects/*") if path.is_dir())
    for folder in folders:
        if folder.name not in known:
            prefix = next(p for p in (f"a{n:02d}" for n in range(100)) if p not in taken)
            taken.add(prefix)
            known[folder.name] = _object(folder, prefix)
    for folder in folders:
        for file in sorted(folder.glob("fields/*.field-meta.xml")):
            obj = known[folder.name]
            added = _field(file, obj.name)
            known[folder.name] = replace(obj, fields=(*(f for f in obj.fields if f.name != added.name), added))
    return list(known.values())


def _object(folder: Path, prefix: str) -> SObject:
    root = _root(folder / f"{folder.name}.object-meta.xml")
    label = _text(root, "label") or label_of(folder.name)
    name_field = root.find(f"{_NAMESPACE}nameField")
    auto = name_field is not None and _text(name_field, "type") == "AutoNumber"
    mask = _text(name_field, "displayFormat") if name_field is not None and auto else ""
    name = Field(
        "Name",
        "string",
        (_text(name_field, "label") if name_field is not None else "") or "Name",
        length=80,
        auto_number=mask,
        nillable=False,
        is_name=True,
        createable=not auto,
        updateable=not auto,
    )
    fields = (id_field(label), name, *system_fields(owner=True))
    return SObject(folder.name, label, _text(root, "pluralLabel") or label + "s", prefix, fields)


def _field(file: Path, owner: str) -> Field:
    root = _root(file)
    name = _text(root, "fullName")
    kind = _text(root, "type")
    required = _text(root, "required") == "true"
    if kind in ("Lookup", "MasterDetail"):
        down = _text(root, "relationshipName")
        return lookup(
            name,
            (_text(root, "referenceTo"),),
            down=f"{down}__r" if down else "",
            on_delete="cascade" if kind == "MasterDetail" else _DELETION.get(_text(root, "deleteConstraint"), "clear"),
            nillable=not (required or kind == "MasterDetail"),
            label=_text(root, "label"),
        )
    if kind not in _TYPES:
        raise PackageError(f"{file}: field type {kind!r} is not supported")
    type_ = _TYPES[kind]
    values = tuple(_values(root))
    listed = root.find(f"{_NAMESPACE}valueSet")
    return Field(
        name=name,
        type=type_,
        label=_text(root, "label") or label_of(name),
        length=int(_text(root, "length") or {"phone": 40, "email": 80, "textarea": 255}.get(type_, 255)),
        precision=int(_text(root, "precision") or 0),
        scale=int(_text(root, "scale") or 0),
        nillable=not required and type_ != "boolean",
        default=_default(type_, _text(root, "defaultValue")),
        unique=_text(root, "unique") == "true",
        external_id=_text(root, "externalId") == "true",
        case_sensitive=_text(root, "caseSensitive") == "true",
        restricted=listed is not None and _text(listed, "restricted") == "true",
        values=values,
    )


def _values(root: Element) -> Iterable[PicklistValue]:
    for value in root.iter(f"{_NAMESPACE}value"):
        name = _text(value, "fullName")
        yield PicklistValue(name, _text(value, "label") or name, _text(value, "default") == "true")


def _default(type_: FieldType, text: str) -> Default:
    if type_ == "boolean":
        return text == "true"
    return text.strip("'\"") or None


def _root(file: Path) -> Element:
    try:
        root: Element = parse(file).getroot()
    except (OSError, SyntaxError) as problem:
        raise PackageError(f"{file}: {problem}") from problem
    return root


def _text(element: Element, name: str) -> str:
    return (element.findtext(f"{_NAMESPACE}{name}") or "").strip()
