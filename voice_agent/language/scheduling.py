"""Which of the days and times in a sentence are meant: the last word wins, and a denied day is what to avoid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from voice_agent.language.dates import DayMention, day_mentions
from voice_agent.language.identifiers import CORRECTION, pointing_words
from voice_agent.language.numbers import Lang
from voice_agent.language.times import TimeMention, clock_text, time_mentions
from voice_agent.language.utterance import Utterance

M = TypeVar("M", DayMention, TimeMention)


@dataclass(frozen=True, slots=True)
class Wish:
    """Days and times as slots (`date_phrase date time_phrase time_from time_to exclude`) and the words they took."""

    slots: dict[str, Any]
    taken: frozenset[int]


# In front of a day or time: not this one. `apart` names what to avoid whatever else is said.
_APART = {
    "en": re.compile(
        r" (?:any ?(?:day|time|thing|other (?:day|time)|where)?s? ?(?:is fine |works |is good |at all "
        r"|of the week |next week |this week |works for me |is okay |is ok )?(?:but|except|besides|other than"
        r"|excluding)|except|excluding|besides|other than|apart from|aside from"
        r"|anything but|everything but|never|avoid|skip|just not|please not|but not|as long as its not"
        r"|as long as it isnt|no)(?: for| on| in| at)?(?: the)? $"
    ),
    "es": re.compile(
        r" (?:menos|excepto|salvo|que no sean?|que no este|fuera de|aparte de|evitar|evite|nunca|pero no"
        r"|mientras no sean?|con tal que no sea|no sea)(?: en| por)?(?: el| los| la| las| los dias)? $"
    ),
}
_NOT = {
    "en": re.compile(
        r" (?:not|cant do|cannot do|cant make it|cant make|cant|dont do|dont want|wont do|cannot|cant be home"
        r"|not available|not home|not free|im busy|unavailable|wont be home|i work|not be here|not be home"
        r"|wont be here|im out|im gone)(?: it| that| there| here| home)?(?: on| for| in)?(?: the| a| my)? $"
    ),
    "es": re.compile(
        r" (?:no|no puedo|no podria|no voy a poder|no me queda|no me sirve|no estoy|no voy a estar|no estare"
        r"|no quiero|trabajo|ocupad[oa]|no me conviene)(?: en| por| para)?(?: el| los| la| las)? $"
    ),
}
_NOT_AFTER = {
    "en": re.compile(
        r"^ (?:(?:is|are|was|s)? ?(?:not|no) (?:good|possible|going to work|gonna work|an option|convenient)"
        r"|(?:really )?(?:doesnt|dont|wont|does not|do not|will not|didnt)(?: really)? work|(?:is|are) (?:out"
        r"|bad|no good|terrible|impossible)|isnt (?:good|possible|going to work|gonna work)|arent good"
        r"|i cant|im (?:busy|working|away|out)|i have (?:a|an|to)|wont do|are out)"
    ),
    "es": re.compile(
        r"^ (?:no (?:puedo|me (?:queda|sirve|funciona|conviene|va)|podria|puede ser|estoy|va a funcionar"
        r"|voy a poder|voy a estar|es posible|sirve|se puede)|es imposible|trabajo|estoy ocupad[oa]"
        r"|tengo (?:trabajo|cita|que)|no $)"
    ),
}
_INSTEAD = {
    "en": re.compile(
        r" (?:than|instead of|rather than|in place of|moved? from|change(?:d)? from|not)(?: the| my| on| for)? $"
    ),
    "es": re.compile(r" (?:que|en vez de|en lugar de|en vez del|en lugar del)(?: el| la)? $"),
}
_SINCE = {
    "en": re.compile(r" (?:since|from|started|been out since|ever since|last)(?: like| about| early| late)? $"),
    "es": re.compile(r" (?:desde|pasado)(?: el| la)? $"),
}
_GENERIC = re.compile(r"^(?:los |las )|(?:days|mornings|afternoons|evenings|nights|weekends)$")


def read(
    heard: Utterance,
    lang: Lang,
    now: datetime | None,
    taken: frozenset[int],
    *,
    bare: bool,
    bare_by_day: bool = False,
    choosing: bool = True,
) -> Wish:
    """The day and time a sentence asks for, and what it rules out.

    `bare` takes hours without any mark for times, `bare_by_day` only beside a day; without `choosing` nothing is ruled
    out ("cancel tomorrow, I'm out").
    """
    today = now.date() if now is not None else None
    days = day_mentions(heard, lang, today, taken)
    day_words = frozenset(i for mention in days for i in range(mention.first, mention.last))
    times = time_mentions(
        heard,
        lang,
        taken | day_words | (pointing_words(heard, lang) if lang == "en" else frozenset()),
        bare=bare or (bare_by_day and bool(days)),
        after_day=frozenset(mention.last for mention in days),
    )
    if not days and not times:
        return Wish({}, frozenset())
    slots: dict[str, Any] = {}
    named = [mention for mention in days if not _since(heard, mention, lang)]
    chosen_days, avoided_days = _sort_out(heard, lang, named, choosing)
    rejected = [day for day in named if day not in chosen_days and day not in avoided_days]
    apart = [time for time in times if not any(time.first - day.last in (0, 1) for day in rejected)]
    chosen_times, avoided_times = _sort_out(heard, lang, apart or times, choosing)
    avoided: Sequence[DayMention | TimeMention] = avoided_days or avoided_times
    if choosing and avoided:
        first = avoided[0].first if _joined(avoided) else avoided[-1].first
        said = heard.said(first, avoided[-1].last)
        slots["exclude"] = re.sub(
            r"^(?:the(?! \w+(?:st|nd|rd|th)\b)|el|la|los|las|in the|por la|en la|por las) ", "", said
        )
    _put_day(slots, heard, lang, chosen_days, today)
    _put_time(slots, heard, chosen_times, today)
    spoken: Sequence[DayMention | TimeMention] = (*days, *times)
    return Wish(slots, frozenset(i for m in spoken for i in range(m.first, m.last)))


def _since(heard: Utterance, mention: DayMention, lang: Lang) -> bool:
    before = heard.before(mention.first)
    if _SINCE[lang].search(before):
        return (
            not re.search(r" from $", before)
            or not re.match(r"^ (?:to|until)\b", heard.after(mention.last))
            and mention.past
        )
    return heard.after(mention.last).startswith((" pasado ", " ago "))


_ALSO = re.compile(r"^ (?:or|and|nor|o|y|ni|e|u)(?: (?:on|the|el|los|las|la))? $")
_STATED = re.compile(r" (?:said|meant|mean|dije|digo|quise decir|quiero|want|for) (?:el |on |the )?$")


def _sort_out(heard: Utterance, lang: Lang, found: list[M], choosing: bool) -> tuple[list[M], list[M]]:
    """The mentions that are meant, and those to avoid. The last correction wins; what is replaced is in neither."""
    meant: list[M] = []
    avoided: list[M] = []
    doubtful: list[M] = []
    for mention in found:
        before, after = heard.before(mention.first), heard.after(mention.last)
        since_meant = _between(heard, meant, mention)
        if since_meant in (" no ", " not ") and _STATED.search(heard.before(meant[-1].first)):
            continue  # "I said Thursday, not Tuesday"
        if meant and (_corrects(heard, since_meant, mention, lang)):
            meant = [mention]
        elif avoided and _ALSO.match(_between(heard, avoided, mention)):
            avoided.append(mention)
        elif doubtful and _between(heard, doubtful, mention) == " no ":
            meant = [mention]
        elif _APART[lang].search(before):
            avoided.append(mention)
        elif choosing and (_NOT[lang].search(before) or _NOT_AFTER[lang].match(after)):
            if meant and _ALSO.match(since_meant):
                doubtful.append(meant.pop())
            doubtful.append(mention)
        elif not _INSTEAD[lang].search(before):
            meant.append(mention)
    if doubtful and (not meant or all(_GENERIC.search(heard.said(m.first, m.last)) for m in doubtful)):
        avoided = avoided + doubtful
    return meant, sorted(avoided, key=lambda m: m.first)


def _between(heard: Utterance, earlier: list[M], mention: M) -> str:
    """The flat words between the last of `earlier` and `mention`, spaces at both ends; "" when there is none."""
    return heard.flat[heard.offset(earlier[-1].last) - 1 : heard.offset(mention.first)] if earlier else ""


def _corrects(heard: Utterance, between: str, mention: M, lang: Lang) -> bool:
    if between == " not ":
        return False
    if between == " no ":
        return not _GENERIC.search(heard.said(mention.first, mention.last))
    return CORRECTION[lang].match(between) is not None


def _joined(found: Sequence[DayMention | TimeMention]) -> bool:
    """Only a joining word stands between one and the next."""
    return all(right.first - left.last <= 2 for left, right in zip(found, found[1:], strict=False))


_NEXT_WEEK = re.compile(
    r" (?:next week|following week|semana que viene|proxima semana|semana proxima|semana entrante) "
)
_LOOSE_OPENING = re.compile(r"^the (?=day after)")


def _put_day(slots: dict[str, Any], heard: Utterance, lang: Lang, days: list[DayMention], today: date | None) -> None:
    if not days:
        return
    chosen = days[-1]
    first, day = chosen.first, chosen.day
    if len(days) > 1:
        earlier = days[-2]
        between = _between(heard, days[:-1], chosen)
        if between in (" or ", " o ", " o el ", " or the "):
            first, day = earlier.first, earlier.day or day
        elif between in (" ", " the ", " on ", " el "):
            first, day = earlier.first, day or earlier.day
        elif between in (" and ", " y el ", " y ") and heard.before(earlier.first).endswith((" between ", " entre ")):
            first, day = earlier.first - 1, None
        elif chosen.vague and not earlier.vague:
            chosen, first, day = earlier, earlier.first, earlier.day
    if (
        day is not None
        and today is not None
        and _NEXT_WEEK.search(heard.before(chosen.first))
        and first == chosen.first
    ):
        week_end = today + timedelta(days=6 - today.weekday())
        day = day + timedelta(days=7) if today < day <= week_end else day
    slots["date_phrase"] = _LOOSE_OPENING.sub("", heard.said(first, chosen.last)).removesuffix("'s")
    if day is not None:
        slots["date"] = day.isoformat()


def _put_time(slots: dict[str, Any], heard: Utterance, times: list[TimeMention], today: date | None) -> None:
    if not times or ("exclude" in slots and all(time.start is None and time.end is None for time in times)):
        return
    clocks = [mention for mention in times if mention.clock]
    chosen = (clocks or times)[-1]
    first, last = chosen.first, chosen.last
    for mention in times:
        if mention.last == first or (
            mention.last == first - 1 and heard.plain[mention.last] in ("at", "around", "about")
        ):
            first = mention.first
        elif mention.first == last:
            last = mention.last
    start, end = chosen.start, chosen.end
    if len(clocks) >= 2 and clocks[-2].start is not None and clocks[-2].end is None and chosen.start is None:
        start, first = clocks[-2].start, clocks[-2].first  # "after nine but before noon"
    slots["time_phrase"] = heard.said(first, last)
    if start is not None:
        slots["time_from"] = clock_text(start)
    if end is not None:
        slots["time_to"] = clock_text(end)
    if (
        any(mention.today for mention in times)
        and "date" not in slots
        and "date_phrase" not in slots
        and today is not None
    ):
        slots["date"] = today.isoformat()
