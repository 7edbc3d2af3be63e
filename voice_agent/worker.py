"""The worker process: the durable engine, and the list of everything it may be asked to do.

One worker per database does the work; another one that is started (a second machine, an overlapping deploy) stands by
and takes over the moment the first is gone. It runs under the first one's name, so it finds what that left unfinished.

The engine is DBOS. Two of its defaults are replaced (both would leave work behind after a deploy or a restart): the
application's version, else a hash of the workflows' source, and the executor's name, else a new one each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from voice_agent import lines as line_files
from voice_agent.approving import see_through
from voice_agent.call_rows import record_call
from voice_agent.clients import salesforce_of, twilio_of
from voice_agent.emergency import record_emergency
from voice_agent.errors import ConfigurationError, StoreUnavailable, VoiceAgentError
from voice_agent.handoff.call_back import call_back
from voice_agent.handoff.filing import file_hand_off
from voice_agent.intents import settle_write
from voice_agent.jobs import Outbox, Wanted
from voice_agent.late_outcomes import tell_outcome
from voice_agent.messaging.consent import record_consent
from voice_agent.messaging.outbox import send_text
from voice_agent.paging.pages import page
from voice_agent.salesforce.field_service import FieldService
from voice_agent.settings import Settings
from voice_agent.store import Store
from voice_agent.workshop import GivenUp, Job, Result, Step, Workshop

JOBS: tuple[Job, ...] = (
    Job(settle_write, whole=False),
    Job(tell_outcome),
    Job(see_through, whole=False),
    Job(file_hand_off),
    Job(call_back, whole=False),
    Job(send_text),
    Job(record_consent),
    Job(record_call),
    Job(record_emergency),
    Job(page, whole=False),
)
"""Everything durable there is, with how often it is tried. A name once used is never given another meaning."""

ENGINE_NAME = "voice-agent"
ENGINE_VERSION = "1"
EXECUTOR = "worker"
QUEUE = "jobs"
TOPIC = "signal"
AT_ONCE = 200
"""Jobs at a time. Most of them wait; a waiting one costs some kilobytes."""
ENGINE_THREADS = 8
QUEUE_SECONDS = 0.5
SIGNAL_SECONDS = 0.5
HAND_OVER_SECONDS = 0.2
STAND_BY_SECONDS = 1.0
LAST_STEPS_SECONDS = 5.0
HOLD = 7_461_920_358
"""Any number, the same in every worker of ours."""
HOLD_SECONDS = 2.0
KEPT_DAYS = 14
CLEAN_SECONDS = 3600.0

log = logging.getLogger(__name__)


class DurableEngine:
    """`workshop.Engine` on DBOS. `running` are the steps under way: the process waits for them before it goes."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[Any]] = set()

    async def step(self, name: str, work: Step, retries: tuple[float, ...]) -> Result:
        from dbos import DBOS

        async def attempt() -> dict[str, Any]:
            """Failure is a result too: what is kept must not depend on whether a crash came before or after it."""
            task = asyncio.current_task()
            assert task is not None
            self.running.add(task)
            try:
                return {"value": await work()}
            except VoiceAgentError as error:
                log.warning(
                    "a job's step failed", extra={"step": name, "error": type(error).__name__, "why": str(error)}
                )
                return {"failed": type(error).__name__}
            except Exception as error:
                log.exception("a job's step failed", extra={"step": name, "error": type(error).__name__})
                return {"failed": type(error).__name__}
            finally:
                self.running.discard(task)

        failed = ""
        for wait in (*retries, None):
            outcome = await DBOS.run_step_async({"name": name}, attempt)
            if "value" in outcome:
                value: Result = outcome["value"]
                return value
            failed = outcome["failed"]
            if wait is not None:
                await DBOS.sleep_async(wait)
        raise GivenUp(f"{name}: {failed}")

    async def receive(self, seconds: float) -> Result:
        from dbos import DBOS

        message: Result = await DBOS.recv_async(TOPIC, timeout_seconds=seconds)
        return message

    async def sleep(self, seconds: float) -> None:
        from dbos import DBOS

        await DBOS.sleep_async(seconds)


