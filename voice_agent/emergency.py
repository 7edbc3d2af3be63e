"""Puts an emergency on record and pages the people on call. Asks nobody's leave, and waits for nothing that may fail.

The caller has heard the guidance before this starts. Case (High) and WorkOrder (Critical) are one change under one key,
audited and exactly once like any other. The page, and a job that sees to it that the record comes about, are durable
before anything is said of them; without a store the attempts go on in memory, and the first rung is called from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voice_agent.agent.context import Speak
from voice_agent.agent.toolbox import Writer
from voice_agent.errors import InvalidInput, SalesforceError, SalesforceTimeout, StoreUnavailable, VoiceAgentError
from voice_agent.grants import Grant
from voice_agent.intents import ExactlyOnce, Intents
from voice_agent.jobs import want
from voice_agent.paging.pages import Page, find, key_of, of_now, open_page
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan
from voice_agent.salesforce.records import Contact
from voice_agent.store import Store
from voice_agent.workshop import Result, Workshop

ANSWER_SECONDS = 4.0
RETRIES = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0)
STORE_SECONDS = 1.5
"""Nobody in danger waits longer than this for a disk."""
LOOK_AFTER_SECONDS = 30.0
UNLINKED = ":unlinked"
"""Behind the key of a record that belongs to no account, made because the org refused the one that did."""

log = logging.getLogger(__name__)

PageNow = Callable[[Page], Awaitable[bool]]
"""Ring the first rung from this process; True once somebody's phone rings."""


@dataclass(frozen=True, slots=True)
class Paging:
    """What the desk needs to page anybody. `line` is asked for by CallSid: a page is sent from the line's number."""

    store: Store
    line_of: Callable[[str], str]
    page_now: PageNow


class EmergencyDesk:
    """`record` also tries what it cannot note first. `paging` is None where nobody is on call: then no caller is told
    that anybody is paged."""

    def __init__(self, field: FieldService, record: Writer, paging: Paging | None = None) -> None:
        self._field = field
        self._record = record
        self._paging = paging
        self._late: set[asyncio.Task[Any]] = set()

    async def record(self, *, hazard: str, words: str, grant: Grant, call_sid: str, speak: Speak) -> tuple[str, str]:
        """(sentences for the caller, note for the model). Both say what is true now; nothing is raised."""
        attempt = self._later(self._until_done(hazard, words, grant, call_sid))
        paged = self._later(self._page(hazard, grant, call_sid))
        await asyncio.wait({attempt, paged}, timeout=ANSWER_SECONDS)
        say, note = speak("emergency.queued"), f"Emergency {hazard}: not in the records yet, still being passed on."
        if attempt.done() and attempt.result():
            say, note = speak("emergency.recorded"), f"Emergency {hazard}: Case and WorkOrder are in the records."
        if paged.done() and paged.result():
            say, note = f"{say} {speak('emergency.paged')}", f"{note} The people on call are being paged."
        return say, note

    def _later(self, work: Any) -> asyncio.Task[bool]:
        task: asyncio.Task[bool] = asyncio.ensure_future(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return task

    async def _until_done(self, hazard: str, words: str, grant: Grant, call_sid: str) -> bool:
        for wait in (0.0, *RETRIES):
            await asyncio.sleep(wait)
            try:
                committed = await put_on_record(
                    self._field, self._record, hazard, words, grant.number, grant.contact, call_sid
                )
            except VoiceAgentError as error:
                log.error("emergency not recorded yet", extra={"error": type(error).__name__, "why": str(error)})
                continue
            if committed.status == "applied":
                log.warning("emergency recorded", extra={"hazard": hazard, "repeated": committed.repeated})
                return True
        log.critical("emergency never reached the records", extra={"hazard": hazard})
        return False

    async def _page(self, hazard: str, grant: Grant, call_sid: str) -> bool:
        """Whether somebody is paged: durably, or from here when nothing can be made durable."""
        paging = self._paging
        if paging is None:
            return False
        contact = grant.contact
        page = of_now(
            call_sid,
            hazard,
            line=paging.line_of(call_sid),
            number=grant.number,
            contact=contact.id if contact is not None else "",
            place=contact.account_name if contact is not None else "",
        )

        def write(connection: Any) -> None:
            open_page(connection, page)
            told = {"call_sid": call_sid, "hazard": hazard}
            due = page.opened + LOOK_AFTER_SECONDS
            want(connection, record_emergency.__name__, f"record-{page.key}", told, due=due)

        try:
            await paging.store.run(write, deadline=STORE_SECONDS)
            return True
        except StoreUnavailable as error:
            log.critical("a page cannot be kept; paging from memory", extra={"why": str(error)})
        try:
            return await paging.page_now(page)
        except VoiceAgentError as error:
            log.critical("nobody could be paged", extra={"error": type(error).__name__, "why": str(error)})
            return False


async def put_on_record(
    field: FieldService,
    record: Writer,
    hazard: str,
    words: str,
    number: str,
    contact: Contact | None,
    call_sid: str,
) -> Committed:
    """Once. What the org refuses to take under the caller's account (a block, a rule of its own) it gets without one:
    no rule of bookkeeping stands between an emergency and those who deal with it."""
    key = key_of_record(call_sid, hazard)
    audit: Mapping[str, Any] = {
        "call_sid": call_sid,
        "tool": "emergency",
        "request": hazard,
        "decision": "no leave needed",
    }
    try:
        return await record(await _plan(field, hazard, words, number, contact), key, audit)
    except InvalidInput as error:
        if contact is None:
            raise
        log.error("an emergency was refused under its account", extra={"why": str(error)})
    named = f"{words} (of record: {contact.name}, {contact.account_name or contact.id})"
    plan = await _plan(field, hazard, named, number, None)
    return await record(plan, f"{key}{UNLINKED}", audit)


async def _plan(field: FieldService, hazard: str, words: str, number: str, contact: Contact | None) -> WritePlan:
    return await field.plan_emergency(hazard=hazard, said=words, number=number or None, contact=contact)


def key_of_record(call_sid: str, hazard: str) -> str:
    return f"{call_sid}:emergency:{hazard}"


async def record_emergency(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """The job: an emergency that the process which took the call did not get onto record, or not at all.

    Its change was noted before it was tried and is settled like any other; one that was refused under its account is
    made without one here, from what the noted change holds; one that was never noted is made from the page.
    """
    call_sid, hazard = str(arguments["call_sid"]), str(arguments["hazard"])
    intents = Intents(workshop.store, now=workshop.now)
    record = ExactlyOnce(intents, workshop.field)
    name = key_of_record(call_sid, hazard)
    noted, unlinked = await intents.get(name), await intents.get(f"{name}{UNLINKED}")
    if any(intent is not None and intent.status == "applied" for intent in (noted, unlinked)):
        return {"recorded": True}
    if noted is not None and noted.status == "open":
        raise SalesforceTimeout("its change is not settled yet")
    page = await workshop.store.look(lambda connection: find(connection, key_of(call_sid, hazard)))
    words = str(noted.plan.steps[0].body["Description"]) if noted is not None and noted.plan.steps[0].body else hazard
    number = page.number if page is not None else ""
    try:
        plan = await _plan(workshop.field, hazard, words, number, None)
        audit = {"call_sid": call_sid, "tool": "emergency", "request": hazard, "decision": "no leave needed"}
        done = await record(plan, f"{name}{UNLINKED}", audit)
    except SalesforceError as error:
        log.critical("an emergency is not on record", extra={"hazard": hazard, "why": str(error)})
        raise
    if done.status != "applied":
        raise SalesforceTimeout("not settled yet")
    return {"recorded": True, "unlinked": True}
