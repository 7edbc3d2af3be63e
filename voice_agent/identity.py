"""Who is calling, and how sure we are. Only this module raises a level, and only on proof that is no spoken fact.

Level 1: the number matches exactly one record and the carrier's attestation is exactly A. Level 2: a six-digit PIN by
keypad. A number that matches several people, or none, or more than ten, says nothing about who is on the line.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from voice_agent.call.events import Ask, Keypad
from voice_agent.errors import SalesforceError
from voice_agent.grants import Grant, Level
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.pins import verify_pin
from voice_agent.salesforce.records import Technician
from voice_agent.salesforce.wishes import CallerContext

VOUCHED_FOR = "TN-Validation-Passed-A"
"""StirVerstat, compared exactly: B and C do not vouch for the right to the number, other spellings for nothing."""
MOST_TRIES = 3
MOST_MATCHES = 10
PIN = Ask(Keypad.PIN, 6)
EMPLOYEE_NUMBER = Ask(Keypad.PIN, 0)
DUMMY_PIN = "scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="
"""Verified against when there is nobody to verify: an unknown caller takes as long to refuse as a wrong PIN."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verifier's word. `phrase` is a key of prompts/phrases; `left` fills its hole of that name."""

    accepted: bool
    phrase: str
    ask: Ask | None = None
    locked: bool = False
    left: int = 0


class Identity:
    """One call's. `grant` is what the rest of the server goes by."""

    def __init__(self, field: FieldService, *, number: str, attestation: str, line: str) -> None:
        self._field = field
        self.attestation = attestation
        self._line = line
        self._tries = 0
        self._claimed: Technician | None = None
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
                self.grant.role, self.grant.level = "customer", Level.MATCHED
        log.info(
            "caller looked up",
            extra={"people": len(context.matches), "technicians": len(technicians), "level": int(self.grant.level)},
        )

    async def check(self, digits: str) -> Checked:
        """Keys entered for a secret: a PIN, or an employee number when the phone is not the technician's own."""
        await self.known.wait()
        if self._claimed is None and self._line == "technician" and not self._looks_like_pin(digits):
            return await self._claim(digits)
        return await self._prove(digits)

    @staticmethod
    def _looks_like_pin(digits: str) -> bool:
        return len(digits) == (PIN.length or 0)

    async def _claim(self, number: str) -> Checked:
        """An employee number only says whose PIN to expect; a wrong one is answered like a right one."""
        try:
            self._claimed = await self._field.technician_by_employee_number(number)
        except SalesforceError:
            return Checked(False, "error.crm", EMPLOYEE_NUMBER)
        return Checked(False, "proof.pin.ask", PIN)

    async def _prove(self, pin: str) -> Checked:
        claimed = self._claimed
        if claimed is None and self._tries == 0 and self._line == "technician":
            self._tries += 1
            return Checked(False, "proof.pin.employee_number", EMPLOYEE_NUMBER)
        stored = claimed.voice_pin if claimed is not None and claimed.active else None
        matches = await asyncio.to_thread(verify_pin, stored or DUMMY_PIN, pin)
        if matches and stored and claimed is not None:
            self.grant.role, self.grant.level, self.grant.technician = "technician", Level.PROVEN, claimed
            log.info("caller proven", extra={"by": "pin"})
            return Checked(True, "proof.pin.accepted")
        self._tries += 1
        log.info("pin refused", extra={"tries": self._tries})
        if self._tries >= MOST_TRIES:
            return Checked(False, "proof.pin.locked", locked=True)
        return Checked(False, "proof.pin.wrong", PIN, left=MOST_TRIES - self._tries)

    @property
    def first_name(self) -> str:
        if self.grant.technician is not None:
            return self.grant.technician.first_name
        if self.grant.level >= Level.MATCHED and self.grant.contact is not None:
            return self.grant.contact.first_name
        return ""
