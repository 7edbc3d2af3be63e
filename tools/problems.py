"""A new problem of a customer, taken down in their own words and filed where the org's own records suggest."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from tools import telling
from tools.arguments import OwnWords
from tools.visits import CUSTOMER, caller, open_visits
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Change, Result, tool
from voice_agent.salesforce.wishes import Problem

MOST_SUBJECT = 80


@tool(lines=CUSTOMER, level=1, writes=True)
async def report_problem(
    ctx: ToolContext,
    problem: OwnWords,
    appliance: Annotated[
        str, Field(max_length=80, description="The appliance, if the caller named one: 'water heater'.")
    ] = "",
) -> Result:
    """Open a request for a new fault. Use when something is broken that no open visit covers. Not for danger (use
    report_emergency) and not for moving a visit. The server reads it back and asks."""
    contact = caller(ctx)
    words = f"{appliance} {problem}".strip()
    kinds = [kind for kind in await ctx.field.work_types_like(words) if said_by_name(kind.name, words)]
    assets = await ctx.field.assets_like(contact, words)
    visits = await open_visits(ctx)
    what = Problem(
        subject=subject_of(problem),
        description=problem,
        work_type_id=kinds[0].id if kinds else None,
        asset_id=assets[0].id if len(assets) == 1 else None,
        like=visits[0].visit if visits else None,
    )
    plan = await ctx.field.plan_new_problem(contact, what)
    if kinds:
        told = ctx.speak("problem.read_back_type", problem=telling.quoted(problem), work_type=kinds[0].name)
    else:
        told = ctx.speak("problem.read_back", problem=telling.quoted(problem))
    machine = ctx.speak("problem.asset", asset=telling.inline(assets[0].name)) if what.asset_id else ""
    return Change(plan, telling.confirm(ctx, told, machine), ctx.speak("problem.done"))


def said_by_name(kind: str, words: str) -> bool:
    """Only a kind of work whose own words were said is read out; the planners find the others."""
    said = set(re.findall(r"\w{4,}", words.lower()))
    return any(word.removesuffix("s") in said or word in said for word in re.findall(r"\w{4,}", kind.lower()))


def subject_of(problem: str) -> str:
    """A title of whole words out of the caller's first sentence."""
    first = problem.split(". ")[0].strip()
    if len(first) > MOST_SUBJECT:
        first = first[: first.rfind(" ", 0, MOST_SUBJECT)]
    return telling.sentence(first)
