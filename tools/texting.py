"""Text messages that go with a change: what stands in them and what is said of them. Whether, where and when they are
sent is decided elsewhere: to the number on record, with consent, after the commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from tools import telling
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import TextWanted
from voice_agent.salesforce.records import Appointment, Job
from voice_agent.salesforce.wishes import Slot

TO_OTHERS = "en"
"""Language of a message to somebody who is not on the line, as long as no record tells theirs."""
DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
}
MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}


def details(ctx: ToolContext, visits: Iterable[Appointment]) -> TextWanted:
    told = "; ".join(_line(ctx, visit) for visit in visits)
    sent, not_sent = ctx.speak("text.sent"), ctx.speak("text.not_sent")
    return _to_caller(ctx, "visit_details", {"visits": told}, told=sent, not_told=not_sent)


def rescheduled(ctx: ToolContext, visit: Appointment, slot: Slot) -> TextWanted:
    values = {
        "about": telling.visit_title(ctx, visit),
        "window": window(slot.window_start, slot.window_end, slot.zone, ctx.lang),
    }
    return _to_caller(ctx, "rescheduled", values, told=ctx.speak("text.confirmation"))


def canceled(ctx: ToolContext, visit: Appointment) -> TextWanted:
    return _to_caller(ctx, "canceled", {"visit": _line(ctx, visit)}, told=ctx.speak("text.confirmation"))


def completed(ctx: ToolContext, job: Job) -> tuple[TextWanted, ...]:
    """The customer's summary with the way to the invoice; nothing where the job names nobody."""
    number = telling.job_number(job)
    return _to_customer(ctx, job, "completed", {"about": telling.job_title(job), "work_order": number})


def running_late(ctx: ToolContext, job: Job, minutes: int) -> tuple[TextWanted, ...]:
    technician = ctx.grant.technician
    values = {
        "about": telling.job_title(job),
        "minutes": str(minutes),
        "technician": technician.first_name if technician else "",
    }
    return _to_customer(ctx, job, "running_late", values, not_told=ctx.speak("text.customer_not_told"))


def window(start: datetime, end: datetime, zone: str, lang: str) -> str:
    """An arrival window for the eye: "Thu, Nov 26, 2:00-4:00 PM", "jue 26 nov, 14:00-16:00"."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    day, month = DAYS[lang][first.weekday()], MONTHS[lang][first.month - 1]
    if lang == "es":
        return f"{day} {first.day} {month}, {first:%H:%M}-{last:%H:%M}"
    half = "" if f"{first:%p}" == f"{last:%p}" else f" {first:%p}"
    return f"{day}, {month} {first.day}, {_clock(first)}{half}-{_clock(last)} {last:%p}"


def _clock(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M}"


def _line(ctx: ToolContext, visit: Appointment) -> str:
    title = telling.visit_title(ctx, visit)
    if visit.window is None:
        return ctx.speak("visit.about_unplanned", about=title)
    when = window(*visit.window, visit.zone, ctx.lang)
    address = ", ".join(part for part in (visit.place.street, visit.place.city) if part)
    return ", ".join(part for part in (title, when, address) if part)


def _to_caller(
    ctx: ToolContext, template: str, values: dict[str, str], *, told: str = "", not_told: str = ""
) -> TextWanted:
    contact = ctx.grant.contact
    return TextWanted(template, values, contact.id if contact else "", ctx.lang, told, not_told)


def _to_customer(
    ctx: ToolContext, job: Job, template: str, values: dict[str, str], *, not_told: str = ""
) -> tuple[TextWanted, ...]:
    contact = job.appointment.contact_id
    if contact is None:
        return ()
    return (TextWanted(template, values, contact, TO_OTHERS, ctx.speak("text.customer_told"), not_told),)
