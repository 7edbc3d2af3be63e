"""Who waits for a person and what was tried for them, in the store: two tables, and a few keyed pieces of work on them.

Any process may be asked by Twilio about any caller, twice, and late. Each function here is one transaction that locks
its caller's row, so of two that accept the same caller one is first and the other is told so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, Index, Integer, Row, Select, String, Table, Text, select

from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.store import metadata

waiting_callers = Table(
    "waiting_callers",
    metadata,
    Column("call_sid", String(64), primary_key=True),
    Column("round", Integer, nullable=False),
    Column("line", String(80), nullable=False),
    Column("target", String(80), nullable=False),
    Column("number", String(40), nullable=False),
    Column("name", String(160), nullable=False),
    Column("contact", String(18), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("reason", String(80), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("summary", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wish", String(16), nullable=False),
    Column("entered", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("position", Integer, nullable=False),
    Column("queue_sid", String(64), nullable=False),
    Column("accepted_key", String(96), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("talks", Integer, nullable=False),
    Index("waiting_callers_state", "state"),
    info={"by": ("contact", "number", "call_sid"), "written": "entered"},
)
transfers = Table(
    "transfers",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("by", String(120), nullable=False),
    Column("phone", String(200), nullable=False),
    Column("via", String(8), nullable=False),
    Column("step", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("leg_sid", String(64), nullable=False),
    Column("reservation_sid", String(120), nullable=False),
    Column("asked", Float, nullable=False),
    Column("rang", Float),
    Column("accepted", Float),
    Column("ended", Float),
    info={"by": ("call_sid",), "written": "asked"},
)


def load(connection: Connection, call_sid: str) -> Waiting | None:
    """The caller with the tries of this round; the row is locked until the transaction ends."""
    rows = select(waiting_callers).where(waiting_callers.c.call_sid == call_sid).with_for_update()
    row = connection.execute(rows).first()
    return None if row is None else _waiting(connection, row)


def open_ones(connection: Connection) -> list[Waiting]:
    """Everybody whose wait is not over: the urgent first, then those who came first."""
    there = (
        select(waiting_callers)
        .where(waiting_callers.c.state != State.OVER)
        .order_by(waiting_callers.c.urgent.desc(), waiting_callers.c.entered)
    )
    return all_of(connection, there)


def all_of(connection: Connection, there: Select[Any]) -> list[Waiting]:
    """The callers that a query of `waiting_callers` finds, in its order."""
    return [_waiting(connection, row) for row in connection.execute(there).all()]


def find_attempt(connection: Connection, key: str) -> tuple[Waiting, Attempt] | None:
    """By its key: the caller and the try, which may be one of an earlier round."""
    wanted = select(transfers).where(transfers.c.key == key)
    row = connection.execute(wanted).first()
    waiting = None if row is None else load(connection, row.call_sid)
    if waiting is None:
        return None
    return waiting, _attempt(connection.execute(wanted).one())  # read again: the row was not locked before


def enter(connection: Connection, arriving: Waiting) -> Waiting:
    """A caller is handed over. Said again in the same round it changes nothing; after the end it is a new round."""
    there = load(connection, arriving.call_sid)
    if there is None:
        _insert(connection, arriving)
        return arriving
    match there.state:
        case State.WAITING | State.ACCEPTED | State.CONNECTED:
            return there
        case State.EXPECTED:
            arriving = replace(arriving, round=there.round, talks=there.talks, attempts=there.attempts)
            arriving = replace(arriving, state=State.ACCEPTED if there.accepted_key else State.WAITING)
            arriving = replace(arriving, accepted_key=there.accepted_key)
        case State.OVER:
            arriving = replace(arriving, round=there.round + 1, talks=there.talks, attempts=())
    save(connection, arriving)
    return arriving


def expect(connection: Connection, coming: Waiting) -> Waiting:
    """A person takes a live call over: the caller is known here before the agent has said goodbye."""
    there = load(connection, coming.call_sid)
    if there is None:
        _insert(connection, coming)
        return coming
    if there.state is not State.OVER:
        return there
    coming = replace(coming, round=there.round + 1, talks=there.talks)
    save(connection, coming)
    return coming


def seen(connection: Connection, call_sid: str, *, position: int, queue_sid: str, at: float) -> Waiting | None:
    """Twilio asked what a waiting caller shall hear: they are still there, and this is their place."""
    there = load(connection, call_sid)
    if there is None or there.state is State.OVER:
        return there
    there = replace(there, seen=at, position=position, queue_sid=queue_sid or there.queue_sid)
    save(connection, there)
    return there


def wish(connection: Connection, call_sid: str, wanted: Wish, *, among: Sequence[Wish] = (Wish.NONE,)) -> bool:
    """Where the caller goes next, if nothing else was decided. False when somebody has them, or they are gone."""
    there = load(connection, call_sid)
    if there is None or there.state is not State.WAITING or there.wish not in among:
        return False
    save(connection, replace(there, wish=wanted))
    return True


def stay(connection: Connection, call_sid: str, *, target: str = "", at: float = 0.0) -> Waiting | None:
    """Back to waiting: the wish is carried out or void, or the bridge broke. A new target begins its wait anew."""
    there = load(connection, call_sid)
    if there is None or there.state is State.OVER:
        return there
    there = replace(there, state=State.WAITING, wish=Wish.NONE, accepted_key="")
    if target and target != there.target:
        there = replace(there, target=target, entered=at)
    save(connection, there)
    return there


def worded(connection: Connection, call_sid: str, round_: int, words: str) -> bool:
    """A model's wording stands beside the summary of this round; False when the caller is not in it any more."""
    there = load(connection, call_sid)
    if there is None or there.round != round_ or there.state is State.OVER or not there.summary:
        return False
    save(connection, replace(there, summary={**there.summary, "worded": words}))
    return True


