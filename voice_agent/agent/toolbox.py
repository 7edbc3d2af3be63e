"""The gateway between what a model asks for and what is done: it permits, validates, times out, proposes and commits.

The model can only ask. Whether the line has the tool, whether the caller has proven enough, whether the arguments are
exactly of the schema's form, and that a change is run only after a yes to its read-back: all of it is decided here from
server state, and holds with any prompt, or none.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Instead, TextWanted, Tool
from voice_agent.call.events import Ask, InsteadProposed, Keypad, ServerUsed
from voice_agent.errors import (
    Conflict,
    InvalidArguments,
    NotAllowed,
    ProofNeeded,
    SalesforceError,
    VoiceAgentError,
)
from voice_agent.grants import Asked
from voice_agent.salesforce.plans import Committed, WritePlan

PROPOSAL_SECONDS = 60.0
PIN_LENGTH = 6
MOST_RESULT_CHARACTERS = 6_000
NO_PROOF = "The caller cannot prove who they are on this call. A message or a person is offered to them."
FOLLOW_UPS = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between attempts to settle a write whose outcome is unknown. Same key each time: it happens once."""
AGAIN = ":2"
"""Behind the key of a change that is made in another way than the one that was refused, under the same yes."""

log = logging.getLogger(__name__)

Writer = Callable[[WritePlan, str, Mapping[str, Any]], Awaitable[Committed]]
"""Commits a plan under a key with its audit fields, exactly once however often it is called with that key."""

Texts = Callable[[TextWanted, str, ToolContext], Awaitable[bool]]
"""Takes a text for sending under a key of its own; False when it may not or cannot be sent. Never raises."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The one result of a tool call, in the words of `call.events.ToolReturned`."""

    content: str
    say: str = ""
    ask: Ask | None = None
    proposal: str | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """How a confirmed change ended. `again`: unknown yet, `follow` will find out."""

    say: str
    note: str
    status: str
    again: bool = False
    instead: InsteadProposed | None = None
    """Something else was proposed in its place, and is asked about at once."""


@dataclass(slots=True)
class Proposed:
    tool: str
    arguments: str
    change: Change
    expires: float
    attempt: int = 0


