"""What the person who takes over would best do next, by rules: the most pressing first, few enough to be read."""

from __future__ import annotations

from collections.abc import Iterator

from voice_agent.handoff.story import Act, Story, final
from voice_agent.handoff.summary import Line, Section, Source
from voice_agent.handoff.words import TEXTS, WISHES, act_name, said

MOST_STEPS = 4
WAITING = ("approval", "awaiting_approval", "pending")
UNSURE = ("unknown", "queued")
DENIED = ("not_confirmed", "unanswered", "expired")
BROKEN = ("failed", "refused", "not_applied")


def suggested(story: Story, lang: str) -> list[Line]:
    return [Line(Section.NEXT, Source.SUGGESTED, text, brief) for text, brief in list(_steps(story, lang))[:MOST_STEPS]]


def _steps(story: Story, lang: str) -> Iterator[tuple[str, str]]:
    acts = final(story)

    def step(key: str, **holes: str) -> tuple[str, str]:
        brief = said(lang, f"next.{key}.brief", **holes) if f"next.{key}.brief" in TEXTS[lang] else ""
        return said(lang, f"next.{key}", **holes), brief

    def about(act: Act) -> str:
        return act_name(act.tool, lang)

    if story.urgency == "life_safety":
        yield step("danger")
    if story.feeling:
        yield step("calm", feeling=TEXTS[lang][story.feeling])
    if story.level == 0 and story.urgency != "life_safety":
        yield step("verify")
    for act in acts:
        if act.status in UNSURE:
            yield step("settle", act=about(act))
        elif act.status in WAITING:
            yield step("approve", act=about(act))
    open_acts = [act for act in acts if act.status in BROKEN or (act.read_back and act.status in DENIED)]
    for act in open_acts[-1:]:
        yield step("by_hand" if act.status in BROKEN else "correct", act=about(act))
    if story.caller_lang != lang:
        yield step("language", language=TEXTS[lang].get(f"lang.{story.caller_lang}", story.caller_lang))
    if not story.wishes and story.urgency != "life_safety":
        yield step("ask")
    elif not open_acts and story.wishes and _still_open(story, acts):
        yield step("wish", wish=WISHES[lang].get(story.last_wish, story.last_wish.replace("_", " ")))
    elif not open_acts and story.wishes and story.urgency == "routine":
        yield step("close")


SERVED_BY = {
    "report_status": {"update_job"},
    "parts_used": {"update_job"},
    "parts_inquiry": {"part_stock", "request_part", "transfer_part"},
    "request_transfer": {"transfer_part", "request_part"},
    "running_late": {"running_late"},
    "next_job": {"job_details", "my_day", "my_visits"},
    "job_details": {"job_details", "my_visits"},
    "eta": {"eta", "job_details"},
    "reschedule": {"reschedule"},
    "cancel": {"cancel_visit"},
    "confirm": {"confirm_visit"},
    "new_problem": {"report_problem"},
    "billing_other": {"take_message"},
    "message": {"take_message", "job_note", "visit_note"},
}
"""Acts that answer a wish. One that nothing here answers is open until a person says otherwise."""


def _still_open(story: Story, acts: list[Act]) -> bool:
    served = {act.tool for act in acts if act.status in ("applied", "found")}
    return not served & SERVED_BY.get(story.last_wish, set())