class Worker:
    """`run` until a signal ends it."""

    def __init__(self, settings: Settings, store: Store, jobs: Sequence[Job]) -> None:
        self._settings = settings
        self._store = store
        self._jobs = {job.name: job for job in jobs}
        self._outbox = Outbox(store)
        self._engine = DurableEngine()

    async def run(self, still_ours: Callable[[], None]) -> None:
        workshop = self._workshop()
        await self._launch(workshop)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C goes to all; the server ends us in its turn
        log.info("worker ready", extra={"jobs": len(self._jobs)})
        background = [asyncio.create_task(work) for work in (self._hand_over(), self._clean(), self._hold(still_ours))]
        await stop.wait()
        for task in background:
            task.cancel()
        if self._engine.running:
            await asyncio.wait(set(self._engine.running), timeout=LAST_STEPS_SECONDS)
        log.info("worker ends", extra={"unfinished": len(self._engine.running)})

    def _workshop(self) -> Workshop:
        settings = self._settings
        salesforce = salesforce_of(settings)
        return Workshop(
            settings=settings,
            store=self._store,
            jobs=self._outbox,
            lines=line_files.load(settings.prompts_dir or None, emergency_number=settings.emergency_number),
            salesforce=salesforce,
            field=FieldService(salesforce, now=lambda: datetime.now().astimezone()),
            twilio=twilio_of(settings),
            engine=self._engine,
        )

    async def _launch(self, workshop: Workshop) -> None:
        """Start the engine inside this loop: bodies run here, next to the connections they use."""
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        address = engine_url(self._store)
        if self._store.dialect == "sqlite":
            with contextlib.closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as file:
                file.execute("PRAGMA journal_mode=WAL")  # sticks to the file; the engine does not set it

        @DBOS.workflow(name="job", max_recovery_attempts=None)
        async def job(name: str, key: str, arguments: Mapping[str, Any]) -> Result:
            return await self._carry_out(workshop, name, key, arguments)

        config = DBOSConfig(
            name=ENGINE_NAME,
            system_database_url=address,
            application_version=ENGINE_VERSION,
            executor_id=EXECUTOR,
            max_executor_threads=ENGINE_THREADS,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            notification_listener_polling_interval_sec=SIGNAL_SECONDS,
        )
        DBOS(config=config)
        engine_log = logging.getLogger("dbos")
        engine_log.handlers[:] = []  # its lines go where ours go, in our form
        engine_log.propagate = True
        DBOS.launch()
        await DBOS.register_queue_async(
            QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=QUEUE_SECONDS, on_conflict="always_update"
        )

    async def _carry_out(self, workshop: Workshop, name: str, key: str, arguments: Mapping[str, Any]) -> Result:
        job = self._jobs.get(name)
        if job is None:
            log.critical("no job of that name; it waits for a program that knows it", extra={"job": name, "key": key})
            return {"unknown": name}
        try:
            if not job.whole:
                return await job.body(workshop, key, arguments)
            return await workshop.step(name, lambda: job.body(workshop, key, arguments), retries=job.retries)
        except GivenUp as given_up:
            log.critical("a job was given up", extra={"job": name, "key": key, "why": str(given_up)})
            return {"given_up": str(given_up)}

    async def _hold(self, still_ours: Callable[[], None]) -> None:
        """Without the hold another worker does the same work: end at once, and begin again behind it."""
        while True:
            await asyncio.sleep(HOLD_SECONDS)
            try:
                await asyncio.to_thread(still_ours)
            except SQLAlchemyError as error:
                log.critical("the hold on the database is lost; starting anew", extra={"error": type(error).__name__})
                os._exit(1)

    # -- from the store to the engine ------------------------------------------------------------------------------

    async def _hand_over(self) -> None:
        """The engine first, then the row: a crash between them hands the row over again, which changes nothing."""
        broken = False
        while True:
            try:
                rows = await asyncio.to_thread(self._outbox.waiting)
                for row in rows:
                    await self._give(row)
                if rows:
                    await asyncio.to_thread(self._outbox.taken, rows)
                broken = False
            except StoreUnavailable:
                if not broken:
                    log.error("the store cannot be read; jobs wait in it")
                broken = True
                await asyncio.sleep(STAND_BY_SECONDS)
            except Exception as error:
                log.exception("jobs could not be handed over", extra={"error": type(error).__name__})
                await asyncio.sleep(STAND_BY_SECONDS)
            await asyncio.sleep(HAND_OVER_SECONDS)

    async def _give(self, row: Wanted) -> None:
        from dbos import DBOS, error

        if not row.name:
            try:
                await DBOS.send_async(row.key, dict(row.data), TOPIC, idempotency_key=f"{EXECUTOR}:{row.seq}")
            except error.DBOSNonExistentWorkflowError:
                log.warning("a signal for a job that is not there", extra={"key": row.key})
            return
        await DBOS.enqueue_workflow_with_options_async(
            {
                "workflow_name": "job",
                "queue_name": QUEUE,
                "workflow_id": row.key,
                "app_version": ENGINE_VERSION,
                "delay_seconds": max(0.0, row.due - time.time()),
            },
            row.name,
            row.key,
            dict(row.data),
        )

    async def _clean(self) -> None:
        """What was done long ago is forgotten, with the arguments it was done with."""
        from dbos import DBOS

        while True:
            before = datetime.fromtimestamp(time.time() - KEPT_DAYS * 86_400).astimezone().isoformat()
            with contextlib.suppress(Exception):
                old = await DBOS.list_workflows_async(
                    status=["SUCCESS", "ERROR", "CANCELLED"],
                    completed_before=before,
                    limit=500,
                    load_input=False,
                    load_output=False,
                )
                if old:
                    await DBOS.delete_workflows_async([workflow.workflow_id for workflow in old])
            await asyncio.sleep(CLEAN_SECONDS)


