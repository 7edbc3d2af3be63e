"""Runs a SOQL statement against the tables: one SQL statement, and one more for each child sub-query."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from voice_agent.demo.salesforce.access import Rights, Viewer
from voice_agent.demo.salesforce.errors import ApiError, QueryError
from voice_agent.demo.salesforce.metadata import Field, Schema, SObject
from voice_agent.demo.salesforce.soql import plan
from voice_agent.demo.salesforce.soql.columns import Column, Scope
from voice_agent.demo.salesforce.soql.conditions import Conditions, SemiJoin
from voice_agent.demo.salesforce.soql.functions import AGGREGATES, call_sql
from voice_agent.demo.salesforce.soql.groups import Groups
from voice_agent.demo.salesforce.soql.parser import parse, parse_condition
from voice_agent.demo.salesforce.soql.plan import Compound, Leaf, Record, RecordPlan, Rows, Shaper, TypePlan
from voice_agent.demo.salesforce.soql.statement import (
    Call,
    Order,
    Path,
    Query,
    Selected,
    SelectedGroup,
    SelectedRows,
    SelectedType,
)
from voice_agent.demo.salesforce.values import Stored

_MAX_OFFSET = 2000
_FIELDS_LIMIT = 200
_MAX_CHILD_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """All records of a statement; cutting into pages is the caller's business."""

    total: int
    records: list[Record]


