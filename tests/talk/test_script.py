"""The script language: each verb, each complaint, and what the braces stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from voice_agent.errors import ConfigurationError
from voice_agent.talking.script import (
    BargeIn,
    Drop,
    Expect,
    HangUp,
    Let,
    Press,
    Record,
    Say,
    fill,
    parse,
    read,
)


def test_every_verb_is_read_with_the_rest_of_its_line() -> None:
    steps = parse(
        "# a call\n\nsay job 4512 is done\npress 12w#\nbargein no, wait\nexpect (right|yes)\\?\n"
        "record WorkOrder 4512 Status In Progress\nlet job SELECT Name FROM WorkOrder\ndrop\nhangup\n",
        "a.call",
    )
    assert [type(step) for step in steps] == [Say, Press, BargeIn, Expect, Record, Let, Drop, HangUp]
    assert [step.number for step in steps] == [3, 4, 5, 6, 7, 8, 9, 10]
    record = steps[4]
    assert isinstance(record, Record)
    assert (record.sobject, record.key, record.field, record.value) == ("WorkOrder", "4512", "Status", "In Progress")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("shout hello", "'shout' is no verb"),
        ("say", "say TEXT"),
        ("press 4x", "'x' is no key"),
        ("expect (", "no regular expression"),
        ("record WorkOrder 4512 Status", "record OBJECT KEY FIELD VALUE"),
        ("record WorkOrder 4512 Status ~[", "no regular expression"),
        ("let job WorkOrder", "let NAME SELECT"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_the_mend(line: str, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(f"say hello\n{line}\n", "a.call")
    assert str(refused.value).startswith("a.call, line 2: ")
    assert why in str(refused.value)


def test_a_script_without_a_step_proves_nothing_and_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no step"):
        parse("# only a comment\n", "a.call")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing.call"):
        read(tmp_path / "missing.call")


def test_braces_stand_for_themselves_in_a_pattern_and_escaped_in_a_query() -> None:
    values = {"part": "16x25 (pleated)", "name": "Conor O'Neil"}
    [expect, let, say] = parse(
        "expect two {part} \\d{2}\nlet x SELECT Id FROM Contact WHERE Name = '{name}'\nsay {part} {else}", "a"
    )
    filled = fill(expect, values)
    assert isinstance(filled, Expect) and filled.pattern == "two 16x25\\ \\(pleated\\) \\d{2}"
    query = fill(let, values)
    assert isinstance(query, Let) and query.soql.endswith("Name = 'Conor O\\'Neil'")
    said = fill(say, values)
    assert isinstance(said, Say) and said.text == "16x25 (pleated) {else}"


def test_a_record_may_want_a_change_a_pattern_nothing_or_a_quoted_key() -> None:
    changed, matching, empty, named = parse(
        "record ProductItem PI-0026 QuantityOnHand by -2\n"
        "record Case new SuppliedPhone ~0188$\n"
        'record Case new ClosedDate ""\n'
        'record Contact Name="Maria Gonzalez" Phone_E164__c +18475550103',
        "a.call",
    )
    assert isinstance(changed, Record) and changed.change == -2
    assert isinstance(matching, Record) and matching.change is None and matching.value == "~0188$"
    assert isinstance(empty, Record) and empty.value == ""
    assert isinstance(named, Record) and (named.key, named.value) == ("Name=Maria Gonzalez", "+18475550103")
