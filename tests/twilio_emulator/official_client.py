"""The official Python client, with every Twilio host rewritten to the emulator's first path segment."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client


class RewritingHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the helper library has no types
    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=10)
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, f"{self._base_url}/{parts.netloc}{parts.path}{query}", *args, **kwargs)


@contextlib.contextmanager
def client(base_url: str, username: str, password: str, account_sid: str | None = None) -> Iterator[Client]:
    http_client = RewritingHttpClient(base_url)
    try:
        yield Client(username, password, account_sid, http_client=http_client)
    finally:
        http_client.session.close()
