"""Every refusal of the command line is one sentence on standard error and exit code 2, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.edges.test_settings import WHOLE
from voice_agent import settings

pytestmark = pytest.mark.process

SECONDS = 40.0
COMMANDS: tuple[list[str], ...] = (
    [],
    ["demo"],
    ["serve"],
    ["talk"],
    ["understand"],
    ["check"],
    ["salesforce-package"],
    ["emulate"],
    ["emulate", "salesforce"],
    ["emulate", "twilio"],
)


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell in an empty folder, without any setting of the tester's own."""

    folder: Path

    def run(self, *arguments: str, environment: dict[str, str] | None = None, stdin: bytes = b"") -> Ended:
        ours = set(settings.names())
        clean = {name: value for name, value in os.environ.items() if name not in ours}
        clean |= {"COLUMNS": "200", "PYTHONUTF8": "1", "TERM": "dumb"} | (environment or {})
        done = subprocess.run(
            [sys.executable, "-m", "voice_agent", *arguments],
            cwd=self.folder,
            env=clean,
            input=stdin,
            capture_output=True,
            timeout=SECONDS,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def refusal(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """The one sentence the command ends with."""
        ended = self.run(*arguments, environment=environment)
        assert ended.code == 2, ended
        assert ended.out == "" and ended.err.startswith("voice-agent: ") and ended.err.count("\n") == 1, ended
        return ended.err.removeprefix("voice-agent: ").strip()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "alone")
def test_every_command_explains_itself(terminal: Terminal, command: list[str]) -> None:
    ended = terminal.run(*command, "--help")
    assert ended.code == 0 and "Usage" in ended.out and ended.err == ""


def test_serve_without_settings_names_the_first_that_is_missing(terminal: Terminal) -> None:
    assert terminal.refusal("serve").startswith("PUBLIC_URL is not set")
    assert terminal.refusal("check").startswith("PUBLIC_URL is not set")


def test_serve_reads_the_file_beside_it_and_the_environment_wins(terminal: Terminal) -> None:
    lines = [f"{name}={value}" for name, value in WHOLE.items() if name != "SECRET_KEY"]
    (terminal.folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert terminal.refusal("serve").startswith("SECRET_KEY is not set")
    assert terminal.refusal("serve", environment={"SECRET_KEY": "changeme"}).startswith("SECRET_KEY is a placeholder")
    (terminal.folder / ".env").write_text("PORT 8000", encoding="utf-8")
    assert ".env, line 1" in terminal.refusal("serve")


def test_serve_names_a_port_that_is_in_use(terminal: Terminal, taken_port: str) -> None:
    assert f"port {taken_port} on 127.0.0.1" in terminal.refusal("serve", environment=WHOLE | {"PORT": taken_port})


def test_serve_names_a_prompts_folder_that_is_none(terminal: Terminal) -> None:
    said = terminal.refusal("serve", environment=WHOLE | {"PROMPTS_DIR": "/nowhere", "PORT": "54321"})
    assert "lines.toml is missing in /nowhere" in said


def test_serve_says_that_several_workers_are_not_built_yet(terminal: Terminal) -> None:
    assert terminal.refusal("serve", "--workers", "2", environment=WHOLE).startswith("--workers")


def test_the_demo_stays_on_this_machine(terminal: Terminal, taken_port: str) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        said = terminal.refusal("demo", "--host", host, "--port", str(int(taken_port) ^ 1 or 1))
        assert host in said and "this machine" in said


def test_the_demo_names_what_stands_in_its_way(terminal: Terminal, taken_port: str) -> None:
    assert f"port {taken_port}" in terminal.refusal("demo", "--port", taken_port)
    assert terminal.refusal("demo", environment={"PORT": "many"}).startswith("PORT is 'many'")
    assert terminal.refusal("demo", environment={"ROLLOUT_PHASE": "soon"}).startswith("ROLLOUT_PHASE is 'soon'")


def test_an_emulator_names_a_port_that_is_in_use(terminal: Terminal, taken_port: str) -> None:
    for which in ("salesforce", "twilio"):
        said = terminal.refusal("emulate", which, "--port", taken_port)
        assert taken_port in said or "in use" in said


def test_an_emulator_names_a_seed_or_a_moment_that_is_none(terminal: Terminal) -> None:
    assert "nowhere" in terminal.refusal("emulate", "salesforce", "--port", "0", "--seed", "nowhere")
    assert "yesterday" in terminal.refusal("emulate", "salesforce", "--port", "0", "--now", "yesterday")


@pytest.mark.parametrize(
    ("option", "value", "mend"),
    [("--role", "boss", "customer, technician"), ("--now", "tomorrow", "2026-11-23"), ("--now", "", "2026-11-23")],
)
def test_understand_names_an_option_it_cannot_read(terminal: Terminal, option: str, value: str, mend: str) -> None:
    said = terminal.refusal("understand", option, value)
    assert said.startswith(f"{option} is {value!r}") and mend in said


def test_understand_reads_a_line_as_a_call_of_its_own(terminal: Terminal) -> None:
    spoken = "it smells like gas\n\ndónde está el técnico\nyes".encode()
    ended = terminal.run("understand", "--now", "2026-11-23T09:00:00-06:00", stdin=spoken)
    assert ended.code == 0 and ended.err == ""
    readings = [json.loads(line) for line in ended.out.splitlines()]
    assert [r["text"] for r in readings if r["text"]] == ["it smells like gas", "dónde está el técnico", "yes"]
    assert readings[0]["urgency"] == "life_safety" and readings[-1]["intent"] == "yes"


def test_understand_survives_bytes_that_are_no_text(terminal: Terminal) -> None:
    ended = terminal.run("understand", stdin=b"hello \xff\xfe there\nyes\n")
    assert ended.code == 0 and ended.err == ""
    assert json.loads(ended.out.splitlines()[-1])["intent"] == "yes"


def test_a_command_or_option_that_does_not_exist_is_refused(terminal: Terminal) -> None:
    for arguments in (["dance"], ["serve", "--fast"], ["demo", "--port", "x"], ["demo", "--port", "70000"]):
        ended = terminal.run(*arguments)
        assert ended.code == 2 and "Traceback" not in ended.err
