"""Keeps a process of ours running beside the server: started again when it ends, later and later if it keeps ending."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

BACK_OFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LONG_ENOUGH = 30.0
"""A process that lived this many seconds was well; the next pause is the first one again."""
STOP_SECONDS = 8.0

log = logging.getLogger(__name__)


class Supervised:
    """One process. It ends with this one, however this one ends: it looks for its parent (`VOICE_AGENT_PARENT`)."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """SIGTERM, some seconds to finish what is under way, SIGKILL. Blocks that long."""
        self._stopping.set()
        if (process := self._process) is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log.error("a process did not end in time", extra={"pid": process.pid})
                process.kill()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _keep(self) -> None:
        ended_early = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._process = process = self._begin()
            except OSError as error:  # no memory or no process left: the server goes on, and this is tried again
                log.error("a process cannot be started", extra={"why": type(error).__name__})
                self._stopping.wait(BACK_OFF[-1])
                continue
            if self._stopping.is_set():  # `stop` may have looked before there was anything to end
                process.terminate()
            code = process.wait()
            if self._stopping.is_set():
                return
            ended_early = 0 if time.monotonic() - began > LONG_ENOUGH else ended_early + 1
            pause = BACK_OFF[min(ended_early, len(BACK_OFF) - 1)]
            log.error("a process ended and is started again", extra={"code": code, "pause": pause})
            self._stopping.wait(pause)

    def _begin(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self._environment, "VOICE_AGENT_PARENT": str(os.getpid())}
        return subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=environment)
