"""Signing in: the OAuth token endpoint's flows, SOAP login, and what a token stands for (sheet 2.2)."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import jwt

from voice_agent.demo.salesforce.access import Viewer
from voice_agent.demo.salesforce.database import Database
from voice_agent.demo.salesforce.errors import OAuthError, invalid_session
from voice_agent.demo.salesforce.org import App, Login, Org

LIFETIME_S = 2 * 3600.0
"""Idle time after which a session ends: the default of the session setting."""
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LATEST_EXPIRY_S = 3 * 60 + 60
_TOUCH_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Grant:
    """A token just given out."""

    token: str
    username: str
    user_id: str


class Sessions:
    """The tokens of an org, kept in its database so that every process knows them."""

    def __init__(self, database: Database, org: Org) -> None:
        self._database = database
        self._org = org

    # -- tokens --------------------------------------------------------------------------------------------------------

    def viewer(self, token: str, client: str, now: datetime) -> Viewer:
        """Who a bearer token stands for; using it keeps it alive. Raises INVALID_SESSION_ID."""
        row = self._database.connection.execute(
            "SELECT username, used FROM _sessions WHERE token = ? AND kind = 'access'", [token]
        ).fetchone()
        clock = time.time()
        if row is None or clock - row[1] > LIFETIME_S:
            raise invalid_session()
        if clock - row[1] > _TOUCH_EVERY_S:
            self._database.connection.execute("UPDATE _sessions SET used = ? WHERE token = ?", [clock, token])
        return self.viewer_of(row[0], client, now)

    def viewer_of(self, username: str, client: str, now: datetime) -> Viewer:
        login = self._org.login(username)
        user = self._user(username)
        if login is None or user is None:
            raise invalid_session()
        return Viewer(user[0], username, ZoneInfo(user[1] or self._org.zone), now, login.rights, client)

    def revoke(self, token: str) -> bool:
        done = self._database.connection.execute("DELETE FROM _sessions WHERE token = ?", [token])
        return done.rowcount > 0

    def expire_all(self) -> None:
        """Ends every session, as a change of the session settings does."""
        self._database.connection.execute("DELETE FROM _sessions WHERE kind = 'access'")

    def introspect(self, token: str) -> dict[str, object]:
        row = self._database.connection.execute(
            "SELECT username, client_id FROM _sessions WHERE token = ?", [token]
        ).fetchone()
        if row is None:
            return {"active": False}
        return {"active": True, "scope": "api", "client_id": row[1], "username": row[0], "token_type": "access_token"}

    # -- flows ---------------------------------------------------------------------------------------------------------

    def token(self, form: Mapping[str, str], authorization: str, origin: str, now: datetime) -> dict[str, object]:
        """The token endpoint. Raises OAuthError."""
        form = {**form, **_basic(authorization)}
        match form.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                app, username = self._assertion(form.get("assertion", ""), origin)
                return self._answer(app, username, origin, now, signed=False)
            case "client_credentials":
                app = self._client(form, secret_needed=True)
                return self._answer(app, app.run_as, origin, now)
            case "password":
                app = self._client(form, secret_needed=True)
                login = self._password(form.get("username", ""), form.get("password", ""))
                return self._answer(app, login.username, origin, now)
            case "refresh_token":
                return self._refresh(form, origin, now)
            case "authorization_code":
                return self._code(form, origin, now)
            case None | "":
                raise OAuthError("invalid_request", "must supply grant_type")
            case _:
                raise OAuthError("unsupported_grant_type", "grant type not supported")

    def authorize(self, client_id: str, username: str) -> str:
        """A one-time code, as a user's consent in the browser would give."""
        if self._org.app(client_id) is None or self._org.login(username) is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        return self._keep("code", username, client_id, secrets.token_urlsafe(24))

    def soap(self, username: str, password: str) -> Grant | None:
        """SOAP login(): password and security token in one word. None for a wrong one."""
        login = self._org.login(username)
        if login is None or not hmac.compare_digest(password, login.password + login.security_token):
            if login is None or not hmac.compare_digest(password, login.password):
                return None
        return self._grant(login.username, "soap")

    # -- the steps -----------------------------------------------------------------------------------------------------

    def _client(self, form: Mapping[str, str], secret_needed: bool) -> App:
        app = self._org.app(form.get("client_id", ""))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        secret = form.get("client_secret")
        if (secret_needed or secret is not None) and not hmac.compare_digest(secret or "", app.client_secret):
            raise OAuthError("invalid_client", "invalid client credentials")
        return app

    def _password(self, username: str, password: str) -> Login:
        login = self._org.login(username)
        if login is None or password not in (login.password, login.password + login.security_token):
            raise OAuthError("invalid_grant", "authentication failure")
        return login

    def _assertion(self, assertion: str, origin: str) -> tuple[App, str]:
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as problem:
            raise OAuthError("invalid_grant", "invalid assertion") from problem
        app = self._org.app(str(claims.get("iss", "")))
        certificate = self._certificate(app) if app else ""
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not certificate:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        try:
            jwt.decode(assertion, certificate, ["RS256"], options={"verify_exp": False, "verify_aud": False})
            expiry = float(str(claims.get("exp", "")))
        except (jwt.InvalidTokenError, ValueError) as problem:
            raise OAuthError("invalid_grant", "invalid assertion") from problem
        if not time.time() < expiry < time.time() + _LATEST_EXPIRY_S:
            raise OAuthError("invalid_grant", "expired authorization code")
        audience = str(claims.get("aud", ""))
        if audience not in (*_AUDIENCES, origin) and not audience.endswith(".salesforce.com"):
            raise OAuthError("invalid_grant", "audience is invalid")
        login = self._org.login(str(claims.get("sub", "")))
        if login is None:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return app, login.username

    def _certificate(self, app: App) -> str:
        uploaded = self._database.setting(f"certificate {app.client_id}")
        return uploaded if isinstance(uploaded, str) else app.certificate

    def _refresh(self, form: Mapping[str, str], origin: str, now: datetime) -> dict[str, object]:
        app = self._client(form, secret_needed=False)
        row = self._database.connection.execute(
            "SELECT username FROM _sessions WHERE token = ? AND kind = 'refresh' AND client_id = ?",
            [form.get("refresh_token", ""), app.client_id],
        ).fetchone()
        if row is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return self._answer(app, row[0], origin, now)

    def _code(self, form: Mapping[str, str], origin: str, now: datetime) -> dict[str, object]:
        app = self._client(form, secret_needed=False)
        row = self._database.connection.execute(
            "DELETE FROM _sessions WHERE token = ? AND kind = 'code' AND client_id = ? RETURNING username",
            [form.get("code", ""), app.client_id],
        ).fetchone()
        if row is None:
            raise OAuthError("invalid_grant", "expired authorization code")
        refresh = self._keep("refresh", row[0], app.client_id, "5Aep" + secrets.token_urlsafe(48))
        return {**self._answer(app, row[0], origin, now), "refresh_token": refresh}

    def _answer(self, app: App, username: str, origin: str, now: datetime, signed: bool = True) -> dict[str, object]:
        grant = self._grant(username, app.client_id)
        identity = f"{origin}/id/{self._org.org_id}/{grant.user_id}"
        issued = str(int(now.timestamp() * 1000))
        answer: dict[str, object] = {
            "access_token": grant.token,
            "scope": "api",
            "instance_url": origin,
            "id": identity,
            "token_type": "Bearer",
        }
        if signed:
            digest = hmac.new(app.client_secret.encode(), (identity + issued).encode(), hashlib.sha256).digest()
            answer |= {"issued_at": issued, "signature": base64.b64encode(digest).decode()}
        return answer

    def _grant(self, username: str, client_id: str) -> Grant:
        user = self._user(username)
        if user is None:
            raise OAuthError("inactive_user", "user is not active")
        token = f"{self._org.org_id[:15]}!AQ{secrets.token_urlsafe(64)}"
        self._keep("access", username, client_id, token)
        return Grant(token, username, user[0])

    def _keep(self, kind: str, username: str, client_id: str, token: str) -> str:
        self._database.connection.execute(
            "INSERT INTO _sessions VALUES (?, ?, ?, ?, ?)", [token, kind, username, client_id, time.time()]
        )
        return token

    def _user(self, username: str) -> tuple[str, str] | None:
        row = self._database.connection.execute(
            'SELECT "Id", "TimeZoneSidKey" FROM "User" WHERE "Username" = ? AND "IsActive" = 1', [username]
        ).fetchone()
        return (row[0], row[1]) if row else None


def _basic(authorization: str) -> dict[str, str]:
    """Client id and secret from a Basic header (simple-salesforce sends client credentials so)."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as problem:
        raise OAuthError("invalid_client", "invalid client credentials", 401) from problem
    return {"client_id": client_id, "client_secret": secret}
