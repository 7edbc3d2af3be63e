"""Which model answers: the first on the ladder that does, and one reply even if several had to work on it.

Deadlines of the contract, section 6 rule 4: 2.5 s to the first token, then the next model; one repetition of a refusal
at most 0.4 s later (a 429 waits what the provider asks, up to 1 s); at the end a model that cannot fail. A stream that
breaks in mid-sentence is *completed*: the next run is told what was said and goes on from there, and if it starts over
all the same, the words already said are passed over. A model that keeps failing is left alone for a while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from voice_agent.agent.model import Breathe, Emit, Model, ReplyRequest, ToolWanted, Usage, Words, at_ease
from voice_agent.errors import ModelError, ModelRateLimited, ModelStreamBroken, ModelUnavailable

FIRST_TOKEN_SECONDS = 2.5
STALL_SECONDS = 4.0
"""Longest pause inside a stream that has begun."""
RETRY_AFTER_SECONDS = 0.4
MOST_RETRY_AFTER_SECONDS = 1.0
BREAKER_FAILURES = 5
BREAKER_WINDOW_SECONDS = 10.0
BREAKER_OPEN_SECONDS = 15.0

log = logging.getLogger(__name__)


class Breaker:
    """Leaves a model alone for 15 s once it failed five times within 10 s; then one call may try."""

    def __init__(self) -> None:
        self._failures: list[float] = []
        self._open_until = 0.0

    def closed(self, now: float) -> bool:
        return now >= self._open_until

    def failed(self, now: float) -> None:
        self._failures = [t for t in self._failures if now - t < BREAKER_WINDOW_SECONDS] + [now]
        if len(self._failures) >= BREAKER_FAILURES:
            self._open_until = now + BREAKER_OPEN_SECONDS
            self._failures.clear()

    def worked(self) -> None:
        self._failures.clear()


@dataclass(slots=True)
class Rung:
    model: Model
    breaker: Breaker
    last: bool = False
    """The model that needs nothing: no deadline, no breaker."""


class Ladder:
    """Itself a Model. Shared by all calls; keeps nothing of any of them."""

    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise ValueError("a ladder needs at least one model")
        self._rungs = [Rung(model, Breaker(), last=model is models[-1]) for model in models]

    @property
    def name(self) -> str:
        return " > ".join(rung.model.name for rung in self._rungs)

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        loop = asyncio.get_running_loop()
        said = Said(emit)
        tried: list[str] = []
        for number, rung in enumerate(self._rungs):
            if number < min(request.rung, len(self._rungs) - 1):
                continue
            if not rung.last and not rung.breaker.closed(loop.time()):
                tried.append(f"{rung.model.name}: resting")
                continue
            for attempt in (1, 2):
                run = request if not said.text else replace(request, already_said=said.text)
                try:
                    usage = await self._run(rung, run, said, breathe)
                except ModelError as error:
                    tried.append(f"{rung.model.name}: {error}")
                    log.warning("model failed", extra={"model": rung.model.name, "why": str(error), "attempt": attempt})
                    rung.breaker.failed(loop.time())
                    if attempt == 2 or not await _worth_repeating(error, last=rung.last):
                        break
                else:
                    rung.breaker.worked()
                    return replace(usage, attempts=tuple(tried), rung=number) if number or tried else usage
        raise ModelUnavailable("; ".join(tried))

    async def _run(self, rung: Rung, request: ReplyRequest, said: Said, breathe: Breathe) -> Usage:
        said.begin()
        if rung.last:
            return said.end(await rung.model.reply(request, said.take, breathe))
        with Patience(FIRST_TOKEN_SECONDS, STALL_SECONDS) as said.patience:
            return said.end(await rung.model.reply(request, said.take, breathe))


class Patience:
    """Cancels the work around it once nothing has come for too long, and makes ModelUnavailable or -StreamBroken of it.

    It looks when a limit may have passed, not at every token: a token costs one assignment.
    """

    def __init__(self, first: float, between: float) -> None:
        self._first = first
        self._between = between
        self._begun = False
        self._expired = False

    def __enter__(self) -> Patience:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + self._first, self._look)
        return self

    def seen(self) -> None:
        self._begun = True
        self._last = self._loop.time()

    def _look(self) -> None:
        due = self._last + (self._between if self._begun else self._first)
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
        elif self._task is not None:
            self._expired = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._expired and self._task is not None and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            if self._begun:
                raise ModelStreamBroken("the stream stood still")
            raise ModelUnavailable("no first token in time")


async def _worth_repeating(error: ModelError, *, last: bool) -> bool:
    """Wait as long as a repetition needs and say True, or say False: the next model is quicker."""
    match error:
        case _ if last:
            return False
        case ModelRateLimited(retry_after=seconds):
            if seconds is not None and seconds > MOST_RETRY_AFTER_SECONDS:
                return False
            await asyncio.sleep(RETRY_AFTER_SECONDS if seconds is None else seconds)
        case ModelStreamBroken():
            pass  # the caller is in the middle of a sentence
        case ModelUnavailable() if "first token" in str(error):
            return False
        case _:
            await asyncio.sleep(RETRY_AFTER_SECONDS)
    return True


class Said:
    """Passes on what a run emits and remembers the words; lets a run that starts over say nothing twice."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.text = ""
        self.patience: Patience | None = None
        self._skipping = ""
        self._held = ""

    def begin(self) -> None:
        """A new run. While its words repeat what was said they are held."""
        self._skipping = _letters(self.text)
        self._held = ""
        self.patience = None

    def take(self, piece: Words | ToolWanted) -> None:
        if self.patience is not None:
            self.patience.seen()
        if isinstance(piece, ToolWanted):
            self._release()
            self._emit(piece)
        elif not self._skipping:
            self.text += piece.text
            self._emit(piece)
        else:
            self._compare(piece.text)

    def _compare(self, text: str) -> None:
        self._held += text
        new = _letters(self._held)
        if len(new) < len(self._skipping) and self._skipping.startswith(new):
            return
        if new.startswith(self._skipping):
            rest = _after(self._held, len(self._skipping))
            if self.text[-1:] in ".,;:!?":
                rest = rest.lstrip(".,;:!?")
            self._skipping, self._held = "", ""
            if rest:
                self.take(Words(rest))
        else:
            self._release()

    def _release(self) -> None:
        """It did not start over: what was held is a continuation."""
        held, self._held, self._skipping = self._held, "", ""
        if held:
            glue = "" if held[:1].isspace() or self.text[-1:].isspace() else " "
            self.text += glue + held
            self._emit(Words(glue + held))

    def end(self, usage: Usage) -> Usage:
        """A run that ended while still repeating has added nothing; one that stopped short of it even less."""
        self._held, self._skipping = "", ""
        return usage


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _after(text: str, letters: int) -> str:
    """What follows the first `letters` letters and digits of `text`."""
    count = 0
    for position, character in enumerate(text):
        if character.isalnum():
            count += 1
            if count == letters:
                return text[position + 1 :]
    return ""
