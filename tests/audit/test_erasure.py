"""Forgetting people: every trace of one is found, exported and erased; the log of decisions still holds."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import voice_agent
from voice_agent import audit, erasure
from voice_agent.audit import Audit, Entry
from voice_agent.erasure import Person
from voice_agent.store import Store, metadata

MARIA = "003000000000001AAA"
LEE = "003000000000002AAA"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'erasure.sqlite3'}")
    opened.prepare()
    yield opened
    opened.close()


def two_people(store: Store) -> Audit:
    log = Audit("key")
    for contact, call_sid, said in ((MARIA, "CA1", "my gate code is 4471"), (LEE, "CA2", "where is he")):
        entry = Entry("write", call_sid, {"tool": "visit_note"}, {"said": said}, contact=contact)
        store.now(lambda c, e=entry: log.append(c, e, wall=100.0))  # type: ignore[misc]
    later = Entry("refusal", "CA1", {"rule": "level"}, {"said": "and my neighbour's visit"})
    store.now(lambda c: log.append(c, later, wall=200.0))
    return log


def test_erasing_a_person_leaves_nothing_of_them_and_the_chain_holds(store: Store) -> None:
    log = two_people(store)
    gone = store.now(lambda c: erasure.erase(c, log, Person(contact=MARIA), by="admin", wall=300.0))
    assert gone == {"audit_words": 3}  # said and contact of the write, and what was said later in the same call
    left = store.now(lambda c: [word.content for word in c.execute(select(audit.words))])
    assert sorted(left) == sorted([LEE, "where is he"])
    assert store.now(lambda c: erasure.export(c, Person(contact=MARIA))) == {}
    found = store.now(log.verify)
    assert (found.sound, found.entries, found.erased) == (True, 4, 3)


def test_an_erased_entry_says_that_something_was_erased(store: Store) -> None:
    log = two_people(store)
    store.now(lambda c: erasure.erase(c, log, Person(contact=MARIA), by="admin", wall=300.0))
    first = store.now(lambda c: audit.of_call(c, "CA1"))[0]
    assert (first.personal, first.erased, dict(first.facts)) == ({}, ("contact", "said"), {"tool": "visit_note"})


def test_a_person_can_be_told_what_is_kept_of_them(store: Store) -> None:
    two_people(store)
    kept = store.now(lambda c: erasure.export(c, Person(contact=MARIA)))
    assert {row["content"] for row in kept["audit_words"]} == {
        "my gate code is 4471",
        MARIA,
        "and my neighbour's visit",
    }


def test_what_is_older_than_the_retention_goes_and_younger_stays(store: Store) -> None:
    log = two_people(store)
    gone = store.now(lambda c: erasure.prune(c, log, before=150.0, wall=300.0))
    assert gone == {"audit_words": 4}
    assert store.now(lambda c: erasure.prune(c, log, before=150.0, wall=301.0)) == {}
    assert store.now(log.verify).sound


def test_every_table_says_how_its_personal_rows_are_found() -> None:
    for module in pkgutil.walk_packages(voice_agent.__path__, "voice_agent."):
        if not module.name.startswith(("voice_agent.demo", "voice_agent.__main__")):
            importlib.import_module(module.name)
    for table in metadata.tables.values():
        by = table.info.get("by", ())
        assert bool(by) != bool(table.info.get("impersonal")), f"{table.name}: declare info by= or impersonal="
        assert set(by) <= set(erasure.COLUMNS) and all(name in table.c for name in by), table.name
        assert not by or "written" not in table.info or table.info["written"] in table.c, table.name
        hidden = {"call_sid", "contact", "number"} & set(table.c.keys())
        assert not by or hidden <= set(by) | {"call_sid"}, f"{table.name}: {hidden} identify a person"
