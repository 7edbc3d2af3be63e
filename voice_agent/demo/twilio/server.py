"""The Twilio emulator as a server: REST under Twilio's paths, controls under `/emulator`, for this machine only."""

import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette

from . import control, studio
from .clock import Clock
from .exchange import Credentials, Exchange
from .rest.routes import rest_routes
from .severing import SeverableProtocol
from .timing import Timing
from .wire import AiohttpClient, connect_websocket


class NotLoopback(ValueError):
    """The emulator has public credentials and places calls for anyone who asks: it stays on this machine."""


@dataclass(frozen=True, slots=True)
class Line:
    """A phone number the account has from the start. URLs may be empty."""

    number: str
    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""
    sms_url: str = ""
    friendly_name: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an emulator starts with."""

    credentials: Credentials = Credentials()
    lines: Sequence[Line] = ()
    speed: float = 1.0
    timing: Timing = Timing()
    info: Mapping[str, Any] = field(default_factory=dict)
    """Added to `GET /emulator/info`: `callers`, `lines`, `salesforce`."""


def build(setup: Setup | None = None) -> Starlette:
    """The ASGI application; its `state.exchange` is there once its lifespan has begun."""
    wanted = setup or Setup()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AiohttpClient() as http:
            exchange = Exchange(
                wanted.credentials,
                clock=Clock(wanted.speed),
                http=http,
                connect_ws=connect_websocket,
                timing=wanted.timing,
            )
            for line in wanted.lines:
                exchange.add_number(
                    line.number,
                    voice_url=line.voice_url,
                    voice_fallback_url=line.voice_fallback_url,
                    status_callback=line.status_callback,
                    sms_url=line.sms_url,
                    friendly_name=line.friendly_name or line.number,
                )
            app.state.exchange = exchange
            try:
                yield
            finally:
                await exchange.close()

    return Starlette(routes=[*control.routes(wanted.info), *studio.routes(), *rest_routes()], lifespan=lifespan)


def serve(
    port: int = 8020,
    host: str = "127.0.0.1",
    *,
    setup: Setup | None = None,
    allow_remote: bool = False,
    log_level: str = "warning",
) -> None:
    """Runs until a signal ends it. Port 0 takes a free one. Prints the address it listens at.

    Raises NotLoopback for another host than this machine unless `allow_remote`, OSError when the port is taken.
    """
    if not allow_remote and not _is_loopback(host):
        raise NotLoopback(f"{host} is not this machine; give allow_remote to serve the emulator to others")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        shown = f"[{host}]" if ":" in host else host
        print(f"twilio emulator at http://{shown}:{listener.getsockname()[1]}", flush=True)  # noqa: T201
        config = uvicorn.Config(
            build(setup),
            http=SeverableProtocol,
            log_level=log_level,
            access_log=False,
            timeout_graceful_shutdown=2,
            lifespan="on",
        )
        uvicorn.Server(config).run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
