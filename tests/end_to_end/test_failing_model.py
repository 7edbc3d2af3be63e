"""A language model that fails is not heard by the caller: words come in time, the answer is whole, the call goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.failing_model import base_url, endpoint
from tests.end_to_end.running import RunningDemo, demo, free_port
from tests.end_to_end.telephoning import call, hears

FIRST_WORDS_SECONDS = 1.5
"""Design: first words within 1.5 s of the end of a turn whatever the model does."""
CUSTOMER = 1

pytestmark = pytest.mark.process


@pytest.mark.parametrize("manner", ["refusing", "silent", "breaking_off", "nonsense"])
def test_the_caller_is_answered_whatever_the_model_does(manner: str, tmp_path: Path) -> None:
    """First words in time and a whole answer, twice: the turn after a failed one is like any other."""
    with (
        endpoint(manner) as model,
        demo(tmp_path, environment={"OPENAI_BASE_URL": base_url(model), "OPENAI_API_KEY": "k-of-this-test"}) as running,
    ):
        asyncio.run(_two_turns(running))
        assert model.asked > 0, "the model was never asked: this proves nothing"


def test_the_caller_is_answered_when_there_is_no_model_at_its_address(tmp_path: Path) -> None:
    """Connection refused is the quickest failure and must not be the worst heard."""
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    with demo(tmp_path, environment={"OPENAI_BASE_URL": nowhere, "OPENAI_API_KEY": "k-of-this-test"}) as running:
        asyncio.run(_two_turns(running))


async def _two_turns(running: RunningDemo) -> None:
    async with call(running, CUSTOMER) as phone:
        await phone.speak("where is my technician")
        await hears(phone, "between .* and .*")
        await phone.speak("can we move it to another day")
        await hears(phone, "number 1.*number 2")
        waits = [turn.latency for turn in phone.turns]
        assert len(waits) == 2
        assert all(wait is not None and wait <= FIRST_WORDS_SECONDS for wait in waits), waits
