"""Plays conversations against one emulated org, one after the other, each from the org's first state."""

from __future__ import annotations

import random
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.campaign import facts, noise
from tests.campaign.caller import Caller, HangsUp, Presses, Says
from tests.campaign.casting import cast
from tests.campaign.conversations import Conversation, Manners, manners
from tests.campaign.exchange import Answer, Exchange, NoAnswer, Telephone, exchange
from tests.campaign.judging import Verdict, judge
from tests.campaign.listening import Listener
from tests.salesforce.emulated_org import EmulatedOrg


@dataclass(frozen=True)
class Cell:
    """One run of one conversation: at that share of misheard words, with that seed."""

    conversation: Conversation
    noise: float
    seed: int

    @property
    def key(self) -> str:
        return f"{self.conversation.title}|{self.noise}|{self.seed}"


@dataclass
class Stage:
    org: EmulatedOrg
    exchange: Exchange
    facts: facts.Facts
    manners: dict[str, Manners]
    listener: Listener
    seen: int = 0
    """Ledger entries that were there before this conversation."""
    touched: bool = False

    async def play(self, cell: Cell) -> Verdict:
        conversation, rng = cell.conversation, random.Random(cell.key)
        if self.touched:
            self.org.reset()
            self.touched = False
        self.exchange.fresh()
        before = self.org.control("GET", f"ledger?since={self.seen}")
        self.seen = before[-1]["seq"] if before else self.seen
        case = cast(conversation, self.manners[conversation.lang], self.facts)
        call_sid = f"CA{rng.getrandbits(128):032x}"
        phone = self.exchange.dial(conversation.goal.line, case.number, call_sid, conversation.lang)
        caller = Caller(case, self.manners, self.listener, rng, phone.record)
        line = BadLine(cell.noise, rng)
        why = ""
        try:
            await _talk(phone, caller, line)
        except NoAnswer as problem:
            why = f"no answer: {problem}"
        left = phone.left
        await phone.hang_up()
        ledger = self.org.control("GET", f"ledger?since={self.seen}")
        self.touched = bool(ledger)
        verdict = judge(case, caller, ledger, left)
        verdict.noise, verdict.seed = cell.noise, cell.seed
        verdict.spoken, verdict.misheard, verdict.transcript = line.spoken, line.misheard, line.transcript
        if why:
            verdict.end, verdict.why = ("wrong" if verdict.end == "wrong" else "lost"), why
        return verdict


@dataclass
class BadLine:
    """What the caller says, as it is heard; counts words and errors."""

    rate: float
    rng: random.Random
    spoken: int = 0
    misheard: int = 0

    def __post_init__(self) -> None:
        self.transcript: list[str] = []

    def carry(self, words: str, lang: str) -> str:
        heard = noise.hear(words, self.rate, lang, self.rng) if self.rate else words
        self.spoken += len(words.split())
        self.misheard += noise.word_errors(words, heard)
        self.transcript.append(f"caller: {words}" + (f"  [heard: {heard}]" if heard != words else ""))
        return heard


async def _talk(phone: Telephone, caller: Caller, line: BadLine) -> None:
    interrupts = caller.persona == "interrupts"
    phone.wire.listens = not interrupts
    answer = await phone.ring()
    said_nothing = 0
    while not answer.over:
        line.transcript.append(f"agent: {answer.text}")
        if interrupts and caller.opened:
            if (heard := caller.cuts_off(answer.text)) is not None:
                line.transcript[-1] = f"agent: {heard} —"
                await phone.cut(heard)
            else:
                await phone.played(answer.text)
        move = caller.next(answer.text)
        match move:
            case Says(words=words):
                heard = line.carry(words, caller.lang)
                while not heard:  # nothing was recognised at all: people say it again
                    said_nothing += 1
                    heard = line.carry(words, caller.lang) if said_nothing < 20 else words
                answer = await phone.say(heard)
            case Presses(keys=keys):
                line.transcript.append(f"caller presses {'PIN' if len(keys) == 7 else keys}")
                answer = await phone.press(keys)
            case HangsUp():
                return
    line.transcript.append(f"agent: {answer.text}")


@asynccontextmanager
async def stage(org: EmulatedOrg) -> AsyncIterator[Stage]:
    org.reset()
    async with exchange(org.info, org.now) as answering:
        listener = Listener(answering.lines.phrases, answering.lines.values)
        yield Stage(org, answering, facts.ask(org), manners(), listener)


async def play_all(org: EmulatedOrg, cells: Iterable[Cell]) -> AsyncIterator[Verdict]:
    async with stage(org) as ready:
        for cell in cells:
            yield await ready.play(cell)


def show(verdict: Verdict) -> None:
    sys.stdout.write(f"\n== {verdict.title} noise {verdict.noise} seed {verdict.seed}: {verdict.end} {verdict.why}\n")
    for row in verdict.transcript:
        sys.stdout.write(f"   {row}\n")


__all__ = ["Answer", "Cell", "Stage", "play_all", "show", "stage"]
