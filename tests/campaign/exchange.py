"""The agent at the other end of the line: the real session and all behind it, on a socket in memory.

Nothing waits for speech: what was sent is reported as played at once, unless the caller cuts it. Time is real, the
org's clock stands still.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tools import TOOLS
from voice_agent import lines as line_files
from voice_agent.agent.model import Model
from voice_agent.agent.offline import OfflineModel
from voice_agent.agent.tool import Tool
from voice_agent.agent.toolbox import Toolbox
from voice_agent.call.confidence import Judge
from voice_agent.emergency import EmergencyDesk
from voice_agent.identity import VOUCHED_FOR, Identity
from voice_agent.journal import CallRecord, Journal
from voice_agent.lines import Line, Lines
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan
from voice_agent.session import Session
from voice_agent.surroundings import Surroundings, Wards
from voice_agent.twilio import relay

ANSWER_SECONDS = 20.0
"""A reply that has not ended by then is a failure of the agent; the call is given up."""
KEYPAD_PAUSE = 0.03
"""Nobody waits between two keys here, so that a short pause already ends an entry."""


class NoAnswer(Exception):
    """The agent did not finish its reply in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply as the caller heard it: words, and whether the call is over with it."""

    text: str
    over: bool = False


class Wire:
    """One ConversationRelay socket, Twilio's side of it."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[str | None] = asyncio.Queue()
        self._tokens: list[str] = []
        self._finished: deque[str] = deque()
        self._changed = asyncio.Event()
        self.left: dict[str, Any] | None = None
        """The `end` frame."""
        self.listens = True
        """False while the next reply is going to be cut: it is not reported as played."""

    async def receive(self) -> str | None:
        return await self._incoming.get()

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        match frame["type"]:
            case "text":
                self._tokens.append(frame["token"])
                if frame.get("last"):
                    said, self._tokens = "".join(self._tokens), []
                    self._finished.append(said)
                    if said.strip() and self.listens:
                        self.happens(type="info", name="tokensPlayed", value=said)
                    self._changed.set()
            case "end":
                self.left = frame
                self._changed.set()
            case _:
                pass

    async def close(self, code: int = 1000) -> None:
        self._incoming.put_nowait(None)
        self._changed.set()

    def happens(self, **frame: Any) -> None:
        self._incoming.put_nowait(json.dumps(frame))

    def hangs_up(self) -> None:
        self._incoming.put_nowait(None)

    async def reply(self) -> str:
        """The next finished reply. NoAnswer after the deadline."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not self._finished:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise NoAnswer("".join(self._tokens)) from None
        return self._finished.popleft()

    async def end(self) -> None:
        """Until the agent has ended the session. NoAnswer after the deadline."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while self.left is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise NoAnswer("the session was not ended") from None

    def waiting(self) -> str:
        """Replies that have come since, all of them."""
        said = " ".join(self._finished)
        self._finished.clear()
        return said

    async def settled(self) -> None:
        """Let the session take what was just sent."""
        while not self._incoming.empty():  # noqa: ASYNC110 - there is no event: the reader only takes
            await asyncio.sleep(0)
        await asyncio.sleep(0)


