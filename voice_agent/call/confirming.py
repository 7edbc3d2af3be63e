"""Yes and no: a change is run only by a new turn that agrees to a read-back heard to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.call import weighing
from voice_agent.call.actions import DropProposal, RunProposal
from voice_agent.call.events import Ask, Gist, InsteadProposed, Keypad, ServerUsed, ToolReturned, WriteSettled
from voice_agent.call.reply import Awaiting, Proposal

if TYPE_CHECKING:
    from voice_agent.call.machine import Call

MOST_READ_BACKS = 3


def propose(call: Call, outcome: ToolReturned) -> None:
    """The read-back was just put into the reply; from now on a yes means this change."""
    assert outcome.proposal is not None
    _await_word(call, outcome.proposal, outcome.say)


def propose_instead(call: Call, instead: InsteadProposed, at: float) -> None:
    """What was agreed to cannot be had: something else is read back in the same breath, and needs a yes of its own."""
    _used(call, instead.proposal, instead.asked)
    call.say(instead.say, at)
    _await_word(call, instead.proposal, instead.say)
    call.close(at)


def offer_instead(call: Call, settled: WriteSettled) -> str:
    """The caller has gone on to other things: nothing is asked in between, the next best is only named."""
    instead = settled.instead
    assert instead is not None
    call.order(DropProposal(instead.proposal))
    if instead.offered is None:
        return settled.say
    _used(call, instead.proposal, instead.offered)
    return f"{settled.say} {instead.told}"


def _used(call: Call, proposal: str, used: ServerUsed) -> None:
    call.transcript.tool(call.turn, f"server_{proposal}", used.name, used.arguments).result = used.content


def _await_word(call: Call, name: str, read_back: str) -> None:
    drop(call)
    call.proposal = Proposal(name, read_back, call.due().utterance)
    call.keypad.expect(Ask(Keypad.CONFIRM, 1))


def answer(call: Call, words: str, gist: Gist, at: float) -> None:
    """The caller said or pressed something while a change waits for their word."""
    proposal = call.proposal
    assert proposal is not None
    if gist.affirms is True and proposal.heard_out:
        weighing.agreed(call)
        call.proposal = None
        call.keypad.expect(None)
        call.take_words(words, at)
        call.wait_for(Awaiting.WRITE, call.rules.write_within)
        call.writes_out.add(proposal.name)
        call.order(RunProposal(call.turn, proposal.name))
    elif (gist.affirms is True or gist.wants_repeat) and proposal.asked < MOST_READ_BACKS:
        call.take_words(words, at)
        read_again(call, at)
    else:
        weighing.denied(call)
        drop(call)
        call.take_words(words, at)
        call.transcript.note(call.turn, "The caller did not confirm. Nothing was changed.")
        call.generate(at)


def read_again(call: Call, at: float) -> None:
    """Within a turn that is already open: the same words once more, from the beginning."""
    proposal = call.proposal
    assert proposal is not None
    proposal.asked += 1
    call.say(f"{call.phrase('confirm.again')} {proposal.read_back}", at)
    proposal.utterance = call.due().utterance
    call.keypad.expect(Ask(Keypad.CONFIRM, 1))
    call.close(at)


def voided(call: Call, at: float, *, by_key: bool) -> None:
    """The read-back was cut: whatever comes next cannot be a yes to what was not heard."""
    proposal = call.proposal
    assert proposal is not None
    call.open_turn(at)
    if by_key and proposal.asked < MOST_READ_BACKS:
        read_again(call, at)
    else:
        call.await_caller(at)


def drop(call: Call) -> None:
    if call.proposal is not None:
        call.order(DropProposal(call.proposal.name))
        call.proposal = None
        call.keypad.expect(None)
