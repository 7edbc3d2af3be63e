"""Durable jobs: once asked for they happen, once, whoever dies in between; on either database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.databases import database
from voice_agent import settings
from voice_agent.jobs import Outbox, want
from voice_agent.store import Store

pytestmark = pytest.mark.process
SECONDS = 30.0
NEEDED = {
    "SALESFORCE_DOMAIN": "acme.my",
    "SALESFORCE_CLIENT_ID": "client",
    "SALESFORCE_CLIENT_SECRET": "not-a-real-one",
    "SALESFORCE_API_BASE_URL": "http://127.0.0.1:9",
}


def until(what: Callable[[], bool], why: str = "") -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline, why or "it did not come"
        time.sleep(0.02)


@dataclass
class Office:
    """A store, and workers beside it."""

    url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.url)
        self.store.prepare()

    def worker(self) -> subprocess.Popen[bytes]:
        ours = set(settings.names())
        environment = {k: v for k, v in os.environ.items() if k not in ours} | NEEDED
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "tests.jobs.worker_process", self.url]
            self.workers.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return self.workers[-1]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def ask(self, name: str, key: str, delay: float = 0.0, **arguments: Any) -> Path:
        """Ask for a job; gives the file its effects go to."""
        file = self.folder / key
        self.store.now(
            lambda connection: want(connection, name, key, {"file": str(file), **arguments}, due=time.time() + delay)
        )
        return file

    def close(self) -> None:
        for process in self.workers:
            process.kill()
            process.wait()
        self.store.close()


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        opened = Office(stack.enter_context(database(request.param, folder)), folder)
        stack.callback(opened.close)
        opened.worker()
        until(lambda: "worker ready" in opened.log)
        yield opened


def lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


def test_a_job_asked_for_twice_happens_once(office: Office) -> None:
    office.ask("once", "twice")
    file = office.ask("once", "twice")
    until(lambda: lines(file) == ["twice"])
    office.ask("once", "twice")
    after = office.ask("once", "after")
    until(lambda: lines(after) == ["after"])
    assert lines(file) == ["twice"], "not even when it is asked for again once it is over"
    assert not Outbox(office.store).waiting(), "and nothing is left to hand over"


def test_a_transaction_that_fails_asks_for_nothing(office: Office) -> None:
    def half(connection: Any) -> None:
        want(connection, "once", "half", {"file": str(office.folder / "half")}, due=0.0)
        raise LookupError

    with pytest.raises(LookupError):
        office.store.now(half)
    after = office.ask("once", "after the half")
    until(lambda: bool(lines(after)))
    assert not lines(office.folder / "half")


def test_a_job_is_tried_until_it_works_and_given_up_loudly(office: Office) -> None:
    lucky, hopeless = office.ask("third_time_lucky", "lucky"), office.ask("hopeless", "hopeless")
    until(lambda: lines(lucky) == ["tried"] * 3)
    until(lambda: "a job was given up" in office.log)
    assert lines(hopeless) == ["tried"] * 3
    assert "key=hopeless" in office.log and "key=lucky" not in office.log


def test_a_waiting_job_hears_what_is_said_to_it_once(office: Office) -> None:
    file = office.ask("two_steps", "listener")
    until(lambda: lines(file) == ["first"])
    office.store.now(lambda connection: want(connection, "", "listener", {"word": "yes"}, due=0.0))
    until(lambda: lines(file) == ["first", "heard:yes", "second", "end"])


def test_a_wait_ends_at_its_deadline_and_a_signal_to_nobody_disturbs_nothing(office: Office) -> None:
    office.store.now(lambda connection: want(connection, "", "nobody", {}, due=0.0))
    file = office.ask("two_steps", "alone", waits=0.2)
    until(lambda: lines(file) == ["first", "heard:nothing", "second", "end"])


def test_a_job_of_an_unknown_name_is_complained_about(office: Office) -> None:
    office.ask("no_such_job", "unknown")
    until(lambda: "no job of that name" in office.log)


def test_after_kill_9_finished_steps_stay_finished_and_another_worker_takes_over(office: Office) -> None:
    """The worker kills itself within a step, while a second one stands by; that one goes on from there."""
    first = office.workers[-1]
    office.worker()
    delayed = office.ask("once", "delayed", delay=3.0)
    file = office.ask("two_steps", "dying", dies=True, waits=0.1)
    until(lambda: lines(file) == ["first", "waited", "second", "waited", "second", "end"], office.log[-2000:])
    assert first.wait(5) == -signal.SIGKILL
    until(lambda: lines(delayed) == ["delayed"])


def test_a_worker_told_to_end_ends_at_once_though_jobs_wait(office: Office) -> None:
    file = office.ask("two_steps", "patient")
    until(lambda: lines(file) == ["first"])
    office.workers[-1].terminate()
    assert office.workers[-1].wait(8) == 0
    office.worker()
    office.store.now(lambda connection: want(connection, "", "patient", {"word": "go"}, due=0.0))
    until(lambda: lines(file) == ["first", "heard:go", "second", "end"])
