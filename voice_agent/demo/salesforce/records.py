"""Creating, changing and deleting records, with every check that the org makes (sheet 2.3, 2.7).

A `Records` lives for one request. What it does is undone with the transaction or savepoint around it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from voice_agent.demo.salesforce import ids, payload, rules, values
from voice_agent.demo.salesforce.access import Rights, Viewer
from voice_agent.demo.salesforce.database import Database
from voice_agent.demo.salesforce.errors import ApiError, no_such_record
from voice_agent.demo.salesforce.metadata import Field, SObject
from voice_agent.demo.salesforce.org import Org
from voice_agent.demo.salesforce.phones import digits
from voice_agent.demo.salesforce.soql.select import Selector
from voice_agent.demo.salesforce.values import Row, Stored

_STAMPS = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp", "LastViewedDate", "LastReferencedDate"})
_SYSTEM_RIGHTS = Rights()
_UNLISTED = _STAMPS | {"Id", "IsDeleted", "CreatedDate", "CreatedById"}


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert came to."""

    id: str
    created: bool


class Records:
    """The record changes of one request by one viewer."""

    def __init__(
        self, database: Database, org: Org, viewer: Viewer, transaction: str, origin: str, *, seeding: bool = False
    ) -> None:
        self.database = database
        self.schema = database.schema
        self.org = org
        self.viewer = viewer
        self.now = values.instant(viewer.now)
        self._transaction = transaction
        self._origin = origin
        self._steps = 0
        self._seeding = seeding
        self.moving: set[Stored] = set()
        """Product items that a stock movement is changing just now; see rules/inventory.py."""
        self._locked: frozenset[str] | None = None

    # -- what a request may do ----------------------------------------------------------------------------------------

    def insert(self, obj: SObject, fields: Mapping[str, object]) -> str:
        """Creates a record and gives its id."""
        self._allow(obj, "c")
        if not obj.createable:
            raise _entity_refused(obj, "inserted")
        given = payload.read(self, obj, fields, creating=True)
        return self.add(obj, given)

    def update(self, obj: SObject, record_id: str, fields: Mapping[str, object]) -> None:
        """Changes a record that the viewer may see and edit."""
        self._allow(obj, "u")
        if not obj.updateable:
            raise _entity_refused(obj, "updated")
        old = self.visible(obj, record_id)
        self._check_editable(obj, record_id)
        self.change(obj, old, payload.read(self, obj, fields, creating=False))

    def delete(self, obj: SObject, record_id: str) -> None:
        """Moves a record and what hangs on it to the recycle bin."""
        self._allow(obj, "d")
        if not obj.deletable:
            raise _entity_refused(obj, "deleted")
        row = self.visible(obj, record_id)
        self._check_editable(obj, record_id)
        self.remove(obj, row)

    def upsert(
        self, obj: SObject, key: Field, value: str, fields: Mapping[str, object], update_only: bool = False
    ) -> Upserted:
        """By external id: updates the one match, creates without a match (sheet 2.3)."""
        found = self.by_external_id(obj, key, value)
        if len(found) > 1:
            raise ApiError(300, "DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {value}")
        if found:
            self.update(obj, found[0], fields)
            return Upserted(found[0], False)
        if update_only:
            raise no_such_record(value)
        return Upserted(self.insert(obj, {**fields, key.name: value}), True)

    def by_external_id(self, obj: SObject, key: Field, value: str) -> list[str]:
        """Ids of the live records that carry the value."""
        kept = values.store(key, value, self.schema)
        rows = self.database.connection.execute(
            f'SELECT "Id" FROM "{obj.name}" WHERE "{key.name}" = ? AND "IsDeleted" = 0', [kept]
        )
        return [row[0] for row in rows]

    def visible(self, obj: SObject, record_id: str) -> Row:
        """The live record. Raises NOT_FOUND or ENTITY_IS_DELETED; what sharing hides is not found (sheet 7.1)."""
        row = self.row(obj, record_id)
        rule = self.viewer.rights.sharing.get(obj.name)
        if row is None or (rule and not self._meets(obj, rule, record_id)):
            raise no_such_record(record_id)
        if row["IsDeleted"]:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
        return row

    # -- what the org itself does, with no rights asked ---------------------------------------------------------------

    def row(self, obj: SObject, record_id: str) -> Row | None:
        cursor = self.database.connection.execute(f'SELECT * FROM "{obj.name}" WHERE "Id" = ?', [record_id])
        found = cursor.fetchone()
        return dict(zip([column[0] for column in cursor.description], found, strict=True)) if found else None

    def rows(self, object_name: str, field: str, value: Stored) -> list[Row]:
        """The live records whose field has the value, oldest first."""
        cursor = self.database.connection.execute(
            f'SELECT * FROM "{object_name}" WHERE "{field}" = ? AND "IsDeleted" = 0 ORDER BY rowid', [value]
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, found, strict=True)) for found in cursor.fetchall()]

    def parent(self, record_id: Stored) -> tuple[SObject, Row] | None:
        """The record that a reference points at, of whatever object."""
        obj = self.schema.of_id(record_id) if isinstance(record_id, str) else None
        row = self.row(obj, record_id) if obj and isinstance(record_id, str) else None
        return (obj, row) if obj and row else None

    def create(self, object_name: str, fields: Mapping[str, Stored]) -> str:
        """A record that the org makes by itself."""
        return self.add(self.schema.objects[object_name], dict(fields))

    def adjust(self, object_name: str, record_id: Stored, fields: Mapping[str, Stored]) -> None:
        """A change that the org makes by itself."""
        obj = self.schema.objects[object_name]
        row = self.row(obj, str(record_id))
        if row is not None:
            self.change(obj, row, dict(fields))

    def add(self, obj: SObject, given: Row, record_id: str = "") -> str:
        """Inserts kept values: defaults, numbers and stamps, the rules, the checks, the books."""
        new: Row = {f.name: None for f in obj.fields if f.stored}
        new.update(self._defaults(obj))
        new.update(given)
        self._number(obj, new)
        created = given.get("CreatedDate") or self.now
        by = given.get("CreatedById") or self.viewer.user_id
        new |= {"CreatedDate": created, "CreatedById": by, "LastModifiedDate": self.now}
        new |= {"LastModifiedById": by, "SystemModstamp": self.now, "IsDeleted": 0}
        if obj.has("OwnerId") and new["OwnerId"] is None:
            new["OwnerId"] = self.viewer.user_id
        new["Id"] = record_id or ids.mint(obj.prefix, self.database.next(obj.name))
        rules.before_save(self, obj, None, new)
        self._check(obj, None, new)
        columns = ", ".join(f'"{name}"' for name in new)
        marks = ", ".join("?" * len(new))
        self.database.connection.execute(f'INSERT INTO "{obj.name}" ({columns}) VALUES ({marks})', list(new.values()))
        self._index(obj, new)
        self._enter(obj, "CREATE", None, new)
        rules.after_save(self, obj, None, new)
        self._validate(obj, str(new["Id"]))
        return str(new["Id"])

    def change(self, obj: SObject, old: Row, given: Row) -> None:
        """Updates kept values, in the same order of steps as `add`."""
        new: Row = {**old, **given}
        new |= {"LastModifiedDate": self.now, "LastModifiedById": self.viewer.user_id, "SystemModstamp": self.now}
        rules.before_save(self, obj, old, new)
        self._check(obj, old, new)
        changed = {name: value for name, value in new.items() if value != old[name]}
        if changed:
            sets = ", ".join(f'"{name}" = ?' for name in changed)
            self.database.connection.execute(
                f'UPDATE "{obj.name}" SET {sets} WHERE "Id" = ?', [*changed.values(), old["Id"]]
            )
            self._index(obj, new)
        if changed.keys() - _STAMPS:
            self._enter(obj, "UPDATE", old, new)
        rules.after_save(self, obj, old, new)
        self._validate(obj, str(new["Id"]))

    def remove(self, obj: SObject, row: Row) -> None:
        """Soft-deletes with cascade; lookups without cascade are emptied (sheet 2.3 DELETE)."""
        self._check_lock(str(row["Id"]))
        rules.before_delete(self, obj, row)
        for relationship in self.schema.children(obj.name):
            child = self.schema.objects[relationship.child]
            for found in self.rows(child.name, relationship.field.name, row["Id"]):
                match relationship.field.on_delete:
                    case "cascade":
                        self.remove(child, found)
                    case "restrict":
                        reason = (
                            f"Your attempt to delete {row.get('Name') or row['Id']} could not be completed because it "
                            f"is associated with the following {child.plural.lower()}.: {found['Id']}"
                        )
                        raise ApiError(400, "DELETE_FAILED", reason, [])
                    case _:
                        self.change(child, found, {relationship.field.name: None})
        self.database.connection.execute(
            f'UPDATE "{obj.name}" SET "IsDeleted" = 1, "LastModifiedDate" = ?, "SystemModstamp" = ? WHERE "Id" = ?',
            [self.now, self.now, row["Id"]],
        )
        self.database.connection.execute("DELETE FROM _phones WHERE record = ?", [row["Id"]])
        self._enter(obj, "DELETE", row, {**row, "IsDeleted": 1})

    # -- rights ------------------------------------------------------------------------------------------

    def _allow(self, obj: SObject, what: str) -> None:
        if not self.viewer.rights.allows("r", obj.name):
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if not self.viewer.rights.allows(what, obj.name):
            raise ApiError(403, "INSUFFICIENT_ACCESS", f"insufficient access rights on entity: {obj.label}")

    # -- checks -------------------------------------------------------------------------------------------------------

    def _check(self, obj: SObject, old: Row | None, new: Row) -> None:
        self._check_lock(str(new["Id"]))
        self._check_required(obj, old, new)
        for f in obj.fields:
            value = new.get(f.name)
            if value is None or (old is not None and old[f.name] == value):
                continue
            if (
                f.reference_to
                and not self._seeding
                and f.name not in ("CreatedById", "LastModifiedById")
                and value != new["Id"]
            ):
                self._check_reference(f, str(value))
            if f.unique:
                self._check_unique(obj, f, value, str(new["Id"]))

    def _check_required(self, obj: SObject, old: Row | None, new: Row) -> None:
        missing = [
            f.name
            for f in obj.fields
            if not f.nillable
            and f.stored
            and f.type != "boolean"
            and f.name not in _UNLISTED
            and new.get(f.name) is None
            and (old is None or old[f.name] is not None)
        ]
        if missing:
            reason = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError(400, "REQUIRED_FIELD_MISSING", reason, missing)

    def _check_reference(self, f: Field, record_id: str) -> None:
        found = self.parent(record_id)
        if found is None or found[1]["IsDeleted"]:
            code = "INVALID_CROSS_REFERENCE_KEY" if found is None else "ENTITY_IS_DELETED"
            reason = "invalid cross reference id" if found is None else "entity is deleted"
            raise ApiError(400, code, reason, [f.name] if found is None else [])
        rule = self.viewer.rights.sharing.get(found[0].name)
        if rule and not self._meets(found[0], rule, record_id):
            reason = f"insufficient access rights on cross-reference id: {record_id[:15]}"
            raise ApiError(400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", reason, [])
        if f.on_delete == "cascade":
            self._check_lock(record_id)

    def _check_unique(self, obj: SObject, f: Field, value: Stored, record_id: str) -> None:
        row = self.database.connection.execute(
            f'SELECT "Id" FROM "{obj.name}" WHERE "{f.name}" = ? AND "Id" <> ? AND "IsDeleted" = 0', [value, record_id]
        ).fetchone()
        if row:
            reason = f"duplicate value found: {f.name} duplicates value on record with id: {row[0][:15]}"
            raise ApiError(400, "DUPLICATE_VALUE", reason, [])

    def _check_lock(self, record_id: str) -> None:
        if self._locked is None:
            held = self.database.setting("locked")
            self._locked = frozenset(str(one) for one in held) if isinstance(held, list) else frozenset()
        if record_id in self._locked:
            raise ApiError(
                400,
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or 1 records: {record_id}",
                [],
            )

    def _check_editable(self, obj: SObject, record_id: str) -> None:
        rule = self.viewer.rights.read_only_records.get(obj.name)
        if rule and self._meets(obj, rule, record_id):
            raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])

    def _validate(self, obj: SObject, record_id: str) -> None:
        for rule in () if self._seeding else self.org.rules:
            if rule.object_name == obj.name and self._meets(obj, rule.condition, record_id):
                fields = [rule.field] if rule.field else []
                raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)

    def _meets(self, obj: SObject, condition: str, record_id: str) -> bool:
        system = Viewer(
            self.viewer.user_id, self.viewer.username, self.viewer.zone, self.viewer.now, rights=_SYSTEM_RIGHTS
        )
        selector = Selector(self.database.connection, self.schema, system, "", deleted=True)
        return selector.matches(obj, condition.replace(":me", f"'{self.viewer.user_id}'"), record_id)

    # -- books --------------------------------------------------------------------------------------------------------

    def _defaults(self, obj: SObject) -> Row:
        found: Row = {}
        for f in obj.fields:
            if not f.stored:
                continue
            if f.type == "boolean":
                found[f.name] = int(bool(f.default))
            elif f.default is not None:
                found[f.name] = f.default
            for listed in f.values:
                if listed.default:
                    found[f.name] = listed.value
        return found

    def _number(self, obj: SObject, new: Row) -> None:
        for f in obj.fields:
            if not f.auto_number:
                continue
            counter = f"{obj.name}.{f.name}"
            if new.get(f.name) is None:
                head, _, rest = f.auto_number.partition("{")
                zeros, _, tail = rest.partition("}")
                new[f.name] = f"{head}{self.database.next(counter):0{len(zeros)}d}{tail}"

    def _index(self, obj: SObject, new: Row) -> None:
        """Keeps the digits of every phone field for SOSL (sheet 2.5)."""
        phones = [f.name for f in obj.fields if f.type == "phone" and f.stored]
        if not phones:
            return
        self.database.connection.execute("DELETE FROM _phones WHERE record = ?", [new["Id"]])
        found = {digits(str(new[name])) for name in phones if new[name]}
        self.database.connection.executemany(
            "INSERT INTO _phones VALUES (?, ?)", [(new["Id"], one) for one in sorted(found) if one]
        )

    def _enter(self, obj: SObject, change: str, old: Row | None, new: Row) -> None:
        """Writes the change to the ledger, which also feeds change events (sheet 6.2)."""
        if self._seeding:
            return
        fields: dict[str, list[object]] = {}
        for f in obj.fields:
            if not f.stored or f.name in _UNLISTED:
                continue
            before = values.show(f, old[f.name]) if old else None
            after = None if change == "DELETE" else values.show(f, new[f.name])
            if before != after and change != "DELETE":
                fields[f.name] = [before, after]
        self._steps += 1
        self.database.connection.execute(
            "INSERT INTO _ledger (at, txn, step, object, record, change, fields, user, origin) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.now,
                self._transaction,
                self._steps,
                obj.name,
                new["Id"],
                change,
                orjson.dumps(fields).decode(),
                self.viewer.user_id,
                self._origin,
            ],
        )


def _entity_refused(obj: SObject, what: str) -> ApiError:
    reason = f"entity type cannot be {what}: {obj.label}"
    return ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", reason, [])
