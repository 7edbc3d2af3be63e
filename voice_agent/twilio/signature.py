"""X-Twilio-Signature, made and checked (sheet sections 2.2 and 4.1): pure.

The URL is the configured public one, never what a proxy shows. A websocket upgrade is signed over the literal `url` of
the TwiML with no parameters. A JSON body is bound by `bodySHA256` in the query. During a rotation two tokens are good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

MOST_BODY_BYTES = 64 * 1024


def sign(token: str, url: str, parameters: Mapping[str, Sequence[str]] | None = None) -> str:
    """Base64 of HMAC-SHA1 over the URL and every distinct name and value, in byte order, without separators."""
    data = url
    for name in sorted(parameters or {}):
        for value in sorted(set((parameters or {})[name])):
            data += name + value
    return base64.b64encode(hmac.new(token.encode(), data.encode(), hashlib.sha1).digest()).decode()


def valid(
    tokens: Iterable[str],
    signature: str,
    url: str,
    parameters: Mapping[str, Sequence[str]] | None = None,
) -> bool:
    """Whether one of `tokens` signed this, with or without the explicit port Twilio is inconsistent about."""
    if not signature:
        return False
    given = signature.encode()
    good = False
    for token in tokens:
        if token:
            for spelt in _with_and_without_port(url):
                good |= hmac.compare_digest(sign(token, spelt, parameters).encode(), given)
    return good


def body_matches(url: str, body: bytes) -> bool:
    """For bodies that are no form: the query's `bodySHA256` is the hash of the raw bytes."""
    named = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[-1]
    return bool(named) and hmac.compare_digest(named.lower().encode(), hashlib.sha256(body).hexdigest().encode())


def _with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    usual = 443 if parts.scheme in ("https", "wss") else 80
    with_port = parts._replace(netloc=f"{host}:{parts.port or usual}").geturl()
    without = parts._replace(netloc=host).geturl()
    return tuple(dict.fromkeys((url, with_port, without)))
