"""Starts the demo and shows where to look: the server's routes, plus what exists in the demo only."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voice_agent.app import Services, build
from voice_agent.console.wiring import DEMO_USER
from voice_agent.demo.product import Children, Surroundings, claim_numbers, prepare, staff_phones, stay_here
from voice_agent.keeping import keep
from voice_agent.logs import set_up
from voice_agent.serving import listen
from voice_agent.serving import run as run_server
from voice_agent.settings import LOOPBACK, Settings

log = logging.getLogger(__name__)


def run(given: Mapping[str, str], *, host: str, port: int, seed: str | None) -> None:
    """The whole product until Ctrl-C. ConfigurationError names what stood in the way."""
    stay_here(host)
    listener = listen(host, port)
    children = Children()
    with tempfile.TemporaryDirectory(prefix="voice-agent-demo-", ignore_cleanup_errors=True) as folder:
        try:
            around = prepare(given, host=host, port=port, seed=seed, children=children, folder=folder)
            set_up(around.settings.log_level)
            sys.exit(
                keep(
                    lambda ready: run_server(product(around), listener, ready), lambda: work(around.settings, listener)
                )
            )
        finally:
            children.stop()
            listener.close()


def work(settings: Settings, listener: socket.socket) -> None:
    from voice_agent.worker import run  # its engine takes a second to import, which no start waits for

    listener.close()
    run(settings)


def product(around: Surroundings) -> Starlette:
    """The application with the demo's routes; ready once the account has its numbers."""
    from voice_agent.demo.calls import routes as call_routes
    from voice_agent.demo.phone.routes import routes as phone_routes

    app = build(around.settings, more=[Route("/demo/info", _info), *call_routes(), *phone_routes()])
    app.state.demo = around
    app.state.ready.clear()
    inner = app.router.lifespan_context

    def lifespan(app: Starlette) -> Any:
        return _Started(inner(app), app)

    app.router.lifespan_context = lifespan
    return app


class _Started:
    """The server's own lifespan, and behind it the demo's: claim the numbers, show the panel, say ready."""

    def __init__(self, inner: Any, app: Starlette) -> None:
        self._inner = inner
        self._app = app

    async def __aenter__(self) -> Any:
        state = await self._inner.__aenter__()
        self._task = asyncio.create_task(self._begin())
        return state

    async def _begin(self) -> None:
        services: Services = self._app.state.services
        around: Surroundings = self._app.state.demo
        await claim_numbers(around, {line.number: line.name for line in services.lines.lines})
        await services.console.open.wait()
        if "TWILIO_API_BASE_URL" not in around.taken:
            await staff_phones(around, services.lines.targets.phones)
        self._app.state.ready.set()
        threading.Thread(target=show, args=(around, services), daemon=True).start()

    async def __aexit__(self, *error: Any) -> Any:
        self._task.cancel()
        return await self._inner.__aexit__(*error)


def info(around: Surroundings, services: Services) -> dict[str, Any]:
    """`GET /demo/info`, as the contract gives it."""
    return {
        "callers": [
            {"name": c["name"], "number": c["number"], "role": c["role"], "pin": c.get("pin")} for c in around.callers
        ],
        "lines": [{"name": line.name, "number": line.number, "role": line.role} for line in services.lines.lines],
        "salesforce": {
            name: around.salesforce.get(name)
            for name in ("base_url", "client_id", "client_secret", "username", "password")
        },
        "twilio": {name: around.twilio.get(name) for name in ("base_url", "account_sid", "auth_token")},
    }


async def _info(request: Request) -> Response:
    if request.client is None or request.client.host not in LOOPBACK:
        return Response("not found", 404)
    return JSONResponse(info(request.app.state.demo, request.app.state.services))


def show(around: Surroundings, services: Services) -> None:
    """The panel a newcomer sees."""
    base = around.settings.public_url
    places = Table.grid(padding=(0, 2))
    places.add_row("Phone page", Text(f"{base}/demo/phone", style="bold cyan"))
    places.add_row("Dispatch console", Text(f"{base}/console", style="bold cyan"))
    places.add_row("", Text(f"sign in as {DEMO_USER[0]}, password {DEMO_USER[1]}", style="dim"))
    places.add_row("Staff's phones", Text(f"{base}/demo/staff", style="bold cyan"))
    places.add_row("In the terminal", Text(f"voice-agent talk --url {base}", style="cyan"))
    places.add_row("Emulated org", Text(str(around.salesforce["base_url"]), style="dim"))
    places.add_row("Emulated Twilio", Text(str(around.twilio["base_url"]), style="dim"))
    places.add_row("Model", Text(services.model.name, style="dim"))
    if around.taken:
        places.add_row("From the environment", Text(", ".join(around.taken), style="yellow"))
    tries = Table.grid(padding=(0, 2))
    by_role = {c["role"]: c for c in reversed(around.callers)}
    if (technician := by_role.get("technician")) is not None:
        tries.add_row(f"{technician['name']}, technician", f"PIN {technician['pin']}, then “what is my next job”")
    if (customer := by_role.get("customer")) is not None:
        tries.add_row(f"{customer['name']}, customer", "“where is my technician”, “can we move it to another day”")
    tries.add_row("Anyone, at night", "“it smells like gas in the basement”")
    whole = Table.grid()
    whole.add_row(places)
    whole.add_row("")
    whole.add_row(Text("Three calls to try", style="bold"))
    whole.add_row(tries)
    whole.add_row("")
    whole.add_row(Text("Ctrl-C ends it. Nothing here leaves this machine.", style="dim"))
    Console().print(Panel(whole, title="voice-agent demo", border_style="cyan", expand=False, padding=(1, 2)))
