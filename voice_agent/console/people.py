"""Waiting callers: who they are, what the agent knows of their call, and what a dispatcher can do for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voice_agent.console.acts import done, note
from voice_agent.console.desk import Desk
from voice_agent.console.folding import fold
from voice_agent.console.guard import Form, Guard, Refused
from voice_agent.console.prospects import ahead, became, tries
from voice_agent.console.rendering import render
from voice_agent.console.users import User, Visitor
from voice_agent.handoff.dispatch import Told
from voice_agent.handoff.lately import Ended
from voice_agent.handoff.outcomes import State, Step, Waiting
from voice_agent.handoff.workers import Worker
from voice_agent.orders import Order

WHY = {
    "gone": "The caller does not wait any more.",
    "taken": "Somebody else has this caller already.",
    "not_dialable": "Your phone cannot be rung: it is no ordinary number of an allowed country.",
    "unreachable": "The telephone network refused to ring your phone. Try again.",
    "unsaved": "The database does not answer. Nothing was done; the caller still waits.",
    "": "That did not work.",
}
SECTIONS = ("danger", "who", "wants", "done", "not done", "pending", "record", "next", "confidence", "heard")
TITLES = {
    "danger": "Danger",
    "who": "Who",
    "wants": "Wants",
    "done": "Done",
    "not done": "Not done",
    "pending": "Pending",
    "record": "On record",
    "next": "Suggested",
    "confidence": "How sure",
    "heard": "Last words",
}
STEPS = {
    Step.ASKED: "calling",
    Step.RINGING: "rings",
    Step.ANSWERED: "hears the summary",
    Step.ACCEPTED: "accepted",
    Step.JOINING: "is being joined",
    Step.BRIDGED: "talks",
    Step.OVER: "over",
}


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def show(request: Request, visitor: Visitor) -> Response:
        return desk.page(request, visitor, "queue.html", title="Queue", queue=await queue(desk, visitor.user))

    async def accept(request: Request, visitor: Visitor, form: Form) -> Response:
        """Ring my phone, and join us when I press 1."""
        sid, user = request.path_params["sid"], visitor.user
        phone = _phone(user, form)
        told = await desk.dispatch.accept(sid, user.name, phone)
        return await answered(request, user, "accept", sid, told, "Your phone rings. Press 1 to take the caller.")

    async def decline(request: Request, visitor: Visitor, form: Form) -> Response:
        sid, user = request.path_params["sid"], visitor.user
        told = await desk.dispatch.decline(sid, user.name)
        return await answered(request, user, "decline", sid, told, "Declined; others are tried.")

    async def call_back(request: Request, visitor: Visitor, form: Form) -> Response:
        sid, user = request.path_params["sid"], visitor.user
        told = await desk.dispatch.promise_call_back(sid, user.name)
        return await answered(request, user, "call_back", sid, told, "The caller is told that somebody calls back.")

    async def take_over(request: Request, visitor: Visitor, form: Form) -> Response:
        """My phone rings at once, and the agent says goodbye meanwhile."""
        sid, user = request.path_params["sid"], visitor.user
        view = desk.watch.calls.get(sid)
        if view is None and (kept := await desk.source.call(sid)) is not None:
            view = fold(kept)
        if view is None or not view.live:
            raise Refused(409, "The call is over.")
        if view.state in ("waiting", "person"):
            return await accept(request, visitor, form)
        phone = _phone(user, form)
        told = await desk.dispatch.take_over(sid, user.name, phone, line=view.line, number=view.number)
        if told.done:
            await desk.orders.give(Order(sid, "take_over", "", user.name))
        return await answered(request, user, "take_over", sid, told, "Your phone rings; the agent hands over.")

    async def answered(request: Request, user: User, act: str, sid: str, told: Told, sentence: str) -> Response:
        await note(desk, user.name, act, sid, facts={"done": told.done, "why": told.why})
        if not told.done:
            raise Refused(409, WHY[told.why])
        return done(request, sentence, sid)

    def _phone(user: User, form: Form) -> str:
        if not (phone := form.get("phone", "").replace(" ", "") or user.phone):
            raise Refused(409, "Say first where you are to be rung: the menu at the top right has a field for it.")
        return phone

    return [
        Route("/console/queue", guard.page(show)),
        Route("/console/queue/{sid}/accept", guard.post(accept), methods=["POST"]),
        Route("/console/queue/{sid}/decline", guard.post(decline), methods=["POST"]),
        Route("/console/queue/{sid}/call-back", guard.post(call_back), methods=["POST"]),
        Route("/console/calls/{sid}/take-over", guard.post(take_over), methods=["POST"]),
    ]


async def queue(desk: Desk, user: User, csrf: str = "") -> str:
    """The list of waiting callers as markup, the urgent first."""
    waiting = await desk.board.waiting()
    cards = [card(each, user, ahead(each, desk.dispatch.target_of(each))) for each in waiting]
    ended = [past(each) for each in await desk.board.ended()]
    values = {
        "cards": cards,
        "ended": ended,
        "workers": [worker(each, waiting) for each in await desk.board.workers()],
        "demo": desk.settings.demo,
        "csrf": csrf,
    }
    return render("queue/list.html", values)


def worker(one: Worker, waiting: Sequence[Waiting]) -> dict[str, Any]:
    """A worker of TaskRouter, with the caller for whom their phone rings or with whom they talk."""
    tries = [
        (each, attempt) for each in waiting for attempt in each.attempts if attempt.open and attempt.by == one.name
    ]
    return {
        "name": one.name,
        "activity": one.activity,
        "tone": "good" if one.available else "",
        "since": one.since,
        "with": [f"{STEPS[attempt.step]}: {named(each)}" for each, attempt in tries],
    }


def past(ended: Ended) -> dict[str, Any]:
    """One wait that is over."""
    waiting = ended.waiting
    return {
        "sid": waiting.call_sid,
        "name": named(waiting),
        "number": waiting.number,
        "entered": waiting.entered,
        "reason": waiting.reason,
        "became": became(ended),
        "tried": tries(waiting),
        "groups": groups(waiting),
    }


def groups(waiting: Waiting) -> list[tuple[str, str, list[Any]]]:
    """The summary's lines as (title, section, lines), in the order in which they are read."""
    lines = waiting.summary.get("lines") or ()
    found = {section: [line for line in lines if line.get("section") == section] for section in SECTIONS}
    return [(TITLES[section], section, here) for section, here in found.items() if here]


def named(waiting: Waiting) -> str:
    return waiting.name or waiting.summary.get("caller") or "Unknown caller"


def card(waiting: Waiting, user: User, comes: str) -> dict[str, Any]:
    """One waiting caller, as the template wants them; `comes` is what happens next by itself."""
    trying = waiting.trying
    mine = any(each.open and each.by == user.name for each in waiting.attempts)
    return {
        "sid": waiting.call_sid,
        "name": named(waiting),
        "number": waiting.number,
        "line": waiting.line,
        "lang": waiting.lang,
        "level": waiting.summary.get("level"),
        "since": waiting.entered,
        "position": waiting.position,
        "reason": waiting.reason,
        "urgent": waiting.urgent,
        "state": waiting.state.value,
        "free": waiting.state in (State.WAITING, State.EXPECTED),
        "mine": mine,
        "trying": f"{trying.by}: {STEPS[trying.step]}" if trying is not None else "",
        "tried": tries(waiting),
        "ahead": comes,
        "worded": waiting.summary.get("worded", ""),
        "groups": groups(waiting),
    }
