"""The stream of changes that an open page lives on: four looks a second, and only what differs from the look before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from voice_agent.console.deciding import approvals
from voice_agent.console.desk import Desk
from voice_agent.console.folding import CallView, fold
from voice_agent.console.fragments import fragments
from voice_agent.console.people import queue
from voice_agent.console.rows import Row, row
from voice_agent.console.tally import Tally, tally
from voice_agent.console.users import User
from voice_agent.errors import StoreUnavailable

LOOK_SECONDS = 0.25
SILENT = "The database does not answer; what is shown may be old."
KEEP_ALIVE_SECONDS = 15.0


class Stream:
    """One page's. `call_sid` names the call it has open, if any; `list` says whether it shows all of them."""

    def __init__(self, desk: Desk, user: User, *, rows: bool, call_sid: str = "", part: str = "") -> None:
        self._desk = desk
        self._user = user
        self._part = part
        self._markup = ""
        self._rows = rows
        self._call_sid = call_sid
        self._version = 0
        self._sent: dict[str, Row] = {}
        self._order: list[str] = []
        self._shown: dict[str, str] = {}
        self._shown_version = -1
        self._tally: Tally | None = None
        self._trouble = ""
        self._opened: CallView | None = None

    async def events(self) -> AsyncIterator[bytes]:
        """Ends with the server; the page connects again by itself and is brought up to date."""
        desk, quiet = self._desk, 0.0
        yield b"retry: 1000\n\n"
        async with desk.watch.watching():
            while not desk.stopping():
                sent = False
                try:
                    async for news in self._look():
                        sent = True
                        yield news
                except StoreUnavailable:
                    if self._trouble != SILENT:
                        self._trouble, sent = SILENT, True
                        yield event("trouble", {"text": SILENT})
                quiet = 0.0 if sent else quiet + LOOK_SECONDS
                if quiet >= KEEP_ALIVE_SECONDS:
                    quiet = 0.0
                    yield b": still here\n\n"
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> AsyncIterator[bytes]:
        watch = self._desk.watch
        if watch.trouble and watch.trouble != self._trouble:
            self._trouble = watch.trouble
            yield event("trouble", {"text": self._trouble})
        if (counted := await tally(self._desk)) != self._tally:
            self._tally = counted
            yield event("tally", counted.as_json())
        if self._rows and watch.version != self._version:
            version = watch.version
            if changes := self._changes():
                yield event("rows", changes)
            self._version = version
        if self._part and (markup := await self._waiting()) != self._markup:
            self._markup = markup
            yield event("part", {"name": self._part, "html": markup})
        if self._call_sid and (changed := await self._fragments()):
            yield event("call", {"call": self._call_sid, "parts": changed})
        if self._trouble and not watch.trouble:
            self._trouble = ""
            yield event("trouble", {"text": ""})

    def _changes(self) -> dict[str, Any]:
        watch = self._desk.watch
        out: dict[str, Any] = {}
        rows: dict[str, Row] = {}
        for view in watch.since(self._version):
            now, before = row(view), self._sent.get(view.call_sid, {})
            if differing := {slot: text for slot, text in now.items() if before.get(slot) != text}:
                rows[view.call_sid] = differing
                self._sent[view.call_sid] = now
        if rows:
            out["rows"] = rows
        order = [view.call_sid for view in watch.live()]
        if order != self._order or not self._version:
            out["order"] = self._order = order
            self._sent = {sid: self._sent[sid] for sid in order if sid in self._sent}
        return out

    async def _waiting(self) -> str:
        match self._part:
            case "queue":
                return await queue(self._desk, self._user)
            case "approvals":
                return await approvals(self._desk)
        return ""

    async def _fragments(self) -> dict[str, str]:
        view = self._desk.watch.calls.get(self._call_sid) or self._opened
        if view is None:
            kept = await self._desk.source.call(self._call_sid)
            if kept is None:
                return {}
            view = fold(kept)
        self._opened = view
        if view.version == self._shown_version:
            return {}
        self._shown_version = view.version
        now = fragments(view, self._desk.zone)
        changed = {name: html for name, html in now.items() if self._shown.get(name) != html}
        self._shown = now
        return changed


def event(name: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
