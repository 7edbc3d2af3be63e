"""What was decided, for whom, on what grounds: a log that can be added to, read and checked, and not rewritten.

Every entry carries a keyed digest over itself and the entry before it, so a changed, removed or inserted row breaks the
chain from there on. The newest digest goes into the org with each call's row; a log cut off at its end contradicts it.

Personal words are not part of the chain. They lie beside it, each bound by a salted digest: they can be erased, as a
person may ask, and the chain still holds, with the erasure itself as an entry of it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import BigInteger, Column, Connection, Float, Integer, String, Table, Text, insert, select, text

from voice_agent.store import metadata

if TYPE_CHECKING:
    from voice_agent.settings import Settings

START = "0" * 64
"""What the first entry follows."""
BATCH = 500
MOST_WORDS = 32_000
TICKS_A_SECOND = 1_000

entries = Table(
    "audit_entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),  # UNIX milliseconds: an integer is the same in every database
    Column("call_sid", String(64), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("facts", Text, nullable=False),
    Column("words", Text, nullable=False),  # name -> salted digest of what audit_words holds
    Column("digest", String(64), nullable=False),
    info={"impersonal": "ids, rules and digests only; personal words lie in audit_words"},
)
words = Table(
    "audit_words",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("contact", String(18), nullable=False, index=True),
    Column("written", Float, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("content", Text, nullable=False),
    info={"by": ("contact", "call_sid"), "written": "written"},
)

_NEWEST = select(entries.c.seq, entries.c.digest).order_by(entries.c.seq.desc()).limit(1)
_ADD_ENTRIES, _ADD_WORDS = insert(entries), insert(words)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was decided or done.

    `kind`: call, identity, proposal, write, refusal, approval, text, emergency, hand_off, console, erasure.
    `facts` hold ids, names of tools and rules, levels, versions, outcomes: nothing a person could ask to have erased.
    `personal` holds what people said and what records contained; `contact` is the org's id of whom it concerns.
    """

    kind: str
    call_sid: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it stands in the log; `personal` lacks what was erased, `erased` names it."""

    seq: int
    at: float
    call_sid: str
    kind: str
    facts: Mapping[str, Any]
    personal: Mapping[str, str]
    erased: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`broken_at` is the number of the first entry that does not hold, None when all do."""

    entries: int
    head: str
    erased: int = 0
    broken_at: int | None = None
    why: str = ""

    @property
    def sound(self) -> bool:
        return self.broken_at is None


class Audit:
    """Appends with this key. `append` runs inside the caller's transaction: what it describes and the entry stand or
    fall together."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(f"audit:{secret}".encode()).digest()

    def append(self, connection: Connection, entry: Entry, *, wall: float) -> str:
        """Add one entry; gives the chain's new head. Other writers, of other processes too, wait for this one."""
        return self.append_all(connection, [(entry, wall)])

    def append_all(self, connection: Connection, new: Sequence[tuple[Entry, float]]) -> str:
        """Add entries in this order, each with its time in UNIX seconds: three statements, however many there are."""
        _alone(connection)
        number, before = head(connection)
        spoken: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        for seq, (entry, wall) in enumerate(new, number + 1):
            bound: dict[str, str] = {}
            kept = dict(entry.personal) | ({"contact": entry.contact} if entry.contact else {})
            for name, content in kept.items():
                salt, content = secrets.token_hex(16), _storable(content)
                bound[name] = _bound(salt, content)
                spoken.append(
                    {
                        "seq": seq,
                        "name": name,
                        "call_sid": entry.call_sid,
                        "contact": entry.contact,
                        "written": wall,
                        "salt": salt,
                        "content": content,
                    }
                )
            row = {
                "seq": seq,
                "at": round(wall * TICKS_A_SECOND),
                "call_sid": entry.call_sid,
                "kind": entry.kind,
                "facts": _canonical(entry.facts),
                "words": _canonical(bound),
            }
            before = self._digest(before, row)
            rows.append({**row, "digest": before})
        if spoken:
            connection.execute(_ADD_WORDS, spoken)
        if rows:
            connection.execute(_ADD_ENTRIES, rows)
        return before

    def verify(self, connection: Connection, *, expected: Mapping[int, str] | None = None) -> Verdict:
        """Walk the whole chain. `expected` are heads known from elsewhere (the org's rows): number -> digest."""
        before, count, erased = START, 0, 0
        due = dict(expected or {})
        for row in _rows(connection):
            count += 1
            if row["seq"] != count:
                return Verdict(count - 1, before, erased, count, f"entry {count} is missing")
            if not hmac.compare_digest(self._digest(before, row), row["digest"]):
                return Verdict(count - 1, before, erased, count, "the entry, or the one before it, was changed")
            missing, altered = _check_words(connection, row)
            if altered:
                return Verdict(count - 1, before, erased, count, f"the words under {altered!r} were changed")
            erased += missing
            before = row["digest"]
            known = due.pop(count, None)
            if known is not None and known != before:
                return Verdict(count - 1, before, erased, count, "the org remembers another entry under this number")
        if due:
            first = min(due)
            return Verdict(count, before, erased, first, f"the org remembers entry {first}; the log ends at {count}")
        return Verdict(count, before, erased)

    def _digest(self, before: str, row: Mapping[str, Any]) -> str:
        body = _canonical([before, *(row[name] for name in ("seq", "at", "call_sid", "kind", "facts", "words"))])
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def audit_of(settings: Settings) -> Audit:
    """The one chain of an installation: every process of it appends with the same key."""
    return Audit(settings.secret_key or settings.twilio_auth_token)


