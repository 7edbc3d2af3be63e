"""What Field Service does by itself and what it forbids (sheet 1.4 to 1.6, 3.3)."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.salesforce_emulator.conftest import Client, Emulator, Start
from voice_agent.demo.salesforce.seed import demo, directory
from voice_agent.demo.salesforce.seed.brightwater import BRIGHTWATER

SPAN = {"EarliestStartTime": "2026-03-05T08:00:00Z", "DueDate": "2026-03-12T08:00:00Z"}


def first(sf: Client, soql: str) -> dict[str, Any]:
    record: dict[str, Any] = sf.query(soql)["records"][0]
    return record


def refused(act: Any) -> dict[str, Any]:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        act()
    content: Any = caught.value.content
    error: dict[str, Any] = content[0]
    return error


def order(sf: Client, **fields: Any) -> str:
    made: str = sf.WorkOrder.create(fields)["id"]
    return made


def visit(sf: Client, parent: str, **fields: Any) -> str:
    made: str = sf.ServiceAppointment.create({"ParentRecordId": parent, **SPAN, **fields})["id"]
    return made


def test_categories_follow_status(sf: Client) -> None:
    """Sheet 0.2: StatusCategory is derived, IsClosed with it."""
    made = order(sf)
    shown = sf.WorkOrder.get(made)
    assert (shown["Status"], shown["StatusCategory"], shown["IsClosed"]) == ("New", "New", False)
    sf.WorkOrder.update(made, {"Status": "in progress"})
    assert sf.WorkOrder.get(made)["StatusCategory"] == "InProgress"
    assert sf.WorkOrder.get(made)["Status"] == "In Progress"
    sf.WorkOrder.update(made, {"Status": "Closed"})
    assert sf.WorkOrder.get(made)["IsClosed"] is True


def test_a_work_type_hands_down_duration_skills_and_parts(sf: Client) -> None:
    """Sheet 1.4: copied where the record has none yet."""
    kind = first(sf, "SELECT Id FROM WorkType WHERE Name = 'AC Repair'")["Id"]
    made = first(
        sf,
        "SELECT DurationInMinutes, (SELECT Skill.MasterLabel, SkillLevel FROM SkillRequirements), "
        "(SELECT Product2.Name, QuantityRequired FROM ProductsRequired ORDER BY Product2.Name) "
        f"FROM WorkOrder WHERE Id = '{order(sf, WorkTypeId=kind)}'",
    )
    assert made["DurationInMinutes"] == 120
    assert made["SkillRequirements"]["records"][0]["Skill"]["MasterLabel"] == "Air Conditioning"
    assert [row["QuantityRequired"] for row in made["ProductsRequired"]["records"]] == [2, 1]
    own = order(sf, WorkTypeId=kind, Duration=30, DurationType="Minutes")
    assert sf.WorkOrder.get(own)["DurationInMinutes"] == 30


def test_a_work_type_may_create_the_appointment_due_in_seven_days(sf: Client) -> None:
    """Sheet 1.4 ShouldAutoCreateSvcAppt."""
    kind = first(sf, "SELECT Id FROM WorkType WHERE ShouldAutoCreateSvcAppt = true")["Id"]
    made = order(sf, WorkTypeId=kind)
    shown = sf.WorkOrder.get(made)
    assert shown["ServiceAppointmentCount"] == 1
    appointment = first(sf, f"SELECT DueDate, StatusCategory FROM ServiceAppointment WHERE ParentRecordId = '{made}'")
    assert (appointment["DueDate"], appointment["StatusCategory"]) == ("2026-03-11T16:05:00.000+0000", "None")


def test_an_appointment_inherits_from_its_parent(sf: Client) -> None:
    """Sheet 1.4: account, contact, address, territory, work type and duration; the account is read-only."""
    parent = first(
        sf,
        "SELECT Id, AccountId, ContactId, ServiceTerritoryId, WorkTypeId, DurationInMinutes, City "
        "FROM WorkOrder WHERE WorkOrderNumber = '00004512'",
    )
    shown = sf.ServiceAppointment.get(visit(sf, parent["Id"]))
    for name in ("AccountId", "ContactId", "ServiceTerritoryId", "WorkTypeId", "DurationInMinutes", "City"):
        assert shown[name] == parent[name], name
    assert (shown["ParentRecordType"], shown["ParentRecordStatusCategory"]) == ("WorkOrder", "InProgress")
    assert shown["TimeZone"] == "America/Chicago"
    error = refused(lambda: sf.ServiceAppointment.update(shown["Id"], {"AccountId": parent["AccountId"]}))
    assert error["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    error = refused(lambda: sf.ServiceAppointment.update(shown["Id"], {"ParentRecordId": parent["Id"]}))
    assert error["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_counts_follow_the_children(sf: Client) -> None:
    made = order(sf)
    sf.WorkOrderLineItem.create({"WorkOrderId": made})
    gone = visit(sf, made)
    visit(sf, made)
    sf.ServiceAppointment.delete(gone)
    shown = sf.WorkOrder.get(made)
    assert (shown["LineItemCount"], shown["ServiceAppointmentCount"]) == (1, 1)


ALLOWED = [
    ("None", "Canceled"),
    ("None", "Scheduled"),
    ("Scheduled", "None"),
    ("Scheduled", "Dispatched"),
    ("Scheduled", "Canceled"),
    ("Dispatched", "Canceled"),
    ("Dispatched", "In Progress"),
    ("In Progress", "Completed"),
    ("In Progress", "Cannot Complete"),
]
STATUSES = ["None", "Scheduled", "Dispatched", "In Progress", "Completed", "Cannot Complete", "Canceled"]


def test_only_the_package_transitions_are_allowed(sf: Client) -> None:
    """Sheet 3.3: all 42 moves; Dispatched -> Scheduled is among the refused."""
    made = order(sf)
    for before in STATUSES:
        for after in STATUSES:
            if before == after:
                continue
            one = visit(sf, made, Status=before)
            if (before, after) in ALLOWED:
                assert sf.ServiceAppointment.update(one, {"Status": after}) == 204, (before, after)
            else:
                error = refused(lambda one=one, after=after: sf.ServiceAppointment.update(one, {"Status": after}))
                assert error["fields"] == ["Status"], (before, after)
                assert before in error["message"] and after in error["message"]


def test_without_the_package_nothing_is_enforced_and_its_fields_are_gone(start: Start, tmp_path: Path) -> None:
    """Sheet 3.3, 0.7."""
    description, records = demo.generate(BRIGHTWATER)
    plain = {name: listed for name, listed in records.items() if not name.startswith("FSL__")}
    stripped = {
        name: [{key: value for key, value in row.items() if not key.startswith("FSL__")} for row in listed]
        for name, listed in plain.items()
    }
    directory.write(tmp_path, {**description, "package": False}, stripped)
    sf = start(seed=tmp_path).client()
    one = visit(sf, order(sf), Status="Dispatched")
    assert sf.ServiceAppointment.update(one, {"Status": "Scheduled"}) == 204
    assert refused(lambda: sf.query("SELECT FSL__Pinned__c FROM ServiceAppointment"))["errorCode"] == "INVALID_FIELD"


@pytest.mark.parametrize(
    "fields",
    [
        {"DueDate": "2026-03-05T08:00:00Z"},
        {"SchedStartTime": "2026-03-06T10:00:00Z", "SchedEndTime": "2026-03-06T09:00:00Z"},
        {"ArrivalWindowStartTime": "2026-03-06T10:00:00Z", "ArrivalWindowEndTime": "2026-03-06T10:00:00Z"},
    ],
)
def test_an_end_must_come_after_its_start(sf: Client, fields: dict[str, str]) -> None:
    """Sheet 2.7 FIELD_INTEGRITY_EXCEPTION."""
    made = order(sf)
    assert refused(lambda: visit(sf, made, **fields))["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_pinned_and_ended_appointments_keep_their_times(sf: Client) -> None:
    """Sheet 0.8, 6.2."""
    times = {"SchedStartTime": "2026-03-06T10:00:00Z", "SchedEndTime": "2026-03-06T11:00:00Z"}
    later = {"SchedStartTime": "2026-03-06T12:00:00Z", "SchedEndTime": "2026-03-06T13:00:00Z"}
    made = order(sf)
    pinned = visit(sf, made, FSL__Pinned__c=True, **times)
    ended = visit(sf, made, Status="Completed", **times)
    free = visit(sf, made, **times)
    assert "pinned" in refused(lambda: sf.ServiceAppointment.update(pinned, later))["message"]
    assert "ended" in refused(lambda: sf.ServiceAppointment.update(ended, later))["message"]
    assert sf.ServiceAppointment.update(free, later) == 204


def test_actual_duration_is_filled_once(sf: Client) -> None:
    """Sheet 1.4."""
    one = visit(sf, order(sf), ActualStartTime="2026-03-05T10:00:00Z", ActualEndTime="2026-03-05T11:30:00Z")
    assert sf.ServiceAppointment.get(one)["ActualDuration"] == 90
    sf.ServiceAppointment.update(one, {"ActualEndTime": "2026-03-05T12:00:00Z"})
    assert sf.ServiceAppointment.get(one)["ActualDuration"] == 90


def test_assignments_need_an_active_resource_and_are_not_doubled(sf: Client) -> None:
    """Sheet 1.4 AssignedResource, 0.6."""
    one = visit(sf, order(sf))
    active = first(sf, "SELECT Id FROM ServiceResource WHERE IsActive = true")["Id"]
    former = first(sf, "SELECT Id FROM ServiceResource WHERE IsActive = false")["Id"]
    made = sf.AssignedResource.create({"ServiceAppointmentId": one, "ServiceResourceId": active})["id"]
    assert (
        "already assigned"
        in (
            refused(lambda: sf.AssignedResource.create({"ServiceAppointmentId": one, "ServiceResourceId": active}))[
                "message"
            ]
        )
    )
    assert (
        "inactive"
        in (
            refused(lambda: sf.AssignedResource.create({"ServiceAppointmentId": one, "ServiceResourceId": former}))[
                "message"
            ]
        )
    )
    assert refused(lambda: sf.AssignedResource.update(made, {"ServiceAppointmentId": one}))["errorCode"] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )
    assert "Remove it" in refused(lambda: sf.ServiceResource.update(active, {"IsActive": False}))["message"]


def stock(sf: Client, item: str) -> float:
    return float(sf.ProductItem.get(item)["QuantityOnHand"])


def transactions(sf: Client, item: str) -> list[tuple[str, float]]:
    rows = sf.query(
        "SELECT TransactionType, Quantity FROM ProductItemTransaction "
        f"WHERE ProductItemId = '{item}' ORDER BY ProductItemTransactionNumber"
    )["records"]
    return [(row["TransactionType"], row["Quantity"]) for row in rows]


def test_stock_is_never_consumed_below_zero(sf: Client) -> None:
    """Sheet 1.6, with a message a person can use."""
    item = first(sf, "SELECT Id, QuantityOnHand FROM ProductItem WHERE QuantityOnHand > 0")
    wanted = {"WorkOrderId": order(sf), "ProductItemId": item["Id"], "QuantityConsumed": item["QuantityOnHand"] + 1}
    error = refused(lambda: sf.ProductConsumed.create(wanted))
    assert error["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert "exceeds the quantity on hand" in error["message"]
    assert stock(sf, item["Id"]) == item["QuantityOnHand"]


def test_consumption_can_be_corrected_and_taken_back(sf: Client) -> None:
    """Sheet 1.6: Consumed, then Adjusted."""
    item = first(sf, "SELECT Id FROM ProductItem WHERE QuantityOnHand >= 20")["Id"]
    start = stock(sf, item)
    used = sf.ProductConsumed.create({"WorkOrderId": order(sf), "ProductItemId": item, "QuantityConsumed": 5})["id"]
    sf.ProductConsumed.update(used, {"QuantityConsumed": 3})
    assert stock(sf, item) == start - 3
    sf.ProductConsumed.delete(used)
    assert stock(sf, item) == start
    assert transactions(sf, item)[1:] == [("Consumed", -5), ("Adjusted", 2), ("Adjusted", 3)]


def test_an_edited_quantity_is_an_adjustment(sf: Client) -> None:
    item = first(sf, "SELECT Id, QuantityOnHand FROM ProductItem WHERE QuantityOnHand >= 20")
    sf.ProductItem.update(item["Id"], {"QuantityOnHand": item["QuantityOnHand"] + 4})
    assert transactions(sf, item["Id"])[-1] == ("Adjusted", 4)


def test_a_received_transfer_moves_stock(sf: Client) -> None:
    """Sheet 1.6: from the source to the destination, where the item is made when it is not there."""
    item = first(
        sf, "SELECT Id, Product2Id FROM ProductItem WHERE Location.LocationType = 'Warehouse' AND QuantityOnHand > 9"
    )
    empty = sf.Location.create({"Name": "New van", "LocationType": "Van", "IsInventoryLocation": True})["id"]
    before = stock(sf, item["Id"])
    moved = sf.ProductTransfer.create(
        {"SourceProductItemId": item["Id"], "DestinationLocationId": empty, "QuantitySent": 4}
    )["id"]
    assert stock(sf, item["Id"]) == before
    sf.ProductTransfer.update(moved, {"IsReceived": True, "QuantityReceived": 4})
    arrived = first(sf, f"SELECT Id, QuantityOnHand FROM ProductItem WHERE LocationId = '{empty}'")
    assert (stock(sf, item["Id"]), arrived["QuantityOnHand"]) == (before - 4, 4)
    assert transactions(sf, arrived["Id"])[-1] == ("Transferred", 4)


def test_stock_lies_only_at_inventory_locations(sf: Client) -> None:
    """Sheet 1.5 Location."""
    site = sf.Location.create({"Name": "Roof", "LocationType": "Site"})["id"]
    part = first(sf, "SELECT Id FROM Product2")["Id"]
    error = refused(lambda: sf.ProductItem.create({"Product2Id": part, "LocationId": site, "QuantityOnHand": 1}))
    assert error["fields"] == ["LocationId"]


def test_an_account_on_stop_takes_no_new_work(sf: Client) -> None:
    """Sheet 2.7 FIELD_CUSTOM_VALIDATION_EXCEPTION: the admin's own words."""
    account = first(sf, "SELECT Id FROM Account WHERE On_Stop__c = true")["Id"]
    error = refused(lambda: order(sf, AccountId=account))
    assert error == {
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "This account is on stop. Accounts receivable must release it before work is booked.",
        "fields": ["AccountId"],
    }


