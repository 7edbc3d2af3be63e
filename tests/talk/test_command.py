"""`voice-agent talk` as a command: its exit codes, its one-sentence refusals, and a person typing at a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.end_to_end.running import RunningDemo, demo, free_port
from voice_agent import settings

TALK = (sys.executable, "-m", "voice_agent", "talk")
WAIT_SECONDS = 20.0

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    with demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that is no demo: every path is 404."""

    class NotFound(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), NotFound)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def talk(*arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in settings.names()}
    return subprocess.run(
        [*TALK, *arguments], input=typed, capture_output=True, text=True, timeout=60, env={**clean, **environment}
    )


def refusal(answer: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal: exit code 2, nothing else said, no traceback."""
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert answer.stderr.count("\n") == 1 and answer.stderr.startswith("voice-agent: ")
    return answer.stderr


def test_a_server_that_is_not_there_is_named_with_the_command_that_starts_one() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = refusal(talk("--url", url))
    assert url in said and "voice-agent demo" in said


def test_a_server_without_callers_to_play_asks_for_what_it_needs(stranger: str) -> None:
    said = refusal(talk("--url", stranger))
    for needed in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "--line +1", "--as +1"):
        assert needed in said


def test_a_server_that_has_no_voice_route_is_no_voice_agent(stranger: str) -> None:
    answer = talk(
        "--url", stranger, "--as", "+13125550142", "--line", "+13125550100",
        TWILIO_ACCOUNT_SID="AC" + "0" * 32, TWILIO_AUTH_TOKEN="some-token",
    )  # fmt: skip
    assert "/twilio/voice" in refusal(answer)


def test_a_caller_or_line_that_does_not_exist_is_answered_with_those_that_do(running: RunningDemo) -> None:
    said = refusal(talk("--url", running.url, "--as", "plumber"))
    assert "'plumber'" in said and "technician" in said
    said = refusal(talk("--url", running.url, "--line", "sales"))
    assert "'sales'" in said and "after_hours" in said


def test_another_auth_token_is_told_apart_from_a_dead_server(running: RunningDemo) -> None:
    """The demo names its own token; a caller that signs with another one is refused by the server."""
    from voice_agent.errors import ConfigurationError
    from voice_agent.talk import run

    with demo(running.log.parent, environment={"PUBLIC_URL": "http://127.0.0.1:1"}) as elsewhere:
        with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN.*PUBLIC_URL"):
            run(elsewhere.url, caller="customer", line=None, script=_script(running.log.parent, "say hello"))


def test_the_first_line_of_a_script_that_does_not_hold_is_named(running: RunningDemo, tmp_path: Path) -> None:
    script = _script(tmp_path, "expect automated\nsay goodbye\nrecord WorkOrder 4512 Subject nothing like it\nhangup")
    answer = talk("--url", running.url, "--script", str(script))
    assert answer.returncode == 1
    assert f"{script}, line 3: record WorkOrder 4512 Subject nothing like it" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_script_that_cannot_be_read_never_picks_up_the_phone(running: RunningDemo, tmp_path: Path) -> None:
    said = refusal(talk("--url", running.url, "--script", str(_script(tmp_path, "say hello\nsing hello"))))
    assert "line 2" in said and "'sing'" in said


def test_lines_from_a_pipe_are_said_one_after_the_other(running: RunningDemo) -> None:
    answer = talk("--url", running.url, "--speed", "40", typed="where is my technician\n/0\n")
    assert answer.returncode == 0, answer.stderr
    assert "between" in answer.stdout and "waiting for a person in queue" in " ".join(answer.stdout.split())
    assert "\x1b[" not in answer.stdout, "no colour where nobody sees it"


def test_a_person_types_barges_in_presses_keys_and_hangs_up(running: RunningDemo) -> None:
    """At a real terminal of 38 columns: the typed line steps aside, and Ctrl-D puts the phone down."""
    terminal = Terminal([*TALK, "--url", running.url, "--speed", "10"], columns=38)
    try:
        terminal.shows("Hello")
        terminal.types("where is my technician\r")
        terminal.shows("cut off after")
        terminal.shows("between")
        terminal.types("/0\r")
        terminal.shows("queue")
        terminal.types("\x04")
        assert terminal.ends() == 0
    finally:
        terminal.close()


class Terminal:
    """A command on a terminal of its own. What it shows is asked for in order, blanks and line ends aside."""

    def __init__(self, command: list[str], columns: int) -> None:
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name not in settings.names()}
        self._process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**clean, "TERM": "xterm"}
        )
        os.close(theirs)
        self._shown = ""

    def types(self, keys: str) -> None:
        os.write(self._mine, keys.encode())

    def shows(self, wanted: str) -> None:
        """Waits until `wanted` is shown after what was asked for before."""
        deadline = time.monotonic() + WAIT_SECONDS
        while wanted not in " ".join(self._shown.split()):
            assert time.monotonic() < deadline, f"{wanted!r} is not shown, but: {self._shown!r}"
            self._read()
        self._shown = ""

    def ends(self) -> int:
        deadline = time.monotonic() + WAIT_SECONDS
        while (code := self._process.poll()) is None:
            assert time.monotonic() < deadline, "it does not end"
            self._read()
        return code

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._mine)

    def _read(self) -> None:
        ready, _, _ = select.select([self._mine], [], [], 0.1)
        if ready:
            try:
                self._shown += os.read(self._mine, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed: the command is ending
                return


def _script(folder: Path, text: str) -> Path:
    path = folder / "given.call"
    path.write_text(text + "\n", encoding="utf-8")
    return path
