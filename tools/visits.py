"""A customer's visits: which there are, and when somebody comes. Tells no more of a technician than the first name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools import telling
from tools.arguments import Visit
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, tool
from voice_agent.call.events import Ask, Keypad
from voice_agent.errors import NotAllowed
from voice_agent.grants import Level
from voice_agent.language import spoken
from voice_agent.salesforce.records import Appointment, Contact
from voice_agent.salesforce.wishes import Eta

CUSTOMER = ("customer",)
MOST_OPTIONS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """The one visit that is meant, and its handle."""

    handle: str
    visit: Appointment


def caller(ctx: ToolContext) -> Contact:
    if ctx.grant.contact is None:
        raise NotAllowed("no contact behind this caller")
    return ctx.grant.contact


async def open_visits(ctx: ToolContext) -> list[Found]:
    """Visits of the caller that are not over, soonest first, as they are now: a change may lie behind us.

    Those of the account's other people too, once the caller has proven who they are.
    """
    proven = ctx.grant.level >= Level.PROVEN
    visits = [visit for visit in await ctx.field.appointments_of(caller(ctx), account=proven) if not visit.over]
    visits.sort(key=lambda visit: (visit.window is None, visit.window or (ctx.now, ctx.now)))
    return [Found(ctx.grant.mint("visit", visit.id, visit), visit) for visit in visits]


async def which(ctx: ToolContext, handle: str | None, *, planned: bool = False) -> Found | Answer:
    """The visit under `handle`; without one the caller's only visit, or a question that names them all.

    With `planned` a single visit that has a time is meant before those that are still waiting for one.
    """
    visits = await open_visits(ctx)
    if handle:
        return Found(handle, ctx.grant.resolve("visit", handle, Appointment))
    if not visits:
        return none(ctx)
    timed = [one for one in visits if one.visit.window is not None]
    if planned and len(timed) == 1:
        return timed[0]
    return visits[0] if len(visits) == 1 else choice(ctx, visits)


def none(ctx: ToolContext) -> Answer:
    return Answer({"status": "none"}, say=ctx.speak("visit.none"))


def choice(ctx: ToolContext, visits: Sequence[Found]) -> Answer:
    offered = visits[:MOST_OPTIONS]
    told = telling.options(ctx, "visit.option", [{"visit": telling.visit_told(ctx, one.visit)} for one in offered])
    return Answer(
        {"status": "ambiguous", "options": [_row(ctx, one) for one in offered]},
        say=ctx.speak("visit.which", options=told),
        spoken=True,
        ask=Ask(Keypad.CHOICE, 1),
    )


@tool(lines=CUSTOMER, level=1)
async def my_visits(ctx: ToolContext) -> Answer:
    """List the caller's open visits with handles. Use when they ask what is planned or you need to know which visits
    exist. Not needed before the other tools: those find the only visit themselves."""
    visits = await open_visits(ctx)
    if not visits:
        return none(ctx)
    told = [telling.visit_told(ctx, one.visit) for one in visits[:MOST_OPTIONS]]
    if len(visits) == 1:
        say = ctx.speak("visit.one", visit=told[0])
    else:
        say = ctx.speak("visit.several", visits="; ".join(told))
        if len(visits) > MOST_OPTIONS:
            say = f"{say} {ctx.speak('visit.more')}"
    return Answer({"status": "found", "visits": [_row(ctx, one) for one in visits]}, say=say)


@tool(lines=CUSTOMER, level=1)
async def eta(ctx: ToolContext, visit: Visit = None) -> Answer:
    """Tell when the technician arrives: status, arrival window, first name, minutes when they are known. Use for
    "when are you coming" and "where is he". Never guess minutes yourself."""
    meant = await which(ctx, visit, planned=True)
    if isinstance(meant, Answer):
        return meant
    found = await ctx.field.eta(meant.visit)
    when = telling.window(ctx, *found.window, found.zone) if found.window else None
    data = {
        "status": "found",
        "visit": meant.handle,
        "about": telling.visit_title(ctx, meant.visit),
        "state": found.category,
        "arrival_window": when,
        "technician": found.technician,
        "minutes": found.minutes,
        "location_age_minutes": found.location_age_minutes,
        "stops_before": found.stops_before,
    }
    return Answer({name: value for name, value in data.items() if value is not None}, say=_eta_told(ctx, found, when))


def _eta_told(ctx: ToolContext, found: Eta, when: str | None) -> str:
    who = found.technician or ctx.speak("eta.somebody")
    promised = ctx.speak("eta.window", window=when) if when else ""
    match found.category:
        case "Dispatched":
            told = f"{_on_the_way(ctx, found, who)} {_stops(ctx, found, who)} {promised}"
        case "InProgress":
            told = ctx.speak("eta.there", technician=who)
        case "Completed" | "CannotComplete" | "Canceled":
            key = {"Completed": "completed", "CannotComplete": "cannot_complete", "Canceled": "canceled"}
            told = ctx.speak(f"eta.{key[found.category]}")
        case _ if when is None:
            told = ctx.speak("eta.not_planned")
        case _ if found.technician:
            planned = ctx.speak("eta.planned_with", window=when, technician=found.technician)
            told = f"{planned} {_stops(ctx, found, who)}"
        case _:
            told = ctx.speak("eta.planned", window=when)
    return " ".join(telling.sentence(told).split())


def _on_the_way(ctx: ToolContext, found: Eta, who: str) -> str:
    if found.location_age_minutes is None:
        return ctx.speak("eta.on_the_way", technician=who)
    age = spoken.say_duration_minutes(max(1, found.location_age_minutes), lang=ctx.lang)
    if found.minutes is None:
        return ctx.speak("eta.stale", technician=who, age=age)
    minutes = spoken.say_duration_minutes(max(1, found.minutes), lang=ctx.lang)
    return ctx.speak("eta.minutes", technician=who, minutes=minutes, age=age)


def _stops(ctx: ToolContext, found: Eta, who: str) -> str:
    if not found.stops_before:
        return ""
    n = found.stops_before
    stops = ctx.speak("eta.stops_one") if n == 1 else ctx.speak("eta.stops_many", n=spoken.say_number(n, lang=ctx.lang))
    return ctx.speak("eta.stops", technician=who, stops=stops)


def _row(ctx: ToolContext, one: Found) -> dict[str, str | None]:
    start = telling.local(one.visit.window[0], one.visit.zone) if one.visit.window else None
    return {
        "visit": one.handle,
        "about": telling.visit_title(ctx, one.visit),
        "state": one.visit.category,
        "arrival_window": telling.visit_window(ctx, one.visit),
        "date": start.date().isoformat() if start else None,
    }
