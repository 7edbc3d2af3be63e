"""What a person at the console tells a live call: written to the store, taken by whichever process holds the call.

The process looks only while it has calls. An order that nobody takes within a minute is for a call that is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, assert_never

from sqlalchemy import Column, Connection, Float, Index, Integer, String, Table, Text, insert, select, update

from voice_agent.call.events import Announced, Whispered
from voice_agent.calls import Calls
from voice_agent.errors import StoreUnavailable
from voice_agent.session import Session
from voice_agent.store import Store, metadata

LOOK_SECONDS = 0.25
STALE_SECONDS = 60.0
MOST_WORDS = 400

Kind = Literal["whisper", "say", "take_over", "hang_up"]
KINDS: tuple[Kind, ...] = ("whisper", "say", "take_over", "hang_up")

orders = Table(
    "orders",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("call_sid", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("words", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("given", Float, nullable=False),
    Column("taken", Float),
    Index("orders_open", "taken", "call_sid"),
    info={"by": ("call_sid",), "written": "given"},
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    call_sid: str
    kind: Kind
    words: str
    """What is whispered or said; "" for the others."""
    by: str


@dataclass(slots=True)
class Orders:
    store: Store
    calls: Calls
    wall: Callable[[], float]
    _given: asyncio.Event = field(default_factory=asyncio.Event)

    async def give(self, order: Order) -> None:
        """Durable once it returns. StoreUnavailable: it was not given."""
        values = {"call_sid": order.call_sid, "kind": order.kind, "words": order.words, "by": order.by}
        now = self.wall()
        await self.store.run(lambda c: c.execute(insert(orders).values(**values, given=now)))
        self._given.set()  # a call of this very process need not wait for the next look

    async def obey(self) -> None:
        """Carries out what is meant for this process's calls, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._given.wait()
            except TimeoutError:
                pass
            self._given.clear()
            mine = [session.call_sid for session in self.calls.live()]
            if not mine:
                continue
            work = partial(_take, call_sids=mine, now=self.wall())
            try:
                taken = await self.store.run(work)
            except StoreUnavailable as error:
                log.warning("orders cannot be read", extra={"why": str(error)})
                continue
            for order in taken:
                if (session := self.calls.get(order.call_sid)) is not None:
                    carry_out(session, order)


def carry_out(session: Session, order: Order) -> None:
    kind = "whisper" if order.kind in ("whisper", "say") else "order"
    session.note(kind, how=order.kind, by=order.by, text=order.words)
    log.info("an order from the console", extra={"call_sid": order.call_sid, "kind": order.kind})
    speak = session.line.speaker(session.call.lang)
    match order.kind:
        case "whisper":
            session.announce(Whispered(f"[note from the dispatcher, not from the caller] {order.words}"))
        case "say":
            session.announce(Announced(order.words))
        case "take_over":
            session.announce(Announced(speak("console.take_over"), then_hand_off="take_over"))
        case "hang_up":
            session.announce(Announced(speak("goodbye"), then_end="dispatcher"))
        case _:
            assert_never(order.kind)


def _take(connection: Connection, call_sids: list[str], now: float) -> list[Order]:
    """Orders for these calls that nobody has taken, oldest first; each is given out once."""
    rows = connection.execute(
        select(orders)
        .where(orders.c.taken.is_(None), orders.c.call_sid.in_(call_sids), orders.c.given > now - STALE_SECONDS)
        .order_by(orders.c.seq)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(update(orders).where(orders.c.seq.in_([row.seq for row in rows])).values(taken=now))
    return [Order(row.call_sid, row.kind, row.words, row.by) for row in rows]


def as_words(text: str) -> str:
    """One line, cut; what a person typed goes to a model and to a voice."""
    return " ".join(text.split())[:MOST_WORDS]
