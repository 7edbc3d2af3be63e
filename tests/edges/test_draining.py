"""A deploy cuts nobody off: told to stop, the server takes no new calls and lets the live ones end."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection

from tests.draining.campaign import play
from tests.edges.serving import Running, closed, heard, says, serving, set_up

pytestmark = pytest.mark.process


def until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


async def taken(socket: ClientConnection, server: Running, call_sid: str) -> None:
    """A call that has begun and been answered once."""
    await set_up(socket, call_sid, server.rings(call_sid))
    await says(socket, "what are your opening hours")
    assert await heard(socket)


async def over(server: Running, call_sid: str, socket: ClientConnection) -> None:
    """The caller hangs up."""
    await socket.close()
    server.webhook(
        "/twilio/ended", CallSid=call_sid, SessionId="VX1", SessionStatus="completed", CallStatus="completed"
    )


def test_told_to_stop_it_takes_no_new_calls_and_ends_with_the_last_one(tmp_path: Path) -> None:
    with serving(tmp_path) as server:

        async def scenario() -> None:
            async with server.upgrade() as first, server.upgrade() as second:
                await taken(first, server, "CA1")
                await set_up(second, "CA2", ticket := server.rings("CA2"))
                assert ticket
                server.process.send_signal(signal.SIGTERM)
                until(lambda: server.ask("GET", "/health/ready")[0] == 503, "it says that it is not ready")
                assert server.ask("GET", "/health/live")[0] == 200

                refused = server.voice("CA3")
                assert refused.find("Connect") is None
                queue = refused.find("Enqueue")
                assert queue is not None and queue.text == "dispatch", "a person answers in its place"
                told = refused.findtext("Say") or ""
                assert "in danger, hang up now and call 911" in told, "a queue does no triage"
                assert "person" in told or "colleague" in told

                await says(first, "and on saturday")
                assert await heard(first), "who is on the line goes on as if nothing was"
                server.process.send_signal(signal.SIGTERM)  # impatience changes nothing
                await says(second, "when do you open")
                assert await heard(second)
                await over(server, "CA1", first)
                await says(second, "thank you, and on monday")
                assert await heard(second), "one call less ends nothing"
                await over(server, "CA2", second)

        asyncio.run(scenario())
        assert server.process.wait(20) == 0
        assert "Traceback" not in server.log.read_text(), server.log.read_text()
        assert "drained clean=True handed_over=0" in server.log.read_text()


def test_whoever_is_still_there_at_the_deadline_hears_why_and_goes_to_a_person(tmp_path: Path) -> None:
    """A sample of `python -m tests.draining`."""
    told = play(tmp_path, calls=6, drain_seconds=1, seed=3)
    assert told.kept and told.exit_code == 0 and told.handed_over, told


def test_an_interrupt_ends_a_drain(tmp_path: Path) -> None:
    with serving(tmp_path) as server:

        async def scenario() -> int:
            async with server.upgrade() as socket:
                await taken(socket, server, "CA1")
                server.process.send_signal(signal.SIGTERM)
                until(lambda: server.ask("GET", "/health/ready")[0] == 503, "it drains")
                ending = asyncio.create_task(asyncio.to_thread(server.stop, signal.SIGINT))
                await closed(socket, 20)
                return await ending

        assert asyncio.run(scenario()) == 0
