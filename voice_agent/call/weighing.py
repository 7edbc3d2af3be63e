"""Keeps the signs of a call as it goes, and asks the judge at two places: before a turn is answered, and with an act in
hand. Emergencies, a caller's wish for a person and what waits for a yes are never weighed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voice_agent.call import leaving
from voice_agent.call.actions import DropProposal, NoteConfidence
from voice_agent.call.asking import MOST_ASKED, Asking, mentions_keys
from voice_agent.call.confidence import NO_ACT, Act, Confidence, Decision, Kind, Signs
from voice_agent.call.events import Ask, Gist, Keypad, ToolReturned

if TYPE_CHECKING:
    from voice_agent.call.machine import Call
    from voice_agent.call.reply import Reply

NOTHING_THERE = frozenset({"none", "short", "not_in_van", "no_van", "over"})
"""What a tool says when the records do not bear the caller's words out as they were understood."""
BROKEN = frozenset({"failed", "refused"})
ASIDE = frozenset({"", "cancelled", "still running", "proof_needed", "ambiguous", "missing", "asked"})
"""Outcomes that say nothing about having understood."""
DOUBTED = frozenset({"ungrounded", "disagrees"})
REFUSED_FOR_DOUBT = frozenset({"failed", "asked"})
"""The gateway let a change not even be read back: a value nobody said, or one that was read in two ways."""
UNSURE = 0.5
FEWEST_TURNS = 3
"""Nobody is handed over for being hard to understand before the third turn."""
SHORT = 1
NOT_PROPOSED = "The server was not sure enough of this change and asked to hear it again. Nothing was changed."


@dataclass(slots=True)
class Weighed:
    """What one call remembers for its confidence."""

    @classmethod
    def on(cls, line: str) -> Weighed:
        return cls(Signs(line=line))

    signs: Signs = field(default_factory=Signs)
    asking: Asking = field(default_factory=Asking)
    denied: str = ""
    """The read-back the caller last said no to."""
    proposed: str = ""
    asked_again: int = 0
    """How often an act was not put before the caller because it was likely wrong; the caller's agreement ends it."""
    judged: Confidence | None = None
    """Of the turn under way."""


# -- what is seen --------------------------------------------------------------------------------------------------


def words(call: Call, text: str, gist: Gist, *, joined: bool) -> None:
    """The caller has said something that opens a turn, or goes on with the one nobody has answered yet."""
    signs = call.weighed.signs
    signs.sure, signs.odd, signs.upset = gist.sure, gist.odd, signs.upset or gist.upset
    signs.short, signs.by_keys = len(text.split()) <= SHORT and gist.affirms is None, False
    signs.recognised = gist.recognised
    if not joined:
        _turn(signs)
        signs.unsure_turns += gist.sure < UNSURE and gist.affirms is None


def keys(call: Call) -> None:
    signs = call.weighed.signs
    signs.sure, signs.odd, signs.short, signs.by_keys = 1.0, 0.0, False, True
    _turn(signs)


def _turn(signs: Signs) -> None:
    signs.turns += 1
    signs.stalled += 1
    signs.act = NO_ACT


def cut(call: Call) -> None:
    call.weighed.signs.cuts += 1


def returned(call: Call, outcome: ToolReturned) -> None:
    """A tool has answered: what that says about having understood."""
    weighed, signs = call.weighed, call.weighed.signs
    if outcome.proposal is not None:
        again = bool(weighed.denied) and outcome.say == weighed.denied
        signs.act = Act.of(
            Kind.CHANGE,
            outcome.evidence,
            free=outcome.free,
            stranger=outcome.stranger,
            again=again,
            reversible=outcome.reversible,
        )
        weighed.proposed = outcome.say
        weighed.asking.answered()
    elif not DOUBTED.isdisjoint(outcome.evidence.values()) and outcome.status in REFUSED_FOR_DOUBT:
        signs.doubts += 1
    elif outcome.status in NOTHING_THERE:
        signs.not_found += 1
    elif outcome.status in BROKEN:
        signs.failures += 1
    elif outcome.status not in ASIDE:
        signs.act = Act.of(Kind.ANSWER, outcome.evidence, stranger=outcome.stranger)
        weighed.asking.answered()
        signs.stalled = 0


def agreed(call: Call) -> None:
    call.weighed.signs.stalled = 0
    call.weighed.asked_again = 0
    call.weighed.denied = ""


def denied(call: Call) -> None:
    call.weighed.signs.corrections += 1
    call.weighed.denied = call.weighed.proposed


def made(call: Call) -> None:
    call.weighed.signs.made += 1
    call.weighed.signs.stalled = 0


# -- what is decided -----------------------------------------------------------------------------------------------


def hopeless(call: Call) -> bool:
    """Before a turn is answered: would a person cost less than going on? Noted for the turn either way."""
    judge = call.script.judge
    if judge is None:
        return False
    judged = call.weighed.judged = judge.outlook(call.weighed.signs)
    signs = call.weighed.signs
    weighty = call.emergency is None and signs.turns >= FEWEST_TURNS and signs.troubled and not signs.by_keys
    return weighty and judged.decision is Decision.HAND_OVER


def asks_again(call: Call, outcomes: list[ToolReturned], at: float) -> bool:
    """With a change in hand: if it is likely wrong, the caller says it once more instead of hearing it read back."""
    judge, weighed = call.script.judge, call.weighed
    if judge is None or weighed.signs.act is NO_ACT:
        return False
    judged = weighed.judged = judge.of_act(weighed.signs, asked=weighed.asked_again)
    if judged.decision is not Decision.ASK_AGAIN:
        return False
    weighed.asked_again += 1
    for outcome in outcomes:
        if outcome.proposal is not None:
            call.order(DropProposal(outcome.proposal))
    call.transcript.note(call.turn, NOT_PROPOSED)
    call.say(call.phrase("unsure.again" if weighed.asked_again == 1 else "unsure.simply"), at)
    return True


def question_put(call: Call, reply: Reply, at: float) -> bool:
    """A reply of the model is complete. Asked a third time: the keys are offered. A fourth: True, a person comes."""
    weighed = call.weighed
    if reply.server_asked or reply.utterance is None or not reply.of_model or call.emergency is not None:
        return False
    times = weighed.asking.said(reply.utterance.text)
    weighed.signs.re_asks = max(0, times - 1)
    if times > MOST_ASKED:
        return True
    if times == MOST_ASKED and not mentions_keys(reply.utterance.text):
        if weighed.asking.by_keys:
            call.say(call.phrase("unsure.keys"), at)
            call.keypad.expect(Ask(Keypad.NUMBER))
        elif call.rules.person_key:
            call.say(call.phrase("unsure.person_key"), at)
    return False


def note(call: Call) -> None:
    """The turn is answered: what was thought of it goes on record."""
    judge, weighed = call.script.judge, call.weighed
    if judge is not None and weighed.judged is not None:
        if weighed.signs.act is not NO_ACT and weighed.judged.decision is Decision.GO_ON:
            weighed.judged = judge.of_act(weighed.signs, asked=2)
        call.order(NoteConfidence(call.turn, weighed.judged))
        weighed.judged = None


def give_up(call: Call, at: float) -> None:
    call.say(call.phrase("lost.third"), at)
    leaving.hand_off(call, "low_confidence", at)
