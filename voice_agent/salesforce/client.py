"""The async facade over simple-salesforce: the only thing the rest of the server knows of Salesforce's REST API.

Blocking calls run on threads of our own. One sign-in at a time, one retry on 401, time-outs everywhere, errors of
`errors` only, and a breaker that stops a stalled org from holding every caller (sheet 5.5).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote as percent

from voice_agent import errors
from voice_agent.salesforce.breaker import CircuitBreaker, RetryBudget
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.limits import Timeouts, Usage
from voice_agent.salesforce.refusals import (
    BUSY,
    CIRCUIT_OPEN,
    LOST,
    NO_ANSWER,
    composite_cause,
    first_error,
    refusal,
)
from voice_agent.salesforce.rows import Row
from voice_agent.salesforce.turnstile import Turnstiles

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce as SimpleSalesforce

    from voice_agent.salesforce.connection import Connection

log = logging.getLogger(__name__)
T = TypeVar("T")

THREADS = 12
TOKEN_AGE = 30 * 60.0
"""Seconds after which a token is renewed ahead of need; the answer carries no lifetime, sessions last 2 h (2.2)."""
QUERIES_PER_COMPOSITE = 5
LOCK_TRIES = 3
RESERVED_FOR_WRITES = 0.9
"""Share of the daily allowance beyond which reads that can wait are refused (7.4)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request. `path` is relative to /services/data/vXX.0/, or to /services/apexrest/ for `root` "apex"."""

    method: str
    path: str
    json: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False
    root: Literal["data", "apex"] = "data"


@dataclass(frozen=True, slots=True)
class SubResponse:
    reference: str
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class _Token:
    client: SimpleSalesforce
    since: float
    generation: int


class Salesforce:
    def __init__(
        self,
        credentials: Credentials,
        *,
        api_base_url: str | None = None,
        api_version: str = "67.0",
        timeouts: Timeouts = Timeouts(),  # noqa: B008  frozen
        threads: int = THREADS,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.api_version = api_version.removeprefix("v")
        self._credentials = credentials
        self._base_url = api_base_url
        self._timeouts = timeouts
        self._thread_count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="salesforce")
        self._clock = clock
        self._jitter = jitter
        self._breaker = CircuitBreaker(clock)
        self._budget = RetryBudget()
        self._connection: Connection | None = None
        self._token: _Token | None = None
        self._signing_in = asyncio.Lock()
        self._turnstiles = Turnstiles()
        self._usage = Usage()
        self._calls = 0
        self._writes = 0
        self._sign_ins = 0

    # What an operator may look at.

    @property
    def usage(self) -> Usage:
        """The org's API allowance as of the last answer."""
        return self._usage

    @property
    def calls(self) -> int:
        """Requests sent since the start, sign-ins not counted."""
        return self._calls

    @property
    def writes(self) -> int:
        """Requests that may have changed something: what was read before the last of them may be stale."""
        return self._writes

    @property
    def sign_ins(self) -> int:
        return self._sign_ins

    @property
    def circuit(self) -> str:
        """ "closed", "open" or "half-open"."""
        return self._breaker.state

    def data_url(self, path: str) -> str:
        """`path` as it stands in a composite sub-request."""
        return f"/services/data/v{self.api_version}/{path}"

    async def stream_address(self, *, not_this: str | None = None) -> tuple[str, str]:
        """Origin and token for a streaming connection; a newer token than `not_this`, which was refused."""
        token = await self._current_token()
        if not_this is not None and token.client.session_id == not_this:
            token = await self._renewed(token)
        return self._origin(token), str(token.client.session_id)

    async def origin(self) -> str:
        """Where the org's own pages are: with a record's id behind it, the address of that record."""
        return self._origin(await self._current_token())

    def _origin(self, token: _Token) -> str:
        return self._base_url.rstrip("/") if self._base_url else f"https://{token.client.sf_instance}"

    # Life.

    async def connect(self) -> None:
        """Sign in. SignInFailed or ConfigurationError are final; the rest may pass."""
        await self._current_token()

    async def warm_up(self) -> None:
        """Sign in and open a few connections, so that the first caller does not wait for handshakes."""
        await self.connect()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(3, self._thread_count)):
                tasks.create_task(self.request("GET", "limits"))

    async def close(self) -> None:
        """Free the threads. Requests under way end by their own time-outs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._connection:
            self._connection.close()

    def turnstile(self, parents: Sequence[str]) -> AbstractAsyncContextManager[None]:
        """Held round a write below these records: parallel writes under one parent lock each other out (7.4)."""
        return self._turnstiles.through(parents)

    # Questions.

    async def query(self, statement: str, *, essential: bool = True) -> list[Row]:
        """All rows of a SOQL statement, following nextRecordsUrl. Statements of ours carry a LIMIT."""
        answer = await self.request("GET", "query", params={"q": statement}, essential=essential)
        return await self._all_pages(answer)

    async def queries(
        self, statements: Mapping[str, str], *, missing_ok: AbstractSet[str] = frozenset()
    ) -> dict[str, list[Row]]:
        """Up to five SOQL statements in one round trip: name -> rows. The first refusal is raised.

        A statement named in `missing_ok` has no rows where the org lacks its object or field, or hides it.
        """
        if len(statements) > QUERIES_PER_COMPOSITE:
            raise ValueError("a composite request takes five queries (2.6)")
        subrequests = [
            {"method": "GET", "url": self.data_url(f"query?q={percent(statement)}"), "referenceId": name}
            for name, statement in statements.items()
        ]
        rows: dict[str, list[Row]] = {}
        for sub in await self.composite(subrequests, writes=False):
            if sub.status < 300:
                rows[sub.reference] = await self._all_pages(sub.body)
                continue
            error = refusal(sub.status, sub.body, f"query {sub.reference}")
            if sub.reference not in missing_ok or not isinstance(error, errors.Forbidden):
                raise error
            log.warning("the org lacks something", extra={"query": sub.reference, "code": error.code})
            rows[sub.reference] = []
        return rows

    async def search(self, statement: str, *, essential: bool = True) -> list[Row]:
        """Rows of a SOSL statement. The index lags behind by seconds to minutes: confirm what matters by id (2.5)."""
        answer = await self.request("GET", "search", params={"q": statement}, essential=essential)
        return list(answer["searchRecords"]) if answer else []

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        essential: bool = True,
        writes: bool | None = None,
    ) -> Any:
        """One REST request below /services/data/vXX.0/. Unless `writes` says otherwise, only GET and HEAD are reads."""
        if not essential and self._usage.share >= RESERVED_FOR_WRITES:
            raise errors.RateLimited("the daily allowance is nearly used up; the rest is kept for writes")
        if writes is None:
            writes = method not in ("GET", "HEAD")
        return await self._perform(method, path, json=json, params=params or {}, headers=headers or {}, writes=writes)

    async def apex(self, method: str, path: str, *, json: Any = None, params: Mapping[str, str] | None = None) -> Any:
        """An Apex REST class of the org's, below /services/apexrest/."""
        return await self._perform(method, path, json=json, params=params or {}, writes=method != "GET", root="apex")

    async def composite(
        self, subrequests: Sequence[Mapping[str, Any]], *, writes: bool, all_or_none: bool = True
    ) -> list[SubResponse]:
        """One composite request, in the order given. A refused sub-request does not raise: look at each `status`.

        A lock conflict has rolled everything back, so it is tried again here; Locked after that.
        """
        body = {
            "allOrNone": all_or_none and writes,
            "collateSubrequests": False,
            "compositeRequest": list(subrequests),
        }
        for attempt in range(1, LOCK_TRIES + 1):
            answer = await self._perform("POST", "composite", json=body, writes=writes)
            cause = composite_cause(answer["compositeResponse"]) if writes and all_or_none else None
            if cause is None or first_error(cause["body"])[0] != "UNABLE_TO_LOCK_ROW":
                break
            if attempt == LOCK_TRIES or not self._budget.spend():
                raise refusal(400, cause["body"], f"composite {cause['referenceId']}")
            await asyncio.sleep(self._jitter(0.1, 0.4))
        return [
            SubResponse(str(sub["referenceId"]), int(sub["httpStatusCode"]), sub["body"])
            for sub in answer["compositeResponse"]
        ]

    # One step below: retries, then the token, then the thread.

    async def _all_pages(self, answer: Any) -> list[Row]:
        rows: list[Row] = list(answer["records"])
        while not answer.get("done", True):
            path = str(answer["nextRecordsUrl"]).split(f"/v{self.api_version}/", 1)[-1]
            answer = await self.request("GET", path)
            rows.extend(answer["records"])
        return rows

    async def _perform(self, method: str, path: str, **rest: Any) -> Any:
        """Retry what may be retried: a lock (rolled back), and for reads a lost connection or a 503, once."""
        request = Request(method, path, **rest)
        self._budget.called()
        self._writes += request.writes
        tries = 0
        while True:
            tries += 1
            try:
                return await self._with_token(request)
            except errors.Locked:
                if tries >= LOCK_TRIES or not self._budget.spend():
                    raise
                await asyncio.sleep(self._jitter(0.1, 0.4))
            except errors.SalesforceError as exc:
                if request.writes or tries > 1 or not _passing(exc) or not self._budget.spend():
                    raise
                await asyncio.sleep(self._jitter(0.02, 0.1))

    async def _with_token(self, request: Request) -> Any:
        """Exactly one retry on 401, and only if the answer was the org's word on the session (5.2 rows 5, 8)."""
        token = await self._current_token()
        try:
            return await self._guarded(token, request)
        except errors.SignInFailed:
            fresh = await self._renewed(token)
            return await self._guarded(fresh, request)

    async def _guarded(self, token: _Token, request: Request) -> Any:
        if not self._breaker.admit():
            raise errors.SalesforceUnavailable("circuit open", code=CIRCUIT_OPEN)
        self._calls += 1
        seconds = self._timeouts.connect + (self._timeouts.write if request.writes else self._timeouts.read)
        try:
            answer = await self._in_thread(
                lambda: self._open().call(token.client, request), seconds, f"{request.method} {request.path}"
            )
        except (errors.SalesforceTimeout, errors.SalesforceUnavailable):
            self._breaker.failed()
            raise
        except errors.SalesforceError:
            self._breaker.succeeded()  # a refusal is an answer
            raise
        self._breaker.succeeded()
        return answer

    async def _in_thread(self, work: Callable[[], T], seconds: float, where: str) -> T:
        """The result of `work`; a thread cannot be cancelled, so past the deadline only the caller is freed.

        Work that no thread had taken up by then never runs: it is known not to have been sent.
        """
        future: Future[T] = self._threads.submit(work)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError as exc:
            if future.cancel():
                raise errors.SalesforceUnavailable(f"{where}: all threads busy", code=BUSY) from exc
            raise errors.SalesforceTimeout(f"{where}: no answer in {seconds:g} s", code=NO_ANSWER) from exc

    async def _current_token(self) -> _Token:
        token = self._token
        if token is None:
            return await self._renewed(None)
        if self._clock() - token.since > TOKEN_AGE and not self._signing_in.locked():
            try:
                return await self._renewed(token)
            except errors.SalesforceError:
                log.warning("token not renewed ahead of time", extra={"age": int(self._clock() - token.since)})
                self._token = replace(token, since=self._clock() - TOKEN_AGE + 60)
        return token

    async def _renewed(self, stale: _Token | None) -> _Token:
        """A token newer than `stale`. However many ask at once, one signs in (5.2 row 7)."""
        async with self._signing_in:
            if (
                self._token is not None
                and self._token is not stale
                and (stale is None or self._token.generation > stale.generation)
            ):
                return self._token
            if not self._breaker.admit():
                raise errors.SalesforceUnavailable("circuit open", code=CIRCUIT_OPEN)
            self._sign_ins += 1
            await self._in_thread(self._open, 30.0, "loading simple-salesforce")
            seconds = self._timeouts.connect + self._timeouts.sign_in
            try:
                client = await self._in_thread(lambda: self._open().sign_in(), seconds, "sign-in")
            except (errors.SalesforceTimeout, errors.SalesforceUnavailable):
                self._breaker.failed()
                raise
            self._token = _Token(client, self._clock(), (stale.generation if stale else 0) + 1)
            log.info("signed in to Salesforce", extra={"by": "jwt" if self._credentials.by_jwt else "client"})
            return self._token

    # On threads.

    def _open(self) -> Connection:
        """The blocking side, made on a thread before the first sign-in: its import takes half a second."""
        if self._connection is None:
            from voice_agent.salesforce.connection import Connection

            self._connection = Connection(
                self._credentials,
                base_url=self._base_url,
                version=self.api_version,
                timeouts=self._timeouts,
                connections=self._thread_count,
                on_usage=self._note_usage,
            )
        return self._connection

    def _note_usage(self, usage: Usage) -> None:
        self._usage = usage


def _passing(exc: errors.SalesforceError) -> bool:
    """A read worth one more try: the connection was refused or lost, or the org said 503. A stall is not."""
    if isinstance(exc, errors.SalesforceUnavailable):
        return exc.code not in (CIRCUIT_OPEN, BUSY)
    return isinstance(exc, errors.SalesforceTimeout) and exc.code == LOST
