"""Runs the server: one process, uvloop, plain websocket frames without compression, limits as small as calls need.

SIGTERM lets the calls end before the process does (draining.py); SIGINT ends it at once.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from voice_agent.draining import Drain
from voice_agent.errors import ConfigurationError

FRAME_BYTES = 64 * 1024
FRAME_QUEUE = 16
BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """The listening socket. ConfigurationError when the port is taken or not ours to take."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"port {port} on {host} cannot be used ({error.strerror or error}); end what uses it or give another --port"
        ) from None
    return listener


def config(app: Starlette, *, log_level: str = "warning") -> uvicorn.Config:
    return uvicorn.Config(
        app.state.front,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=FRAME_BYTES,
        ws_max_queue=FRAME_QUEUE,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level=log_level,
        backlog=BACKLOG,
        timeout_graceful_shutdown=10,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        lifespan="on",
    )


class Server(uvicorn.Server):
    """Tells the application that it is to end, so that endless answers (event streams) close at once."""

    def __init__(self, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(config(app))
        self._app = app
        self._ready = ready
        self._draining: asyncio.Task[bool] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        drain: Drain = self._app.state.drain
        if sig == signal.SIGTERM and not self.should_exit and drain.begin():
            return
        self._app.state.stopping = True
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        drain: Drain = self._app.state.drain
        if drain.on and self._draining is None:
            self._draining = asyncio.create_task(drain.run())
            self._draining.add_done_callback(self._drained)
        return await super().on_tick(counter)

    def _drained(self, run: asyncio.Task[bool]) -> None:
        self._app.state.stopping = self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def run(app: Starlette, listener: socket.socket, ready: Callable[[], None] = lambda: None) -> None:
    """Until a signal ends it. `ready` is called once calls can be taken."""
    Server(app, ready).run(sockets=[listener])
