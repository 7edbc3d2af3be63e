"""Who is calling, and how sure we are. Only this module raises a level, and only on proof that is no spoken fact.

Level 1: the number matches exactly one record and the carrier's attestation is exactly A. Level 2: a six-digit PIN by
keypad, or a code texted to the number on record (code_proof.py). A number that matches several people, or none, or more
than ten, says nothing about who is on the line; a name or a work order number chooses whom to send the code to and
proves nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from voice_agent.call.events import Ask, Keypad
from voice_agent.code_proof import CodeProof
from voice_agent.codes import Codes
from voice_agent.errors import SalesforceError, StoreUnavailable
from voice_agent.grants import Asked, Checked, Grant, Level, Proof
from voice_agent.proofs import Proofs
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.pins import verify_pin
from voice_agent.salesforce.records import Contact, Technician
from voice_agent.salesforce.wishes import CallerContext

VOUCHED_FOR = "TN-Validation-Passed-A"
"""StirVerstat, compared exactly: B and C do not vouch for the right to the number, other spellings for nothing."""
MOST_TRIES = 3
RESUME_SECONDS = 120.0
"""How long a proven identity outlives the line it was proven on: behind that somebody else may be on it."""
PIN = Ask(Keypad.PIN, 6)
EMPLOYEE_NUMBER = Ask(Keypad.PIN, 0)
DUMMY_PIN = "scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="
"""Verified against when there is nobody to verify: an unknown caller takes as long to refuse as a wrong PIN."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a proven identity while the line is away: names of records, never a secret; fit for JSON."""

    at: float
    """UNIX seconds at which the proven caller was still on the line."""
    proof: Proof
    contact_id: str = ""
    employee_number: str = ""
    order: str = ""
    """Digits of the work order that led to the contact, "" when the caller's number did."""


