"""The way of customers to level 2: a code texted to the number on record, entered by keypad. One call's.

What is asked for somebody we do not know is asked in the same words, for as long, and with as many tries as for
somebody we do: nobody learns here which orders, numbers or people exist.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from voice_agent.call.events import Ask, Keypad
from voice_agent.codes import LIFETIME_SECONDS, Codes
from voice_agent.errors import SalesforceError, StoreUnavailable, TwilioRestError
from voice_agent.grants import Asked, Checked
from voice_agent.proofs import Proofs
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.records import Contact

MOST_TRIES = 3
MOST_SENDS = 3
SEND_SECONDS = 3.0
"""So long a caller waits for the word that a code is on its way; it is sent on behind that."""
CODE = Ask(Keypad.CODE, 6)
ORDER_NUMBER = Ask(Keypad.NUMBER, 0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was sent, or would have been: `contact` is None where nobody is behind what the caller named."""

    contact: Contact | None
    to: str | None
    order: str
    """Digits of the work order that led to the contact, "" when the caller's number or name did."""
    until: float


class CodeProof:
    """`codes` is None where no code can be sent. `clock` is monotonic seconds: a wall clock may jump."""

    def __init__(self, field: FieldService, codes: Codes | None, proofs: Proofs, clock: Callable[[], float]) -> None:
        self._field = field
        self._codes = codes
        self._proofs = proofs
        self._clock = clock
        self._tries = 0
        self._sends = 0
        self._challenge: Challenge | None = None
        self._sending: set[asyncio.Task[bool]] = set()

    @property
    def order(self) -> str:
        return self._challenge.order if self._challenge is not None else ""

    def forget(self) -> None:
        """A code that was sent opens nothing any more. Tries and sends stay counted."""
        self._challenge = None

    # -- asking --------------------------------------------------------------------------------------------------------

    async def ask(self, contact: Contact, to: str, lang: str) -> Asked:
        """Text a code to somebody whom the caller's number led to; they are told at once if it cannot be sent."""
        challenge = self._challenge
        if self._tries >= MOST_TRIES:
            return Asked("proof.code.no_more", refused=True)
        if challenge is not None and challenge.contact == contact and self._clock() < challenge.until:
            return Asked("proof.code.waiting", CODE)
        return await self._texted(contact, to, lang, "proof.code.ask")

    def ask_for_order(self, phrase: str) -> Asked:
        """Nobody is known behind the number: an order number says where a code may go."""
        if self._tries >= MOST_TRIES:
            return Asked("proof.code.no_more", refused=True)
        if self._challenge is not None and self._clock() < self._challenge.until:
            return Asked("proof.code.waiting", CODE)
        return Asked(phrase, ORDER_NUMBER)

    async def ask_by_order(self, digits: str, lang: str) -> Asked:
        """Another phone than one's own. Known, foreign and invented orders are answered alike."""
        if self._tries >= MOST_TRIES:
            return Asked("proof.code.no_more", refused=True)
        try:
            order = await self._field.work_order_for_stranger(digits)
        except SalesforceError as error:
            log.warning("order not looked up", extra={"error": type(error).__name__, "why": str(error)})
            return Asked("error.crm", refused=True)
        if not self._may_send():
            return self._no_code()
        contact, to = (order.contact, order.number_on_record) if order is not None else (None, None)
        self._challenge = Challenge(contact, to, digits, self._clock() + LIFETIME_SECONDS)
        self._send_unseen(to, lang)
        return Asked("proof.order.sent", CODE)

    async def again(self, lang: str) -> Asked | None:
        """The code once more, to the number it went to. None when none was sent or its time is over."""
        challenge = self._challenge
        if challenge is None or self._clock() >= challenge.until:
            return None
        if challenge.contact is not None and not challenge.order:
            return await self._texted(challenge.contact, challenge.to or "", lang, "proof.code.again")
        if not self._may_send():
            return self._no_code()
        self._send_unseen(challenge.to, lang)
        return Asked("proof.order.again", CODE)

    async def _texted(self, contact: Contact, to: str, lang: str, phrase: str) -> Asked:
        if not to or not self._may_send():
            return self._no_code()
        sending = self._send(to, lang)
        done, _ = await asyncio.wait({sending}, timeout=SEND_SECONDS)
        if done and not sending.result():
            return Asked("proof.code.not_sent", refused=True)
        self._challenge = Challenge(contact, to, "", self._clock() + LIFETIME_SECONDS)
        return Asked(phrase, CODE)

    def _may_send(self) -> bool:
        return self._codes is not None and self._sends < MOST_SENDS

    def _no_code(self) -> Asked:
        """Where one was sent before, that one may still come."""
        if self._challenge is not None:
            return Asked("proof.code.enough", CODE)
        return Asked("proof.code.not_sent", refused=True)

    def _send_unseen(self, to: str | None, lang: str) -> None:
        """Whether a code goes out must not be told by how long it takes, nor by how many may."""
        if to is None:
            self._sends += 1
        else:
            self._send(to, lang)

    def _send(self, to: str, lang: str) -> asyncio.Task[bool]:
        self._sends += 1
        task = asyncio.get_running_loop().create_task(self._sent(to, lang))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def _sent(self, to: str, lang: str) -> bool:
        assert self._codes is not None  # `_may_send` was asked
        try:
            if not await self._proofs.may_send(to):
                return False
            await self._codes.send(to, lang=lang)
        except TwilioRestError as error:
            log.warning("code not sent", extra={"why": str(error), "ambiguous": error.ambiguous})
            return error.ambiguous
        except StoreUnavailable as error:
            log.error("code not sent: it cannot be counted", extra={"why": str(error)})
            return False
        log.info("code sent", extra={"sends": self._sends})
        return True

    # -- checking ------------------------------------------------------------------------------------------------------

    async def check(self, digits: str) -> tuple[Checked, Contact | None]:
        """The verifier's word, and whom the right code belongs to."""
        challenge = self._challenge
        if self._tries >= MOST_TRIES:
            return Checked(False, "proof.code.locked", locked=True), None
        if challenge is None or self._codes is None:
            return Checked(False, "proof.code.none"), None
        if self._clock() >= challenge.until:
            return Checked(False, "proof.code.expired"), None
        if len(digits) != CODE.length:
            return Checked(False, "proof.code.short", CODE), None
        try:
            attempt = await self._proofs.attempt("code", challenge.to or f"nobody behind {challenge.order}")
        except StoreUnavailable:
            return Checked(False, "error.store", locked=True), None
        if attempt is None:
            return Checked(False, "proof.code.no_more", locked=True), None
        try:
            right = await self._codes.check(challenge.to, digits)
        except TwilioRestError as error:
            log.warning("code not checked", extra={"why": str(error)})
            await self._proofs.succeeded(attempt)  # nothing was tried
            return Checked(False, "proof.code.unchecked", CODE), None
        if right and challenge.contact is not None:
            await self._proofs.succeeded(attempt)
            return Checked(True, "proof.code.accepted"), challenge.contact
        self._tries += 1
        log.info("code refused", extra={"tries": self._tries})
        if self._tries >= MOST_TRIES:
            return Checked(False, "proof.code.locked", locked=True), None
        return Checked(False, "proof.code.wrong", CODE, left=MOST_TRIES - self._tries), None
