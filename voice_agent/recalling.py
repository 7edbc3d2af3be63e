"""A call whose process died: what is known of it, so that another process goes on where that one was killed.

Twilio reports the lost socket to whoever answers for us now. From the kept journal come the conversation as far as it
was written, what the caller wanted, and what was proven when; from the intents what was confirmed and how it ended, or
an attempt to end it now. Handles, offers and read-backs died with the process: they are made anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from voice_agent.agent.toolbox import AGAIN, Writer
from voice_agent.call.playout import locate
from voice_agent.errors import StoreUnavailable, VoiceAgentError
from voice_agent.history import Entry, History, PastCall
from voice_agent.identity import Kept
from voice_agent.intents import Intent, Intents

SECONDS = 1.5
"""For everything the store is asked: a caller listens to silence meanwhile."""
TOO_LONG_AGO = 600.0
"""A call that nothing happened in for so long is not gone on with."""
NO_WISH = frozenset({"", "yes", "no", "none", "number", "repeat", "request_human", "emergency"})
FINAL = frozenset({"applied", "refused", "not_applied", "expired"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """`who` is `caller` or `agent`; of the agent's words what was heard, as far as that is known."""

    who: str
    turn: int
    text: str


@dataclass(slots=True)
class Ending:
    """A confirmed change that the caller has not heard the end of. `outcome` gives its status once it is known."""

    intent: Intent
    outcome: asyncio.Task[str]

    @property
    def is_emergency(self) -> bool:
        return ":emergency:" in self.intent.key


@dataclass(frozen=True, slots=True)
class Past:
    line: str
    caller: str
    attestation: str
    sockets: int
    lang: str
    said: tuple[Said, ...]
    intent: str
    """What the caller wanted last, in the words of the intents; "" if nothing, or if it was done."""
    wish: str
    """Their own words for it."""
    hazards: tuple[str, ...]
    kept: Kept | None
    """`kept.at` is when the call was last seen alive."""
    endings: tuple[Ending, ...]

    @property
    def turn(self) -> int:
        return max((one.turn for one in self.said), default=0)


class Recalling:
    def __init__(
        self, history: History, intents: Intents, write: Writer, *, now: Callable[[], float] = time.time
    ) -> None:
        self._history = history
        self._intents = intents
        self._write = write
        self._now = now

    async def past(self, call_sid: str) -> Past | None:
        """None for a call that is unknown, over, with a person, or long ago, and while the store does not answer."""
        try:
            async with asyncio.timeout(SECONDS):
                call = await self._history.call(call_sid)
                if call is None or call.ended or call.handed_off or self._now() - call.last > TOO_LONG_AGO:
                    return None
                entries = await self._history.entries(call_sid)
                intents = await self._intents.of_call(call_sid)
        except (TimeoutError, StoreUnavailable) as error:
            log.error("a call cannot be recalled", extra={"call_sid": call_sid, "error": type(error).__name__})
            return None
        untold = [intent for intent in intents if not was_told(intent, entries)]
        endings = tuple(Ending(intent, asyncio.create_task(self._end(intent))) for intent in untold)
        log.warning("call recalled", extra={"call_sid": call_sid, "entries": len(entries), "changes": len(endings)})
        return replace(recalled(call, entries), endings=endings)

    async def _end(self, intent: Intent) -> str:
        """How a change ends: `applied`, `refused`, `not_applied`, or `unknown` while the records are away."""
        try:
            return (await self._write(intent.plan, intent.key, intent.audit)).status
        except VoiceAgentError:
            return "refused"

    async def ends_later(self, ending: Ending) -> str:
        """The same for one that was unknown; asks less and less often, and gives `unknown` in the end."""
        for seconds in (2.0, 5.0, 15.0, 30.0, 60.0):
            await asyncio.sleep(seconds)
            if (status := await self._end(ending.intent)) != "unknown":
                return status
        return "unknown"


def recalled(call: PastCall, entries: Sequence[Entry]) -> Past:
    said: list[Said] = []
    hazards: list[str] = []
    intent = wish = ""
    kept: Kept | None = None
    for entry in entries:
        values = entry.values
        match entry.kind:
            case "caller":
                said.append(Said("caller", int(values["turn"]), str(values["text"])))
                if values.get("intent", "") not in NO_WISH:
                    intent, wish = str(values["intent"]), str(values["text"])
            case "agent":
                said.append(Said("agent", int(values["turn"]), str(values["text"])))
            case "interrupted" if said and said[-1].who == "agent":
                cut = locate(said[-1].text, str(values.get("heard", "")), 0)
                if cut is not None:
                    said[-1] = replace(said[-1], text=f"{said[-1].text[:cut]}—")
            case "emergency":
                hazards.append(str(values["hazard"]))
            case "write" if values.get("status") == "applied":
                intent = wish = ""
            case "proven":
                kept = Kept(at=call.last, **values)
            case _:
                pass
    return Past(
        line=call.line,
        caller=call.caller,
        attestation=call.attestation,
        sockets=call.sockets,
        lang=call.lang,
        said=tuple(said),
        intent="" if hazards else intent,
        wish="" if hazards else wish,
        hazards=tuple(dict.fromkeys(hazards)),
        kept=kept,
        endings=(),
    )


def was_told(intent: Intent, entries: Sequence[Entry]) -> bool:
    """Its end was put into words, and something was played after that; else it is told again rather than never."""
    proposal = intent.key.partition(":")[2]
    asked_as = (proposal, proposal.removesuffix(AGAIN))  # tried a second way it is the same question to the caller
    about = [
        place
        for place, entry in enumerate(entries)
        if (entry.kind == "write" and entry.values["status"] in FINAL and entry.values["proposal"] in asked_as)
        or (entry.kind == "emergency_recorded" and intent.key.endswith(f":{entry.values['hazard']}"))
    ]
    return bool(about) and any(entry.kind == "played" for entry in entries[about[-1] :])
