"""How a caller on another phone, or one of several behind a number, comes to prove who they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, tool
from voice_agent.errors import NotAllowed


@tool(lines=("customer",), level=0)
async def identify(
    ctx: ToolContext,
    work_order: Annotated[
        str, Field(max_length=40, description="Digits of the work order number the caller said or pressed.")
    ] = "",
    name: Annotated[
        str, Field(max_length=80, description="Their name, if they said it because several people share the phone.")
    ] = "",
    send_again: Annotated[bool, Field(description="True when a code was sent and did not arrive.")] = False,
) -> Answer:
    """Let the caller prove who they are. Use when they call from another phone than their own, name their work order
    number for it, or did not get the code. Not needed otherwise: the server asks by itself when a proof is needed."""
    if ctx.prover is None:
        raise NotAllowed("nobody can prove anything here")
    if send_again:
        asked = await ctx.prover.again(ctx.lang)
    else:
        asked = await ctx.prover.claim(work_order=work_order, name=name, lang=ctx.lang)
    say = ctx.speak(asked.phrase, **asked.holes)
    status = "refused" if asked.refused else "asked"
    return Answer({"status": status}, say=say, spoken=True, ask=asked.ask, keep=not asked.refused)
