"""The gateway between what a model asks for and what is done: it permits, validates, times out, proposes and commits.

The model can only ask. Whether the line has the tool, whether the caller has proven enough, whether the arguments are
exactly of the schema's form and come from the caller, which fields a change may set, and that it is run only after a
yes to its read-back: all of it is decided here, by the table in policy.py and from server state, and holds with any
prompt, or none.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, assert_never

import orjson

from voice_agent.agent import shown
from voice_agent.agent.context import ToolContext
from voice_agent.agent.evidence import STATUSES, Evidence, order_said, plain
from voice_agent.agent.outcomes import Approver, Outcome, Proposed, Settled, as_json, awaiting, failed
from voice_agent.agent.policy import (
    MOST_CALLS_A_TURN,
    TABLE,
    Go,
    Phase,
    Prove,
    Rule,
    State,
    Stop,
    decide,
    level_for,
    outside,
)
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
from voice_agent.grants import Asked, Grant
from voice_agent.language import spoken
from voice_agent.language.redaction import redact
from voice_agent.salesforce.plans import Committed, WritePlan

PROPOSAL_SECONDS = 60.0
PIN_LENGTH = 6
NO_PROOF = "The caller cannot prove who they are on this call. A message or a person is offered to them."
FOLLOW_UPS = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds between attempts to settle a write whose outcome is unknown. Same key each time: it happens once."""
AGAIN = ":2"
"""Behind the key of a change that is made in another way than the one that was refused, under the same yes."""
SAID_IN_AUDIT = 6
"""The caller's last turns that go into the audit row of a change, redacted: what they asked for, and the yes."""
OWN_SENTENCES = ("message.call_me", "when.morning", "when.afternoon", "when.evening")
"""Phrases of the server's own that a message may consist of."""
ONE_AT_A_TIME = "One change at a time: the caller is still being asked about another one. Ask for this one afterwards."
TOO_MANY = "That was asked for too often. Offer a message or a person."

log = logging.getLogger(__name__)

Writer = Callable[[WritePlan, str, Mapping[str, Any]], Awaitable[Committed]]
"""Commits a plan under a key with its audit fields, exactly once however often it is called with that key."""

Texts = Callable[[TextWanted, str, ToolContext], Awaitable[bool]]
"""Takes a text for sending under a key of its own; False when it may not or cannot be sent. Never raises."""

Spend = Callable[[str, Grant, str, int], Awaitable[bool]]
"""Counts, under a key, one more change of a caller by a tool today; False if that is more than the number allowed."""


async def unlimited(key: str, grant: Grant, tool: str, most: int) -> bool:
    return True


@dataclass(slots=True)
class _Tally:
    """What this call has asked for so far."""

    turn: int = -1
    this_turn: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    """Contradictions the caller was asked about; nobody is asked the same thing twice."""


