"""TaskRouter's workers as the desk sees them: who is there, doing what, since when.

Events say it the moment it changes; the list that REST gives now and then says it of those who never changed, and which
activities count as available. Of two that disagree the later one holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Connection, Float, String, Table, select

from voice_agent.store import insert_new, metadata

desk_workers = Table(
    "desk_workers",
    metadata,
    Column("sid", String(64), primary_key=True),
    Column("name", String(160), nullable=False),
    Column("activity", String(80), nullable=False),
    Column("available", Boolean),
    Column("since", Float, nullable=False),
    info={"impersonal": "the company's own people, as TaskRouter names them; no caller is in it"},
)


@dataclass(frozen=True, slots=True)
class Worker:
    sid: str
    name: str
    activity: str
    available: bool | None
    """Whether calls are given to whoever does that; None while only an event has told of the activity."""
    since: float
    """UNIX seconds."""


def note(connection: Connection, worker: Worker) -> None:
    """What is older than what is known changes nothing: events come late, and twice."""
    row = {name: getattr(worker, name) for name in ("sid", "name", "activity", "available", "since")}
    if row["available"] is None:
        same = select(desk_workers.c.available).where(desk_workers.c.activity == worker.activity)
        row["available"] = connection.execute(same.where(desk_workers.c.available.is_not(None))).scalar()
    if insert_new(connection, desk_workers, row):
        return
    older = desk_workers.update().where(desk_workers.c.sid == worker.sid, desk_workers.c.since <= worker.since)
    connection.execute(older.values(**row))
    if worker.available is not None:  # true of the activity, whichever of the two told of it first
        doing = desk_workers.update().where(desk_workers.c.activity == worker.activity)
        connection.execute(doing.values(available=worker.available))


def replace_all(connection: Connection, workers: list[Worker]) -> None:
    """The whole list, as it is now: who is not in it is no worker any more."""
    gone = desk_workers.delete().where(desk_workers.c.sid.not_in([worker.sid for worker in workers]))
    connection.execute(gone)
    for worker in workers:
        note(connection, worker)


def everybody(connection: Connection) -> list[Worker]:
    """Those who take calls first, then by name."""
    rows = connection.execute(select(desk_workers)).all()
    workers = [Worker(row.sid, row.name, row.activity, row.available, row.since) for row in rows]
    return sorted(workers, key=lambda one: (not one.available, one.name.lower()))
