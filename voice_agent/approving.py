"""The durable job behind an approval: put before the dispatchers, their word awaited, made once, its end told."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from voice_agent.approval_rows import OPEN, Approval, entry, move, put, read, version_of
from voice_agent.audit import audit_of
from voice_agent.audited import change
from voice_agent.errors import Conflict, SalesforceError, SalesforceTimeout
from voice_agent.intents import MAY_YET_WORK, Intents
from voice_agent.messaging.setting_up import texts_of
from voice_agent.messaging.texts import Recipient, Texts
from voice_agent.overrides import configured, stored
from voice_agent.salesforce import interactions
from voice_agent.salesforce.interactions import Decision, Proposal
from voice_agent.workshop import PATIENTLY, GivenUp, Result, Workshop

GLANCE_SECONDS = 300.0
"""How often the org is asked for a decision that no event has told of."""
IN_SALESFORCE = "Salesforce"

log = logging.getLogger(__name__)


async def see_through(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """Until the proposal has ended, in our store and in the org. `arguments` name its key."""
    name = str(arguments["key"])
    posted = await _kept(workshop, "post", lambda: _post(workshop, name))
    expires = float((posted or {}).get("expires", 0.0))
    there = int((posted or {}).get("version", 0))
    status = "proposed"
    while status == "proposed":
        seen = await _kept(workshop, "look", lambda: _look(workshop, name))
        status = str((seen or {}).get("status", "gone"))
        if status == "proposed":
            if (version := int((seen or {}).get("version", 0))) != there:
                await _kept(workshop, "amend", lambda: _amend(workshop, name))
                there = version
            left = max(1.0, expires - float((seen or {}).get("at", expires)))
            await workshop.receive(min(left, GLANCE_SECONDS))
    if status == "confirmed":
        made = await _kept(workshop, "execute", lambda: _execute(workshop, name))
        if made is None:  # a day went by: the intent's own job has sealed it, and knows how it ended
            made = await _kept(workshop, "sealed", lambda: _execute(workshop, name))
        status = str((made or {}).get("status", "failed"))
    await _kept(workshop, "close", lambda: _close(workshop, name))
    await _kept(workshop, "inform", lambda: _inform(workshop, name))
    log.info("an approval ended", extra={"status": status})
    return {"status": status}


async def _kept(workshop: Workshop, step: str, work: Any) -> Result:
    try:
        return await workshop.step(step, work, retries=PATIENTLY)
    except GivenUp as given_up:
        log.critical("an approval's step was given up", extra={"step": step, "why": str(given_up)})
        return None


async def _known(workshop: Workshop, key: str) -> Approval | None:
    return await workshop.store.look(lambda connection: read(connection, key))


async def _post(workshop: Workshop, key: str) -> Result:
    """The proposal in the org. One that cannot be written there can still be decided in the console."""
    known = await _known(workshop, key)
    if known is None:
        return {"expires": 0.0}
    expires = datetime.fromtimestamp(known.expires, UTC)
    try:
        await interactions.propose(
            workshop.salesforce,
            known.plan,
            key=key,
            audit={**known.audit, "summary": known.request},
            expires=expires,
            edited=_edited(known),
        )
    except MAY_YET_WORK:
        raise
    except (SalesforceError, ValueError) as error:
        log.error("a proposal is not in the org", extra={"error": type(error).__name__, "why": str(error)})
    return {"expires": known.expires, "version": known.version}


async def _amend(workshop: Workshop, key: str) -> Result:
    """The org's row shows the values that a dispatcher has put in; without it the console's word still counts."""
    known = await _known(workshop, key)
    if known is None or known.status != "proposed" or (edited := _edited(known)) is None:
        return None
    theirs = await interactions.proposal(workshop.salesforce, key)
    if theirs is None or theirs.status != "Proposed" or theirs.version == known.version:
        return {"version": theirs.version if theirs else 0}
    try:
        audit = {**known.audit, "summary": known.request}
        await interactions.amend(workshop.salesforce, theirs, known.plan, audit=audit, edited=edited)
    except MAY_YET_WORK:
        raise
    except (SalesforceError, ValueError) as error:
        log.error("a changed proposal is not in the org", extra={"error": type(error).__name__, "why": str(error)})
    return {"version": known.version}


def _edited(known: Approval) -> dict[str, Any] | None:
    """What people in Salesforce are told of a version: who made it, and the values before and after."""
    if not known.version:
        return None
    told: dict[str, Any] = {"version": known.version}
    if known.edited_by:
        told |= {"by": known.edited_by, "before": known.arguments_said, "after": str(known.audit.get("request", ""))}
    return told


async def _look(workshop: Workshop, key: str) -> Result:
    """Where it stands: by the console's word, else by the org's, else by the clock."""
    known = await _known(workshop, key)
    now = workshop.now()
    if known is None:
        return {"status": "gone", "at": now}
    if known.status != "proposed":
        return {"status": known.status, "at": now}
    theirs = await _in_the_org(workshop, key)
    word = {"Confirmed": "confirmed", "Rejected": "rejected", "Expired": "expired"}.get(theirs.status if theirs else "")
    if word is None and now >= known.expires:
        word = "expired"
    if word is not None:
        by = IN_SALESFORCE if theirs is not None and theirs.status != "Proposed" else ""
        goal, reason = word, (theirs.error if theirs else "")

        def write(connection: Connection) -> str:
            chain, seen = audit_of(workshop.settings), theirs.version if theirs else known.version
            moved = move(connection, chain, key, "proposed", goal, by=by, reason=reason, now=now)
            if moved is not None and goal == "confirmed" and moved.version != seen:
                # What they agreed to is what they saw: the values that had not reached the org are not made.
                stood = put(connection, moved, version_of(connection, key, seen), by, now)
                chain.append(connection, entry(stood, "undo", by=by, before=moved), wall=now)
            stands = read(connection, key)
            return stands.status if stands else "gone"

        return {"status": await workshop.store.run(write), "at": now}
    return {"status": "proposed", "at": now, "version": known.version}


async def _in_the_org(workshop: Workshop, key: str) -> Proposal | None:
    try:
        return await interactions.proposal(workshop.salesforce, key)
    except SalesforceError as error:
        log.warning("the org was not asked for a decision", extra={"error": type(error).__name__})
        return None


async def _execute(workshop: Workshop, key: str) -> Result:
    """The plan as it was read back, under its own key: guards hold it to the records as they were then.

    It is an intent like every other change: durable, with its entry of the audit log, before it is tried. Should this
    process die in between, whoever comes next finds out how it ended, or ends it; it happens once.
    """
    known = await _known(workshop, key)
    if known is None or known.status != "confirmed":
        return {"status": known.status if known else "gone"}
    await _told(workshop, key, "Confirmed")
    edited = f"changed by {known.edited_by}, " if known.edited_by else ""
    audit = {**known.audit, "decision": f"confirmed by the caller, {edited}approved by {known.decided_by}"[:255]}
    plan, chain, intents = known.plan, audit_of(workshop.settings), Intents(workshop.store, now=workshop.now)

    def also(connection: Connection) -> None:
        chain.append(connection, change(plan, key, audit), wall=workshop.now())

    try:
        earlier = await intents.open(plan, key, audit, also=also)
        if earlier is not None and earlier.status != "open":
            done = earlier.committed()
        else:
            done = await intents.commit(workshop.field, plan, key, audit)
    except SalesforceError as error:
        return await _moved(workshop, key, "failed", type(error).__name__)
    if done.status == "unknown":
        raise SalesforceTimeout("not settled yet")
    return await _moved(workshop, key, "executed" if done.status == "applied" else "failed", "")


async def _moved(workshop: Workshop, key: str, goal: str, reason: str) -> Result:
    now = workshop.now()

    def write(connection: Connection) -> str:
        move(connection, audit_of(workshop.settings), key, "confirmed", goal, reason=reason, now=now)
        stands = read(connection, key)
        return stands.status if stands else "gone"

    return {"status": await workshop.store.run(write)}


async def _close(workshop: Workshop, key: str) -> Result:
    """The org's row says how it ended."""
    known = await _known(workshop, key)
    ends: dict[str, Decision] = {
        "executed": "Executed",
        "failed": "Failed",
        "rejected": "Rejected",
        "expired": "Expired",
    }
    if known is None or known.status not in ends:
        return None
    await _told(workshop, key, ends[known.status], error=known.reason or None)
    return {"status": known.status}


