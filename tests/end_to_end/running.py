"""The demo as processes of its own: started on a free port, asked over HTTP, ended with the test."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice_agent import settings

READY_SECONDS = 40.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """All that was done to the records of one object: how many of them, and which fields of those that existed."""

    object: str
    kind: str
    """`CREATE`, `UPDATE` or `DELETE`."""
    records: int
    fields: frozenset[str]
    """Of an UPDATE; a new record's fields are all new."""


class RunningDemo:
    """One demo: server, emulated org, emulated Twilio. `info` is what `/demo/info` says."""

    def __init__(self, url: str, log: Path, pid: int) -> None:
        self.url = url
        self.log = log
        self.pid = pid
        self.info: dict[str, Any] = fetch(f"{url}/demo/info")

    @property
    def org_url(self) -> str:
        return str(self.info["salesforce"]["base_url"])

    def reset(self) -> None:
        """The org as it was seeded."""
        fetch(f"{self.org_url}/emulator/reset", {})

    def position(self) -> int:
        """Where the org's ledger stands."""
        entries = fetch(f"{self.org_url}/emulator/ledger")
        return int(entries[-1]["seq"]) if entries else 0

    def changes(self, since: int) -> set[Change]:
        """Everything that was done to the org's records since a position of its ledger, but for what follows a call
        once it is over: the row each one leaves (`call_rows` has those), and the task a hand-over is filed as."""
        ledger = self._ledger(since)
        own = {entry["id"] for entry in ledger if _is_call_row(entry)}
        filed = {entry["transaction"] for entry in ledger if _is_filed_call(entry)}
        records: dict[tuple[str, str], set[str]] = {}
        fields: dict[tuple[str, str], set[str]] = {}
        for entry in ledger:
            if entry["id"] in own or entry["transaction"] in filed:
                continue
            key = (entry["object"], entry["change"])
            records.setdefault(key, set()).add(entry["id"])
            fields.setdefault(key, set()).update(entry["fields"] if entry["change"] == "UPDATE" else ())
        return {Change(*key, len(ids), frozenset(fields[key])) for key, ids in records.items()}

    def call_rows(self, since: int) -> list[dict[str, Any]]:
        """The fields of every call's own row made since a position of the ledger."""
        rows = [entry for entry in self._ledger(since) if entry["change"] == "CREATE" and _is_call_row(entry)]
        return [{name: pair[1] for name, pair in entry["fields"].items()} for entry in rows]

    def _ledger(self, since: int) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = fetch(f"{self.org_url}/emulator/ledger?since={since}")
        return entries

    def journal(self, call_sid: str) -> list[dict[str, Any]]:
        """What the server noted about a call."""
        entries: list[dict[str, Any]] = fetch(f"{self.url}/demo/calls/{call_sid}")
        return entries

    def caller(self, place: int) -> str:
        """The number of a caller by their place in the list: 0 technician, 1 customer, 2 unknown, 3 visit under way."""
        return str(self.info["callers"][place]["number"])


def _is_call_row(entry: Mapping[str, Any]) -> bool:
    kind = entry["fields"].get("Kind__c")
    return bool(entry["object"] == "AI_Interaction__c" and kind and kind[1] == "Call")


def _is_filed_call(entry: Mapping[str, Any]) -> bool:
    """A completed task with the CallSid: that a person took the call, or nobody did."""
    of_call = entry["fields"].get("CallObject")
    return bool(entry["object"] == "Task" and of_call and of_call[1])


@contextmanager
def demo(
    folder: Path,
    *,
    seed: Path | None = None,
    environment: Mapping[str, str] | None = None,
    health: str = "ready",
) -> Iterator[RunningDemo]:
    """A demo while the block runs, from when it is `ready`, or only `live`. Nothing of the tester's own settings
    reaches it."""
    port = free_port()
    log = folder / f"demo-{port}.log"
    arguments = [sys.executable, "-m", "voice_agent", "demo", "--port", str(port)]
    arguments += ["--seed", str(seed)] if seed is not None else []
    ours = set(settings.names())
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**clean, **(environment or {})}
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _until(f"{url}/health/{health}", process, log)
        yield RunningDemo(url, log, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fetch(url: str, body: object = None) -> Any:
    """JSON from a URL; a `body` is posted."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            fetch_status(url)
            return
        except OSError:
            said = log.read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"the demo ended at its start:\n{said}"
            assert time.monotonic() < deadline, f"the demo is not ready after {READY_SECONDS:g} s:\n{said}"
            time.sleep(0.05)


def fetch_status(url: str) -> int:
    """Raises OSError (of which HTTPError is one) unless the answer is good."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return int(answer.status)
