"""Many live calls, and the server is told to stop at any moment of them: is anybody cut off, or left in silence?

A real `serve` over real sockets. Callers talk and hang up as they like; whoever is still there at the deadline must
hear why, be let go with `end`, and be put through to a person by the answer to Twilio's question.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.edges.serving import Running, serving, set_up

WORDS = ("what are your opening hours", "when do you open", "are you open on saturday", "what time do you close")
WHY = "being updated"
ANSWER_SECONDS = 20.0
"""A loaded machine is slow; silence is for ever."""
EXIT_SECONDS = 60.0


@dataclass
class Round:
    calls: int
    left: int = 0
    """Hung up by themselves, before or after the server was told to stop."""
    handed_over: int = 0
    """Heard why, and the answer to `/twilio/ended` led to a person."""
    let_go: int = 0
    """The agent itself passed them to a person, for a reason of its own."""
    cut: list[int] = field(default_factory=list)
    """Codes of sockets that the server closed under a caller."""
    unanswered: int = 0
    new_calls: int = 0
    new_to_a_person: int = 0
    turns: int = 0
    turns_while_draining: int = 0
    not_ready_ms: float = 0.0
    """From the signal until `/health/ready` says no."""
    exit_code: int | None = None
    seconds: float = 0.0
    """From the signal to the end of the process."""

    @property
    def kept(self) -> bool:
        whole = self.left + self.handed_over + self.let_go == self.calls
        return whole and not self.cut and not self.unanswered and self.new_to_a_person == self.new_calls

    def row(self) -> str:
        return (
            f"| {self.calls} | {self.turns} ({self.turns_while_draining}) | {self.left} | {self.handed_over} | "
            f"{self.let_go} | {len(self.cut)} | {self.unanswered} | {self.new_to_a_person} of {self.new_calls} | "
            f"{self.not_ready_ms:.0f} | {self.exit_code} | {self.seconds:.1f} |"
        )


HEAD = (
    "| Calls | Turns (after the signal) | Hung up | Handed over | Let go before | Cut off | Unanswered "
    "| New calls to a person | Not ready after ms | Exit | Signal to exit s |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def play(folder: Path, *, calls: int, drain_seconds: int, seed: int) -> Round:
    chance, told = random.Random(seed), Round(calls)
    with serving(folder, {"DRAIN_SECONDS": str(drain_seconds)}) as server:
        asyncio.run(_all(server, told, chance, drain_seconds))
        began = time.monotonic()
        told.exit_code = server.process.wait(EXIT_SECONDS)
        told.seconds += time.monotonic() - began
        assert "Traceback" not in server.log.read_text(), server.log.read_text()[-4000:]
    return told


async def _all(server: Running, told: Round, chance: random.Random, drain_seconds: int) -> None:
    draining = asyncio.Event()
    people = [Person(server, told, draining, f"CA{n:032d}", random.Random(chance.random())) for n in range(told.calls)]
    talking = [asyncio.create_task(person.calls()) for person in people]
    await asyncio.wait([asyncio.ensure_future(person.greeted.wait()) for person in people], timeout=60)
    await asyncio.sleep(chance.uniform(0, 1.0))
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    draining.set()
    newcomers = asyncio.create_task(_newcomers(server, told, talking))
    await asyncio.sleep(chance.uniform(0, drain_seconds))
    server.process.send_signal(signal.SIGTERM)
    await asyncio.gather(*talking)
    await newcomers
    told.seconds = time.monotonic() - began


async def _newcomers(server: Running, told: Round, talking: list[asyncio.Task[None]]) -> None:
    """People who call meanwhile: as long as a call is live the door must be answered."""
    began = time.monotonic()
    while (await asyncio.to_thread(server.ask, "GET", "/health/ready"))[0] != 503:
        assert time.monotonic() - began < ANSWER_SECONDS, "it never says that it is not ready"
    told.not_ready_ms = (time.monotonic() - began) * 1000
    while sum(not task.done() for task in talking) > 1:
        told.new_calls += 1
        answer = await asyncio.to_thread(server.voice, f"CB{told.new_calls:032d}")
        told.new_to_a_person += answer.find("Connect") is None and answer.find("Hangup") is None
        await asyncio.sleep(0.3)


@dataclass
class Person:
    server: Running
    told: Round
    draining: asyncio.Event
    call_sid: str
    chance: random.Random
    greeted: asyncio.Event = field(default_factory=asyncio.Event)

    async def calls(self) -> None:
        turns = self.chance.choice([2, 4, 8, 10_000, 10_000])
        try:
            ticket = await asyncio.to_thread(self.server.rings, self.call_sid)
            async with self.server.upgrade() as socket:
                await set_up(socket, self.call_sid, ticket)
                for _ in range(turns):
                    await socket.send(_prompt(self.chance.choice(WORDS)))
                    ended = await self._answer(socket)
                    self.greeted.set()
                    if ended is not None:
                        await socket.close()
                        await self._goes_on(ended)
                        return
                    if self.draining.is_set():
                        await asyncio.sleep(self.chance.uniform(0, 0.4))
                    elif turns < 10_000:
                        await asyncio.sleep(self.chance.uniform(0, 1.5))
                    else:
                        await self._until_told_to_stop()
                await socket.close()
            await self._ended(SessionStatus="completed", CallStatus="completed")
            self.told.left += 1
        except ConnectionClosed as closed:
            self.told.cut.append(closed.rcvd.code if closed.rcvd else 1006)
        except TimeoutError:
            self.told.unanswered += 1
        finally:
            self.greeted.set()

    async def _until_told_to_stop(self) -> None:
        try:
            async with asyncio.timeout(self.chance.uniform(0.2, 1.5)):
                await self.draining.wait()
        except TimeoutError:
            pass

    async def _answer(self, socket: ClientConnection) -> dict[str, Any] | None:
        """To the end of a reply; what `end` carried if that came instead."""
        self.told.turns += 1
        self.told.turns_while_draining += self.draining.is_set()
        said = ""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                frame = json.loads(await socket.recv())
                if frame["type"] == "end":
                    return {**json.loads(frame.get("handoffData") or "{}"), "said": said}
                if frame["type"] == "text":
                    await socket.send(json.dumps({"type": "info", "name": "tokensPlayed", "value": frame["token"]}))
                    said += frame["token"]
                    if frame["last"] and WHY not in said:
                        return None

    async def _goes_on(self, handed: dict[str, Any]) -> None:
        then = await self._ended(SessionStatus="ended", CallStatus="in-progress", HandoffData=json.dumps(handed))
        to_a_person = then.find("Enqueue") is not None or then.find("Dial") is not None
        drained = handed.get("reason") == "drain"
        self.told.handed_over += to_a_person and drained and WHY in handed["said"]
        self.told.let_go += to_a_person and not drained

    async def _ended(self, **form: str) -> Any:
        return await asyncio.to_thread(
            self.server.webhook, "/twilio/ended", CallSid=self.call_sid, SessionId=f"VX{self.call_sid[2:]}", **form
        )


def _prompt(words: str) -> str:
    return json.dumps({"type": "prompt", "voicePrompt": words, "last": True})