async def _told(workshop: Workshop, key: str, goal: Decision, *, error: str | None = None) -> None:
    """Walk the org's row to `goal` by the steps there are. A row that says otherwise stays: a person wrote it."""
    theirs = await interactions.proposal(workshop.salesforce, key)
    if theirs is None or theirs.status == goal:
        return
    if theirs.status == "Proposed" and goal in ("Executed", "Failed"):
        await _told(workshop, key, "Confirmed")
        theirs = await interactions.proposal(workshop.salesforce, key)
    if theirs is None or goal not in interactions.MOVES.get(theirs.status, frozenset()):
        return
    try:
        await interactions.decide(workshop.salesforce, theirs, goal, error=error)
    except Conflict:
        log.warning("the org's row of a proposal was changed meanwhile", extra={"goal": goal})


async def _inform(workshop: Workshop, key: str) -> Result:
    """Texts to whoever asked, and those that go with the change itself; keyed, so that nobody gets one twice."""
    known = await _known(workshop, key)
    if known is None or known.status in OPEN:
        return None
    current = await workshop.store.look(lambda connection: stored(connection, configured(workshop.settings)))
    texts = texts_of(
        workshop.settings,
        workshop.store,
        workshop.salesforce,
        workshop.lines,
        sends=lambda: current.sends,
        wall=workshop.now,
    )
    taken = [await _answer(texts, known)]
    for n, text in enumerate(known.texts if known.status == "executed" else (), 1):
        sent = await texts.to_contact(
            text["template"],
            text["contact_id"],
            key=f"{key}:text{n}",
            values=text["values"],
            lang=text["lang"],
            sender=known.asker.sender,
            call_sid=known.call_sid,
        )
        taken.append(sent.accepted)
    return {"status": known.status, "texts": sum(taken)}


async def _answer(texts: Texts, known: Approval) -> bool:
    """The outcome, to the number on record of whoever asked; nobody without one is told by text."""
    asker = known.asker
    template = "rejected"
    if known.status == "executed":
        template = "approved_edited" if known.edited_by else "approved"
    more: dict[str, Any] = {
        "key": f"{known.key}:outcome",
        "values": {"request": known.request},
        "lang": known.lang,
        "sender": asker.sender,
        "call_sid": known.call_sid,
    }
    if asker.contact_id:
        return (await texts.to_contact(template, asker.contact_id, **more)).accepted
    if asker.number:
        return (await texts.send(template, Recipient(asker.number), **more)).accepted
    return False
