"""What every page of the console is given, and how a page is put together from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from voice_agent.calls import Calls
from voice_agent.console.rendering import render
from voice_agent.console.sources import Source
from voice_agent.console.users import Users, Visitor
from voice_agent.console.watch import Watch
from voice_agent.lines import Lines
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


SECTIONS = (Section("/console/now", "Now", "n", "now"),)


@dataclass(frozen=True, slots=True)
class Desk:
    settings: Settings
    lines: Lines
    store: Store
    users: Users
    source: Source
    watch: Watch
    calls: Calls
    """Those of this process."""
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
        return HTMLResponse(render(name, {**self.frame(request), "visitor": visitor, **values}), status)

    def frame(self, request: Request) -> dict[str, Any]:
        """What the layout shows around any page."""
        theme = request.cookies.get("theme", "auto")
        return {
            "company": self.company,
            "sections": SECTIONS,
            "path": request.url.path,
            "theme": theme if theme in THEMES else "auto",
            "demo": self.settings.demo,
            "phase": self.settings.rollout_phase,
            "visitor": None,
        }

    def refusal(self, request: Request, status: int, reason: str) -> Response:
        """In the form the request wants: a sentence for a script, a page for a person."""
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(
                render("refusal.html", {**self.frame(request), "status": status, "reason": reason}), status
            )
        return JSONResponse({"error": reason}, status)
