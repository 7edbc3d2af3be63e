"""An emergency rings people on duty until one of them takes it, though everything of ours is killed in between."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import prompts
from tests.end_to_end.running import RunningDemo, demo, fetch
from tests.end_to_end.telephoning import call, hears
from tests.recovery.test_a_killed_server import web_process

pytestmark = pytest.mark.process
FIRST, SECOND = "+13125550182", "+13125550183"
SECONDS = 45.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo whose on-call people have six seconds each."""
    folder = tmp_path_factory.mktemp("paging")
    shutil.copytree(Path(str(prompts.__file__)).parent, folder / "prompts")
    file = folder / "prompts" / "on_call.toml"
    file.write_text(file.read_text().replace("wait = 120", "wait = 6"))
    with demo(folder, environment={"PROMPTS_DIR": str(folder / "prompts")}) as started:
        yield started


def exchange(running: RunningDemo, path: str, body: object = None) -> Any:
    return fetch(f"{running.info['twilio']['base_url']}/emulator/{path}", body)


def calls_to(running: RunningDemo, number: str) -> list[dict[str, Any]]:
    return [one for one in exchange(running, "calls") if one["to"] == number]


def until(what: Callable[[], Any], why: str) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, why
        time.sleep(0.05)
    return found


def report_gas(running: RunningDemo) -> None:
    async def scenario() -> None:
        async with call(running, 2, "after_hours") as phone:
            await phone.speak("it smells like gas in the basement")
            await hears(phone, "smell gas, leave now")

    asyncio.run(scenario())


def test_somebody_takes_it_though_web_process_and_worker_are_killed(running: RunningDemo) -> None:
    """Killed while the first phone rings. Each rung of the ladder rings once, and none after it was taken."""
    exchange(running, "phones", {"number": FIRST, "answer": "no_answer", "after": 1.0})
    exchange(running, "phones", {"number": SECOND, "answer": "human", "after": 0.2})
    report_gas(running)
    until(lambda: calls_to(running, FIRST), "the first person is not rung")
    for pid in workers_and_web(running):
        os.kill(pid, signal.SIGKILL)
    until(lambda: pressed(running), "nobody who went on with it could take it")
    until(lambda: "a page was acknowledged" in running.log.read_text(), "the key was not heard")
    legs = len(calls_to(running, FIRST)) + len(calls_to(running, SECOND))
    time.sleep(7.0)  # longer than one person's time: somebody who is rung after all would show
    assert len(calls_to(running, FIRST)) + len(calls_to(running, SECOND)) == legs
    sender = next(line["number"] for line in running.info["lines"] if line["role"] == "after_hours")
    assert {leg["from"] for leg in calls_to(running, SECOND)} == {sender}


def pressed(running: RunningDemo) -> bool:
    """Whether the second person, on whichever call of theirs, could press 1."""
    for leg in calls_to(running, SECOND):
        if leg["listening"] and leg["status"] == "in-progress":
            exchange(running, f"calls/{leg['call_sid']}/press", {"keys": "1", "patience": 5})
            return True
    return False


def workers_and_web(running: RunningDemo) -> list[int]:
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    keeper = Path(f"/proc/{running.pid}/cmdline").read_bytes()
    forked = [int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_bytes() == keeper]
    assert web_process(running) in forked and len(forked) == 2
    return forked
