"""The job that puts a hand-over on record in the org: a Task with the summary, completed once somebody has talked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from voice_agent.errors import SalesforceTimeout
from voice_agent.handoff.outcomes import Outcome, Waiting
from voice_agent.handoff.summary import Summary
from voice_agent.handoff.waiting_room import load
from voice_agent.salesforce.activities import hand_over
from voice_agent.salesforce.plans import WritePlan
from voice_agent.settings import Settings
from voice_agent.workshop import Workshop

SUBJECTS: Mapping[str, str] = {
    Outcome.ANSWERED: "Call passed to a person",
    Outcome.ABANDONED: "Caller hung up while waiting for a person",
    Outcome.FAILED: "Caller could not be passed to a person",
    "returned": "Caller went back to the assistant while waiting for a person",
    "call_back": "Caller wants to be called back",
    "message": "Caller left a message and wants to be called back",
    "flow": "Call passed to a Studio flow",
}
SETTLED = frozenset({Outcome.ANSWERED, "returned", "flow"})
"""After these nobody in the office has anything left to do."""


async def file_hand_off(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Repeatable: the audit row's unique key makes one Task of any number of runs."""
    call_sid = str(arguments["call_sid"])
    waiting = await workshop.store.run(lambda connection: load(connection, call_sid))
    if waiting is None or waiting.round != arguments["round"]:
        return {"status": "nothing is kept of it"}  # erased meanwhile, as a person may ask
    audit = {"call_sid": call_sid, "tool": "hand_over", "request": waiting.reason, "decision": waiting.outcome}
    plan = planned(waiting, call_page(workshop.settings, call_sid))
    done = await workshop.field.commit(plan, key=f"{call_sid}:task:{waiting.round}", audit=audit)
    if done.status == "unknown":
        raise SalesforceTimeout("the task may or may not be there yet")
    return {"status": done.status, "task": done.ids.get("task", "")}


def call_page(settings: Settings, call_sid: str) -> str:
    """Where the console shows the call: what a person clicks who finds the Task, or whom a screen pop brings to it."""
    return f"{settings.public_url.rstrip('/')}/console/calls/{quote(call_sid, safe='')}"


def planned(waiting: Waiting, page: str) -> WritePlan:
    talk = next((each for each in reversed(waiting.attempts) if each.was_accepted), None)
    seconds = round((talk.ended or talk.accepted or 0.0) - (talk.accepted or 0.0)) if talk is not None else 0
    tries = ", ".join(each.outcome.value for each in waiting.attempts if each.outcome is not None)
    text = Summary.from_json(waiting.summary).as_text() if waiting.summary else "No summary was kept of this call."
    if tries:
        text += f"\n\nTries to reach a person: {tries}."
    if talk is not None:
        text += f"\nTaken by: {talk.by}."
    text += f"\n\nThe whole call: {page}"
    return hand_over(
        call_sid=waiting.call_sid,
        subject=SUBJECTS.get(waiting.outcome, "Call passed to a person"),
        text=text,
        disposition=waiting.outcome,
        seconds=max(0, seconds),
        contact_id=waiting.contact or None,
        done=waiting.outcome in SETTLED,
    )
