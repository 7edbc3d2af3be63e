"""Gives each scripted conversation its caller, job, parts and words out of one org's facts."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.campaign import wording
from tests.campaign.conversations import Conversation, Manners
from tests.campaign.facts import Customer, Facts, Job, Part, Visit

SHORTER = re.compile(r"\s+\d.*$")
MOST_USED = 3


@dataclass(frozen=True, slots=True)
class Used:
    """A part and how many of it; `wrongly` is how many the caller says by mistake."""

    part: Part
    quantity: int
    wrongly: int


@dataclass
class Case:
    """One conversation on one org: who calls and all that is true of them. `chosen` is filled while they talk."""

    conversation: Conversation
    manners: Manners
    facts: Facts
    number: str
    job: Job | None
    wrong_job: str
    used: tuple[Used, ...]
    customer: Customer | None
    visit: Visit | None
    callback: str
    chosen: dict[str, Any] = field(default_factory=dict)
    doubtful: int = 0
    """Which of the parts the agent is asking about."""
    """The free time the caller picked, as the offer's row, with `start` as an aware datetime."""

    @property
    def lang(self) -> str:
        return self.conversation.lang

    def text(self, name: str) -> str:
        """Free words of the goal: the same ones for this conversation, whoever asks."""
        goal = self.conversation.goal
        choices = goal.texts.get(self.lang, {}).get(name) or goal.texts.get("en", {}).get(name, ("",))
        return choices[self.conversation.place % len(choices)]

    def fill(self, template: str, rng: random.Random, lang: str) -> str:
        """The template in `lang` with its holes filled, numbers in one of the habits people have."""

        def hole(match: re.Match[str]) -> str:
            return self._hole(match.group(1), rng, lang)

        return re.sub(r"\{(\w+)\}", hole, template)

    def _hole(self, name: str, rng: random.Random, lang: str) -> str:
        goal = self.conversation.goal
        match name:
            case "job":
                return wording.job_number(self.job.number, lang, rng) if self.job else ""
            case "wrong_job":
                return wording.job_number(self.wrong_job, lang, rng)
            case "parts":
                return self._amounts([(u.part, u.quantity) for u in self.used], rng, lang)
            case "wrong_parts":
                return self._amounts([(u.part, u.wrongly) for u in self.used], rng, lang)
            case "part":
                return self._called(self.used[self.doubtful].part, lang) if self.used else ""
            case "label":
                return self._on_the_label(lang) if self.used else ""
            case "quantity":
                return _figure(self.used[self.doubtful].quantity, rng, lang) if self.used else ""
            case "minutes":
                return _figure(goal.minutes, rng, lang) if goal.minutes else ""
            case "wrong_minutes":
                return _figure(goal.minutes + 10, rng, lang)
            case "day":
                return wording.DAYS[lang][wording.DAYS["en"].index(goal.day)] if goal.day else ""
            case "wrong_day":
                return wording.DAYS[lang][(wording.DAYS["en"].index(goal.day) + 4) % 5]
            case "status":
                return rng.choice(self.manners.status.get(goal.status, ("",)))
            case "callback":
                return wording.phone(self.callback, lang, rng)
            case "about":
                assert self.visit is not None
                return self.visit.about.lower()
            case _:
                return self.text(name)

    def _amounts(self, amounts: list[tuple[Part, int]], rng: random.Random, lang: str) -> str:
        told = []
        for part, quantity in amounts:
            name = self._called(part, lang)
            if part.unit in ("Gallon", "Litre", "Foot"):
                unit = {"Gallon": ("gallon", "galón"), "Litre": ("litre", "litro"), "Foot": ("foot", "pie")}[part.unit]
                one = unit[0] if lang == "en" else unit[1]
                many = {"foot": "feet", "galón": "galones"}.get(one, f"{one}s")
                of = "of" if lang == "en" else "de"
                amount = "un" if lang == "es" and quantity == 1 else _figure(quantity, rng, lang)
                told.append(f"{amount} {one if quantity == 1 else many} {of} {name}")
            else:
                amount = _figure(quantity, rng, lang)
                if lang == "es" and quantity == 1:
                    amount = "una" if name.split()[0].endswith("a") else "un"
                told.append(f"{amount} {wording.plural(name, quantity, lang)}")
        return (" and " if lang == "en" else " y ").join(told)

    def _on_the_label(self, lang: str) -> str:
        """The printed name, or the part number letter by letter."""
        part = self.used[self.doubtful].part
        if self.conversation.place % 2 == 0:
            return SHORTER.sub("", part.name).lower()
        return " ".join(wording.digits(c, lang) if c.isdigit() else c.lower() for c in part.code)

    def _called(self, part: Part, lang: str) -> str:
        """What people call it; in an org whose parts nobody has named here, the name on the label."""
        return self.manners.parts.get(part.name) or SHORTER.sub("", part.name).lower()