class Toolbox:
    """One call's. `clock` is monotonic seconds; `phase` is `read_only`, `supervised` or `autonomous`, or tells it.

    `in_pilot` says whether a caller's records belong to the pilot; `spend` keeps count over all calls of the day.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        *,
        line: str,
        call_sid: str,
        writer: Writer,
        clock: Callable[[], float],
        phase: str | Callable[[], str] = Phase.AUTONOMOUS,
        proposed: int = 0,
        texts: Texts | None = None,
        rules: Mapping[str, Rule] = TABLE,
        in_pilot: Callable[[Grant], bool] = lambda grant: True,
        spend: Spend = unlimited,
        approver: Approver | None = None,
    ) -> None:
        self._tools = {name: tool for name, tool in tools.items() if name in rules and line in rules[name].lines}
        self._rules = rules
        self._call_sid = call_sid
        self._writer = writer
        self._clock = clock
        self._phase = phase if callable(phase) else lambda: phase
        self._texts = texts
        self._in_pilot = in_pilot
        self._spend = spend
        self._approver = approver
        self._proposed: dict[str, Proposed] = {}
        self._waiting: dict[str, Proposed] = {}
        self._count = proposed
        self._tally = _Tally()
        self._planning = False
        self._names: set[str] = set()
        self.committed: list[str] = []
        """Tools whose change is in the records, in order: what may be called done."""

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    async def run(self, name: str, arguments: str, context: ToolContext) -> Outcome:
        """Carry out one tool call as far as it may go now. Never raises for anything the model or the org did."""
        try:
            rule = self._permitted(name, context)
            tool = self._tools[name]
            parsed = tool.parse(arguments)
            if rule.writes:
                return await self._change(tool, rule, parsed, context)
            async with asyncio.timeout(tool.timeout):
                result = await tool.run(context, **parsed)
            if isinstance(result, Change):
                raise NotAllowed(f"{name} gave a change, and its row opens no field")
            return self._answered(name, result)
        except ProofNeeded as error:
            return await self._proof(error, context)
        except TimeoutError:
            log.warning("tool too slow", extra={"tool": name})
            return failed(SalesforceError.for_model, context.speak(SalesforceError.for_caller))
        except InvalidArguments as error:
            return failed(error.for_model, evidence=("arguments",))
        except VoiceAgentError as error:
            log.warning("tool failed", extra={"tool": name, "error": type(error).__name__, "why": str(error)})
            return failed(error.for_model, context.speak(error.for_caller))

    # -- may it? -----------------------------------------------------------------------------------------------------

    def _permitted(self, name: str, context: ToolContext) -> Rule:
        """The tool's row, if the table lets this caller use it now."""
        if self._tally.turn != context.turn:
            self._tally.turn, self._tally.this_turn = context.turn, 0
        self._tally.this_turn += 1
        rule = self._rules.get(name) if name in self._tools else None
        if rule is None:
            raise InvalidArguments(f"There is no tool {shown.cleaned(name, 40)!r} on this line.")
        self._decided(name, rule, context, context.state)
        if context.turn and self._tally.this_turn > MOST_CALLS_A_TURN:
            raise _refused(f"{name}: too many tool calls in one turn", TOO_MANY)
        return rule

    def _decided(self, name: str, rule: Rule, context: ToolContext, state: State) -> bool:
        """The table's word on this caller, as an error unless it is yes. True: yes, if a dispatcher agrees too."""
        grant = context.grant
        verdict = decide(
            rule,
            line=context.line,
            role=grant.role,
            level=int(grant.level),
            phase=self._phase(),
            state=state,
            in_pilot=self._in_pilot(grant),
        )
        match verdict:
            case Stop(why):
                raise NotAllowed(f"{name}: {why}; role {grant.role}, level {int(grant.level)}, {state}")
            case Prove(proof):
                raise _unproven(proof, name, context)
            case Go(approval=True) if self._approver is None:
                raise NotAllowed(f"{name} writes, the phase is {self._phase()}, and there is nobody to approve it")
            case Go(approval):
                return approval
            case _:
                assert_never(verdict)

    async def _proof(self, error: ProofNeeded, context: ToolContext) -> Outcome:
        """The caller is asked for a proof, and what they wanted is kept until they have given it."""
        if context.prover is None:
            asked = Asked(f"proof.{error.proof}.ask", Ask(Keypad.PIN, PIN_LENGTH))
        else:
            asked = await context.prover.ask(context.lang, order=order_said(context.said, context.lang))
        say = context.speak(asked.phrase, **asked.holes)
        status, why = ("refused", NO_PROOF) if asked.refused else ("proof_needed", error.for_model)
        content = orjson.dumps({"status": status, "why": why, "say": say}).decode()
        return Outcome(content, say=say, ask=asked.ask, keep=not asked.refused)

    def _within(self, name: str, change: Change, context: ToolContext) -> None:
        """The plan is ours, not the model's; that it stays inside its row is checked all the same."""
        rule = self._rules[name]
        if beyond := sorted(set(outside(rule, change.plan))):
            raise NotAllowed(f"{name} would set {', '.join(beyond)}, which its row does not open")
        if self._approver is not None and (never := self._approver.forbids(change.plan)):
            raise NotAllowed(f"{name} would set {never}, which nobody may agree to")
        if context.grant.level < level_for(rule, change.plan):
            raise _unproven("code", name, context)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _answered(self, name: str, answer: Answer) -> Outcome:
        data = dict(answer.data)
        if hidden := sorted(set(shown.dropped(data))):
            log.error("findings that the table does not open were left out", extra={"tool": name, "keys": hidden})
        self._names.update(shown.names_in(data))
        if answer.say:
            data["say"] = answer.say
        say = answer.say if answer.spoken else ""
        return Outcome(shown.content(data), say=say, ask=answer.ask, keep=answer.keep)

    # -- changing ----------------------------------------------------------------------------------------------------

    async def _change(self, tool: Tool, rule: Rule, parsed: Mapping[str, Any], context: ToolContext) -> Outcome:
        given = {name: plain(value) for name, value in tool.given(parsed).items()}
        if doubt := self._doubted(tool.name, rule, given, context):
            return doubt
        if self._planning or any(p.turn == context.turn for p in self._proposed.values()):
            return failed(ONE_AT_A_TIME)
        if self._tally.changes[tool.name] >= rule.most_a_call:
            raise _refused(f"{tool.name}: more than {rule.most_a_call} in a call", TOO_MANY)
        self._planning = True
        try:
            async with asyncio.timeout(tool.timeout):
                result = await tool.run(context, **parsed)
        finally:
            self._planning = False
        if isinstance(result, Answer):
            return self._answered(tool.name, result)
        token, change = self._read_back(tool.name, given, result, context)
        return Outcome(awaiting(change), say=change.read_back, proposal=token, reversible=change.reversible)

    def _doubted(self, name: str, rule: Rule, given: Mapping[str, Any], context: ToolContext) -> Outcome | None:
        """A value that nobody said goes back to the model; two readings of what was said go to the caller."""
        said = Evidence(
            context.said,
            (*context.asked, *[""] * (len(context.said) - len(context.asked))),
            context.lang,
            context.now,
            frozenset(self._names),
            frozenset(context.speak(key).lower() for key in OWN_SENTENCES),
        )
        if unsaid := list(said.missing(rule.takes, given)):
            log.info("a value nobody said", extra={"tool": name, "arguments": unsaid})
            why = f"The caller did not say {' and '.join(unsaid)}. Ask them for it in plain words, or leave it out."
            return failed(why, evidence=tuple(f"ungrounded:{argument}" for argument in unsaid))
        for argument, wanted, read in said.contradicted(name, given):
            if (mark := f"{name}|{argument}|{wanted}") not in self._tally.asked:
                self._tally.asked.add(mark)
                why = f"It is not clear which {argument} the caller means; they are being asked."
                first, second = _told(wanted, context), _told(read, context)
                say = context.speak("gateway.which", first=first, second=second) if first and second else ""
                content = as_json({"status": "asked", "why": why})
                return Outcome(content, say=say or context.speak("gateway.again"), evidence=(f"disagrees:{argument}",))
        return None

    def _read_back(
        self, tool: str, arguments: Mapping[str, Any], change: Change, context: ToolContext
    ) -> tuple[str, Change]:
        """The token that a yes to this change, with these arguments, in this call, is good for; and what is said."""
        self._within(tool, change, context)
        rule = self._waits_for(tool, change, context)
        canonical = as_json(arguments)
        self._count += 1
        self._tally.changes[tool] += 1
        seed = f"{self._call_sid}|{tool}|{canonical}|{self._count}"
        token = hashlib.sha256(seed.encode()).hexdigest()[:20]
        expires = self._clock() + PROPOSAL_SECONDS
        # one at a time: a yes is unambiguous
        self._proposed = {token: Proposed(tool, canonical, change, expires, context.turn, rule)}
        if rule:
            why = context.speak(f"approval.why.{rule}")
            told = f"{context.speak('approval.needed', why=why)} {change.read_back}"
            change = replace(change, read_back=told)
        return token, change

    def _waits_for(self, tool: str, change: Change, context: ToolContext) -> str:
        """The rule by which a dispatcher has to agree, empty when none does."""
        if self._approver is None:
            return ""
        if self._phase() == Phase.SUPERVISED:
            return "supervised"
        return self._approver.rule(change.plan, context.now)

    def proposed(self, token: str) -> tuple[str, list[dict[str, Any]]]:
        """The tool behind a proposal and the records it would touch, as plain JSON values for people to look at."""
        proposed = self._proposed.get(token)
        if proposed is None:
            return "", []
        touches: list[dict[str, Any]] = orjson.loads(
            as_json({"touches": [asdict(touch) for touch in proposed.change.plan.touches]})
        )["touches"]
        return proposed.tool, touches

    def drop(self, token: str) -> None:
        self._proposed.pop(token, None)

    async def settle(self, token: str, context: ToolContext) -> Settled:
        """The caller said yes. One use, 60 s. Call it shielded: from here on nobody may stop it."""
        proposed = self._proposed.pop(token, None)
        late = proposed is None or self._clock() > proposed.expires
        if proposed is None or late or (context.turn and context.turn <= proposed.turn):
            return Settled(
                context.speak("write.expired"), "The confirmation had expired; nothing was changed.", "expired"
            )
        rule = self._rules[proposed.tool]
        try:
            # Between read-back and yes the phase may have changed, an identity lapsed, a day's share run out; that the
            # caller has hung up or goes to a person since takes nothing back.
            if self._decided(proposed.tool, rule, context, State.TALKING):
                proposed.approval = proposed.approval or "supervised"
            if not await self._spend(self._key(token), context.grant, proposed.tool, rule.most_a_day):
                raise _refused(f"{proposed.tool}: more than {rule.most_a_day} in a day", TOO_MANY)
            if proposed.approval and self._approver is not None:
                return await self._asked(token, proposed, self._approver, context)
        except VoiceAgentError as error:
            return self._not_done(proposed, error, context)
        return await self._commit(token, proposed, context)

    async def _asked(self, token: str, proposed: Proposed, approver: Approver, context: ToolContext) -> Settled:
        """The caller's yes is one of two: nothing is changed before a dispatcher has given the other."""
        texted = await approver.ask(self._key(token), proposed, self._audit(proposed, context), context)
        self._waiting[token] = proposed
        log.info("a change waits for a dispatcher", extra={"tool": proposed.tool, "rule": proposed.approval})
        return Settled(
            context.speak("approval.asked_text" if texted else "approval.asked"),
            f"{proposed.tool}: waits for a dispatcher's word. Do not say that it is done.",
            "pending",
            waits=True,
        )

    async def decided(self, token: str, context: ToolContext) -> Settled | None:
        """What the dispatcher said to a change that waits, once they have; for a caller who is still on the line."""
        proposed = self._waiting.pop(token, None)
        if proposed is None or self._approver is None:
            return None
        status, edited = await self._approver.ended(self._key(token))
        if status == "executed":
            self.committed.append(proposed.tool)
        key = "executed_edited" if edited and status == "executed" else status
        say = context.speak(f"approval.{key}", done=edited or proposed.change.done)
        return Settled(say, f"{proposed.tool}: {status}. The caller was told so.", status)

    def _key(self, token: str) -> str:
        return f"{self._call_sid}:{token}"

    def _audit(self, proposed: Proposed, context: ToolContext) -> dict[str, Any]:
        audit = {
            "call_sid": self._call_sid,
            "tool": proposed.tool,
            "request": proposed.arguments,
            "decision": "confirmed by the caller",
            "verified_level": str(int(context.grant.level)),
            "summary": "\n".join(redact(words) for words in context.said[-SAID_IN_AUDIT:]),
            "model": context.model or None,
            "prompt_version": context.prompt_version or None,
        }
        return audit | ({"contact_id": context.grant.contact.id} if context.grant.contact is not None else {})

    async def _commit(self, token: str, proposed: Proposed, context: ToolContext) -> Settled:
        audit = self._audit(proposed, context)
        try:
            committed = await self._writer(_tellable(proposed.change, context), self._key(token), audit)
        except VoiceAgentError as error:
            return await self._refused(token, proposed, error, context)
        log.info("write settled", extra={"tool": proposed.tool, "status": committed.status})
        if committed.status == "applied":
            self.committed.append(proposed.tool)
            told, texted = await self._texted(token, proposed.change, context)
            say = " ".join(sentence for sentence in (proposed.change.done, *told) if sentence)
            return Settled(say, f"{proposed.tool}: committed. The caller was told so.", "applied", texted=texted)
        if committed.status == "unknown":
            self._proposed[token] = proposed
            return Settled(
                context.speak("write.queued"),
                f"{proposed.tool}: sent, not confirmed by the records yet. Do not say that it is done.",
                "unknown",
                again=True,
            )
        return Settled(context.speak("write.not_done"), f"{proposed.tool}: not done.", "not_applied")

    async def _texted(self, token: str, change: Change, context: ToolContext) -> tuple[list[str], bool]:
        """The change stands: what is said of the messages that go with it, and whether one goes to the caller."""
        said, to_caller = [], False
        for n, text in enumerate(change.texts, 1):
            taken = self._texts is not None and await self._texts(text, f"{self._call_sid}:{token}:text{n}", context)
            said.append(text.told if taken else text.not_told)
            caller = context.grant.contact
            to_caller = to_caller or (taken and caller is not None and text.contact_id == caller.id)
        return said, to_caller

    async def text_outcome(self, token: str, settled: Settled, context: ToolContext) -> bool:
        """The line is gone: how a change ended goes to the caller's number on record, if they allow that."""
        contact = context.grant.contact
        if settled.texted or settled.again or settled.waits or settled.instead is not None:
            return False
        if self._texts is None or contact is None or context.grant.level < 1:
            return False
        wanted = TextWanted("write_outcome", {"outcome": settled.say}, contact.id, context.lang)
        return await self._texts(wanted, f"{self._call_sid}:{token}:outcome", context)

    async def _refused(self, token: str, proposed: Proposed, error: VoiceAgentError, context: ToolContext) -> Settled:
        instead = await proposed.change.otherwise(context, error) if proposed.change.otherwise else None
        try:
            if instead is not None and instead.same and not token.endswith(AGAIN):
                self._within(proposed.tool, instead.change, context)
                again = replace(proposed, change=instead.change)
                return await self._commit(token + AGAIN, again, context)
            if instead is not None:
                return self._proposed_instead(proposed, instead, error, context)
        except VoiceAgentError as beyond:
            return self._not_done(proposed, beyond, context)
        return self._not_done(proposed, error, context)

    def _not_done(self, proposed: Proposed, error: VoiceAgentError, context: ToolContext) -> Settled:
        log.warning("write refused", extra={"tool": proposed.tool, "error": type(error).__name__, "why": str(error)})
        say = context.speak(error.for_caller)
        if not isinstance(error, Conflict):
            say = f"{context.speak('write.not_done')} {say}"
        return Settled(say, f"{proposed.tool}: not done. {error.for_model}", "refused")

    def _proposed_instead(
        self, proposed: Proposed, instead: Instead, error: VoiceAgentError, context: ToolContext
    ) -> Settled:
        token, change = self._read_back(proposed.tool, instead.arguments, instead.change, context)
        asked = ServerUsed(proposed.tool, as_json(instead.arguments), awaiting(change, instead.options))
        offer = instead.offer
        told = late = None
        if offer is not None:
            told = ServerUsed(offer.tool, as_json(offer.arguments), self._answered(offer.tool, offer.answer).content)
            late = offer.answer.say
        proposal = InsteadProposed(token, asked, change.read_back, told, late or "")
        return Settled(instead.why, f"{proposed.tool}: not done. {error.for_model}", "refused", instead=proposal)

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


