"""Conditional headers: entity tags for accounts only, dates at one second (sheet 2.3 "Conditional updates")."""

import pytest

from tests.salesforce_emulator.conftest import Emulator, Raw

AT = "Wed, 04 Mar 2026 16:05:00 GMT"
BEFORE = "Wed, 04 Mar 2026 16:04:59 GMT"


@pytest.fixture
def order(raw: Raw) -> str:
    """A work order last changed at AT."""
    made: str = raw("POST", "sobjects/WorkOrder", {"Subject": "x"}).json()["id"]
    return f"sobjects/WorkOrder/{made}"


def test_an_unmodified_record_may_be_written(raw: Raw, order: str) -> None:
    assert raw("PATCH", order, {"Subject": "y"}, If_Unmodified_Since=AT).status_code == 204


def test_a_record_changed_since_is_412(raw: Raw, order: str) -> None:
    answer = raw("PATCH", order, {"Subject": "y"}, If_Unmodified_Since=BEFORE)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (412, "PRECONDITION_FAILED")
    assert raw("GET", f"{order}?fields=Subject").json()["Subject"] == "x"


def test_two_changes_within_a_second_cannot_be_told_apart(raw: Raw, order: str) -> None:
    """The resolution is one second: the second writer is not refused."""
    assert raw("PATCH", order, {"Subject": "y"}, If_Unmodified_Since=AT).status_code == 204
    assert raw("PATCH", order, {"Subject": "z"}, If_Unmodified_Since=AT).status_code == 204


def test_a_change_a_second_later_is_seen(raw: Raw, order: str, emulator: Emulator) -> None:
    emulator.post("/emulator/clock", {"advance": 1})
    raw("PATCH", order, {"Subject": "y"})
    assert raw("PATCH", order, {"Subject": "z"}, If_Unmodified_Since=AT).status_code == 412


def test_a_date_that_cannot_be_read_is_400(raw: Raw, order: str) -> None:
    assert raw("PATCH", order, {"Subject": "y"}, If_Unmodified_Since="yesterday").status_code == 400


def test_a_read_may_be_spared(raw: Raw, order: str) -> None:
    assert raw("GET", order, If_Modified_Since=AT).status_code == 304
    assert raw("GET", order, If_Modified_Since=BEFORE).status_code == 200


def test_only_accounts_have_entity_tags(raw: Raw, order: str) -> None:
    assert "ETag" not in raw("GET", order).headers
    account = "sobjects/Account/" + raw("POST", "sobjects/Account", {"Name": "Tagged"}).json()["id"]
    tag = raw("GET", account).headers["ETag"]
    assert raw("GET", account, If_None_Match=tag).status_code == 304
    assert raw("PATCH", account, {"Phone": "1"}, If_Match=tag).status_code == 204
    assert raw("PATCH", account, {"Phone": "2"}, If_Match=tag).status_code == 412
    assert raw("PATCH", order, {"Subject": "y"}, If_Match='"other"').status_code == 204