def head(connection: Connection) -> tuple[int, str]:
    """Number and digest of the newest entry; (0, START) for an empty log."""
    last = connection.execute(_NEWEST).first()
    return (last.seq, last.digest) if last is not None else (0, START)


def of_call(connection: Connection, call_sid: str) -> list[Kept]:
    """All entries of one call, oldest first."""
    found = connection.execute(select(entries).where(entries.c.call_sid == call_sid).order_by(entries.c.seq)).all()
    return [_kept(connection, dict(row._mapping)) for row in found]


def newest(connection: Connection, limit: int = 200) -> list[Kept]:
    found = connection.execute(select(entries).order_by(entries.c.seq.desc()).limit(limit)).all()
    return [_kept(connection, dict(row._mapping)) for row in found]


def _kept(connection: Connection, row: Mapping[str, Any]) -> Kept:
    bound = orjson.loads(row["words"])
    there = {
        found.name: found.content
        for found in connection.execute(select(words.c.name, words.c.content).where(words.c.seq == row["seq"]))
    }
    return Kept(
        seq=row["seq"],
        at=row["at"] / TICKS_A_SECOND,
        call_sid=row["call_sid"],
        kind=row["kind"],
        facts=orjson.loads(row["facts"]),
        personal=there,
        erased=tuple(sorted(set(bound) - set(there))),
        digest=row["digest"],
    )


def _check_words(connection: Connection, row: Mapping[str, Any]) -> tuple[int, str]:
    """(how many were erased, name of one that was altered or slipped in)."""
    bound: dict[str, str] = orjson.loads(row["words"])
    found = connection.execute(select(words.c.name, words.c.salt, words.c.content).where(words.c.seq == row["seq"]))
    there = {word.name: _bound(word.salt, word.content) for word in found}
    for name, digest in there.items():
        if bound.get(name) != digest:
            return 0, name
    return len(bound) - len(there), ""


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        page = connection.execute(
            select(entries).where(entries.c.seq > after).order_by(entries.c.seq).limit(BATCH)
        ).all()
        for row in page:
            yield dict(row._mapping)
        if len(page) < BATCH:
            return
        after = page[-1].seq


def _alone(connection: Connection) -> None:
    """Two entries must not follow the same one. SQLite's transactions are exclusive from their beginning already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE audit_entries IN EXCLUSIVE MODE"))


def _storable(content: str) -> str:
    """PostgreSQL takes no NUL, and no encoding takes half a surrogate pair."""
    return content[:MOST_WORDS].replace("\x00", "").encode("utf-8", "replace").decode()


def _bound(salt: str, content: str) -> str:
    return hashlib.sha256(f"{salt}:{content}".encode()).hexdigest()


def _canonical(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
