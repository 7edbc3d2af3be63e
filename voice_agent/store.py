"""What must outlive the process: one database, SQLite with a write-ahead log by default, PostgreSQL by `DATABASE_URL`.

A table belongs to the module that means it and is declared there on `metadata`; this module only opens the database
and runs pieces of work, each one transaction, on threads of its own: the loop that speaks to callers never waits for a
disk. SQLite has one thread that writes, so writers queue here and not on the file's lock; readers wait for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, create_engine, event, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from voice_agent.errors import ConfigurationError, StoreUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_MILLISECONDS = 2_000
"""How long a statement waits for another process that writes to the same SQLite file."""
DEADLINE_SECONDS = 5.0
POSTGRES_THREADS = 4
READERS = 2
SCHEMA_VERSION = 1

metadata = MetaData()
schema = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    info={"impersonal": "a number"},
)

log = logging.getLogger(__name__)


class Store:
    """`run` and `look` from the event loop, `now` and `look_now` from a thread or a worker. `run` and `now` commit on
    return and roll back on any error; what is only looked at waits behind no writer.

    Every failure of the database itself, and every wait beyond its deadline, is StoreUnavailable: nothing may then be
    said to be saved.
    """

    def __init__(self, database_url: str) -> None:
        self.url = parsed(database_url)
        self.dialect = self.url.get_backend_name()
        in_memory = self.dialect == "sqlite" and self.url.database in (None, "", ":memory:")
        if self.dialect == "sqlite" and not in_memory:
            try:
                Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigurationError(f"DATABASE_URL: its folder cannot be made ({error.strerror})") from None
        if in_memory:  # one connection that every thread shares: the tables are in it
            self._engine = create_engine(self.url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        else:
            self._engine = create_engine(self.url, pool_pre_ping=self.dialect != "sqlite")
        if self.dialect == "sqlite":
            event.listen(self._engine, "connect", _careful)
            event.listen(self._engine, "begin", _immediate)
        self._reading = self._engine if in_memory else self._engine.execution_options(only_looks=True)
        threads = 1 if self.dialect == "sqlite" else POSTGRES_THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._readers = ThreadPoolExecutor(1 if in_memory else READERS, thread_name_prefix="store-reader")
        self._one_at_a_time = threading.Lock()
        self._looks_wait_too = in_memory

    def prepare(self) -> None:
        """Make what is missing. ConfigurationError when the database cannot be opened or is of a newer version."""
        try:
            metadata.create_all(self._engine)
            with self._engine.begin() as connection:
                version = connection.execute(select(schema.c.version)).scalar()
                if version is None:
                    connection.execute(insert(schema).values(version=SCHEMA_VERSION))
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
            raise ConfigurationError(f"DATABASE_URL: the database cannot be opened ({why})") from None
        if version is not None and version > SCHEMA_VERSION:
            raise ConfigurationError(
                f"DATABASE_URL: the database is of version {version}, this program knows {SCHEMA_VERSION}; "
                "start the newer program, or name another database"
            )

    async def run(self, work: Work[T], *, deadline: float = DEADLINE_SECONDS) -> T:
        """`work(connection)` in one transaction on a thread of the store. StoreUnavailable if it fails or takes longer
        than `deadline` seconds; it may then still commit, so work that matters is keyed."""
        return await self._on(self._threads, self.now, work, deadline)

    async def look(self, work: Work[T], *, deadline: float = DEADLINE_SECONDS) -> T:
        """The same for `work` that only reads."""
        return await self._on(self._readers, self.look_now, work, deadline)

    @staticmethod
    async def _on(threads: ThreadPoolExecutor, carry_out: Callable[[Work[T]], T], work: Work[T], deadline: float) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(deadline):
                return await loop.run_in_executor(threads, carry_out, work)
        except TimeoutError:
            raise StoreUnavailable(f"the database did not answer within {deadline:g} s") from None

    def now(self, work: Work[T]) -> T:
        """`run` on the calling thread; for worker processes, commands and tests."""
        if self.dialect == "sqlite":
            with self._one_at_a_time:
                return self._carry_out(self._engine, work)
        return self._carry_out(self._engine, work)

    def look_now(self, work: Work[T]) -> T:
        """`look` on the calling thread."""
        if self._looks_wait_too:
            return self.now(work)
        return self._carry_out(self._reading, work)

    @staticmethod
    def _carry_out(engine: Engine, work: Work[T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0][:200]
            log.error("the database refused", extra={"why": why})
            raise StoreUnavailable(f"the database refused: {type(error).__name__}") from error

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._engine.dispose()


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert unless a row with its key is there already, whoever put it there in the meantime. True if it is new."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(table).values(**row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).first() is not None


def add_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those whose key is not there yet, all in one statement."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(kind.insert(table).on_conflict_do_nothing(), rows)


def parsed(database_url: str) -> URL:
    """`sqlite:///path`, or `postgresql://` with psycopg as the driver. ConfigurationError for anything else."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise ConfigurationError(
            "DATABASE_URL cannot be read; write sqlite:///path/to/file or postgresql://user:password@host/name"
        ) from None
    match url.get_backend_name():
        case "sqlite":
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
    raise ConfigurationError(f"DATABASE_URL names {url.get_backend_name()!r}; there are sqlite and postgresql")


def _careful(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's own guess
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _immediate(connection: Connection) -> None:
    if connection.get_execution_options().get("only_looks"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # a reader that later writes would otherwise fail at once as busy
