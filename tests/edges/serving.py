"""`voice-agent serve` as a process, and Twilio's side of it by hand: signed webhooks, sockets, what is heard there."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.edges.test_settings import WHOLE
from tests.end_to_end.running import free_port
from voice_agent import settings
from voice_agent.twilio import signature

TOKEN = WHOLE["TWILIO_AUTH_TOKEN"]
PUBLIC = WHOLE["PUBLIC_URL"]
READY_SECONDS = 60.0


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

    def webhook(self, path: str, **form: str) -> ET.Element:
        """What Twilio is answered; the form is signed as it signs them."""
        signed = signature.sign(TOKEN, f"{PUBLIC}{path}", {k: [v] for k, v in form.items()})
        kind = "application/x-www-form-urlencoded"
        status, twiml = self.ask("POST", path, urlencode(form).encode(), x_twilio_signature=signed, content_type=kind)
        assert status == 200, (status, twiml)
        return ET.fromstring(twiml)

    def voice(self, call_sid: str) -> ET.Element:
        return self.webhook("/twilio/voice", CallSid=call_sid, From="+13125550188", To="+13125550100")

    def rings(self, call_sid: str) -> str:
        """The ticket of a new call."""
        found = self.voice(call_sid).find("Connect/ConversationRelay/Parameter")
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


@contextlib.contextmanager
def serving(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A server while the block runs, with what production needs and an org that is away."""
    ours = set(settings.names())
    port = free_port()
    given = WHOLE | {"PORT": str(port), "SALESFORCE_API_BASE_URL": "http://127.0.0.1:9"} | dict(environment or {})
    whole = {k: v for k, v in os.environ.items() if k not in ours} | given
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "voice_agent", "serve"], cwd=folder, env=whole, stdout=output, stderr=output
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


async def says(socket: ClientConnection, words: str) -> None:
    await socket.send(json.dumps({"type": "prompt", "voicePrompt": words, "last": True}))


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
