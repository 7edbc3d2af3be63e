"""A dispatcher puts other values into a change that waits: its tool is run again with them, and all of its rules too.

Nothing is patched into a plan. The tool that made it is called anew for the same caller and the same records, with the
values that its schema takes; what it refuses is refused here, in its own words. The plan that comes out passes the same
table and the same fields nobody may set. Which record it is about stays what the caller said yes to.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

import orjson

from voice_agent.agent.context import ToolContext
from voice_agent.agent.outcomes import as_json
from voice_agent.agent.policy import TABLE, Rule, level_for, outside
from voice_agent.agent.tool import Answer, Change, Tool
from voice_agent.approval_desk import without_question
from voice_agent.approval_rows import Approval, Version
from voice_agent.approval_rules import SUPERVISED, ApprovalRules
from voice_agent.approvals import Approvals
from voice_agent.errors import Conflict, InvalidArguments, NotAllowed, SalesforceError
from voice_agent.grants import Grant, Level
from voice_agent.lines import Line, Lines
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import WritePlan

FIXED = frozenset({"visit", "job"})
"""Arguments that name a record. Another record is another change: reject this one instead."""
STAFF = "en"
"""The console's language."""


class FreeTime(Protocol):
    @property
    def start(self) -> str: ...

    @property
    def told(self) -> str: ...


class Recall(Protocol):
    """How a tool's records are met again; the tools' own knowledge."""

    async def recalled(
        self, ctx: ToolContext, plan: WritePlan, takes: Collection[str], given: Mapping[str, Any]
    ) -> dict[str, Any]: ...

    async def free_times(self, ctx: ToolContext, plan: WritePlan, day: date | None) -> Sequence[FreeTime]: ...


