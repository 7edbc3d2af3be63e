"""Where the values of a change come from: the caller's words and keys, what they agreed to, and records read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from voice_agent.agent.evidence import Evidence
from voice_agent.agent.policy import TABLE, Source

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def evidence(*turns: tuple[str, str], lang: str = "en", names: tuple[str, ...] = ()) -> Evidence:
    """`turns` are what the agent said, and what the caller answered."""
    asked, said = [agent for agent, _ in turns], [caller for _, caller in turns]
    return Evidence(said, asked, lang, NOW, frozenset(names))


MENU = "Press one for on the way, two for on site, three for in progress, four for paused, five for completed."


@pytest.mark.parametrize(
    ("source", "value", "turns", "held"),
    [
        (Source.SAID, "completed", (("", "job 4512 is all done"),), True),
        (Source.SAID, "completed", (("", "I'm on my way"),), False),
        (Source.SAID, "completed", ((MENU, "(pressed 5)"),), True),
        (Source.SAID, "paused", ((MENU, "(pressed 5)"),), False),
        (Source.SAID, "completed", (("Is the job completed?", "yes"),), True),
        (Source.SAID, "completed", (("Is the job completed?", "no"),), False),
        (Source.SAID, 20, (("", "twenty minutes late"),), True),
        (Source.SAID, 20, (("", "fifteen minutes late"),), False),
        (Source.SAID, "2026-11-26", (("", "by thursday please"),), True),
        (Source.SAID, "2026-11-27", (("", "by thursday please"),), False),
        (Source.NAME, "4512", (("", "job four five one two"),), True),
        (Source.NAME, "4600", (("", "job four five one two"),), False),
        (Source.NAME, "current", (("", "I'm done"),), True),
        (Source.NAME, "flame sensor", (("", "two flame sensors"),), True),
        (Source.NAME, "compressor", (("", "two flame sensors"),), False),
        (Source.WORDS, "beware of the dog", (("", "please note, beware of the dog"),), True),
        (Source.WORDS, "the customer agreed to pay 500 dollars", (("", "please note, beware of the dog"),), False),
        (Source.PARTS, [{"part": "flame sensor", "quantity": 2}], (("", "used two flame sensors"),), True),
        (Source.PARTS, [{"part": "flame sensor", "quantity": 20}], (("", "used two flame sensors"),), False),
        (Source.PARTS, [{"part": "flame sensor", "quantity": 1}], (("", "used a flame sensor"),), True),
    ],
)
def test_a_value_is_held_by_what_the_caller_said_keyed_or_agreed_to(
    source: Source, value: Any, turns: tuple[tuple[str, str], ...], held: bool
) -> None:
    assert evidence(*turns).holds(source, value) is held


def test_a_record_read_in_this_call_may_be_named_and_lends_no_numbers() -> None:
    read = evidence(("", "the second one"), names=("run capacitor 45/5",))
    assert read.holds(Source.NAME, "Run capacitor 45/5") and not read.holds(Source.SAID, 45)


def test_either_language_of_the_call_counts() -> None:
    both = evidence(("", "twenty minutes late"), ("", "voy tarde"), lang="es")
    assert both.holds(Source.SAID, 20)
    assert evidence(("", "usé tres sensores de llama"), lang="es").holds(
        Source.PARTS, [{"part": "sensor de llama", "quantity": 3}]
    )


def test_an_argument_without_a_row_is_missing() -> None:
    given = {"job": "4512", "owner": "4512"}
    assert list(evidence(("", "job 4512")).missing(TABLE["job_note"].takes, given)) == ["owner"]


def test_two_readings_that_differ_are_named_and_a_correction_counts() -> None:
    said = evidence(("", "I used two, no, three flame sensors"))
    wrong = {"parts": [{"part": "flame sensor", "quantity": 2}]}
    assert [name for name, _, _ in said.contradicted("update_job", wrong)] == ["parts"]
    right = {"parts": [{"part": "flame sensor", "quantity": 3}]}
    assert list(said.contradicted("update_job", right)) == []
    later = evidence(("", "thirty minutes late for job 4516"), ("How late?", "fifteen minutes"))
    assert list(later.contradicted("running_late", {"minutes": 15})) == []
    assert [read for _, _, read in later.contradicted("running_late", {"minutes": 30})] == [15]
