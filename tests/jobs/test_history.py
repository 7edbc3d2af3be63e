"""The kept journal: complete, in order, for every process; never in the way of a call, never without a bound."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.salesforce.facade import live
from voice_agent import journal as journal_file
from voice_agent.errors import StoreUnavailable
from voice_agent.history import History
from voice_agent.journal import Journal
from voice_agent.store import Store

pytestmark = pytest.mark.process


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def talked(journal: Journal, call_sid: str, **about: Any) -> None:
    record = journal.open(call_sid, "customer", wall=1_000.0)
    journal.write(record, "call_started", 1.0, caller="+13125550188", attestation="A", **about)
    journal.write(record, "caller", 2.0, turn=1, text="¿dónde está mi técnico?", lang="es")


@live
async def test_what_one_process_noted_another_reads_in_order(store: Store) -> None:
    journal = Journal(Clock())
    talked(journal, "CA1")
    talked(journal, "CA2")
    await History(store).flush(journal)
    assert not journal.pending
    another = Store(store.url.render_as_string(hide_password=False))
    other = History(another)
    first, *rest = await other.since(0)
    assert [entry.call_sid for entry in (first, *rest)] == ["CA1", "CA1", "CA2", "CA2"]
    assert [entry.seq for entry in await other.since(first.seq)] == [entry.seq for entry in rest]
    assert await other.last_seq() == rest[-1].seq and await other.since(rest[-1].seq) == []
    asked = (await other.entries("CA1"))[1]
    assert (asked.kind, asked.at, asked.values["text"]) == ("caller", 2.0, "¿dónde está mi técnico?")
    another.close()


@live
async def test_a_call_as_a_whole_follows_its_entries(store: Store) -> None:
    journal, history = Journal(Clock()), History(store)
    talked(journal, "CA1")
    await history.flush(journal)
    (going_on,) = await history.calls(live=True)
    assert (going_on.caller, going_on.lang, going_on.ended, going_on.sockets) == ("+13125550188", "es", None, 1)
    record = journal.open("CA1", "customer", wall=0.0)
    journal.write(record, "call_resumed", 3.0, caller="+13125550188")
    journal.write(record, "emergency", 4.0, hazard="gas")
    journal.write(record, "handed_off", 5.0, reason="caller_asked")
    journal.write(record, "call_ended", 6.0, reason="hangup")
    await history.flush(journal)
    assert await history.calls(live=True) == []
    (over,) = await history.calls(outcome="caller_asked", caller="0188")
    assert (over.outcome, over.hazard, over.sockets, over.started) == ("hangup", "gas", 2, 1_000.0)
    assert over == await history.call("CA1") and over.ended == over.last
    assert await history.calls(caller="0199") == [] == await history.calls(before=1_000.0)
    assert await history.call("CA9") is None


@live
async def test_while_the_store_is_away_nothing_waits_and_nothing_is_lost_up_to_a_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_file, "MOST_PENDING", 10)
    journal, history = Journal(Clock()), History(store)
    store.now(lambda connection: connection.execute(text("ALTER TABLE journal RENAME TO away")))
    for n in range(6):
        talked(journal, f"CA{n}")
    with pytest.raises(StoreUnavailable):
        await history.flush(journal)
    assert len(journal.pending) == 10 and journal.lost == 2
    store.now(lambda connection: connection.execute(text("ALTER TABLE away RENAME TO journal")))
    await history.flush(journal)
    kept = [entry.call_sid for entry in await history.since(0)]
    assert kept == [f"CA{n}" for n in (1, 2, 3, 4, 5) for _ in range(2)], "the oldest went first"


@live
async def test_entries_reach_the_store_by_themselves(store: Store) -> None:
    journal, history = Journal(), History(store)
    keeping = asyncio.create_task(history.keep(journal))
    talked(journal, "CA1")
    while not await history.entries("CA1"):  # noqa: ASYNC110  only the store can tell
        await asyncio.sleep(0.02)
    keeping.cancel()
