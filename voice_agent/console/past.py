"""Calls that are over: found by number, name, record, line, outcome and time; and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voice_agent.console.acts import note
from voice_agent.console.desk import Desk
from voice_agent.console.digest import Digest, digest
from voice_agent.console.folding import fold
from voice_agent.console.guard import Guard, Refused
from voice_agent.console.users import Role, Visitor

OUTCOMES = ("resolved", "contained", "person", "emergency", "wordless")
PAGE = 50
MOST_EXPORTED = 5_000
PERIODS = {"today": 1, "7 days": 7, "30 days": 30, "all": 3650}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty fields do not matter."""

    text: str = ""
    line: str = ""
    outcome: str = ""
    period: str = "7 days"

    @classmethod
    def of(cls, request: Request) -> Wanted:
        asked = request.query_params
        period = asked.get("period", "7 days")
        return cls(
            asked.get("text", "").strip()[:80],
            asked.get("line", ""),
            asked.get("outcome", ""),
            period if period in PERIODS else "7 days",
        )

    @property
    def query(self) -> str:
        return urlencode({"text": self.text, "line": self.line, "outcome": self.outcome, "period": self.period})

    def since(self, now: datetime) -> float:
        """Midnight, so many days back, in the zone of `now`; UNIX seconds."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=PERIODS[self.period] - 1)).timestamp()

    def fits(self, call: Digest) -> bool:
        if (self.line and call.line != self.line) or (self.outcome and call.outcome != self.outcome):
            return False
        if not self.text:
            return True
        sought, digits = self.text.lower(), "".join(letter for letter in self.text if letter.isdigit())
        haystack = f"{call.name} {call.wants} {call.handed_off} {call.call_sid} {' '.join(call.writes)}".lower()
        return sought.replace(" ", "_") in haystack or sought in haystack or (len(digits) > 2 and digits in call.number)


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def found(wanted: Wanted) -> list[Digest]:
        now = datetime.fromtimestamp(desk.wall(), desk.zone)
        since = wanted.since(now)
        by_record = await desk.source.mentioning(wanted.text, since) if wanted.text else frozenset()
        digests = await desk.digests.since(since)
        return [one for one in digests if wanted.fits(one) or (one.call_sid in by_record and _filters(wanted, one))]

    async def show(request: Request, visitor: Visitor) -> Response:
        wanted = Wanted.of(request)
        calls = await found(wanted)
        start = request.query_params.get("from", "0")
        at = int(start) if start.isascii() and start.isdigit() else 0
        return desk.page(
            request,
            visitor,
            "calls.html",
            title="Calls",
            wanted=wanted,
            calls=calls[at : at + PAGE],
            total=len(calls),
            at=at,
            page=PAGE,
            periods=PERIODS,
            outcomes=OUTCOMES,
            lines=desk.lines.lines,
        )

    async def export(request: Request, visitor: Visitor) -> Response:
        """The calls found, a row each; supervisors only, and noted in the audit log: it is personal data."""
        kind = request.path_params["kind"]
        calls = (await found(Wanted.of(request)))[:MOST_EXPORTED]
        await note(desk, visitor.user.name, "export", facts={"calls": len(calls), "as": kind})
        match kind:
            case "csv":
                return _file(as_csv(calls), "text/csv; charset=utf-8", "calls.csv")
            case "json":
                return _file(orjson.dumps([one.as_json() for one in calls]), "application/json", "calls.json")
        raise Refused(404, "Calls are exported as csv or json.")

    async def export_one(request: Request, visitor: Visitor) -> Response:
        """Everything noted of one call."""
        kept = await desk.source.call(request.path_params["sid"])
        if kept is None:
            raise Refused(404, "There is no call of that name.")
        await note(desk, visitor.user.name, "export", kept.call_sid)
        whole = {
            "call": digest(fold(kept)).as_json(),
            "entries": [{"kind": each.kind, "at": each.wall, **each.data} for each in kept.entries],
        }
        return _file(orjson.dumps(whole, option=orjson.OPT_INDENT_2), "application/json", f"{kept.call_sid}.json")

    return [
        Route("/console/calls", guard.page(show)),
        Route("/console/calls.{kind}", guard.page(export, Role.SUPERVISOR)),
        Route("/console/calls/{sid}/export", guard.page(export_one, Role.SUPERVISOR)),
    ]


def _filters(wanted: Wanted, call: Digest) -> bool:
    return Wanted(line=wanted.line, outcome=wanted.outcome).fits(call)


def as_csv(calls: Iterable[Digest]) -> bytes:
    out = io.StringIO()
    names = [field.name for field in fields(Digest)]
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(getattr(call, name)) for name in names] for call in calls)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    """Lists in one cell; nothing that a spreadsheet would take for a formula."""
    if isinstance(value, tuple):
        value = " ".join(str(one) for one in value)
    if isinstance(value, str) and value[:1] in ("=", "@", "-", "\t"):
        return f"'{value}"
    return value


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
