"""A session on virtual time: a socket in memory, a model that plays a script, callers that are known by number."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from tests.agent.test_ladder import Scripted
from tests.twilio_emulator.virtual_time import run
from voice_agent import lines as line_files
from voice_agent.agent.policy import EVERYBODY, Rule, Source
from voice_agent.agent.tool import Answer, Tool
from voice_agent.agent.toolbox import Texts, Toolbox
from voice_agent.errors import SalesforceUnavailable
from voice_agent.identity import VOUCHED_FOR, Identity
from voice_agent.journal import Journal
from voice_agent.lines import Line
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan
from voice_agent.salesforce.wishes import CallerContext
from voice_agent.session import Session
from voice_agent.surroundings import Surroundings, Wards
from voice_agent.twilio import relay

CALL = "CA" + "1" * 32
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
LINES = line_files.load()


def a_row(made: Tool) -> Rule:
    """A row of the policy table for a tool that only a test has: open to everybody the tool names, free of demands on
    where values come from."""
    return Rule(
        made.lines,
        EVERYBODY,
        made.level,
        takes=dict.fromkeys(made.arguments.model_fields, Source.CHOICE),
        sets={"Task": frozenset({"Subject"})} if made.writes else {},
    )


class MemorySocket:
    """`says` and `happens` are Twilio's; `sent` is what the server answered, with the moment it left."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[str | None] = asyncio.Queue()
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.closed: int | None = None
        self.takes: Callable[[], Awaitable[None]] | None = None
        """How slowly the other side reads."""

    async def receive(self) -> str | None:
        return await self._incoming.get()

    async def send(self, text: str) -> None:
        if self.takes is not None:
            await self.takes()
        self.sent.append((asyncio.get_running_loop().time(), json.loads(text)))

    async def close(self, code: int = 1000) -> None:
        if self.closed is None:
            self.closed = code
            self._incoming.put_nowait(None)

    def happens(self, **frame: Any) -> None:
        self._incoming.put_nowait(json.dumps(frame))

    def raw(self, text: str) -> None:
        self._incoming.put_nowait(text)

    def says(self, words: str, *, last: bool = True) -> None:
        self.happens(type="prompt", voicePrompt=words, lang="en-US", last=last)

    def hears_the_greeting(self) -> None:
        self.happens(type="info", name="tokensPlayed", value=LINES.lines[0].greeting)

    def breaks(self) -> None:
        self._incoming.put_nowait(None)

    @property
    def tokens(self) -> list[str]:
        return [f["token"] for _, f in self.sent if f["type"] == "text"]

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    @property
    def lasts(self) -> int:
        return sum(bool(f.get("last")) for _, f in self.sent)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [f for _, f in self.sent if f["type"] == kind]


class NobodyKnown:
    """A field service that knows no caller; `broken` makes it one that cannot be reached."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken

    async def caller_context(self, number: str) -> CallerContext:
        if self.broken:
            raise SalesforceUnavailable("connection refused")
        return CallerContext((), (), (), NOW)


@dataclass
class Desk:
    """Takes emergencies; `answer` is how long it takes."""

    answer: float = 0.1
    taken: list[str] = field(default_factory=list)

    async def record(self, *, hazard: str, speak: Callable[..., str], **_: Any) -> tuple[str, str]:
        self.taken.append(hazard)
        await asyncio.sleep(self.answer)
        return speak("emergency.recorded"), "recorded"


@dataclass
class Stage:
    session: Session
    socket: MemorySocket
    journal: Journal
    desk: Desk
    wards: Wards
    committed: list[str]

    def setup(self, **changes: Any) -> relay.Setup:
        return relay.Setup(
            CALL, "VX1", "AC1", "+13125550199", self.session.line.number, "inbound", "RINGING", **changes
        )

    def serve(self, socket: MemorySocket | None = None) -> asyncio.Task[None]:
        self.socket = socket or self.socket
        return asyncio.get_running_loop().create_task(self.session.run(self.socket, self.setup()))

    @property
    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.session.record.entries]


def stage(
    model: Scripted,
    *,
    line: str = "customer",
    tools: Mapping[str, Tool] | None = None,
    broken: bool = False,
    commit_takes: float = 0.0,
    phase: str = "autonomous",
    texts: Texts | None = None,
) -> Stage:
    loop = asyncio.get_running_loop()
    chosen: Line = LINES.by_name(line) or LINES.lines[0]
    field_service = cast(FieldService, NobodyKnown(broken=broken))
    journal, wards, desk = Journal(), Wards(), Desk()
    committed: list[str] = []

    async def write(plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
        await asyncio.sleep(commit_takes)
        committed.append(key)
        return Committed("applied", key)

    around = Surroundings(model, journal, wards, desk, field_service, lambda _: NOW, lambda: 0.0)
    identity = Identity(field_service, number="+13125550199", attestation=VOUCHED_FOR, line=chosen.role)
    toolbox = Toolbox(
        tools or {},
        line=chosen.role,
        call_sid=CALL,
        writer=write,
        clock=loop.time,
        phase=phase,
        texts=texts,
        rules={name: a_row(one) for name, one in (tools or {}).items()},
    )
    session = Session(CALL, chosen, identity, toolbox, around, orjson.dumps([]))
    return Stage(session, MemorySocket(), journal, desk, wards, committed)


__all__ = ["CALL", "LINES", "Answer", "MemorySocket", "Scripted", "Stage", "run", "stage"]
