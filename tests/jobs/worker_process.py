"""A worker with jobs of its own, for the tests of durability. Each effect is a line in a file that the test reads."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voice_agent import settings as settings_file
from voice_agent.errors import SalesforceUnavailable
from voice_agent.logs import set_up
from voice_agent.worker import run
from voice_agent.workshop import Job, Result, Workshop


def effect(arguments: Mapping[str, Any], what: str) -> None:
    with Path(arguments["file"]).open("a") as file:
        file.write(f"{what}\n")


def effects(arguments: Mapping[str, Any]) -> list[str]:
    file = Path(arguments["file"])
    return file.read_text().split() if file.exists() else []


async def once(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    effect(arguments, key)
    return None


async def third_time_lucky(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    effect(arguments, "tried")
    if len(effects(arguments)) < 3:
        raise SalesforceUnavailable("away")
    return None


async def hopeless(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    effect(arguments, "tried")
    raise SalesforceUnavailable("away")


async def two_steps(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """Waits for a word between its steps, and dies in the second one the first time, if it is told to."""

    async def first() -> Result:
        effect(arguments, "first")
        return {"pid": os.getpid()}

    async def second() -> Result:
        effect(arguments, "second")
        if arguments.get("dies") and effects(arguments).count("second") == 1:
            os.kill(os.getpid(), 9)
            await asyncio.Event().wait()
        return None

    await workshop.step("first", first)
    said = await workshop.receive(arguments.get("waits", 30.0))
    effect(arguments, f"heard:{(said or {}).get('word', 'nothing')}" if not arguments.get("dies") else "waited")
    await workshop.step("second", second)
    effect(arguments, "end")
    return None


TEST_JOBS = (
    Job(once),
    Job(third_time_lucky, retries=(0.05,) * 5),
    Job(hopeless, retries=(0.05, 0.05)),
    Job(two_steps, whole=False),
)


if __name__ == "__main__":
    set_up("INFO")
    run(settings_file.parse({"DATABASE_URL": sys.argv[1]} | settings_file.read(dotenv=None), demo=True), TEST_JOBS)