def _tellable(change: Change, context: ToolContext) -> WritePlan:
    """The plan, with what its end would be told by if it is known only after the caller has gone."""
    contact = context.grant.contact
    if contact is None or context.grant.level < 1:
        return change.plan
    texts = [
        {"template": text.template, "values": dict(text.values), "contact": text.contact_id, "lang": text.lang}
        for text in change.texts
    ]
    outcome = {"done": change.done, "contact": contact.id, "lang": context.lang, "texts": texts}
    return replace(change.plan, facts={**change.plan.facts, "outcome": outcome})


def _unproven(proof: str, name: str, context: ToolContext) -> VoiceAgentError:
    """A way to prove it is offered where there is one; else the act is not possible for this caller."""
    if proof == "pin" or context.prover is not None:
        return ProofNeeded(proof)
    return NotAllowed(f"{name} needs a {proof}, the caller has level {int(context.grant.level)}")


def _refused(operator: str, for_model: str) -> NotAllowed:
    refused = NotAllowed(operator)
    refused.for_model = for_model
    return refused


def _told(value: Any, context: ToolContext) -> str:
    """A value as it is said, empty for what has no short form."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return spoken.say_number(int(value) if value == int(value) else value, lang=context.lang)
    text = str(value)
    if text in STATUSES:
        return context.speak(f"status.{text}")
    if text.isdigit():
        return spoken.say_digits(text, lang=context.lang)
    return ""
