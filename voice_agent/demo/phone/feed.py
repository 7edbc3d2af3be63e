"""One stream of server-sent events for one call: Twilio's side, the texts it sent, the server's journal, the org's
changes, and where the call stands. It begins with all that has happened already, so a page that was reloaded shows the
same as before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from voice_agent.app import Services
from voice_agent.demo.phone.carrier import CallUnknown, Carrier, EmulatorUnreachable
from voice_agent.demo.phone.records import Records
from voice_agent.demo.phone.standing import standing

LOOK_SECONDS = 0.1
"""How often a call is asked where it stands; what it is waiting for changes without an entry in the journal."""
KEEP_ALIVE_SECONDS = 15.0
QUIET_SECONDS = 1.0
"""How long an open page may hold a server that is to end; how often texts are looked for."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "status_changed": ("status",),
    "webhook_answered": ("kind", "status", "latency_ms", "error"),
    "verb_started": ("verb",),
    "alert_raised": ("code", "text"),
    "socket_opened": (),
    "socket_refused": ("status",),
    "socket_closed": ("code", "reason", "by"),
    "agent_speaking": ("on",),
    "clause_started": ("text", "source"),
    "clause_played": ("text", "cut", "source"),
    "caller_partial": ("text",),
    "caller_final": ("text",),
    "key_pressed": (),
    "caller_interrupted": ("by", "heard"),
    "queue_entered": ("queue", "position"),
    "queue_left": ("queue", "result"),
    "bridged": (),
    "unbridged": (),
    "call_ended": ("status", "reason", "seconds"),
}
"""What of Twilio's side goes to the page. Frames and webhook forms do not: keys of a PIN and tickets are in them."""


@dataclass(frozen=True, slots=True)
class Feed:
    services: Services
    carrier: Carrier
    records: Records
    call_sid: str
    changes_since: int
    stopping: Callable[[], bool] = lambda: False
    """Whether the server is to end: an open page must not hold it."""

    async def events(self) -> AsyncIterator[bytes]:
        """Ends when Twilio's side cannot be followed any more; the page connects again."""
        queue: asyncio.Queue[tuple[str, Mapping[str, Any]] | None] = asyncio.Queue()
        sources = [self._twilio, self._texts, self._journal, self._org, self._standing]
        tasks = [asyncio.create_task(source(_into(queue))) for source in sources]
        twilio = tasks[0]
        twilio.add_done_callback(
            lambda done: queue.put_nowait(None) if not done.cancelled() and done.exception() else None
        )
        try:
            yield b"retry: 1000\n\n"
            quiet = 0.0
            while not self.stopping():
                try:
                    async with asyncio.timeout(QUIET_SECONDS):
                        news = await queue.get()
                except TimeoutError:
                    quiet += QUIET_SECONDS
                    if quiet >= KEEP_ALIVE_SECONDS:
                        quiet = 0.0
                        yield b": still here\n\n"
                    continue
                if news is None:
                    known = not isinstance(twilio.exception(), CallUnknown)
                    yield _event("trouble" if known else "gone", {"with": "twilio"})
                    return
                yield _event(*news)
        finally:
            for task in tasks:
                task.cancel()

    async def _twilio(self, tell: Tell) -> None:
        """Raises EmulatorUnreachable when the stream breaks; a call that is over just ends it."""
        async for happening in self.carrier.happenings(self.call_sid):
            if (wanted := SHOWN.get(happening["type"])) is not None:
                shown = {name: happening[name] for name in wanted}
                tell("twilio", {"type": happening["type"], "ms": happening["ms"], **shown})
        tell("twilio", {"type": "over", "ms": 0})

    async def _texts(self, tell: Tell) -> None:
        """Text messages as they arrive on somebody's phone."""
        told = 0
        while True:
            try:
                arrived = await self.carrier.texts(self.call_sid)
            except EmulatorUnreachable:
                return  # Twilio's side says so
            for text in arrived[told:]:
                tell("text", text)
            told = len(arrived)
            await asyncio.sleep(QUIET_SECONDS)

    async def _journal(self, tell: Tell) -> None:
        journal = self.services.journal
        with journal.follow(self.call_sid) as entries:
            record = journal.get(self.call_sid)
            for entry in list(record.entries) if record is not None else ():
                tell("journal", entry)
            while True:
                tell("journal", await entries.get())

    async def _org(self, tell: Tell) -> None:
        try:
            async for change in self.records.changes(self.changes_since):
                tell("org", change)
        except EmulatorUnreachable:
            tell("trouble", {"with": "org"})

    async def _standing(self, tell: Tell) -> None:
        before: Mapping[str, Any] | None = None
        while True:
            session = self.services.calls.get(self.call_sid)
            if session is not None:
                now = standing(session, asyncio.get_running_loop().time())
                if now != before:
                    tell("standing", now)
                    before = now
            await asyncio.sleep(LOOK_SECONDS)


Tell = Callable[[str, Mapping[str, Any]], None]


def _into(queue: asyncio.Queue[tuple[str, Mapping[str, Any]] | None]) -> Tell:
    def tell(event: str, data: Mapping[str, Any]) -> None:
        queue.put_nowait((event, data))

    return tell


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(data))
