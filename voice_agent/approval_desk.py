"""One call's way to the dispatchers: which of its changes wait for them, how they are asked, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from voice_agent.agent.context import ToolContext
from voice_agent.agent.outcomes import Proposed
from voice_agent.approval_rows import Approval, Asker
from voice_agent.approval_rules import ApprovalRules
from voice_agent.approvals import Approvals
from voice_agent.salesforce.plans import WritePlan


class ApprovalDesk:
    """`agent.outcomes.Approver`. Outcomes are texted from `sender`, the number of the line, while `sends` is on."""

    def __init__(self, approvals: Approvals, rules: ApprovalRules, *, sender: str, sends: Callable[[], bool]) -> None:
        self._approvals = approvals
        self._rules = rules
        self._sender = sender
        self._sends = sends

    def rule(self, plan: WritePlan, now: datetime) -> str:
        return self._rules.stops(plan, now)

    def forbids(self, plan: WritePlan) -> str:
        return self._rules.forbids(plan)

    async def ask(self, key: str, proposed: Proposed, audit: Mapping[str, Any], context: ToolContext) -> bool:
        """True if the outcome can be texted to a number on record. StoreUnavailable: nobody was asked."""
        asker = _asker(context, self._sender)
        now = self._approvals.now()
        await self._approvals.ask(
            Approval(
                key=key,
                call_sid=context.call_sid,
                tool=proposed.tool,
                rule=proposed.approval,
                plan=proposed.change.plan,
                audit=audit,
                request=without_question(proposed.change.read_back),
                lang=context.lang,
                asker=asker,
                asked=now,
                expires=now + self._rules.decide_within.total_seconds(),
                texts=tuple(asdict(text) for text in proposed.change.texts),
            )
        )
        return self._sends() and bool(asker.number)

    async def ended(self, key: str) -> tuple[str, str]:
        """Waits for the decision and what came of it."""
        ended = await self._approvals.ended(key)
        return ended.status, ended.done


def _asker(context: ToolContext, sender: str) -> Asker:
    grant = context.grant
    calling = grant.number
    if grant.technician is not None:
        return Asker("technician", grant.technician.name, "", grant.technician.phone_e164 or "", sender, calling)
    if grant.contact is not None:
        return Asker("customer", grant.contact.name, grant.contact.id, grant.contact.phone_e164 or "", sender, calling)
    return Asker("unknown", sender=sender, calling=calling)


def without_question(read_back: str) -> str:
    """What would be done, as it was read back, up to the sentence that asks for the yes."""
    said = read_back.rstrip()
    end = said.find("?")
    start = max(said.rfind(mark, 0, end) for mark in (". ", "! ", "? ")) if end >= 0 else -1
    return said[: start + 1].strip() if start >= 0 else said