class Selector:
    """Runs statements for one viewer on one connection."""

    def __init__(
        self, connection: sqlite3.Connection, schema: Schema, viewer: Viewer, base: str, deleted: bool = False
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._viewer = viewer
        self._deleted = deleted
        self._shaper = Shaper(schema, base, viewer.zone)

    def run(self, statement: str) -> Answer:
        """Raises QueryError with the position of the fault."""
        return self.answer(parse(statement), statement)

    def matches(self, obj: SObject, condition: str, record_id: str) -> bool:
        """Whether a record meets a bare condition, as validation and sharing rules put it."""
        return bool(self.matching(obj, condition, [record_id]))

    def matching(self, obj: SObject, condition: str, record_ids: Sequence[str]) -> set[str]:
        """Those of the records that meet a bare condition."""
        scope = Scope(self._schema, self._viewer, condition, obj, f'"{obj.name}"')
        conditions = Conditions(scope, self._semi_join(scope))
        where = conditions.sql(parse_condition(condition))
        rows = self._connection.execute(
            f"SELECT {scope.root}.Id FROM {scope.from_sql()} WHERE {where} "
            f"AND {scope.root}.Id IN (SELECT value FROM json_each(?))",
            [*conditions.parameters, orjson.dumps(list(record_ids)).decode()],
        )
        return {row[0] for row in rows}

    def answer(self, query: Query, statement: str) -> Answer:
        scope, parameters = self._scope(query, statement)
        if query.offset is not None and query.offset > _MAX_OFFSET:
            reason = f"Maximum SOQL offset allowed is {_MAX_OFFSET}"
            raise QueryError("NUMBER_OUTSIDE_VALID_RANGE", reason, statement, query.offset_at)
        if query.counts_only and query.grouping is None:
            return Answer(self._count(scope, query, parameters), [])
        if query.grouping or any(_aggregated(item) for item in query.select):
            records = self._grouped(scope, query, parameters)
            return Answer(len(records), records)
        records = [record for _, record in self._level(scope, query, parameters, None, [], 1)]
        return Answer(len(records), records)

    # -- one level -------------------------------------------------------------------------------------------------

    def _scope(self, query: Query, statement: str, name: str = "t") -> tuple[Scope, list[Stored]]:
        """The scope of a top-level statement, and the parameters that its table already needs."""
        obj = self._schema.find(query.source)
        if obj is None or not self._viewer.rights.allows("r", obj.name):
            reason = (
                f"sObject type '{query.source}' is not supported. If you are attempting to use a custom object, be "
                "sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
                "the appropriate names."
            )
            raise QueryError("INVALID_TYPE", reason, statement, query.source_at)
        table, parameters = self.table(obj)
        return Scope(self._schema, self._viewer, statement, obj, table, query.aliases, name), parameters

    def table(self, obj: SObject) -> tuple[str, list[Stored]]:
        """The rows of an object that this viewer may see (sharing), as SQL to select from."""
        rule = self._viewer.rights.sharing.get(obj.name)
        if not rule:
            return f'"{obj.name}"', []
        condition = rule.replace(":me", f"'{self._viewer.user_id}'")
        scope = Scope(self._schema, replace(self._viewer, rights=Rights()), condition, obj, f'"{obj.name}"', name="s")
        conditions = Conditions(scope, self._semi_join(scope))
        where = conditions.sql(parse_condition(condition))
        return f"(SELECT {scope.root}.* FROM {scope.from_sql()} WHERE {where})", conditions.parameters

    def _level(
        self,
        scope: Scope,
        query: Query,
        parameters: list[Stored],
        key: Field | None,
        parents: Sequence[str],
        depth: int,
    ) -> list[tuple[Stored, Record]]:
        """The records of one SELECT, each with the parent id that `key` holds (None at the top)."""
        columns = [f'{scope.root}."Id"', f'{scope.root}."{key.name}"' if key else "NULL"]
        record_plan = RecordPlan(0, scope.source.name)
        self._plan(scope, query, record_plan, columns)
        conditions = self._where(scope, query)
        where, values = self._filter(scope, query, conditions)
        if key:
            where += f' AND {scope.root}."{key.name}" IN (SELECT value FROM json_each(?))'
            values.append(orjson.dumps(list(parents)).decode())
        order = self._order_sql(scope, query.order)
        sql = self._statement(scope, columns, where, order, query, key)
        rows = self._connection.execute(sql, [*parameters, *values]).fetchall()
        ids = [row[0] for row in rows]
        found = {
            entry: self._children(scope, entry, ids, depth)
            for entry in record_plan.entries.values()
            if isinstance(entry, Rows)
        }

        def children(entry: Rows, record_id: str) -> object:
            records = found[entry].get(record_id)
            return {"totalSize": len(records), "done": True, "records": records} if records else None

        shaped = [(row[1], self._shaper.record(record_plan, row, children)) for row in rows]
        return [(parent, record) for parent, record in shaped if record is not None]

    def _children(self, scope: Scope, rows: Rows, parents: list[str], depth: int) -> dict[Stored, list[Record]]:
        if depth > _MAX_CHILD_LEVELS - 1:
            reason = f"SOQL queries support no more than {_MAX_CHILD_LEVELS} levels of parent-to-child relationships"
            raise ApiError(400, "MALFORMED_QUERY", reason)
        child = self._schema.objects[rows.child]
        table, parameters = self.table(child)
        aliases = (*rows.query.aliases, (rows.relationship.lower(), ()))
        inner = Scope(self._schema, self._viewer, scope.statement, child, table, aliases)
        grouped: dict[Stored, list[Record]] = {}
        for parent, record in self._level(inner, rows.query, parameters, rows.key, parents, depth + 1):
            grouped.setdefault(parent, []).append(record)
        return grouped

    @staticmethod
    def _statement(scope: Scope, columns: list[str], where: str, order: str, query: Query, key: Field | None) -> str:
        listed = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns))
        if key is None or query.limit is None:
            return f"SELECT {listed} FROM {scope.from_sql()} WHERE {where} ORDER BY {order}{_limits(query)}"
        first = query.offset or 0
        return (
            f"SELECT * FROM (SELECT {listed}, ROW_NUMBER() OVER (PARTITION BY {columns[1]} ORDER BY {order}) AS place "
            f"FROM {scope.from_sql()} WHERE {where}) WHERE place > {first} AND place <= {first + query.limit} "
            f"ORDER BY place"
        )

    def _count(self, scope: Scope, query: Query, parameters: list[Stored]) -> int:
        where, values = self._filter(scope, query, self._where(scope, query))
        sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.from_sql()} WHERE {where}{_limits(query)})"
        total: int = self._connection.execute(sql, [*parameters, *values]).fetchone()[0]
        return total

    # -- parts -----------------------------------------------------------------------------------------------------

    def _where(self, scope: Scope, query: Query) -> tuple[str, list[Stored]]:
        if query.where is None:
            return "1", []
        conditions = Conditions(scope, self._semi_join(scope))
        return conditions.sql(query.where), conditions.parameters

    def _filter(self, scope: Scope, query: Query, where: tuple[str, list[Stored]]) -> tuple[str, list[Stored]]:
        sql, values = where[0], list(where[1])
        if not self._deleted:
            sql += f' AND {scope.root}."IsDeleted" = 0'
        if query.scope == "mine":
            sql += f' AND {scope.root}."OwnerId" = ?'
            values.append(self._viewer.user_id)
        return sql, values

    def _order_sql(self, scope: Scope, order: Sequence[Order]) -> str:
        terms: list[str] = []
        for item in order:
            column = call_sql(scope, item.by) if isinstance(item.by, Call) else scope.column(item.by)
            if not column.field.filterable or column.field.type == "multipicklist":
                reason = f"field '{column.field.name}' can not be sorted in a query call"
                raise QueryError("INVALID_FIELD", reason, scope.statement, item.by.at)
            nulls = "LAST" if item.nulls_last else "FIRST"
            terms.append(f"{column.sql} {'DESC' if item.descending else 'ASC'} NULLS {nulls}")
        return ", ".join([*terms, f"{scope.root}.rowid"])

    def _plan(self, scope: Scope, query: Query, top: RecordPlan, columns: list[str]) -> None:
        for item in query.select:
            match item:
                case Selected(what=Path() as path, alias=alias):
                    if alias:
                        raise QueryError("MALFORMED_QUERY", f"unexpected token: '{alias}'", scope.statement, path.at)
                    self._place(scope, top, scope.column(path), columns, path)
                case Selected(what=Call() as call, alias=alias):
                    self._function(scope, top, call, alias, columns)
                case SelectedRows(query=inner, at=at):
                    self._rows(scope, top, inner, at)
                case SelectedType():
                    self._typeof(scope, top, item, columns)
                case SelectedGroup(group=group, at=at):
                    self._fields(scope, top, query, group, at, columns)

    def _place(self, scope: Scope, top: RecordPlan, column: Column, columns: list[str], path: Path) -> None:
        """Puts a column into the record that it belongs to, making the parents on the way."""
        record = top
        for level in range(1, len(column.above) + 1):
            way = column.above[:level]
            entry = record.entries.get(way[-1])
            if not isinstance(entry, RecordPlan):
                entry = self._parent_plan(scope, way, column, path.at, columns)
                record.entries[way[-1]] = entry
            record = entry
        name = column.field.name
        if name in record.entries:
            reason = f"duplicate field selected: {name}"
            raise QueryError("INVALID_FIELD", reason, scope.statement, path.at)
        record.entries[name] = _leaf_or_compound(column, columns)

    def _parent_plan(
        self, scope: Scope, way: tuple[str, ...], column: Column, at: int, columns: list[str]
    ) -> RecordPlan:
        if column.owner is None and way == column.above:
            key = scope.column(Path((*way, "Id"), at))
            return RecordPlan(_add(columns, key.sql), "")
        parent = scope.parent(way, at)
        return RecordPlan(_add(columns, f'{parent.alias}."Id"'), parent.owner.name)

    def _function(self, scope: Scope, top: RecordPlan, call: Call, alias: str, columns: list[str]) -> None:
        column = call_sql(scope, call)
        key = alias or column.field.name or f"expr{sum(1 for name in top.entries if name.startswith('expr'))}"
        entry = _leaf_or_compound(column, columns)
        if call.name == "FORMAT" and isinstance(entry, Leaf):
            entry = replace(entry, formatted=True)
        top.entries[key] = entry

    def _rows(self, scope: Scope, top: RecordPlan, inner: Query, at: int) -> None:
        down = self._schema.child(scope.source.name, inner.source)
        child = self._schema.objects[down.child] if down else None
        hidden = (
            down is None
            or child is None
            or not self._viewer.rights.allows("r", child.name)
            or not self._viewer.sees(child, down.field)
        )
        if hidden or down is None:
            reason = (
                f"Didn't understand relationship '{inner.source}' in FROM part of query call. If you are attempting "
                "to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please "
                "reference your WSDL or the describe call for the appropriate names."
            )
            raise QueryError("INVALID_TYPE", reason, scope.statement, inner.source_at)
        if inner.grouping or any(_aggregated(item) for item in inner.select):
            reason = "Only root queries support aggregate expressions"
            raise QueryError("MALFORMED_QUERY", reason, scope.statement, at)
        top.entries[down.name] = Rows(down.name, inner, down.child, down.field)

    def _typeof(self, scope: Scope, top: RecordPlan, item: SelectedType, columns: list[str]) -> None:
        """Fields of each possible parent come by their own sub-select: the parents share no table."""
        key = scope.column(Path((*item.path.parts, "Id"), item.path.at))
        index = _add(columns, key.sql)

        def of(obj: SObject | None, paths: tuple[Path, ...]) -> RecordPlan:
            inside = RecordPlan(index, obj.name if obj else "")
            if obj is None:
                for path in paths:
                    column = scope.column(Path((*item.path.parts, *path.parts), path.at))
                    inside.entries[column.field.name] = Leaf(_add(columns, column.sql), column.field)
                return inside
            inner = Scope(self._schema, self._viewer, scope.statement, obj, f'"{obj.name}"', name="y")
            first = len(columns)
            for path in paths:
                self._place(inner, inside, inner.column(path), columns, path)
            where = f'FROM {inner.from_sql()} WHERE {inner.root}."Id" = {key.sql}'
            columns[first:] = [f"(SELECT {sql} {where})" for sql in columns[first:]]
            return inside

        whens: dict[str, RecordPlan] = {}
        for name, paths in item.whens:
            obj = self._schema.find(name)
            if obj is None:
                reason = f"sObject type '{name}' is not supported."
                raise QueryError("INVALID_TYPE", reason, scope.statement, item.path.at)
            whens[obj.name] = of(obj, paths)
        top.entries[key.above[-1]] = TypePlan(index, whens, of(None, item.otherwise))

    def _fields(self, scope: Scope, top: RecordPlan, query: Query, group: str, at: int, columns: list[str]) -> None:
        if query.limit is None or query.limit > _FIELDS_LIMIT:
            reason = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
            raise QueryError("MALFORMED_QUERY", reason, scope.statement, at)
        for f in scope.source.fields:
            if group == "ALL" or (group == "CUSTOM") == f.custom:
                if self._viewer.sees(scope.source, f) and f.name not in top.entries:
                    column = scope.column(Path((f.name,), at))
                    top.entries[f.name] = _leaf_or_compound(column, columns)

    # -- groups and semi-joins ---------------------------------------------------------------------------------------

    def _grouped(self, scope: Scope, query: Query, parameters: list[Stored]) -> list[Record]:
        where, values = self._filter(scope, query, self._where(scope, query))
        groups = Groups(scope, query, self._semi_join(scope))
        records: list[Record] = []
        for sql, having in groups.statements(where):
            rows = self._connection.execute(sql, [*parameters, *values, *having])
            records.extend(groups.record(cells, self._shaper) for cells in rows)
        return groups.cut(records)

    def _semi_join(self, outer: Scope) -> SemiJoin:
        def compile_(query: Query, column: Column) -> tuple[str, list[Stored]]:
            inner, parameters = self._scope(query, outer.statement, name="j")
            if inner.source is outer.source:
                reason = "The inner and outer selects should not be on the same object type"
                raise QueryError("MALFORMED_QUERY", reason, outer.statement, query.source_at)
            match query.select:
                case (Selected(what=Path() as path),):
                    selected = inner.column(path)
                case _:
                    reason = "semi join sub-selects can only query id or reference fields"
                    raise QueryError("MALFORMED_QUERY", reason, outer.statement, query.source_at)
            if not {selected.field.type, column.field.type} <= {"id", "reference"}:
                reason = (
                    f"The selected field '{selected.field.name}' in the subquery and the left operand field in the "
                    f"where expression in the outer query '{column.field.name}' should point to the same object type"
                )
                raise QueryError("MALFORMED_QUERY", reason, outer.statement, path.at)
            where, values = self._filter(inner, query, self._where(inner, query))
            sql = f"SELECT {selected.sql} FROM {inner.from_sql()} WHERE {selected.sql} IS NOT NULL AND {where}"
            return sql, [*parameters, *values]

        return compile_


def _aggregated(item: object) -> bool:
    return isinstance(item, Selected) and isinstance(item.what, Call) and item.what.name in AGGREGATES


def _leaf_or_compound(column: Column, columns: list[str]) -> Leaf | Compound:
    if not column.components:
        return Leaf(_add(columns, column.sql), column.field)
    leaves = tuple(Leaf(_add(columns, part.sql), part.field) for part in column.components)
    return Compound(leaves, plan.prefix_of([leaf.field.name for leaf in leaves]))


def _add(columns: list[str], sql: str) -> int:
    columns.append(sql)
    return len(columns) - 1


def _limits(query: Query) -> str:
    if query.limit is None and query.offset is None:
        return ""
    return f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset or 0}"
