"""Which of the days and times in a sentence are meant: the last word wins, and a denied day is what to avoid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from voice_agent.language.dates import DayMention, day_mentions
from voice_agent.language.identifiers import CORRECTION
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
        r" (?:any ?(?:day|time|thing|other (?:day|time)|where)?s? ?(?:is fine |works |is good |at all |of the week |next week |this week |works for me |is okay |is ok )?(?:but|except|besides|other than|excluding)|except|excluding|besides|other than|apart from|aside from"
        r"|anything but|everything but|never|avoid|skip|just not|please not|but not|as long as its not|as long as it isnt|no)(?: for| on| in| at)?(?: the)? $"
    ),
    "es": re.compile(
        r" (?:menos|excepto|salvo|que no sean?|que no este|fuera de|aparte de|evitar|evite|nunca|pero no|mientras no sean?|con tal que no sea|no sea)(?: en| por)?(?: el| los| la| las| los dias)? $"
    ),
}
_NOT = {
    "en": re.compile(
        r" (?:not|cant do|cannot do|cant make it|cant make|cant|dont do|dont want|wont do|cannot|cant be home|not available|not home|not free|im busy|unavailable|wont be home|i work|not be here|not be home|wont be here|im out|im gone)(?: it| that| there| here| home)?(?: on| for| in)?(?: the| a| my)? $"
    ),
    "es": re.compile(
        r" (?:no|no puedo|no podria|no voy a poder|no me queda|no me sirve|no estoy|no voy a estar|no estare|no quiero|trabajo|ocupad[oa]|no me conviene)(?: en| por| para)?(?: el| los| la| las)? $"
    ),
}
_NOT_AFTER = {
    "en": re.compile(
        r"^ (?:(?:is|are|was|s)? ?(?:not|no) (?:good|possible|going to work|gonna work|an option|convenient)|(?:really )?(?:doesnt|dont|wont|does not|do not|will not|didnt)(?: really)? work|(?:is|are) (?:out|bad|no good|terrible|impossible)|isnt (?:good|possible|going to work|gonna work)|arent good"
        r"|i cant|im (?:busy|working|away|out)|i have (?:a|an|to)|wont do|are out)"
    ),
    "es": re.compile(
        r"^ (?:no (?:puedo|me (?:queda|sirve|funciona|conviene|va)|podria|puede ser|estoy|va a funcionar|voy a poder|voy a estar|es posible|sirve|se puede)|es imposible|trabajo|estoy ocupad[oa]|tengo (?:trabajo|cita|que))"
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


def read(heard: Utterance, lang: Lang, now: datetime | None, taken: frozenset[int], *, bare: bool) -> Wish:
    """The day and time a sentence asks for, and what it rules out."""
    today = now.date() if now is not None else None
    days = day_mentions(heard, lang, today, taken)
    day_words = frozenset(i for mention in days for i in range(mention.first, mention.last))
    times = time_mentions(
        heard, lang, taken | day_words, bare=bare, after_day=frozenset(mention.last for mention in days)
    )
    if not days and not times:
        return Wish({}, frozenset())
    slots: dict[str, Any] = {}
    days = [d for d in days if not _since(heard, d, lang)]
    chosen_days, avoided = _sort_out(heard, lang, days)
    chosen_times, avoided_times = _sort_out(heard, lang, times)
    if avoided:
        slots["exclude"] = (
            _phrase(heard, avoided[0].first, avoided[-1].last)
            if _joined(heard, avoided)
            else heard.said(avoided[-1].first, avoided[-1].last)
        )
    elif avoided_times:
        slots["exclude"] = heard.said(avoided_times[-1].first, avoided_times[-1].last)
    if "exclude" in slots:
        slots["exclude"] = re.sub(r"^(?:the|el|la|los|las|in the|por la|en la|por las) ", "", slots["exclude"])
    _put_day(slots, heard, lang, chosen_days)
    _put_time(slots, heard, chosen_times, today)
    used = {i for m in (*days, *times) for i in range(m.first, m.last)}
    return Wish(slots, frozenset(used))


def _since(heard: Utterance, mention: DayMention, lang: Lang) -> bool:
    before = heard.before(mention.first)
    if _SINCE[lang].search(before):
        return (
            not re.search(r" from $", before)
            or not re.match(r"^ (?:to|until)\b", heard.after(mention.last))
            and mention.past
        )
    return heard.after(mention.last).startswith((" pasado ", " ago "))


def _sort_out(heard: Utterance, lang: Lang, found: list[M]) -> tuple[list[M], list[M]]:
    """The mentions that are meant, and those to avoid. The last correction wins; what is replaced is in neither."""
    meant: list[M] = []
    avoided: list[M] = []
    doubtful: list[M] = []
    for mention in found:
        before, after = heard.before(mention.first), heard.after(mention.last)
        said = heard.flat[heard.offset(mention.first) : heard.offset(mention.last)].strip()
        between = heard.flat[heard.offset(meant[-1].last) - 1 : heard.offset(mention.first)] if meant else ""
        if meant and between.strip() not in ("no", "not") and CORRECTION[lang].match(between):
            meant = [mention]
        elif meant and between.strip() == "no" and not _GENERIC.search(said):
            meant = [mention]
        elif avoided and heard.flat[heard.offset(avoided[-1].last) - 1 : heard.offset(mention.first)] in (
            " or ",
            " and ",
            " o ",
            " y ",
            " ni ",
            " nor ",
            " o los ",
            " y los ",
            " ni los ",
        ):
            avoided.append(mention)
        elif _APART[lang].search(before) and not re.search(r" (?:no|not) (?:later|earlier|before|after) $", before):
            avoided.append(mention)
        elif _NOT[lang].search(before) or _NOT_AFTER[lang].match(after):
            doubtful.append(mention)
        elif _INSTEAD[lang].search(before):
            continue
        else:
            meant.append(mention)
    if doubtful and (not meant or all(_GENERIC.search(heard.said(m.first, m.last)) for m in doubtful)):
        avoided = avoided + doubtful
    return meant, sorted(avoided, key=lambda m: m.first)


def _joined(heard: Utterance, found: list[DayMention]) -> bool:
    return all(right.first - left.last <= 2 for left, right in zip(found, found[1:], strict=False))


def _phrase(heard: Utterance, first: int, last: int) -> str:
    return heard.said(first, last)


def _put_day(slots: dict[str, Any], heard: Utterance, lang: Lang, days: list[DayMention]) -> None:
    if not days:
        return
    chosen = days[-1]
    first, day = chosen.first, chosen.day
    if len(days) > 1:
        earlier = days[-2]
        between = heard.flat[heard.offset(earlier.last) - 1 : heard.offset(chosen.first)]
        if between in (" or ", " o ", " o el "):
            first, day = earlier.first, earlier.day or day
        elif between in (" ", " the ", " on ", " el "):
            first, day = earlier.first, day or earlier.day
    phrase = re.sub(r"^the (?=day after)", "", heard.said(first, chosen.last))
    slots["date_phrase"] = phrase
    if day is not None:
        slots["date"] = day.isoformat()


def _put_time(slots: dict[str, Any], heard: Utterance, times: list[TimeMention], today: date | None) -> None:
    if not times:
        return
    clocks = [mention for mention in times if mention.clock]
    chosen = (clocks or times)[-1]
    first, last = chosen.first, chosen.last
    for mention in times:
        if mention.last == chosen.first:
            first = mention.first
        elif mention.first == chosen.last:
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
