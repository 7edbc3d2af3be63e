"""Another time for a visit: free arrival windows to choose from by voice or key, then the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Annotated, Any

from pydantic import Field

from tools import telling, texting
from tools.arguments import WEEKDAYS, Day, PartOfDay, SlotHandle, TimeOfDay, Visit, Weekday
from tools.refusing import refused
from tools.visits import CUSTOMER, which
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Instead, Offer, Result, tool
from voice_agent.call.events import Ask, Keypad
from voice_agent.errors import NotAllowed, VoiceAgentError
from voice_agent.language import spoken
from voice_agent.salesforce.field_service import SlotTaken
from voice_agent.salesforce.records import Appointment
from voice_agent.salesforce.wishes import Slot, SlotWish

DAYS_BEFORE = timedelta(days=3)
MOST_OFFERED = 3
"""More than three times cannot be kept in mind by ear."""
PARTS_OF_DAY: dict[str, tuple[time | None, time | None]] = {
    "morning": (None, time(12)),
    "afternoon": (time(12), time(17)),
    "evening": (time(17), None),
}


@dataclass(frozen=True, slots=True)
class Offered:
    """A slot as it was offered: for this visit and no other."""

    visit: str
    slot: Slot
    wish: SlotWish
    """What it was found by; the first wish, when that could not be met."""


@tool(lines=CUSTOMER, level=1)
async def free_slots(
    ctx: ToolContext,
    visit: Visit = None,
    date_from: Day = None,
    date_to: Day = None,
    part_of_day: PartOfDay = None,
    time_from: TimeOfDay = None,
    time_to: TimeOfDay = None,
    not_weekdays: Annotated[
        list[Weekday] | None, Field(max_length=6, description="Weekdays the caller ruled out.")
    ] = None,
    after_due_date: Annotated[
        bool, Field(description="True only after the caller agreed to a time after the promised date.")
    ] = False,
) -> Answer:
    """Find free arrival windows and offer up to three to the caller. Use before reschedule, with the wishes the caller
    named and no others. The server reads the times out; wait for the caller's choice."""
    meant = await which(ctx, visit, planned=True)
    if isinstance(meant, Answer):
        return meant
    earliest, latest = PARTS_OF_DAY[part_of_day] if part_of_day else (None, None)
    wish = SlotWish(
        date_from=date_from,
        date_to=date_to,
        time_from=time_from or earliest,
        time_to=time_to or latest,
        exclude_weekdays=frozenset(WEEKDAYS.index(day) for day in not_weekdays or ()),
        past_due=after_due_date,
    )
    try:
        slots, key = await ctx.field.slots(meant.visit, wish), "slots.offer"
    except NotAllowed as error:
        return refused(ctx, error, "reschedule.refused")
    for wider in _wider(wish) if not slots else ():
        slots, key = await ctx.field.slots(meant.visit, wider), "slots.instead"
        if slots:
            break
    if not slots:
        return Answer({"status": "none", "visit": meant.handle}, say=ctx.speak("slots.none"))
    day = ""
    if key == "slots.instead" and date_from and date_from == date_to:
        key = "slots.instead_day"
        day = spoken.say_date(date_from, telling.local(ctx.now, slots[0].zone), lang=ctx.lang)
    return _offer(ctx, meant.handle, spread(slots), wish, key, day)


