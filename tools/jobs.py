"""A technician's own jobs: the day, one of them by number, what stands in it. Nobody else's are ever found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from tools import telling
from tools.arguments import Day
from tools.arguments import Job as JobSpec
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, tool
from voice_agent.call.events import Ask, Keypad
from voice_agent.errors import NotAllowed
from voice_agent.language import spoken
from voice_agent.salesforce.records import Job, Technician

TECHNICIAN = ("technician",)
MOST_SPOKEN = 4
MOST_OPTIONS = 4
MOST_PARTS = 4
"""Parts of an estimate that are read out; the model sees them all."""
FEWEST_DIGITS = 3
"""A spoken job number has at least three digits; "1" and "job 1" are handles."""
CURRENT = frozenset({"current", "this", "this job"})
_HANDLE = re.compile(r"^(?:job )?\d+$")
NO_NAMES = frozenset("job work order the for trabajo orden mrs miss sir señor señora place".split())
UNDER_WAY = ("InProgress", "Dispatched")


@dataclass(frozen=True, slots=True)
class Found:
    """The one job that is meant, and its handle."""

    handle: str
    job: Job


def caller(ctx: ToolContext) -> Technician:
    if ctx.grant.technician is None:
        raise NotAllowed("no technician proven on this call")
    return ctx.grant.technician


def minted(ctx: ToolContext, jobs: Sequence[Job]) -> list[Found]:
    return [Found(ctx.grant.mint("job", job.appointment.id, job), job) for job in jobs]


async def day_of(ctx: ToolContext, day: date | None = None) -> list[Found]:
    technician = caller(ctx)
    today = ctx.now.astimezone(ZoneInfo(technician.zone)).date()
    return minted(ctx, await ctx.field.day(technician, day or today))


async def which(ctx: ToolContext, said: str) -> Found | Answer:
    """The job that `said` names: a handle, a number as it was spoken, "current" or "next"."""
    said = said.strip().lower()
    if said in CURRENT:
        return await current(ctx)
    if said == "next":
        return await following(ctx)
    if not _HANDLE.match(said) and (named := await _of_customer(ctx, said)):
        return named[0] if len(named) == 1 else choice(ctx, named)
    digits = re.sub(r"\D", "", said)
    if len(digits) < FEWEST_DIGITS:
        known = ctx.grant.resolve("job", said, Job)
        # Read again: the record behind an older handle may have changed since, by us too.
        again = await ctx.field.find_job(caller(ctx), known.appointment.number)
        return Found(said, next((job for job in again if job.appointment.id == known.appointment.id), known))
    return one_of(ctx, minted(ctx, await ctx.field.find_job(caller(ctx), digits)), digits)


async def _of_customer(ctx: ToolContext, said: str) -> list[Found]:
    """Today's jobs for a customer called that, those still open first."""
    words = set(re.findall(r"[^\W\d_]{3,}", said)) - NO_NAMES
    if not words:
        return []
    found = [one for one in await day_of(ctx) if words <= set(re.findall(r"\w+", one.job.customer.lower()))]
    return [one for one in found if not one.job.appointment.over] or found


def one_of(ctx: ToolContext, found: Sequence[Found], digits: str) -> Found | Answer:
    if not found:
        number = spoken.say_digits(digits, lang=ctx.lang)
        return Answer({"status": "none", "number": digits}, say=ctx.speak("job.none", number=number))
    live = [one for one in found if not one.job.appointment.over] or list(found)
    return live[0] if len(live) == 1 else choice(ctx, live)


async def current(ctx: ToolContext) -> Found | Answer:
    """The job under way: in progress, else the one being driven to. Several, or none: the technician is asked."""
    today = await day_of(ctx)
    for category in UNDER_WAY:
        here = [one for one in today if one.job.appointment.category == category]
        if here:
            return here[0] if len(here) == 1 else choice(ctx, here)
    ahead = [one for one in today if not one.job.appointment.over]
    if not ahead:
        return Answer({"status": "none"}, say=ctx.speak("job.none_current"))
    return ahead[0] if len(ahead) == 1 else choice(ctx, ahead)


async def following(ctx: ToolContext) -> Found | Answer:
    for one in await day_of(ctx):
        if one.job.appointment.category in ("None", "Scheduled", "Dispatched"):
            return one
    return Answer({"status": "none"}, say=ctx.speak("job.none_next"))


def choice(ctx: ToolContext, found: Sequence[Found]) -> Answer:
    offered = found[:MOST_OPTIONS]
    options = [{"job": telling.job_told(ctx, one.job), "customer": one.job.customer} for one in offered]
    return Answer(
        {"status": "ambiguous", "options": [row(ctx, one) for one in offered]},
        say=ctx.speak("job.which", options=telling.options(ctx, "job.option", options)),
        spoken=True,
        ask=Ask(Keypad.CHOICE, 1),
    )


