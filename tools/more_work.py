"""More work found on a job: it becomes a line item of the order, with kind of work and machine where they are known."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tools import telling
from tools.arguments import Job as JobSpec
from tools.arguments import OwnWords
from tools.jobs import TECHNICIAN, which
from tools.problems import said_by_name, subject_of
from tools.refusing import refused
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.errors import NotAllowed
from voice_agent.salesforce.wishes import Problem


@tool(lines=TECHNICIAN, level=2, writes=True)
async def add_work(
    ctx: ToolContext,
    job: JobSpec,
    work: OwnWords,
    machine: Annotated[
        str, Field(max_length=80, description="The machine or its serial number, if the technician named it.")
    ] = "",
) -> Result:
    """Add a line item to a job's order for work found on site that it does not hold yet. Use for more work to be done;
    for a remark use job_note, for work already planned update_job. The server reads it back and asks."""
    meant = await which(ctx, job)
    if isinstance(meant, Answer):
        return meant
    words = f"{machine} {work}".strip()
    kinds = [kind for kind in await ctx.field.work_types_like(words) if said_by_name(kind.name, words)]
    assets = await ctx.field.assets_at(meant.job, words)
    asset = assets[0] if len(assets) == 1 else None
    what = Problem(
        subject=subject_of(work),
        description=work,
        work_type_id=kinds[0].id if kinds else None,
        asset_id=asset.id if asset else None,
    )
    try:
        plan = await ctx.field.plan_line_item(meant.job, what)
    except NotAllowed as error:
        return refused(ctx, error, "add_work.refused", job=telling.sentence(telling.job_short(ctx, meant.job)))
    told = [ctx.speak("add_work.read_back", job=telling.job_told(ctx, meant.job), work=telling.quoted(work))]
    if kinds:
        told.append(ctx.speak("add_work.type", work_type=telling.inline(kinds[0].name)))
    if asset:
        told.append(ctx.speak("problem.asset", asset=telling.inline(asset.name)))
    done = ctx.speak("add_work.done", job=telling.job_short(ctx, meant.job))
    return Change(plan, telling.confirm(ctx, *told), done)
