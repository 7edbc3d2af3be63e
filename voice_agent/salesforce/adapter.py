"""The one requests adapter under simple-salesforce: time-outs, pooling, TLS, address and headers for every request.

simple-salesforce has no time-out on sign-in, search and record calls, keeps ten connections, loads the certificate
bundle anew for each of them, hard-codes `https://` and asks for indented JSON (sheet 5.2, rows 1, 11, 12, 16, 17). All
of it is mended here, below the library, so that nothing can go round it.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import certifi
import requests
from requests.adapters import HTTPAdapter

from voice_agent.errors import ConfigurationError
from voice_agent.salesforce.limits import CLIENT_NAME, Timeouts, Usage, parse_usage


class SalesforceAdapter(HTTPAdapter):
    def __init__(
        self,
        *,
        connections: int,
        timeouts: Timeouts,
        base_url: str | None = None,
        tls: ssl.SSLContext | None = None,
        on_usage: Callable[[Usage], None],
    ) -> None:
        """`base_url` sends every host, the token host included, to one origin: an emulator or a proxy.

        Plain http is taken for a loopback address only; ConfigurationError otherwise.
        """
        self._timeouts = timeouts
        self._target = _target(base_url) if base_url else None
        self._tls = tls or ssl.create_default_context(cafile=certifi.where())
        self._on_usage = on_usage
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._tls)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> Any:
        """Host attributes only: the shared context already holds the certificates and always checks them."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to do for a connection: loading the bundle each time costs 20 ms (5.3)."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if self._target and request.url:
            parts = urlsplit(request.url)
            request.url = urlunsplit((*self._target, parts.path, parts.query, ""))
        request.headers.pop("X-PrettyPrint", None)
        request.headers["User-Agent"] = CLIENT_NAME
        request.headers["Sforce-Call-Options"] = f"client={CLIENT_NAME}"
        response = super().send(
            request,
            stream=stream,
            timeout=timeout or (self._timeouts.connect, self._timeouts.sign_in),
            verify=verify,
            cert=cert,
            proxies=dict(proxies) if proxies else None,
        )
        if usage := parse_usage(response.headers.get("Sforce-Limit-Info", "")):
            self._on_usage(usage)
        return response


def session(adapter: SalesforceAdapter) -> requests.Session:
    """A session that the environment cannot redirect or give another certificate bundle (5.2, row 16)."""
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", adapter)
    made.mount("http://", _Nowhere())
    return made


class _Nowhere(HTTPAdapter):
    """No request of ours may leave in the clear except through the rewriting adapter."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        raise requests.exceptions.InvalidSchema("plain http is not used")


def _target(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("SALESFORCE_API_BASE_URL must be an http or https address")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ConfigurationError("SALESFORCE_API_BASE_URL may be plain http for a loopback address only; use https")
    return parts.scheme, parts.netloc


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
