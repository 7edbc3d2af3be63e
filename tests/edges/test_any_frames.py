"""Whatever Twilio sends in whatever order, and whatever the model does meanwhile: the session goes on, and ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.test_ladder import Step
from tests.session.stage import MemorySocket, Scripted, Stage, run, stage
from tests.session.test_session import book
from voice_agent.agent.model import ToolWanted
from voice_agent.errors import ModelStreamBroken, ModelUnavailable

WORDS = st.sampled_from(
    [
        "where is my technician",
        "move it to friday please",
        "move it to friday please",
        "yes",
        "yes please",
        "yes go ahead",
        "no",
        "sí",
        "what did you say",
        "let me talk to a person",
        "it smells like gas in the kitchen",
        "hay un olor a gas",
        "uh",
        "",
        "1 2 3 4 5 6",
        "ok \x00 ﷽ \u202e",
    ]
)
ODD: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([{}]))
PROMPTS = st.builds(
    lambda words, last: {"type": "prompt", "voicePrompt": words, "last": last},
    WORDS,
    st.sampled_from([True, True, True, False]),
)
KEYS = st.builds(lambda digit: {"type": "dtmf", "digit": digit}, st.sampled_from("0123456789#*"))
CUTS = st.builds(
    lambda heard: {"type": "interrupt", "utteranceUntilInterrupt": heard, "durationUntilInterruptMs": 400},
    st.sampled_from(["", "Let me", "Book Friday.", "One moment", "never said"]),
)
PLAYED = st.builds(
    lambda text: {"type": "info", "name": "tokensPlayed", "value": text},
    st.sampled_from(["Let me look.", "Book Friday. Is that right?", " One moment.", "never said", ""]),
)
SPEAKING = st.builds(
    lambda who, on: {"type": "info", "name": who, "value": "on" if on else "off"},
    st.sampled_from(["agentSpeaking", "clientSpeaking"]),
    st.booleans(),
)
STRANGE = st.builds(
    lambda kind, name, value: {"type": kind, "name": name, "value": value, "voicePrompt": value, "digit": value},
    st.sampled_from(["prompt", "info", "interrupt", "dtmf", "setup", "error", "tomorrow"]),
    st.sampled_from(["tokensPlayed", "roundTripDelayMs", "agentSpeaking", "tomorrow"]),
    ODD,
)
FRAMES = st.one_of(PROMPTS, PROMPTS, PROMPTS, PROMPTS, KEYS, CUTS, PLAYED, SPEAKING, STRANGE).map(json.dumps)
PAUSES = st.sampled_from([0.0, 0.01, 0.5, 1.0, 2.0, 2.0, 7.0])
BREAK = "the line breaks"
STEPS = st.lists(st.tuples(st.one_of(FRAMES, FRAMES, FRAMES, st.just(BREAK)), PAUSES), min_size=2, max_size=14)
BOOK = ToolWanted("t1", "book", '{"day":"Friday"}')
MOVE, YES = (json.dumps({"type": "prompt", "voicePrompt": w, "last": True}) for w in ("move it to friday", "yes"))
BEGINNINGS = st.sampled_from([[], [], [(MOVE, 2.0)], [(MOVE, 3.0), (YES, 0.5)]])
END = ToolWanted("t2", "end_call", "{}")
RUNS: st.SearchStrategy[Sequence[Step]] = st.sampled_from(
    [[BOOK], ["Let me look.", BOOK], [0.5, BOOK, 0.5], ["Let me look.", 3.0, " One moment."], [], [END], [BOOK, END]]
)
FAILURES: st.SearchStrategy[Sequence[Step]] = st.sampled_from(
    [[ModelUnavailable("HTTP 500")], ["Let me", ModelStreamBroken("cut")], [3600.0]]
)
PATIENCE = 400.0
"""Longer than all silences of a line together, and all that can be said in between."""


class Failures(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def nothing_fails() -> Iterator[None]:
    """No task of the call ends in an error of ours."""
    handler = Failures()
    logging.getLogger("voice_agent").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("voice_agent").removeHandler(handler)
    assert [(r.getMessage(), r.exc_info and r.exc_info[1]) for r in handler.records] == []


def check(frames: Sequence[dict[str, Any]]) -> None:
    """What one socket was sent: replies, each closed once before the next begins; nothing after the end."""
    kinds = [frame["type"] for frame in frames]
    assert set(kinds) <= {"text", "language", "end"}
    assert "end" not in kinds or kinds.index("end") == len(kinds) - 1, "nothing is said after the end"
    for frame in frames:
        if frame["type"] == "text":
            assert len(frame["token"]) < 2_000 and "{" not in frame["token"], "no hole is read out"
    texts = [frame for frame in frames if frame["type"] == "text"]
    assert not texts or texts[-1]["last"], "and no reply is left open"


async def played(steps: Sequence[tuple[str, float]], runs: Sequence[Sequence[Step]]) -> Stage:
    here = stage(Scripted("m", *(runs or [["Let me look."]])), tools={"book": book})
    sockets = [here.socket]
    served = here.serve()
    for step, pause in steps:
        if here.session.call.ended or served.done():
            break
        if step == BREAK:
            here.socket.breaks()
            await served
            here.session.detached()
            sockets.append(MemorySocket())
            served = here.serve(sockets[-1])
        else:
            here.socket.raw(step)
        await asyncio.sleep(pause)
    async with asyncio.timeout(PATIENCE):
        await served
    for socket in sockets[-1:]:
        check([frame for _, frame in socket.sent])
    here.session.over("hangup")
    assert await here.wards.wait(60)
    return here


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(begin=BEGINNINGS, steps=STEPS, runs=st.lists(st.one_of(RUNS, RUNS, FAILURES), max_size=3))
def test_any_frames_at_all_are_lived_through_and_the_call_ends_by_itself(
    begin: list[tuple[str, float]], steps: list[tuple[str, float]], runs: list[Sequence[Step]]
) -> None:
    with nothing_fails():
        here = run(played(begin + steps, [[BOOK], *runs] if begin else runs))
    kinds = here.kinds
    assert kinds.count("call_ended") == 1 and kinds.count("call_started") == 1
    assert len(here.committed) <= kinds.count("key") + kinds.count("caller"), "no more is written than was agreed to"
    asked = [used.tool_call_id for used in here.session.call.transcript.tool_calls()]
    answered = [m["tool_call_id"] for m in here.session.call.transcript.messages() if m["role"] == "tool"]
    assert answered == asked[-len(answered) :] if answered else not asked