def _figure(value: int, rng: random.Random, lang: str) -> str:
    return rng.choice([str(value), wording.number(value, lang)])


def cast(conversation: Conversation, manners: Manners, facts: Facts) -> Case:
    goal, place = conversation.goal, conversation.place
    turn = place + (zlib.crc32(f"{goal.name}{conversation.persona}".encode()) % 7)
    job = facts.jobs.get(goal.job)
    wrong = next((other.number for name, other in facts.jobs.items() if name not in (goal.job, "done")), "")
    pools: dict[str, tuple[Customer, ...]] = {
        "planned": facts.planned, "several": facts.several, "on_the_way": facts.on_the_way, "first": facts.planned[:1],
    }  # fmt: skip
    pool = pools.get(goal.who)
    customer = pool[turn % len(pool)] if pool else None
    numbers = {"lead": facts.lead, "stranger": facts.stranger}
    visit = customer.visits[place % len(customer.visits)] if customer else None
    return Case(
        conversation=conversation,
        manners=manners,
        facts=facts,
        number=customer.number if customer else numbers[goal.who],
        job=job,
        wrong_job=wrong,
        used=_used(goal.parts, turn, facts.warehouse if "source" in goal.tells else facts.van),
        customer=customer,
        visit=visit,
        callback="7735550188",
    )


def _used(count: int, turn: int, stock: tuple[Part, ...]) -> tuple[Used, ...]:
    """Parts of which there are enough, also for the number said by mistake."""
    ample = [part for part in stock if part.on_hand >= 2]
    chosen = [ample[(turn + 3 * n) % len(ample)] for n in range(count)]
    used = []
    for n, part in enumerate(chosen):
        quantity = (turn + n) % min(MOST_USED, int(part.on_hand) - 1) + 1
        used.append(Used(part, quantity, quantity + 1))
    return tuple(used)


# -- what a caller listens for in the agent's words -----------------------------------------------------------------

STATUS_TOLD = {
    "en_route": r"on the way|en camino",
    "on_site": r"on site|en el lugar",
    "in_progress": r"in progress|en curso",
    "paused": r"paused|en pausa",
    "completed": r"(?<!be )completed|completad[oa]",
    "cannot_complete": r"cannot be completed|no se puede completar|sin poder completarse",
}
KEPT = 0.6
"""Share of one's own telling words that a read-back of free words must hold for a caller to let it pass."""
BACK_TO_THIS = ("number you re calling from", "numero desde el que llama")


def told(case: Case, what: str, text: str, lang: str) -> bool:
    """Do the agent's words hold `what` the caller means?"""
    return CHECKS[what](case, text, lang)


def _job(case: Case, text: str, lang: str) -> bool:
    return case.job is not None and wording.says_number(text, case.job.number, lang)


def _status(case: Case, text: str, lang: str) -> bool:
    wanted = case.conversation.goal.status
    others = [pattern for status, pattern in STATUS_TOLD.items() if status != wanted]
    if re.search("|".join(others), text, re.I) or not re.search(STATUS_TOLD[wanted], text, re.I):
        return False
    return bool(case.used) or not any(_named(_label(part), wording.plain(text)) for part in case.facts.van)


def _parts(case: Case, text: str, lang: str) -> bool:
    """Every part in its number, and none that was not meant."""
    said = wording.plain(text)
    for use in case.used:
        name = _label(use.part)
        if not _counted(use, name, said, lang):
            return False
    meant = {_label(use.part) for use in case.used}
    stock = {_label(part) for part in (*case.facts.van, *case.facts.warehouse)}
    return not any(_named(name, said) for name in stock - meant)


def _counted(use: Used, name: str, said: str, lang: str) -> bool:
    words = wording.plain(wording.number(use.quantity, lang)).strip()
    if lang == "es" and use.quantity == 1:
        words = "(?:un|una|uno)"
    stem = _stem(name)
    return re.search(rf" {words} (?:\w+ ){{0,4}}?{stem}", said) is not None


