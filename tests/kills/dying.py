"""Processes that kill themselves: a caller's process at the n-th time that anything in it waits, or after a while."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Generator
from types import FrameType
from typing import Any


class DiesAtWait:
    """Kills the process, as kill -9 does, when its tasks have waited `n` times in all; `waits` counts them."""

    def __init__(self, n: int | None) -> None:
        self._n = n
        self.waits = 0

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.set_task_factory(lambda loop, work, **more: asyncio.Task(self._counted(work), loop=loop, **more))

    async def _counted(self, work: Any) -> Any:
        return await _Stepwise(work, self)

    def waited(self) -> None:
        self.waits += 1
        if self.waits == self._n:
            os.kill(os.getpid(), signal.SIGKILL)


class DiesAtCall:
    """Kills the process when functions of ours have been entered or left `n` times, in whatever thread."""

    def __init__(self, n: int) -> None:
        self._left = n

    def watch(self) -> None:
        threading.setprofile(self._seen)
        sys.setprofile(self._seen)

    def _seen(self, frame: FrameType, event: str, _: Any) -> None:
        if event in ("call", "return") and "/voice_agent/" in frame.f_code.co_filename:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class _Stepwise:
    """Passes every wait of a coroutine on to the loop, and counts it first."""

    def __init__(self, work: Coroutine[Any, Any, Any], watch: DiesAtWait) -> None:
        self._work = work
        self._watch = watch

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                waits_for = inner.send(answer) if error is None else inner.throw(error)
            except StopIteration as done:
                return done.value
            self._watch.waited()
            answer, error = None, None
            try:
                answer = yield waits_for
            except BaseException as raised:  # cancellation belongs to the coroutine within
                error = raised


def die_after(seconds: float) -> None:
    """Somewhere, in whatever thread is just at it."""
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL))
    timer.daemon = True
    timer.start()


def forked(body: Any) -> int:
    """The pid of a process that does this and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        body()
    finally:
        os._exit(0)