class Identity:
    """One call's. `grant` is what the rest of the server goes by. `clock` is monotonic seconds."""

    def __init__(
        self,
        field: FieldService,
        *,
        number: str,
        attestation: str,
        line: str,
        codes: Codes | None = None,
        proofs: Proofs | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._field = field
        self.attestation = attestation
        self._line = line
        self._proofs = proofs or Proofs(None, call_sid="", number=number)
        self._code = CodeProof(field, codes, self._proofs, clock)
        self._tries = 0
        self._claimed: Technician | None = None
        self._claimed_as = ""
        self._wants_employee_number = False
        self.context: CallerContext | None = None
        self.grant = Grant(number=number)
        self.known = asyncio.Event()
        """Set once the records were asked, or could not be."""

    async def identify(self) -> None:
        """Look the number up; level 0 stands when the records cannot be reached."""
        try:
            if self.grant.number:
                self.context = await self._field.caller_context(self.grant.number)
                self._match(self.context)
        except SalesforceError as error:
            log.warning("caller not looked up", extra={"error": type(error).__name__, "why": str(error)})
        finally:
            self.known.set()

    def _match(self, context: CallerContext) -> None:
        technicians = [t for t in context.technicians if t.active]
        if self._line == "technician":
            self._claimed = technicians[0] if len(technicians) == 1 else None
        elif len(context.matches) == 1:
            self.grant.contact = context.matches[0]
            if self.attestation == VOUCHED_FOR:
                self._raise(Level.MATCHED, "customer", "number")
        log.info(
            "caller looked up",
            extra={"people": len(context.matches), "technicians": len(technicians), "level": int(self.grant.level)},
        )

    def _raise(self, level: Level, role: str, by: Proof) -> None:
        self.grant.role, self.grant.level, self.grant.proof = role, level, by

    @property
    def first_name(self) -> str:
        if self.grant.technician is not None:
            return self.grant.technician.first_name
        if self.grant.level >= Level.MATCHED and self.grant.contact is not None:
            return self.grant.contact.first_name
        return ""

    # -- asking for a proof --------------------------------------------------------------------------------------------

    async def ask(self, lang: str, *, order: str = "") -> Asked:
        """Something needs a higher level: ask for the PIN, or text a code and ask for that.

        Nobody is asked for an `order` number that they have said already.
        """
        await self.known.wait()
        if self._line == "technician":
            return self._ask_pin()
        contact = self.grant.contact
        if contact is not None:
            return await self._code.ask(contact, self._on_record(contact), lang)
        if order and not self._code.order:
            return await self._code.ask_by_order(order, lang)
        several = self.context is not None and len(self.context.matches) > 1
        return self._code.ask_for_order("proof.order.several" if several else "proof.order.ask")

    async def claim(self, *, work_order: str = "", name: str = "", lang: str = "en") -> Asked:
        """The caller says who they are. It decides where a code goes, and nothing else."""
        await self.known.wait()
        if self._line == "technician":
            return self._ask_pin()
        if digits := re.sub(r"\D", "", work_order):
            return await self._code.ask_by_order(digits, lang)
        named = self._named(name)
        if named is None:
            return self._code.ask_for_order("proof.order.ask")
        return await self._code.ask(named, self._on_record(named), lang)

    async def again(self, lang: str) -> Asked:
        """The code did not come: send it once more, to the same number."""
        return await self._code.again(lang) or await self.ask(lang)

    def _on_record(self, contact: Contact) -> str:
        """A contact without a number of their own was found by the account's, which is the caller's."""
        return contact.phone_e164 or self.grant.number

    def _named(self, name: str) -> Contact | None:
        """The one person among those who share this number whose name was said."""
        said = set(re.findall(r"\w+", name.casefold()))
        matches = self.context.matches if self.context is not None else ()
        fitting = [person for person in matches if said and said <= set(re.findall(r"\w+", person.name.casefold()))]
        return fitting[0] if len(fitting) == 1 else None

    def _ask_pin(self) -> Asked:
        if self._tries >= MOST_TRIES:
            return Asked("proof.pin.no_more", refused=True)
        if self._claimed is None:
            self._wants_employee_number = True
            return Asked("proof.pin.employee_number", EMPLOYEE_NUMBER)
        return Asked("proof.pin.ask", PIN)

    # -- checking one --------------------------------------------------------------------------------------------------

    async def check(self, digits: str) -> Checked:
        """Keys entered for a secret: a code, a PIN, or an employee number where the phone is somebody else's."""
        await self.known.wait()
        if self._line != "technician":
            checked, contact = await self._code.check(digits)
            if contact is not None:
                self._proven_as(contact)
            return checked
        if self._claimed is None and (self._wants_employee_number or len(digits) != PIN.length):
            return await self._claim(digits)
        return await self._prove(digits)

    async def _claim(self, number: str) -> Checked:
        """An employee number only says whose PIN to expect; a wrong one is answered like a right one."""
        try:
            self._claimed = await self._field.technician_by_employee_number(number)
            self._claimed_as = number
        except SalesforceError:
            return Checked(False, "error.crm", EMPLOYEE_NUMBER)
        self._wants_employee_number = False
        return Checked(False, "proof.pin.ask", PIN)

    async def _prove(self, pin: str) -> Checked:
        claimed = self._claimed
        if claimed is None and self._tries == 0:
            self._tries += 1
            self._wants_employee_number = True
            return Checked(False, "proof.pin.employee_number", EMPLOYEE_NUMBER)
        if self._tries >= MOST_TRIES:
            return Checked(False, "proof.pin.locked", locked=True)
        try:
            attempt = await self._proofs.attempt(
                "pin", claimed.id if claimed is not None else f"nobody {self._claimed_as}"
            )
        except StoreUnavailable:
            return Checked(False, "error.store", locked=True)
        if attempt is None:
            return Checked(False, "proof.pin.no_more", locked=True)
        stored = claimed.voice_pin if claimed is not None and claimed.active else None
        matches = await asyncio.to_thread(verify_pin, stored or DUMMY_PIN, pin)
        if matches and stored and claimed is not None:
            await self._proofs.succeeded(attempt)
            self._raise(Level.PROVEN, "technician", "pin")
            self.grant.technician = claimed
            log.info("caller proven", extra={"by": "pin"})
            return Checked(True, "proof.pin.accepted")
        self._tries += 1
        log.info("pin refused", extra={"tries": self._tries})
        if self._tries >= MOST_TRIES:
            return Checked(False, "proof.pin.locked", locked=True)
        return Checked(False, "proof.pin.wrong", PIN, left=MOST_TRIES - self._tries)

    def _proven_as(self, contact: Contact) -> None:
        if self.grant.contact is None or self.grant.contact.id != contact.id:
            self.grant.forget()
        self.grant.contact = contact
        self._raise(Level.PROVEN, "customer", "code")
        log.info("caller proven", extra={"by": "code"})

    # -- after the line was cut ----------------------------------------------------------------------------------------

    def kept(self, wall: float) -> Kept | None:
        """What a process that takes the call over may restore, None when nothing was proven. `wall` is UNIX seconds."""
        if self.grant.level < Level.PROVEN:
            return None
        technician = self.grant.technician
        return Kept(
            at=wall,
            proof=self.grant.proof,
            contact_id=self.grant.contact.id if self.grant.contact is not None else "",
            employee_number=technician.employee_number if technician is not None else "",
            order=self._code.order,
        )

    async def restore(self, kept: Kept, wall: float) -> bool:
        """Take up what was proven before the line was cut, if that was not long ago and the records still say so."""
        await self.known.wait()
        if not 0 <= wall - kept.at <= RESUME_SECONDS:
            return False
        try:
            if self._line == "technician" and kept.proof == "pin":
                technician = await self._field.technician_by_employee_number(kept.employee_number)
                if technician is None or not technician.active:
                    return False
                self._claimed = self.grant.technician = technician
                self._raise(Level.PROVEN, "technician", "pin")
                return True
            if self._line != "technician" and kept.proof == "code":
                contact = self.grant.contact
                if kept.order:
                    order = await self._field.work_order_for_stranger(kept.order)
                    contact = order.contact if order is not None else None
                if contact is not None and contact.id == kept.contact_id:
                    self._proven_as(contact)
                    return True
        except SalesforceError as error:
            log.warning("identity not restored", extra={"error": type(error).__name__, "why": str(error)})
        return False

    def lapse(self) -> bool:
        """The call was away too long: whoever is on the line proves themselves anew. False if nothing was proven."""
        if self.grant.level < Level.PROVEN:
            return False
        number = self.grant.number
        self.grant.forget()
        self.grant.role, self.grant.level, self.grant.proof = "unknown", Level.UNKNOWN, ""
        self.grant.contact = self.grant.technician = None
        self._code.forget()
        if self.context is not None and number:
            self._match(self.context)
        return True
