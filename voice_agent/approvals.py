"""Changes that wait for a dispatcher: asked for after the caller's yes, decided once, made once, and told.

A row here, the job that sees it through (approving.py) and the entry of the audit log are one transaction; so is every
step it takes from there. The same proposal stands in the org as a `Pending_AI_Action__c`; whoever decides first, here
or there, decides. What is executed is the plan as it was read back, with its guards: if the records have moved on
since, it fails as a whole and says so.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Float, Row, String, Table, Text, select, update

from voice_agent.audit import Audit, Entry
from voice_agent.errors import Conflict, StoreUnavailable
from voice_agent.jobs import want
from voice_agent.language.redaction import redact
from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.commit import KEY_LENGTH
from voice_agent.salesforce.plans import WritePlan
from voice_agent.store import Store, insert_new, metadata

JOB = "see_through"
IN_THE_ORG = "Pending_AI_Action__c"
OPEN = ("proposed", "confirmed")
ENDED = ("executed", "rejected", "expired", "failed")
LOOK_SECONDS = 2.0
"""How often a caller who waits on the line for the decision has it looked for."""
MOST_REASON = 500

table = Table(
    "approvals",
    metadata,
    Column("key", String(KEY_LENGTH), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("contact", String(18), nullable=False, index=True),
    Column("tool", String(80), nullable=False),
    Column("rule", String(80), nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("plan", Text, nullable=False),
    Column("audit", Text, nullable=False),
    Column("texts", Text, nullable=False),
    Column("request", Text, nullable=False),  # the read-back, in the caller's language
    Column("lang", String(8), nullable=False),
    Column("asker", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("decided", Float),
    Column("decided_by", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    info={"by": ("contact", "call_sid"), "written": "asked"},
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and where the outcome may be texted to: a number on record, never one that was said."""

    role: str
    name: str = ""
    contact_id: str = ""
    number: str = ""
    sender: str = ""
    """The number of the line that was called."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One change before a dispatcher. `status` is proposed, confirmed, executed, rejected, expired or failed."""

    key: str
    call_sid: str
    tool: str
    rule: str
    plan: WritePlan
    audit: Mapping[str, Any]
    request: str
    lang: str
    asker: Asker
    asked: float
    expires: float
    """UNIX seconds, both."""
    status: str = "proposed"
    decided: float | None = None
    decided_by: str = ""
    reason: str = ""
    texts: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """Messages that go with the change once it is made, as `agent.tool.TextWanted`."""

    @property
    def job(self) -> str:
        return f"approval:{self.key}"


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
        statement = select(table).where(table.c.status == "proposed").order_by(table.c.expires)
        return await self._store.look(lambda connection: [_approval(row) for row in connection.execute(statement)])

    async def recent(self, most: int = 50) -> list[Approval]:
        """What was decided or ran out, the newest first."""
        statement = select(table).where(table.c.status != "proposed").order_by(table.c.asked.desc()).limit(most)
        return await self._store.look(lambda connection: [_approval(row) for row in connection.execute(statement)])

    async def get(self, key: str) -> Approval | None:
        return await self._store.look(lambda connection: read(connection, key))

    async def decide(self, key: str, approve: bool, by: str, reason: str = "") -> Approval:
        """A dispatcher's word. Conflict when it was decided already or its time is over; the first word counts."""
        status = "confirmed" if approve else "rejected"

        def write(connection: Connection) -> Approval:
            decided = move(
                connection, self._audit, key, "proposed", status, by=by, reason=reason, now=self.now(),
                before_expiry=True,
            )  # fmt: skip
            if decided is None:
                raise Conflict(f"approval {key}: decided already, or its time is over", code="DECIDED")
            want(connection, "", decided.job, {"decided": status}, due=self.now())
            return decided

        return await self._store.run(write)

    async def heard(self, change: Change) -> None:
        """A proposal was decided in Salesforce, or seems to be: the jobs that wait for a decision look at once."""
        if change.object != IN_THE_ORG or change.ours or "Status__c" not in change.fields:
            return

        def wake(connection: Connection) -> None:
            for row in connection.execute(select(table).where(table.c.status == "proposed")):
                want(connection, "", _approval(row).job, {"look": True}, due=self.now())

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


ACTS = {"confirmed": "approve", "rejected": "reject", "expired": "expire", "executed": "executed", "failed": "failed"}
"""What the audit log calls a step by where it leads."""


def move(
    connection: Connection,
    audit: Audit,
    key: str,
    start: str,
    goal: str,
    *,
    by: str = "",
    reason: str = "",
    now: float,
    before_expiry: bool = False,
) -> Approval | None:
    """One step on, and the entry that says so, if it still stands where it did. None: somebody else was first."""
    where = (table.c.key == key) & (table.c.status == start)
    if before_expiry:
        where &= table.c.expires > now
    values: dict[str, Any] = {"status": goal, "decided": now}
    values |= {"decided_by": by[:120]} if by else {}
    values |= {"reason": reason[:MOST_REASON]} if reason else {}
    if connection.execute(update(table).where(where).values(**values)).rowcount != 1:
        return None
    moved = read(connection, key)
    assert moved is not None
    audit.append(connection, entry(moved, ACTS[goal], by=by, reason=reason), wall=now)
    return moved


def entry(approval: Approval, act: str, *, by: str = "", reason: str = "") -> Entry:
    """Who did what with a change that waits; the one that asks holds what it would change, the others name it."""
    facts = {"act": act, "key": approval.key, "tool": approval.tool, "rule": approval.rule}
    words = {"reason": reason}
    if act == "ask":
        words |= {"request": approval.request, "after": _told(approval.plan)}
    return Entry(
        "approval",
        approval.call_sid,
        facts | ({"by": by[:120]} if by else {}),
        {name: redact(text) for name, text in words.items() if text},
        approval.asker.contact_id,
    )


def _told(plan: WritePlan) -> str:
    return json.dumps({f"{t.object} {t.id}": t.after for t in plan.touches}, ensure_ascii=False, default=str)


def read(connection: Connection, key: str) -> Approval | None:
    row = connection.execute(select(table).where(table.c.key == key)).first()
    return _approval(row) if row is not None else None


def _approval(row: Row[Any]) -> Approval:
    values = dict(row._mapping)
    return Approval(
        **{name: values[name] for name in values if name not in ("contact", "plan", "audit", "asker", "texts")},
        plan=WritePlan.from_json(json.loads(values["plan"])),
        audit=json.loads(values["audit"]),
        asker=Asker(**json.loads(values["asker"])),
        texts=tuple(json.loads(values["texts"])),
    )
