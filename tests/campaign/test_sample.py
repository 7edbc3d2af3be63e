"""A sample of the campaign: callers on a clear line reach their end, and on a bad one nothing goes wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.conversations import Conversation, conversations
from tests.campaign.judging import Verdict
from tests.campaign.playing import Cell, play_all
from tests.campaign.tally import share
from tests.salesforce.emulated_org import EmulatedOrg, emulator

ALL = conversations()
EVERY = 8
BADLY = 0.1
ELSEWHERE = frozenset(
    "done_without_parts parts_only on_site late note next_job arrival move confirm gas person".split()
)


def played(org: EmulatedOrg, chosen: list[Conversation], noise: float) -> list[Verdict]:
    async def play() -> list[Verdict]:
        return [verdict async for verdict in play_all(org, [Cell(one, noise, 0) for one in chosen])]

    return asyncio.run(play())


@pytest.fixture(scope="module")
def org() -> Iterator[EmulatedOrg]:
    with emulator() as emulated:
        yield emulated


@pytest.mark.process
def test_callers_on_a_clear_line_reach_their_end_and_nothing_else_changes(org: EmulatedOrg) -> None:
    verdicts = played(org, ALL[::EVERY], 0.0)
    result, failed = share(verdicts), [(v.title, v.end, v.why) for v in verdicts if v.end != "reached"]
    assert result.ends["wrong"] == result.ends["alarm"] == 0, failed
    assert result.of("reached") >= 0.95, failed


@pytest.mark.process
def test_on_a_bad_line_a_caller_ends_with_a_person_before_a_wrong_record(org: EmulatedOrg) -> None:
    verdicts = played(org, ALL[3 :: EVERY * 2], BADLY)
    result, failed = share(verdicts), [(v.title, v.end, v.why) for v in verdicts if v.end != "reached"]
    assert result.word_errors > BADLY / 2
    assert result.ends["wrong"] == 0, failed
    assert result.of("reached", "person", "asked") >= 0.9, failed


@pytest.mark.process
def test_keys_alone_complete_every_core_task(org: EmulatedOrg) -> None:
    verdicts = played(org, [one for one in ALL if one.persona == "keys"], 0.0)
    assert {v.end for v in verdicts} == {"reached"}, [(v.title, v.why) for v in verdicts if v.end != "reached"]


@pytest.mark.process
def test_the_same_callers_are_served_by_another_company(tmp_path: Path) -> None:
    """Other country, people, parts and status names: nothing a caller knows comes from anywhere but the org."""
    command = [sys.executable, "-m", "voice_agent.demo.salesforce.seed", "--out", str(tmp_path), "--variant", "second"]
    subprocess.run(command, check=True, capture_output=True)
    chosen = [one for one in ALL if one.lang == "en" and one.goal.name in ELSEWHERE and one.persona == "plain"]
    with emulator("--seed", str(tmp_path)) as second:
        verdicts = played(second, chosen[::2], 0.0)
    failed = [(v.title, v.end, v.why) for v in verdicts if v.end != "reached"]
    assert share(verdicts).of("reached") >= 0.9, failed


def test_there_are_two_hundred_conversations_in_two_languages_and_every_manner() -> None:
    english = [one for one in ALL if one.lang == "en"]
    assert len(ALL) >= 200
    assert 1.5 <= len(english) / (len(ALL) - len(english)) <= 2.5
    assert len({one.persona for one in ALL}) == 9
    assert len({one.title for one in ALL}) == len(ALL)
