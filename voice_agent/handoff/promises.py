"""Promises to call somebody back, in the store: made once, tried a few times, kept or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Float, Integer, Row, String, Table, select

from voice_agent.handoff.outcomes import Waiting
from voice_agent.jobs import want
from voice_agent.store import metadata

JOB = "call_back"

call_backs = Table(
    "call_backs",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("number", String(40), nullable=False),
    Column("line", String(80), nullable=False),
    Column("target", String(80), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("contact", String(18), nullable=False),
    Column("recording", String(64), nullable=False),
    Column("promised", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("settled", Float),
    info={"by": ("contact", "number", "call_sid"), "written": "promised"},
)


@dataclass(frozen=True, slots=True)
class CallBack:
    """One promise. `state`: promised, kept or failed; `outcome`: how the last try ended; times are UNIX seconds."""

    key: str
    call_sid: str
    number: str
    line: str
    target: str
    lang: str
    contact: str
    recording: str
    promised: float
    tries: int
    state: str
    outcome: str
    settled: float | None


def promise(connection: Connection, waiting: Waiting, *, recording: str, at: float) -> None:
    """On record together with the job that keeps it; said twice it is one promise."""
    key = f"{JOB}.{waiting.call_sid}.{waiting.round}"  # stands in URLs, where a colon may be spelt in two ways
    if find(connection, key) is None:
        connection.execute(
            call_backs.insert().values(
                key=key,
                call_sid=waiting.call_sid,
                number=waiting.number,
                line=waiting.line,
                target=waiting.target,
                lang=waiting.lang,
                contact=waiting.contact,
                recording=recording,
                promised=at,
                tries=0,
                state="promised",
                outcome="",
                settled=None,
            )
        )
        want(connection, JOB, key, {"key": key}, due=at)


def find(connection: Connection, key: str) -> CallBack | None:
    row = connection.execute(select(call_backs).where(call_backs.c.key == key)).first()
    return None if row is None else _read(row)


def open_ones(connection: Connection) -> list[CallBack]:
    """Promises that are neither kept nor given up, the oldest first."""
    there = select(call_backs).where(call_backs.c.state == "promised").order_by(call_backs.c.promised)
    return [_read(row) for row in connection.execute(there)]


def of_calls(connection: Connection, call_sids: Sequence[str]) -> dict[str, CallBack]:
    """By call, its newest promise."""
    there = select(call_backs).where(call_backs.c.call_sid.in_(call_sids)).order_by(call_backs.c.promised)
    return {promised.call_sid: promised for promised in map(_read, connection.execute(there))}


def tried(connection: Connection, key: str, tries: int) -> bool:
    """Note that a try begins. False when it had begun before: look for its call instead of placing another."""
    there = find(connection, key)
    if there is None or there.tries >= tries:
        return False
    connection.execute(call_backs.update().where(call_backs.c.key == key).values(tries=tries))
    return True


def settle(connection: Connection, key: str, state: str, outcome: str, at: float) -> None:
    """Kept or failed, once; a kept promise stays kept."""
    here = call_backs.update().where(call_backs.c.key == key, call_backs.c.state != "kept")
    connection.execute(here.values(state=state, outcome=outcome, settled=at))


def _read(row: Row[Any]) -> CallBack:
    return CallBack(**row._mapping)
