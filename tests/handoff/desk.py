"""A demo with one line for each way in which a person may fare, on a Twilio emulator whose clock runs fast."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import prompts
from tests.end_to_end.running import RunningDemo, demo, fetch
from tests.twilio_emulator.official_client import client

T = TypeVar("T")

SPEED = 5.0
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Case:
    """One person's phone: how it fares is the outcome's name."""

    outcome: str
    habits: Mapping[str, Any]


CASES: tuple[Case, ...] = (
    Case("answered", {"answer": "human", "presses": "w" * 24 + "1"}),
    Case("busy", {"answer": "busy"}),
    Case("no_answer", {"answer": "no_answer"}),
    Case("declined", {"answer": "human", "presses": "2"}),
    Case("voicemail", {"answer": "voicemail"}),
    Case("abandoned", {"answer": "manual"}),  # the caller is gone before anybody picks up
    Case("failed", {"answer": "failed"}),
    Case("lost", {"answer": "human", "presses": "w" * 24 + "1w", "hangs_up": True}),  # gone at the very join
)


@dataclass(frozen=True, slots=True)
class Desk:
    """One server, and the phones of its people."""

    server: RunningDemo
    twilio: str
    numbers: Mapping[str, str]
    """Case to the line's number."""
    phones: Mapping[str, str]

    def call(self, case: str, caller: str) -> Caller:
        answer = fetch(f"{self.twilio}/emulator/calls", {"from": caller, "to": self.numbers[case]})
        return Caller(self, case, str(answer["call_sid"]))

    def faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        request = urllib.request.Request(f"{self.twilio}/emulator/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=5).close()
        if rules:
            fetch(f"{self.twilio}/emulator/faults", list(rules))

    def legs(self, case: str, since: str) -> list[str]:
        """Calls to the person's phone that were placed after the call `since`, oldest first."""
        calls: list[dict[str, Any]] = fetch(f"{self.twilio}/emulator/calls")
        sids = [call["call_sid"] for call in calls]
        later = calls[sids.index(since) :]
        return [str(call["call_sid"]) for call in later if call["to"] == self.phones[case]]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody on the phone who wants a person."""

    desk: Desk
    case: str
    call_sid: str

    def act(self, act: str, **given: Any) -> None:
        fetch(f"{self.desk.twilio}/emulator/calls/{self.call_sid}/{act}", given)

    def happenings(self, sid: str = "") -> list[dict[str, Any]]:
        """All that happened on this call, or on another, so far."""
        return happenings(self.desk.twilio, sid or self.call_sid)

    def said_to_them(self) -> str:
        return " ".join(h["text"] for h in self.happenings() if h["type"] == "clause_played")

    def notes(self) -> list[dict[str, Any]]:
        try:
            return self.desk.server.journal(self.call_sid)
        except urllib.error.HTTPError:
            return []

    def steps(self) -> list[dict[str, Any]]:
        return [note for note in self.notes() if note["kind"] == "transfer"]

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = fetch(f"{self.desk.twilio}/emulator/calls/{self.call_sid}")
        return state


def happenings(twilio: str, call_sid: str) -> list[dict[str, Any]]:
    """All that has happened on a call so far."""
    found: list[dict[str, Any]] = fetch(f"{twilio}/emulator/calls/{call_sid}/happenings")
    return found


def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """What `condition` gives once it is true; fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@contextlib.contextmanager
def emulated_twilio(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "voice_agent", "emulate", "twilio", "--port", str(port), "--speed", str(SPEED)]
    with (folder / "twilio.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: _answers(f"{url}/emulator/info"), "the emulator answers", 30)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def desk(
    folder: Path,
    twilio: str,
    *,
    routed: bool,
    call_backs: Mapping[str, Sequence[float]] | None = None,
    decide_within: float | None = None,
    **environment: str,
) -> Iterator[Desk]:
    """A demo on that emulator. `routed`: TaskRouter finds the people, else the phones of the built-in queue.

    `call_backs`: by outcome, the seconds before each try to call back; it is noon on these lines, whatever the hour.
    `decide_within`: minutes that a dispatcher has for a change.
    """
    digit = "4" if routed else "3"
    numbers = {case.outcome: f"+1312555{digit}{place:03}" for place, case in enumerate(CASES)}
    phones = {case.outcome: f"+1312555{digit}{500 + place:03}" for place, case in enumerate(CASES)}
    for case in CASES:
        fetch(f"{twilio}/emulator/phones", {"number": phones[case.outcome], **case.habits})
    own = folder / ("routed" if routed else "built-in")
    own.mkdir()
    prompts_folder = _prompts(own / "prompts", numbers, phones, call_backs)
    if decide_within is not None:
        rules = prompts_folder / "approvals.toml"
        rules.write_text(
            rules.read_text().replace("decide_within_minutes = 120", f"decide_within_minutes = {decide_within}")
        )
    environment |= {"TWILIO_API_BASE_URL": twilio, "PROMPTS_DIR": str(prompts_folder)}
    if routed:
        environment["TWILIO_WORKFLOW_SID"] = workflow(twilio, phones)
    with demo(own, environment=environment) as server:
        if routed:
            _point(twilio, server.url)
        yield Desk(server, twilio, numbers, phones)


def all_available(twilio: str) -> None:
    """Workers whose reservation ran out were put offline, as TaskRouter does: they come back to their desks."""
    told = fetch(f"{twilio}/emulator/info")["twilio"]
    with client(twilio, told["account_sid"], told["auth_token"]) as rest:
        spaces = rest.taskrouter.v1.workspaces
        for space in spaces.list():
            here = spaces(space.sid)
            available = next(each for each in here.activities.list() if each.friendly_name == "Available")
            for worker in here.workers.list():
                here.workers(worker.sid).update(activity_sid=available.sid)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except OSError:
        return False
    return True


def _prompts(
    folder: Path,
    numbers: Mapping[str, str],
    phones: Mapping[str, str],
    call_backs: Mapping[str, Sequence[float]] | None,
) -> Path:
    """The shipped folder with one customer line and one target for each case."""
    shutil.copytree(Path(str(prompts.__file__)).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "lines.toml").read_text()
    first = text.index("\n[[line]]\n")
    customer = text[first : text.index("\n[[line]]\n", first + 1)]
    head = text[: text.index("\n[hand_off]\n")] + '\n[hand_off]\ncountries = ["US"]\n'
    blocks = []
    for outcome, number in numbers.items():
        rings = 120 if outcome == "abandoned" else 20  # the caller is to go first, however slow the test is
        head += f'\n[hand_off.{outcome}]\nqueue = "{outcome}"\nphones = ["{phones[outcome]}"]\nring_seconds = {rings}\n'
        head += "longest_wait = 20\npasses = 1\n"
        if call_backs is not None:
            head += f"call_back_after = {list(call_backs.get(outcome, (3600.0,)))}\n"
        block = customer.replace('name = "customer"', f'name = "{outcome}"').replace("+13125550100", number)
        if call_backs is not None:
            block = block.replace("America/Chicago", _noon())
        blocks.append(block.replace('hand_off = "dispatch"', f'hand_off = "{outcome}"'))
    (folder / "lines.toml").write_text(head + "\n" + "\n".join(blocks))
    return folder


def _noon() -> str:
    """A zone in which it is about noon: phones of callers may ring there."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def workflow(twilio: str, phones: Mapping[str, str]) -> str:
    """A workspace with one worker and one task queue for each case, made with the official client."""
    told = fetch(f"{twilio}/emulator/info")["twilio"]
    with client(twilio, told["account_sid"], told["auth_token"]) as rest:
        spaces = rest.taskrouter.v1.workspaces
        space = spaces.create(friendly_name="Dispatch")
        here = spaces(space.sid)
        available = next(each for each in here.activities.list() if each.friendly_name == "Available")
        filters = []
        for outcome, phone in phones.items():
            attributes = json.dumps({"desk": outcome, "contact_uri": phone})
            here.workers.create(friendly_name=outcome, activity_sid=available.sid, attributes=attributes)
            queue = here.task_queues.create(friendly_name=outcome, target_workers=f"desk == '{outcome}'")
            target = {"queue": queue.sid, "timeout": 90}
            filters.append({"expression": f"type == '{outcome}'", "targets": [target]})
        made = here.workflows.create(
            friendly_name="dispatch",
            configuration=json.dumps({"task_routing": {"filters": filters}}),
            assignment_callback_url="http://127.0.0.1:9/not-yet",
        )
        return str(made.sid)


def _point(twilio: str, server: str) -> None:
    """The workspace learns where the server is, which had to know the workflow before it could start."""
    told = fetch(f"{twilio}/emulator/info")["twilio"]
    with client(twilio, told["account_sid"], told["auth_token"]) as rest:
        spaces = rest.taskrouter.v1.workspaces
        for space in spaces.list():
            spaces(space.sid).update(event_callback_url=f"{server}/twilio/task/event")
            for workflow in spaces(space.sid).workflows.list():
                spaces(space.sid).workflows(workflow.sid).update(assignment_callback_url=f"{server}/twilio/task/assign")
