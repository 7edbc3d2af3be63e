"""What a technician reports about a job: status and parts in one breath, a note, a delay. One read-back, one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tools import telling, texting
from tools.arguments import Job as JobSpec
from tools.arguments import OwnWords, Status, UsedPart
from tools.jobs import TECHNICIAN, Found, caller, which
from tools.matching import match
from tools.refusing import refused
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.errors import NotAllowed, SalesforceError
from voice_agent.language import spoken
from voice_agent.salesforce.records import RequiredPart
from voice_agent.salesforce.wishes import PartUse

LEADS_TO = {
    "en_route": "Dispatched",
    "on_site": "InProgress",
    "in_progress": "InProgress",
    "paused": "InProgress",
    "completed": "Completed",
    "cannot_complete": "CannotComplete",
}
"""Category of the visit that a spoken status leads to, to say so when it has it already."""


@tool(lines=TECHNICIAN, level=2, writes=True, timeout=9.0)
async def update_job(
    ctx: ToolContext,
    job: JobSpec,
    status: Status = None,
    parts: Annotated[list[UsedPart] | None, Field(max_length=8, description="Parts used on this job.")] = None,
    reason: Annotated[
        str | None, Field(max_length=200, description="Why it is paused or cannot be completed, if said.")
    ] = None,
    note: Annotated[str | None, Field(max_length=500, description="A note in the technician's own words.")] = None,
) -> Result:
    """Report status and parts used on a job, all of it in one call. Use when the technician says what they did or where
    they stand. Pass only what was said; something not done yet is not completed. The server reads it back and asks."""
    meant = await which(ctx, job)
    if isinstance(meant, Answer):
        return meant
    short = telling.job_short(ctx, meant.job)
    if not (status or parts or note):
        return Answer({"status": "missing", "missing": "status", "job": meant.handle},
                      say=ctx.speak("update_job.nothing", job=short))  # fmt: skip
    if meant.job.appointment.over and status:
        state = telling.category(ctx, meant.job.appointment.category)
        return Answer({"status": "over", "job": meant.handle, "state": meant.job.appointment.category},
                      say=telling.sentence(ctx.speak("update_job.over", job=short, state=state)))  # fmt: skip
    used, required = await asyncio.gather(_from_van(ctx, parts or ()), _estimate(ctx, meant, parts))
    if isinstance(used, Answer):
        return used
    try:
        plan = await ctx.field.plan_job_update(
            meant.job, status=status, parts=used, reason=reason, note=note, required=required
        )
    except NotAllowed as error:
        state = telling.category(ctx, meant.job.appointment.category)
        same = status is not None and LEADS_TO[status] == meant.job.appointment.category
        key = "update_job.already" if same else "update_job.refused"
        return refused(ctx, error, key, job=telling.sentence(short), state=state)
    texts = texting.completed(ctx, meant.job) if status == "completed" else ()
    read_back = _read_back(ctx, meant, status, used, reason, note)
    return Change(plan, read_back, _done(ctx, meant, status, used), texts=texts)


async def _estimate(ctx: ToolContext, meant: Found, parts: Sequence[UsedPart] | None) -> Sequence[RequiredPart] | None:
    """What the job calls for, to hold the parts used against; None when there is nothing to compare, or no telling."""
    if not parts:
        return None
    try:
        return await ctx.field.parts_required(meant.job)
    except SalesforceError:
        return None


async def _from_van(ctx: ToolContext, parts: Sequence[UsedPart]) -> list[PartUse] | Answer:
    """Each part found in the technician's own van in that quantity, or a true word on what is missing."""
    if parts and caller(ctx).van_id is None:
        return Answer({"status": "no_van"}, say=ctx.speak("part.no_van"))
    wanted: dict[str, PartUse] = {}
    for line in parts:
        part = await match(ctx, line.part, van_first=True)
        if isinstance(part, Answer):
            return part
        name = telling.part_name(part)
        if not part.mine:
            return Answer({"status": "not_in_van", "part": name}, say=ctx.speak("part.not_in_van", part=name))
        before = wanted[part.item_id].quantity if part.item_id in wanted else 0.0
        use = PartUse(part, before + line.quantity)
        if use.quantity > part.on_hand:
            held, asked = telling.part_amount(ctx, part.on_hand, part), telling.amount(ctx, use.quantity, part)
            return Answer(
                {"status": "short", "part": name, "van_holds": part.on_hand, "wanted": use.quantity},
                say=ctx.speak("part.short", held=held, wanted=asked),
            )
        wanted[part.item_id] = use
    return list(wanted.values())


