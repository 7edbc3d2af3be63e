"""Language model endpoints that fail in every way one meets: silent, refusing, breaking off, talking nonsense."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HALF_A_SENTENCE = (
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Your visit"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":" is"}}]}\n\n',
)


class _Endpoint(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, manner: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = manner
        self.asked = 0
        self.closing = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Endpoint
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """One chat completion, in the endpoint's manner."""
        self.server.asked += 1
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.close_connection = True
        match self.server.manner:
            case "refusing":
                self._send(500, b'{"error":{"message":"overloaded"}}')
            case "silent":
                self.server.closing.wait(60)
            case "breaking_off":
                self._begin()
                for piece in HALF_A_SENTENCE:
                    self.wfile.write(piece)
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            case "nonsense":
                self._begin()
                self.wfile.write(b"data: {this is no json\n\ndata: [DONE]\n\n")
            case other:
                raise AssertionError(f"no such manner: {other}")

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what counts is what the caller hears."""


@contextmanager
def endpoint(manner: str) -> Iterator[_Endpoint]:
    """An endpoint that is `refusing`, `silent`, `breaking_off` or talks `nonsense`."""
    server = _Endpoint(manner)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def base_url(server: ThreadingHTTPServer) -> str:
    """What OPENAI_BASE_URL is set to."""
    return f"http://127.0.0.1:{server.server_port}/v1"
