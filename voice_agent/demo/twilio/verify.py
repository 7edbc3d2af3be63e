"""One-time codes as Twilio Verify keeps them: sent, checked, limited and forgotten (sheet section 7.5)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .ledger import Ledger
from .sids import new_sid

LIFETIME = timedelta(minutes=10)
MOST_SENDS = 5
MOST_CHECKS = 5
CHANNELS = {"sms", "call", "email", "whatsapp", "sna", "rcs", "auto"}
DEMO_SERVICE_SID = "VA" + "0" * 31 + "1"


class VerifyRefused(Exception):
    """HTTP `status` and Twilio's code: 60200 parameter, 60203 too many sends, 60202 too many checks, 20404 gone."""

    def __init__(self, status: int, code: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code


@dataclass(slots=True)
class Service:
    sid: str
    friendly_name: str
    created_at: datetime
    code_length: int = 6


@dataclass(slots=True)
class Verification:
    service: Service
    to: str
    channel: str
    code: str
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    """`pending approved canceled max_attempts_reached expired`."""
    checks: int = 0
    attempts: list[tuple[str, str, datetime]] = field(default_factory=list)
    """Sid, channel and time of each sending."""
    sid: str = field(default_factory=lambda: new_sid("VE"))


class Verifications:
    """All services of the account. A sent code stands in the ledger, where a test reads it like a person the phone."""

    def __init__(self, utc: Callable[[], datetime], ledger: Ledger) -> None:
        self._utc = utc
        self._ledger = ledger
        self.services: dict[str, Service] = {}
        self._all: list[Verification] = []

    def create_service(self, name: str, code_length: int = 6, sid: str | None = None) -> Service:
        service = Service(sid or new_sid("VA"), name, self._utc(), code_length)
        self.services[service.sid] = service
        return service

    def send(self, service: Service, to: str, channel: str, custom_code: str = "") -> Verification:
        """Sends a code; a second request while one is pending sends the same again. Raises VerifyRefused."""
        if channel not in CHANNELS:
            raise VerifyRefused(400, 60200, f"Invalid parameter: Channel {channel}")
        if channel != "email" and not (to.startswith("+") and to[1:].isdigit()):
            raise VerifyRefused(400, 60200, f"Invalid parameter `To`: {to}")
        now = self._utc()
        verification = self.pending(service, to)
        if verification is None:
            digits = "".join(secrets.choice("0123456789") for _ in range(service.code_length))
            verification = Verification(service, to, channel, custom_code or digits, now, now)
            self._all.append(verification)
        if len(verification.attempts) >= MOST_SENDS:
            raise VerifyRefused(429, 60203, "Max send attempts reached")
        verification.channel, verification.updated_at = channel, now
        verification.attempts.append((new_sid("VL"), channel, now))
        self._ledger.enter("verification_sent", sid=verification.sid, to=to, channel=channel, code=verification.code)
        return verification

    def check(self, service: Service, to: str, sid: str, code: str) -> Verification:
        """A wrong code is no error: the answer stays `pending`. Raises VerifyRefused when nothing is pending."""
        verification = next(
            (each for each in self._all if sid and each.sid == sid and self._alive(each)), None
        ) or self.pending(service, to)
        if verification is None:
            raise VerifyRefused(404, 20404, "The requested resource VerificationCheck was not found")
        if not code:
            raise VerifyRefused(400, 60200, "Invalid parameter: Code")
        if verification.checks >= MOST_CHECKS:
            verification.status = "max_attempts_reached"
            raise VerifyRefused(429, 60202, "Max check attempts reached")
        verification.checks += 1
        verification.updated_at = self._utc()
        if secrets.compare_digest(verification.code.encode(), code.encode()):
            verification.status = "approved"
        self._ledger.enter("verification_checked", sid=verification.sid, to=verification.to, status=verification.status)
        return verification

    def find(self, service: Service, sid_or_to: str) -> Verification | None:
        """One by VE sid, or the pending one of a number."""
        by_sid = (each for each in self._all if each.sid == sid_or_to and each.service is service)
        return next(by_sid, None) or self.pending(service, sid_or_to)

    def settle(self, verification: Verification, status: str) -> None:
        """`approved` or `canceled`, said by the application. Raises VerifyRefused for other words."""
        if status not in ("approved", "canceled"):
            raise VerifyRefused(400, 60200, "Invalid parameter: Status")
        verification.status = status
        verification.updated_at = self._utc()

    def pending(self, service: Service, to: str) -> Verification | None:
        wanted = (each for each in self._all if each.service is service and each.to == to and self._alive(each))
        return next(wanted, None)

    def _alive(self, verification: Verification) -> bool:
        """Still there: neither settled nor older than ten minutes. One at its limit of checks answers with 60202."""
        return (
            verification.status in ("pending", "max_attempts_reached")
            and self._utc() < verification.created_at + LIFETIME
        )
