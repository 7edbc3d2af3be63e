"""Field paths of a statement as SQL: which table each path ends in, and the joins that lead there."""

from dataclasses import dataclass
from typing import NoReturn

from voice_agent.demo.salesforce.access import Viewer
from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.metadata import Field, Schema, SObject
from voice_agent.demo.salesforce.soql.statement import Path

MAX_LEVELS = 5
_NAMED = {
    "id": Field("Id", "id", "ID"),
    "name": Field("Name", "string", "Name"),
    "type": Field("Type", "picklist", "Type"),
    "firstname": Field("FirstName", "string", "First Name"),
    "lastname": Field("LastName", "string", "Last Name"),
    "email": Field("Email", "email", "Email"),
    "phone": Field("Phone", "phone", "Phone"),
    "username": Field("Username", "string", "Username"),
    "alias": Field("Alias", "string", "Alias"),
    "isactive": Field("IsActive", "boolean", "Active"),
    "title": Field("Title", "string", "Title"),
}
"""What a polymorphic parent shows, whatever it is (sheet 1.1)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field reached from a scope: its SQL, and where it belongs."""

    sql: str
    field: Field
    owner: SObject | None
    """None for a polymorphic parent."""
    above: tuple[str, ...]
    """The relationships that were followed, in canonical case."""
    components: tuple["Column", ...] = ()


@dataclass(frozen=True, slots=True)
class Parent:
    """A record reached from a scope, joined under an alias."""

    alias: str
    owner: SObject
    above: tuple[str, ...]


class Scope:
    """One SELECT level: its object, the aliases the statement gave, and the joins made so far."""

    def __init__(
        self,
        schema: Schema,
        viewer: Viewer,
        statement: str,
        source: SObject,
        table: str,
        aliases: tuple[tuple[str, tuple[str, ...]], ...] = (),
        name: str = "t",
    ) -> None:
        self.schema = schema
        self.viewer = viewer
        self.statement = statement
        self.source = source
        self._name = name
        self._aliases = dict(aliases)
        self._parents: dict[tuple[str, ...], Parent] = {(): Parent(f"{name}0", source, ())}
        self._from = [f"{table} {name}0"]

    @property
    def root(self) -> str:
        """SQL alias of the scope's own table."""
        return f"{self._name}0"

    def from_sql(self) -> str:
        return " ".join(self._from)

    def column(self, path: Path) -> Column:
        """Raises QueryError INVALID_FIELD for what is not there or not for this user to see (sheet 7.1)."""
        return self._column(self._expanded(path.parts), path.at)

    def component(self, path: Path, suffix: str) -> Column:
        """The part of a compound field that ends in `suffix`, e.g. `Latitude` of `Account.BillingAddress`."""
        whole = self.column(path)
        for part in whole.components:
            if part.field.name.endswith(suffix):
                return part
        raise QueryError("INVALID_FIELD", f"{path.parts[-1]} is no location", self.statement, path.at)

    def parent(self, above: tuple[str, ...], at: int) -> Parent:
        """Joins the tables along the relationships; a missing parent leaves nulls."""
        key = tuple(part.lower() for part in above)
        if key in self._parents:
            return self._parents[key]
        if len(above) > MAX_LEVELS:
            reason = "SOQL relationship paths may not be more than 5 levels deep"
            raise QueryError("MALFORMED_QUERY", reason, self.statement, at)
        child = self.parent(above[:-1], at)
        f = self._relationship(child.owner, above[-1], at)
        owner = self.schema.objects[f.reference_to[0]]
        if not self.viewer.rights.allows("r", owner.name):
            self._unknown_relationship(above[-1], at)
        alias = f"{self._name}{len(self._parents)}"
        self._from.append(f'LEFT JOIN "{owner.name}" {alias} ON {alias}."Id" = {child.alias}."{f.name}"')
        made = Parent(alias, owner, (*child.above, f.relationship))
        self._parents[key] = made
        return made

    def _expanded(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        stem = self._aliases.get(parts[0].lower()) if len(parts) > 1 else None
        return parts if stem is None else (*stem, *parts[1:])

    def _column(self, parts: tuple[str, ...], at: int) -> Column:
        *above, last = parts
        polymorphic = self._polymorphic(tuple(above), last, at)
        if polymorphic:
            return polymorphic
        parent = self.parent(tuple(above), at)
        f = parent.owner.field(last)
        if f is None or not self.viewer.sees(parent.owner, f):
            reason = (
                f"No such column '{last}' on entity '{parent.owner.name}'. If you are attempting to use a custom "
                "field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the "
                "describe call for the appropriate names."
            )
            raise QueryError("INVALID_FIELD", reason, self.statement, at)
        if f.formula:
            shown = self._column((*above, *f.formula.split(".")), at)
            return Column(shown.sql, f, parent.owner, parent.above)
        if f.counts:
            return Column(self._count(parent, f), f, parent.owner, parent.above)
        if f.components:
            parts_of = tuple(self._column((*above, component), at) for component in f.components)
            return Column("", f, parent.owner, parent.above, parts_of)
        return Column(f'{parent.alias}."{f.name}"', f, parent.owner, parent.above)

    def _count(self, parent: Parent, f: Field) -> str:
        child = self.schema.child(parent.owner.name, f.counts)
        assert child is not None, f.counts
        return (
            f'(SELECT COUNT(*) FROM "{child.child}" n WHERE n."{child.field.name}" = {parent.alias}."Id" '
            f'AND n."IsDeleted" = 0)'
        )

    def _polymorphic(self, above: tuple[str, ...], last: str, at: int) -> Column | None:
        if not above:
            return None
        child = self.parent(above[:-1], at)
        f = self._relationship(child.owner, above[-1], at)
        if not f.polymorphic:
            return None
        shown = _NAMED.get(last.lower())
        if shown is None:
            reason = f"No such column '{last}' on entity 'Name'."
            raise QueryError("INVALID_FIELD", reason, self.statement, at)
        key = f'{child.alias}."{f.name}"'
        way = (*child.above, f.relationship)
        if shown.name == "Id":
            return Column(key, shown, None, way)
        cases = " ".join(
            f"WHEN '{self.schema.objects[target].prefix}' THEN {self._shown_of(target, shown.name, key)}"
            for target in f.reference_to
        )
        return Column(f"(CASE substr({key}, 1, 3) {cases} END)", shown, None, way)

    def _shown_of(self, target: str, name: str, key: str) -> str:
        if name == "Type":
            return f"'{target}'"
        obj = self.schema.objects[target]
        f = obj.name_field if name == "Name" else obj.field(name)
        if f is None or not f.stored:
            return "NULL"
        return f'(SELECT p."{f.name}" FROM "{target}" p WHERE p."Id" = {key})'

    def _relationship(self, owner: SObject, name: str, at: int) -> Field:
        f = owner.by_relationship.get(name.lower())
        if f is None or not self.viewer.sees(owner, f):
            self._unknown_relationship(name, at)
        return f

    def _unknown_relationship(self, name: str, at: int) -> NoReturn:
        reason = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
            "WSDL or the describe call for the appropriate names."
        )
        raise QueryError("INVALID_FIELD", reason, self.statement, at)
