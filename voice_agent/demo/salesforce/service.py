"""One org at work: its database, its sessions, and the answer to each REST request in a transaction of its own."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.access import Viewer
from voice_agent.demo.salesforce.database import Database, Snapshot
from voice_agent.demo.salesforce.errors import ApiError, invalid_session, not_found
from voice_agent.demo.salesforce.faults import Faults
from voice_agent.demo.salesforce.org import build_schema
from voice_agent.demo.salesforce.records import Records
from voice_agent.demo.salesforce.rest import api, booking, limits
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request, refused
from voice_agent.demo.salesforce.seed import loader
from voice_agent.demo.salesforce.seed.loader import Seed
from voice_agent.demo.salesforce.sessions import Sessions

OLDEST, NEWEST = 31, 68
"""API versions that are served (sheet 2.1)."""
_SEASONS = ("Winter", "Spring", "Summer")
_WINTER_26 = 65


class Service:
    """Answers for one org. Synchronous: SQLite calls take well under a millisecond."""

    def __init__(
        self, seed: Seed, path: Path | None = None, packages: Sequence[Path] = (), now: datetime | None = None
    ) -> None:
        self.org = seed.org
        self.faults = Faults()
        self._seed = seed
        self._start = now
        self._in_memory = path is None
        self._first: Snapshot | None = None
        self.database = Database(path, build_schema(seed.org, packages))
        self.sessions = Sessions(self.database, seed.org)
        try:
            self.seed(again=False)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._first is not None:
            self._first.close()
        self.database.close()

    def seed(self, again: bool = True) -> None:
        """Empties the org and fills it; dates are laid relative to the clock.

        With `again` false only a file that nobody has filled yet, whichever of several processes comes first.
        """
        if again and self._first is not None:
            self.database.restore(self._first)
            return
        with self.database.transaction(write=True):
            if not again and self.database.setting("seeded") is not None:
                return
            self.database.clear()
            if self._start is not None:
                self.database.set("clock", {"frozen": values.instant(self._start)})
            loader.load(self.database, self.org, self._seed.records)
            self.database.set("seeded", True)
        if again and self._in_memory and self._start is not None:  # the same every time from here on
            self._first = self.database.snapshot()

    def info(self, origin: str) -> dict[str, object]:
        """What a client needs to begin: the same keys as `/demo/info`."""
        app, login = self.org.apps[0], self.org.logins[0]
        return {
            "callers": [
                {"name": one.name, "number": one.number, "role": one.role, "pin": one.pin, "note": one.note}
                for one in self.org.callers
            ],
            "lines": [],
            "salesforce": {
                "base_url": origin,
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "username": login.username,
                "password": login.password,
            },
            "twilio": {},
        }

    def rest(
        self,
        method: str,
        version: str,
        path: tuple[str, ...],
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: object,
    ) -> Reply:
        """One REST call, committed or not at all."""
        return self._answer(Request(method, path, query, headers, body, version), api.answer)

    def apex(
        self, method: str, path: tuple[str, ...], query: Mapping[str, str], headers: Mapping[str, str], body: object
    ) -> Reply:
        """One call of an Apex REST class."""
        return self._answer(Request(method, path, query, headers, body, f"{NEWEST}.0"), _apex)

    def _answer(self, request: Request, answer: Callable[[Context, Request], Reply]) -> Reply:
        try:
            with self.database.transaction(write=True):
                context = self._context(request)
                self._count(context, request)
                reply = answer(context, request)
                usage = f"api-usage={limits.used(context)}/{self.org.api_limit}"
                return Reply(reply.status, reply.body, {**reply.headers, "Sforce-Limit-Info": usage})
        except ApiError as error:
            return refused(error)

    def context(self, viewer: Viewer, origin: str) -> Context:
        """A transaction's context for a viewer; `origin` is what change events say made the change."""
        transaction = secrets.token_hex(8)
        records = Records(self.database, self.org, viewer, transaction, origin)
        return Context(self.database, self.org, viewer, records, self.faults.lock)

    def _context(self, request: Request) -> Context:
        version = re.fullmatch(r"(\d\d)\.0", request.version)
        if version is None or not OLDEST <= int(version[1]) <= NEWEST:
            raise not_found()
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() not in ("bearer", "oauth"):
            raise invalid_session()
        client = re.search(r"client=([^;,\s]+)", request.headers.get("sforce-call-options", ""))
        name = client[1] if client else ""
        viewer = self.sessions.viewer(token.strip(), name, self.database.now())
        origin = f"com/salesforce/api/rest/{request.version}" + (f";client={name}" if name else "")
        return self.context(viewer, origin)

    def _count(self, context: Context, request: Request) -> None:
        """A batch counts each sub-request, everything else is one call (sheet 2.6)."""
        calls = 1
        if request.path == ("composite", "batch") and isinstance(request.body, Mapping):
            parts = request.body.get("batchRequests")
            calls = len(parts) if isinstance(parts, list) else 1
        if limits.used(context) + calls > self.org.api_limit:
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        for _ in range(calls):
            self.database.next("requests")


def _apex(context: Context, request: Request) -> Reply:
    """Nothing of a refused call stays."""
    try:
        with context.database.savepoint():
            return booking.apex(context, request)
    except ApiError as error:
        return refused(error)


def versions() -> list[dict[str, str]]:
    """`GET /services/data`: every version with its release name."""
    return [
        {
            "label": f"{_SEASONS[(number - _WINTER_26) % 3]} '{26 + (number - _WINTER_26) // 3}",
            "url": f"/services/data/v{number}.0",
            "version": f"{number}.0",
        }
        for number in range(OLDEST, NEWEST + 1)
    ]
