"""After a call everything that was decided in it can be read, in the org and in a log that holds together."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.databases import database
from tests.end_to_end.running import RunningDemo, demo
from tests.end_to_end.telephoning import call, hears
from voice_agent.audit import Kept, newest
from voice_agent.store import Store

TECHNICIAN = 0
SECONDS = 20.0
SAID = "job 4512 is done, used two gallons of refrigerant"

pytestmark = pytest.mark.process


def test_a_call_leaves_its_row_in_the_org_and_its_decisions_in_a_log_that_holds(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url, demo(tmp_path, environment={"DATABASE_URL": url}) as running:
        before = running.position()
        asyncio.run(report(running))
        (row,) = asyncio.run(rows(running, before))
        store = Store(url)
        kept = store.now(lambda connection: newest(connection, 500))
        store.close()
        assert row["Outcome__c"] == "Resolved" and row["Verified_Level__c"] == "2" and row["Ended__c"]
        assert SAID in row["Summary__c"] and "[" in row["Summary__c"]
        pin = str(running.info["callers"][TECHNICIAN]["pin"])
        assert pin not in " ".join(f"{entry.facts} {entry.personal}" for entry in kept)
        asked, written = found(kept, "request", "tool"), found(kept, "write", "change")
        assert asked.facts["tool"] == "update_job" and SAID in asked_words(kept)
        assert written.facts["decision"] == "confirmed by the caller" and written.facts["prompt_version"]
        assert "Completed" in written.personal["after"] and SAID in written.personal["said"]
        numbers = [entry.seq for entry in (written, asked)]
        assert numbers == sorted(numbers, reverse=True), "asked before it was written"
        verified = audit("verify", url)
        assert verified.returncode == 0 and f"entry {kept[0].seq}" not in verified.stdout, verified
        assert int(str(row["Transcript_Ref__c"]).split()[2]) <= kept[0].seq


async def report(running: RunningDemo) -> None:
    async with call(running, TECHNICIAN) as phone:
        await hears(phone, "PIN")
        await phone.press(str(running.info["callers"][TECHNICIAN]["pin"]))
        await hears(phone, "Alex")
        await phone.speak(SAID)
        await hears(phone, r"refrigerant.*\?")
        await phone.speak("yes")
        await hears(phone, "(?i)done|completed|closed")


async def rows(running: RunningDemo, since: int) -> list[dict[str, Any]]:
    deadline = asyncio.get_running_loop().time() + SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if found_rows := await asyncio.to_thread(running.call_rows, since):
            return found_rows
        await asyncio.sleep(0.1)
    raise AssertionError("the call left no row in the org")


def found(kept: list[Kept], kind: str, fact: str) -> Kept:
    return next(entry for entry in kept if entry.kind == kind and fact in entry.facts)


def asked_words(kept: list[Kept]) -> str:
    return " ".join(entry.personal.get("text", "") for entry in kept if entry.facts.get("what") == "caller")


def audit(command: str, url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [sys.executable, "-m", "voice_agent", "audit", command]
    return subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=60, check=False)
