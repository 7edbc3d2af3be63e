"""PINs and codes go to the verifier and nowhere else: not to a model, a journal, a log, the store or the org."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.running import RunningDemo, demo, fetch
from tests.end_to_end.telephoning import SPEED, Unwatched, hears
from voice_agent.talking.calling import calling
from voice_agent.talking.dialling import dial
from voice_agent.talking.inbox import Inbox

pytestmark = pytest.mark.process
DIGITS = "zero one two three four five six seven eight nine".split()
WRONG_PIN, WRONG_CODE = "604817", "915026"


class _Listener(BaseHTTPRequestHandler):
    """A model that writes down what it is asked and answers nothing, so that the rules answer."""

    asked: list[bytes]

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def listening_model() -> Iterator[tuple[str, list[bytes]]]:
    asked: list[bytes] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Listener", (_Listener,), {"asked": asked}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        server.server_close()


async def technician(running: RunningDemo, pin: str) -> str:
    dialling = await asyncio.to_thread(dial, running.url, running.caller(0), "technician", {})
    async with calling(dialling, Unwatched(), speed=SPEED) as phone:
        await phone.press(WRONG_PIN)
        await hears(phone, "not right")
        await phone.speak("six zero four eight one seven")
        await hears(phone, "press those digits")
        await phone.press(f"{pin}#")
        await hears(phone, "Alex")
        await phone.speak("what is my next job")
        await hears(phone, "next job")
        return phone.call.sid


async def customer(running: RunningDemo) -> tuple[str, str]:
    dialling = await asyncio.to_thread(dial, running.url, running.caller(1), "customer", {})
    inbox = Inbox(dialling.twilio_url)
    await inbox.begin()
    async with calling(dialling, Unwatched(), speed=SPEED, attestation="No-TN-Validation") as phone:
        await phone.speak("where is my technician")
        await hears(phone, "six-digit code")
        await phone.press(WRONG_CODE)
        await hears(phone, "not right")
        code = await inbox.code()
        await phone.speak(" ".join(DIGITS[int(digit)] for digit in code))
        await hears(phone, "keypad instead")
        await phone.press(code)
        await hears(phone, "between")
        return phone.call.sid, code


def test_neither_pin_nor_code_is_found_anywhere_after_the_calls(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with listening_model() as (url, asked):
        environment = {
            "OPENAI_BASE_URL": url,
            "OPENAI_API_KEY": "nobody-checks-it-0",
            "DATABASE_URL": f"sqlite:///{kept / 'store.sqlite3'}",
            "LOG_LEVEL": "DEBUG",
        }
        with demo(tmp_path, environment=environment) as running:
            pin = next(c["pin"] for c in running.info["callers"] if c["number"] == running.caller(0))
            first = asyncio.run(technician(running, pin))
            second, code = asyncio.run(customer(running))
            sinks = {
                "journal": str([running.journal(sid) for sid in (first, second)]).encode(),
                "org": str(fetch(f"{running.org_url}/emulator/ledger")).encode(),
            }
        lines = running.log.read_bytes().splitlines()
        sinks["log"] = b"\n".join(line for line in lines if re.match(rb"\d\d:\d\d:\d\d ", line))  # not the panel
        sinks["model"] = b"\n".join(asked)
        sinks |= {file.name: file.read_bytes() for file in kept.iterdir()}
    assert asked and len(sinks["log"]) > 1000 and len(sinks["store.sqlite3"]) > 1000, "there is something to look into"
    found = [
        (name, what)
        for name, content in sinks.items()
        for what in (pin, code, WRONG_PIN, WRONG_CODE, "six zero four eight", " ".join(DIGITS[int(d)] for d in code))
        if what.encode() in content
    ]
    assert found == []
