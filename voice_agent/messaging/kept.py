"""Every text there is or was: one row each, from the wish for it to the last word about its delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, String, Table, Text, insert, select, update

from voice_agent.store import metadata

texts = Table(
    "texts",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("call_sid", String(64), nullable=False),
    Column("template", String(40), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("number", String(20), nullable=False),
    Column("sender", String(20), nullable=False),
    Column("contact", String(20), nullable=False),
    Column("about", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sid", String(40), nullable=False),
    Column("error", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("tried", Float, nullable=False),
    Column("changed", Float, nullable=False),
    info={"by": ("contact", "number", "call_sid"), "written": "created"},
)
Index("texts_sid", texts.c.sid)
Index("texts_number_created", texts.c.number, texts.c.created)
Index("texts_call", texts.c.call_sid)


class State(StrEnum):
    WANTED = "wanted"
    SENDING = "sending"
    """A request has left; whether Twilio took it is not known before the next state."""
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    REFUSED = "refused"
    """We ourselves did not send it: no consent any more, switched off, not reachable."""


RANKS: Mapping[State, int] = {
    State.WANTED: 0,
    State.SENDING: 1,
    State.QUEUED: 2,
    State.SENT: 3,
    State.DELIVERED: 4,
    State.UNDELIVERED: 4,
    State.FAILED: 4,
    State.REFUSED: 4,
}
"""A state only moves up: callbacks come twice and in any order."""
OF_TWILIO: Mapping[str, State] = {
    "accepted": State.QUEUED,
    "scheduled": State.QUEUED,
    "queued": State.QUEUED,
    "sending": State.QUEUED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}


@dataclass(frozen=True, slots=True)
class KeptText:
    key: str
    call_sid: str
    template: str
    lang: str
    number: str
    sender: str
    contact: str
    about: Mapping[str, Any]
    body: str
    state: State
    sid: str
    error: int
    created: float
    tried: float
    """When it was last handed to Twilio, 0 before that."""


def read(connection: Connection, key: str) -> KeptText | None:
    row = connection.execute(select(texts).where(texts.c.key == key)).first()
    return _text(row) if row is not None else None


def of_call(connection: Connection, call_sid: str) -> list[KeptText]:
    rows = connection.execute(select(texts).where(texts.c.call_sid == call_sid).order_by(texts.c.created))
    return [_text(row) for row in rows]


def add(connection: Connection, text: KeptText) -> None:
    values = {name: getattr(text, name) for name in KeptText.__slots__ if name not in ("about", "state")}
    about, state = json.dumps(dict(text.about), ensure_ascii=False), str(text.state)
    connection.execute(insert(texts).values(**values, about=about, state=state, changed=text.created))


def known_number(connection: Connection, number: str) -> bool:
    """Whether we have texted this number before."""
    return connection.execute(select(texts.c.key).where(texts.c.number == number).limit(1)).first() is not None


def claimed(connection: Connection, number: str) -> frozenset[str]:
    """Messages to this number that a row stands for already."""
    rows = connection.execute(select(texts.c.sid).where((texts.c.number == number) & (texts.c.sid != "")))
    return frozenset(rows.scalars())


def move(connection: Connection, key: str, state: State, *, at: float, sid: str = "", error: int = 0) -> bool:
    """Bring a row to a later state; an earlier one, or another end, changes nothing. True if it changed."""
    row = connection.execute(select(texts.c.state, texts.c.sid).where(texts.c.key == key).with_for_update()).first()
    if row is None:
        return False
    later = RANKS[state] > RANKS[State(row.state)]
    values: dict[str, Any] = {}
    if later:
        values |= {"state": str(state), "changed": at, "error": error}
    if sid and not row.sid:
        values["sid"] = sid
    if state is State.SENDING:
        values["tried"] = at
    if values:
        connection.execute(update(texts).where(texts.c.key == key).values(**values))
    return later


def back(connection: Connection, key: str, *, at: float) -> None:
    """Nothing was sent after all: it may be tried anew."""
    wanted = update(texts).where((texts.c.key == key) & (texts.c.state == str(State.SENDING)) & (texts.c.sid == ""))
    connection.execute(wanted.values(state=str(State.WANTED), changed=at))


def by_sid(connection: Connection, sid: str) -> str | None:
    """The key of the text that Twilio calls so."""
    found = connection.execute(select(texts.c.key).where(texts.c.sid == sid).limit(1)).scalar()
    return str(found) if found is not None else None


def _text(row: Any) -> KeptText:
    return KeptText(
        key=row.key,
        call_sid=row.call_sid,
        template=row.template,
        lang=row.lang,
        number=row.number,
        sender=row.sender,
        contact=row.contact,
        about=json.loads(row.about),
        body=row.body,
        state=State(row.state),
        sid=row.sid,
        error=row.error,
        created=row.created,
        tried=row.tried,
    )