def _read_back(
    ctx: ToolContext, meant: Found, status: str | None, used: Sequence[PartUse], reason: str | None, note: str | None
) -> str:
    job, parts = telling.job_told(ctx, meant.job), telling.parts_told(ctx, used)
    said = []
    if status and used:
        said.append(ctx.speak("update_job.status_parts", job=job, status=ctx.speak(f"status.{status}"), parts=parts))
    elif status:
        said.append(ctx.speak("update_job.status", job=job, status=ctx.speak(f"status.{status}")))
        if status == "completed":
            said.append(ctx.speak("update_job.no_parts"))
    elif used:
        said.append(ctx.speak("update_job.parts", job=job, parts=parts))
    else:
        said.append(ctx.speak("update_job.note", job=job))
    if reason:
        said.append(ctx.speak("update_job.reason", reason=telling.quoted(reason)))
    if note:
        said.append(ctx.speak("update_job.with_note", note=telling.quoted(note)))
    return telling.confirm(ctx, *said)


def _done(ctx: ToolContext, meant: Found, status: str | None, used: Sequence[PartUse]) -> str:
    job, parts = telling.job_short(ctx, meant.job), telling.parts_told(ctx, used)
    if status and used:
        return ctx.speak(
            "update_job.done_status_parts",
            job=telling.sentence(job),
            status=ctx.speak(f"status.{status}"),
            parts=parts,
        )
    if status:
        return ctx.speak("update_job.done_status", job=telling.sentence(job), status=ctx.speak(f"status.{status}"))
    if used:
        return ctx.speak("update_job.done_parts", job=job, parts=parts)
    return ctx.speak("update_job.done_note", job=job)


@tool(lines=TECHNICIAN, level=2, writes=True)
async def job_note(ctx: ToolContext, job: JobSpec, note: OwnWords) -> Result:
    """Add a note to a job without changing its status. Use for findings and advice for later; parts used go through
    update_job. The server reads it back and asks."""
    meant = await which(ctx, job)
    if isinstance(meant, Answer):
        return meant
    plan = await ctx.field.plan_note(meant.job, note)
    read_back = ctx.speak("job_note.read_back", job=telling.job_told(ctx, meant.job), note=telling.quoted(note))
    done = ctx.speak("job_note.done", job=telling.job_short(ctx, meant.job))
    return Change(plan, telling.confirm(ctx, read_back), done)


@tool(lines=TECHNICIAN, level=2, writes=True)
async def running_late(
    ctx: ToolContext,
    job: JobSpec,
    minutes: Annotated[int, Field(gt=0, le=600, description="Minutes of delay, as the technician said.")],
    reason: Annotated[str | None, Field(max_length=200, description="Why, if said.")] = None,
) -> Result:
    """Report that the technician will be late for a job; the customer is told by text. Use "next" when they do not name
    the job. The server reads it back and asks."""
    meant = await which(ctx, job)
    if isinstance(meant, Answer):
        return meant
    plan = await ctx.field.plan_running_late(meant.job, minutes=minutes, reason=reason)
    delay = spoken.say_duration_minutes(minutes, lang=ctx.lang)
    told = [ctx.speak("late.read_back", job=telling.job_told(ctx, meant.job), minutes=delay)]
    if reason:
        told.append(ctx.speak("update_job.reason", reason=telling.quoted(reason)))
    done = ctx.speak("late.done", job=telling.job_short(ctx, meant.job), minutes=delay)
    texts = texting.running_late(ctx, meant.job, minutes)
    if texts:
        told.append(ctx.speak("late.customer"))
    return Change(plan, telling.confirm(ctx, *told), done, texts=texts)
