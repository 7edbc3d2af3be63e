"""Who may use the console: accounts, passwords, sessions and the lock-out, all in the store.

A session's token exists only in the browser's cookie; the store keeps its hash. Passwords are argon2id hashes. A wrong
name takes as long to refuse as a wrong password, and both count against the same lock. Every sign-in, refusal, lock-out
and sign-out is an entry of the audit log, in its own transaction. Of a name that is nobody's the log keeps nothing: it
may be a password in the wrong field.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, delete, insert, select, update

from voice_agent.audit import Audit, Entry
from voice_agent.errors import ConfigurationError
from voice_agent.store import Store, metadata

SESSION_SECONDS = 12 * 3600.0
"""From sign-in to the end of a session, whatever is done in it: a shift."""
IDLE_SECONDS = 2 * 3600.0
SEEN_SECONDS = 60.0
WINDOW_SECONDS = 15 * 60.0
MOST_FAILURES = {"pair": 5, "name": 30, "address": 25}
"""Failures in a window before a name from an address, a name, or an address has to wait for the window's end."""
LOCKED = {"pair": "the name from that address", "name": "the name", "address": "the address"}
"""What a lock-out keeps out, as the audit log says it."""
LEAST_LETTERS = 10
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")

users = Table(
    "console_users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password", String(256)),
    Column("subject", String(256), unique=True),
    Column("phone", String(32), nullable=False, default=""),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("made", Float, nullable=False),
    info={"impersonal": "the staff's own accounts; removed with the account"},
)
sessions = Table(
    "console_sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("name", String(64), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("made", Float, nullable=False),
    Column("seen", Float, nullable=False),
    info={"impersonal": "the staff's own sessions; they end by themselves"},
)
failures = Table(
    "console_failures",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("since", Float, nullable=False),
    info={"impersonal": "refused sign-ins of the staff"},
)


class Role(IntEnum):
    """Each may do what the ones before it may."""

    DISPATCHER = 1
    SUPERVISOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Role:
        try:
            return cls[word.upper()]
        except KeyError:
            raise ConfigurationError(f"--role is {word!r}; it must be dispatcher, supervisor or admin") from None


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    phone: str = ""
    """E.164; rung when this person accepts a caller."""
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person and what their posts must carry."""

    user: User
    csrf: str
    token: str


class LockedOut(Exception):
    """Too many failures. `seconds` until the next attempt counts."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many failed attempts")
        self.seconds = seconds


class Users:
    """`wall` is wall-clock seconds. Everything here is one transaction of the store."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        wall: Callable[[], float] = time.time,
        limits: Mapping[str, int] = MOST_FAILURES,
    ) -> None:
        self._store = store
        self._audit = audit
        self._wall = wall
        self._limits = limits
        self._hashing = asyncio.Semaphore(2)  # each verification takes 64 MiB for a twentieth of a second

    async def sign_in(self, name: str, password: str, address: str) -> str | None:
        """A new session's token; None for a wrong name or password. LockedOut before anything is compared."""
        name = name.strip().lower()[:64]
        keys = {"pair": f"pair|{name}|{address}", "name": f"name|{name}", "address": f"address|{address}"}
        wait = await self._store.run(lambda c: _locked(c, keys, self._limits, self._wall()))
        if wait > 0:
            raise LockedOut(wait)
        row = await self._store.look(lambda c: c.execute(select(users).where(users.c.name == name)).one_or_none())
        stored = row.password if row is not None and row.password and not row.disabled else None
        async with self._hashing:
            right = await asyncio.to_thread(_verify, stored or _nobody(), password[:256])
        if not right or stored is None:
            await self._store.run(lambda c: self._refused(c, row, keys, address))
            return None
        return await self._store.run(lambda c: self._let_in(c, name, keys["pair"], address))

    async def sign_in_as(self, subject: str, name: str, role: Role) -> str | None:
        """A session for someone an identity provider vouches for; the account is made on the first visit.

        None when an account of that name exists with a password (nobody becomes somebody else by a name), or the
        account was disabled.
        """
        return await self._store.run(lambda c: _federated(c, subject, name, role, self._wall()))

    async def visitor(self, token: str) -> Visitor | None:
        """Whose session this is, while it lasts."""
        if not token:
            return None
        return await self._store.run(lambda c: _visitor(c, token, self._wall()))

    async def sign_out(self, token: str) -> None:
        await self._store.run(lambda c: self._ended(c, _mark(token)))

    async def ring_at(self, name: str, phone: str) -> None:
        await self._store.run(lambda c: c.execute(update(users).where(users.c.name == name).values(phone=phone)))

    async def all(self) -> list[User]:
        rows = await self._store.look(lambda c: c.execute(select(users).order_by(users.c.name)).all())
        return [_user(row) for row in rows]

    async def change(self, name: str, *, role: Role | None = None, disabled: bool | None = None) -> bool:
        """Another role, or locked in or out; their sessions end at once. False if there is nobody of that name, or
        the change would leave no admin."""
        return await self._store.run(lambda c: _changed(c, name, role, disabled))

    # -- in a transaction, with its entry of the audit log ---------------------------------------------------------

    def _note(self, connection: Connection, act: str, by: str, address: str = "", **facts: str) -> None:
        personal = {"address": address} if address else {}
        entry = Entry("console", "", {"act": act, "by": by, **facts}, personal)
        self._audit.append(connection, entry, wall=self._wall())

    def _let_in(self, connection: Connection, name: str, forgive: str, address: str) -> str:
        self._note(connection, "signed_in", name, address, **{"with": "password"})
        return _opened(connection, name, self._wall(), forgive)

    def _refused(self, connection: Connection, row: Any, keys: Mapping[str, str], address: str) -> None:
        """`row` is the account that was meant, None for nobody's name."""
        why = "no such account" if row is None else "locked account" if row.disabled else "wrong password"
        by = row.name if row is not None else ""
        self._note(connection, "sign_in_refused", by, address, why=why)
        for kind in _failed(connection, keys, self._limits, self._wall()):
            self._note(connection, "locked_out", by, address, of=LOCKED[kind])

    def _ended(self, connection: Connection, mark: str) -> None:
        name = connection.execute(select(sessions.c.name).where(sessions.c.token == mark)).scalar()
        if name is not None:
            self._note(connection, "signed_out", name)
            connection.execute(delete(sessions).where(sessions.c.token == mark))


