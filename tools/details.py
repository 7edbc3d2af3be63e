"""What stands in a visit of a customer: told, or sent in writing to the number on record."""

from __future__ import annotations

from tools import telling, texting
from tools.arguments import Visit
from tools.visits import CUSTOMER, Found, caller, none, open_visits, which
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.grants import Level
from voice_agent.language import spoken

MOST_IN_A_TEXT = 3


@tool(lines=CUSTOMER, level=1)
async def visit_details(ctx: ToolContext, visit: Visit = None) -> Answer:
    """Tell what stands in a visit: what it is about, window, address, work order number, who comes. Use for "what are
    the details" and "which address do you have"; for the arrival alone use eta."""
    meant = await which(ctx, visit, planned=True)
    if isinstance(meant, Answer):
        return meant
    about = meant.visit
    place = ", ".join(part for part in (about.place.street, about.place.city) if part)
    technician = about.assignments[0].first_name if about.assignments else None
    number = about.work_order.number.lstrip("0") if about.work_order else ""
    told = [ctx.speak("details.about", visit=telling.visit_told(ctx, about))]
    if place:
        told.append(ctx.speak("job.address", address=spoken.say_address(place, lang=ctx.lang)))
    if technician:
        told.append(ctx.speak("details.technician", technician=technician))
    if number:
        told.append(ctx.speak("details.number", number=spoken.say_digits(number, lang=ctx.lang)))
    data = {
        "status": "found",
        "visit": meant.handle,
        "about": telling.visit_title(ctx, about),
        "state": about.category,
        "arrival_window": telling.visit_window(ctx, about),
        "address": place,
        "technician": technician,
        "number": number,
    }
    return Answer({name: value for name, value in data.items() if value}, say=" ".join(told))


@tool(lines=CUSTOMER, level=0, writes=True)
async def text_details(ctx: ToolContext, visit: Visit = None) -> Result:
    """Text the caller the details of their visits. Use when they want them in writing. It goes to the number on record
    and to no other; never ask for one. The server asks first."""
    contact = caller(ctx)
    if contact.phone_e164 is None:
        return Answer({"status": "refused"}, say=ctx.speak("text.no_number"))
    if visit is None or ctx.grant.level < Level.MATCHED:
        found = [one for one in await open_visits(ctx) if one.visit.window] or await open_visits(ctx)
    else:
        meant = await which(ctx, visit)
        if not isinstance(meant, Found):
            return meant
        found = [meant]
    if not found:
        return none(ctx)
    visits = [one.visit for one in found[:MOST_IN_A_TEXT]]
    plan = await ctx.field.plan_details_sent(visits)
    key = "text.read_back" if len(visits) == 1 else "text.read_back_several"
    return Change(
        plan,
        telling.confirm(ctx, ctx.speak(key)),
        "",
        texts=(texting.details(ctx, visits),),
    )
