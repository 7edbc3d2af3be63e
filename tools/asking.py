"""A technician's question for the dispatchers, when it can wait: a task on the job for whoever plans it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tools import telling
from tools.arguments import OwnWords
from tools.jobs import TECHNICIAN, Found, caller, which
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool


@tool(lines=TECHNICIAN, level=2, writes=True)
async def ask_dispatcher(
    ctx: ToolContext,
    question: OwnWords,
    job: Annotated[
        str | None, Field(max_length=40, description="The job it is about, as in update_job; leave out if not said.")
    ] = None,
) -> Result:
    """Put a question or request to the dispatchers, to be answered later. Use for "ask dispatch whether ..." and "let
    them know ..."; to talk to somebody now it is hand_off. The server reads it back and asks."""
    found: Found | Answer | None = await which(ctx, job) if job else None
    if isinstance(found, Answer):
        return found
    plan = await ctx.field.plan_question(caller(ctx), question, found.job if found else None)
    words = telling.quoted(question)
    if found is None:
        told = ctx.speak("ask_dispatcher.read_back", question=words)
    else:
        told = ctx.speak("ask_dispatcher.read_back_job", question=words, job=telling.job_told(ctx, found.job))
    return Change(plan, telling.confirm(ctx, told), ctx.speak("ask_dispatcher.done"))
