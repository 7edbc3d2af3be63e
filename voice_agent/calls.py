"""The calls of this process: tickets for those that are about to connect, sessions for those that have.

A voice webhook issues a ticket: signed, bound to one CallSid, good for one socket within a minute. It carries what only
the webhook knows (the line, the attestation), so nothing has to be looked up between webhook and `setup`, and a process
that was restarted in between still honours it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass

import orjson

from voice_agent.errors import WireError
from voice_agent.recalling import Past
from voice_agent.session import Session

TICKET_SECONDS = 60.0
MOST_RECONNECTS = 3
ORPHAN_SECONDS = 90.0
"""A socket that closed and was followed by no webhook: the call is believed to be over after this long."""
ANSWER_SECONDS = 3600.0
ARRIVE_SECONDS = 10.0
"""From our TwiML to the socket it asks for; Twilio takes about one."""
MOST_AWAITED = 1_000
ACTION_SECONDS = 5.0
"""From the close of a socket to Twilio's question what is next; about one, too."""


@dataclass(frozen=True, slots=True)
class Ticket:
    call_sid: str
    line: str
    caller: str
    attestation: str
    expires: float
    """Wall-clock seconds."""
    nonce: str


class Tickets:
    """Signs tickets and takes each of them once."""

    def __init__(self, secret: str, wall: Callable[[], float]) -> None:
        self._secret = hashlib.sha256(f"ticket:{secret}".encode()).digest()
        self._wall = wall
        self._used: dict[str, float] = {}
        self._awaited: dict[str, float] = {}

    @property
    def awaited(self) -> int:
        """Sockets that were asked for a moment ago and have not come yet."""
        now = self._wall()
        for nonce, until in list(self._awaited.items()):
            if until > now:
                break  # they stand in the order in which they were issued
            del self._awaited[nonce]
        return len(self._awaited)

    def issue(self, *, call_sid: str, line: str, caller: str, attestation: str) -> str:
        ticket = Ticket(call_sid, line, caller, attestation, self._wall() + TICKET_SECONDS, secrets.token_urlsafe(12))
        if self.awaited < MOST_AWAITED:
            self._awaited[ticket.nonce] = self._wall() + ARRIVE_SECONDS
        body = base64.urlsafe_b64encode(orjson.dumps(asdict(ticket))).decode().rstrip("=")
        return f"{body}.{self._mark(body)}"

    def take(self, text: str, call_sid: str) -> Ticket:
        """The ticket, if it is ours, fresh, unused, and of this very call. WireError says which of these it is not."""
        body, _, mark = text.partition(".")
        if not hmac.compare_digest(self._mark(body).encode(), mark.encode()):
            raise WireError("ticket missing or not ours")
        ticket = Ticket(**orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
        now = self._wall()
        if ticket.call_sid != call_sid:
            raise WireError("ticket of another call")
        if ticket.expires < now:
            raise WireError("ticket expired")
        if ticket.nonce in self._used:
            raise WireError("ticket used before")
        self._used = {nonce: until for nonce, until in self._used.items() if until > now} | {
            ticket.nonce: ticket.expires
        }
        self._awaited.pop(ticket.nonce, None)
        return ticket

    def _mark(self, body: str) -> str:
        return base64.urlsafe_b64encode(hmac.new(self._secret, body.encode(), hashlib.sha256).digest()[:18]).decode()


class Calls:
    """Sessions by CallSid, answers by CallSid (a webhook that is sent again gets the same one), and their end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._closed: dict[str, float] = {}
        self._let_go: set[str] = set()
        self._answers: dict[str, tuple[float, str]] = {}
        self._ended: dict[str, float] = {}
        self._pasts: dict[str, tuple[float, Past]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, call_sid: str) -> bool:
        return call_sid in self._sessions

    def get(self, call_sid: str) -> Session | None:
        return self._sessions.get(call_sid)

    def live(self) -> list[Session]:
        return list(self._sessions.values())

    def depending(self) -> list[Session]:
        """Calls that would be cut off if this process ended now: an open socket, or one whose `action` is not asked
        yet. Those who wait for a person or talk to one are the store's, and any process's."""
        fresh = self._clock() - ACTION_SECONDS
        return [
            held
            for sid, held in self._sessions.items()
            if sid not in self._let_go and self._closed.get(sid, fresh) >= fresh
        ]

    def let_go(self, call_sid: str) -> None:
        """Twilio has been told where the call goes from its socket."""
        if call_sid in self._closed:
            self._let_go.add(call_sid)

    def add(self, session: Session) -> None:
        self._sessions[session.call_sid] = session
        self.reopened(session.call_sid)

    def socket_open(self, call_sid: str) -> bool:
        return call_sid in self._sessions and call_sid not in self._closed

    def reopened(self, call_sid: str) -> None:
        self._closed.pop(call_sid, None)
        self._let_go.discard(call_sid)

    def socket_closed(self, call_sid: str) -> None:
        """What comes next is Twilio's: the action webhook says whether the call goes on."""
        if call_sid in self._sessions:
            self._closed[call_sid] = self._clock()
        self.sweep()

    def over(self, call_sid: str, reason: str) -> None:
        """The call has ended; said again it does nothing. A late socket of it is refused."""
        session = self._sessions.pop(call_sid, None)
        self.reopened(call_sid)
        self._answers.pop(call_sid, None)
        self._ended[call_sid] = self._clock()
        if session is not None:
            session.over(reason)

    def expect_back(self, call_sid: str, past: Past) -> None:
        """A call of a process that died has been told to open a socket here."""
        self._pasts[call_sid] = (self._clock(), past)

    def past(self, call_sid: str) -> Past | None:
        """What is known of such a call, once."""
        found = self._pasts.pop(call_sid, None)
        return found[1] if found is not None else None

    def ended(self, call_sid: str) -> bool:
        return call_sid in self._ended

    def answered(self, key: str) -> str | None:
        """The answer this webhook got before, if it did."""
        found = self._answers.get(key)
        return found[1] if found is not None and self._clock() - found[0] < ANSWER_SECONDS else None

    def remember(self, key: str, answer: str) -> None:
        self._answers[key] = (self._clock(), answer)

    def sweep(self) -> None:
        """Forget what no webhook will ever close."""
        now = self._clock()
        for call_sid, at in list(self._closed.items()):
            waits = (
                ANSWER_SECONDS if self._sessions[call_sid].handed_off else ORPHAN_SECONDS
            )  # in the queue, maybe long
            if now - at > waits:
                self.over(call_sid, "lost")
        self._answers = {key: held for key, held in self._answers.items() if now - held[0] < ANSWER_SECONDS}
        self._pasts = {sid: held for sid, held in self._pasts.items() if now - held[0] < ORPHAN_SECONDS}
        self._ended = {sid: at for sid, at in self._ended.items() if now - at < ANSWER_SECONDS}
