"""Signed requests to the application: time limits, overrides, one retry, redirects (sheet sections 4.1 and 4.2)."""

import asyncio
import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from . import happenings as happened
from .faults import Faults, Rule
from .happenings import Happening
from .signature import sign
from .wire import MAX_BODY, Answer, Http, NoAnswer

MAX_REDIRECTS = 5


class WebhookFailed(Exception):
    """No usable answer. `code`: 11200 bad status, 11205 no connection, 11750 body too large, 11100 bad URL."""

    def __init__(self, code: int, url: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.url = url


@dataclass(frozen=True, slots=True)
class Overrides:
    """The fragment of a webhook URL, which is neither sent nor signed. Times in seconds."""

    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    total_timeout: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def read(cls, fragment: str) -> "Overrides":
        """Values out of range are clamped; unknown keys are ignored."""
        given = dict(parse_qsl(fragment))
        words = frozenset(given.get("rp", "ct").split(","))
        return cls(
            connect_timeout=_seconds(given.get("ct"), 5.0, 10.0),
            read_timeout=_seconds(given.get("rt"), 15.0, 15.0),
            total_timeout=_seconds(given.get("tt"), 15.0, 15.0),
            retries=min(5, max(0, _number(given.get("rc"), 1))),
            retry_on=frozenset({"4xx", "5xx", "ct", "rt"}) if "all" in words else words,
        )


class Webhooks:
    """Sends one account's webhooks over `http`, signed with its auth token."""

    def __init__(self, http: Http, auth_token: str, faults: Faults) -> None:
        self._http = http
        self._auth_token = auth_token
        self._faults = faults

    async def send(
        self, kind: str, url: str, form: Mapping[str, str], note: Callable[[Happening], None], method: str = "POST"
    ) -> Answer:
        """The 2xx answer, or raises WebhookFailed. Limits are real seconds: they time somebody else's server.

        Every try carries the same `I-Twilio-Idempotency-Token`. `note` is told of each try and each answer.
        """
        address, fragment = urldefrag(url)
        if urlsplit(address).scheme not in ("http", "https"):
            raise WebhookFailed(11100, url, f"{url!r} is not an absolute http(s) URL")
        overrides = Overrides.read(fragment)
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(overrides.total_timeout):
                return await self._tries(kind, method.upper(), address, form, overrides, token, note)
        except TimeoutError as exc:
            reason = f"no answer within {overrides.total_timeout:g} s"
            note(_unanswered(kind, address, reason))
            raise WebhookFailed(11205, url, reason) from exc

    async def _tries(
        self,
        kind: str,
        method: str,
        url: str,
        form: Mapping[str, str],
        overrides: Overrides,
        token: str,
        note: Callable[[Happening], None],
    ) -> Answer:
        failure = WebhookFailed(11205, url, "never tried")
        for attempt in range(1, overrides.retries + 2):
            note(happened.WebhookSent(kind=kind, method=method, url=url, form=dict(form), attempt=attempt))
            began = asyncio.get_running_loop().time()
            try:
                answer = await self._once(method, url, form, overrides, token)
            except NoAnswer as exc:
                note(_unanswered(kind, url, str(exc), began))
                failure = WebhookFailed(11205, url, str(exc))
                if exc.stage in overrides.retry_on:
                    continue
                raise failure from exc
            text = answer.body[:MAX_BODY].decode("utf-8", "replace")
            latency = round((asyncio.get_running_loop().time() - began) * 1000)
            note(happened.WebhookAnswered(kind=kind, url=url, status=answer.status, latency_ms=latency, body=text))
            if len(answer.body) > MAX_BODY:
                raise WebhookFailed(11750, url, "the answer is larger than 64 KiB")
            if 200 <= answer.status < 300:
                return answer
            failure = WebhookFailed(11200, url, f"answered with {answer.status}")
            if f"{answer.status // 100}xx" not in overrides.retry_on:
                break
        raise failure

    async def _once(self, method: str, url: str, form: Mapping[str, str], overrides: Overrides, token: str) -> Answer:
        body = b""
        sent = dict(form)
        for _ in range(MAX_REDIRECTS):
            if method == "GET" and sent:
                url = f"{url}{'&' if '?' in url else '?'}{urlencode(sent)}"
                sent = {}
            parts = urlsplit(url)
            headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", "I-Twilio-Idempotency-Token": token}
            if parts.username:
                credentials = f"{parts.username}:{parts.password or ''}"
                headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
                url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            if method != "GET":
                body = urlencode(sent).encode()
                headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            fault = self._faults.take("WEBHOOK", parts.path)
            if fault is not None and fault.name == "latency":
                await asyncio.sleep(float(fault.detail.get("ms", 1000)) / 1000)
            headers |= self._signature(fault, url, sent)
            answer = await self._http.request(
                method, url, headers, body, overrides.connect_timeout, overrides.read_timeout
            )
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return answer
            # A redirect is followed without the parameters (sheet section 4.2).
            method, url, sent, body = "GET", urljoin(url, answer.headers["location"]), {}, b""
        raise NoAnswer("rt", f"more than {MAX_REDIRECTS} redirects from {url}")

    def _signature(self, fault: Rule | None, url: str, form: Mapping[str, str]) -> dict[str, str]:
        match fault.name if fault else None:
            case "missing_signature":
                return {}
            case "wrong_signature":
                return {"X-Twilio-Signature": sign("not the account's token", url, form)}
            case "trailing_slash":
                return {"X-Twilio-Signature": sign(self._auth_token, url + "/", form)}
            case _:
                return {"X-Twilio-Signature": sign(self._auth_token, url, form)}


def _unanswered(kind: str, url: str, reason: str, began: float | None = None) -> happened.WebhookAnswered:
    now = asyncio.get_running_loop().time()
    latency = round((now - (now if began is None else began)) * 1000)
    return happened.WebhookAnswered(kind=kind, url=url, status=0, latency_ms=latency, error=reason)


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def _seconds(text: str | None, default: float, most: float) -> float:
    milliseconds = _number(text, round(default * 1000))
    return min(most, max(0.1, milliseconds / 1000))
