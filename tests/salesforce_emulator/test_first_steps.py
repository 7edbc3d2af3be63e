"""The shortest way through the org: sign in, find, change, see the change in the ledger."""

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.salesforce_emulator.conftest import Client, Emulator


def first(sf: Client, soql: str) -> dict[str, Any]:
    record: dict[str, Any] = sf.query(soql)["records"][0]
    return record


def composite(sf: Client, *parts: dict[str, Any], all_or_none: bool = True) -> list[dict[str, Any]]:
    body = {"allOrNone": all_or_none, "collateSubrequests": False, "compositeRequest": list(parts)}
    answer = sf.restful("composite", method="POST", json=body)
    replies: list[dict[str, Any]] = answer["compositeResponse"]
    return replies


def test_a_caller_is_found_by_the_normalised_number(sf: Client, emulator: Emulator) -> None:
    """Sheet 2.5 recipe."""
    maria = emulator.get("/emulator/info")["callers"][1]
    found = sf.query(f"SELECT Name FROM Contact WHERE Phone_E164__c = '{maria['number']}'")
    assert [record["Name"] for record in found["records"]] == [maria["name"]]


def test_consumed_parts_leave_the_van_and_are_booked(sf: Client, emulator: Emulator) -> None:
    """Sheet 1.6: QuantityOnHand falls by itself, with a Consumed transaction of negative quantity."""
    item = first(
        sf, "SELECT Id FROM ProductItem WHERE Product2.ProductCode = 'KX2210' AND Location.Name LIKE 'Van 10%'"
    )
    order = first(sf, "SELECT Id FROM WorkOrder WHERE WorkOrderNumber = '00004512'")
    sf.ProductConsumed.create({"WorkOrderId": order["Id"], "ProductItemId": item["Id"], "QuantityConsumed": 2})
    after = first(
        sf,
        "SELECT QuantityOnHand, (SELECT TransactionType, Quantity FROM ProductItemTransactions "
        f"ORDER BY ProductItemTransactionNumber DESC LIMIT 1) FROM ProductItem WHERE Id = '{item['Id']}'",
    )
    assert after["QuantityOnHand"] == 3
    booked = after["ProductItemTransactions"]["records"][0]
    assert (booked["TransactionType"], booked["Quantity"]) == ("Consumed", -2)
    assert [entry["object"] for entry in emulator.ledger()] == [
        "ProductConsumed",
        "ProductItem",
        "ProductItemTransaction",
    ]


def test_a_guard_that_finds_nothing_undoes_the_composite(sf: Client, emulator: Emulator) -> None:
    """Sheet 2.6: a reference without a value fails its sub-request, and with allOrNone everything."""
    visit = first(sf, "SELECT Id FROM ServiceAppointment WHERE StatusCategory = 'Scheduled' LIMIT 1")
    task = {"method": "POST", "url": "/services/data/v62.0/sobjects/Task", "body": {"Subject": "x"}}
    guard = f"SELECT Id FROM ServiceAppointment WHERE Id = '{visit['Id']}' AND SystemModstamp < 2001-01-01T00:00:00Z"
    replies = composite(
        sf,
        {**task, "referenceId": "task"},
        {"method": "GET", "url": f"/services/data/v62.0/query?q={guard.replace(' ', '+')}", "referenceId": "guard"},
        {
            "method": "PATCH",
            "url": "/services/data/v62.0/sobjects/ServiceAppointment/@{guard.records[0].Id}",
            "referenceId": "write",
            "body": {"Subject": "changed"},
        },
    )
    assert [reply["httpStatusCode"] for reply in replies] == [400, 400, 400]
    assert {reply["body"][0]["errorCode"] for reply in replies} == {"PROCESSING_HALTED"}
    assert emulator.ledger() == []


def test_a_status_moves_only_along_the_life_cycle(sf: Client) -> None:
    """Sheet 3.3."""
    visit = first(sf, "SELECT Id FROM ServiceAppointment WHERE Contact.Name = 'Maria Gonzalez'")
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.ServiceAppointment.update(visit["Id"], {"Status": "Completed"})
    content: Any = refused.value.content
    assert content[0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    sf.ServiceAppointment.update(visit["Id"], {"Status": "Dispatched"})
    assert first(sf, f"SELECT StatusCategory FROM ServiceAppointment WHERE Id = '{visit['Id']}'")["StatusCategory"] == (
        "Dispatched"
    )
