"""The emulator as a process of its own, and a scripted application on a real port."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp


@contextlib.contextmanager
def emulator(**environment: str) -> Iterator[str]:
    """Starts the emulator on a free port and gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "voice_agent.demo.twilio", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, f"the emulator did not start: {line!r}"
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serves `app` on a free port of this machine from a thread and gives its address, like `127.0.0.1:12345`."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def wait_until(condition: Any, seconds: float = 20.0) -> Any:
    """What `condition` gives once it is true; fails after `seconds`. Other processes have no virtual time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        threading.Event().wait(0.02)
    raise AssertionError("the condition did not come true in time")
