"""Starts the whole product with a model that takes a known time, loads it with calls, and tells what it added."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvloop
from aiohttp import web
from rich.console import Console
from rich.table import Table

from voice_agent.bench.endpoint import Endpoint
from voice_agent.bench.load import OPENINGS_A_SECOND, Load
from voice_agent.bench.process import busy_seconds, usage
from voice_agent.errors import ConfigurationError
from voice_agent.talking.dialling import Dialling, dial

START_SECONDS = 30.0
SETTLE_SECONDS = 3.0
"""After the last call has opened, before anything counts."""
WARM_CALLS, WARM_SECONDS = 4, 1.0
"""The first calls pay for what is made once; they are not measured, and memory is counted from after them."""
KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """One level of load. Milliseconds; `None` where the system does not tell or nothing was measured."""

    calls: int
    turns: int
    failed: int
    p50: float | None
    p95: float | None
    p99: float | None
    cpu_ms_a_turn: float | None
    kib_a_call: float | None
    core_share: float | None
    others_cores: float | None

    @property
    def calls_a_core(self) -> int | None:
        return round(self.calls / self.core_share) if self.core_share else None


def run(levels: list[int], seconds: float) -> list[Measured]:
    """Measure each level for `seconds`. ConfigurationError when the server does not come up or refuses calls."""
    return uvloop.run(_run(levels, seconds))


async def _run(levels: list[int], seconds: float) -> list[Measured]:
    endpoint = Endpoint(time.perf_counter)
    runner = web.AppRunner(endpoint.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    assert site._server is not None
    model_port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        with _server(f"http://127.0.0.1:{model_port}/v1") as (pid, url):
            dialling = await asyncio.to_thread(_answering, pid, url)
            await _level(WARM_CALLS, WARM_SECONDS, dialling, endpoint, pid.pid, None)
            idle = usage(pid.pid).memory
            return [await _level(calls, seconds, dialling, endpoint, pid.pid, idle) for calls in levels]
    finally:
        await runner.cleanup()


async def _level(
    calls: int, seconds: float, dialling: Dialling, endpoint: Endpoint, pid: int, idle: int | None
) -> Measured:
    load = Load(dialling, endpoint, calls, time.perf_counter)
    working = asyncio.create_task(load.run())
    try:
        await asyncio.wait({working}, timeout=calls / OPENINGS_A_SECOND + SETTLE_SECONDS)
        if working.done():
            await working
        own_before, before, busy = time.process_time(), usage(pid), busy_seconds()
        began, load.counting = time.perf_counter(), True
        await asyncio.wait({working}, timeout=seconds)
        load.counting = False
        took, after = time.perf_counter() - began, usage(pid)
        own = time.process_time() - own_before
        cpu = after.cpu - before.cpu if after.cpu is not None and before.cpu is not None else None
        tally = load.tally
        others = (busy_seconds() - busy - own - (cpu or 0.0)) / took if busy else None
        memory = after.memory
    finally:
        load.stop.set()
        await working
    added = sorted(value * 1000 for value in tally.added)
    cuts = statistics.quantiles(added, n=100) if len(added) > 1 else []
    return Measured(
        calls=calls,
        turns=tally.turns,
        failed=tally.failed,
        p50=cuts[49] if cuts else None,
        p95=cuts[94] if cuts else None,
        p99=cuts[98] if cuts else None,
        cpu_ms_a_turn=cpu * 1000 / tally.turns if cpu is not None and tally.turns else None,
        kib_a_call=(memory - idle) / KIBIBYTE / calls if memory is not None and idle is not None else None,
        core_share=cpu / took if cpu is not None else None,
        others_cores=max(0.0, others) if others is not None else None,
    )


@contextmanager
def _server(model_url: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "TWILIO_"))}
    environment |= {
        "OPENAI_BASE_URL": model_url,
        "OPENAI_API_KEY": "bench-" + secrets.token_hex(8),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "voice_agent", "demo", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answering(process: subprocess.Popen[bytes], url: str) -> Dialling:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ConfigurationError(f"the server ended at start with code {process.returncode}; see above")
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:
                if json.load(answer)["ready"]:
                    return dial(url, "customer", None, {})
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise ConfigurationError(f"the server was not ready within {START_SECONDS:g} s")


def show(results: list[Measured], seconds: float) -> None:
    """The table a person reads; milliseconds unless it says otherwise."""
    table = Table(title=f"What the server adds to a turn, {seconds:g} s a level", title_justify="left", box=None)
    heads = ("calls", "turns", "failed", "p50", "p95", "p99", "CPU", "KiB", "core", "a core", "others")
    for name in heads:
        table.add_column(name, justify="right")
    for one in results:
        table.add_row(
            str(one.calls),
            str(one.turns),
            f"[red]{one.failed}[/]" if one.failed else "0",
            *(_number(value, 2) for value in (one.p50, one.p95, one.p99, one.cpu_ms_a_turn)),
            _number(one.kib_a_call, 0),
            f"{one.core_share:.0%}" if one.core_share is not None else "-",
            str(one.calls_a_core or "-"),
            _number(one.others_cores, 2),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "[dim]p50, p95, p99: milliseconds from the prompt sent to the first word received, less the model's own time.\n"
        "CPU: milliseconds a turn. KiB: memory a call. core: share of one core; a core: calls one core would hold.\n"
        "others: cores that other work kept busy meanwhile, emulators included; above 0.5 the tail means little.[/]"
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