@dataclass
class Telephone:
    """One call. Every method gives what the agent answered."""

    session: Session
    wire: Wire
    lang: str
    serving: asyncio.Task[None] = field(init=False)

    @property
    def record(self) -> CallRecord:
        return self.session.record

    async def ring(self) -> Answer:
        setup = relay.Setup(
            self.session.call_sid, "VX1", "AC1", self.session.identity.grant.number, self.session.line.number,
            "inbound", "RINGING",
        )  # fmt: skip
        self.serving = asyncio.get_running_loop().create_task(self.session.run(self.wire, setup))
        self.wire.happens(type="info", name="tokensPlayed", value=self.session.line.greeting)
        await self.session.identity.known.wait()
        await self.wire.settled()
        return Answer(self.session.line.greeting)

    async def say(self, words: str) -> Answer:
        self.wire.happens(type="prompt", voicePrompt=words, lang="en-US", last=True)
        return await self._answer()

    async def press(self, keys: str) -> Answer:
        for key in keys:
            self.wire.happens(type="dtmf", digit=key)
        return await self._answer()

    async def played(self, text: str) -> None:
        """The last reply was heard to its end."""
        self.wire.happens(type="info", name="tokensPlayed", value=text)
        await self.wire.settled()

    async def cut(self, heard: str) -> None:
        """The caller talks over the last reply, having heard so much of it: whole clauses and a piece of one."""
        whole = max(heard.rfind(mark) for mark in (". ", "? ", "! ")) + 1
        if whole:
            self.wire.happens(type="info", name="tokensPlayed", value=heard[:whole])
        self.wire.happens(type="interrupt", utteranceUntilInterrupt=heard[whole:].strip(), durationUntilInterruptMs=900)
        await self.wire.settled()
        self.wire.waiting()

    async def hang_up(self) -> None:
        self.wire.hangs_up()
        await self.serving
        self.session.over("completed")
        await self.session.around.wards.wait(10.0)

    async def _answer(self) -> Answer:
        said = await self.wire.reply()
        await self.wire.settled()
        if self.session.call.leaving is not None:
            if not self.wire.listens:
                await self.played(said)
            await self.wire.end()
        text = " ".join(f"{said} {self.wire.waiting()}".split())
        return Answer(text, self.session.call.ended)

    @property
    def left(self) -> str:
        """How the call was left: `hand_off REASON`, `end`, or nothing while it goes on."""
        if self.wire.left is None:
            return ""
        return f"hand_off {self.session.handed_off}" if self.session.handed_off else "end"


@dataclass
class Exchange:
    """The server's side, for one org."""

    salesforce: Salesforce
    lines: Lines
    model: Model
    service: FieldService
    now: datetime
    tools: tuple[Tool, ...] = TOOLS
    judge: Judge | None = None
    """Weighs the calls in place of the shipped one."""

    def fresh(self) -> None:
        """After the org was put back: what was read of it before is not true any more, but its catalogue is."""
        catalogue = self.service.catalogue
        self.service = FieldService(self.salesforce, now=lambda: self.now)
        self.service.catalogue = catalogue

    def dial(self, line_name: str, number: str, call_sid: str, lang: str) -> Telephone:
        found = self.lines.by_name(line_name)
        assert found is not None, line_name
        line = _quick(found)
        if self.judge is not None:
            line = replace(line, script=replace(line.script, judge=self.judge))
        service, now = self.service, self.now

        async def write(plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
            return await service.commit(plan, key=key, audit=audit)

        around = Surroundings(
            model=self.model,
            journal=Journal(),
            wards=Wards(),
            emergencies=EmergencyDesk(service, write),
            field=service,
            now=lambda line: now.astimezone(line.zone),
            wall=now.timestamp,
        )
        toolbox = Toolbox(
            {tool.name: tool for tool in self.tools if tool.name in line.tool_names},
            line=line.role,
            call_sid=call_sid,
            writer=write,
            clock=asyncio.get_running_loop().time,
        )
        identity = Identity(service, number=number, attestation=VOUCHED_FOR, line=line.role)
        return Telephone(Session(call_sid, line, identity, toolbox, around, b"[]"), Wire(), lang)


def _quick(line: Line) -> Line:
    return replace(line, script=replace(line.script, rules=replace(line.script.rules, keypad_pause=KEYPAD_PAUSE)))


@asynccontextmanager
async def exchange(org: Mapping[str, Any], now: datetime) -> AsyncIterator[Exchange]:
    """`org` is what an emulator tells about itself."""
    told = org["salesforce"]
    secret = Credentials(domain="acme.my", client_id=told["client_id"], client_secret=told["client_secret"])
    salesforce = Salesforce(secret, api_base_url=told["base_url"])
    lines = line_files.load()
    service = FieldService(salesforce, now=lambda: now)
    try:
        await service.warm_up()
        yield Exchange(salesforce, lines, OfflineModel(lines.phrases, lines.values), service, now)
    finally:
        await salesforce.close()
