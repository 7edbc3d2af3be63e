"""What stands before every page of the console: who asks, may they, did they mean to, what may a browser do with it.

A request is let in by a session cookie and, when it changes something, by the session's CSRF token and an Origin that
is this server. Nothing of the console may be framed, run inline script, or be kept by a cache.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from voice_agent.console.desk import Desk
from voice_agent.console.users import Role, Visitor
from voice_agent.errors import StoreUnavailable
from voice_agent.settings import LOOPBACK

MOST_BODY_BYTES = 32 * 1024
MOST_FIELDS = 100
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all browsers hide the origin of a post, which is checked
    "Permissions-Policy": "microphone=(), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Form = Mapping[str, str]
Page = Callable[[Request, Visitor], Awaitable[Response]]
Post = Callable[[Request, Visitor, Form], Awaitable[Response]]
Open = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """The request makes no sense or is not allowed: an HTTP status and a sentence for the person who made it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Guard:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        settings = desk.settings
        self.secure = settings.public_url.startswith("https")
        self.cookie = "__Host-console" if self.secure else "console"

    def open(self, endpoint: Open) -> Open:
        """A page for everybody: sign-in and what it is made of."""
        return self._headed(endpoint)

    def page(self, endpoint: Page, role: Role = Role.DISPATCHER) -> Open:
        """A page for those who have signed in; the others are sent to sign in, and come back to it."""

        async def guarded(request: Request) -> Response:
            visitor = await self.visitor(request)
            if visitor is None:
                if "text/html" not in request.headers.get("accept", ""):
                    raise Refused(401, "Your session has ended. Sign in again.")
                path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/console/sign-in?next={quote(path, safe='')}", 303)
            self._may(visitor, role)
            return await endpoint(request, visitor)

        return self._headed(guarded)

    def post(self, endpoint: Post, role: Role = Role.DISPATCHER) -> Open:
        """Something is to be changed: same origin, and the session's own token in the form or in `X-CSRF`."""

        async def guarded(request: Request) -> Response:
            self.same_origin(request)
            visitor = await self.visitor(request)
            if visitor is None:
                raise Refused(401, "Your session has ended. Sign in again.")
            form = await read_form(request)
            given = request.headers.get("x-csrf") or form.get("csrf", "")
            if not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
                raise Refused(403, "This form is out of date. Load the page again and repeat what you did.")
            self._may(visitor, role)
            return await endpoint(request, visitor, form)

        return self._headed(guarded)

    async def visitor(self, request: Request) -> Visitor | None:
        token = request.cookies.get(self.cookie, "")
        return await self._desk.users.visitor(token) if token else None

    def signed_in(self, response: Response, token: str) -> Response:
        """The session's cookie: not for scripts, not sent along by other sites' posts, gone with the browser."""
        response.set_cookie(self.cookie, token, path="/", httponly=True, samesite="lax", secure=self.secure)
        return response

    def signed_out(self, response: Response) -> Response:
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="lax", secure=self.secure)
        return response

    def same_origin(self, request: Request) -> None:
        """Browsers name the origin of every post; one that is not ours, or says cross-site, is another site's."""
        origin = request.headers.get("origin", "")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if (origin and urlsplit(origin).netloc != request.headers.get("host", "")) or site == "cross-site":
            raise Refused(403, "This request came from another site.")

    @staticmethod
    def _may(visitor: Visitor, role: Role) -> None:
        if visitor.user.role < role:
            raise Refused(403, f"This is for {role.word}s. Your account is a {visitor.user.role.word}'s.")

    def _headed(self, endpoint: Open) -> Open:
        desk = self._desk

        async def headed(request: Request) -> Response:
            if desk.settings.demo and request.url.hostname not in LOOPBACK:
                answer = Response("not found", 404)  # a foreign name for this machine is another site reaching in
            else:
                try:
                    answer = await endpoint(request)
                except Refused as refused:
                    answer = await self._refusal(request, refused.status, str(refused))
                except StoreUnavailable:
                    answer = await self._refusal(request, 503, "The database does not answer. Nothing was changed.")
            for name, value in HEADERS.items():
                answer.headers.setdefault(name, value)
            if self.secure:
                answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            return answer

        return headed

    async def _refusal(self, request: Request, status: int, reason: str) -> Response:
        return self._desk.refusal(request, status, reason)


async def read_form(request: Request) -> dict[str, str]:
    """A small urlencoded form; the last value of a name counts. Refused when it is large or something else."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise Refused(415, "A form is wanted.")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BODY_BYTES:
            raise Refused(413, "That is too long.")
    try:
        fields: dict[str, Any] = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnicodeDecodeError, ValueError):
        raise Refused(400, "That form cannot be read.") from None
    return {name: values[-1] for name, values in fields.items()}
