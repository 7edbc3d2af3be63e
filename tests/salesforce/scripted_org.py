"""A tiny HTTP server that plays the org from a script: a function from request to answer, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

INSTANCE = "https://acme.my.salesforce.com"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """`body` is sent as JSON unless it is text. `drop` closes the connection without a word."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


Script = Callable[[Asked], Answer]


class ScriptedOrg:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.release = threading.Event()
        self.url = ""

    def of(self, part: str) -> list[Asked]:
        with self.lock:
            return [asked for asked in self.asked if part in asked.path]

    @property
    def sign_ins(self) -> int:
        return len(self.of("/oauth2/token"))

    def hang(self) -> Answer:
        """Answers only when the test is over."""
        self.release.wait(10)
        return Answer(drop=True)


def token(number: int = 1) -> Answer:
    return Answer(body={"access_token": f"token-{number}", "instance_url": INSTANCE, "token_type": "Bearer"})


def rows(*records: Mapping[str, Any]) -> Answer:
    return Answer(body={"totalSize": len(records), "done": True, "records": list(records)})


def refused(status: int, code: str, message: str = "no", fields: tuple[str, ...] = ()) -> Answer:
    return Answer(status, [{"errorCode": code, "message": message, "fields": list(fields)}])


@contextmanager
def running(script: Script) -> Iterator[ScriptedOrg]:
    org = ScriptedOrg(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            asked = Asked(
                self.command,
                parts.path,
                {name: values[0] for name, values in parse_qs(parts.query).items()},
                dict(self.headers.items()),
                self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(),
                self.client_address[1],
            )
            with org.lock:
                org.asked.append(asked)
            said = org.script(asked)
            if said.drop:
                self.close_connection = True
                return
            body = said.body if isinstance(said.body, str) else json.dumps(said.body)
            raw = b"" if said.status == 204 else body.encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionResetError, BrokenPipeError):
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    org.url = f"http://127.0.0.1:{server.server_address[1]}"
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    try:
        yield org
    finally:
        org.release.set()
        server.shutdown()
        server.server_close()
        serving.join()
