"""Accounts: what opens a session, what ends it, and what locks the door."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import database
from voice_agent.audit import Audit, newest
from voice_agent.console import users
from voice_agent.console.users import IDLE_SECONDS, SESSION_SECONDS, WINDOW_SECONDS, LockedOut, Role, Users
from voice_agent.errors import ConfigurationError
from voice_agent.store import Store

PASSWORD = "correct horse battery"
LOG = Audit("s" * 32)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url:
        opened = Store(url)
        opened.prepare()
        users.add(opened, "Dana", Role.SUPERVISOR, PASSWORD)
        yield opened
        opened.close()


def test_a_session_is_its_owner_until_it_is_ended_idle_or_old(store: Store) -> None:
    clock = Clock()
    people = Users(store, LOG, clock)

    async def story() -> None:
        token = await people.sign_in(" DANA ", PASSWORD, "10.0.0.1")
        assert token is not None
        visitor = await people.visitor(token)
        assert visitor is not None and (visitor.user.name, visitor.user.role) == ("dana", Role.SUPERVISOR)
        assert await people.visitor(token + "x") is None
        for _ in range(5):  # used all day, it still ends with the shift
            clock.now += IDLE_SECONDS - 1
            assert await people.visitor(token) is not None
        clock.now = 1_000_000.0 + SESSION_SECONDS + 1
        assert await people.visitor(token) is None
        token = await people.sign_in("dana", PASSWORD, "10.0.0.1")
        assert token is not None
        clock.now += IDLE_SECONDS + 1
        assert await people.visitor(token) is None
        token = await people.sign_in("dana", PASSWORD, "10.0.0.1")
        assert token is not None
        await people.sign_out(token)
        assert await people.visitor(token) is None

    asyncio.run(story())


def test_five_wrong_passwords_lock_that_name_from_there_and_nobody_else(store: Store) -> None:
    clock = Clock()
    people = Users(store, LOG, clock)

    async def story() -> None:
        for _ in range(5):
            assert await people.sign_in("dana", "guess", "10.0.0.9") is None
        with pytest.raises(LockedOut):
            await people.sign_in("dana", PASSWORD, "10.0.0.9")
        assert await people.sign_in("dana", PASSWORD, "10.0.0.1") is not None
        clock.now += WINDOW_SECONDS + 1
        assert await people.sign_in("dana", PASSWORD, "10.0.0.9") is not None

    asyncio.run(story())


def test_who_came_in_was_refused_locked_out_and_left_stands_in_the_audit_log(store: Store) -> None:
    people = Users(store, LOG, Clock())

    async def story() -> None:
        assert await people.sign_in("my secret pass phrase", "dana", "10.0.0.7") is None
        for _ in range(5):
            assert await people.sign_in("dana", "a wrong guess", "10.0.0.9") is None
        for _ in range(3):  # what the lock refuses is not told again and again
            with pytest.raises(LockedOut):
                await people.sign_in("dana", PASSWORD, "10.0.0.9")
        token = await people.sign_in("dana", PASSWORD, "10.0.0.1")
        assert token is not None
        await people.sign_out(token)
        await people.sign_out(token)

    asyncio.run(story())
    entries = store.now(newest)[::-1]
    assert [(e.facts["act"], e.facts["by"], e.personal.get("address")) for e in entries] == [
        ("sign_in_refused", "", "10.0.0.7"),
        *[("sign_in_refused", "dana", "10.0.0.9")] * 5,
        ("locked_out", "dana", "10.0.0.9"),
        ("signed_in", "dana", "10.0.0.1"),
        ("signed_out", "dana", None),
    ]
    assert entries[0].facts["why"] == "no such account" and entries[1].facts["why"] == "wrong password"
    kept = str([(e.facts, e.personal) for e in entries])
    assert not [word for word in ("secret", "guess", PASSWORD) if word in kept]
    assert store.now(LOG.verify).sound


def test_names_that_do_not_exist_count_against_the_address_that_tries_them(store: Store) -> None:
    people = Users(store, LOG, Clock(), limits={"pair": 5, "name": 30, "address": 3})

    async def story() -> None:
        for number in range(3):
            assert await people.sign_in(f"nobody{number}", "guess", "10.0.0.9") is None
        with pytest.raises(LockedOut):
            await people.sign_in("dana", PASSWORD, "10.0.0.9")

    asyncio.run(story())


def test_an_account_that_is_locked_or_changed_loses_its_sessions(store: Store) -> None:
    users.add(store, "ada", Role.ADMIN, PASSWORD)
    people = Users(store, LOG, Clock())

    async def story() -> None:
        token = await people.sign_in("dana", PASSWORD, "10.0.0.1")
        assert token is not None
        assert await people.change("dana", disabled=True)
        assert await people.visitor(token) is None
        assert await people.sign_in("dana", PASSWORD, "10.0.0.1") is None
        assert not await people.change("ada", role=Role.DISPATCHER), "nobody would be left to undo it"

    asyncio.run(story())


def test_an_identity_provider_cannot_take_over_an_account_with_a_password(store: Store) -> None:
    people = Users(store, LOG, Clock())

    async def story() -> None:
        assert await people.sign_in_as("issuer|1", "dana", Role.ADMIN) is None
        token = await people.sign_in_as("issuer|2", "maria@example.com", Role.DISPATCHER)
        assert token is not None
        visitor = await people.visitor(token)
        assert visitor is not None and visitor.user.role is Role.DISPATCHER
        assert await people.sign_in("maria@example.com", "", "10.0.0.1") is None, "it has no password"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [("dana", PASSWORD, "already"), ("new person", PASSWORD, "no name"), ("new", "short", "too short")],
)
def test_a_bad_account_is_refused_with_the_mend(store: Store, name: str, password: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        users.add(store, name, Role.DISPATCHER, password)