@dataclass(frozen=True, slots=True)
class Revising:
    """One for the process."""

    approvals: Approvals
    rules: ApprovalRules
    tools: Mapping[str, Tool]
    recall: Recall
    field: FieldService
    lines: Lines

    def schema(self, approval: Approval) -> dict[str, Any]:
        """JSON schema of the values that may be changed; empty where there are none."""
        tool = self.tools.get(approval.tool)
        if tool is None or not TABLE[tool.name].sets:
            return {}
        whole: dict[str, Any] = tool.schema["function"]["parameters"]
        open_ = {name: form for name, form in whole["properties"].items() if name not in FIXED}
        if not open_:
            return {}
        wanted = [name for name in whole.get("required", ()) if name in open_]
        return {**whole, "properties": open_, "required": wanted}

    async def times(self, approval: Approval, day: date | None = None) -> list[dict[str, str]]:
        """Free times to choose from, for a change that has one."""
        if "slot" not in self.schema(approval).get("properties", {}):
            return []
        context = await self._context(approval, STAFF)
        found = await self.recall.free_times(context, approval.plan, day)
        return [{"start": one.start, "told": one.told} for one in found]

    async def revise(self, key: str, version: int, values: Mapping[str, Any], by: str) -> Approval:
        """Put `values` in place of those of version `version`; null takes one away. Nothing is decided by it.

        InvalidArguments names a value that is wrong, NotAllowed a rule that forbids it, Conflict (DECIDED, EDITED,
        GONE) that there is nothing left to change; other SalesforceErrors: the records could not be read.
        """
        known = await self._open(key, version)
        properties = self.schema(known).get("properties", {})
        for name in values:
            if name not in properties:
                why = "stays as the caller said it; reject the change instead" if name in FIXED else "is not of it"
                raise InvalidArguments(f"{name}: {why}.")
        given = {name: value for name, value in {**known.arguments, **values}.items() if value not in (None, "")}
        if given == dict(known.arguments):
            raise InvalidArguments("Nothing is changed: these are the values that stand.")
        return await self.approvals.revise(key, version, await self._made(known, given, by), by)

    async def undo(self, key: str, version: int, by: str) -> Approval:
        """Back to the values that the caller said yes to. Conflict as for `revise`, and where nothing was changed."""
        known = await self._open(key, version)
        if not known.edited_by:
            raise Conflict(f"approval {key}: nothing was changed", code="UNCHANGED")
        return await self.approvals.revise(key, version, None, by)

    async def _open(self, key: str, version: int) -> Approval:
        known = await self.approvals.get(key)
        if known is None or known.status != "proposed" or known.expires <= self.approvals.now():
            raise Conflict(f"approval {key}: decided already, or its time is over", code="DECIDED")
        if known.version != version:
            raise Conflict(f"approval {key}: changed meanwhile", code="EDITED")
        return known

    # -- the tool, once more ---------------------------------------------------------------------------------------

    async def _made(self, known: Approval, given: Mapping[str, Any], by: str) -> Version:
        tool, rule = self.tools[known.tool], TABLE[known.tool]
        context = await self._context(known, known.lang)
        change = await self._run(tool, known, given, context)
        self._within(rule, change.plan, known, context)
        request = without_question(change.read_back)
        if request == known.request and _steps(change.plan) == _steps(known.plan):
            raise InvalidArguments("The records would be the same with it: this org keeps nothing of that value.")
        stopped = self.rules.stops(change.plan, context.now)
        return Version(
            plan=change.plan,
            audit={**known.audit, "request": as_json(given)},
            rule=known.rule if known.rule == SUPERVISED else stopped or known.rule,
            request=request,
            done=change.done,
            texts=tuple(asdict(text) for text in change.texts),
        )

    async def _run(self, tool: Tool, known: Approval, given: Mapping[str, Any], context: ToolContext) -> Change:
        """Its change. What it answers instead, to a caller, is why these values cannot be."""
        takes = tool.arguments.model_fields
        arguments = await self.recall.recalled(context, known.plan, takes, given)
        parsed = tool.parse(orjson.dumps(arguments).decode())
        async with asyncio.timeout(tool.timeout):
            result = await tool.run(context, **parsed)
        if isinstance(result, Answer) and context.lang != STAFF:
            result = await tool.run(replace(context, lang=STAFF, speak=self._line(known).speaker(STAFF)), **parsed)
        if isinstance(result, Answer):
            raise InvalidArguments(result.say or f"That cannot be done: {result.data.get('status', 'refused')}.")
        return result

    def _within(self, rule: Rule, plan: WritePlan, known: Approval, context: ToolContext) -> None:
        """What the gateway holds every change to, and that it is still about the same record."""
        if beyond := sorted(set(outside(rule, plan))):
            raise NotAllowed(f"It would set {', '.join(beyond)}, which {known.tool} may not.")
        if never := self.rules.forbids(plan):
            raise NotAllowed(f"It would set {never}, which nobody may agree to.")
        if context.grant.level < level_for(rule, plan):
            raise NotAllowed("After the promised date only for a caller who has proven who they are.")
        if _about(plan) != _about(known.plan):
            raise Conflict(f"approval {known.key}: about another record by now", code="GONE")

    async def _context(self, known: Approval, lang: str) -> ToolContext:
        line = self._line(known)
        now = datetime.fromtimestamp(self.approvals.now(), line.zone)
        grant = await self._grant(known)
        return ToolContext(grant, self.field, now, lang, line.speaker(lang), (), known.call_sid, line.role)

    async def _grant(self, known: Approval) -> Grant:
        """What the caller was allowed then, on the records as they are now."""
        asker = known.asker
        grant = Grant(asker.role, Level(int(known.audit.get("verified_level", 0))), asker.calling or asker.number)
        if asker.role == "unknown":
            return grant
        people = await self.field.caller_context(asker.number)
        if asker.role == "technician":
            grant.technician = next((one for one in people.technicians if one.name == asker.name), None)
        else:
            grant.contact = next((one for one in people.matches if one.id == asker.contact_id), None)
        if grant.technician is None and grant.contact is None:
            raise Conflict(f"approval {known.key}: nobody on record under the number of who asked", code="NOBODY")
        return grant

    def _line(self, known: Approval) -> Line:
        return self.lines.by_number(known.asker.sender) or self.lines.lines[0]


def _steps(plan: WritePlan) -> str:
    return json.dumps(plan.as_json()["steps"], default=str, sort_keys=True)


def _about(plan: WritePlan) -> tuple[str, str, str]:
    """The records that were there before the change."""
    ids = (plan.facts.get("appointment_id"), plan.links.get("Service_Appointment__c"), plan.links.get("Work_Order__c"))
    visit, linked, order = ("" if str(one).startswith("@") else str(one or "") for one in ids)
    return visit, linked, order


def why(error: Exception) -> tuple[int, str]:
    """An HTTP status and a sentence for whoever wanted the change."""
    match error:
        case InvalidArguments():
            return 400, error.for_model
        case NotAllowed():
            return 403, str(error)
        case Conflict(code="EDITED"):
            return 409, "Somebody has put in other values meanwhile. Look at them first."
        case Conflict(code="UNCHANGED"):
            return 409, "These are the caller's own values already."
        case Conflict(code="NOBODY"):
            return 409, "Who asked is not on record under their number any more. Reject the change and say why."
        case Conflict(code="GONE"):
            return 409, "The records have moved on since the caller asked. Reject the change and say why."
        case Conflict():
            return 409, "It was decided already, or its time is over. The list shows what came of it."
        case SalesforceError():
            return 503, "The records do not answer just now. Nothing was changed; try again."
        case TimeoutError():
            return 503, "The records take too long just now. Nothing was changed; try again."
    raise error


Refusals = (InvalidArguments, NotAllowed, SalesforceError, TimeoutError)
"""What `why` has a sentence for."""
