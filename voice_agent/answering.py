"""The work of a turn: a run of the model, held to the records as it streams, and the tools it asks for.

It dies with its turn. Whatever it finds goes to the machine as an event with the turn's number.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from voice_agent.agent.context import ToolContext, conversation
from voice_agent.agent.model import ReplyRequest, Situation, ToolWanted, Words
from voice_agent.agent.policy import State
from voice_agent.agent.prompt import MARK
from voice_agent.call.actions import CallTool, StartReply
from voice_agent.call.confidence import WISH
from voice_agent.call.danger import lets_go
from voice_agent.call.events import ReplyCompleted, ReplyFailed, TextArrived, ToolRequested, ToolReturned
from voice_agent.call.transcript import CallerSaid
from voice_agent.errors import ModelError
from voice_agent.language.agreement import evidence_for, serves
from voice_agent.language.oddities import odd_words
from voice_agent.language.reading import LIFE_HAZARDS
from voice_agent.language.spoken import EarFilter
from voice_agent.language.vetting import Fault, Vetting

if TYPE_CHECKING:
    from voice_agent.session import Session

PROVE_AGAIN_SECONDS = 3.0
"""How long a reply of a call taken up from a dead process waits for who is on the line: meanwhile the caller hears that
the line was cut, and what they wanted."""
IDENTIFY_SECONDS = 1.2
"""How long a reply waits for the caller to be looked up; the filler covers it, and the reply goes on without."""
INSTEAD: dict[Fault, str] = {
    "claim": "gateway.not_done",
    "secret": "gateway.no_secrets",
    "leak": "error.empty",
    "danger": "again.leave",
}
"""What is said in place of words of the model that are kept back."""
STATES = frozenset({"scheduled", "booked", "set", "confirmed"})
"""Words that tell how a visit stands as well as that somebody made it so."""
UNPROVEN = ('{"note":', '{"status":"failed"', '{"status":"asked"')
"""How results begin that say what would be done, or was not."""
OWN_WORDS = ("message", "note", "problem", "reason", "question")
"""Arguments of tools that carry words on as they were said."""

log = logging.getLogger(__name__)


class Answering:
    """Of one call. `tools` are the schemas of the line's tools as JSON."""

    def __init__(self, session: Session, tools: bytes) -> None:
        self._session = session
        self._tools = tools
        self._model = ""
        self._rung = (0, 0)
        """A turn, and which model of the ladder answered in it last."""
        self.proving: asyncio.Task[None] | None = None
        """Finds out again who is on the line, in a call that another process held before."""

    # -- the model -------------------------------------------------------------------------------------------------

    async def reply(self, order: StartReply) -> None:
        session, turn, now = self._session, order.turn, asyncio.get_running_loop().time
        post = session.post
        ear, vetting = EarFilter(session.call.lang), self._vetting()
        request = await self._request(order)

        def emit(piece: Words | ToolWanted) -> None:
            if isinstance(piece, Words):
                if text := vetting.feed(ear.feed(piece.text)):
                    post(TextArrived(turn, text, at=now()), wake=False)
            else:
                post(ToolRequested(turn, piece.tool_call_id, piece.name, piece.arguments, at=now()))

        try:
            usage = await session.around.model.reply(request, emit, session.outbox.flush)
        except ModelError as error:
            log.warning("no model answered", extra={"turn": turn, "why": str(error)})
            post(ReplyFailed(turn, str(error), at=now()))
            return
        self._rung, self._model = (turn, usage.rung), usage.model
        if rest := vetting.feed(ear.flush()) + vetting.flush():
            post(TextArrived(turn, rest, at=now()))
        for found in vetting.found:
            session.note("evidence", turn=turn, found=found)
            log.warning("words of the model were kept back", extra={"turn": turn, "found": found.partition(":")[0]})
        session.note(
            "model",
            turn=turn,
            step=order.step,
            model=usage.model,
            first_token_ms=None if usage.first_token_s is None else round(usage.first_token_s * 1000, 1),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            attempts=list(usage.attempts),
        )
        post(ReplyCompleted(turn, usage.completion_tokens, at=now()))

    def _vetting(self) -> Vetting:
        """What a run of the model may not say, held to what is on record in this call."""
        session = self._session
        call, committed = session.call, session.toolbox.committed

        def supports(tools: tuple[str, ...]) -> bool:
            return any(tool in committed for tool in tools) if tools else bool(committed)

        def quoted(word: str) -> bool:
            told = (used.result for used in call.transcript.tool_calls() if used.result is not None)
            found = [result.lower() for result in told if not result.startswith(UNPROVEN)]
            read = word in STATES and any('"arrival_window"' in result for result in found)
            return read or any(word in result for result in found)

        def instead(fault: Fault) -> str:
            return session.phrase(INSTEAD[fault])

        danger = lets_go(call) and call.emergency in LIFE_HAZARDS
        return Vetting(call.lang, supports, quoted, instead, mark=MARK, danger=danger)

    async def _request(self, order: StartReply) -> ReplyRequest:
        session = self._session
        if self.proving is not None:
            await asyncio.wait({self.proving}, timeout=PROVE_AGAIN_SECONDS)
            self.proving = None
        if not session.identity.known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(IDENTIFY_SECONDS):
                    await session.identity.known.wait()
        messages = session.call.transcript.messages()
        if order.heard:
            messages.append({"role": "user", "content": order.heard})
        situation = self.situation()
        return ReplyRequest(
            situation=situation,
            messages=messages,
            tools=self._tools,
            system=session.line.prompt.fill(situation),
            tool_names=session.line.tool_names,
            rung=self._rung[1] if self._rung[0] == order.turn else 0,
        )

    def situation(self) -> Situation:
        session = self._session
        line, grant = session.line, session.identity.grant
        now = session.around.now(line)
        return Situation(
            line=line.role,
            now=now,
            company=line.script.values.get("company", ""),
            lang=session.call.lang,
            role=grant.role,
            level=int(grant.level),
            caller=session.identity.first_name,
            open=line.is_open(now),
            emergency=session.call.emergency,
            expecting=session.call.expecting,
        )

    # -- its tools -------------------------------------------------------------------------------------------------

    async def tool(self, order: CallTool) -> None:
        session = self._session
        started = session.now()
        session.note("tool", turn=order.turn, id=order.tool_call_id, tool=order.name, arguments=order.arguments)
        outcome = await session.toolbox.run(order.name, order.arguments, self.context())
        took = round((session.now() - started) * 1000, 1)
        evidence = self._evidence(order, change=outcome.proposal is not None) | _found(outcome.evidence)
        name = order.name if order.name in session.toolbox else "unknown"  # a model may name it after the caller
        log.info("tool", extra={"turn": order.turn, "tool": name, "ms": took, "proposal": bool(outcome.proposal)})
        for found in outcome.evidence:
            session.note("evidence", turn=order.turn, tool=name, found=found)
        session.note(
            "tool_result",
            turn=order.turn,
            id=order.tool_call_id,
            tool=order.name,
            ms=took,
            content=outcome.content,
            proposal=outcome.proposal,
        )
        if outcome.proposal is not None:
            tool, changes = session.toolbox.proposed(outcome.proposal)
            session.note("proposed", turn=order.turn, proposal=outcome.proposal, tool=tool, changes=changes)
        session.post(
            ToolReturned(
                order.turn,
                order.tool_call_id,
                outcome.content,
                outcome.say,
                outcome.ask,
                outcome.proposal,
                outcome.keep,
                _status(outcome.content),
                evidence,
                _own_words(order.arguments) if outcome.proposal else None,
                session.identity.grant.role == "unknown",
                outcome.reversible,
                at=session.now(),
            )
        )

    def _evidence(self, order: CallTool, *, change: bool) -> dict[str, str]:
        """What an independent reading of the caller's words says to a tool call, and to each argument of a change."""
        session = self._session
        whole = serves(order.name, session.hearing.wishes)
        wish = {} if whole is None else {WISH: whole}
        if not change:
            return wish
        arguments = orjson.loads(order.arguments)
        said = [e.text for e in session.call.transcript.entries if isinstance(e, CallerSaid) and not e.keys]
        lang, now = session.call.lang, session.around.now(session.line)
        try:
            return wish | evidence_for(said, order.name, arguments, lang=lang, now=now)
        except Exception as error:
            log.exception("no evidence for a change", extra={"error": type(error).__name__})
            return wish

    def context(self) -> ToolContext:
        """What a tool may know of the call at this moment."""
        session = self._session
        lang, line = session.call.lang, session.line
        said, asked = conversation(session.call.transcript)
        return ToolContext(
            grant=session.identity.grant,
            field=session.around.field,
            now=session.around.now(line),
            lang=lang,
            speak=line.speaker(lang),
            said=said,
            call_sid=session.call_sid,
            line=line.role,
            prover=session.identity,
            asked=asked,
            turn=session.call.turn,
            state=self._state(),
            model=self._model,
            prompt_version=line.prompt.version,
        )

    def _state(self) -> State:
        call = self._session.call
        if call.ended:
            return State.ENDED
        if call.leaving is not None:
            return State.LEAVING
        if call.turn == 0:
            return State.GREETING
        if call.emergency:
            return State.EMERGENCY
        return State.DRAINING if self._session.around.draining() else State.TALKING


def _status(content: str) -> str:
    """The word a tool's result begins with for the model; empty where it has none."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("status", "")) if isinstance(found, dict) else ""


def _own_words(arguments: str) -> float | None:
    """How odd what a change passes on in the caller's own words looks; None when it passes nothing on."""
    found = orjson.loads(arguments)
    texts = [text for name in OWN_WORDS if isinstance(text := found.get(name), str) and text.strip()]
    return odd_words(" ".join(texts)) if texts else None


def _found(evidence: tuple[str, ...]) -> dict[str, str]:
    """What the gateway found, as a verdict for each argument."""
    return {argument: verdict for verdict, _, argument in (each.partition(":") for each in evidence) if argument}
