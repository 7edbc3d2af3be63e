"""Writes the summary of a call by rules, from its journal alone: also for a call that only the store still knows.

Nothing is asked of anybody and nothing waits, so that it stands before the caller is in the queue. What the caller or
a record said is quoted under that source; only the server's own entries become `verified` or `agent`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from voice_agent.handoff.steps import suggested
from voice_agent.handoff.story import Act, Entry, Heard, Story, final, read
from voice_agent.handoff.summary import Line, Section, Source, Summary, quoted, spoken
from voice_agent.handoff.words import REASONS, TEXTS, WISHES, act_name, said

MOST_VISITS = 3
MOST_WISHES = 3
MOST_HEARD = 6
MOST_NAME = 60
MOST_READ_BACK = 400
"""Characters; as long as a read-back gets."""
UNSETTLED = {
    "unknown": "unknown", "queued": "unknown",
    "approval": "approval", "awaiting_approval": "approval", "pending": "approval",
}  # fmt: skip
"""Status of a write in the journal, and the words for it."""
READS = frozenset({"eta", "my_visits", "free_slots", "my_day", "find_job", "job_details", "part_stock"})


def summarise(entries: Sequence[Entry], lang: str = "en") -> Summary:
    """The summary of the call whose journal this is; `lang` is that of the reader, the spoken form is in all."""
    lang = lang if lang in TEXTS else "en"
    story = read(entries)
    share = story.confidence.get("probability") if story.confidence is not None else None
    lines = {each: _lines(story, each) for each in TEXTS}
    name = quoted(str(story.identified.get("name", "")), MOST_NAME)[1:-1]
    return Summary(
        call_sid=story.call_sid,
        lang=lang,
        caller=name,
        level=story.level,
        reason=story.reason,
        caller_lang=story.caller_lang,
        urgency=story.urgency,
        confidence=None if share is None else float(share),
        lines=lines[lang],
        speech={each: spoken(told, name, story.level, each) for each, told in lines.items()},
    )


def _lines(story: Story, lang: str) -> tuple[Line, ...]:
    return (
        *_danger(story, lang),
        *_who(story, lang),
        *_wants(story, lang),
        *_acts(story, lang),
        *suggested(story, lang),
        *_record(story, lang),
        *_confidence(story, lang),
        *_heard(story, lang),
    )


def _danger(story: Story, lang: str) -> Iterator[Line]:
    hazard = story.hazard.replace("_", " ")
    if story.urgency != "routine" and hazard:
        key = "danger" if story.urgency == "life_safety" else "danger.urgent"
        yield Line(
            Section.DANGER, Source.CALLER, said(lang, key, hazard=hazard, words=quoted(story.hazard_words)),
            said(lang, f"{key}.brief", hazard=hazard),
        )  # fmt: skip
    for guided in story.guided:
        yield Line(Section.DANGER, Source.AGENT, said(lang, "danger.guided", hazard=guided.replace("_", " ")))
    if story.recorded:
        yield Line(Section.DANGER, Source.AGENT, said(lang, "danger.recorded", note=story.recorded))
    elif story.guided:
        text = said(lang, "danger.unrecorded")
        yield Line(Section.DANGER, Source.NOT_DONE, text, said(lang, "danger.unrecorded.brief"))
    if story.feeling:
        feeling = TEXTS[lang][story.feeling]
        yield Line(
            Section.DANGER, Source.CALLER, said(lang, "distress", feeling=feeling, words=quoted(story.feeling_words)),
            said(lang, "distress.brief", feeling=feeling),
        )  # fmt: skip


def _who(story: Story, lang: str) -> Iterator[Line]:
    known = story.identified
    name, account = str(known.get("name", "")), str(known.get("account", ""))
    of = f", {quoted(account, MOST_NAME)}" if account and account != name else ""
    holes = {"name": quoted(name, MOST_NAME), "account": of}
    technician = bool(known.get("technician"))
    match (bool(name), story.level):
        case (True, 0):
            yield Line(Section.WHO, Source.RECORD, said(lang, "who.claimed" if technician else "who.number", **holes))
        case (True, 1):
            yield Line(Section.WHO, Source.VERIFIED, said(lang, "who.matched", **holes))
        case (True, _):
            key = "who.technician" if technician else "who.proven"
            yield Line(Section.WHO, Source.VERIFIED, said(lang, key, **holes))
        case _:
            yield Line(Section.WHO, Source.RECORD, said(lang, "who.unknown"))
    if story.refused:
        yield Line(Section.WHO, Source.VERIFIED, said(lang, "who.refused", times=str(story.refused)))
    if story.reason:
        reason = REASONS[lang].get(story.reason, story.reason.replace("_", " "))
        yield Line(Section.WHO, Source.AGENT, said(lang, "who.reason", reason=reason, line=story.line))
    if story.caller_lang != lang:
        language = TEXTS[lang].get(f"lang.{story.caller_lang}", story.caller_lang)
        brief = said(lang, "who.language.brief", language=language)
        yield Line(Section.WHO, Source.AGENT, said(lang, "who.language", language=language), brief)


def _wants(story: Story, lang: str) -> Iterator[Line]:
    wishes = list(story.wishes.items())[-MOST_WISHES:]
    for n, (intent, words) in enumerate(wishes, 1):
        wish = WISHES[lang].get(intent, intent.replace("_", " "))
        brief = said(lang, "wants.brief", wish=wish) if n == len(wishes) else ""
        yield Line(Section.WANTS, Source.CALLER, said(lang, "wants", wish=wish, words=quoted(words)), brief)
    if not wishes:
        if story.asked_person:
            yield Line(Section.WANTS, Source.CALLER, said(lang, "wants.person"), said(lang, "wants.person.brief"))
        elif story.urgency != "life_safety":
            brief = said(lang, "wants.unknown.brief")
            yield Line(Section.WANTS, Source.NOT_DONE, said(lang, "wants.unknown"), brief)


def _acts(story: Story, lang: str) -> Iterator[Line]:
    told: set[str] = set()
    for act in final(story):
        name = act_name(act.tool, lang)
        match act.status:
            case "applied":
                yield Line(Section.DONE, Source.AGENT, said(lang, "done", act=name), said(lang, "done.brief", act=name))
                yield from _read_back(Section.DONE, act, lang)
            case status if status in UNSETTLED:
                key = f"pending.{UNSETTLED[status]}"
                text, brief = said(lang, key, act=name), said(lang, f"{key}.brief", act=name)
                yield Line(Section.PENDING, Source.AGENT, text, brief)
                yield from _read_back(Section.PENDING, act, lang)
            case "found" if act.tool in READS and act.tool not in told:
                told.add(act.tool)
                yield Line(Section.DONE, Source.AGENT, said(lang, "told", act=name))
            case _ if (why := _why(act, lang)) is not None:
                text = said(lang, "not_done", act=name, why=why[0])
                yield Line(Section.NOT_DONE, Source.NOT_DONE, text, said(lang, "not_done.brief", act=name, why=why[1]))
                yield from _read_back(Section.NOT_DONE, act, lang)
            case _:
                pass


def _read_back(section: Section, act: Act, lang: str) -> Iterator[Line]:
    """What was put before the caller. It holds free words of records and callers, so that nobody vouches for it."""
    if act.read_back:
        words = quoted(_statement(act.read_back), MOST_READ_BACK)
        yield Line(section, Source.RECORD, said(lang, "read_back", words=words))


def _why(act: Act, lang: str) -> tuple[str, str] | None:
    """Why it was not done, for the eye and for the ear."""
    words = TEXTS[lang]
    match act.status:
        case "unanswered":
            key = "why.unanswered" if act.read_back else "why.unanswered_tool"
            return words[key], words[key]
        case "not_confirmed" | "expired" | "not_applied":
            return words[f"why.{act.status}"], words[f"why.{act.status}"]
        case "refused" | "failed":
            note = words[f"why.{act.status}"].replace("{note}", quoted(act.why)) if act.why else ""
            return note or words[f"why.{act.status}.brief"], words[f"why.{act.status}.brief"]
        case "proof_needed":
            return words["why.proof"], words["why.proof"]
        case _:
            return None


def _statement(read_back: str) -> str:
    """The sentences of a read-back without its question and the words on how to answer it."""
    end = read_back.find("?")
    before = read_back if end < 0 else read_back[: read_back.rfind(".", 0, end) + 1]
    return before.strip() or read_back


def _record(story: Story, lang: str) -> Iterator[Line]:
    for visit in list(story.identified.get("visits") or ())[:MOST_VISITS]:
        when = str(visit.get("when") or "")
        holes = {"number": str(visit.get("number", "")), "status": str(visit.get("status", ""))}
        text = said(lang, "record.visit", when=f", {when}" if when else "", words=quoted(str(visit.get("about", ""))),
                    **holes)  # fmt: skip
        yield Line(Section.RECORD, Source.RECORD, text)


def _confidence(story: Story, lang: str) -> Iterator[Line]:
    if story.confidence is None:
        return
    share = str(round(100 * float(story.confidence.get("probability", 0.0))))
    reasons = ", ".join(str(reason).replace("_", " ") for reason in story.confidence.get("reasons") or ())
    key = "confidence" if reasons else "confidence.plain"
    yield Line(Section.CONFIDENCE, Source.AGENT, said(lang, key, share=share, reasons=reasons))


def _heard(story: Story, lang: str) -> Iterator[Line]:
    rows: list[Heard] = []
    for words in story.heard:
        if words.kind == "keys" and rows and rows[-1].kind == "keys":
            rows[-1] = replace(rows[-1], text=f"{rows[-1].text} {words.text}")
        elif words.text.strip() and not words.text.startswith("(pressed"):
            rows.append(words)
    for words in rows[-MOST_HEARD:]:
        text = said(lang, f"heard.{words.kind}", words=quoted(words.text), keys=words.text)
        yield Line(Section.HEARD, words.source, text)
