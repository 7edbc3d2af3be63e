"""kill -9 in the middle of a call: the caller stays on the line, hears that it was cut, and is where they were."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.end_to_end.running import RunningDemo, demo
from tests.end_to_end.telephoning import call, hears

pytestmark = pytest.mark.process
TECHNICIAN, CUSTOMER = 0, 1
STORE = "kept.sqlite3"
FULL_AT_BYTES = 4_096
RECOVERED_SECONDS = 15.0
"""What a loaded machine may take; how long it takes is measured elsewhere."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    folder = tmp_path_factory.mktemp("recovery")
    with demo(folder, environment={"DATABASE_URL": f"sqlite:///{folder / STORE}"}) as started:
        yield started


def web_process(running: RunningDemo) -> int:
    """The process that holds the calls: the one child that has the keeper's listening socket too."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    listening = sockets(str(running.pid))
    (web,) = (int(pid) for pid in children if listening & sockets(pid))
    return web


def sockets(pid: str) -> set[str]:
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())
    return {link for link in links if link.startswith("socket:")}


def kill(running: RunningDemo) -> None:
    os.kill(web_process(running), signal.SIGKILL)


def test_a_question_that_was_open_is_taken_up_where_it_was(running: RunningDemo) -> None:
    running.reset()

    async def scenario() -> None:
        async with call(running, CUSTOMER) as phone:
            await phone.speak("I need to move my appointment to another day")
            await hears(phone, "number 1.*number 2")
            await asyncio.sleep(0.4)  # what the server notes reaches its store in two tenths of a second
            await asyncio.to_thread(kill, running)
            heard = await hears(phone, "cut off.*move your visit.*number 1.*number 2", RECOVERED_SECONDS)
            assert "automated assistant" not in heard, "nobody is greeted twice"
            position = running.position()
            await phone.press("1")
            await hears(phone, "yes or press 1")
            await phone.speak("yes")
            await hears(phone, "moved|done|new time|see you")
            assert ("ServiceAppointment", "UPDATE") in {(c.object, c.kind) for c in running.changes(position)}

    asyncio.run(scenario())


def test_a_proven_technician_need_not_prove_it_again_at_once(running: RunningDemo) -> None:
    pin = str(running.info["callers"][TECHNICIAN]["pin"])

    async def scenario() -> None:
        async with call(running, TECHNICIAN) as phone:
            await phone.press(f"{pin}#")
            await hears(phone, "thank")
            await phone.speak("what is my next job")
            await hears(phone, "job|order")
            await asyncio.sleep(0.3)
            await asyncio.to_thread(kill, running)
            heard = await hears(phone, "cut off.*next job.*(order|visit|job|nothing)", RECOVERED_SECONDS)
            assert "PIN" not in heard

    asyncio.run(scenario())


def test_an_emergency_is_recorded_once_and_its_guidance_not_begun_again(running: RunningDemo) -> None:
    running.reset()
    position = running.position()

    async def scenario() -> None:
        async with call(running, CUSTOMER, "after_hours") as phone:
            await phone.speak("it smells like gas in the basement")
            await hears(phone, "smell gas, leave now")
            await asyncio.to_thread(kill, running)
            await hears(phone, "cut off", RECOVERED_SECONDS)

    asyncio.run(scenario())
    made = {(c.object, c.kind): c.records for c in running.changes(position)}
    deadline = time.monotonic() + RECOVERED_SECONDS * 2
    while ("WorkOrder", "CREATE") not in made and time.monotonic() < deadline:
        time.sleep(0.2)
        made = {(c.object, c.kind): c.records for c in running.changes(position)}
    assert made[("Case", "CREATE")] == made[("WorkOrder", "CREATE")] == 1


def test_while_the_store_is_locked_no_change_is_made_or_claimed_and_an_emergency_goes_on(running: RunningDemo) -> None:
    running.reset()
    asyncio.run(nothing_can_be_saved(running, locked(running.log.parent / STORE)))


def test_while_the_disk_is_full_no_change_is_made_or_claimed_and_an_emergency_goes_on(running: RunningDemo) -> None:
    # no reset: an emergency of before that is not on record any more would be recorded again, and taken for this one
    asyncio.run(nothing_can_be_saved(running, full_disk(running)))


def test_on_a_database_that_is_none_calls_are_taken_for_emergencies_and_people(tmp_path: Path) -> None:
    (tmp_path / STORE).write_bytes(b"this was a database once" * 1_000)
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path / STORE}"}
    with demo(tmp_path, environment=environment, health="live") as broken:
        asyncio.run(nothing_can_be_saved(broken, contextlib.nullcontext()))
        assert "file is not a database" in broken.log.read_text()


async def nothing_can_be_saved(running: RunningDemo, trouble: AbstractContextManager[None]) -> None:
    """A caller agrees to a change amid `trouble`: told that it cannot be saved, and it is not. Then they smell gas."""
    position = running.position()
    async with call(running, CUSTOMER) as phone:
        await phone.speak("I need to move my appointment to another day")
        await hears(phone, "number 1.*number 2")
        await phone.press("1")
        await hears(phone, "yes or press 1")
        with trouble:
            await phone.speak("yes")
            heard = await hears(phone, "nothing was changed|can't save|cannot save|could not be saved", 20.0)
            assert "moved" not in heard.lower()
            await phone.speak("it smells like gas in the basement")
            await hears(phone, "smell gas, leave now")
            await asyncio.to_thread(until_recorded, running, position)
    moved = [c for c in running.changes(position) if c.object == "ServiceAppointment"]
    assert not moved, "nothing was tried that could not be noted"


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else writes to the database, and does not end."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.close()


@contextlib.contextmanager
def full_disk(running: RunningDemo) -> Iterator[None]:
    """No file of the server may grow, its log neither: the system refuses each write as it does on a full disk."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    everyone = [running.pid, *(int(pid) for pid in children)]
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in everyone}
    for pid, (_, most) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_AT_BYTES, most))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def until_recorded(running: RunningDemo, position: int) -> None:
    deadline = time.monotonic() + RECOVERED_SECONDS * 2
    while ("WorkOrder", "CREATE") not in {(c.object, c.kind) for c in running.changes(position)}:
        assert time.monotonic() < deadline, "the emergency is not on record"
        time.sleep(0.2)
