"""What else a customer may change about a visit: cancel it, confirm it, leave a note or a preference."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tools import telling, texting
from tools.arguments import OwnWords, Visit
from tools.refusing import refused
from tools.visits import CUSTOMER, which
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.errors import NotAllowed


@tool(lines=CUSTOMER, level=2, writes=True)
async def cancel_visit(
    ctx: ToolContext,
    visit: Visit = None,
    reason: Annotated[str, Field(max_length=200, description="Why, if the caller said so.")] = "",
) -> Result:
    """Cancel a visit. Use only when the caller wants no visit at all; for another time use free_slots. The server reads
    it back and asks."""
    meant = await which(ctx, visit)
    if isinstance(meant, Answer):
        return meant
    try:
        plan = await ctx.field.plan_cancel(meant.visit, reason or "Canceled by the customer on the phone")
    except NotAllowed as error:
        return refused(ctx, error, "cancel.refused")
    read_back = telling.confirm(ctx, ctx.speak("cancel.read_back", visit=telling.visit_told(ctx, meant.visit)))
    texts = (texting.canceled(ctx, meant.visit),)
    return Change(plan, read_back, ctx.speak("cancel.done"), reversible=False, texts=texts)


@tool(lines=CUSTOMER, level=1, writes=True)
async def confirm_visit(ctx: ToolContext, visit: Visit = None) -> Result:
    """Mark a visit as confirmed by the customer. Use when they say that the planned time suits them. The server reads
    it back and asks."""
    meant = await which(ctx, visit, planned=True)
    if isinstance(meant, Answer):
        return meant
    plan = await ctx.field.plan_confirm(meant.visit)
    read_back = telling.confirm(ctx, ctx.speak("confirm_visit.read_back", visit=telling.visit_told(ctx, meant.visit)))
    return Change(plan, read_back, ctx.speak("confirm_visit.done"))


@tool(lines=CUSTOMER, level=1, writes=True)
async def visit_note(ctx: ToolContext, note: OwnWords, visit: Visit = None) -> Result:
    """Leave an arrival note for the technician: gate code, dog, where to park. Use for what helps on arrival, not for a
    new problem or a complaint. The server reads it back and asks."""
    meant = await which(ctx, visit, planned=True)
    if isinstance(meant, Answer):
        return meant
    plan = await ctx.field.plan_arrival_note(meant.visit, note)
    read_back = telling.confirm(ctx, ctx.speak("visit_note.read_back", note=telling.quoted(note)))
    return Change(plan, read_back, ctx.speak("visit_note.done"))


@tool(lines=CUSTOMER, level=1, writes=True)
async def preferred_times(ctx: ToolContext, times: OwnWords, visit: Visit = None) -> Result:
    """Note for the planners when the caller would like a visit to be. Use when it has no time yet and they only name
    preferences, or no offered time fits; to book a time use free_slots. The server reads it back and asks."""
    meant = await which(ctx, visit)
    if isinstance(meant, Answer):
        return meant
    plan = await ctx.field.plan_preferred_times(meant.visit, times)
    title = telling.visit_title(ctx, meant.visit)
    read_back = telling.confirm(ctx, ctx.speak("preferred.read_back", visit=title, times=telling.quoted(times)))
    return Change(plan, read_back, ctx.speak("preferred.done"))
