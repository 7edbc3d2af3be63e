"""A message for people: whom for, what, and where and when to call back. Open to every caller on every line."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from tools import telling
from tools.arguments import OwnWords
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.language import spoken

EVERY_LINE = ("customer", "technician", "after_hours")
FEWEST_DIGITS, MOST_DIGITS = 10, 15
"""A number without area code cannot be called back; E.164 has at most fifteen digits."""


@tool(lines=EVERY_LINE, level=0, writes=True)
async def take_message(
    ctx: ToolContext,
    message: OwnWords,
    desk: Annotated[
        Literal["dispatch", "service", "billing"], Field(description="Who should read it; service when unsure.")
    ] = "service",
    callback_number: Annotated[
        str | None, Field(description="Digits the caller said or pressed; leave out for the number they call from.")
    ] = None,
    when: Annotated[
        str | None, Field(max_length=80, description="When to call back, in the caller's own words.")
    ] = None,
    name: Annotated[str | None, Field(max_length=80, description="The caller's name, if they said it.")] = None,
) -> Result:
    """Take a message or a request to be called back. Use after closing time, when nothing else fits, or when the caller
    wants it. The server reads it back and asks."""
    number = e164(callback_number) if callback_number else ctx.grant.number or None
    if number is None:
        key = "message.bad_number" if callback_number else "message.no_number"
        return Answer({"status": "missing", "missing": "callback_number"}, say=ctx.speak(key))
    plan = await ctx.field.plan_message(
        desk=desk, text=message, contact=ctx.grant.contact, number=number, name=name, call_back_at=when
    )
    to = ctx.speak(f"message.desk.{desk}")
    back = ctx.speak("message.number_same")
    if number != ctx.grant.number:
        back = ctx.speak("message.number", number=spoken.say_phone(number, lang=ctx.lang))
    at = ctx.speak("message.when", when=telling.quoted(when)) if when else ""
    told = ctx.speak("message.read_back", desk=to, message=telling.quoted(message))
    done = ctx.speak("message.done_callback" if callback_number or when else "message.done", desk=to)
    return Change(plan, telling.confirm(ctx, told, back, at), done)


def e164(said: str) -> str | None:
    """A number as it was said, in E.164; None when it is not a whole number. Ten digits are North American."""
    digits = re.sub(r"\D", "", said)
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    return f"+1{digits}" if len(digits) == FEWEST_DIGITS and not said.strip().startswith("+") else f"+{digits}"
