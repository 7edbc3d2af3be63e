"""Keys with which other systems use the API: shown once when made, kept as hashes, good for one role."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Float, String, Table, delete, insert, select, update

from voice_agent.console.users import Role
from voice_agent.store import Store, metadata

PREFIX = "vat_"
USED_SECONDS = 60.0

tokens = Table(
    "api_tokens",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("by", String(64), nullable=False),
    Column("made", Float, nullable=False),
    Column("used", Float),
    info={"impersonal": "names of systems"},
)


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    role: Role
    by: str
    made: float
    used: float | None


class Tokens:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def make(self, name: str, role: Role, by: str) -> str | None:
        """The key in plain text, for once; None if there is one of that name."""
        key = PREFIX + secrets.token_urlsafe(32)
        made = await self._store.run(lambda c: _make(c, key, name, role, by))
        return key if made else None

    async def holder(self, key: str) -> Token | None:
        if not key.startswith(PREFIX):
            return None
        return await self._store.run(lambda c: _holder(c, key))

    async def all(self) -> list[Token]:
        rows = await self._store.look(lambda c: c.execute(select(tokens).order_by(tokens.c.name)).all())
        return [Token(row.name, Role.named(row.role), row.by, row.made, row.used) for row in rows]

    async def remove(self, name: str) -> bool:
        return await self._store.run(lambda c: c.execute(delete(tokens).where(tokens.c.name == name)).rowcount > 0)


def _make(connection: Connection, key: str, name: str, role: Role, by: str) -> bool:
    if connection.execute(select(tokens.c.mark).where(tokens.c.name == name)).first() is not None:
        return False
    connection.execute(insert(tokens).values(mark=_mark(key), name=name, role=role.word, by=by, made=time.time()))
    return True


def _holder(connection: Connection, key: str) -> Token | None:
    row = connection.execute(select(tokens).where(tokens.c.mark == _mark(key))).one_or_none()
    if row is None:
        return None
    now = time.time()
    if row.used is None or now - row.used > USED_SECONDS:
        connection.execute(update(tokens).where(tokens.c.mark == row.mark).values(used=now))
    return Token(row.name, Role.named(row.role), row.by, row.made, now)


def _mark(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
