"""Thinking ahead of the reading of a prompt: words are held, nothing is touched, a wrong guess leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.call import danger
from voice_agent.call.actions import CancelReply, StartReply
from voice_agent.call.events import Gist
from voice_agent.call.reply import Held, Speculation

if TYPE_CHECKING:
    from voice_agent.call.machine import Call


def consider(call: Call, words: str) -> None:
    """The same partial twice is probably the whole sentence: 358-837 ms before its final, in 8 of 8 recorded."""
    if call.guess is not None and call.guess.heard == words:
        return
    repeated, call.last_partial = words == call.last_partial, words
    give_up(call)
    if repeated:
        begin(call, words)


def begin(call: Call, words: str) -> None:
    """Start a run for the turn these words will open, where the words alone decide nothing."""
    if call.guess is not None and _plain(call.guess.heard) == _plain(words):
        return
    give_up(call)
    decided_by_rule = call.leaving is not None or call.proposal is not None or call.keypad.secret
    if words and call.listening and not decided_by_rule and call.rules.hold == 0 and call.turn + 1 < call.rules.turns:
        call.guess = Speculation(call.turn + 1, words, call.lang)
        call.order(StartReply(call.turn + 1, 0, heard=words))


def holds(call: Call, event: Held) -> bool:
    """An event of the speculative run is kept until the turn is confirmed."""
    if call.guess is None or event.turn != call.guess.turn:
        return False
    call.guess.held.append(event)
    return True


def confirmed(call: Call, words: str, gist: Gist, at: float) -> bool:
    """The final says what the partial said: the run is the turn's, and what it held is released."""
    guess, call.guess, call.last_partial = call.guess, None, ""
    if guess is None:
        return False
    if guess.turn != call.turn + 1 or guess.lang != call.lang or _plain(guess.heard) != _plain(words):
        _forget(call, guess)
        return False
    call.take_words(words, at)
    if call.leaving is not None:
        call.order(CancelReply(guess.turn))
        return True
    danger.advise(call, gist, at)
    call.due().generating = True
    for event in guess.held:
        call.of_the_model(event, at)
    return True


def give_up(call: Call) -> None:
    guess, call.guess = call.guess, None
    if guess is not None:
        _forget(call, guess)


def _forget(call: Call, guess: Speculation) -> None:
    """Stop the run. Its number is used up, so that nothing it still sends can pass for the next turn's."""
    call.order(CancelReply(guess.turn))
    if call.listening:
        call.turn = max(call.turn, guess.turn)


def _plain(words: str) -> str:
    return " ".join(words.lower().split()).strip(".?!, ")
