"""Thinking ahead on a partial prompt: the words are held, nothing is touched, and a wrong guess leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.call.actions import CancelReply, StartReply
from voice_agent.call.reply import Held, Speculation

if TYPE_CHECKING:
    from voice_agent.call.machine import Call


def consider(call: Call, words: str) -> None:
    """The same partial twice is probably the whole sentence: 358-837 ms before its final, in 8 of 8 recorded."""
    if call.guess is not None and call.guess.heard == words:
        return
    repeated, call.last_partial = words == call.last_partial, words
    give_up(call)
    if repeated and call.listening:
        call.guess = Speculation(call.turn + 1, words)
        call.order(StartReply(call.turn + 1, 0, heard=words))


def holds(call: Call, event: Held) -> bool:
    """An event of the speculative run is kept until the turn is confirmed."""
    if call.guess is None or event.turn != call.guess.turn:
        return False
    call.guess.held.append(event)
    return True


def confirmed(call: Call, words: str, at: float) -> bool:
    """The final says what the partial said: the run is the turn's, and what it held is released."""
    guess, call.guess, call.last_partial = call.guess, None, ""
    if guess is None:
        return False
    if guess.turn != call.turn + 1 or _plain(guess.heard) != _plain(words):
        call.order(CancelReply(guess.turn))
        return False
    call.take_words(words, at)
    if call.leaving is not None:
        call.order(CancelReply(guess.turn))
        return True
    call.due().generating = True
    for event in guess.held:
        call.of_the_model(event, at)
    return True


def give_up(call: Call) -> None:
    if call.guess is not None:
        call.order(CancelReply(call.guess.turn))
        call.guess = None


def _plain(words: str) -> str:
    return " ".join(words.lower().split()).strip(".?!, ")