def add(store: Store, name: str, role: Role, password: str, *, phone: str = "", replace: bool = False) -> None:
    """Make an account, for the command line and the demo. ConfigurationError says what is wrong with it."""
    name = name.strip().lower()
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is no name for an account; use letters, digits, and . _ @ - in between")
    if len(password) < LEAST_LETTERS:
        raise ConfigurationError(f"the password is too short; use at least {LEAST_LETTERS} characters")
    stored = _hasher().hash(password)

    def write(connection: Connection) -> None:
        if connection.execute(select(users.c.name).where(users.c.name == name)).first() is not None:
            if not replace:
                raise ConfigurationError(f"there is a user {name} already; --replace gives a new password and role")
            connection.execute(delete(sessions).where(sessions.c.name == name))
            connection.execute(
                update(users).where(users.c.name == name).values(role=role.word, password=stored, disabled=False)
            )
            return
        connection.execute(
            insert(users).values(
                name=name, role=role.word, password=stored, phone=phone, disabled=False, made=time.time()
            )
        )

    store.now(write)


# -- in a transaction ------------------------------------------------------------------------------------------------


def _locked(connection: Connection, keys: Mapping[str, str], limits: Mapping[str, int], now: float) -> float:
    """Seconds to wait, 0 if none of the keys is over its limit."""
    wait = 0.0
    for kind, key in keys.items():
        row = connection.execute(select(failures).where(failures.c.key == key)).one_or_none()
        if row is not None and row.times >= limits[kind]:
            wait = max(wait, row.since + WINDOW_SECONDS - now)
    return wait


def _failed(connection: Connection, keys: Mapping[str, str], limits: Mapping[str, int], now: float) -> list[str]:
    """Counts one more failure against each key; the kinds of those that it brings to their limit."""
    full = []
    connection.execute(delete(failures).where(failures.c.since < now - WINDOW_SECONDS))
    for kind, key in keys.items():
        more = update(failures).where(failures.c.key == key).values(times=failures.c.times + 1)
        times = connection.execute(more.returning(failures.c.times)).scalar()
        if times is None:
            connection.execute(insert(failures).values(key=key, times=1, since=now))
        if (times or 1) == limits[kind]:
            full.append(kind)
    return full


def _opened(connection: Connection, name: str, now: float, forgive: str = "") -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(delete(sessions).where(sessions.c.made < now - SESSION_SECONDS))
    connection.execute(delete(failures).where(failures.c.key == forgive))
    connection.execute(
        insert(sessions).values(token=_mark(token), name=name, csrf=secrets.token_urlsafe(24), made=now, seen=now)
    )
    return token


def _federated(connection: Connection, subject: str, name: str, role: Role, now: float) -> str | None:
    name = name.strip().lower()[:64]
    row = connection.execute(select(users).where(users.c.subject == subject)).one_or_none()
    if row is None:
        taken = connection.execute(select(users.c.name).where(users.c.name == name)).first()
        if taken is not None or not NAME.fullmatch(name):
            return None
        connection.execute(
            insert(users).values(name=name, role=role.word, subject=subject, phone="", disabled=False, made=now)
        )
    elif row.disabled:
        return None
    else:
        name = row.name
        connection.execute(update(users).where(users.c.name == name).values(role=role.word))
    return _opened(connection, name, now)


def _visitor(connection: Connection, token: str, now: float) -> Visitor | None:
    mark = _mark(token)
    row = connection.execute(
        select(users, sessions.c.csrf, sessions.c.made.label("opened"), sessions.c.seen)
        .join(users, users.c.name == sessions.c.name)
        .where(sessions.c.token == mark)
    ).one_or_none()
    if row is None:
        return None
    if row.disabled or now - row.opened > SESSION_SECONDS or now - row.seen > IDLE_SECONDS:
        connection.execute(delete(sessions).where(sessions.c.token == mark))
        return None
    if now - row.seen > SEEN_SECONDS:
        connection.execute(update(sessions).where(sessions.c.token == mark).values(seen=now))
    return Visitor(_user(row), row.csrf, token)


def _changed(connection: Connection, name: str, role: Role | None, disabled: bool | None) -> bool:
    row = connection.execute(select(users).where(users.c.name == name)).one_or_none()
    if row is None:
        return False
    role_after = role.word if role is not None else row.role
    disabled_after = row.disabled if disabled is None else disabled
    others = connection.execute(
        select(users.c.name).where(users.c.role == Role.ADMIN.word, users.c.disabled.is_(False), users.c.name != name)
    ).first()
    if (role_after != Role.ADMIN.word or disabled_after) and row.role == Role.ADMIN.word and others is None:
        return False
    connection.execute(update(users).where(users.c.name == name).values(role=role_after, disabled=disabled_after))
    connection.execute(delete(sessions).where(sessions.c.name == name))
    return True


def _user(row: Any) -> User:
    return User(row.name, Role.named(row.role), row.phone or "", bool(row.disabled))


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password opens, compared when there is nobody to compare."""
    return _hasher().hash(secrets.token_urlsafe(24))


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
