"""The job that texts how a change ended to a caller who was gone before anybody knew.

The process that holds a call tells its caller, by voice or, when the line breaks under it, by text. If it dies, or the
records answer only after minutes, the job that settles the change comes last and leads here. The texts bear the keys
that process would have given them, so that whoever is first is the only one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from voice_agent.history import History, PastCall
from voice_agent.intents import TELL, Intent, Intents
from voice_agent.messaging.setting_up import texts_of
from voice_agent.messaging.texts import Texts
from voice_agent.overrides import configured, stored
from voice_agent.recalling import was_told
from voice_agent.workshop import Result, Workshop

QUIET_SECONDS = 60.0
"""A call in which nothing happened for so long, and whose end nobody saw, is over."""
LOOK_SECONDS = 30.0
MOST_LOOKS = 60
"""Longer than any call may last."""

log = logging.getLogger(__name__)


async def tell_outcome(workshop: Workshop, key: str, arguments: Mapping[str, Any]) -> Result:
    """`key` of the intent, and how often it was looked whether the call is over."""
    intent = await Intents(workshop.store, now=workshop.now).get(str(arguments["key"]))
    about = intent.plan.facts.get("outcome") if intent is not None else None
    if intent is None or intent.status == "open" or not about:
        return {"told": "nothing to tell"}
    history = History(workshop.store, now=workshop.now)
    call = await history.call(intent.call_sid)
    if call is None:
        return {"told": "nothing is kept of the call"}
    if was_told(intent, await history.entries(intent.call_sid)):
        return {"told": "by voice"}
    looks = int(arguments.get("looks", 0))
    if _goes_on(call, workshop.now()):
        if looks < MOST_LOOKS:
            again = {"key": intent.key, "looks": looks + 1}
            await workshop.jobs.start(TELL, f"{TELL}:{intent.key}@{looks + 1}", again, delay=LOOK_SECONDS)
        return {"told": "the call goes on"}
    return await _text(workshop, intent, about, call)


def _goes_on(call: PastCall, now: float) -> bool:
    return call.ended is None and now - call.last < QUIET_SECONDS


async def _text(workshop: Workshop, intent: Intent, about: Mapping[str, Any], call: PastCall) -> Result:
    """What goes with the change first: one that went to the caller says it all."""
    current = await workshop.store.look(lambda connection: stored(connection, configured(workshop.settings)))
    store, lines = workshop.store, workshop.lines
    texts = texts_of(
        workshop.settings, store, workshop.salesforce, lines, sends=lambda: current.sends, wall=workshop.now
    )
    line = lines.by_name(call.line) or lines.lines[0]
    applied, contact, lang = intent.status == "applied", str(about["contact"]), str(about["lang"])
    said = False
    for n, text in enumerate(about["texts"] if applied else (), 1):
        taken = await _send(texts, intent, f"text{n}", text["template"], text, line.number)
        said = said or (taken and text["contact"] == contact)
    if not said:
        words = str(about["done"]) if applied else line.speaker(lang)("write.not_done")
        whole = {"values": {"outcome": words}, "contact": contact, "lang": lang}
        said = await _send(texts, intent, "outcome", "write_outcome", whole, line.number)
    log.info("an outcome was told late", extra={"status": intent.status, "texted": said})
    return {"told": "by text" if said else "not: no number on record, or no consent"}


async def _send(texts: Texts, intent: Intent, name: str, template: str, text: Mapping[str, Any], sender: str) -> bool:
    taken = await texts.to_contact(
        template,
        str(text["contact"]),
        key=f"{intent.key}:{name}",
        values=dict(text["values"]),
        lang=str(text["lang"]),
        sender=sender,
        call_sid=intent.call_sid,
    )
    return taken.accepted
