"""One-time codes of one call: sent to a number on record, checked once, good for ten minutes and for this call alone.

Twilio Verify makes and keeps them where a service is configured. Otherwise they are ours: six random digits, kept as a
salted digest in this object and nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from voice_agent.errors import TwilioRestError
from voice_agent.twilio.rest import TwilioRest

LENGTH = 6
LIFETIME_SECONDS = 600.0
MOST_CHECKS = 3
"""Of one code of ours; Verify takes five of one of its own."""
NOBODYS = "VE" + "0" * 32
"""A verification that does not exist: asking for it takes as long as asking for one that does."""
LOCALES = {"en": "en", "es": "es"}


class Codes(Protocol):
    """One call's. Both methods raise TwilioRestError when Twilio cannot be asked."""

    async def send(self, to: str, *, lang: str) -> None:
        """Send a code to this number, or the one that is still good once more."""
        ...

    async def check(self, to: str | None, digits: str) -> bool:
        """Whether `digits` are the code sent to `to` in this call. Takes as long for None, whom nothing was sent to."""
        ...


class VerifyCodes:
    def __init__(self, rest: TwilioRest, service_sid: str) -> None:
        self._rest = rest
        self._service_sid = service_sid
        self._sent: dict[str, str] = {}

    async def send(self, to: str, *, lang: str) -> None:
        if to not in self._sent:
            # Verify sends the pending code again whoever asks: one of another call must not open this one.
            try:
                await self._rest.cancel_verification(self._service_sid, to)
            except TwilioRestError as error:
                raise TwilioRestError(f"no code begun: {error}", code=error.code, status=error.status) from None
        self._sent[to] = await self._rest.start_verification(self._service_sid, to, LOCALES.get(lang, "en"))

    async def check(self, to: str | None, digits: str) -> bool:
        sid = self._sent.get(to or "", NOBODYS)
        status = await self._rest.check_verification(self._service_sid, sid, digits)
        return status == "approved" and sid != NOBODYS


@dataclass(slots=True)
class _Kept:
    salt: bytes
    digest: bytes
    until: float
    checks: int = 0


Say = Callable[[str, str, str], Awaitable[None]]
"""`await say(to, code, lang)` texts a code. Raises TwilioRestError."""


class TextedCodes:
    """`clock` is monotonic seconds."""

    def __init__(self, say: Say, clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def send(self, to: str, *, lang: str) -> None:
        code = f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}"
        salt = secrets.token_bytes(16)
        self._kept[to] = _Kept(salt, _digest(salt, code), self._clock() + LIFETIME_SECONDS)
        try:
            await self._say(to, code, lang)
        except TwilioRestError as error:
            if not error.ambiguous:  # it may have gone out all the same, and then it counts
                del self._kept[to]
            raise

    async def check(self, to: str | None, digits: str) -> bool:
        kept = self._kept.get(to or "")
        given = _digest(kept.salt if kept is not None else b"nobody's salt...", digits)
        if kept is None or self._clock() >= kept.until or kept.checks >= MOST_CHECKS:
            return False
        kept.checks += 1
        right = hmac.compare_digest(kept.digest, given)
        if right:
            del self._kept[to or ""]
        return right


def _digest(salt: bytes, code: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt, 1_000)
