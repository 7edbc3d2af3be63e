"""Values never become syntax: SOQL literals (2.4) and SOSL terms (2.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_agent.salesforce.soql import Containing, find_phone, quote, record_id, soql, sosl_term

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=-6)))


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (2.5, "2.5"),
        (Decimal("2.50"), "2.50"),
        ("O'Neil", r"'O\'Neil'"),
        ("back\\slash", r"'back\\slash'"),
        ("two\nlines", r"'two\nlines'"),
        ("' OR Name != '", r"'\' OR Name != \''"),
        (date(2026, 11, 23), "2026-11-23"),
        (NOON, "2026-11-23T18:00:00Z"),
        (("a", "b"), "('a', 'b')"),
        ({"b", "a"}, "('a', 'b')"),
        ([], "('')"),
        (Containing("50%_off'"), r"'%50\%\_off\'%'"),
    ],
)
def test_a_value_is_quoted_by_its_type(value: object, literal: str) -> None:
    assert quote(value) == literal


@pytest.mark.parametrize("value", [b"x", object(), NOON.replace(tzinfo=None), float("nan"), {"a": 1}, [["a"]], 1j])
def test_anything_else_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        quote(value)


def test_a_template_fills_all_its_holes_and_no_others() -> None:
    assert soql("SELECT Id FROM Case WHERE Subject = {s}", s="x") == "SELECT Id FROM Case WHERE Subject = 'x'"
    with pytest.raises(KeyError):
        soql("WHERE A = {a}")
    with pytest.raises(TypeError):
        soql("WHERE A = {a}", a=1, b=2)


def test_a_value_that_looks_like_a_hole_is_left_alone() -> None:
    assert soql("{a} {b}", a="{b}", b="x") == "'{b}' 'x'"


@given(st.text())
def test_no_text_leaves_its_quotes(text: str) -> None:
    """Read back by the rules of 2.4: the literal ends at its last character and nowhere before."""
    literal = quote(text)
    inside, at = [], 1
    undone = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    while literal[at] != "'":
        if literal[at] == "\\":
            at += 1
            inside.append(undone.get(literal[at], literal[at]))
        else:
            inside.append(literal[at])
        at += 1
    assert at == len(literal) - 1
    assert "".join(inside) == "".join(c for c in text if c >= " " or c in "\n\r\t\b\f")


@pytest.mark.parametrize("wrong", ["", "003", "../limits", "003000000000001'", "00300000000000100", "0030000000000-1"])
def test_only_an_id_goes_into_a_path(wrong: str) -> None:
    with pytest.raises(TypeError):
        record_id(wrong)


def test_an_id_of_either_length_goes_into_a_path() -> None:
    assert record_id("003000000000001") == "003000000000001"
    assert record_id("003000000000001AAA") == "003000000000001AAA"


def test_search_words_cannot_become_operators() -> None:
    assert sosl_term('a} RETURNING User OR "b') == r'"a\} RETURNING User OR \"b"'
    assert sosl_term("(317) 555-0125") == r'"\(317\) 555\-0125"'


def test_a_phone_search_asks_for_every_spelling() -> None:
    assert find_phone(["1", "2"], "Contact(Id)", 5) == 'FIND {"1" OR "2"} IN PHONE FIELDS RETURNING Contact(Id) LIMIT 5'


def test_a_moment_of_any_zone_is_written_in_utc() -> None:
    assert quote(NOON) == quote(NOON.astimezone(UTC))
