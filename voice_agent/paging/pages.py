"""One page: a row, and the durable job that goes up the ladder until somebody has said that they have it.

The job keeps its deadlines through any crash. A call has no idempotency key at Twilio, so before each one it is looked
up whether that phone is ringing already, and an answer that was lost is settled in the same way (reliability: W2, W3).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, Float, Row, String, Table, select, update

from voice_agent.clients import telephony_of
from voice_agent.errors import TwilioRestError
from voice_agent.jobs import want
from voice_agent.messaging.setting_up import texts_of
from voice_agent.messaging.texts import Recipient
from voice_agent.paging import on_call
from voice_agent.paging.on_call import Person
from voice_agent.settings import Settings
from voice_agent.store import insert_new, metadata
from voice_agent.twilio.telephony import Telephony
from voice_agent.workshop import SOON, GivenUp, Result, Workshop

JOB = "page"
RING_SECONDS = 40

pages = Table(
    "pages",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("hazard", String(40), nullable=False),
    Column("line", String(80), nullable=False),
    Column("number", String(40), nullable=False),
    Column("contact", String(18), nullable=False),
    Column("place", String(200), nullable=False),
    Column("opened", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(80), nullable=False),
    Column("settled", Float),
    info={"by": ("contact", "number", "call_sid"), "written": "opened"},
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """`state`: open, acknowledged by `by`, or unanswered. `number` is the caller's, empty if withheld."""

    key: str
    call_sid: str
    hazard: str
    line: str
    number: str
    contact: str
    place: str
    opened: float
    state: str = "open"
    by: str = ""
    settled: float | None = None


def key_of(call_sid: str, hazard: str) -> str:
    """Stands in addresses that are signed as they are written, so it holds nothing that would be escaped."""
    return f"page-{call_sid}-{hazard}"


def open_page(connection: Connection, page: Page) -> None:
    """On record together with the job that pages; a hazard told twice in a call is one page."""
    row = {name: getattr(page, name) for name in Page.__slots__}
    if insert_new(connection, pages, row):
        want(connection, JOB, page.key, {"key": page.key}, due=page.opened)


def find(connection: Connection, key: str) -> Page | None:
    row = connection.execute(select(pages).where(pages.c.key == key)).first()
    return None if row is None else _read(row)


def open_ones(connection: Connection) -> list[Page]:
    """Nobody has these yet; the oldest first."""
    return [_read(row) for row in connection.execute(select(pages).where(pages.c.state == "open").order_by("opened"))]


def settle(connection: Connection, key: str, state: str, by: str, *, at: float) -> bool:
    """The first who takes it has it; an unanswered one can still be taken. True if this changed something."""
    here = update(pages).where(pages.c.key == key, pages.c.state != "acknowledged")
    return connection.execute(here.values(state=state, by=by, settled=at)).rowcount == 1


def take(connection: Connection, key: str, by: str, *, at: float) -> bool:
    """Somebody pressed 1: in one transaction the page is theirs and its job is told to stop."""
    if not settle(connection, key, "acknowledged", by, at=at):
        return False
    want(connection, "", key, {"by": by}, due=at)
    return True


async def page(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """The job. Texts and calls everybody on a rung, waits for one of them to press 1, and goes on to the next rung."""
    name = str(arguments["key"])
    told = await workshop.step("ladder", lambda: _ladder(workshop))  # kept: the file may change while a page is open
    assert told is not None
    for turn, place, people, wait in told["turns"]:
        for number, (who, phone) in enumerate(people):
            alert = partial(_alert, workshop, name, Person(who, phone), turn)
            try:
                await workshop.step(f"{turn}.{place}.{number}", alert, retries=SOON[:3])
            except GivenUp as error:
                log.error("somebody on call could not be reached", extra={"page": name, "why": str(error)})
        if await _taken(workshop, name, wait):
            return {"state": "acknowledged"}

    async def unanswered() -> Result:
        await workshop.store.run(lambda c: settle(c, name, "unanswered", "", at=workshop.now()))
        return None

    await workshop.step("unanswered", unanswered)
    log.critical("nobody on call has answered a page", extra={"page": name})
    return {"state": "unanswered"}


async def _ladder(workshop: Workshop) -> Result:
    ladder = on_call.load(workshop.settings.prompts_dir or None)
    return {
        "turns": [
            [turn, place, [[person.name, person.number] for person in rung.people], rung.wait]
            for turn, place, rung in ladder.turns()
        ]
    }


async def _taken(workshop: Workshop, name: str, seconds: float) -> bool:
    if await workshop.receive(seconds) is not None:
        return True
    found = await workshop.step("look", lambda: _state(workshop, name))
    return found is not None and found["state"] == "acknowledged"


async def _state(workshop: Workshop, name: str) -> Result:
    found = await workshop.store.look(lambda connection: find(connection, name))
    return {"state": found.state if found is not None else "acknowledged"}


async def _alert(workshop: Workshop, name: str, person: Person, turn: int) -> Result:
    """One person, once a round: a text, and a call. Bears repeating."""
    found = await workshop.store.look(lambda connection: find(connection, name))
    if found is None or found.state == "acknowledged":
        return {"needless": True}
    sender = next((line.number for line in workshop.lines.lines if line.name == found.line), "")
    texts = texts_of(workshop.settings, workshop.store, workshop.salesforce, workshop.lines, wall=workshop.now)
    await texts.send(
        "emergency_page",
        Recipient(person.number),
        key=f"{name}-{turn}-{person.number[1:]}",
        values={
            "hazard": found.hazard.replace("_", " ").upper(),
            "place": found.place or "?",
            "callback": found.number or "?",
        },
        lang="en",
        sender=sender,
        call_sid=found.call_sid,
    )
    async with aclosing(_Closing(telephony_of(workshop.settings))) as closing:
        return {"sid": await ring(closing.telephony, workshop.settings, found.key, person, sender)}


class _Closing:
    def __init__(self, telephony: Telephony) -> None:
        self.telephony = telephony

    async def aclose(self) -> None:
        await self.telephony.close()


async def ring(telephony: Telephony, settings: Settings, key: str, person: Person, sender: str) -> str:
    """The SID of the call that asks this person to take the page: one that rings already, or a new one.

    TwilioRestError when it is not known to ring; tried again, it is looked for first.
    """
    ringing = await _ringing(telephony, person, sender)
    if ringing:
        return ringing
    base = settings.public_url.rstrip("/")
    asked = f"key={key}&who={quote(person.number, safe='')}"
    try:
        return await telephony.call(
            to=person.number,
            from_=sender,
            url=f"{base}/twilio/page/leg?{asked}",
            status_callback=f"{base}/twilio/page/status?{asked}",
            ring_seconds=RING_SECONDS,
        )
    except TwilioRestError as error:
        if error.ambiguous and (ringing := await _ringing(telephony, person, sender)):
            return ringing
        raise


async def _ringing(telephony: Telephony, person: Person, sender: str) -> str:
    legs = await telephony.calls_to(person.number, from_=sender)
    return next((leg.sid for leg in legs if not leg.over), "")


def of_now(call_sid: str, hazard: str, *, line: str, number: str, contact: str, place: str) -> Page:
    return Page(key_of(call_sid, hazard), call_sid, hazard, line, number, contact, place[:200], time.time())


def _read(row: Row[Any]) -> Page:
    return Page(**row._mapping)