class Toolbox:
    """One call's. `clock` is monotonic seconds; `phase` is `read_only`, `supervised` or `autonomous`."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        *,
        line: str,
        call_sid: str,
        writer: Writer,
        clock: Callable[[], float],
        phase: str = "autonomous",
        texts: Texts | None = None,
    ) -> None:
        self._tools = {name: tool for name, tool in tools.items() if line in tool.lines}
        self._call_sid = call_sid
        self._writer = writer
        self._clock = clock
        self._phase = phase
        self._texts = texts
        self._proposed: dict[str, Proposed] = {}
        self._count = 0

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    async def run(self, name: str, arguments: str, context: ToolContext) -> Outcome:
        """Carry out one tool call as far as it may go now. Never raises for anything the model or the org did."""
        try:
            tool = self._permitted(name, context)
            parsed = tool.parse(arguments)
            async with asyncio.timeout(tool.timeout):
                result = await tool.run(context, **parsed)
        except ProofNeeded as error:
            return await self._proof(error, context)
        except TimeoutError:
            log.warning("tool too slow", extra={"tool": name})
            return _failed(SalesforceError.for_model, context.speak(SalesforceError.for_caller))
        except InvalidArguments as error:
            return _failed(error.for_model, "")
        except VoiceAgentError as error:
            log.warning("tool failed", extra={"tool": name, "error": type(error).__name__, "why": str(error)})
            return _failed(error.for_model, context.speak(error.for_caller))
        match result:
            case Answer():
                return _answered(result)
            case Change():
                return self._propose(tool, parsed, result)

    def _permitted(self, name: str, context: ToolContext) -> Tool:
        tool = self._tools.get(name)
        if tool is None:
            raise InvalidArguments(f"There is no tool {name[:40]!r} on this line.")
        if context.grant.level < tool.level:
            if context.line == "technician":
                raise ProofNeeded("pin")
            if context.prover is not None:
                raise ProofNeeded("code")
            raise NotAllowed(f"{name} needs level {tool.level}, the caller has {int(context.grant.level)}")
        if tool.writes and self._phase != "autonomous":  # a supervised write needs an approval, and there are none yet
            raise NotAllowed(f"{name} writes, and the phase is {self._phase}")
        return tool

    async def _proof(self, error: ProofNeeded, context: ToolContext) -> Outcome:
        """The caller is asked for a proof, and what they wanted is kept until they have given it."""
        if context.prover is None:
            asked = Asked(f"proof.{error.proof}.ask", Ask(Keypad.PIN, PIN_LENGTH))
        else:
            asked = await context.prover.ask(context.lang)
        say = context.speak(asked.phrase, **asked.holes)
        status, why = ("refused", NO_PROOF) if asked.refused else ("proof_needed", error.for_model)
        content = orjson.dumps({"status": status, "why": why, "say": say}).decode()
        return Outcome(content, say=say, ask=asked.ask, keep=not asked.refused)

    def _propose(self, tool: Tool, arguments: Mapping[str, Any], change: Change) -> Outcome:
        token = self._read_back(tool.name, arguments, change)
        return Outcome(_asked(change), say=change.read_back, proposal=token)

    def _read_back(self, tool: str, arguments: Mapping[str, Any], change: Change) -> str:
        canonical = orjson.dumps(arguments, default=_plain, option=orjson.OPT_SORT_KEYS).decode()
        self._count += 1
        seed = f"{self._call_sid}|{tool}|{canonical}|{self._count}"
        token = hashlib.sha256(seed.encode()).hexdigest()[:20]
        expires = self._clock() + PROPOSAL_SECONDS
        self._proposed = {token: Proposed(tool, canonical, change, expires)}  # one at a time: a yes is unambiguous
        return token

    def proposed(self, token: str) -> tuple[str, list[dict[str, Any]]]:
        """The tool behind a proposal and the records it would touch, as plain JSON values for people to look at."""
        proposed = self._proposed.get(token)
        if proposed is None:
            return "", []
        touches = [asdict(touch) for touch in proposed.change.plan.touches]
        shown: list[dict[str, Any]] = orjson.loads(orjson.dumps(touches, default=_plain))
        return proposed.tool, shown

    def drop(self, token: str) -> None:
        self._proposed.pop(token, None)

    async def settle(self, token: str, context: ToolContext) -> Settled:
        """The caller said yes. One use, 60 s. Call it shielded: from here on nobody may stop it."""
        proposed = self._proposed.pop(token, None)
        if proposed is None or self._clock() > proposed.expires:
            return Settled(
                context.speak("write.expired"), "The confirmation had expired; nothing was changed.", "expired"
            )
        return await self._commit(token, proposed, context)

    async def _commit(self, token: str, proposed: Proposed, context: ToolContext) -> Settled:
        audit = {
            "call_sid": self._call_sid,
            "tool": proposed.tool,
            "request": proposed.arguments,
            "decision": "confirmed by the caller",
            "verified_level": str(int(context.grant.level)),
        }
        if context.grant.contact is not None:
            audit["contact_id"] = context.grant.contact.id
        try:
            committed = await self._writer(proposed.change.plan, f"{self._call_sid}:{token}", audit)
        except VoiceAgentError as error:
            return await self._refused(token, proposed, error, context)
        log.info("write settled", extra={"tool": proposed.tool, "status": committed.status})
        if committed.status == "applied":
            texted = await self._texted(token, proposed.change, context)
            say = " ".join(sentence for sentence in (proposed.change.done, *texted) if sentence)
            return Settled(say, f"{proposed.tool}: committed. The caller was told so.", "applied")
        if committed.status == "unknown":
            self._proposed[token] = proposed
            return Settled(
                context.speak("write.queued"),
                f"{proposed.tool}: sent, not confirmed by the records yet. Do not say that it is done.",
                "unknown",
                again=True,
            )
        return Settled(context.speak("write.not_done"), f"{proposed.tool}: not done.", "not_applied")

    async def _texted(self, token: str, change: Change, context: ToolContext) -> list[str]:
        """The change stands: what is said of the messages that go with it, by what became of each."""
        said = []
        for n, text in enumerate(change.texts, 1):
            taken = self._texts is not None and await self._texts(text, f"{self._call_sid}:{token}:text{n}", context)
            said.append(text.told if taken else text.not_told)
        return said

    async def _refused(self, token: str, proposed: Proposed, error: VoiceAgentError, context: ToolContext) -> Settled:
        log.warning("write refused", extra={"tool": proposed.tool, "error": type(error).__name__, "why": str(error)})
        instead = await proposed.change.otherwise(context, error) if proposed.change.otherwise else None
        if instead is not None and instead.same and not token.endswith(AGAIN):
            again = Proposed(proposed.tool, proposed.arguments, instead.change, proposed.expires)
            return await self._commit(token + AGAIN, again, context)
        if instead is not None:
            return self._proposed_instead(proposed, instead, error)
        say = context.speak(error.for_caller)
        if not isinstance(error, Conflict):
            say = f"{context.speak('write.not_done')} {say}"
        return Settled(say, f"{proposed.tool}: not done. {error.for_model}", "refused")

    def _proposed_instead(self, proposed: Proposed, instead: Instead, error: VoiceAgentError) -> Settled:
        token = self._read_back(proposed.tool, instead.arguments, instead.change)
        asked = ServerUsed(proposed.tool, _json(instead.arguments), _asked(instead.change, instead.options))
        offer = instead.offer
        told = ServerUsed(offer.tool, _json(offer.arguments), _answered(offer.answer).content) if offer else None
        late = offer.answer.say if offer else ""
        proposal = InsteadProposed(token, asked, instead.change.read_back, told, late)
        note = f"{proposed.tool}: not done. {error.for_model}"
        return Settled(instead.why, note, "refused", instead=proposal)

    async def follow(self, token: str, context: ToolContext) -> Settled | None:
        """Find out how an unknown write ended, by committing again under the same key. None if it cannot be found."""
        if token + AGAIN in self._proposed:
            token += AGAIN
        proposed = self._proposed.pop(token, None)
        if proposed is None:
            return None
        for seconds in FOLLOW_UPS:
            await asyncio.sleep(seconds)
            settled = await self._commit(token, proposed, context)
            self._proposed.pop(token, None)
            if not settled.again:
                return settled
        return None


def _asked(change: Change, options: Mapping[str, Any] | None = None) -> str:
    """What the model sees of a change that is being read back."""
    told = {"status": "awaiting_confirmation", "read_back": change.read_back, "note": "The caller is being asked."}
    return _json({**(options or {}), **told})


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _answered(answer: Answer) -> Outcome:
    data = dict(answer.data)
    if answer.say:
        data["say"] = answer.say
    content = orjson.dumps(data, default=_plain).decode()[:MOST_RESULT_CHARACTERS]
    return Outcome(content, say=answer.say if answer.spoken else "", ask=answer.ask, keep=answer.keep)


def _failed(why: str, say: str) -> Outcome:
    return Outcome(orjson.dumps({"status": "failed", "why": why, "say": say}).decode())


def _plain(value: Any) -> Any:
    """Pydantic models and sets among arguments, for canonical JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
