"""How records sound: visits, jobs and parts as words for the ear, in the caller's language and the visit's zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from voice_agent.agent.context import ToolContext
from voice_agent.language import spoken
from voice_agent.language.units import in_language
from voice_agent.salesforce.records import Appointment, Job, StockedPart
from voice_agent.salesforce.wishes import PartUse

MOST_SPOKEN_WORDS = 45
"""Free words read back to the caller are cut there; what is written is never cut."""
MOST_TITLE_WORDS = 9
_TITLE = re.compile(r"(?!.*\d{5})[\w&'’/(),\- ]{1,80}")
_STEERING = re.compile(
    r"\b(?:ignore|instructions?|system|assistant|prompt|developer|call|dial|say|tell|read|press|pin|codes?|cards?|password"
    r"|verified|transfer|cancel\w*|done|tools?|json|ignor[ae]\w*|instrucciones|sistema|diga|lea|llame|clave|tarjeta)\b",
    re.IGNORECASE,
)
"""Words by which a text asks somebody to do something; no title of a visit needs them."""
_PIECES = frozenset({"", "each", "piece", "pieces", "unit", "units", "ea"})


def sentence(text: str) -> str:
    """A capital at the front, for a phrase that begins with a hole."""
    return text[:1].upper() + text[1:]


def inline(title: str) -> str:
    """A title inside a sentence: "Flame sensor" loses its capital, "R-410A" and "AC tune-up" keep theirs."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def quoted(words: str) -> str:
    """The caller's own words inside one of our sentences: no final stop, not endless."""
    kept = words.split()
    text = " ".join(kept[:MOST_SPOKEN_WORDS]).rstrip(" .,;!?")
    return f"{text} …" if len(kept) > MOST_SPOKEN_WORDS else text


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def window(ctx: ToolContext, start: datetime, end: datetime, zone: str) -> str:
    return spoken.say_window(local(start, zone), local(end, zone), local(ctx.now, zone), lang=ctx.lang)


def visit_title(ctx: ToolContext, visit: Appointment) -> str:
    """What a visit is about, for its customer: the subject if it is a plain title, else the kind of work.

    Subjects come from web forms and e-mail, too; what reads like anything but a title is not spoken to a customer.
    """
    title = visit.subject if _plain_title(visit.subject) else ""
    return inline(title or visit.work_type) or ctx.speak("visit.unnamed")


def _plain_title(subject: str) -> bool:
    return (
        _TITLE.fullmatch(subject) is not None
        and len(subject.split()) <= MOST_TITLE_WORDS
        and _STEERING.search(subject) is None
    )


def visit_window(ctx: ToolContext, visit: Appointment) -> str | None:
    """When the visit is promised, None while nothing was."""
    return window(ctx, *visit.window, visit.zone) if visit.window else None


def visit_told(ctx: ToolContext, visit: Appointment) -> str:
    when, title = visit_window(ctx, visit), visit_title(ctx, visit)
    if when is None:
        return ctx.speak("visit.about_unplanned", about=title)
    return ctx.speak("visit.about", about=title, window=when)


def job_number(job: Job) -> str:
    """The number people use: the work order's, zeros in front left out, else the appointment's."""
    number = job.work_order.number if job.work_order else job.appointment.number
    return re.sub(r"\D", "", number).lstrip("0") or "0"


def job_short(ctx: ToolContext, job: Job) -> str:
    return ctx.speak("job.short", number=spoken.say_digits(job_number(job), lang=ctx.lang))


def job_title(job: Job) -> str:
    return (job.work_order.subject if job.work_order else "") or job.appointment.subject or job.appointment.work_type


def job_told(ctx: ToolContext, job: Job) -> str:
    title = job_title(job)
    if not title:
        return job_short(ctx, job)
    return ctx.speak("job.about", number=spoken.say_digits(job_number(job), lang=ctx.lang), about=inline(title))


def category(ctx: ToolContext, name: str) -> str:
    return ctx.speak(f"category.{name}")


def part_name(part: StockedPart) -> str:
    return inline(part.name) or part.code


def amount(ctx: ToolContext, quantity: float, part: StockedPart) -> str:
    """ "two", or "two gallons" where the part is measured: a number that stands before or for the part's name."""
    if part.unit.lower() in _PIECES:
        return spoken.say_number(int(quantity) if quantity == int(quantity) else quantity, lang=ctx.lang)
    return spoken.say_quantity(quantity, in_language(part.unit, ctx.lang), lang=ctx.lang)


def part_amount(ctx: ToolContext, quantity: float, part: StockedPart) -> str:
    """ "three flame sensors", "two gallons of refrigerant"."""
    name = part_name(part)
    if part.unit.lower() in _PIECES and ctx.lang == "en":
        if any(letter.isdigit() for letter in name):  # "run capacitor 45/5" has no plural
            return f"{amount(ctx, quantity, part)} {name}"
        return spoken.say_quantity(quantity, name, lang=ctx.lang)
    return ctx.speak("part.quantity", quantity=amount(ctx, quantity, part), part=part_name(part))


def parts_told(ctx: ToolContext, uses: Iterable[PartUse]) -> str:
    return spoken.say_list([part_amount(ctx, use.quantity, use.part) for use in uses], lang=ctx.lang)


def options(ctx: ToolContext, key: str, rows: Sequence[dict[str, str]]) -> str:
    """ "Press 1 for ... Press 2 for ...": words and keys come from one list, so that they agree."""
    return " ".join(ctx.speak(key, n=str(n), **row) for n, row in enumerate(rows, 1))


def confirm(ctx: ToolContext, *sentences: str) -> str:
    """A read-back: what would be done, whole, and then the question."""
    return " ".join([*(sentence(text) for text in sentences if text), ctx.speak("confirm.ask")])
