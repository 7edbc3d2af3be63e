"""Changes that wait for a dispatcher: asked for after the caller's yes, decided once, made once, and told.

A row here, the job that sees it through (approving.py) and the entry of the audit log are one transaction; so is every
step it takes from there. The same proposal stands in the org as a `Pending_AI_Action__c`; whoever decides first, here
or there, decides. What is executed is the plan as it was read back, with its guards: if the records have moved on
since, it fails as a whole and says so.

Until it is decided a dispatcher may put other values in their place (revising.py). Each such version is a row of its
own; the caller's own stays the first. A word counts for the version it was given on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Select, select, update

from voice_agent.approval_rows import (
    ENDED,
    Approval,
    Version,
    approval_of,
    entry,
    move,
    put,
    read,
    table,
    version_of,
    versions,
)
from voice_agent.audit import Audit
from voice_agent.errors import Conflict, StoreUnavailable
from voice_agent.jobs import want
from voice_agent.salesforce.changes import Change
from voice_agent.store import Store, insert_new

JOB = "see_through"
IN_THE_ORG = "Pending_AI_Action__c"
LOOK_SECONDS = 2.0
"""How often a caller who waits on the line for the decision has it looked for."""

log = logging.getLogger(__name__)


class Approvals:
    """One for the process. `now` is UNIX seconds."""

    def __init__(self, store: Store, audit: Audit, *, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._audit = audit
        self.now = now

    async def ask(self, approval: Approval) -> None:
        """Put a change before the dispatchers; the same key again changes nothing. StoreUnavailable: it was not."""
        row = {name: value for name, value in asdict(approval).items() if name in table.c}
        row |= {
            "contact": approval.asker.contact_id,
            "plan": json.dumps(approval.plan.as_json(), ensure_ascii=False, default=str),
            "audit": json.dumps(dict(approval.audit), ensure_ascii=False, default=str),
            "asker": json.dumps(asdict(approval.asker), ensure_ascii=False),
            "texts": json.dumps([dict(text) for text in approval.texts], ensure_ascii=False),
        }

        def write(connection: Connection) -> None:
            if insert_new(connection, table, row):
                want(connection, JOB, approval.job, {"key": approval.key}, due=self.now())
                self._audit.append(connection, entry(approval, "ask"), wall=self.now())

        await self._store.run(write)

    async def waiting(self) -> list[Approval]:
        """What nobody has decided yet, the one that runs out first on top."""
        return await self._listed(select(table).where(table.c.status == "proposed").order_by(table.c.expires))

    async def recent(self, most: int = 50) -> list[Approval]:
        """What was decided or ran out, the newest first."""
        return await self._listed(
            select(table).where(table.c.status != "proposed").order_by(table.c.asked.desc()).limit(most)
        )

    async def _listed(self, statement: Select[Any]) -> list[Approval]:
        def look(connection: Connection) -> list[Approval]:
            rows = connection.execute(statement).all()
            edited = select(versions).where(versions.c.key.in_([row.key for row in rows])).order_by(versions.c.version)
            last = {version.key: version for version in connection.execute(edited)} if rows else {}
            return [approval_of(row, last.get(row.key)) for row in rows]

        return await self._store.look(look)

    async def get(self, key: str) -> Approval | None:
        return await self._store.look(lambda connection: read(connection, key))

    async def decide(
        self, key: str, approve: bool, by: str, reason: str = "", *, version: int | None = None
    ) -> Approval:
        """A dispatcher's word. Conflict when it was decided already or its time is over (DECIDED); the first word
        counts. `version` is the one they looked at: Conflict (EDITED) when another stands by now."""
        status = "confirmed" if approve else "rejected"

        def write(connection: Connection) -> Approval:
            decided = move(
                connection, self._audit, key, "proposed", status, by=by, reason=reason, now=self.now(),
                before_expiry=True,
            )  # fmt: skip
            if decided is None:
                raise Conflict(f"approval {key}: decided already, or its time is over", code="DECIDED")
            if version is not None and decided.version != version:
                raise Conflict(f"approval {key}: changed meanwhile", code="EDITED")
            want(connection, "", decided.job, {"decided": status}, due=self.now())
            return decided

        return await self._store.run(write)

    async def revise(self, key: str, version: int, made: Version | None, by: str) -> Approval:
        """Put other values in place of version `version`, or with None the caller's own back. Conflict when it was
        decided (DECIDED) or has other values already (EDITED)."""

        def write(connection: Connection) -> Approval:
            held = update(table).where(table.c.key == key, table.c.status == "proposed", table.c.expires > self.now())
            if connection.execute(held.values(status="proposed")).rowcount != 1:  # nobody decides while this is written
                raise Conflict(f"approval {key}: decided already, or its time is over", code="DECIDED")
            before = read(connection, key)
            assert before is not None
            if before.version != version:
                raise Conflict(f"approval {key}: changed meanwhile", code="EDITED")
            after = put(connection, before, made or version_of(connection, key, 0), by, self.now())
            act = "edit" if made is not None else "undo"
            self._audit.append(connection, entry(after, act, by=by, before=before), wall=self.now())
            want(connection, "", after.job, {"version": after.version}, due=self.now())
            return after

        return await self._store.run(write)

    async def heard(self, change: Change) -> None:
        """A proposal was decided in Salesforce, or seems to be: the jobs that wait for a decision look at once."""
        if change.object != IN_THE_ORG or change.ours or "Status__c" not in change.fields:
            return

        def wake(connection: Connection) -> None:
            for row in connection.execute(select(table).where(table.c.status == "proposed")):
                want(connection, "", approval_of(row, None).job, {"look": True}, due=self.now())

        try:
            await self._store.run(wake)
        except StoreUnavailable:
            log.warning("a decision in Salesforce will be found out later")

    async def ended(self, key: str) -> Approval:
        """Waits for the end of it, however long that takes: for a caller who is still on the line."""
        while True:
            known = await self.get(key)
            if known is None:
                raise Conflict(f"approval {key} is gone", code="GONE")
            if known.status in ENDED:
                return known
            await asyncio.sleep(LOOK_SECONDS)
