"""The phones of the people who are called, for the demo: each rings on this page until somebody answers it here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from voice_agent.console.wiring import DEMO_PHONE, DEMO_USER
from voice_agent.demo.phone.guard import carrier, surroundings, templates
from voice_agent.handoff.targets import Targets
from voice_agent.paging.on_call import OnCall
from voice_agent.paging.on_call import load as load_on_call

MOST_CLAUSES = 12
TOGETHER = ("bridged", "conference_joined")
APART = ("unbridged", "conference_left")


async def page(request: Request) -> Response:
    services, around = surroundings(request)
    on_call = load_on_call(around.settings.prompts_dir or None)
    company = services.lines.values.get("company", "")
    phones = named(services.lines.targets, on_call)
    return HTMLResponse(templates().get_template("staff.html").render(company=company, phones=phones))


async def legs(request: Request) -> Response:
    """Each phone that rings or is on: what was said to it last, and whether it is together with the caller."""
    around = carrier(request)
    calls = await around.outgoing()
    stories = await asyncio.gather(*(around.happened(call["call_sid"]) for call in calls))
    return JSONResponse([leg(call, story) for call, story in zip(calls, stories, strict=True)])


def leg(call: Mapping[str, Any], story: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    heard, together = [], False
    for happening in story:
        match happening["type"]:
            case "clause_started" if happening["text"]:
                heard.append(happening["text"])
            case kind if kind in TOGETHER:
                together = True
            case kind if kind in APART:
                together = False
    return {
        "call_sid": call["call_sid"],
        "phone": call["to"],
        "from": call["from"],
        "rings": call["status"] == "ringing",
        "waits": call["waits_for_answer"],
        "together": together,
        "heard": heard[-MOST_CLAUSES:],
    }


def named(targets: Targets, on_call: OnCall) -> dict[str, str]:
    """Number -> whose it is: hand-off targets, people on call, the console's account."""
    names: dict[str, list[str]] = {}
    for target in targets.by_name.values():
        shown = target.name.replace("_", " ").capitalize()
        for place, phone in enumerate(target.phones, 1):
            names.setdefault(phone, []).append(f"{shown} {place}" if len(target.phones) > 1 else shown)
        if target.kind == "number":
            names.setdefault(target.address, []).append(shown)
    for rung in on_call.rungs:
        for person in rung.people:
            names.setdefault(person.number, []).append(person.name)
    names.setdefault(DEMO_PHONE, []).append(f"{DEMO_USER[0].capitalize()}, at the console")
    return {number: " · ".join(dict.fromkeys(whose)) for number, whose in names.items()}
