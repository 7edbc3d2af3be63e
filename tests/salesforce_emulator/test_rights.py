"""What the poorer integration user may see and change (sheet 7.1)."""

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceError

from tests.salesforce_emulator.conftest import Client, Emulator


@pytest.fixture
def poor(emulator: Emulator) -> Client:
    return emulator.client(app=1)


def refusal(act: Any) -> tuple[int, str, str]:
    with pytest.raises(SalesforceError) as refused:
        act()
    content: Any = refused.value.content
    return int(refused.value.status), content[0]["errorCode"], content[0]["message"]


def test_a_hidden_field_is_refused_in_the_words_for_one_that_is_not_there(poor: Client) -> None:
    status, code, message = refusal(lambda: poor.query("SELECT Phone_E164__c FROM Contact"))
    assert (status, code) == (400, "INVALID_FIELD")
    assert "No such column 'Phone_E164__c' on entity 'Contact'" in message
    assert refusal(lambda: poor.query("SELECT Id FROM Contact WHERE Phone_E164__c = 'x'"))[1] == "INVALID_FIELD"
    assert refusal(lambda: poor.Contact.create({"LastName": "x", "Phone_E164__c": "1"}))[1] == "INVALID_FIELD"


def test_a_hidden_field_is_left_out_of_reads_and_describes(poor: Client, sf: Client) -> None:
    account = sf.query("SELECT Id FROM Account WHERE On_Stop__c = false LIMIT 1")["records"][0]["Id"]
    assert "AccountNumber" in sf.Account.get(account)
    assert "AccountNumber" not in poor.Account.get(account)
    assert "AccountNumber" not in {field["name"] for field in poor.Account.describe()["fields"]}


def test_a_read_only_field_cannot_be_written(poor: Client, sf: Client) -> None:
    visit = sf.query("SELECT Id FROM ServiceAppointment WHERE StatusCategory = 'Scheduled' LIMIT 1")["records"][0]["Id"]
    fields = {"SchedStartTime": "2026-03-10T15:00:00Z"}
    assert refusal(lambda: poor.ServiceAppointment.update(visit, fields))[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    described = {field["name"]: field for field in poor.ServiceAppointment.describe()["fields"]}
    assert described["SchedStartTime"]["updateable"] is False


def test_an_object_without_create_or_read_right(poor: Client) -> None:
    assert refusal(lambda: poor.Case.create({"Subject": "x"}))[:2] == (403, "INSUFFICIENT_ACCESS")
    assert refusal(lambda: poor.query("SELECT Id FROM Pending_AI_Action__c"))[1] == "INVALID_TYPE"
    assert refusal(lambda: poor.Pending_AI_Action__c.describe())[0] == 404
    assert "Pending_AI_Action__c" not in {obj["name"] for obj in poor.describe()["sobjects"]}
    assert poor.Case.describe()["createable"] is False


def test_a_hidden_record_is_not_found(poor: Client, sf: Client) -> None:
    """Query: no row. GET by id: NOT_FOUND. A lookup to it: INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY."""
    hidden = sf.query("SELECT Id FROM Account WHERE On_Stop__c = true")["records"][0]["Id"]
    assert poor.query(f"SELECT Id FROM Account WHERE Id = '{hidden}'")["totalSize"] == 0
    assert poor.query("SELECT COUNT() FROM Account")["totalSize"] == 29
    assert refusal(lambda: poor.Account.get(hidden))[:2] == (404, "NOT_FOUND")
    status, code, message = refusal(lambda: poor.Contact.create({"LastName": "x", "AccountId": hidden}))
    assert (status, code) == (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
    assert message == f"insufficient access rights on cross-reference id: {hidden[:15]}"


def test_a_visible_record_that_may_not_be_changed(poor: Client, sf: Client) -> None:
    order = sf.query("SELECT Id FROM WorkOrder WHERE Priority = 'High' LIMIT 1")["records"][0]["Id"]
    assert poor.WorkOrder.get(order)["Priority"] == "High"
    code = refusal(lambda: poor.WorkOrder.update(order, {"Subject": "x"}))[1]
    assert code == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert sf.WorkOrder.update(order, {"Subject": "x"}) == 204


def test_changes_are_signed_by_who_made_them(poor: Client, sf: Client) -> None:
    order = sf.query("SELECT Id FROM WorkOrder WHERE Priority = 'Medium' LIMIT 1")["records"][0]["Id"]
    poor.WorkOrder.update(order, {"Description": "x"})
    found = sf.query(f"SELECT LastModifiedBy.Username FROM WorkOrder WHERE Id = '{order}'")["records"][0]
    assert found["LastModifiedBy"]["Username"].startswith("limited.")
