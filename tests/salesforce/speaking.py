"""A caller before the real tools on an emulated org, without a socket or a model: what is asked, what is heard."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from tests.salesforce.emulated_org import EmulatedOrg
from tools import TOOLS
from voice_agent import lines
from voice_agent.agent.context import ToolContext
from voice_agent.agent.outcomes import Approver, Outcome, Settled
from voice_agent.agent.tool import Change, TextWanted
from voice_agent.agent.toolbox import Toolbox
from voice_agent.identity import VOUCHED_FOR, Identity
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan

LINES = lines.load()
CALL = "CA" + "7" * 32


def in_words(value: Any) -> str:
    """What a caller said who caused these arguments: nothing stands in a change that was not said."""
    match value:
        case Mapping():
            return ", ".join(in_words(item) for item in value.values())
        case list():
            return " and ".join(in_words(item) for item in value)
        case _:
            return str(value).replace("_", " ")


class Speaking:
    """One call. `hears` runs a tool and gives the sentence for the caller; `yes` confirms what was read back."""

    def __init__(
        self,
        org: EmulatedOrg,
        service: FieldService,
        number: str,
        *,
        line: str,
        lang: str,
        phase: str = "autonomous",
        approver: Approver | None = None,
    ) -> None:
        self._org = org
        self._service = service
        self._lang = lang
        self._line = next(one for one in LINES.lines if one.role == line)
        self._identity = Identity(service, number=number, attestation=VOUCHED_FOR, line=line)
        self._tools = Toolbox(
            {tool.name: tool for tool in TOOLS},
            line=line,
            call_sid=CALL,
            writer=self._write,
            clock=time.monotonic,
            texts=self._text,
            phase=phase,
            approver=approver,
        )
        self.texts: list[TextWanted] = []
        """Messages that were to be sent, in order."""
        self.may_text = True
        self._proposal: str | None = None
        self._turn = 0
        self._said: list[str] = []

    @property
    def identity(self) -> Identity:
        return self._identity

    def claims(self, identity: Identity) -> None:
        """Somebody else, or the same person less sure, goes on with the call."""
        self._identity = identity

    def proposed(self, token: str) -> Change:
        """The change that waits for a yes."""
        return self._tools._proposed[token].change

    async def hears(self, tool: str, **arguments: Any) -> str:
        outcome = await self.asks(tool, **arguments)
        told = json.loads(outcome.content)
        heard = outcome.say or str(told.get("say", ""))
        assert heard, told
        return heard

    async def asks(self, tool: str, **arguments: Any) -> Outcome:
        self._turn += 1
        self._said.append(in_words(arguments))
        outcome = await self._tools.run(tool, json.dumps(arguments), self._context())
        self._proposal = outcome.proposal
        return outcome

    async def obeys(self, tool: str, **arguments: Any) -> Outcome:
        """A model that asks for what the caller said nothing of, in the turn they are in."""
        return await self._tools.run(tool, json.dumps(arguments), self._context())

    async def yes(self) -> str:
        assert self._proposal is not None, "nothing was read back"
        return (await self.settled()).say

    async def settled(self) -> Settled:
        """What becomes of the change that was read back, after a yes to it."""
        assert self._proposal is not None, "nothing was read back"
        self._turn += 1
        return await self._tools.settle(self._proposal, self._context())

    async def decided(self) -> Settled | None:
        """What a caller who waits on the line hears of a dispatcher's word."""
        assert self._proposal is not None, "nothing was read back"
        return await self._tools.decided(self._proposal, self._context())

    def phrase(self, key: str, **holes: str) -> str:
        return self._line.speaker(self._lang)(key, **holes)

    def _context(self) -> ToolContext:
        return ToolContext(
            grant=self._identity.grant,
            field=self._service,
            now=self._org.now.astimezone(self._line.zone),
            lang=self._lang,
            speak=self._line.speaker(self._lang),
            said=tuple(self._said),
            call_sid=CALL,
            line=self._line.role,
            turn=self._turn,
        )

    async def _text(self, text: TextWanted, key: str, context: ToolContext) -> bool:
        if self.may_text:
            self.texts.append(text)
        return self.may_text

    async def _write(self, plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
        return await self._service.commit(plan, key=key, audit=audit)


async def a_customer(
    org: EmulatedOrg, service: FieldService, number: str, *, lang: str = "en", **rollout: Any
) -> Speaking:
    """`rollout` is `phase` and `approver`."""
    caller = Speaking(org, service, number, line="customer", lang=lang, **rollout)
    await caller.identity.identify()
    return caller


async def a_technician(org: EmulatedOrg, service: FieldService, number: str, pin: str, **rollout: Any) -> Speaking:
    caller = Speaking(org, service, number, line="technician", lang="en", **rollout)
    await caller.identity.identify()
    assert (await caller.identity.check(pin)).accepted
    return caller
