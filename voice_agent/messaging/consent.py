"""Who does not want to be texted, and who said that they do: kept here at once, in the org by a durable job.

A number is kept as a keyed digest: what people said must outlive the erasure of everything else about them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, Select, String, Table, delete, insert, select, update

from voice_agent.errors import Forbidden, InvalidInput, NotFound
from voice_agent.jobs import want
from voice_agent.messaging.wording import Kind
from voice_agent.salesforce import consents as org
from voice_agent.salesforce.consents import Given
from voice_agent.store import Store, metadata
from voice_agent.workshop import Result, Workshop

consents = Table(
    "consents",
    metadata,
    Column("number", String(64), primary_key=True),
    Column("allowed", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Column("source", String(80), nullable=False),
    info={"impersonal": "a keyed digest and a yes or no; a no must outlive what else is known"},
)
notes = Table(
    "consent_notes",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Column("source", String(80), nullable=False),
    Column("wording", String(40), nullable=False),
    info={"by": ("number",), "written": "at"},
)
"""What is still to be put on record in the org; the row goes when it is there."""

log = logging.getLogger(__name__)


class Consents:
    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret.encode()

    async def given(self, number: str) -> Given | None:
        """What was said to us about this number. StoreUnavailable: then nothing is sent."""
        return await self._store.look(lambda connection: self.given_in(connection, number))

    def given_in(self, connection: Connection, number: str) -> Given | None:
        row = connection.execute(select(consents).where(consents.c.number == self._digest(number))).first()
        return Given(bool(row.allowed), float(row.at)) if row is not None else None

    def note_in(self, connection: Connection, number: str, given: Given, source: str) -> bool:
        """Keep what was said, unless something newer is kept already. True if it was kept."""
        digest, before = self._digest(number), self.given_in(connection, number)
        if before is None:
            connection.execute(
                insert(consents).values(number=digest, allowed=given.allowed, at=given.at, source=source)
            )
            return True
        if before.at >= given.at:
            return False
        changed = update(consents).where(consents.c.number == digest)
        connection.execute(changed.values(allowed=given.allowed, at=given.at, source=source))
        return True

    def said(self, connection: Connection, number: str, given: Given, source: str, wording: str) -> None:
        """Keep it, and have it put on record in the org."""
        if not self.note_in(connection, number, given, source):
            return
        key = f"record_consent:{self._digest(number)[:16]}:{given.at:.3f}"
        row = {"number": number, "allowed": given.allowed, "at": given.at, "source": source, "wording": wording}
        connection.execute(insert(notes).values(key=key, **row))
        want(connection, "record_consent", key, {}, due=given.at)

    def _digest(self, number: str) -> str:
        return hmac.new(self._secret, number.encode(), hashlib.sha256).hexdigest()


def permitted(kind: Kind, ours: Given | None, orgs: Given | None) -> bool:
    """Whether this kind of text may be sent: the last word counts, wherever it was said."""
    last = max((given for given in (ours, orgs) if given is not None), key=lambda given: given.at, default=None)
    if kind.staff or kind.answers:
        return True
    if last is None:
        return kind.asked
    return last.allowed


async def record_consent(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """A durable job: the note under its key becomes an Opt_In__c."""
    note = await workshop.store.look(lambda connection: connection.execute(_noted(key)).first())
    if note is None:
        return None
    given = Given(bool(note.allowed), float(note.at))
    try:
        made = await org.record(
            workshop.salesforce, number=note.number, given=given, source=note.source, wording=note.wording
        )
    except (Forbidden, InvalidInput, NotFound) as error:
        log.error("consent is not on record in the org", extra={"error": type(error).__name__})
        return {"refused": type(error).__name__}  # what was said holds all the same: it is kept here
    await workshop.store.run(lambda connection: connection.execute(delete(notes).where(notes.c.key == key)))
    return {"made": made}


def _noted(key: str) -> Select[Any]:
    return select(notes).where(notes.c.key == key)