def engine_url(store: Store) -> str:
    """A file beside the store's, so that the engine's polling never keeps a write waiting; on PostgreSQL a schema."""
    if store.dialect == "sqlite":
        file = Path(str(store.url.database)).absolute()
        return f"sqlite:///{file.with_name(f'{file.stem}-jobs{file.suffix}')}"
    return store.url.render_as_string(hide_password=False)


@contextlib.contextmanager
def the_only_one(store: Store) -> Iterator[Callable[[], None]]:
    """Wait until no other worker holds this database, then hold it. The hold ends with the process, however it ends.

    Gives what proves, on a thread, that the hold still stands: it raises once a server has forgotten us.
    """
    if store.dialect == "sqlite":
        file = Path(str(store.url.database)).absolute()
        with file.with_name(f"{file.stem}-worker.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lambda: None
        return
    engine = create_engine(store.url, pool_pre_ping=False)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({HOLD})"))
        try:
            yield lambda: connection.execute(text("SELECT 1")).close()
        finally:
            with contextlib.suppress(SQLAlchemyError):
                connection.execute(text(f"SELECT pg_advisory_unlock({HOLD})"))


def run(settings: Settings, jobs: Sequence[Job] = JOBS) -> None:
    """The process, to its end. It does not wait for jobs that wait: they are kept."""
    store = Store(settings.database_url)
    if store.dialect == "sqlite" and store.url.database in (None, "", ":memory:"):
        raise ConfigurationError("DATABASE_URL: a database in memory cannot be shared with a worker; name a file")
    while True:
        try:
            store.prepare()
            break
        except ConfigurationError as error:
            log.error("worker waits for the store", extra={"why": str(error)})
            time.sleep(STAND_BY_SECONDS * 5)
    with the_only_one(store) as still_ours:
        asyncio.run(Worker(settings, store, jobs).run(still_ours))
        logging.shutdown()
        os._exit(0)  # the engine's threads have nothing left to do, and would be waited for
