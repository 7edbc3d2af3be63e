"""The campaign: many writes, whose processes are killed everywhere, against an org that misbehaves; then the count.

Callers' processes, the worker and the emulated org are processes of their own. What happened is read from the org's
records, never from our logs. The real writer, store, engine and worker are driven; only the moment of death is ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.kills.dying import DiesAtCall, DiesAtWait, die_after, forked
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent import intents as intents_file
from voice_agent import settings as settings_file
from voice_agent.errors import VoiceAgentError
from voice_agent.intents import ExactlyOnce, Intents
from voice_agent.salesforce import intake
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.limits import Timeouts
from voice_agent.settings import Settings
from voice_agent.store import Store

BATCH = 20
TWICE = 0.15
"""Share of writes that are asked for twice at once."""
COMES_BACK = 0.5
"""Share of callers cut off who come back, so that their change is settled there; others are left to the worker."""
WORKER_DIES = 0.08
FAULTS = ("apply_then_hang", "apply_then_drop", "503", "drop", "lock", "limit")
FAULTY = 0.35
"""Share of rounds in which the org misbehaves a few times."""
DRAIN_SECONDS = 240.0
SHORT = Timeouts(connect=1.0, read=2.0, write=1.0, sign_in=5.0)


@dataclass
class Result:
    """`lost`, `doubled` and `claimed` have to be empty."""

    asked: int = 0
    noted: int = 0
    made: int = 0
    said_done: int = 0
    kills: int = 0
    worker_kills: int = 0
    faults: int = 0
    swept: int = 0
    by_worker: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.claimed or self.unsettled)


class Campaign:
    def __init__(self, org: EmulatedOrg, database_url: str, folder: Path, seed: int) -> None:
        intents_file.LEASE_SECONDS = 1.0  # the job waits that long before it takes over; the rest is as in production
        logging.disable(logging.CRITICAL)
        self._org = org
        self._url = database_url
        self._random = random.Random(seed)
        self._claims = folder / "claims"
        self._secrets = org.info["salesforce"]
        self._settings = self._settings_of()
        self._worker: int | None = None
        self._asked: set[str] = set()
        self.result = Result()

    def run(self, writes: int, stride: int = 1) -> Result:
        began = time.monotonic()
        store = Store(self._url)
        store.prepare()
        store.close()  # no thread of ours may live when we fork
        self._start_worker()
        self._sweep(stride)
        keys = [f"CAcampaign:{n}" for n in range(writes - len(self._asked))]
        again: list[str] = []
        while keys or again:
            batch, keys = again + keys[: BATCH - len(again)], keys[max(0, BATCH - len(again)) :]
            again = self._round(batch[:BATCH]) + batch[BATCH:]
        self._org.clear_faults()
        self._count()
        self._stop_worker()
        self.result.seconds = time.monotonic() - began
        return self.result

    # -- processes that die ----------------------------------------------------------------------------------------

    def _sweep(self, stride: int) -> None:
        """One write per process, killed at its first wait, its second, and so on until one gets through alive; then
        the same for each time that a function of ours is entered or left, in any thread, or every `stride`-th."""
        for way, step in (("at_wait", 1), ("at_call", stride)):
            for n in range(1, 5_000, step):
                key = f"CA{way}:{n}"
                self._asked.add(key)
                if self._wait(forked(partial(self._caller, [key], **{way: n}))):
                    break
                self.result.swept += 1

    def _round(self, batch: Sequence[str]) -> list[str]:
        """A process with these writes; gives those that a cut-off caller comes back for."""
        self._asked.update(batch)
        if self._random.random() < FAULTY:
            fault, times = self._random.choice(FAULTS), self._random.randint(1, 3)
            self._org.fault("POST .*composite.*" if fault != "lock" else "POST .*Case.*", fault, times=times)
            self.result.faults += times
        how = self._random.random()
        kill: dict[str, Any] = {}
        if how < 0.2:
            kill["at_wait"] = self._random.randint(1, 5 * len(batch))
        elif how < 0.55:
            kill["at_call"] = self._random.randint(1, 300 * len(batch))
        elif how < 0.85:
            kill["after"] = self._random.uniform(0.01, 0.9)
        before = self._said()
        alive = self._wait(forked(lambda: self._caller(batch, **kill)))
        if self._random.random() < WORKER_DIES:
            self._stop_worker(signal.SIGKILL)
            self.result.worker_kills += 1
            self._start_worker()
        if alive:
            return []
        unheard = [key for key in batch if key not in self._said() and key not in before]
        return [key for key in unheard if self._random.random() < COMES_BACK]

    def _wait(self, pid: int) -> bool:
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status)
        self.result.kills += killed
        return not killed

    def _caller(
        self, keys: Sequence[str], *, at_wait: int | None = None, at_call: int | None = None, after: float | None = None
    ) -> None:
        """What the process of a call does with a confirmed change, and what it would say."""
        watch = DiesAtWait(at_wait)
        twice = [key for key in keys if self._random.random() < TWICE]
        claims = os.open(self._claims, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        async def main() -> None:
            store = Store(self._url)
            salesforce = self._salesforce()
            await salesforce.connect()
            write = ExactlyOnce(Intents(store), FieldService(salesforce, now=lambda: self._org.now))
            watch.watch(asyncio.get_running_loop())
            if at_call is not None:
                DiesAtCall(at_call).watch()
            if after is not None:
                die_after(after)

            async def one(key: str) -> None:
                plan = intake.message(
                    (), desk="campaign", text=key, contact=None, number="+13125550188", name=key, call_back_at=None
                )
                status: str
                try:
                    status = (await write(plan, key, {"call_sid": "CAcampaign", "tool": "campaign"})).status
                except VoiceAgentError as error:
                    status = type(error).__name__
                os.write(claims, f"{key} {status}\n".encode())

            await asyncio.gather(*(one(key) for key in (*keys, *twice)))

        asyncio.run(main())

    def _salesforce(self) -> Salesforce:
        credentials = Credentials(
            domain="brightwater.my",
            client_id=self._secrets["client_id"],
            client_secret=self._secrets["client_secret"],
        )
        return Salesforce(credentials, api_base_url=self._org.url, timeouts=SHORT)

    def _start_worker(self) -> None:
        from voice_agent.worker import run

        self._worker = forked(lambda: run(self._settings))

    def _stop_worker(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._worker is not None:
            os.kill(self._worker, how)
            os.waitpid(self._worker, 0)
            self._worker = None

    def _settings_of(self) -> Settings:
        return settings_file.parse(
            {
                "DATABASE_URL": self._url,
                "SALESFORCE_DOMAIN": "brightwater.my",
                "SALESFORCE_CLIENT_ID": self._secrets["client_id"],
                "SALESFORCE_CLIENT_SECRET": self._secrets["client_secret"],
                "SALESFORCE_API_BASE_URL": self._org.url,
                "LOG_LEVEL": "ERROR",
            },
            demo=True,
        )

    # -- the count -------------------------------------------------------------------------------------------------

    def _said(self) -> dict[str, str]:
        """The last word on each write that a caller would have heard."""
        if not self._claims.exists():
            return {}
        return dict(line.split(" ", 1) for line in self._claims.read_text().splitlines() if " " in line)

    def _count(self) -> None:
        noted = self._drain()
        rows = self._all("SELECT Id, SuppliedName, Agent_Key__c FROM Case WHERE SuppliedName LIKE 'CA%'")
        made = Counter(str(row["SuppliedName"]) for row in rows)
        said = self._said()
        result = self.result
        result.asked, result.noted, result.made = len(self._asked), len(noted), len(made)
        result.said_done = sum(status == "applied" for status in said.values())
        result.unsettled = sorted(key for key, status in noted.items() if status == "open")
        result.lost = sorted(key for key in noted if not made[key] and key not in result.unsettled)
        result.doubled = sorted(key for key, count in made.items() if count > 1)
        result.claimed = sorted(key for key, status in said.items() if status == "applied" and not made[key])
        result.by_worker = sum(1 for key in noted if said.get(key) != "applied")
        stray = sorted(set(made) - set(noted))
        result.claimed += [f"{key} was made without being noted" for key in stray]

    def _drain(self) -> dict[str, str]:
        """Key -> status of every intent, once none is open any more or nothing helps."""
        deadline = time.monotonic() + DRAIN_SECONDS
        store = Store(self._url)
        try:
            while True:
                found = store.look_now(
                    lambda connection: {
                        row.key: row.status
                        for row in connection.execute(select(intents_file.table.c.key, intents_file.table.c.status))
                    }
                )
                if "open" not in found.values() or time.monotonic() > deadline:
                    return found
                time.sleep(0.5)
        finally:
            store.close()

    def _all(self, soql: str) -> list[dict[str, Any]]:
        from urllib.parse import quote

        path, rows = f"query?q={quote(soql)}", list[dict[str, Any]]()
        while path:
            page = self._org.rest("GET", path)
            rows += page["records"]
            path = str(page.get("nextRecordsUrl") or "").partition("/v67.0/")[2]
        return rows
