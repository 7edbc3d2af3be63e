"""A call without sockets: the real machine, toolbox, tools and rule-based model, on the emulated org, in virtual time.

What the machine orders is done here at once and in order; the caller always waits until they have heard everything.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tools import TOOLS
from voice_agent import lines as line_files
from voice_agent.agent.context import ToolContext, conversation
from voice_agent.agent.model import Model, ReplyRequest, Situation, ToolWanted, Words
from voice_agent.agent.offline import OfflineModel
from voice_agent.agent.toolbox import Toolbox
from voice_agent.call.actions import (
    Action,
    CallTool,
    CheckSecret,
    DropProposal,
    EndCall,
    HandOff,
    RecordEmergency,
    RunProposal,
    Say,
    StartReply,
)
from voice_agent.call.events import (
    CallerSpoke,
    CallStarted,
    DigitPressed,
    EmergencyRecorded,
    Happening,
    ReplyCompleted,
    SecretChecked,
    TextArrived,
    Timer,
    TimerFired,
    ToolRequested,
    ToolReturned,
    WriteSettled,
)
from voice_agent.call.machine import Call
from voice_agent.codes import TextedCodes
from voice_agent.emergency import EmergencyDesk
from voice_agent.hearing import gist_of
from voice_agent.identity import VOUCHED_FOR, Identity
from voice_agent.language import read
from voice_agent.language.spoken import EarFilter
from voice_agent.lines import Line, Lines
from voice_agent.proofs import Proofs
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan

LINES: Lines = line_files.load()
LONG_ENOUGH = 60.0
"""Virtual seconds after which everything that was said has been heard."""


@dataclass
class Telephone:
    """One call. `say` and `press` give what the agent answered; `left` is how it ended, if it did."""

    line: Line
    identity: Identity
    toolbox: Toolbox
    service: FieldService
    desk: EmergencyDesk
    model: Model
    now: datetime
    speaks: str = "en"
    call_sid: str = "CA1"
    call: Call = field(init=False)
    at: float = 0.0
    heard: list[str] = field(default_factory=list)
    left: str | None = None
    tools: list[tuple[str, str]] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    codes: list[tuple[str, str]] = field(default_factory=list)
    """Number and code of every text with one."""

    def __post_init__(self) -> None:
        self.call = Call(self.line.script)

    @property
    def over(self) -> bool:
        return self.left is not None

    async def ring(self) -> str:
        await self.identity.identify()
        return await self._post(CallStarted(greeting=self.line.greeting, at=self.at))

    async def code(self) -> str:
        """The one that was texted last; some are sent behind the caller's back."""
        await asyncio.gather(*self.identity._code._sending)
        return self.codes[-1][1]

    async def say(self, text: str) -> str:
        """A final prompt; Twilio names its language, which is `speaks` here."""
        reading = read(
            text,
            lang=self.speaks,
            role=self.identity.grant.role if self.identity.grant.level else self.line.role,
            now=self.now,
            expecting=self.call.expecting,
        )
        self.at += LONG_ENOUGH
        return await self._post(CallerSpoke(text, gist=gist_of(reading), at=self.at))

    async def press(self, keys: str) -> str:
        self.at += LONG_ENOUGH
        said = ""
        for key in keys:
            self.at += 0.3
            said += await self._post(DigitPressed(key, at=self.at))
        if self.call.keypad.waiting:
            self.at += 2.0
            said += await self._post(TimerFired(Timer.KEYPAD, self.call.turn, at=self.at))
        return said

    async def _post(self, event: Happening) -> str:
        self.heard.append("")
        todo: deque[Action] = deque(self.call.receive(event))
        while todo:
            for answer in await self._do(todo.popleft()):
                todo.extend(self.call.receive(answer))
        if self.call.leaving is not None and self.left is None:
            self.at += LONG_ENOUGH
            for action in self.call.receive(TimerFired(Timer.LEAVE, self.call.turn, at=self.at)):
                await self._do(action)
        return re.sub(r"\s+", " ", self.heard[-1]).strip()

    async def _do(self, action: Action) -> list[Happening]:
        match action:
            case Say(text=text):
                self.heard[-1] += text
            case StartReply():
                return await self._reply(action)
            case CallTool(turn=turn, tool_call_id=tool_call_id, name=name, arguments=arguments):
                self.tools.append((name, arguments))
                outcome = await self.toolbox.run(name, arguments, self._context())
                self.contents.append(outcome.content)
                back = ToolReturned(turn, tool_call_id, outcome.content, outcome.say, outcome.ask, outcome.proposal)
                return [replace(back, keep=outcome.keep, at=self.at)]
            case RunProposal(proposal=proposal):
                settled = await self.toolbox.settle(proposal, self._context())
                return [WriteSettled(proposal, settled.say, settled.note, settled.instead, at=self.at)]
            case DropProposal(proposal=proposal):
                self.toolbox.drop(proposal)
            case CheckSecret(digits=digits):
                return [await self._checked(digits)]
            case RecordEmergency(hazard=hazard, words=words):
                say, note = await self.desk.record(
                    hazard=hazard,
                    words=words,
                    grant=self.identity.grant,
                    call_sid=self.call_sid,
                    speak=self.line.speaker(self.call.lang),
                )
                return [EmergencyRecorded(hazard, say, note, at=self.at)]
            case HandOff(reason=reason):
                self.left = f"hand_off {reason}"
            case EndCall(reason=reason):
                self.left = f"end {reason}"
            case _:
                pass
        return []

    async def _reply(self, order: StartReply) -> list[Happening]:
        events: list[Happening] = []
        ear = EarFilter(self.call.lang)

        def speak(text: str) -> None:
            if text:
                events.append(TextArrived(order.turn, text, at=self.at))

        def emit(piece: Words | ToolWanted) -> None:
            if isinstance(piece, Words):
                speak(ear.feed(piece.text))
            else:
                speak(ear.flush())
                events.append(ToolRequested(order.turn, piece.tool_call_id, piece.name, piece.arguments, at=self.at))

        grant = self.identity.grant
        situation = Situation(
            line=self.line.role,
            now=self.now,
            lang=self.call.lang,
            role=grant.role,
            level=int(grant.level),
            caller=self.identity.first_name,
            emergency=self.call.emergency,
            expecting=self.call.expecting,
        )
        request = ReplyRequest(situation, self.call.transcript.messages(), b"[]", tool_names=self.line.tool_names)
        await self.model.reply(request, emit)
        speak(ear.flush())
        return [*events, ReplyCompleted(order.turn, at=self.at)]

    async def _checked(self, digits: str) -> Happening:
        checked = await self.identity.check(digits)
        speak = self.line.speaker(self.call.lang)
        say = speak(checked.phrase, name=self.identity.first_name, left=str(checked.left))
        note = "The caller proved who they are." if checked.accepted else ""
        return SecretChecked(checked.accepted, say, note, checked.ask, checked.locked, at=self.at)

    def _context(self) -> ToolContext:
        said, asked = conversation(self.call.transcript)
        return ToolContext(
            grant=self.identity.grant,
            field=self.service,
            now=self.now,
            lang=self.call.lang,
            speak=self.line.speaker(self.call.lang),
            said=said,
            call_sid=self.call_sid,
            line=self.line.role,
            prover=self.identity,
            asked=asked,
            turn=self.call.turn,
        )


