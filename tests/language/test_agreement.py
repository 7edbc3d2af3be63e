"""The cross-check of a write against the caller's own words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from voice_agent.language.agreement import Agrees, CannotTell, Disagrees, Verdict, compare, grounded

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


def judge(history: list[str], tool: str, lang: str = "en", **arguments: Any) -> dict[str, Verdict]:
    return compare(history, tool, arguments, lang=lang, now=NOW)


def test_what_the_caller_said_agrees() -> None:
    verdicts = judge(
        ["job forty five twelve", "it's done i used three flame sensors"],
        "report_status",
        work_order="00004512",
        status="completed",
        parts=[{"part": "flame sensor", "quantity": 3}],
    )
    assert verdicts == {"work_order": Agrees(), "status": Agrees(), "parts": Agrees()}


@pytest.mark.parametrize(
    ("history", "tool", "argument", "value", "said"),
    [
        (["it's not done yet"], "update_status", "status", "completed", "in_progress"),
        (["work order four five one two"], "report_status", "work_order", "4521", "4512"),
        (["i used three flame sensors"], "record_parts_used", "quantity", 30, 3),
        (["friday please"], "reschedule_appointment", "date", "2026-12-04", "2026-11-27"),
        (["i'm thirty minutes late"], "report_running_late", "minutes", 13, 30),
        (["part number k x two two one zero"], "find_part", "part_number", "KX2201", "KX2210"),
        (["thursday at ten"], "reschedule_appointment", "start", "2026-11-26T14:00:00-06:00", "10:00"),
        (["before noon"], "offer_slots", "time_to", "17:00", "12:00"),
    ],
)
def test_another_value_than_the_one_said_is_named(
    history: list[str], tool: str, argument: str, value: object, said: object
) -> None:
    assert compare(history, tool, {argument: value}, lang="en", now=NOW)[argument] == Disagrees(said)


def test_the_last_word_of_the_call_counts() -> None:
    assert judge(["thursday", "no i said friday"], "reschedule_appointment", date="2026-11-27")["date"] == Agrees()
    assert judge(["thursday", "no i said friday"], "reschedule_appointment", date="2026-11-26")["date"] == Disagrees(
        "2026-11-27"
    )


def test_what_nobody_spoke_of_cannot_be_told() -> None:
    verdicts = judge(
        ["yes please"], "reschedule_appointment", appointment="appointment 2", date="2026-11-27", notify=True, note=None
    )
    assert verdicts == {name: CannotTell() for name in ("appointment", "date", "notify", "note")}


def test_a_slot_inside_the_wish_agrees_and_one_outside_does_not() -> None:
    history = ["friday afternoon would be good"]
    assert judge(history, "reschedule", start="2026-11-27T13:00:00-06:00")["start"] == Agrees()
    assert judge(history, "reschedule", start="2026-11-27T09:00:00-06:00")["start"] == Disagrees("12:00")
    after = ["any time after two"]
    assert judge(after, "reschedule", start="2026-11-27T16:00:00-06:00")["start"] == Agrees()


def test_moments_in_another_zone_are_compared_in_the_callers() -> None:
    assert judge(["friday at ten"], "reschedule", start="2026-11-27T16:00:00+00:00")["start"] == Agrees()


def test_a_list_of_parts_must_be_whole() -> None:
    history = ["i used two belts and one pulley"]
    assert judge(history, "parts_used", parts=[{"part": "belt", "qty": 2}])["parts"] == Disagrees(
        [{"part": "belt", "qty": 2}, {"part": "pulley", "qty": 1}]
    )


def test_spanish_sentences_are_checked_alike() -> None:
    history = ["la orden cuarenta y cinco doce", "todavía no está lista"]
    verdicts = judge(history, "report_status", "es", work_order="4512", status="completed")
    assert verdicts == {"work_order": Agrees(), "status": Disagrees("in_progress")}


@pytest.mark.parametrize(
    ("value", "sentence", "lang"),
    [
        ("4512", "job forty five twelve", "en"),
        ("00004512", "forty five twelve", "en"),
        ("+15125550142", "five one two five five five oh one four two", "en"),
        (3, "i used three flame sensors", "en"),
        (0.5, "half a gallon of refrigerant", "en"),
        (1.5, "a pound and a half of refrigerant", "en"),
        (2, "a couple of filters", "en"),
        (1, "replaced with a capacitor", "en"),
        (35, "running thirty five minutes late", "en"),
        ("KX2210", "k as in kilo x two two one zero", "en"),
        ("dog in the yard", "there was a big dog in the yard", "en"),
        ("the blower belts", "i need a blower belt", "en"),
        ("2026-12-03", "december third", "en"),
        (date(2026, 12, 3), "el tres de diciembre", "es"),
        (4512, "cuatro mil quinientos doce", "es"),
        (2, "un par de filtros", "es"),
        ([{"part": "flame sensor", "qty": 2}], "two flame sensors", "en"),
    ],
)
def test_values_from_the_callers_words_are_grounded(value: object, sentence: str, lang: str) -> None:
    assert grounded(value, ["hello", sentence, "thanks"], lang=lang)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("4513", "job forty five twelve"),
        (30, "i used three flame sensors"),
        (2, "i used a flame sensor"),
        ("KX2211", "k as in kilo x two two one zero"),
        ("customer refused access", "there was a dog in the yard"),
        ("2026-12-04", "december third"),
        ("", "anything"),
        (None, "anything"),
        (True, "yes"),
        ([], "nothing"),
        (1, "that one is done"),
    ],
)
def test_values_nobody_said_are_not_grounded(value: object, sentence: str) -> None:
    assert not grounded(value, [sentence], lang="en")


def test_relative_days_are_grounded_with_the_clock() -> None:
    assert grounded("2026-11-25", ["tomorrow"], lang="en", now=NOW)
    assert not grounded("2026-11-26", ["tomorrow"], lang="en", now=NOW)
    assert not grounded("2026-11-25", [], lang="en", now=NOW)
