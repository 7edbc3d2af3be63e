"""Reads the fields of a request into kept values: names, rights, types (sheet 2.7, 7.1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.metadata import Field, SObject
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


def read(records: "Records", obj: SObject, fields: Mapping[str, object], creating: bool) -> Row:
    """The kept values of a create or update; `attributes` and `Id` are passed over.

    Raises ApiError for a field that is not there, hidden, read-only, or given a value that does not suit it.
    """
    given: Row = {}
    for name, value in fields.items():
        if name.lower() in ("attributes", "id"):
            continue
        parent = isinstance(value, Mapping) and obj.by_relationship.get(name.lower())
        f = parent or obj.field(name)
        if f is None or not records.viewer.sees(obj, f):
            reason = f"No such column '{name}' on sobject of type {obj.name}"
            raise ApiError(400, "INVALID_FIELD", reason)
        writable = f.createable if creating else f.updateable
        if not writable or not records.viewer.edits(obj, f):
            reason = (
                f"Unable to create/update fields: {f.name}. Please check the security settings of this field and "
                "verify that it is read/write for your profile or permission set."
            )
            raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", reason, [f.name])
        given[f.name] = (
            _referred(records, f, value)
            if parent and isinstance(value, Mapping)
            else values.store(f, value, records.schema)
        )
    return given


def _referred(records: "Records", f: Field, value: Mapping[str, object]) -> str:
    """A parent given by its external id: `"Account": {"Key__c": "7"}`."""
    kind = value.get("attributes")
    target = kind.get("type") if isinstance(kind, Mapping) else f.reference_to[0]
    obj = records.schema.find(str(target))
    named = [(name, wanted) for name, wanted in value.items() if name != "attributes"]
    key = obj.field(named[0][0]) if obj and len(named) == 1 else None
    if obj is None or key is None or not key.id_lookup:
        raise ApiError(400, "INVALID_FIELD", f"{f.relationship} must be given by one external id")
    found = records.by_external_id(obj, key, str(named[0][1]))
    if len(found) != 1:
        reason = f"Foreign key external ID: {named[0][1]} not found for field {key.name} in entity {obj.name}"
        raise ApiError(400, "INVALID_FIELD", reason)
    return found[0]
