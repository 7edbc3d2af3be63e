"""WHERE and HAVING as parameterised SQL.

Comparisons are two-valued as in SOQL: a null is simply unequal, so that `!=` and NOT also return the rows
without a value (sheet 2.4).
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import NoReturn, assert_never

from voice_agent.demo.salesforce import ids, values
from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.metadata import NUMERIC, TEXTUAL
from voice_agent.demo.salesforce.soql import dates
from voice_agent.demo.salesforce.soql.columns import Column, Scope
from voice_agent.demo.salesforce.soql.functions import AGGREGATES, call_sql
from voice_agent.demo.salesforce.soql.statement import (
    Among,
    AmongRows,
    And,
    Call,
    Comparator,
    Comparison,
    Condition,
    DateRange,
    Includes,
    Literal_,
    Not,
    Or,
    Path,
    Query,
    Scalar,
    Text,
)
from voice_agent.demo.salesforce.values import Stored

SemiJoin = Callable[[Query, Column], tuple[str, list[Stored]]]
"""Compiles the query inside IN (...) against the column outside."""


class Conditions:
    """Compiles the conditions of one scope; parameters gather in the order of the SQL."""

    def __init__(self, scope: Scope, semi_join: SemiJoin, aggregates: bool = False) -> None:
        self._scope = scope
        self._semi_join = semi_join
        self._aggregates = aggregates
        self.parameters: list[Stored] = []

    def sql(self, condition: Condition) -> str:
        match condition:
            case And(terms):
                return "(" + " AND ".join([self.sql(term) for term in terms]) + ")"
            case Or(terms):
                return "(" + " OR ".join([self.sql(term) for term in terms]) + ")"
            case Not(term):
                return f"NOT COALESCE({self.sql(term)}, 0)"
            case Comparison(left, comparator, right):
                return self._comparison(self._left(left), left, comparator, right)
            case Among(left, listed, negated):
                return self._among(self._left(left), left, listed, negated)
            case AmongRows(left, query, negated):
                column = self._left(left)
                sql, parameters = self._semi_join(query, column)
                self.parameters += parameters
                found = f"{column.sql} IN ({sql})"
                return f"NOT COALESCE({found}, 0)" if negated else found
            case Includes(left, listed, negated):
                column = self._left(left)
                if column.field.type != "multipicklist":
                    self._wrong_operator(left)
                self.parameters += [text.value for text in listed]
                found = " OR ".join([f"soql_includes({column.sql}, ?)"] * len(listed))
                return f"NOT ({found})" if negated else f"({found})"
            case _:
                assert_never(condition)

    def _left(self, left: Path | Call) -> Column:
        if isinstance(left, Call):
            if left.name in AGGREGATES and not self._aggregates:
                reason = f"Aggregate functions not allowed in WHERE clause: {left.name}"
                raise QueryError("MALFORMED_QUERY", reason, self._scope.statement, left.at)
            return call_sql(self._scope, left)
        column = self._scope.column(left)
        if not column.field.filterable:
            reason = f"field '{column.field.name}' can not be filtered in a query call"
            raise QueryError("INVALID_FIELD", reason, self._scope.statement, left.at)
        return column

    def _comparison(self, column: Column, left: Path | Call, comparator: Comparator, right: Literal_) -> str:
        kind = column.field.type
        if comparator == "LIKE":
            if kind not in TEXTUAL or not isinstance(right, Text):
                self._wrong_operator(left)
            self.parameters.append(right.pattern)
            return f"soql_like({column.sql}, ?)"
        if comparator not in ("=", "!=") and kind in ("boolean", "multipicklist"):
            self._wrong_operator(left)
        if isinstance(left, Call) and left.name == "DISTANCE" and comparator not in ("<", ">"):
            self._wrong_operator(left)
        if isinstance(right, DateRange):
            return self._range(column, left, comparator, right)
        value = self._value(column, left, right)
        if comparator in ("=", "!=") and value is None:
            return f"{column.sql} IS {'NOT ' if comparator == '!=' else ''}NULL"
        if value is None:
            return "0"
        self.parameters.append(value)
        match comparator:
            case "!=":
                return f"{column.sql} IS NOT ?"
            case _:
                return f"{column.sql} {comparator} ?"

    def _range(self, column: Column, left: Path | Call, comparator: Comparator, right: DateRange) -> str:
        viewer = self._scope.viewer
        try:
            match column.field.type:
                case "datetime":
                    moments = dates.span(right.name, right.count, viewer.now, viewer.zone)
                    first, last = values.instant(moments[0]), values.instant(moments[1])
                case "date":
                    days = dates.date_span(right.name, right.count, viewer.now, viewer.zone)
                    first, last = days[0].isoformat(), days[1].isoformat()
                case _:
                    self._wrong_type(column, left, quoted=False)
        except (OverflowError, ValueError) as problem:
            reason = f"{right.name}:{right.count} lies outside of the calendar"
            raise QueryError("MALFORMED_QUERY", reason, self._scope.statement, right.at) from problem
        match comparator:
            case "=" | "!=":
                self.parameters += [first, last]
                inside = f"({column.sql} >= ? AND {column.sql} < ?)"
                return inside if comparator == "=" else f"NOT COALESCE({inside}, 0)"
            case "<" | ">=":
                self.parameters.append(first)
                return f"{column.sql} {comparator} ?"
            case "<=" | ">":
                self.parameters.append(last)
                return f"{column.sql} {'<' if comparator == '<=' else '>='} ?"
            case _:
                self._wrong_operator(left)

    def _among(self, column: Column, left: Path | Call, listed: tuple[Literal_, ...], negated: bool) -> str:
        if any(isinstance(value, DateRange) for value in listed):
            terms = [self._comparison(column, left, "=", value) for value in listed]
            found = "(" + " OR ".join(terms) + ")"
            return f"NOT COALESCE({found}, 0)" if negated else found
        kept = [self._value(column, left, value) for value in listed]
        present = [value for value in kept if value is not None]
        self.parameters += present
        found = f"{column.sql} IN ({', '.join('?' * len(present))})"
        if len(present) < len(kept):
            found = f"({found} OR {column.sql} IS NULL)"
        return f"NOT COALESCE({found}, 0)" if negated else found

    def _value(self, column: Column, left: Path | Call, right: Literal_) -> Stored:
        """The kept form of a literal, once it is known to suit the field."""
        kind = column.field.type
        match right:
            case Scalar(value=None):
                return None
            case Text(value=text) if kind in ("id", "reference"):
                return self._id(text, right.at)
            case Text(value=text) if kind in TEXTUAL:
                return text or None
            case Scalar(value=bool() as flag) if kind == "boolean":
                return int(flag)
            case Scalar(value=bool()):
                self._wrong_type(column, left, quoted=kind in TEXTUAL)
            case Scalar(value=(int() | float()) as number) if kind in NUMERIC:
                return number
            case Scalar(value=datetime() as moment) if kind == "datetime":
                return values.instant(moment)
            case Scalar(value=date() as day) if kind == "date" and not isinstance(day, datetime):
                return day.isoformat()
            case Text(value=text) if kind == "time":
                return text
            case _:
                self._wrong_type(column, left, quoted=kind in TEXTUAL or kind in ("id", "reference"))

    def _id(self, text: str, at: int) -> Stored:
        if not text:
            return None
        long = ids.normalise(text)
        if long is None:
            reason = f"invalid ID field: {text}"
            raise QueryError("INVALID_QUERY_FILTER_OPERATOR", reason, self._scope.statement, at)
        return long

    def _wrong_type(self, column: Column, left: Path | Call, quoted: bool) -> NoReturn:
        kind = {"datetime": "dateTime", "picklist": "string", "reference": "reference"}.get(
            column.field.type, "string" if column.field.type in TEXTUAL else column.field.type
        )
        should = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
        name = column.field.name or (left.parts[-1] if isinstance(left, Path) else left.name)
        reason = f"value of filter criterion for field '{name}' must be of type {kind} and {should}"
        raise QueryError("INVALID_FIELD", reason, self._scope.statement, left.at)

    def _wrong_operator(self, left: Path | Call) -> NoReturn:
        raise QueryError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator", self._scope.statement, left.at)
