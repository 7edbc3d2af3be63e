"""`voice-agent serve` as a process, over real sockets: what the in-process tests take on trust from the ASGI server."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.edges.serving import Running, closed, heard, says, serving, set_up
from voice_agent.errors import ConfigurationError
from voice_agent.serving import listen

pytestmark = pytest.mark.process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path) as running:
        yield running


def test_the_front_door_on_the_wire(server: Running) -> None:
    assert server.ask("GET", "/health/live") == (200, "ok")
    assert server.ask("GET", "/twilio/voice")[0] == 405
    assert server.ask("POST", "/twilio/voice", b"CallSid=CA1")[0] == 403
    assert server.ask("POST", "/twilio/voice", b"x" * 70_000, x_twilio_signature="x")[0] == 413
    assert server.ask("GET", "/demo/info")[0] == 404 and server.ask("GET", "/demo/phone")[0] == 404

    async def sockets() -> None:
        for signed in ("", "x"):
            with pytest.raises(InvalidStatus) as refused:
                async with server.upgrade(signed):
                    pass
            assert refused.value.response.status_code == 403

        async with server.upgrade() as socket:
            assert not socket.protocol.extensions, "no compression"
            await set_up(socket, "CA1", "no ticket")
            assert await closed(socket) == 1008

        async with server.upgrade() as socket:
            await set_up(socket, "CA1", server.rings("CA1"))
            await says(socket, "what are your opening hours")
            assert await heard(socket)
            await says(socket, "x" * 70_000)
            assert await closed(socket) == 1009

    asyncio.run(sockets())
    assert "Traceback" not in server.log.read_text()


def test_a_call_in_progress_ends_with_the_process_when_it_is_interrupted(server: Running) -> None:
    async def scenario() -> int:
        async with server.upgrade() as socket:
            await set_up(socket, "CA1", server.rings("CA1"))
            await says(socket, "hello there")
            await heard(socket)
            ending = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGINT))
            await closed(socket, 20)
            return await ending

    assert asyncio.run(scenario()) == 0
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def test_a_server_that_is_killed_whole_leaves_its_port_to_the_next_one(server: Running) -> None:
    """Nothing of it lives on and holds the port: not the process with the calls, not the worker."""
    server.process.kill()
    server.process.wait(5)
    deadline = time.monotonic() + 2.0
    while True:
        try:
            listen("127.0.0.1", server.port).close()
            return
        except ConfigurationError:
            assert time.monotonic() < deadline, "somebody still listens there"
            time.sleep(0.02)
