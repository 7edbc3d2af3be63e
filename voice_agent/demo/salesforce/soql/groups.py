"""GROUP BY, HAVING, ROLLUP and CUBE: aggregate statements and the flat records they give (sheet 2.4)."""

from collections.abc import Iterator
from itertools import combinations

from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.metadata import Field
from voice_agent.demo.salesforce.soql.columns import Column, Scope
from voice_agent.demo.salesforce.soql.conditions import Conditions, SemiJoin
from voice_agent.demo.salesforce.soql.functions import AGGREGATES, call_sql
from voice_agent.demo.salesforce.soql.plan import Cells, Leaf, Record, Shaper
from voice_agent.demo.salesforce.soql.statement import Call, Path, Query, Selected
from voice_agent.demo.salesforce.values import Stored

_INTEGER = Field("", "int", "")


class Groups:
    """One aggregate statement: its grouping sets, and what each cell is called."""

    def __init__(self, scope: Scope, query: Query, semi_join: SemiJoin) -> None:
        self._scope = scope
        self._query = query
        self._semi_join = semi_join
        self._by: list[Path | Call] = list(query.grouping.by) if query.grouping else []
        self._by_sql = [self._sql(what).sql for what in self._by]
        self._names: list[tuple[str, Column, bool]] = []
        """Key of the answer, its column, and whether it is GROUPING(...)."""
        self._check()

    def statements(self, where: str) -> Iterator[tuple[str, list[Stored]]]:
        """One SQL statement for each grouping set, finest first; the parameters are those of HAVING."""
        for kept in self._sets():
            gone = {sql for place, sql in enumerate(self._by_sql) if place not in kept}
            cells = ", ".join(self._cell(column, is_grouping, gone) for _, column, is_grouping in self._names)
            sql = f"SELECT {cells} FROM {self._scope.from_sql()} WHERE {where}"
            if kept:
                sql += " GROUP BY " + ", ".join(self._by_sql[place] for place in kept)
            parameters: list[Stored] = []
            if self._query.having is not None:
                conditions = Conditions(self._scope, self._semi_join, aggregates=True)
                sql += f" HAVING {conditions.sql(self._query.having)}"
                parameters = conditions.parameters
            if self._query.order:
                sql += f" ORDER BY {self._order(gone)}"
            elif kept:
                sql += " ORDER BY " + ", ".join(self._by_sql[place] for place in kept)
            yield sql, parameters

    def record(self, cells: Cells, shaper: Shaper) -> Record:
        shown: Record = {"attributes": {"type": "AggregateResult"}}
        for index, (key, column, _) in enumerate(self._names):
            shown[key] = shaper.leaf(Leaf(index, column.field), cells)
        return shown

    def cut(self, records: list[Record]) -> list[Record]:
        first = self._query.offset or 0
        last = len(records) if self._query.limit is None else first + self._query.limit
        return records[first:last]

    def _sets(self) -> Iterator[tuple[int, ...]]:
        places = tuple(range(len(self._by)))
        kind = self._query.grouping.kind if self._query.grouping else "plain"
        if kind == "rollup":
            yield from (places[:length] for length in range(len(places), -1, -1))
        elif kind == "cube":
            for length in range(len(places), -1, -1):
                yield from combinations(places, length)
        else:
            yield places

    @staticmethod
    def _cell(column: Column, is_grouping: bool, gone: set[str]) -> str:
        if is_grouping:
            return str(int(column.sql in gone))
        return "NULL" if column.sql in gone else column.sql

    def _check(self) -> None:
        """Names the cells, and refuses what is neither grouped nor aggregated."""
        scope, query = self._scope, self._query
        unnamed = 0
        for item in query.select:
            if not isinstance(item, Selected):
                reason = "Grouped query cannot use child relationships in the SELECT list"
                raise QueryError("MALFORMED_QUERY", reason, scope.statement, query.source_at)
            what, alias = item.what, item.alias
            if isinstance(what, Call) and what.name == "GROUPING":
                column = self._sql(what.arguments[0])
                self._names.append((alias or f"expr{unnamed}", Column(column.sql, _INTEGER, None, ()), True))
                unnamed += not alias
                continue
            column = self._sql(what)
            if isinstance(what, Call):
                self._names.append((alias or f"expr{unnamed}", column, False))
                unnamed += not alias
                if what.name in AGGREGATES:
                    continue
            else:
                self._names.append((alias or column.field.name, column, False))
            if column.sql not in self._by_sql:
                name = ".".join(what.parts) if isinstance(what, Path) else what.name
                reason = f"Field must be grouped or aggregated: {name}"
                raise QueryError("MALFORMED_QUERY", reason, scope.statement, what.at)
        if not self._by and (query.limit is not None):
            reason = "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
            raise QueryError("MALFORMED_QUERY", reason, scope.statement, query.source_at)
        for what, sql in zip(self._by, self._by_sql, strict=True):
            if not sql or not self._sql(what).field.filterable:
                name = what.parts[-1] if isinstance(what, Path) else what.name
                reason = f"field '{name}' can not be grouped in a query call"
                raise QueryError("MALFORMED_QUERY", reason, scope.statement, what.at)

    def _order(self, gone: set[str]) -> str:
        aliases = {key.lower(): column for key, column, _ in self._names}
        terms: list[str] = []
        for item in self._query.order:
            alias = item.by.parts[0].lower() if isinstance(item.by, Path) and len(item.by.parts) == 1 else ""
            column = aliases[alias] if alias in aliases else self._sql(item.by)
            aggregated = isinstance(item.by, Call) and item.by.name in AGGREGATES
            if not aggregated and alias not in aliases and column.sql not in self._by_sql:
                name = ".".join(item.by.parts) if isinstance(item.by, Path) else item.by.name
                reason = f"Ordered field must be grouped or aggregated: {name}"
                raise QueryError("MALFORMED_QUERY", reason, self._scope.statement, item.by.at)
            nulls = "LAST" if item.nulls_last else "FIRST"
            sql = "NULL" if column.sql in gone else column.sql
            terms.append(f"{sql} {'DESC' if item.descending else 'ASC'} NULLS {nulls}")
        return ", ".join(terms)

    def _sql(self, what: object) -> Column:
        if isinstance(what, Call):
            return call_sql(self._scope, what)
        assert isinstance(what, Path)
        return self._scope.column(what)
