"""A call played out loud: what happens on the left, what the call orders on the right, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from voice_agent.call.actions import Action, CancelTimer, Say, SetTimer
from voice_agent.call.events import (
    Ask,
    CallEnded,
    CallerInterrupted,
    CallerSpoke,
    CallStarted,
    DigitPressed,
    Gist,
    Happening,
    ReplyCompleted,
    TextArrived,
    Timer,
    TimerFired,
    TokensPlayed,
    ToolRequested,
    ToolReturned,
)
from voice_agent.call.machine import Call
from voice_agent.call.playout import speech_seconds
from voice_agent.call.script import Rules, Script

A = TypeVar("A")

HAZARDS = ("gas", "fire", "trapped", "burst_pipe", "injury")
KEYS = (
    "filler filler.tools filler.again error.model error.empty error.too_long error.tools_too_long silence.again "
    "silence.goodbye goodbye hand_off limit confirm.again keypad.please resumed resumed.question write.still_running "
    "emergency.not_saved_yet again.leave again.stay after.leave after.stay "
    "unsure.again unsure.simply unsure.keys unsure.person_key lost.third"
).split() + [f"guidance.{hazard}" for hazard in HAZARDS]
PHRASES = {lang: {key: (f"[{lang} {key}]" if lang != "en" else f"[{key}]",) for key in KEYS} for lang in ("en", "es")}


def script(rules: Rules | None = None, **changes: Any) -> Script:
    return Script(PHRASES, rules or Rules(), **changes)


class Scene:
    """One call. Time stands still until `wait` lets the timers that are due go off, in their order."""

    def __init__(self, rules: Rules | None = None, *, greeting: str = "", **changes: Any) -> None:
        self.call = Call(script(rules, **changes))
        self.now = 100.0
        self.orders: list[Action] = []
        self.timers: dict[Timer, tuple[float, int]] = {}
        self._ids = itertools.count(1)
        self.happens(CallStarted(greeting=greeting))

    def happens(self, event: Happening) -> list[Action]:
        orders = self.call.receive(replace(event, at=self.now))
        for order in orders:
            if isinstance(order, SetTimer):
                self.timers[order.timer] = (self.now + order.seconds, order.turn)
            elif isinstance(order, CancelTimer):
                self.timers.pop(order.timer, None)
        self.orders += orders
        return orders

    # the caller

    def caller(self, words: str, **gist: Any) -> list[Action]:
        return self.happens(CallerSpoke(words, gist=Gist(**gist)))

    def murmurs(self, words: str, **gist: Any) -> list[Action]:
        return self.happens(CallerSpoke(words, final=False, gist=Gist(**gist)))

    def presses(self, keys: str) -> list[Action]:
        return [order for key in keys for order in self.happens(DigitPressed(key))]

    def interrupts(self, heard: str) -> list[Action]:
        return self.happens(CallerInterrupted(heard))

    def hears(self, *clauses: str) -> None:
        for clause in clauses:
            self.happens(TokensPlayed(clause))

    def hears_all(self) -> None:
        """Twilio reports everything that is still on its way as played."""
        for utterance in list(self.call.playout.utterances):
            if not utterance.settled:
                self.happens(TokensPlayed(utterance.text[utterance.heard :]))

    def hangs_up(self) -> list[Action]:
        return self.happens(CallEnded())

    # the model and its tools

    def model(self, *words: str, turn: int | None = None) -> list[Action]:
        turn = self.call.turn if turn is None else turn
        return [order for text in words for order in self.happens(TextArrived(turn, text))]

    def model_ends(self, *, turn: int | None = None, tokens: int = 10) -> list[Action]:
        return self.happens(ReplyCompleted(self.call.turn if turn is None else turn, tokens))

    def answers(self, words: str) -> None:
        """A whole reply of the model."""
        self.model(words)
        self.model_ends()

    def wants(self, name: str, arguments: str = "{}", *, turn: int | None = None) -> str:
        tool_call_id = f"t{next(self._ids)}"
        turn = self.call.turn if turn is None else turn
        self.happens(ToolRequested(turn, tool_call_id, name, arguments))
        return tool_call_id

    def returns(
        self,
        tool_call_id: str,
        content: str = "{}",
        *,
        say: str = "",
        ask: Ask | None = None,
        proposal: str | None = None,
        keep: bool = False,
        turn: int | None = None,
        status: str = "",
        evidence: Mapping[str, str] | None = None,
    ) -> list[Action]:
        turn = self.call.turn if turn is None else turn
        return self.happens(ToolReturned(turn, tool_call_id, content, say, ask, proposal, keep, status, evidence or {}))

    def proposes(self, read_back: str = "Shall I move it to Friday?", name: str = "p1") -> None:
        """The model asks for a change, and the caller hears it read back to its end."""
        call_id = self.wants("reschedule")
        self.model_ends()
        self.returns(call_id, say=read_back, proposal=name)

    # time

    def wait(self, seconds: float) -> list[Action]:
        until, orders = self.now + seconds, list[Action]()
        while due := [(at, timer, turn) for timer, (at, turn) in self.timers.items() if at <= until]:
            at, timer, turn = min(due)
            self.now = max(self.now, at)
            del self.timers[timer]
            orders += self.happens(TimerFired(timer, turn))
        self.now = until
        return orders

    def listens_out(self) -> None:
        """Lets everything that was sent be spoken, by the estimate."""
        self.wait(max(0.0, self.call.playout.quiet_at(self.now) - self.now))

    # what came of it

    def said(self, orders: Iterable[Action] | None = None) -> str:
        return "".join(o.text for o in (self.orders if orders is None else orders) if isinstance(o, Say))

    def all(self, kind: type[A], orders: Iterable[Action] | None = None) -> list[A]:
        return [order for order in (self.orders if orders is None else orders) if isinstance(order, kind)]

    @property
    def closings(self) -> list[int]:
        return [o.turn for o in self.orders if isinstance(o, Say) and o.last]

    @property
    def history(self) -> list[dict[str, Any]]:
        return self.call.transcript.messages()

    def forget(self) -> None:
        self.orders.clear()


def one(kind: type[A], orders: Iterable[Action]) -> A:
    found = [order for order in orders if isinstance(order, kind)]
    assert len(found) == 1, f"expected one {kind.__name__}, got {found}"
    return found[0]


def long_enough(text: str) -> float:
    return speech_seconds(text) + 1.0
