"""The one way to have a text sent: to a number on record, by template, in one transaction with the job that sends it.

What may not be sent is refused here, so that nobody on the phone is promised it. The job (outbox.py) asks again just
before it sends: minutes may have passed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from voice_agent.errors import SalesforceError, StoreUnavailable
from voice_agent.jobs import want
from voice_agent.messaging import kept
from voice_agent.messaging.consent import Consents, permitted
from voice_agent.messaging.kept import KeptText, State
from voice_agent.messaging.rules import TextRules
from voice_agent.messaging.wording import KINDS, Kind, Wording
from voice_agent.salesforce import consents as org
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.consents import Given
from voice_agent.store import Store
from voice_agent.tallies import Tallies

JOB = "send_text"
MOST_KEY = 160
MOST_TALLY_KEY = 120

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody with a number on record. `given` is what the org says of their consent; `zone` an IANA name if known."""

    number: str
    contact_id: str = ""
    given: Given | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """`accepted`: it will be sent. Otherwise `why`, for logs and people who may know: never a number."""

    accepted: bool
    why: str = ""


class Texts:
    """One for the process. `sends` says whether sends are switched on now; `wall` is UNIX seconds."""

    def __init__(
        self,
        store: Store,
        salesforce: Salesforce,
        *,
        wording: Wording,
        rules: TextRules,
        tallies: Tallies,
        consents: Consents,
        sends: Callable[[], bool],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._salesforce = salesforce
        self.wording = wording
        self.rules = rules
        self._tallies = tallies
        self.consents = consents
        self._sends = sends
        self.wall = wall

    async def recipient(self, contact_id: str) -> Recipient | None:
        """The person on record, None without a number. Raises SalesforceError."""
        found = await org.on_record(self._salesforce, contact_id)
        if found is None or not found.contact.phone_e164:
            return None
        return Recipient(found.contact.phone_e164, contact_id, found.given)

    async def to_contact(
        self,
        template: str,
        contact_id: str,
        *,
        key: str,
        values: Mapping[str, str],
        lang: str,
        sender: str,
        call_sid: str = "",
    ) -> Taken:
        """To the number on record of a contact. Never raises; the same key again changes nothing."""
        try:
            to = await self.recipient(contact_id) if contact_id else None
        except SalesforceError as error:
            log.warning("nobody to text", extra={"template": template, "error": type(error).__name__})
            return Taken(False, "records not reached")
        if to is None:
            return Taken(False, "no number on record")
        return await self.send(template, to, key=key, values=values, lang=lang, sender=sender, call_sid=call_sid)

    async def send(
        self,
        template: str,
        to: Recipient,
        *,
        key: str,
        values: Mapping[str, str],
        lang: str,
        sender: str,
        call_sid: str = "",
    ) -> Taken:
        """To somebody whose record was just read. `sender` is the line's own number. Never raises."""
        kind = KINDS[template]
        reachable, wait = await asyncio.to_thread(self._look_up, to, kind)
        if not reachable:
            return self._refused(template, "not a number we text")
        try:
            body = self.wording.body(template, {**self._links(values), **values}, lang)
            text = KeptText(
                key=re.sub(r"[^\w.-]", "-", key)[:MOST_KEY],  # it stands in an address that is signed as it is written
                call_sid=call_sid,
                template=template,
                lang=lang,
                number=to.number,
                sender=sender,
                contact=to.contact_id,
                about={"zone": to.zone, "given": [to.given.allowed, to.given.at] if to.given else None},
                body=body,
                state=State.WANTED,
                sid="",
                error=0,
                created=self.wall(),
                tried=0.0,
            )
            taken = await self._store.run(lambda connection: self._take(connection, text, kind, to.given, wait))
        except (StoreUnavailable, ValueError) as error:
            log.error("text not taken", extra={"template": template, "why": str(error)})
            return Taken(False, "not saved")
        if not taken.accepted:
            return self._refused(template, taken.why)
        log.info("text taken", extra={"template": template})
        return taken

    async def answer(self, template: str, to: Recipient, *, key: str, lang: str, sender: str) -> Taken:
        """To STOP, START and HELP, whatever the last word on consent is: it is this."""
        return await self.send(template, to, key=key, values={}, lang=lang, sender=sender)

    @staticmethod
    def _refused(template: str, why: str) -> Taken:
        log.info("text refused", extra={"template": template, "why": why})
        return Taken(False, why)

    def _look_up(self, to: Recipient, kind: Kind) -> tuple[bool, float]:
        """Whether the number is one we text, and how long it is night there; off the loop, for the tables are large."""
        reachable = self.rules.reachable(to.number)
        return reachable, self.rules.wait(to.number, self.wall(), to.zone) if reachable and kind.waits else 0.0

    def _take(self, connection: Connection, text: KeptText, kind: Kind, given: Given | None, wait: float) -> Taken:
        if kept.read(connection, text.key) is not None:
            return Taken(True, "taken before")
        if (why := self.refusal(connection, text, kind, given)) is not None:
            return Taken(False, why)
        if not kind.staff:
            limits = self.rules.limits(text.number, text.call_sid)
            reached = self._tallies.take_in(connection, f"text:{text.key}"[:MOST_TALLY_KEY], limits)
            if reached is not None:
                log.warning("too many texts", extra={"limit": reached.name})
                return Taken(False, f"cap {reached.name}")
        kept.add(connection, text)
        want(connection, JOB, f"{JOB}:{text.key}", {"text": text.key}, due=self.wall() + wait)
        return Taken(True)

    def refusal(self, connection: Connection, text: KeptText, kind: Kind, given: Given | None) -> str | None:
        """Why this text may not be sent now; None if it may."""
        if not kind.staff and not self._sends():
            return "sends are off"
        if not permitted(kind, self.consents.given_in(connection, text.number), given):
            return "no consent"
        return None

    def _links(self, values: Mapping[str, str]) -> dict[str, str]:
        order = "".join(c for c in values.get("work_order", "") if c.isalnum())
        return {"invoice_link": self.rules.invoice_link.replace("{work_order}", order)} if order else {}

    async def say(self, number: str, allowed: bool, *, source: str, wording: str = "") -> None:
        """Somebody said whether they want texts to this number: holds from now on, and goes on record in the org."""
        given = Given(allowed, self.wall())
        await self._store.run(lambda connection: self.consents.said(connection, number, given, source, wording))
