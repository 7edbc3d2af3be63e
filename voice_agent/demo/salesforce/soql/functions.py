"""SOQL functions as SQL, and the Python functions that SQLite is lent for them (sheet 2.4 "Select")."""

import math
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.metadata import NUMERIC, Field
from voice_agent.demo.salesforce.soql.columns import Column, Scope
from voice_agent.demo.salesforce.soql.statement import Call, Geolocation, Operand, Path, Text

AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"}
_DATE_PARTS = {
    "CALENDAR_YEAR": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "CALENDAR_QUARTER": "((CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3)",
    "CALENDAR_MONTH": "CAST(strftime('%m', {0}) AS INTEGER)",
    "DAY_IN_MONTH": "CAST(strftime('%d', {0}) AS INTEGER)",
    "DAY_IN_WEEK": "(CAST(strftime('%w', {0}) AS INTEGER) + 1)",
    "DAY_IN_YEAR": "CAST(strftime('%j', {0}) AS INTEGER)",
    "HOUR_IN_DAY": "CAST(strftime('%H', {0}) AS INTEGER)",
    "WEEK_IN_MONTH": "((CAST(strftime('%d', {0}) AS INTEGER) + 6) / 7)",
    "WEEK_IN_YEAR": "((CAST(strftime('%j', {0}) AS INTEGER) + 6) / 7)",
}
_DATE_PARTS |= {f"FISCAL_{unit}": _DATE_PARTS[f"CALENDAR_{unit}"] for unit in ("YEAR", "QUARTER", "MONTH")}
_EARTH_RADIUS = {"km": 6371.0, "mi": 3958.8}


def lend(connection: sqlite3.Connection) -> None:
    """Gives a connection the functions and the collation that compiled SOQL relies on."""
    connection.create_collation("SOQL", _collate)
    connection.create_function("soql_like", 2, like, deterministic=True)
    connection.create_function("soql_local", 2, _local, deterministic=True)
    connection.create_function("soql_distance", 5, _distance, deterministic=True)
    connection.create_function("soql_includes", 2, _includes, deterministic=True)


def call_sql(scope: Scope, call: Call, alias: str = "") -> Column:
    """A function outside GROUP BY arithmetic. Raises QueryError for one that is not known or does not fit."""
    if call.name in AGGREGATES:
        return _aggregate(scope, call, alias)
    if call.name in _DATE_PARTS:
        inner = _date_argument(scope, call)
        return Column(_DATE_PARTS[call.name].format(inner), Field(alias, "int", alias), None, ())
    match call.name, call.arguments:
        case "DAY_ONLY", (argument,):
            inner = _date_argument(scope, Call("DAY_ONLY", (argument,), call.at))
            return Column(f"substr({inner}, 1, 10)", Field(alias, "date", alias), None, ())
        case "DISTANCE", (Path() as place, (Geolocation() | Path()) as target, Text() as unit):
            return Column(_distance_sql(scope, place, target, unit), Field(alias, "double", alias), None, ())
        case "TOLABEL", (Path() as path,):
            return _label(scope, path)
        case "FORMAT" | "CONVERTCURRENCY", (argument,):
            return scope.column(argument) if isinstance(argument, Path) else _nested(scope, argument, call)
        case _:
            raise QueryError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", scope.statement, call.at)


def like(value: str | None, pattern: str) -> int:
    """LIKE of SOQL: `%` and `_`, escaped by a backslash, without regard to case."""
    return int(isinstance(value, str) and _pattern(pattern).fullmatch(value) is not None)


def _nested(scope: Scope, argument: Operand, call: Call) -> Column:
    if not isinstance(argument, Call):
        raise QueryError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", scope.statement, call.at)
    return call_sql(scope, argument)


