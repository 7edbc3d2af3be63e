"""The durable store: what is committed stays, what fails leaves nothing, and a locked database is said so in time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from voice_agent.errors import ConfigurationError, StoreUnavailable
from voice_agent.store import Store, parsed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'deep' / 'store.sqlite3'}")
    opened.prepare()
    opened.now(lambda connection: connection.execute(text("CREATE TABLE notes (words TEXT)")))
    yield opened
    opened.close()


def noted(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT words FROM notes")).scalars())


def test_committed_work_is_there_for_another_process(store: Store) -> None:
    store.now(lambda connection: connection.execute(text("INSERT INTO notes VALUES ('gate code')")))
    other = Store(str(store.url))
    try:
        assert other.now(noted) == ["gate code"]
    finally:
        other.close()


def test_work_that_fails_leaves_nothing(store: Store) -> None:
    def half(connection: Connection) -> None:
        connection.execute(text("INSERT INTO notes VALUES ('half')"))
        raise LookupError("the second half")

    with pytest.raises(LookupError):
        store.now(half)
    assert store.now(noted) == []


def test_a_database_locked_by_another_is_unavailable_and_the_loop_goes_on(store: Store) -> None:
    async def during() -> int:
        beats = 0
        attempt = asyncio.ensure_future(store.run(noted))
        while not attempt.done():
            beats += 1
            await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable):
            attempt.result()
        return beats

    holder = sqlite3.connect(str(store.url.database), isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        assert asyncio.run(during()) > 10
    finally:
        holder.close()


def test_power_loss_is_survived_too(store: Store) -> None:
    def pragmas(connection: Connection) -> tuple[object, ...]:
        return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous"))

    assert store.now(pragmas) == ("wal", 2)  # 2 is FULL: a commit is on the disk before it returns


@pytest.mark.parametrize("url", ["", "mysql://host/name", "nonsense", "file.sqlite3"])
def test_a_database_url_that_cannot_be_meant_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        parsed(url)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        Store(f"sqlite:///{tmp_path / 'file' / 'store.sqlite3'}").prepare()