def spread(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Three to choose from, in order of time, on different days as far as there are any."""
    ordered = sorted(slots, key=lambda slot: slot.window_start)
    chosen: list[Slot] = []
    days: set[date] = set()
    for slot in ordered:
        day = telling.local(slot.window_start, slot.zone).date()
        if day not in days:
            days.add(day)
            chosen.append(slot)
    chosen += [slot for slot in ordered if slot not in chosen]
    return tuple(sorted(chosen[:MOST_OFFERED], key=lambda slot: slot.window_start))


def _wider(wish: SlotWish) -> list[SlotWish]:
    """What to try when a wish cannot be met: the same days at any hour, from that day on, shortly before, any day."""
    tries = []
    if wish.time_from or wish.time_to:
        tries.append(replace(wish, time_from=None, time_to=None))
    if wish.date_to or wish.exclude_weekdays:
        tries.append(replace(wish, time_from=None, time_to=None, date_to=None))
    if wish.date_from:
        near = wish.date_from - DAYS_BEFORE
        tries.append(replace(wish, date_from=near, date_to=None, time_from=None, time_to=None))
        tries.append(replace(wish, date_from=None, date_to=None, time_from=None, time_to=None))
    return tries


def _offer(ctx: ToolContext, visit: str, slots: Sequence[Slot], wish: SlotWish, key: str, day: str) -> Answer:
    rows = _minted(ctx, visit, slots, wish)
    if len(slots) == 1 and not slots[0].late:
        say = ctx.speak("slots.only" if key == "slots.offer" else "slots.only_instead", window=rows[0]["window"])
    else:
        told = [
            ctx.speak("slots.option_late" if slot.late else "slots.option", n=str(n), window=row["window"])
            for n, (slot, row) in enumerate(zip(slots, rows, strict=True), 1)
        ]
        say = f"{ctx.speak(key, options=' '.join(told), day=day)} {ctx.speak('slots.offer_keys')}"
    return Answer(_offered(visit, slots, rows), say=say, spoken=True, ask=Ask(Keypad.CHOICE, 1))


def _offered(visit: str, slots: Sequence[Slot], rows: list[dict[str, Any]]) -> dict[str, Any]:
    later = max(telling.local(slot.window_start, slot.zone).date() for slot in slots) + timedelta(days=1)
    return {"status": "offered", "visit": visit, "options": rows, "later_from": later.isoformat()}


def _minted(ctx: ToolContext, visit: str, slots: Sequence[Slot], wish: SlotWish) -> list[dict[str, Any]]:
    """A new list of slots, as the model sees it; the old one is no longer on offer."""
    ctx.grant.fresh("slot")
    rows: list[dict[str, Any]] = []
    for n, slot in enumerate(slots, 1):
        # Named by its place in the list: "slot 2" is always the second one that was read out last.
        handle = ctx.grant.mint("slot", f"{n}|{slot.window_start.isoformat()}|{visit}", Offered(visit, slot, wish))
        when = telling.window(ctx, slot.window_start, slot.window_end, slot.zone)
        start, end = telling.local(slot.window_start, slot.zone), telling.local(slot.window_end, slot.zone)
        rows.append(
            {
                "slot": handle,
                "window": when,
                "date": start.date().isoformat(),
                "from": f"{start:%H:%M}",
                "to": f"{end:%H:%M}",
                "after_due_date": slot.late,
            }
        )
    return rows


@tool(lines=CUSTOMER, level=1, writes=True)
async def reschedule(ctx: ToolContext, slot: SlotHandle, visit: Visit = None) -> Result:
    """Move a visit to one of the slots offered last. Use once the caller chose one. The server reads the change back,
    asks, and saves it after a yes; do not ask yourself and never say it is done."""
    offered = ctx.grant.resolve("slot", slot, Offered)
    appointment = ctx.grant.resolve("visit", offered.visit, Appointment)
    try:
        return await _moved(ctx, offered, appointment)
    except NotAllowed as error:
        return refused(ctx, error, "reschedule.refused")


async def _moved(ctx: ToolContext, offered: Offered, appointment: Appointment, *, next_best: bool = False) -> Change:
    """The change to one slot, and what is offered should somebody else have it by the time of the yes."""
    plan = await ctx.field.plan_reschedule(appointment, offered.slot, offered.wish)
    after = telling.window(ctx, offered.slot.window_start, offered.slot.window_end, offered.slot.zone)
    before, title = telling.visit_window(ctx, appointment), telling.visit_title(ctx, appointment)
    if next_best:
        moved = ctx.speak("reschedule.next_best", about=title, after=after)
    elif before is None:
        moved = ctx.speak("reschedule.read_back_unplanned", about=title, after=after)
    else:
        moved = ctx.speak("reschedule.read_back", about=title, before=before, after=after)
    late = ctx.speak("reschedule.late") if offered.slot.late else ""

    async def otherwise(context: ToolContext, error: VoiceAgentError) -> Instead | None:
        return await _next_best(context, offered, error) if isinstance(error, SlotTaken) else None

    return Change(
        plan,
        telling.confirm(ctx, moved, late),
        ctx.speak("reschedule.done", after=after),
        texts=(texting.rescheduled(ctx, appointment, offered.slot),),
        otherwise=otherwise,
    )


async def _next_best(ctx: ToolContext, taken: Offered, error: SlotTaken) -> Instead | None:
    """The slot was gone when the caller said yes: the best of what is free is read back in its place.

    The very same window with somebody else to come is what the caller agreed to: no name was read back.
    """
    slots, visit = error.next_best[:MOST_OFFERED], error.visit
    if not slots or visit is None:
        return None
    ctx.grant.mint("visit", visit.id, visit)
    rows = _minted(ctx, taken.visit, slots, taken.wish)
    best = ctx.grant.resolve("slot", rows[0]["slot"], Offered)
    try:
        change = await _moved(ctx, best, visit, next_best=True)
    except VoiceAgentError:
        return None  # the refusal stands, and is said
    offered = _offered(taken.visit, slots, rows)
    told = Answer({**offered, "options": rows[:1]}, say=ctx.speak("reschedule.next_offer", after=rows[0]["window"]))
    return Instead(
        change,
        {"slot": rows[0]["slot"], "visit": taken.visit},
        why=ctx.speak("reschedule.taken"),
        options=offered,
        offer=Offer("free_slots", {"visit": taken.visit}, told),
        same=best.slot.window_start == taken.slot.window_start,
    )
