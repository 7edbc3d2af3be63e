"""What every page of the console is given, and how a page is put together from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from voice_agent.approvals import Approvals
from voice_agent.audit import Audit
from voice_agent.console.board import Board
from voice_agent.console.digests import Digests
from voice_agent.console.rendering import render
from voice_agent.console.sources import Source
from voice_agent.console.territories import Territories
from voice_agent.console.tokens import Tokens
from voice_agent.console.users import Role, Users, Visitor
from voice_agent.console.watch import Watch
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.lines import Lines
from voice_agent.orders import Orders
from voice_agent.overrides import Overrides
from voice_agent.revising import Revising
from voice_agent.settings import Settings
from voice_agent.store import Store

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Section:
    path: str
    title: str
    key: str
    """Pressed after `g`."""
    icon: str
    role: Role = Role.DISPATCHER


SECTIONS = (
    Section("/console/now", "Now", "n", "now"),
    Section("/console/queue", "Queue", "q", "queue"),
    Section("/console/approvals", "Approvals", "p", "approvals"),
    Section("/console/calls", "Calls", "c", "calls"),
    Section("/console/numbers", "Numbers", "u", "numbers", Role.SUPERVISOR),
    Section("/console/settings", "Settings", "s", "settings", Role.SUPERVISOR),
)


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    lines: Lines
    store: Store
    users: Users
    source: Source
    watch: Watch
    digests: Digests
    dispatch: Dispatch
    approvals: Approvals
    revising: Revising
    board: Board
    orders: Orders
    overrides: Overrides
    audit: Audit
    tokens: Tokens
    territories: Territories
    wall: Callable[[], float]
    stopping: Callable[[], bool]
    """Whether the server is to end: an open page must not hold it."""

    @property
    def company(self) -> str:
        return self.lines.values.get("company", "")

    @property
    def zone(self) -> ZoneInfo:
        """Moments are shown in the first line's zone."""
        return self.lines.lines[0].zone

    def page(self, request: Request, visitor: Visitor, name: str, *, status: int = 200, **values: Any) -> Response:
        """A whole page of one section."""
        return HTMLResponse(render(name, {**self.frame(request, visitor), **values}), status)

    def frame(self, request: Request, visitor: Visitor | None = None) -> dict[str, Any]:
        """What the layout shows around any page."""
        theme = request.cookies.get("theme", "auto")
        return {
            "company": self.company,
            "sections": [each for each in SECTIONS if visitor is not None and visitor.user.role >= each.role],
            "path": request.url.path,
            "theme": theme if theme in THEMES else "auto",
            "demo": self.settings.demo,
            "phase": self.overrides.current.phase,
            "clock_zone": self.zone.key,
            "visitor": visitor,
        }

    def refusal(self, request: Request, status: int, reason: str) -> Response:
        """In the form the request wants: a sentence for a script, a page for a person."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(
                render("refusal.html", {**self.frame(request), "status": status, "reason": reason}), status
            )
        return JSONResponse({"error": reason}, status)
