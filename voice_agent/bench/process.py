"""What one process costs, read from /proc: nanoseconds of processor over all its threads, and resident memory."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu` seconds since it began, `memory` bytes resident; None where the system does not tell (no /proc)."""

    cpu: float | None
    memory: int | None


def usage(pid: int) -> Usage:
    proc = Path("/proc") / str(pid)
    cpu: float | None = None
    with suppress(OSError, ValueError, IndexError):
        nanoseconds = 0
        for thread in (proc / "task").iterdir():
            with suppress(FileNotFoundError):
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
        cpu = nanoseconds / 1e9
    memory: int | None = None
    with suppress(OSError, ValueError, IndexError):
        memory = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return Usage(cpu, memory)


def busy_seconds() -> float:
    """Processor seconds the whole machine has worked since it started; 0.0 where it does not tell."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
        ticks = [int(value) for value in fields]
        return (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0
