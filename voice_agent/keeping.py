"""What `serve` starts as: a small process that holds the listening socket and keeps two others alive.

The web process is forked from it, and so has the same socket: when it is killed, callers' webhooks wait in the socket's
queue for the second until the next one has started, instead of being refused. The worker is kept the same way. Neither
outlives this process, so a whole server that is killed can be started again at once on the same port.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

BACK_OFF = (0.0, 0.2, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a process that ended is started again: at once the first time, then later and later."""
LONG_ENOUGH = 30.0
"""A process that lived this many seconds was well."""
STOP_SECONDS = 8.0
"""For the worker, once the web process has ended; that one has its own deadline."""
REFUSED = 2
"""Exit code of a process that says itself why it cannot start."""
LOOK_SECONDS = 0.05
PR_SET_PDEATHSIG = 1

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Kept:
    name: str
    body: Callable[[], None]
    due: float
    pid: int | None = None
    began: float = 0.0
    ended_early: int = 0


def keep(web: Callable[[Callable[[], None]], None], worker: Callable[[], None]) -> int:
    """Until SIGTERM or SIGINT, which the web process is told as it was said, or until that ends by its own will.

    Gives its exit code.

    `web` calls what it is given once it can take calls; the worker begins then, and slows no start down.
    """
    hears, says = os.pipe()
    os.set_blocking(hears, False)

    def ready() -> None:
        os.write(says, b"!")

    first, second = Kept("web", lambda: web(ready), 0.0), Kept("worker", worker, math.inf)
    told_to_stop: list[signal.Signals] = []
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda number, _: told_to_stop.append(signal.Signals(number)))
    stopping = False
    while True:
        for child in (first, second):
            if child.pid is None and not stopping and time.monotonic() >= child.due:
                _begin(child)
        time.sleep(LOOK_SECONDS)
        if second.due == math.inf:
            with contextlib.suppress(BlockingIOError):
                second.due = 0.0 if os.read(hears, 1) else math.inf
        while told_to_stop:
            stopping = True
            _tell(first, told_to_stop.pop(0))
        for child in (first, second):
            if (code := _ended(child)) is None:
                continue
            if child is first and (stopping or code in (0, REFUSED)):
                _stop(second)
                return max(code, 0)
            if not stopping:
                _again(child, code)


def _begin(child: Kept) -> None:
    parent = os.getpid()
    child.began = time.monotonic()
    pid = os.fork()
    if pid:
        child.pid = pid
        return
    code = 1
    try:
        os.setpgid(0, 0)  # Ctrl-C in a terminal is for the keeper, which tells each in its turn
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, signal.SIG_DFL)
        _end_with(parent)
        child.body()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException as error:
        log.exception("a process broke", extra={"which": child.name, "error": type(error).__name__})
    finally:
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)


def _end_with(parent: int) -> None:
    """Whoever kills the keeper kills all of it: nobody may hold the port against the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:

        def watch() -> None:
            while os.getppid() == parent:
                time.sleep(0.1)
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
    if os.getppid() != parent:  # gone before we could say so
        os._exit(1)


def _ended(child: Kept) -> int | None:
    """The exit code of a child that ended, negative for a signal; None while it lives."""
    if child.pid is None:
        return None
    pid, status = os.waitpid(child.pid, os.WNOHANG)
    if not pid:
        return None
    child.pid = None
    return os.waitstatus_to_exitcode(status)


def _again(child: Kept, code: int) -> None:
    lived = time.monotonic() - child.began
    child.ended_early = 0 if lived > LONG_ENOUGH else child.ended_early + 1
    pause = BACK_OFF[min(child.ended_early, len(BACK_OFF) - 1)] if child.ended_early > 1 else BACK_OFF[0]
    child.due = time.monotonic() + pause
    log.error("a process ended and is started again", extra={"which": child.name, "code": code, "pause": pause})


def _tell(child: Kept, sign: signal.Signals) -> None:
    if child.pid is not None:
        os.kill(child.pid, sign)


def _stop(child: Kept) -> None:
    _tell(child, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while child.pid is not None and time.monotonic() < deadline:
        _ended(child)
        time.sleep(LOOK_SECONDS)
    _tell(child, signal.SIGKILL)
