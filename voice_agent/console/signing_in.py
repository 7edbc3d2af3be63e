"""Signing in and out, by password; where OpenID Connect is set up the page offers that too."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent.console.desk import THEMES, Desk
from voice_agent.console.guard import Form, Guard, read_form
from voice_agent.console.places import HOME, inside
from voice_agent.console.rendering import render
from voice_agent.console.users import LockedOut, Visitor

WRONG = "The name or the password is wrong."


def routes(desk: Desk, guard: Guard, demo_user: tuple[str, str] | None) -> list[BaseRoute]:
    """`demo_user` is (name, password), filled in on the demo's page."""

    async def show(request: Request) -> Response:
        if await guard.visitor(request) is not None:
            return RedirectResponse(inside(request.query_params.get("next", "")), 303)
        return page(request)

    def page(request: Request, *, status: int = 200, wrong: str = "", name: str = "", wanted: str = "") -> Response:
        values = {
            **desk.frame(request),
            "wrong": wrong,
            "name": name or (demo_user[0] if demo_user else ""),
            "password": demo_user[1] if demo_user else "",
            "next": wanted or request.query_params.get("next", ""),
            "openid": bool(desk.settings.console_oidc_issuer),
        }
        return HTMLResponse(render("sign_in.html", values), status)

    async def sign_in(request: Request) -> Response:
        guard.same_origin(request)
        form = await read_form(request)
        name, wanted = form.get("name", ""), form.get("next", "")
        address = request.client.host if request.client is not None else ""
        try:
            token = await desk.users.sign_in(name, form.get("password", ""), address)
        except LockedOut as locked:
            minutes = max(1, round(locked.seconds / 60))
            wrong = f"Too many failed attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
            return page(request, status=429, wrong=wrong, name=name, wanted=wanted)
        if token is None:
            return page(request, status=403, wrong=WRONG, name=name, wanted=wanted)
        return guard.signed_in(RedirectResponse(inside(wanted), 303), token)

    async def sign_out(request: Request, visitor: Visitor, form: Form) -> Response:
        await desk.users.sign_out(visitor.token)
        return guard.signed_out(RedirectResponse("/console/sign-in", 303))

    async def theme(request: Request, visitor: Visitor, form: Form) -> Response:
        chosen = form.get("theme", "auto")
        answer = RedirectResponse(inside(form.get("next", "")), 303)
        if chosen in THEMES:
            answer.set_cookie("theme", chosen, max_age=365 * 86400, path="/console", samesite="lax", httponly=True)
        return answer

    async def home(request: Request) -> Response:
        return RedirectResponse(HOME, 303)

    return [
        Route("/console", guard.open(home)),
        Route("/console/", guard.open(home)),
        Route("/console/sign-in", guard.open(show), methods=["GET"]),
        Route("/console/sign-in", guard.open(sign_in), methods=["POST"]),
        Route("/console/sign-out", guard.post(sign_out), methods=["POST"]),
        Route("/console/theme", guard.post(theme), methods=["POST"]),
    ]
