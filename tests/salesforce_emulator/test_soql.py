"""The SOQL conformance list against the running org, by the real client (sheet 2.4, 2.7)."""

import re
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.salesforce_emulator import soql_list, soql_org
from tests.salesforce_emulator.conftest import Client, Start


@pytest.fixture(scope="module")
def known(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client of the org whose every row is known."""
    return start(seed=soql_org.write(Path(tmp_path_factory.mktemp("seed")))).client()


def cases(listed: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(case, id=f"{rule.split(':')[0][:30]}: {case.soql[:80]}")
        for rule, statements in listed.items()
        for case in statements
    ]


def flat(record: dict[str, Any]) -> list[Any]:
    """The values of a record: parents flattened, children as lists, one value of a parent alone."""
    values: list[Any] = []
    for key, value in record.items():
        match value:
            case _ if key == "attributes":
                continue
            case {"records": children}:
                values.append([flat(child) for child in children])
            case {"attributes": _}:
                inner = flat(value)
                values.append(inner if len(inner) > 1 else inner[0])
            case _:
                values.append(value)
    return values


@pytest.mark.parametrize("case", cases(soql_list.GOOD))
def test_a_statement_gives_what_is_documented(known: Client, case: soql_list.Case) -> None:
    """Sheet 2.4; the group in the test's name is the rule."""
    answer = known.query(case.soql)
    match case:
        case soql_list.Total():
            assert answer["totalSize"] == case.total
        case soql_list.Rows():
            rows = [flat(record) for record in answer["records"]]
            ordered = "ORDER BY" in case.soql
            assert rows == case.rows if ordered else sorted(rows, key=repr) == sorted(case.rows, key=repr)
        case _:
            pytest.fail("a bad statement among the good")


@pytest.mark.parametrize("case", cases(soql_list.BAD))
def test_a_wrong_statement_is_refused_at_its_place(known: Client, case: soql_list.Wrong) -> None:
    """Sheet 2.7: code, position and words."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        known.query(case.soql)
    content: Any = refused.value.content
    error = content[0]
    assert error["errorCode"] == case.code, error["message"]
    assert case.words in error["message"]
    if case.column:
        position = re.search(r"ERROR at Row:1:Column:(\d+)", error["message"])
        assert position and int(position[1]) == case.column, error["message"]
        excerpt, caret = error["message"].split("\n")[1:3]
        assert caret.endswith("^") and excerpt


def test_the_list_is_long_enough() -> None:
    """At least 120 statements, good and bad."""
    good = sum(len(statements) for statements in soql_list.GOOD.values())
    bad = sum(len(statements) for statements in soql_list.BAD.values())
    assert good + bad >= 120
    assert bad >= 40