@asynccontextmanager
async def exchange(url: str, now: datetime) -> AsyncIterator[FieldService]:
    """The field service of one test's org."""
    secret = Credentials(
        domain="acme.my", client_id="3MVG9brightwaterVoiceAgentDemo", client_secret="brightwater-demo-client-secret"
    )
    salesforce = Salesforce(secret, api_base_url=url)
    try:
        yield FieldService(salesforce, now=lambda: now)
    finally:
        await salesforce.close()


def dial(
    service: FieldService,
    line: str,
    number: str,
    now: datetime,
    *,
    speaks: str = "en",
    model: Model | None = None,
    call_sid: str = "CA1",
    attested: str = VOUCHED_FOR,
    proofs: Proofs | None = None,
) -> Telephone:
    """A call to the line of that name, not yet answered. Two at once need call sids of their own, as in life.

    Codes are texted to `Telephone.codes`.
    """
    found = LINES.by_name(line)
    assert found is not None

    async def write(plan: WritePlan, key: str, audit: Any) -> Committed:
        return await service.commit(plan, key=key, audit=audit)

    toolbox = Toolbox(
        {tool.name: tool for tool in TOOLS if tool.name in found.tool_names},
        line=found.role,
        call_sid=call_sid,
        writer=write,
        clock=lambda: 0.0,
    )
    codes: list[tuple[str, str]] = []

    async def text(to: str, code: str, lang: str) -> None:
        codes.append((to, code))

    phone = Telephone(
        line=found,
        identity=Identity(
            service,
            number=number,
            attestation=attested,
            line=found.role,
            codes=TextedCodes(text, lambda: phone.at),
            proofs=proofs,
            clock=lambda: phone.at,
        ),
        toolbox=toolbox,
        service=service,
        desk=EmergencyDesk(service, write),
        model=model or OfflineModel(LINES.phrases, LINES.values),
        now=now.astimezone(found.zone),
        speaks=speaks,
        call_sid=call_sid,
        codes=codes,
    )
    return phone
