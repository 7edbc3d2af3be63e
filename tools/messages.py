"""A message for people: whom for, what, and where and when to call back. Open to every caller on every line."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Literal

import phonenumbers
from pydantic import Field

from tools import telling
from tools.arguments import OwnWords
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.language import spoken

EVERY_LINE = ("customer", "technician", "after_hours")
HOME = "US"
"""Country of a number that is said without one, when the number called from tells none."""


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
    number = e164(callback_number, ctx.grant.number) if callback_number else ctx.grant.number or None
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


def e164(said: str, near: str = "") -> str | None:
    """A number as it was said, in E.164; None when it is not a whole number.

    Without a country code it is of the country that `near`, the number called from, belongs to.
    """
    region = HOME
    with suppress(phonenumbers.NumberParseException):
        region = phonenumbers.region_code_for_country_code(phonenumbers.parse(near).country_code or 1)
    digits = re.sub(r"\D", "", said)
    text = f"+{digits}" if said.strip().startswith("+") else digits
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