def _named(name: str, said: str) -> bool:
    return re.search(rf" {_stem(name)}", said) is not None


def _stem(name: str) -> str:
    return re.escape(wording.plain(name).strip()).replace(r"\ ", " ")


def _label(part: Part) -> str:
    """The words of its name; sizes and type letters are spoken in too many ways."""
    return " ".join(word for word in wording.plain(part.name).split() if word.isalpha() and len(word) > 1)


def _minutes(case: Case, text: str, lang: str) -> bool:
    return f" {wording.plain(wording.number(case.conversation.goal.minutes, lang)).strip()} " in wording.plain(text)


def _free(name: str) -> Callable[[Case, str, str], bool]:
    return lambda case, text, lang: wording.share_kept(case.text(name), text) >= KEPT


def _number(case: Case, text: str, lang: str) -> bool:
    """The number asked for, or the one called from when that is what the caller answers."""
    if "ask.callback" in case.conversation.goal.says.get(case.lang, {}):
        return wording.says_number(text, case.callback, lang)
    return any(words in wording.plain(text) for words in BACK_TO_THIS)


def _slot(case: Case, text: str, lang: str) -> bool:
    """The time that was chosen; it may be told in another language than it was offered in."""
    if not case.chosen:
        return False
    said, start = wording.plain(text), case.chosen["start"]
    if wording.plain(case.chosen["window"]) in said:
        return True
    day = wording.plain(wording.DAYS[lang][start.weekday()])
    begins = rf" (?:between|entre las?|entre el){_hour(start.hour, lang)}"
    return day in said and re.search(begins, said[said.rfind(day) :]) is not None


def _day(case: Case, text: str, lang: str) -> bool:
    return case.fill(" {day} ", random.Random(0), lang).strip() in text.lower()


def _window(case: Case, text: str, lang: str) -> bool:
    """The day and the hour at which the visit begins, as they are on record."""
    assert case.visit is not None and case.visit.start is not None
    start = case.visit.start
    said = wording.plain(text)
    day = wording.plain(wording.DAYS[lang][start.weekday()])
    near = day in said or re.search(r" (today|hoy|tomorrow|manana) ", said) is not None
    return near and re.search(_hour(start.hour, lang), said) is not None


def _hour(hour: int, lang: str) -> str:
    if hour == 12:
        return " (?:noon|mediodia|doce) "
    return " una " if lang == "es" and hour == 13 else wording.plain(wording.number(hour % 12, lang))


def _technician(case: Case, text: str, lang: str) -> bool:
    assert case.visit is not None
    return wording.plain(case.visit.technician) in wording.plain(text)


def _visit(case: Case, text: str, lang: str) -> bool:
    assert case.visit is not None
    return wording.plain(case.visit.about).strip() in wording.plain(text)


def _stock(case: Case, text: str, lang: str) -> bool:
    """How many of the part the van holds."""
    part = case.used[0].part
    held = wording.plain(wording.number(int(part.on_hand), lang)).strip()
    if lang == "es" and part.on_hand == 1:
        held = "(?:un|una|uno)"
    return re.search(rf" {held} ", wording.plain(text)) is not None and _named(_label(part), wording.plain(text))


def _source(case: Case, text: str, lang: str) -> bool:
    return "warehouse" in text.lower()


def _all_jobs(case: Case, text: str, lang: str) -> bool:
    """All the jobs of today that are still to be done."""
    return all(wording.says_number(text, job.number, lang) for name, job in case.facts.jobs.items() if name != "done")


CHECKS: dict[str, Callable[[Case, str, str], bool]] = {
    "job": _job, "status": _status, "parts": _parts, "minutes": _minutes, "note": _free("note"),
    "problem": _free("problem"), "message": _free("message"), "reason": _free("reason"), "when": _free("when"),
    "number": _number, "slot": _slot, "day": _day, "window": _window, "technician": _technician, "visit": _visit,
    "stock": _stock, "source": _source, "all_jobs": _all_jobs,
}  # fmt: skip


def starts(option: dict[str, Any], visit: Visit) -> datetime:
    """The moment at which an offered time begins."""
    assert visit.start is not None
    return datetime.fromisoformat(f"{option['date']}T{option['from']}").replace(tzinfo=visit.start.tzinfo)
