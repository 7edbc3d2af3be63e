"""Twilio's REST API through Twilio's own client, off the event loop. Nothing of a turn waits for it.

The API key signs in where there is one; the auth token only signs webhooks then. With a base URL every host becomes the
first segment of its path (`https://api.twilio.com/x` to `BASE/api.twilio.com/x`), which is how an emulator is reached.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from voice_agent.errors import TwilioRestError

if TYPE_CHECKING:
    from twilio.rest import Client

T = TypeVar("T")
SECONDS = 8.0
SPENT = frozenset({20404, 60202})
"""Verify: no such verification any more, or checked too often."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    number: str
    voice_url: str
    status_callback: str
    sms_url: str = ""


@dataclass(frozen=True, slots=True)
class SentText:
    sid: str
    body: str
    status: str
    """`queued sending sent delivered undelivered failed`."""
    error_code: int | None


class TwilioRest:
    """`user` is an API key's SID or the account's; `secret` belongs to it."""

    def __init__(
        self, *, account_sid: str, user: str, secret: str, base_url: str = "", seconds: float = SECONDS
    ) -> None:
        self._account_sid = account_sid
        self._user = user
        self._secret = secret
        self._base_url = base_url.rstrip("/")
        self._seconds = seconds
        self._client: Client | None = None

    async def account_status(self) -> str:
        """`active`, `suspended` or `closed`. TwilioRestError 20003 when the credentials are wrong."""
        return await self._off_loop(lambda client: str(client.api.accounts(self._account_sid).fetch().status))

    async def numbers(self) -> list[PhoneNumber]:
        """The numbers of the account, each with where its calls go."""

        def listed(client: Client) -> list[PhoneNumber]:
            return [
                PhoneNumber(n.phone_number or "", n.voice_url or "", n.status_callback or "", n.sms_url or "")
                for n in client.incoming_phone_numbers.list(limit=1000)
            ]

        return await self._off_loop(listed)

    async def verify_service(self, service_sid: str) -> str:
        """Its name. TwilioRestError 20404 when the account has no such service."""
        return await self._off_loop(lambda client: str(client.verify.v2.services(service_sid).fetch().friendly_name))

    # -- one-time codes ----------------------------------------------------------------------------------------------

    async def start_verification(self, service_sid: str, to: str, locale: str) -> str:
        """Text a code to a number, or the pending one again. Gives the verification's SID."""

        def start(client: Client) -> str:
            service = client.verify.v2.services(service_sid)
            return str(service.verifications.create(to=to, channel="sms", locale=locale).sid)

        return await self._off_loop(start)

    async def cancel_verification(self, service_sid: str, to: str) -> None:
        """End whatever verification of this number is pending; there may be none."""

        def cancel(client: Client) -> None:
            client.verify.v2.services(service_sid).verifications(to).update(status="canceled")

        try:
            await self._off_loop(cancel)
        except TwilioRestError as error:
            if error.code not in SPENT:
                raise

    async def check_verification(self, service_sid: str, verification_sid: str, code: str) -> str:
        """`approved`, `pending` for a wrong code, `gone` for one that is used, expired or was tried too often."""

        def check(client: Client) -> str:
            service = client.verify.v2.services(service_sid)
            return str(service.verification_checks.create(verification_sid=verification_sid, code=code).status)

        try:
            return await self._off_loop(check)
        except TwilioRestError as error:
            if error.code in SPENT:
                return "gone"
            raise

    # -- texts -------------------------------------------------------------------------------------------------------

    async def send_text(self, *, to: str, sender: str, body: str, status_callback: str) -> SentText:
        def send(client: Client) -> SentText:
            return _text(
                client.messages.create(to=to, from_=sender, body=body, status_callback=status_callback or None)
            )

        return await self._off_loop(send)

    async def texts_to(self, to: str, sender: str, since: datetime) -> list[SentText]:
        """Texts from `sender` to a number that were made from `since` on: what became of one that got no answer."""

        def listed(client: Client) -> list[SentText]:
            return [
                _text(message)
                for message in client.messages.list(to=to, from_=sender, limit=100)
                if message.date_created is None or message.date_created >= since
            ]

        return await self._off_loop(listed)

    async def _off_loop(self, work: Callable[[Client], T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.to_thread(lambda: _named(work, self._connected()))
        except TimeoutError:
            raise TwilioRestError(f"no answer in {self._seconds:g} s", ambiguous=True) from None

    def _connected(self) -> Client:
        if self._client is None:
            from twilio.rest import Client  # a fifth of a second to import: not at start-up

            self._client = Client(
                self._user, self._secret, self._account_sid, http_client=_transport(self._base_url, self._seconds)
            )
        return self._client


def _text(message: Any) -> SentText:
    return SentText(str(message.sid), str(message.body or ""), str(message.status), message.error_code)


def _named(work: Callable[[Client], T], client: Client) -> T:
    """Run `work` and name what goes wrong. A 5xx or a lost answer may have taken effect (reliability: W2, W3)."""
    import requests
    from twilio.base.exceptions import TwilioRestException

    try:
        return work(client)
    except TwilioRestException as error:
        code, status = int(error.code or 0), int(error.status or 0)
        raise TwilioRestError(
            f"code {code}, HTTP {status}", code=code, status=status, ambiguous=status >= 500
        ) from None
    except requests.ConnectionError as error:
        raise TwilioRestError("not reachable", ambiguous=not _never_left(error)) from None
    except requests.RequestException as error:
        raise TwilioRestError(type(error).__name__, ambiguous=True) from None


def _never_left(error: Exception) -> bool:
    """Whether no connection came about: one that broke later may have carried the request."""
    from requests import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(error, ConnectTimeout) or isinstance(getattr(cause, "reason", None), NewConnectionError)


def _transport(base_url: str, seconds: float) -> Any:
    from twilio.http.http_client import TwilioHttpClient

    class Rewritten(TwilioHttpClient):  # type: ignore[misc]  # the helper library ships no types for it
        def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
            if base_url:
                parts = urlsplit(url)
                url = f"{base_url}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
            return super().request(method, url, *arguments, **options)

    return Rewritten(timeout=seconds)
