"""The page of settings: phase, pilot, texts, lines and figures for supervisors; accounts and keys for admins."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent import audit, overrides
from voice_agent.audit import Entry
from voice_agent.console import users
from voice_agent.console.acts import note
from voice_agent.console.desk import Desk
from voice_agent.console.guard import Form, Guard, Refused
from voice_agent.console.users import Role, Visitor
from voice_agent.errors import ConfigurationError
from voice_agent.settings import PHASES

PHASE_MEANS = {
    "read_only": "The agent answers and looks things up. It changes nothing; people do.",
    "supervised": "Every change a caller says yes to waits for a dispatcher's approval.",
    "autonomous": "Changes within the rules are made at once; the others wait for approval.",
}
FIGURES = {
    "slow_ms": ("An answer is slow from", "ms"),
    "minute_cost": ("A minute on the line costs", "$"),
    "prompt_cost": ("A million prompt tokens cost", "$"),
    "completion_cost": ("A million completion tokens cost", "$"),
}
SHOWN_ACTS = 60


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def show(request: Request, visitor: Visitor, **more: Any) -> Response:
        admin = visitor.user.role >= Role.ADMIN
        newest = await desk.store.look(lambda c: audit.newest(c, 400))
        return desk.page(
            request,
            visitor,
            "settings.html",
            title="Settings",
            now=desk.overrides.current,
            configured=desk.overrides.configured,
            phases=PHASES,
            means=PHASE_MEANS,
            figures=FIGURES,
            territories=await desk.territories.names(),
            lines=desk.lines.lines,
            accounts=await desk.users.all() if admin else [],
            keys=await desk.tokens.all() if admin else [],
            roles=list(Role),
            acts=[entry for entry in newest if _of_a_person(entry)][:SHOWN_ACTS],
            **{"made": None, "wrong": "", **more},
        )

    async def change(request: Request, visitor: Visitor, form: Form) -> Response:
        """One setting; `confirm` must say yes where the change reaches callers."""
        name = form.get("name", "")
        try:
            value = _value(name, form, [line.name for line in desk.lines.lines])
            if value is not None:
                overrides.parsed(name, value)
        except ValueError as error:
            raise Refused(400, str(error)) from None
        if name in ("phase", "sends", "pilot", "lines_off") and form.get("confirm") != "yes":
            raise Refused(400, "This changes what callers get. Confirm it first.")
        before = getattr(desk.overrides.current, name)
        facts = {
            "act": "setting",
            "by": visitor.user.name,
            "setting": name,
            "from": _plain(before),
            "to": _plain(value),
        }

        def both(connection: Any) -> None:
            overrides.write(connection, name, value, visitor.user.name)
            desk.audit.append(connection, Entry("console", "", facts), wall=desk.wall())

        await desk.store.run(both)
        await desk.overrides.look()
        return _answer(request, "Changed. Every server has it within a second.")

    async def phone(request: Request, visitor: Visitor, form: Form) -> Response:
        """Where I am rung when I accept a caller."""
        number = "".join(letter for letter in form.get("phone", "") if letter.isdigit() or letter == "+")
        if number and not (number.startswith("+") and 8 <= len(number) <= 16):
            raise Refused(400, "Write the number with its country code, as +1 312 555 0142.")
        await desk.users.ring_at(visitor.user.name, number)
        await note(desk, visitor.user.name, "phone")
        return _answer(request, "You are rung at that number." if number else "You are not rung.", form.get("next", ""))

    async def account(request: Request, visitor: Visitor, form: Form) -> Response:
        """A new account, or another role or lock for an old one."""
        name, role = form.get("account", "").strip().lower(), form.get("role", "")
        match form.get("act"):
            case "add":
                password = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
                try:
                    await asyncio.to_thread(users.add, desk.store, name, Role.named(role), password)
                except ConfigurationError as error:
                    raise Refused(400, str(error)) from None
                await note(desk, visitor.user.name, "account_added", facts={"account": name, "role": role})
                return await show(request, visitor, made=("password", name, password))
            case "role":
                changed = await desk.users.change(name, role=Role.named(role))
            case "lock" | "unlock" as act:
                changed = await desk.users.change(name, disabled=act == "lock")
            case _:
                raise Refused(400, "There is nothing of that name to do with an account.")
        if not changed:
            raise Refused(409, "That would leave nobody who may manage accounts, or there is no such account.")
        await note(desk, visitor.user.name, f"account_{form.get('act')}", facts={"account": name, "role": role})
        return _answer(request, "Changed; they sign in anew.")

    async def key(request: Request, visitor: Visitor, form: Form) -> Response:
        """A new key for another system, or the end of one."""
        name = form.get("key", "").strip()[:64]
        if form.get("act") == "remove":
            await desk.tokens.remove(name)
            await note(desk, visitor.user.name, "key_removed", facts={"key": name})
            return _answer(request, "That key opens nothing any more.")
        if not name:
            raise Refused(400, "Give the key a name: which system uses it?")
        made = await desk.tokens.make(name, Role.named(form.get("role", "dispatcher")), visitor.user.name)
        if made is None:
            raise Refused(409, "There is a key of that name already.")
        await note(desk, visitor.user.name, "key_made", facts={"key": name})
        return await show(request, visitor, made=("key", name, made))

    def named(post: Callable[[Request, Visitor, Form], Awaitable[Response]]) -> Any:
        async def refusing(request: Request, visitor: Visitor, form: Form) -> Response:
            try:
                return await post(request, visitor, form)
            except ConfigurationError as error:
                raise Refused(400, str(error)) from None

        return refusing

    return [
        Route("/console/settings", guard.page(show, Role.SUPERVISOR)),
        Route("/console/settings", guard.post(change, Role.SUPERVISOR), methods=["POST"]),
        Route("/console/settings/phone", guard.post(phone), methods=["POST"]),
        Route("/console/settings/account", guard.post(named(account), Role.ADMIN), methods=["POST"]),
        Route("/console/settings/key", guard.post(named(key), Role.ADMIN), methods=["POST"]),
    ]


def _value(name: str, form: Form, lines: list[str]) -> Any:
    if form.get("reset"):
        return None
    given = form.get("value", "")
    match name:
        case "phase":
            return given
        case "sends":
            return given == "on"
        case "pilot":
            return [part for part in given.split("\n") if part.strip()]
        case "lines_off":
            return [line for line in lines if form.get(f"line-{line}") != "on"]
    try:
        return float(given)
    except ValueError:
        raise ValueError("A number is wanted.") from None


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | tuple | list) else value


def _answer(request: Request, sentence: str, path: str = "") -> Response:
    if "text/html" in request.headers.get("accept", ""):
        inside = path if path.startswith("/console/") else "/console/settings"
        return RedirectResponse(inside, 303)
    return JSONResponse({"done": sentence})


def _of_a_person(entry: audit.Kept) -> bool:
    """Something somebody did here, or a word of theirs on a change."""
    return entry.kind == "console" or (entry.kind == "approval" and bool(entry.facts.get("by")))