def _aggregate(scope: Scope, call: Call, alias: str) -> Column:
    if call.name == "COUNT" and not call.arguments:
        return Column("COUNT(*)", Field(alias, "int", alias), None, ())
    match call.arguments:
        case (Path() as path,):
            column = scope.column(path)
        case (Call() as inner,) if call.name == "GROUPING" or inner.name not in AGGREGATES:
            column = call_sql(scope, inner)
        case _:
            raise QueryError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", scope.statement, call.at)
    kind = column.field.type
    if not column.field.filterable or (call.name in ("SUM", "AVG") and kind not in NUMERIC) or kind == "boolean":
        reason = f"field {column.field.name} does not support aggregate operator {call.name}"
        raise QueryError("MALFORMED_QUERY", reason, scope.statement, call.at)
    match call.name:
        case "COUNT":
            return Column(f"COUNT({column.sql})", Field(alias, "int", alias), None, ())
        case "COUNT_DISTINCT":
            return Column(f"COUNT(DISTINCT {column.sql})", Field(alias, "int", alias), None, ())
        case "SUM" | "AVG":
            return Column(f"{call.name}({column.sql})", Field(alias, "double", alias), None, ())
        case _:
            return Column(f"{call.name}({column.sql})", replace(column.field, name=alias), None, ())


def _date_argument(scope: Scope, call: Call) -> str:
    """The text that a date function reads: UTC as it stands, the user's zone inside convertTimezone()."""
    match call.arguments:
        case (Path() as path,):
            column = scope.column(path)
            zone = ""
        case (Call(name="CONVERTTIMEZONE", arguments=(Path() as path,)),):
            column = scope.column(path)
            zone = scope.viewer.zone.key
        case _:
            raise QueryError("MALFORMED_QUERY", f"unexpected token: '{call.name}'", scope.statement, call.at)
    if column.field.type not in ("date", "datetime"):
        reason = f"Invalid field type for date function: {column.field.name}"
        raise QueryError("INVALID_FIELD", reason, scope.statement, call.at)
    return f"soql_local({column.sql}, '{zone}')" if zone else column.sql


def _distance_sql(scope: Scope, place: Path, target: Geolocation | Path, unit: Text) -> str:
    if unit.value not in _EARTH_RADIUS:
        reason = f"invalid distance unit: {unit.value}. Valid unit: 'mi', 'km'"
        raise QueryError("MALFORMED_QUERY", reason, scope.statement, unit.at)
    latitude = scope.component(place, "Latitude").sql
    longitude = scope.component(place, "Longitude").sql
    match target:
        case Geolocation():
            to = f"{target.latitude!r}, {target.longitude!r}"
        case Path():
            to = f"{scope.component(target, 'Latitude').sql}, {scope.component(target, 'Longitude').sql}"
    return f"soql_distance({latitude}, {longitude}, {to}, '{unit.value}')"


def _label(scope: Scope, path: Path) -> Column:
    column = scope.column(path)
    renamed = [listed for listed in column.field.values if listed.label != listed.value]
    if not renamed:
        return column
    cases = " ".join(f"WHEN {_quoted(listed.value)} THEN {_quoted(listed.label)}" for listed in renamed)
    sql = f"(CASE {column.sql} {cases} ELSE {column.sql} END)"
    return Column(sql, replace(column.field, type="string", restricted=False), column.owner, column.above)


def _quoted(text: str) -> str:
    """A SQL literal; only used for words of the org's own metadata."""
    return "'" + text.replace("'", "''") + "'"


def _collate(left: str, right: str) -> int:
    a, b = left.casefold(), right.casefold()
    return (a > b) - (a < b)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        else:
            parts.append({"%": ".*", "_": "."}.get(char) or re.escape(char))
        at += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _local(kept: str | None, zone: str) -> str | None:
    if not kept or len(kept) == 10:
        return kept
    return datetime.fromisoformat(kept).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


def _includes(kept: str | None, wanted: str) -> int:
    """Whether a multi-select value holds every one of the `;`-joined values."""
    have = {part.casefold() for part in (kept or "").split(";")}
    return int(all(part.strip().casefold() in have for part in wanted.split(";")))


def _distance(
    latitude: float | None, longitude: float | None, to_latitude: float | None, to_longitude: float | None, unit: str
) -> float | None:
    """Great-circle distance; null when a place is not known."""
    if latitude is None or longitude is None or to_latitude is None or to_longitude is None:
        return None
    a, b = math.radians(latitude), math.radians(to_latitude)
    half_lat = math.sin((b - a) / 2)
    half_lon = math.sin(math.radians(to_longitude - longitude) / 2)
    chord = half_lat**2 + math.cos(a) * math.cos(b) * half_lon**2
    return 2 * _EARTH_RADIUS[unit] * math.asin(min(1.0, math.sqrt(chord)))
