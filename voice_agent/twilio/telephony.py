"""The few REST requests that move live calls, on the event loop: place one, send one elsewhere, end one.

The official client would cost a talking process 0.6 s of import and 20 MB (`rest.py` has it for everything off the
path of a call). Creating a call has no idempotency key at Twilio: a 429 was never processed and is tried again, a lost
answer or a 5xx may have rung somebody's phone and is raised as `ambiguous`, never repeated (reliability: W1-W3).
"""

from __future__ import annotations

import asyncio
import random
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from voice_agent.errors import TwilioRestError

SECONDS = 5.0
"""For one request: a caller waits meanwhile."""
DOWN_SECONDS = 20.0
TRIES = 5
FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
API = "api.twilio.com"
TASKROUTER = "taskrouter.twilio.com"
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class Leg:
    """A call as Twilio lists it."""

    sid: str
    status: str

    @property
    def over(self) -> bool:
        return self.status in OVER


class Telephony:
    """`user` is an API key's SID or the account's; with a base URL the host becomes the first part of the path."""

    def __init__(self, *, account_sid: str, user: str, secret: str, base_url: str = "") -> None:
        self._account = account_sid
        self._headers = {"Authorization": f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"}
        self._base_url = base_url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._failed_at: float | None = None

    @property
    def down(self) -> bool:
        """The last request found nobody, and that was a moment ago: what can be done without REST should be."""
        return self._failed_at is not None and asyncio.get_running_loop().time() - self._failed_at < DOWN_SECONDS

    async def call(
        self, *, to: str, from_: str, url: str, status_callback: str, ring_seconds: int, detect_machine: bool = True
    ) -> str:
        """The SID of a new call that asks `url` what to say once it is answered. TwilioRestError; see `ambiguous`."""
        form: list[tuple[str, str]] = [
            ("To", to),
            ("From", from_),
            ("Url", url),
            ("Timeout", str(ring_seconds)),
            ("StatusCallback", status_callback),
            *(("StatusCallbackEvent", event) for event in ("ringing", "answered", "completed")),
        ]
        if detect_machine:
            form.append(("MachineDetection", "Enable"))
        answer = await self._post(API, self._path("Calls.json"), form)
        return str(answer.get("sid", ""))

    async def calls_to(self, to: str, *, from_: str, status: str = "") -> list[Leg]:
        """The newest calls between two numbers: what an ambiguous answer is settled by."""
        query = {"To": to, "From": from_, "PageSize": "20"} | ({"Status": status} if status else {})
        answer = await self._request("GET", API, self._path("Calls.json"), query=query)
        return [Leg(str(row.get("sid")), str(row.get("status"))) for row in answer.get("calls", ())]

    async def redirect(self, call_sid: str, url: str) -> None:
        """The live call leaves what it does and asks `url`."""
        await self._post(API, self._path(f"Calls/{call_sid}.json"), [("Url", url), ("Method", "POST")])

    async def dequeue(self, queue_sid: str, call_sid: str, url: str) -> None:
        """One member leaves its queue and asks `url`; 20404 when it is not in there."""
        form = [("Url", url), ("Method", "POST")]
        await self._post(API, self._path(f"Queues/{queue_sid}/Members/{call_sid}.json"), form)

    async def end(self, call_sid: str) -> None:
        """Hang up, or stop ringing. A call that is over already is no error."""
        try:
            await self._post(API, self._path(f"Calls/{call_sid}.json"), [("Status", "completed")])
        except TwilioRestError as error:
            if error.code not in (21220, 20404):
                raise

    async def reservation(self, workspace: str, task: str, reservation: str, **fields: str) -> None:
        """Tell TaskRouter what becomes of a reservation, such as ReservationStatus=rejected."""
        path = f"/v1/Workspaces/{workspace}/Tasks/{task}/Reservations/{reservation}"
        await self._post(TASKROUTER, path, list(fields.items()))

    async def task(self, workspace: str, task: str, **fields: str) -> None:
        """Change a task, such as AssignmentStatus=completed with a Reason."""
        await self._post(TASKROUTER, f"/v1/Workspaces/{workspace}/Tasks/{task}", list(fields.items()))

    async def workers(self, workflow_sid: str) -> list[Mapping[str, Any]]:
        """TaskRouter's workers in the workspace of a workflow, as Twilio lists them; at most a thousand."""
        spaces = await self._request("GET", TASKROUTER, "/v1/Workspaces", query={"PageSize": "100"})
        for space in spaces.get("workspaces", ()):
            path = f"/v1/Workspaces/{space['sid']}"
            try:
                await self._request("GET", TASKROUTER, f"{path}/Workflows/{workflow_sid}")
            except TwilioRestError as error:
                if error.status == 404:
                    continue
                raise
            found = await self._request("GET", TASKROUTER, f"{path}/Workers", query={"PageSize": "1000"})
            return list(found.get("workers", ()))
        return []

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _path(self, rest: str) -> str:
        return f"/2010-04-01/Accounts/{self._account}/{rest}"

    async def _post(self, host: str, path: str, form: list[tuple[str, str]]) -> Mapping[str, Any]:
        return await self._request("POST", host, path, form=form)

    async def _request(
        self,
        method: str,
        host: str,
        path: str,
        *,
        form: list[tuple[str, str]] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        wait = FIRST_WAIT
        for left in reversed(range(TRIES)):
            try:
                return await self._once(method, host, path, form, query)
            except TwilioRestError as error:
                if error.status != 429 or not left:
                    raise
            await asyncio.sleep(wait * random.uniform(0.9, 1.1))
            wait = min(2 * wait, LONGEST_WAIT)
        raise AssertionError("the loop above returns or raises")

    async def _once(
        self,
        method: str,
        host: str,
        path: str,
        form: list[tuple[str, str]] | None,
        query: Mapping[str, str] | None,
    ) -> Mapping[str, Any]:
        """Connection refused means that nothing happened; anything lost after that may have."""
        base = f"{self._base_url}/{host}" if self._base_url else f"https://{host}"
        try:
            async with self._connected().request(
                method, base + path, data=form, params=query, headers=self._headers
            ) as answer:
                body = await answer.read()
                status = answer.status
        except aiohttp.ClientConnectorError:
            self._found_nobody()
            raise TwilioRestError("not reachable") from None
        except TimeoutError:
            self._found_nobody()
            raise TwilioRestError(f"no answer in {SECONDS:g} s", ambiguous=True) from None
        except aiohttp.ClientError as error:
            self._found_nobody()
            raise TwilioRestError(type(error).__name__, ambiguous=True) from None
        if status >= 500:
            self._found_nobody()
        else:
            self._failed_at = None
        try:
            read = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError:
            read = {}
        if status >= 400:
            code = int(read.get("code") or 0) if isinstance(read, dict) else 0
            raise TwilioRestError(f"code {code}, HTTP {status}", code=code, status=status, ambiguous=status >= 500)
        return read if isinstance(read, dict) else {}

    def _found_nobody(self) -> None:
        self._failed_at = asyncio.get_running_loop().time()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS, connect=2.0))
        return self._session
