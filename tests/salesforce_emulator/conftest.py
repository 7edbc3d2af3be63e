"""An emulated org on a port of its own, and the real simple-salesforce client pointed at it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import uvicorn
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from starlette.applications import Starlette

from voice_agent.demo.salesforce.server import build

NOW = datetime(2026, 3, 4, 16, 5, tzinfo=UTC)
"""A Wednesday, 10:05 in Chicago, the week before daylight saving begins there."""
VERSION = "62.0"
Client = Any
"""simple_salesforce.Salesforce, whose annotations do not know that `sf.Account` is a record type."""


class ToPort(HTTPAdapter):
    """Sends what is meant for https://*.salesforce.com to a local port (sheet 5.2 row 1)."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        request.url = f"http://127.0.0.1:{self._port}{url.path}" + (f"?{url.query}" if url.query else "")
        return super().send(request, *args, **kwargs)


@dataclass
class Emulator:
    """A running org."""

    port: int
    app: Starlette

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", ToPort(self.port))
        return session

    def get(self, path: str, **kwargs: Any) -> Any:
        return requests.get(self.url + path, timeout=10, **kwargs).json()

    def post(self, path: str, body: object = None) -> Any:
        answer = requests.post(self.url + path, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get("/emulator/ledger")
        return entries

    def client(self, version: str = VERSION, app: int = 0) -> Client:
        """simple-salesforce signed in by client credentials; app 1 is the user with fewer rights."""
        service = self.app.state.service
        return Salesforce(
            consumer_key=service.org.apps[app].client_id,
            consumer_secret=service.org.apps[app].client_secret,
            domain="org.my",
            session=self.session(),
            version=version,
        )


@dataclass
class Raw:
    """Plain HTTP with a bearer token, for what simple-salesforce does not say."""

    emulator: Emulator
    token: str
    version: str = VERSION

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        url = f"{self.emulator.url}/services/data/v{self.version}/{path}"
        given = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return requests.request(method, url, json=body, headers=given, timeout=10)


Start = Callable[..., Emulator]


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns when the condition holds; fails when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


@pytest.fixture(scope="session")
def start() -> Iterator[Start]:
    """Starts orgs; all are stopped at the end."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def begin(now: datetime | None = NOW, **options: Any) -> Emulator:
        app = build(now=now, **options)
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread))
        wait_for(lambda: server.started)
        return Emulator(listener.getsockname()[1], app)

    yield begin
    for server, thread in running:
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="session")
def read_only(start: Start) -> Emulator:
    """One org for all tests that only read."""
    return start()


@pytest.fixture(scope="session")
def shared(start: Start) -> Emulator:
    """One org for all tests that write; see `emulator`."""
    return start()


@pytest.fixture
def emulator(shared: Emulator) -> Emulator:
    """An org in its first state."""
    shared.post("/emulator/reset")
    return shared


@pytest.fixture
def sf(emulator: Emulator) -> Client:
    return emulator.client()


@pytest.fixture
def raw(sf: Client, emulator: Emulator) -> Raw:
    return Raw(emulator, str(sf.session_id))


@pytest.fixture(scope="session")
def reader(read_only: Emulator) -> Client:
    return read_only.client()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
