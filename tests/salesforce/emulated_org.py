"""The org emulator as a process of its own, and what a test may do to it: faults, clock, ledger, others' edits."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

START = datetime.fromisoformat("2026-11-23T15:00:00+00:00")
"""A Monday, nine in the morning in Chicago; the org's clock stands still unless a test moves it."""


@dataclass
class EmulatedOrg:
    url: str
    now: datetime = START

    def reset(self) -> None:
        self.now = START
        self.clock(START)
        self.control("POST", "reset")

    def clock(self, moment: datetime) -> None:
        self.now = moment
        self.control("POST", "clock", {"freeze": moment.isoformat()})

    def advance(self, seconds: float) -> None:
        self.clock(self.now + timedelta(seconds=seconds))

    def fault(self, match: str, name: str, **more: Any) -> None:
        self.control("POST", "faults", [{"match": match, "fault": name, **more}])

    def expire_sessions(self) -> None:
        self._open(urllib.request.Request(f"{self.url}/emulator/expire", b"", method="POST")).close()

    def serve_free_times_by(self, *services: str) -> None:
        """The org's own ways to find free times: "apex", "action", "scheduler"."""
        body = json.dumps({"scheduling": services}).encode()
        self._open(urllib.request.Request(f"{self.url}/emulator/switch", body, method="POST")).close()

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    @property
    def info(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "info")
        return found

    def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.control("GET", "ledger")
        return entries

    def changed(self) -> dict[str, list[str]]:
        """Object -> what happened to its records, in order, the whole org: "CREATE" or "UPDATE Status, ..."."""
        seen: dict[str, list[str]] = {}
        for entry in self.ledger():
            fields = sorted(name for name in entry["fields"] if name not in QUIET)
            what = entry["change"] if entry["change"] != "UPDATE" else f"UPDATE {', '.join(fields)}"
            seen.setdefault(entry["object"], []).append(what)
        return seen

    def somebody_else_changes(self, object_name: str, record: str, **fields: Any) -> None:
        """An edit by another client, a second later than whatever was read before."""
        self.advance(2)
        self.rest("PATCH", f"sobjects/{object_name}/{record}", fields)

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        told = self.info["salesforce"]
        form = urllib.parse.urlencode(
            {"grant_type": "client_credentials", **{name: told[name] for name in ("client_id", "client_secret")}}
        ).encode()
        token = json.load(self._open(urllib.request.Request(f"{self.url}/services/oauth2/token", form)))
        request = urllib.request.Request(
            f"{self.url}/services/data/v67.0/{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {token['access_token']}", "Content-Type": "application/json"},
            method=method,
        )
        raw = self._open(request).read()
        return json.loads(raw) if raw else None

    def rows(self, soql: str) -> list[dict[str, Any]]:
        quoted = urllib.parse.quote(soql)
        found: list[dict[str, Any]] = self.rest("GET", f"query?q={quoted}")["records"]
        return found

    def control(self, method: str, what: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else (b"" if method == "POST" else None)
        request = urllib.request.Request(f"{self.url}/emulator/{what}", data, method=method)
        return json.load(self._open(request))

    def _open(self, request: urllib.request.Request) -> Any:
        try:
            return urllib.request.urlopen(request, timeout=15)
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{problem.code} {problem.read().decode()}") from problem


QUIET = frozenset({"SystemModstamp", "LastModifiedDate", "LastModifiedById"})


@contextmanager
def emulator(*arguments: str) -> Iterator[EmulatedOrg]:
    command = [
        sys.executable,
        "-m",
        "voice_agent.demo.salesforce",
        "--port",
        "0",
        "--now",
        START.isoformat(),
        *arguments,
    ]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert "http://" in said, f"the emulator did not start: {said}"
        yield EmulatedOrg("http://" + said.split("http://", 1)[1].split()[0])
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