def test_a_locked_record_cannot_be_written(sf: Client) -> None:
    """Sheet 2.7 UNABLE_TO_LOCK_ROW."""
    held = first(sf, "SELECT Id FROM ServiceAppointment WHERE Contact.Name = 'Victor Stanek'")["Id"]
    error = refused(lambda: sf.ServiceAppointment.update(held, {"Subject": "x"}))
    assert error["errorCode"] == "UNABLE_TO_LOCK_ROW"
    resource = first(sf, "SELECT Id FROM ServiceResource WHERE IsActive = true")["Id"]
    assignment = {"ServiceAppointmentId": held, "ServiceResourceId": resource}
    assert refused(lambda: sf.AssignedResource.create(assignment))["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_contacts_are_named_and_their_number_is_normalised(sf: Client) -> None:
    """Sheet 1.3 Name; 1.8 the flow that fills Phone_E164__c."""
    made = sf.Contact.create({"FirstName": "Ada", "LastName": "Byron", "MobilePhone": "(312) 555-0142"})["id"]
    shown = sf.Contact.get(made)
    assert (shown["Name"], shown["Phone_E164__c"]) == ("Ada Byron", "+13125550142")
    sf.Contact.update(made, {"MobilePhone": "312.555.0143"})
    assert sf.Contact.get(made)["Phone_E164__c"] == "+13125550143"


def test_a_case_mirrors_its_contact_and_closes(sf: Client, emulator: Emulator) -> None:
    """Sheet 1.3 Case."""
    contact = first(sf, "SELECT Id, AccountId, MobilePhone FROM Contact WHERE Name = 'Maria Gonzalez'")
    made = sf.Case.create({"ContactId": contact["Id"], "Subject": "No heat", "Priority": "High"})["id"]
    shown = sf.Case.get(made)
    assert (shown["AccountId"], shown["ContactMobile"]) == (contact["AccountId"], contact["MobilePhone"])
    assert (shown["Status"], shown["IsClosed"]) == ("New", False)
    emulator.post("/emulator/clock", {"advance": 60})
    sf.Case.update(made, {"Status": "Closed"})
    assert sf.Case.get(made)["ClosedDate"] == "2026-03-04T16:06:00.000+0000"


def test_the_status_tables_tell_values_and_categories(sf: Client) -> None:
    """Sheet 1.5 ServiceAppointmentStatus, WorkOrderStatus."""
    rows = sf.query("SELECT ApiName, StatusCode, IsDefault FROM ServiceAppointmentStatus ORDER BY SortOrder")["records"]
    assert [row["ApiName"] for row in rows] == STATUSES
    assert [row["StatusCode"] for row in rows if row["IsDefault"]] == ["None"]


def test_a_package_in_sfdx_form_adds_fields_and_objects(start: Start, tmp_path: Path) -> None:
    """Sheet 1.8: the emulator reads the very files that would be deployed."""
    space = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
    objects = tmp_path / "force-app" / "main" / "default" / "objects"
    (objects / "Visit_Note__c" / "fields").mkdir(parents=True)
    (objects / "Account" / "fields").mkdir(parents=True)
    (objects / "Visit_Note__c" / "Visit_Note__c.object-meta.xml").write_text(
        f"<CustomObject {space}><label>Visit Note</label><pluralLabel>Visit Notes</pluralLabel><nameField>"
        "<label>No</label><type>AutoNumber</type><displayFormat>VN-{000}</displayFormat></nameField></CustomObject>"
    )
    (objects / "Visit_Note__c" / "fields" / "Account__c.field-meta.xml").write_text(
        f"<CustomField {space}><fullName>Account__c</fullName><label>Account</label><type>Lookup</type>"
        "<referenceTo>Account</referenceTo><relationshipName>Visit_Notes</relationshipName></CustomField>"
    )
    (objects / "Account" / "fields" / "Tier__c.field-meta.xml").write_text(
        f"<CustomField {space}><fullName>Tier__c</fullName><label>Tier</label><type>Picklist</type><valueSet>"
        "<restricted>true</restricted><valueSetDefinition><value><fullName>Gold</fullName><default>true</default>"
        "<label>Gold</label></value></valueSetDefinition></valueSet></CustomField>"
    )
    sf = start(package=tmp_path).client()
    account = sf.Account.create({"Name": "x"})["id"]
    assert sf.Account.get(account)["Tier__c"] == "Gold"
    assert refused(lambda: sf.Account.update(account, {"Tier__c": "Tin"}))["errorCode"] == (
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    )
    sf.Visit_Note__c.create({"Account__c": account})
    shown = first(sf, f"SELECT (SELECT Name FROM Visit_Notes__r) FROM Account WHERE Id = '{account}'")
    assert shown["Visit_Notes__r"]["records"][0]["Name"] == "VN-001"
    assert orjson.dumps(shown)
