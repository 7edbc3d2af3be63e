"""One reply, even if several models had to work on it: deadlines, repetitions, and sentences that are completed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twilio_emulator.virtual_time import run
from voice_agent.agent.ladder import Ladder
from voice_agent.agent.model import Breathe, Emit, ReplyRequest, Situation, ToolWanted, Usage, Words, at_ease
from voice_agent.errors import ModelRateLimited, ModelStreamBroken, ModelUnavailable

Step = str | float | ToolWanted | Exception
REQUEST = ReplyRequest(Situation("customer", datetime(2026, 11, 23, 9, tzinfo=UTC)), [], b"[]")


class Scripted:
    """Plays one script a run: words are said, numbers are waited, exceptions raised. The last script is repeated."""

    def __init__(self, name: str, *scripts: Sequence[Step]) -> None:
        self.name = name
        self._scripts = list(scripts)
        self.requests: list[ReplyRequest] = []
        self.started: list[float] = []

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        self.requests.append(request)
        self.started.append(asyncio.get_running_loop().time())
        for step in self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]:
            match step:
                case str():
                    emit(Words(step))
                    await breathe()
                case ToolWanted():
                    emit(step)
                case Exception():
                    raise step
                case _:
                    await asyncio.sleep(step)
        return Usage(self.name)


class Heard:
    def __init__(self) -> None:
        self.pieces: list[Words | ToolWanted] = []
        self.at: list[float] = []

    def __call__(self, piece: Words | ToolWanted) -> None:
        self.pieces.append(piece)
        self.at.append(asyncio.get_running_loop().time())

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.pieces if isinstance(p, Words))


def reply(*models: Scripted, heard: Heard | None = None) -> tuple[str, Usage, float]:
    heard = heard or Heard()

    async def scenario() -> tuple[str, Usage, float]:
        usage = await Ladder(models).reply(REQUEST, heard)
        return heard.text, usage, asyncio.get_running_loop().time()

    return run(scenario())


def offline() -> Scripted:
    return Scripted("offline", ["I am in simple mode."])


def test_a_model_that_works_is_the_only_one_asked() -> None:
    first, last = Scripted("first", ["Tomorrow", " at nine."]), offline()
    assert reply(first, last)[0] == "Tomorrow at nine."
    assert not last.requests


def test_a_model_that_hangs_is_left_after_two_and_a_half_seconds() -> None:
    first, second = Scripted("first", [3600.0]), Scripted("second", ["Here."])
    text, usage, at = reply(first, second, offline())
    assert text == "Here." and at == pytest.approx(2.5)
    assert usage.attempts == ("first: no first token in time",)
    assert len(first.requests) == 1, "waiting as long again would be too long"


def test_a_refusal_is_repeated_once_after_0_4_seconds() -> None:
    first = Scripted("first", [ModelUnavailable("HTTP 500")], ["Here."])
    text, _, at = reply(first, offline())
    assert text == "Here." and at == pytest.approx(0.4)
    first = Scripted("first", [ModelUnavailable("HTTP 500")])
    text, _, at = reply(first, offline())
    assert text == "I am in simple mode." and len(first.requests) == 2


@pytest.mark.parametrize(
    ("after", "waited", "answered_by"), [(1.0, 1.0, "first"), (None, 0.4, "first"), (2.0, 0.0, "offline")]
)
def test_a_rate_limit_is_waited_for_up_to_one_second(after: float | None, waited: float, answered_by: str) -> None:
    first = Scripted("first", [ModelRateLimited("HTTP 429", after)], ["Here."])
    _, usage, at = reply(first, offline())
    assert usage.model == answered_by and at == pytest.approx(waited)


def test_a_stream_that_breaks_is_gone_on_with_and_told_what_was_said() -> None:
    first = Scripted("first", ["Tomorrow between", ModelStreamBroken("cut")], [" nine and noon."])
    assert reply(first, offline())[0] == "Tomorrow between nine and noon."
    assert first.requests[1].already_said == "Tomorrow between"


def test_a_run_that_starts_over_says_nothing_twice() -> None:
    first = Scripted(
        "first", ["Tomorrow", " between", ModelStreamBroken("cut")], ["Tomor", "row between nine", " and noon."]
    )
    assert reply(first, offline())[0] == "Tomorrow between nine and noon."


def test_a_stream_that_breaks_twice_is_completed_by_the_next_model() -> None:
    first = Scripted("first", ["Tomorrow", ModelStreamBroken("cut")])
    second = Scripted("second", ["Tomorrow at nine."])
    assert reply(first, second, offline())[0] == "Tomorrow at nine."
    assert len(first.requests) == 2


def test_a_stream_that_stands_still_is_broken() -> None:
    first = Scripted("first", ["Tomorrow", 3600.0], [" at nine."])
    text, _, at = reply(first, offline())
    assert text == "Tomorrow at nine." and at == pytest.approx(4.0)


def test_a_slow_stream_is_not_a_broken_one() -> None:
    steps: list[Step] = []
    for word in ("one", " two", " three", " four"):
        steps += [2.0, word]
    assert reply(Scripted("first", steps), offline())[0] == "one two three four"


def test_no_tool_is_called_by_a_run_that_broke() -> None:
    heard = Heard()
    first = Scripted("first", ["Let me look.", ModelStreamBroken("cut")], [ToolWanted("t1", "eta", "{}")])
    reply(first, offline(), heard=heard)
    assert [p for p in heard.pieces if isinstance(p, ToolWanted)] == [ToolWanted("t1", "eta", "{}")]


def test_a_model_that_keeps_failing_is_left_alone_for_a_while() -> None:
    first, last = Scripted("first", [ModelUnavailable("HTTP 500")]), offline()

    async def scenario() -> None:
        ladder = Ladder([first, last])
        for _ in range(6):
            await ladder.reply(REQUEST, Heard())
        asked = len(first.requests)
        assert asked == 6, "five failures in ten seconds, and the one that was under way"
        await ladder.reply(REQUEST, Heard())
        assert len(first.requests) == asked
        await asyncio.sleep(15.1)
        await ladder.reply(REQUEST, Heard())
        assert len(first.requests) > asked

    run(scenario())


def test_a_cancelled_reply_stays_cancelled() -> None:
    async def scenario() -> None:
        task = asyncio.create_task(Ladder([Scripted("first", [3600.0]), offline()]).reply(REQUEST, Heard()))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scenario())


def test_when_even_the_last_one_fails_it_is_said_so() -> None:
    with pytest.raises(ModelUnavailable):
        reply(Scripted("only", [ModelUnavailable("HTTP 500")]))


ANSWER = "The order left our place early. It should reach your door before noon, because the driver has it on board."


@given(cut=st.integers(1, len(ANSWER) - 1), size=st.integers(1, 30), over=st.booleans())
def test_wherever_it_breaks_the_whole_answer_is_said_once(cut: int, size: int, over: bool) -> None:
    def pieces(text: str) -> list[Step]:
        return [text[i : i + size] for i in range(0, len(text), size)]

    again = ANSWER if over else ANSWER[cut:]
    first = Scripted("first", [*pieces(ANSWER[:cut]), ModelStreamBroken("cut")], pieces(again))
    text = reply(first, offline())[0]
    assert "".join(c for c in text if c.isalnum()) == "".join(c for c in ANSWER if c.isalnum())


def test_what_failed_in_a_turn_is_not_asked_again_in_it() -> None:
    first, last = Scripted("first", [ModelUnavailable("HTTP 500")]), offline()

    async def scenario() -> None:
        ladder = Ladder([first, last])
        usage = await ladder.reply(REQUEST, Heard())
        assert usage.rung == 1
        asked = len(first.requests)
        await ladder.reply(replace(REQUEST, rung=usage.rung), Heard())
        assert len(first.requests) == asked and len(last.requests) == 2

    run(scenario())
