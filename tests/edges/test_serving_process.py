"""`voice-agent serve` as a process, over real sockets: what the in-process tests take on trust from the ASGI server."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.edges.test_settings import WHOLE
from tests.end_to_end.running import free_port
from voice_agent import settings
from voice_agent.errors import ConfigurationError
from voice_agent.serving import listen
from voice_agent.twilio import signature

pytestmark = pytest.mark.process

TOKEN = WHOLE["TWILIO_AUTH_TOKEN"]
PUBLIC = WHOLE["PUBLIC_URL"]
READY_SECONDS = 30.0


@dataclass
class Running:
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def rings(self, call_sid: str) -> str:
        """The ticket of a new call."""
        form = {"CallSid": call_sid, "From": "+13125550188", "To": "+13125550100"}
        signed = signature.sign(TOKEN, f"{PUBLIC}/twilio/voice", {k: [v] for k, v in form.items()})
        status, twiml = self.ask(
            "POST",
            "/twilio/voice",
            urlencode(form).encode(),
            x_twilio_signature=signed,
            content_type="application/x-www-form-urlencoded",
        )
        assert status == 200
        found = ET.fromstring(twiml).find("Connect/ConversationRelay/Parameter")
        assert found is not None
        return found.attrib["value"]

    def upgrade(self, signed: str | None = None) -> connect:
        if signed is None:
            signed = signature.sign(TOKEN, PUBLIC.replace("https", "wss") + "/twilio/relay")
        headers = {"x-twilio-signature": signed} if signed else {}
        return connect(f"ws://127.0.0.1:{self.port}/twilio/relay", additional_headers=headers, max_size=None)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(15)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    ours = set(settings.names())
    port = free_port()
    given = WHOLE | {"PORT": str(port), "SALESFORCE_API_BASE_URL": "http://127.0.0.1:9"}
    environment = {k: v for k, v in os.environ.items() if k not in ours} | given
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "voice_agent", "serve"], cwd=tmp_path, env=environment, stdout=output, stderr=output
        )
    running = Running(port, process, log)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                if running.ask("GET", "/health/ready")[0] == 200:
                    break
            except OSError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def set_up(socket: ClientConnection, call_sid: str, ticket: str) -> None:
    await socket.send(json.dumps({"type": "setup", "callSid": call_sid, "customParameters": {"ticket": ticket}}))


async def heard(socket: ClientConnection, seconds: float = 10.0) -> str:
    """Words up to the end of a reply."""
    said = ""
    async with asyncio.timeout(seconds):
        while True:
            frame = json.loads(await socket.recv())
            if frame["type"] == "text":
                said += str(frame["token"])
                if frame["last"]:
                    return said


async def closed(socket: ClientConnection, seconds: float = 10.0) -> int | None:
    async with asyncio.timeout(seconds):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


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
            await socket.send(
                json.dumps({"type": "prompt", "voicePrompt": "what are your opening hours", "last": True})
            )
            assert await heard(socket)
            await socket.send(json.dumps({"type": "prompt", "voicePrompt": "x" * 70_000, "last": True}))
            assert await closed(socket) == 1009

    asyncio.run(sockets())
    assert "Traceback" not in server.log.read_text()


def test_a_call_in_progress_ends_with_the_process_and_the_process_with_the_signal(server: Running) -> None:
    async def scenario() -> int:
        async with server.upgrade() as socket:
            await set_up(socket, "CA1", server.rings("CA1"))
            await socket.send(json.dumps({"type": "prompt", "voicePrompt": "hello there", "last": True}))
            await heard(socket)
            ending = asyncio.create_task(asyncio.to_thread(server.stop))
            await closed(socket, 20)
            return await ending

    assert asyncio.run(scenario()) in (0, -signal.SIGTERM)
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