def begin(
    connection: Connection,
    call_sid: str,
    *,
    by: str,
    phone: str,
    via: Via,
    at: float,
    reservation_sid: str = "",
    unless: Callable[[Waiting], bool] = lambda waiting: False,
) -> Attempt | None:
    """A new try, numbered under the lock. None when nobody waits, somebody has them, or `unless` holds."""
    there = load(connection, call_sid)
    if there is None or there.state not in (State.WAITING, State.EXPECTED) or there.accepted_key or unless(there):
        return None
    nth = len(there.attempts) + 1
    key = f"{call_sid}.{there.round}.{nth}"
    attempt = Attempt(key, call_sid, there.round, nth, by, phone, via, reservation_sid=reservation_sid, asked=at)
    connection.execute(transfers.insert().values(**_columns(attempt)))
    return attempt


def move(connection: Connection, key: str, change: Callable[[Attempt], Attempt]) -> tuple[Waiting, Attempt] | None:
    """Change a try by one of its own steps. Gives it as it is now, with its caller; None for a key that is not ours."""
    found = find_attempt(connection, key)
    if found is None:
        return None
    waiting, before = found
    after = change(before)
    if after != before:
        values = {name: value for name, value in _columns(after).items() if name != "key"}
        connection.execute(transfers.update().where(transfers.c.key == key).values(**values))
    return replace(waiting, attempts=attempts_of(connection, waiting)), after


def over(connection: Connection, call_sid: str, outcome: str, at: float) -> tuple[Waiting | None, bool]:
    """The wait is over, once: (the caller, whether this was the first to say so). Open tries end with it."""
    there = load(connection, call_sid)
    if there is None or there.state is State.OVER:
        return there, False
    there = replace(there, state=State.OVER, outcome=outcome, wish=Wish.NONE)
    save(connection, there)
    withdrawn = Outcome.ABANDONED if outcome == Outcome.ABANDONED else None
    for attempt in there.attempts:
        move(connection, attempt.key, lambda each: each.over(withdrawn, at))
    return there, True


def save(connection: Connection, waiting: Waiting) -> None:
    values = {name: value for name, value in _row(waiting).items() if name != "call_sid"}
    connection.execute(waiting_callers.update().where(waiting_callers.c.call_sid == waiting.call_sid).values(**values))


def _insert(connection: Connection, waiting: Waiting) -> None:
    connection.execute(waiting_callers.insert().values(**_row(waiting)))


def _row(waiting: Waiting) -> dict[str, Any]:
    values = {column.name: getattr(waiting, column.name) for column in waiting_callers.columns}
    return values | {
        "summary": json.dumps(dict(waiting.summary), ensure_ascii=False),
        "state": waiting.state.value,
        "wish": waiting.wish.value,
    }


def _waiting(connection: Connection, row: Row[Any]) -> Waiting:
    values = dict(row._mapping)
    values |= {
        "summary": json.loads(values["summary"]),
        "state": State(values["state"]),
        "wish": Wish(values["wish"]),
    }
    waiting = Waiting(**values)
    return replace(waiting, attempts=attempts_of(connection, waiting))


def attempts_of(connection: Connection, waiting: Waiting) -> tuple[Attempt, ...]:
    """Of the present round, oldest first."""
    rows = (
        select(transfers)
        .where(transfers.c.call_sid == waiting.call_sid, transfers.c.round == waiting.round)
        .order_by(transfers.c.nth)
    )
    return tuple(_attempt(row) for row in connection.execute(rows))


def _columns(attempt: Attempt) -> dict[str, Any]:
    values = {column.name: getattr(attempt, column.name) for column in transfers.columns}
    return values | {
        "via": attempt.via.value,
        "step": attempt.step.value,
        "outcome": attempt.outcome.value if attempt.outcome is not None else None,
    }


def _attempt(row: Row[Any]) -> Attempt:
    values = dict(row._mapping)
    outcome = values["outcome"]
    values |= {
        "via": Via(values["via"]),
        "step": Step(values["step"]),
        "outcome": Outcome(outcome) if outcome is not None else None,
    }
    return Attempt(**values)
