"""What the org or its rules do not allow, said so that the caller knows what to do next, and the model why."""

from __future__ import annotations

from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer
from voice_agent.errors import NotAllowed


def refused(ctx: ToolContext, error: NotAllowed, key: str, **holes: str) -> Answer:
    return Answer({"status": "refused", "why": error.for_model}, say=ctx.speak(key, **holes))
