"""Signing in with the company's own account: OpenID Connect, authorization code with PKCE.

What the browser carries between leaving and coming back is one signed cookie; the provider's answer counts only with
it. The id token is checked against the provider's published keys, for our client, with our nonce. Which role somebody
has is the provider's word too: a `roles` or `groups` claim that names `voice-agent:ROLE`. Without one nobody gets in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import jwt
import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from voice_agent.console.acts import note
from voice_agent.console.desk import Desk
from voice_agent.console.guard import Guard, Refused
from voice_agent.console.places import inside
from voice_agent.console.users import Role
from voice_agent.settings import LOOPBACK, Settings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Of keys that only the provider has; a shared secret or no signature at all is none of them."""
ASK_SECONDS = 8.0
AWAY_SECONDS = 600
LEEWAY_SECONDS = 60
KNOWN_SECONDS = 3600.0
ROLE_PREFIX = "voice-agent:"
COOKIE = "console-openid"
UNREACHABLE = "Your company's sign-in does not answer. Try again, or use a password."
NOT_OURS = "Your company's sign-in gave an answer that cannot be trusted. Try again."

log = logging.getLogger(__name__)


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    """None without CONSOLE_OIDC_ISSUER."""
    settings = desk.settings
    if not settings.console_oidc_issuer:
        return []
    provider = Provider(settings)
    back = f"{settings.public_url.rstrip('/')}/console/openid/back"
    secret = hashlib.sha256(f"openid:{settings.secret_key or settings.twilio_auth_token}".encode()).digest()

    async def leave(request: Request) -> Response:
        found = await provider.described()
        verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": settings.console_oidc_client_id,
            "redirect_uri": back,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        carried = {
            "verifier": verifier,
            "state": state,
            "nonce": nonce,
            "next": inside(request.query_params.get("next", "")),
            "exp": int(time.time()) + AWAY_SECONDS,
        }
        answer = RedirectResponse(f"{found['authorization_endpoint']}?{urlencode(asked)}", 303)
        token = jwt.encode(carried, secret, algorithm="HS256")
        answer.set_cookie(
            COOKIE, token, max_age=AWAY_SECONDS, path="/console/openid", httponly=True, samesite="lax",
            secure=guard.secure,
        )  # fmt: skip
        return answer

    async def come_back(request: Request) -> Response:
        try:
            carried = jwt.decode(request.cookies.get(COOKIE, ""), secret, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            raise Refused(400, "Signing in took too long, or began in another browser. Begin again.") from None
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        if not hmac.compare_digest(state.encode(), str(carried["state"]).encode()):
            raise Refused(400, "Signing in began in another window. Begin again.")
        if not code:
            raise Refused(403, "Your company's sign-in did not let you through.")
        claims = await provider.claims(code, str(carried["verifier"]), back, str(carried["nonce"]))
        role = role_of(claims)
        name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
        if role is None:
            raise Refused(403, "Your company's sign-in gives you no role here, such as voice-agent:dispatcher.")
        token = await desk.users.sign_in_as(f"{claims['iss']}|{claims['sub']}", name, role)
        if token is None:
            raise Refused(403, "There is an account of that name with a password, or yours is locked. Ask an admin.")
        await note(desk, name.strip().lower()[:64], "signed_in", facts={"with": "openid"})
        answer = RedirectResponse(str(carried["next"]), 303)
        answer.delete_cookie(COOKIE, path="/console/openid")
        return guard.signed_in(answer, token)

    return [
        Route("/console/openid", guard.open(leave)),
        Route("/console/openid/back", guard.open(come_back)),
    ]


class Provider:
    """What the issuer publishes about itself, read when first needed and again after an hour or for an unknown key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issuer = settings.console_oidc_issuer.rstrip("/")
        self._described: Mapping[str, Any] = {}
        self._keys: jwt.PyJWKSet | None = None
        self._read = 0.0

    async def described(self) -> Mapping[str, Any]:
        if not self._described or time.monotonic() - self._read > KNOWN_SECONDS:
            found = await self._json("GET", f"{self._issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._issuer:
                raise Refused(502, NOT_OURS)
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                place = urlsplit(str(found.get(name, "")))
                if place.scheme != "https" and not (place.scheme == "http" and place.hostname in LOOPBACK):
                    raise Refused(502, NOT_OURS)
            self._described, self._keys, self._read = found, None, time.monotonic()
        return self._described

    async def claims(self, code: str, verifier: str, back: str, nonce: str) -> Mapping[str, Any]:
        """Of the id token that the code is good for, all checks passed. Refused otherwise."""
        found = await self.described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._settings.console_oidc_client_id,
            "code_verifier": verifier,
        }
        if self._settings.console_oidc_client_secret:
            form["client_secret"] = self._settings.console_oidc_client_secret
        given = await self._json("POST", str(found["token_endpoint"]), form)
        token = str(given.get("id_token", ""))
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._settings.console_oidc_client_id,
                issuer=str(found["issuer"]),
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "sub", "nonce"]},
            )
        except jwt.PyJWTError as error:
            log.warning("an id token was refused", extra={"error": type(error).__name__})
            raise Refused(403, NOT_OURS) from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise Refused(403, NOT_OURS)
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK:
        for fresh in (False, True):
            if self._keys is None or fresh:
                self._keys = jwt.PyJWKSet.from_dict(dict(await self._json("GET", str(self._described["jwks_uri"]))))
            usable = [key for key in self._keys.keys if not kid or key.key_id == kid]
            if usable:
                return usable[0]
        raise jwt.InvalidTokenError("no such key")

    @staticmethod
    async def _json(method: str, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_SECONDS)) as http,
                http.request(method, url, data=form, allow_redirects=False) as answer,
            ):
                body = orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("the identity provider does not answer", extra={"error": type(error).__name__})
            raise Refused(502, UNREACHABLE) from None
        if answer.status != 200 or not isinstance(body, dict):
            log.warning("the identity provider refused", extra={"status": answer.status})
            raise Refused(502, UNREACHABLE)
        return body


def role_of(claims: Mapping[str, Any]) -> Role | None:
    """The highest role that the claims name, None without one."""
    named: list[str] = []
    for name in ("roles", "groups"):
        value = claims.get(name) or ()
        named += [value] if isinstance(value, str) else [str(one) for one in value]
    words = {one.removeprefix(ROLE_PREFIX) for one in named if one.startswith(ROLE_PREFIX)}
    return max((role for role in Role if role.word in words), default=None)
