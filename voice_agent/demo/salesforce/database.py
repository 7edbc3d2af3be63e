"""One SQLite file (or memory) that holds an org: a table for each object, and the org's own books.

Several processes may open the same file; writers take turns (`BEGIN IMMEDIATE`).
"""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.metadata import Field, Schema
from voice_agent.demo.salesforce.soql import functions

_BOOKS = """
CREATE TABLE IF NOT EXISTS _settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _counters (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _sessions (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, username TEXT NOT NULL, client_id TEXT NOT NULL, used REAL NOT NULL);
CREATE TABLE IF NOT EXISTS _pages (locator TEXT, first INTEGER, body BLOB NOT NULL, PRIMARY KEY (locator, first));
CREATE TABLE IF NOT EXISTS _jobs (id TEXT PRIMARY KEY, body TEXT NOT NULL, data BLOB NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS _phones (record TEXT NOT NULL, digits TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS _phones_digits ON _phones (digits);
CREATE INDEX IF NOT EXISTS _phones_record ON _phones (record);
CREATE TABLE IF NOT EXISTS _ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, txn TEXT NOT NULL, step INTEGER NOT NULL,
    object TEXT NOT NULL, record TEXT NOT NULL, change TEXT NOT NULL, fields TEXT NOT NULL,
    user TEXT NOT NULL, origin TEXT NOT NULL);
"""


Snapshot = sqlite3.Connection


class Database:
    """The connection of this process. Everything runs on one thread, though not always the one that opened it."""

    def __init__(self, path: Path | None, schema: Schema) -> None:
        self.schema = schema
        self.connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, timeout=15, cached_statements=512, check_same_thread=False
        )
        functions.lend(self.connection)
        if path:
            self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA cache_size = -64000")
        try:
            self._create()
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self, write: bool) -> Iterator[sqlite3.Connection]:
        """Commits at the end, rolls back when the block raises."""
        self.connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can be undone alone."""
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK TO part")
            self.connection.execute("RELEASE part")
            raise
        self.connection.execute("RELEASE part")

    def next(self, counter: str) -> int:
        """The next number of a counter; a rolled-back one is given again."""
        row = self.connection.execute(
            "INSERT INTO _counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            [counter],
        ).fetchone()
        number: int = row[0]
        return number

    def setting(self, name: str) -> object:
        row = self.connection.execute("SELECT value FROM _settings WHERE name = ?", [name]).fetchone()
        return orjson.loads(row[0]) if row else None

    def set(self, name: str, value: object) -> None:
        self.connection.execute("INSERT OR REPLACE INTO _settings VALUES (?, ?)", [name, orjson.dumps(value).decode()])

    def now(self) -> datetime:
        """The org's clock: the machine's, shifted or frozen by `/emulator/clock`."""
        match self.setting("clock"):
            case {"frozen": str() as frozen}:
                return values.moment(frozen)
            case {"shift": int() | float() as shift}:
                return datetime.now(UTC) + timedelta(seconds=shift)
            case _:
                return datetime.now(UTC)

    def clear(self) -> None:
        """Empties every table, for a fresh seed; ledger numbers go on, so that subscribers notice nothing odd."""
        rows = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = [row[0] for row in rows if not row[0].startswith("sqlite_")]
        for name in names:
            self.connection.execute(f'DELETE FROM "{name}"')

    def snapshot(self) -> Snapshot:
        """All that is in it now, to come back to; the caller closes it."""
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self.connection.backup(copy)
        return copy

    def restore(self, copy: Snapshot) -> None:
        """What the snapshot holds, but ledger numbers go on as in `clear`."""
        last = self.connection.execute("SELECT MAX(seq) FROM sqlite_sequence WHERE name = '_ledger'").fetchone()[0]
        copy.backup(self.connection)
        with self.transaction(write=True) as connection:
            connection.execute("DELETE FROM sqlite_sequence WHERE name = '_ledger'")
            connection.execute("INSERT INTO sqlite_sequence VALUES ('_ledger', ?)", [last or 0])

    def _create(self) -> None:
        """Makes the tables of a new file. Raises ValueError for a file made with other tables."""
        statements = [*_BOOKS.split(";\n"), *_tables(self.schema)]
        layout = zlib.crc32("".join(statements).encode()) & 0x7FFFFFFF
        with self.transaction(write=True) as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, layout):
                raise ValueError("the file holds an org of another version: remove it, or name another file")
            for statement in statements if found == 0 else ():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {layout}")


def _tables(schema: Schema) -> Iterator[str]:
    """A table for each object, an index for each field that is looked up."""
    for obj in schema.objects.values():
        columns = ", ".join(_column(f) for f in obj.fields if f.stored)
        yield f'CREATE TABLE IF NOT EXISTS "{obj.name}" ({columns})'
        for f in obj.fields:
            if f.stored and f.type != "id" and (f.reference_to or f.unique or f.external_id):
                yield f'CREATE INDEX IF NOT EXISTS "{obj.name}.{f.name}" ON "{obj.name}" ("{f.name}")'


def _column(f: Field) -> str:
    match f.type:
        case "id":
            return f'"{f.name}" TEXT PRIMARY KEY'
        case "boolean" | "int":
            return f'"{f.name}" INTEGER'
        case "double" | "currency" | "percent":
            return f'"{f.name}" REAL'
        case "reference" | "date" | "datetime" | "time":
            return f'"{f.name}" TEXT'
        case _:
            return f'"{f.name}" TEXT' + ("" if f.case_sensitive else " COLLATE SOQL")
