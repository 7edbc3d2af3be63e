"""How a change that waits for a dispatcher is kept: its row, the versions people made of it, the audit of each step.

Everything here runs in the transaction of whoever calls it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Float, Integer, Row, String, Table, Text, insert, select, update

from voice_agent.audit import Audit, Entry
from voice_agent.language.redaction import redact
from voice_agent.salesforce.commit import KEY_LENGTH
from voice_agent.salesforce.plans import WritePlan
from voice_agent.store import metadata

OPEN = ("proposed", "confirmed")
ENDED = ("executed", "rejected", "expired", "failed")
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


versions = Table(
    "approval_versions",
    metadata,
    Column("key", String(KEY_LENGTH), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("contact", String(18), nullable=False, index=True),
    Column("rule", String(80), nullable=False),
    Column("plan", Text, nullable=False),
    Column("audit", Text, nullable=False),
    Column("texts", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("done", Text, nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", Float, nullable=False),
    info={"by": ("contact", "call_sid"), "written": "at"},
)
"""What a dispatcher made of a change, numbered from 1; the last one stands."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, and where the outcome may be texted to: a number on record, never one that was said."""

    role: str
    name: str = ""
    contact_id: str = ""
    number: str = ""
    sender: str = ""
    """The number of the line that was called."""
    calling: str = ""
    """The number called from, a hint as ever."""


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
    version: int = 0
    edited_by: str = ""
    """Whose values these are; empty when they are the caller's."""
    said: str = ""
    """The read-back the caller said yes to, when other values stand now."""
    arguments_said: str = ""
    """The same as the tool's arguments, JSON."""
    done: str = ""
    """What is said once it is made, of a version that the call knows nothing of."""

    @property
    def job(self) -> str:
        return f"approval:{self.key}"

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Of the tool, as they stand."""
        given: Mapping[str, Any] = json.loads(str(self.audit.get("request") or "{}"))
        return given


@dataclass(frozen=True, slots=True)
class Version:
    """What a dispatcher would have made in place of what was read back."""

    plan: WritePlan
    audit: Mapping[str, Any]
    rule: str
    request: str
    done: str
    texts: Sequence[Mapping[str, Any]] = ()


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


def put(connection: Connection, known: Approval, made: Version, by: str, now: float) -> Approval:
    """In the caller's transaction, which holds the approval's row: `made` is what stands from now on."""
    row = {
        "key": known.key,
        "version": known.version + 1,
        "call_sid": known.call_sid,
        "contact": known.asker.contact_id,
        "rule": made.rule,
        "plan": json.dumps(made.plan.as_json(), ensure_ascii=False, default=str),
        "audit": json.dumps(dict(made.audit), ensure_ascii=False, default=str),
        "texts": json.dumps([dict(text) for text in made.texts], ensure_ascii=False),
        "request": made.request,
        "done": made.done,
        "by": by[:120],
        "at": now,
    }
    connection.execute(insert(versions).values(**row))
    stands = read(connection, known.key)
    assert stands is not None
    return stands


def version_of(connection: Connection, key: str, number: int) -> Version:
    """The version of that number; 0 is what the caller said yes to."""
    source = table if number == 0 else versions
    where = source.c.key == key if number == 0 else (source.c.key == key) & (source.c.version == number)
    row = connection.execute(select(source).where(where)).one()._mapping
    plan, audit = WritePlan.from_json(json.loads(row["plan"])), json.loads(row["audit"])
    return Version(plan, audit, row["rule"], row["request"], row.get("done", ""), tuple(json.loads(row["texts"])))


def entry(approval: Approval, act: str, *, by: str = "", reason: str = "", before: Approval | None = None) -> Entry:
    """Who did what with a change that waits; one that asks or edits holds what would change, the others name it."""
    facts: dict[str, Any] = {"act": act, "key": approval.key, "tool": approval.tool, "rule": approval.rule}
    facts |= {"version": approval.version} if approval.version else {}
    words = {"reason": reason}
    if act == "ask" or before is not None:
        words |= {"request": approval.request, "after": _told(approval.plan)}
    if before is not None:
        words |= {
            "values_before": str(before.audit.get("request", "")),
            "values_after": str(approval.audit.get("request", "")),
        }
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
    last = select(versions).where(versions.c.key == key).order_by(versions.c.version.desc()).limit(1)
    return approval_of(row, connection.execute(last).first()) if row is not None else None


def approval_of(row: Row[Any], version: Row[Any] | None) -> Approval:
    values = dict(row._mapping)
    edited: dict[str, Any] = {}
    if version is not None:
        edited = {"version": version.version}
        first = json.loads(values["audit"]).get("request", "")
        if first != json.loads(version.audit).get("request", ""):
            edited |= {"edited_by": version.by, "said": values["request"], "arguments_said": first}
            edited |= {"done": version.done}
        values |= {name: version._mapping[name] for name in ("rule", "plan", "audit", "texts", "request")}
    return Approval(
        **{name: values[name] for name in values if name not in ("contact", "plan", "audit", "asker", "texts")},
        **edited,
        plan=WritePlan.from_json(json.loads(values["plan"])),
        audit=json.loads(values["audit"]),
        asker=Asker(**json.loads(values["asker"])),
        texts=tuple(json.loads(values["texts"])),
    )
