"""Where a part lies, and how to get it: ask for it, or move it from a warehouse or another van."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from tools import telling
from tools.arguments import Day, PartName, Quantity
from tools.jobs import TECHNICIAN, Found, caller, which
from tools.matching import match
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Result, tool
from voice_agent.language import spoken
from voice_agent.salesforce.records import StockedPart
from voice_agent.salesforce.wishes import PartStock, PartUse

MOST_PLACES = 3
START_OF_WORK = time(8)
"""A part needed on a day is needed when that day's work begins."""
Source = Annotated[
    str,
    Field(min_length=1, max_length=80, description='"warehouse", "nearest", or the place or person that was named.'),
]
WAREHOUSE = frozenset({"warehouse", "the warehouse", "depot", "almacén", "almacen", "bodega"})
NEAREST = frozenset({"nearest", "closest", "anywhere", "other", "truck", "van", "another van"})


@tool(lines=TECHNICIAN, level=2)
async def part_stock(ctx: ToolContext, part: PartName) -> Answer:
    """Tell how many of a part the technician's van holds, and where else it lies, nearest first. Use before moving or
    requesting a part when the technician asks where one is."""
    meant = await match(ctx, part, van_first=False)
    if isinstance(meant, Answer):
        return meant
    stock = await ctx.field.part_stock(caller(ctx), meant)
    name = telling.part_name(meant)
    if stock.van is not None and stock.van.on_hand > 0:
        told = [ctx.speak("part.van", held=telling.part_amount(ctx, stock.van.on_hand, stock.van))]
    else:
        told = [ctx.speak("part.van_none", part=name)]
    told.append(elsewhere(ctx, stock) or ctx.speak("part.nowhere"))
    return Answer(
        {
            "status": "found",
            "part": name,
            "part_number": meant.code,
            "van": stock.van.on_hand if stock.van else 0,
            "elsewhere": [
                {"place": place.location, "holds": place.on_hand, "km": place.km}
                for place in (*stock.warehouses, *stock.others)[:8]
            ],
        },
        say=" ".join(told),
    )


def elsewhere(ctx: ToolContext, stock: PartStock) -> str:
    """The nearest warehouse and vans that hold the part; empty when there is none."""
    told = []
    for place in [*stock.warehouses[:1], *stock.others][:MOST_PLACES]:
        held = telling.amount(ctx, place.on_hand, place)
        if place.km is None:
            text = ctx.speak("part.elsewhere", location=place.location, held=held)
        else:
            km = ctx.speak("part.kilometres", n=spoken.say_number(max(1, round(place.km)), lang=ctx.lang))
            text = ctx.speak("part.elsewhere_km", location=place.location, held=held, km=km)
        told.append(telling.sentence(text))
    return " ".join(told)


@tool(lines=TECHNICIAN, level=2, writes=True)
async def request_part(
    ctx: ToolContext,
    part: PartName,
    quantity: Quantity = 1,
    job: Annotated[
        str | None, Field(max_length=40, description="The job it is for, as in update_job; leave out if not said.")
    ] = None,
    needed_by: Day = None,
) -> Result:
    """Ask the parts desk for a part the technician needs. Use when they need or want to order one. The server reads it
    back and asks."""
    meant = await match(ctx, part, van_first=False)
    if isinstance(meant, Answer):
        return meant
    found: Found | Answer | None = await which(ctx, job) if job else None
    if isinstance(found, Answer):
        return found
    here = ZoneInfo(caller(ctx).zone)
    need_by = datetime.combine(needed_by, START_OF_WORK, here) if needed_by else None
    plan = await ctx.field.plan_part_request(
        caller(ctx), meant, quantity, job=found.job if found else None, need_by=need_by
    )
    parts = telling.parts_told(ctx, [PartUse(meant, quantity)])
    if found:
        told = ctx.speak("part.request_read_back_job", parts=parts, job=telling.job_told(ctx, found.job))
    else:
        told = ctx.speak("part.request_read_back", parts=parts)
    day = spoken.say_date(needed_by, ctx.now.astimezone(here), lang=ctx.lang) if needed_by else ""
    by = ctx.speak("part.request_by", day=day) if day else ""
    return Change(plan, telling.confirm(ctx, told, by), ctx.speak("part.request_done", parts=parts))


@tool(lines=TECHNICIAN, level=2, writes=True)
async def transfer_part(ctx: ToolContext, part: PartName, source: Source, quantity: Quantity = 1) -> Result:
    """Move a part into the technician's van from a warehouse or another van. Use when they pick it up or a colleague
    hands it over. The server reads it back and asks."""
    meant = await match(ctx, part, van_first=False)
    if isinstance(meant, Answer):
        return meant
    stock = await ctx.field.part_stock(caller(ctx), meant)
    place = _place(stock, source)
    if place is None:
        told = elsewhere(ctx, stock) or ctx.speak("part.nowhere")
        name = telling.part_name(meant)
        return Answer({"status": "none", "part": name}, say=ctx.speak("part.no_source", part=name, elsewhere=told))
    if quantity > place.on_hand:
        held, wanted = telling.amount(ctx, place.on_hand, place), telling.amount(ctx, quantity, place)
        return Answer(
            {"status": "short", "place": place.location, "holds": place.on_hand},
            say=ctx.speak("part.source_short", location=telling.sentence(place.location), held=held, wanted=wanted),
        )
    plan = await ctx.field.plan_transfer(caller(ctx), place, quantity)
    parts = telling.parts_told(ctx, [PartUse(place, quantity)])
    read_back = ctx.speak("part.transfer_read_back", parts=parts, source=place.location)
    return Change(
        plan, telling.confirm(ctx, read_back), ctx.speak("part.transfer_done", parts=parts, source=place.location)
    )


def _place(stock: PartStock, said: str) -> StockedPart | None:
    """The place that was named; a name that fits none is not replaced by another place."""
    wanted = said.strip().lower()
    if wanted in WAREHOUSE:
        return stock.warehouses[0] if stock.warehouses else None
    if wanted in NEAREST:
        near = [*stock.others, *stock.warehouses]
        return min(near, key=lambda place: place.km if place.km is not None else float("inf")) if near else None
    words = set(re.findall(r"\w+", wanted)) - {"the", "of", "from", "van", "truck", "la", "de", "camioneta"}
    for place in (*stock.others, *stock.warehouses):
        if words and words <= {word.removesuffix("s") for word in re.findall(r"\w+", place.location.lower())} | set(
            re.findall(r"\w+", place.location.lower())
        ):
            return place
    return None
