"""A person's right to be forgotten, and to know what is kept: erase and export by contact or number, and retention.

Every table of the store declares in its `info` how a person's rows are found in it (`by`: columns among
contact, number and call_sid) and when a row was written (`written`, UNIX seconds), or why it holds nothing personal
(`impersonal`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select

from voice_agent.audit import Audit, Entry, words
from voice_agent.store import metadata

COLUMNS = ("contact", "number", "call_sid")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom it is about: the org's id of a contact, or a number in E.164, or both. Their calls are found by either."""

    contact: str = ""
    number: str = ""


def calls_of(connection: Connection, person: Person) -> set[str]:
    """CallSids of every call that any table connects with this person."""
    found: set[str] = set()
    for table in personal_tables():
        if "call_sid" not in table.c:
            continue
        matches = [table.c[name] == value for name, value in _given(person).items() if name in table.info["by"]]
        if matches:
            found |= set(connection.execute(select(table.c.call_sid).where(or_(*matches))).scalars())
    return found - {""}


def export(connection: Connection, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Everything kept about a person, by table; what a data request is answered with."""
    calls = calls_of(connection, person)
    out: dict[str, list[dict[str, Any]]] = {}
    for table in personal_tables():
        rows = connection.execute(select(table).where(_theirs(table, person, calls))).all()
        if rows:
            out[table.name] = [dict(row._mapping) for row in rows]
    return out


def erase(connection: Connection, audit: Audit, person: Person, *, by: str, wall: float) -> Mapping[str, int]:
    """Delete every row about a person; table -> rows. The chain of the audit log holds, and names this erasure."""
    calls = calls_of(connection, person)
    gone: dict[str, int] = {}
    for table in personal_tables():
        count = connection.execute(delete(table).where(_theirs(table, person, calls))).rowcount
        if count:
            gone[str(table.name)] = count
    audit.append(connection, Entry("erasure", facts={"by": by, "calls": len(calls), "rows": gone}), wall=wall)
    return gone


def prune(connection: Connection, audit: Audit, *, before: float, wall: float) -> Mapping[str, int]:
    """Retention: delete personal rows written before that moment; table -> rows. Says nothing if there were none."""
    gone: dict[str, int] = {}
    for table in personal_tables():
        if (written := table.info.get("written")) is None:
            continue
        count = connection.execute(delete(table).where(table.c[written] < before)).rowcount
        if count:
            gone[str(table.name)] = count
    if gone:
        audit.append(connection, Entry("erasure", facts={"by": "retention", "rows": gone}), wall=wall)
    return gone


def personal_tables() -> list[Table]:
    """Tables with rows about people, those that others refer to last."""
    tables = [table for table in reversed(metadata.sorted_tables) if table.info.get("by")]
    return sorted(tables, key=lambda table: table is words)  # the audit's words know the calls: they go last


def _given(person: Person) -> dict[str, str]:
    return {name: value for name, value in (("contact", person.contact), ("number", person.number)) if value}


def _theirs(table: Table, person: Person, calls: set[str]) -> ColumnElement[bool]:
    by = table.info["by"]
    matches = [table.c[name] == value for name, value in _given(person).items() if name in by]
    if "call_sid" in by and calls:
        matches.append(table.c.call_sid.in_(sorted(calls)))
    return or_(*matches) if matches else table.c[by[0]] != table.c[by[0]]
