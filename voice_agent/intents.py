"""Write intents: a change is in our own store, durably, before it is tried, and stays there until its end is known.

An intent and the job that will settle it (`settle_write`, some seconds later, in the worker) are one transaction. The
process that holds the call commits at once, because somebody is waiting on the phone, and closes the intent; the job
then finds nothing left to do. If that process dies, or the records cannot be reached, or an answer is lost, the job
commits under the same key until it knows. The key is unique in the org, so however many try, it happens once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Connection, Float, Row, String, Table, Text, select, update

from voice_agent import errors
from voice_agent.errors import SalesforceError, SalesforceTimeout, StoreUnavailable
from voice_agent.jobs import want
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.commit import KEY_LENGTH, settle
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan
from voice_agent.store import Store, insert_new, metadata
from voice_agent.workshop import PATIENTLY, GivenUp, Result, Workshop

LEASE_SECONDS = 20.0
"""How long the process that opened an intent has it to itself."""
ANSWER_SECONDS = 4.0
"""The longest a caller is kept waiting for the records; then it is noted, and settled behind their back."""
MAY_YET_WORK = (
    errors.Locked,
    errors.RateLimited,
    errors.SignInFailed,
    errors.SalesforceTimeout,
    errors.SalesforceUnavailable,
)
"""Refusals that are about the moment and not about the change."""

TELL = "tell_outcome"
"""The job that follows: whoever asked for the change may not be on the line any more (late_outcomes.py)."""

table = Table(
    "write_intents",
    metadata,
    Column("key", String(KEY_LENGTH), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("plan", Text, nullable=False),
    Column("audit", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("outcome", Text),
    Column("opened", Float, nullable=False),
    Column("settled", Float),
    info={"by": ("call_sid",), "written": "opened"},
)

log = logging.getLogger(__name__)

Also = Callable[[Connection], None]
"""What else is to be durable with an intent, or not at all."""


@dataclass(frozen=True, slots=True)
class Intent:
    """`status` is `open`, `applied`, `not_applied` (sealed: it never can be) or `refused` by the org."""

    key: str
    call_sid: str
    plan: WritePlan
    audit: Mapping[str, Any]
    status: str
    outcome: Mapping[str, Any]
    opened: float
    settled: float | None

    def committed(self) -> Committed:
        """The outcome as the one who committed it saw it; raises what the org refused it with."""
        if self.status == "refused":
            kind = getattr(errors, str(self.outcome["error"]), SalesforceError)
            raise kind(self.outcome["why"], code=self.outcome["code"], status=self.outcome["status"])
        return Committed(**self.outcome)


class Intents:
    """The table. `now` gives UNIX seconds."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    async def open(
        self, plan: WritePlan, key: str, audit: Mapping[str, Any], *, also: Also | None = None
    ) -> Intent | None:
        """Make the intent durable, with its job. Gives the one that exists already under this key, None if it is new.

        StoreUnavailable: it is not known to be durable, and must not be tried.
        """
        row = {
            "key": key,
            "call_sid": str(audit.get("call_sid", "")),
            "name": plan.name,
            "plan": json.dumps(plan.as_json(), ensure_ascii=False, default=str),
            "audit": json.dumps(dict(audit), ensure_ascii=False, default=str),
            "status": "open",
            "opened": self._now(),
        }

        def write(connection: Connection) -> Intent | None:
            if not insert_new(connection, table, row):
                return _read(connection, key)
            want(connection, settle_write.__name__, f"settle:{key}", {"key": key}, due=self._now() + LEASE_SECONDS)
            if also is not None:
                also(connection)
            return None

        return await self._store.run(write)

    async def close(self, key: str, status: str, outcome: Mapping[str, Any]) -> None:
        """Its end, told once: a later word about an intent that is closed changes nothing."""
        values = {"status": status, "outcome": json.dumps(outcome, default=str), "settled": self._now()}
        statement = update(table).where(table.c.key == key, table.c.status == "open").values(**values)
        await self._store.run(lambda connection: connection.execute(statement) and None)

    async def get(self, key: str) -> Intent | None:
        return await self._store.look(lambda connection: _read(connection, key))

    async def of_call(self, call_sid: str) -> list[Intent]:
        """The oldest first."""

        def read(connection: Connection) -> list[Intent]:
            rows = connection.execute(select(table).where(table.c.call_sid == call_sid).order_by(table.c.opened))
            return [_intent(row) for row in rows]

        return await self._store.look(read)

    async def commit(self, field: FieldService, plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
        """Try it now, and close the intent if that tells how it ends. "unknown": it may yet, and will be tried again.

        Raises what the org refused it with, for good.
        """
        try:
            done = await field.commit(plan, key=key, audit=audit)
        except MAY_YET_WORK as error:
            log.warning("a change waits", extra={"change": plan.name, "error": type(error).__name__, "why": str(error)})
            return Committed("unknown", key, facts=plan.facts)
        except SalesforceError as error:
            kind = next(kind.__name__ for kind in type(error).__mro__ if hasattr(errors, kind.__name__))
            why = {"error": kind, "why": str(error), "code": error.code, "status": error.status}
            await self._close_anyhow(key, "refused", why)
            raise
        if done.status != "unknown":
            await self._close_anyhow(key, done.status, asdict(done))
        return done

    async def seal(self, salesforce: Salesforce, intent: Intent) -> Committed:
        """Give it up, for good: it turns out to have been applied, or it never can be. "unknown": try again."""
        try:
            done = await settle(salesforce, intent.plan, key=intent.key, audit=intent.audit, seal=True)
        except SalesforceError as error:
            log.warning("a change could not be sealed yet", extra={"error": type(error).__name__, "why": str(error)})
            return Committed("unknown", intent.key)
        if done.status != "unknown":
            await self._close_anyhow(intent.key, done.status, asdict(done))
        return done

    async def _close_anyhow(self, key: str, status: str, outcome: Mapping[str, Any]) -> None:
        """The org has the last word: an end that cannot be noted now is found out again by the job."""
        try:
            await self.close(key, status, outcome)
        except StoreUnavailable as error:
            log.error("the end of a change could not be noted", extra={"status": status, "why": str(error)})


class ExactlyOnce:
    """The `Writer` of a process that holds calls: intent, commit, answer within what a caller will wait."""

    def __init__(self, intents: Intents, field: FieldService) -> None:
        self.intents = intents
        self._field = field
        self._under_way: dict[str, asyncio.Task[Committed]] = {}

    async def __call__(
        self,
        plan: WritePlan,
        key: str,
        audit: Mapping[str, Any],
        *,
        also: Also | None = None,
        without_store: bool = False,
    ) -> Committed:
        """`unknown` after ANSWER_SECONDS, or while the records cannot be reached: noted, and going to be settled; asked
        again with the same key, it tells how it ended. StoreUnavailable: nothing was tried, except `without_store`."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._do(plan, key, audit, also, without_store))
            self._under_way[key] = task
            task.add_done_callback(lambda ended: self._forget(key, ended))
        done, _ = await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        return task.result() if done else Committed("unknown", key, facts=plan.facts)

    async def _do(
        self, plan: WritePlan, key: str, audit: Mapping[str, Any], also: Also | None, without_store: bool
    ) -> Committed:
        try:
            known = await self.intents.open(plan, key, audit, also=also)
        except StoreUnavailable:
            if not without_store:
                raise
            known = None
        if known is not None and known.status != "open":
            return known.committed()
        return await self.intents.commit(self._field, plan, key, audit)

    def _forget(self, key: str, ended: asyncio.Task[Committed]) -> None:
        self._under_way.pop(key, None)
        if not ended.cancelled() and (error := ended.exception()) is not None:
            log.info("a change ended with a refusal", extra={"error": type(error).__name__})


async def settle_write(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """The job: find out how an intent ends, or make it end. After a day it is sealed, so that it cannot come late."""
    intents = Intents(workshop.store, now=workshop.now)

    async def attempt(last: bool) -> Result:
        intent = await intents.get(arguments["key"])
        if intent is None or intent.status != "open":
            return {"status": "nothing to do"}
        try:
            if last:
                done = await intents.seal(workshop.salesforce, intent)
            else:
                done = await intents.commit(workshop.field, intent.plan, intent.key, intent.audit)
        except SalesforceError as error:
            log.error("a noted change was refused", extra={"change": intent.plan.name, "error": type(error).__name__})
            return {"status": "refused"}
        if done.status == "unknown":
            raise SalesforceTimeout("not settled yet")
        log.warning("a change was settled later", extra={"change": intent.plan.name, "status": done.status})
        return {"status": done.status}

    try:
        settled = await workshop.step("settle", lambda: attempt(False), retries=PATIENTLY)
    except GivenUp:
        log.critical("a change could not be made for a day; a person must look at it", extra={"key": arguments["key"]})
        settled = await workshop.step("seal", lambda: attempt(True), retries=PATIENTLY)
    await workshop.step("tell", lambda: _tell(workshop, arguments["key"]), retries=PATIENTLY)
    return settled


async def _tell(workshop: Workshop, key: str) -> None:
    await workshop.jobs.start(TELL, f"{TELL}:{key}", {"key": key})


def _read(connection: Connection, key: str) -> Intent | None:
    row = connection.execute(select(table).where(table.c.key == key)).first()
    return None if row is None else _intent(row)


def _intent(row: Row[Any]) -> Intent:
    return Intent(
        key=row.key,
        call_sid=row.call_sid,
        plan=WritePlan.from_json(json.loads(row.plan)),
        audit=json.loads(row.audit),
        status=row.status,
        outcome=json.loads(row.outcome) if row.outcome else {},
        opened=row.opened,
        settled=row.settled,
    )
