"""The whole demo as a process of its own on a free port, and what a test asks of it beside the page."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    base: str
    process: subprocess.Popen[bytes]

    @property
    def phone(self) -> str:
        return f"{self.base}/demo/phone"

    def info(self) -> Any:
        return get(f"{self.base}/demo/info")

    def caller(self, role: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = next(one for one in self.info()["callers"] if one["role"] == role)
        return found

    def changes(self) -> list[dict[str, Any]]:
        """The org's ledger: every change since it was seeded."""
        entries: list[dict[str, Any]] = get(f"{self.info()['salesforce']['base_url']}/emulator/ledger")
        return entries

    def talk_faster(self, speed: float) -> None:
        """Twilio's side on a faster clock; the server's own time is real."""
        status, _ = post(f"{self.info()['twilio']['base_url']}/emulator/clock", {"speed": speed})
        assert status == 200

    def end_emulator(self, name: str) -> None:
        """End one of the demo's two children, as a crash would."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=True
        ).stdout
        (pid,) = (int(line.split()[0]) for line in listed.splitlines() if f"emulate {name}" in line)
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)


@contextlib.contextmanager
def demo(**environment: str) -> Iterator[Demo]:
    """Started with nothing in its environment but what is given here."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "voice_agent", "demo", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | environment,
    )
    running = Demo(f"http://127.0.0.1:{port}", process)
    try:
        until(lambda: answers(f"{running.base}/health/ready"), START_SECONDS)
        yield running
    finally:
        running.stop()


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def post(url: str, body: object, **headers: str) -> tuple[int, Any]:
    """Status and JSON body, also of a refusal."""
    given = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(url, json.dumps(body).encode(), given)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            text = refused.read()
        return refused.code, json.loads(text) if text.startswith(b"{") else text.decode()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(condition: Any, seconds: float = 20.0) -> Any:
    """What `condition` gives once it is true; fails after `seconds`. Another process has no virtual time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        threading.Event().wait(0.05)
    raise AssertionError("the condition did not come true in time")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