@tool(lines=TECHNICIAN, level=2)
async def my_day(ctx: ToolContext, day: Day = None) -> Answer:
    """List the technician's jobs of a day in order, today if no day is given. Use for "what's on today"; for the next
    stop alone use job_details with "next"."""
    technician = caller(ctx)
    today = ctx.now.astimezone(ZoneInfo(technician.zone))
    wanted = day or today.date()
    found = await day_of(ctx, wanted)
    name = spoken.say_date(wanted, today, lang=ctx.lang)
    return Answer({"status": "found" if found else "none", "jobs": [row(ctx, one) for one in found]},
                  say=_day_told(ctx, found, name))  # fmt: skip


def _day_told(ctx: ToolContext, found: Sequence[Found], day: str) -> str:
    if not found:
        return ctx.speak("day.none", day=day)
    ahead = [one.job for one in found if not one.job.appointment.over]
    if not ahead:
        return ctx.speak("day.finished", day=day)
    lines = [_line(ctx, job) for job in ahead[:MOST_SPOKEN]]
    if len(ahead) > MOST_SPOKEN:
        lines.append(ctx.speak("day.more", n=spoken.say_number(len(ahead) - MOST_SPOKEN, lang=ctx.lang)))
    if len(found) == 1:
        return ctx.speak("day.one", day=day, jobs=lines[0])
    over = len(found) - len(ahead)
    if over:
        n = spoken.say_number(over, lang=ctx.lang)
        lines.insert(0, telling.sentence(ctx.speak("day.over_one") if over == 1 else ctx.speak("day.over", n=n)))
    return ctx.speak("day.several", day=day, n=spoken.say_number(len(found), lang=ctx.lang), jobs=" ".join(lines))


def _line(ctx: ToolContext, job: Job) -> str:
    when, about = telling.visit_window(ctx, job.appointment), telling.job_told(ctx, job)
    if when is None:
        return telling.sentence(ctx.speak("day.job_untimed", about=about, customer=job.customer))
    return telling.sentence(ctx.speak("day.job", window=when, about=about, customer=job.customer))


@tool(lines=TECHNICIAN, level=2)
async def find_job(
    ctx: ToolContext,
    number: Annotated[str, Field(min_length=1, max_length=40, description="Digits of the work order or appointment.")],
) -> Answer:
    """Find one of the technician's own jobs by the number they said; leading zeros do not matter. Not needed before
    other tools: those take the number themselves."""
    digits = re.sub(r"\D", "", number)
    meant = one_of(ctx, minted(ctx, await ctx.field.find_job(caller(ctx), digits)), digits or number)
    if isinstance(meant, Answer):
        return meant
    say = ctx.speak("job.found", job=telling.job_told(ctx, meant.job), customer=meant.job.customer)
    return Answer({"status": "found", **row(ctx, meant)}, say=say)


@tool(lines=TECHNICIAN, level=2)
async def job_details(ctx: ToolContext, job: JobSpec) -> Answer:
    """Tell what stands in a job: customer, address, window, status, parts it calls for. Use "next" for the next stop
    and "current" for the one under way."""
    meant = await which(ctx, job)
    if isinstance(meant, Answer):
        return meant
    visit, place = meant.job.appointment, meant.job.appointment.place
    address = ", ".join(part for part in (place.street, place.city) if part)
    when, about = telling.visit_window(ctx, visit), telling.job_told(ctx, meant.job)
    if when is None:
        told = [ctx.speak("job.untimed", job=about, customer=meant.job.customer)]
    else:
        key = "job.next" if job.strip().lower() == "next" else "job.details"
        told = [ctx.speak(key, job=about, customer=meant.job.customer, window=when)]
    if address:
        told.append(ctx.speak("job.address", address=spoken.say_address(address, lang=ctx.lang)))
    parts = await ctx.field.parts_required(meant.job)
    needed = [f"{_count(ctx, part.quantity)} {part.name}" for part in parts]
    if len(needed) > MOST_PARTS:
        more = spoken.say_number(len(needed) - MOST_PARTS, lang=ctx.lang)
        told.append(ctx.speak("job.parts_more", parts=", ".join(needed[:MOST_PARTS]), n=more))
    elif needed:
        told.append(ctx.speak("job.parts", parts=spoken.say_list(needed, lang=ctx.lang)))
    told.append(ctx.speak("job.state", state=telling.category(ctx, visit.category)))
    order = meant.job.work_order
    return Answer(
        {
            "status": "found",
            **row(ctx, meant),
            "address": address,
            "parts_required": [{"part": p.name, "quantity": p.quantity} for p in parts],
            "description_written_by_others": (order.description if order else "")[:600],
        },
        say=" ".join(told),
    )


def _count(ctx: ToolContext, quantity: float) -> str:
    return spoken.say_number(int(quantity) if quantity == int(quantity) else quantity, lang=ctx.lang)


def row(ctx: ToolContext, one: Found) -> dict[str, str | None]:
    return {
        "job": one.handle,
        "number": telling.job_number(one.job),
        "about": telling.job_title(one.job),
        "customer": one.job.customer,
        "state": one.job.appointment.category,
        "window": telling.visit_window(ctx, one.job.appointment),
    }
