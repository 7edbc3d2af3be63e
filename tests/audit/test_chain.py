"""The audit log: nobody rewrites it unseen, and a person's words can leave it without breaking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, text, update

from voice_agent import audit
from voice_agent.audit import Audit, Entry, Verdict
from voice_agent.store import Store

SECRET = "a secret that only the server knows"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'audit.sqlite3'}")
    opened.prepare()
    yield opened
    opened.close()


def told(store: Store, count: int = 5) -> Audit:
    log = Audit(SECRET)
    for number in range(count):
        entry = Entry(
            "write",
            "CA1",
            {"tool": "reschedule", "decision": "confirmed", "n": number},
            {"said": f"move it to Thursday {number}", "before": "{}"},
            contact="003000000000001AAA",
        )
        add(store, log, entry, 1000.5 + number)
    return log


def add(store: Store, log: Audit, entry: Entry, wall: float) -> None:
    store.now(lambda c: log.append(c, entry, wall=wall))


def verdict(store: Store, log: Audit, expected: dict[int, str] | None = None) -> Verdict:
    return store.now(lambda c: log.verify(c, expected=expected))


def test_an_untouched_log_is_sound(store: Store) -> None:
    found = verdict(store, told(store))
    assert (found.sound, found.entries, found.erased) == (True, 5, 0)


TAMPERINGS: dict[str, Callable[[Connection], object]] = {
    "a fact changed": lambda c: c.execute(
        update(audit.entries).where(audit.entries.c.seq == 3).values(facts='{"decision":"refused"}')
    ),
    "a time changed": lambda c: c.execute(update(audit.entries).where(audit.entries.c.seq == 3).values(at=1)),
    "a call changed": lambda c: c.execute(update(audit.entries).where(audit.entries.c.seq == 3).values(call_sid="CA2")),
    "an entry removed": lambda c: c.execute(delete(audit.entries).where(audit.entries.c.seq == 3)),
    "words put into a mouth": lambda c: c.execute(
        update(audit.words).where(audit.words.c.seq == 3, audit.words.c.name == "said").values(content="cancel it")
    ),
    "two entries exchanged": lambda c: (
        c.execute(text("UPDATE audit_entries SET seq = -1 WHERE seq = 3")),
        c.execute(text("UPDATE audit_entries SET seq = 3 WHERE seq = 4")),
        c.execute(text("UPDATE audit_entries SET seq = 4 WHERE seq = -1")),
    ),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_tampering_is_found_at_its_place(store: Store, how: str) -> None:
    log = told(store)
    store.now(TAMPERINGS[how])
    found = verdict(store, log)
    assert found.broken_at == 3, found


def test_an_entry_forged_without_the_key_is_found(store: Store) -> None:
    log = told(store)
    store.now(lambda c: Audit("another secret").append(c, Entry("write", "CA9"), wall=2000.0))
    assert verdict(store, log).broken_at == 6


def test_a_log_cut_off_at_its_end_contradicts_the_org(store: Store) -> None:
    log = told(store)
    seq, digest = store.now(audit.head)
    store.now(lambda c: c.execute(delete(audit.entries).where(audit.entries.c.seq > 3)))
    assert verdict(store, log).sound  # the chain alone cannot know
    found = verdict(store, log, {seq: digest})
    assert not found.sound and "ends at 3" in found.why


def test_an_entry_stands_or_falls_with_what_it_describes(store: Store) -> None:
    log = told(store, 1)

    def half(connection: Connection) -> None:
        log.append(connection, Entry("write", "CA1"), wall=3000.0)
        raise LookupError("the change itself failed")

    with pytest.raises(LookupError):
        store.now(half)
    assert verdict(store, log).entries == 1


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
FACTS = st.dictionaries(TEXT, st.integers(-(2**53), 2**53) | TEXT | st.none() | st.booleans(), max_size=3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TEXT, FACTS, TEXT), max_size=6))
def test_any_facts_and_words_are_kept_as_given(
    tmp_path_factory: pytest.TempPathFactory, happened: list[tuple[str, dict[str, object], str]]
) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('any') / 'audit.sqlite3'}")
    try:
        store.prepare()
        log = Audit(SECRET)
        for call_sid, facts, said in happened:
            add(store, log, Entry("refusal", call_sid, facts, {"said": said}), 5.0)
            kept = store.now(lambda c: audit.newest(c, 1))[0]
            assert (kept.call_sid, dict(kept.facts), kept.personal["said"]) == (call_sid, facts, said)
        assert verdict(store, log).sound
    finally:
        store.close()


def test_words_no_database_takes_are_kept_as_far_as_they_can_be(store: Store) -> None:
    log = Audit(SECRET)
    add(store, log, Entry("refusal", "CA1", {}, {"said": "job \x00 4512 \ud800"}), 5.0)
    assert store.now(lambda c: audit.newest(c, 1))[0].personal["said"] == "job  4512 ?"
    assert verdict(store, log).sound
