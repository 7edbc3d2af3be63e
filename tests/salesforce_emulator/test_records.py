"""Creating, reading, changing and deleting records (sheet 2.3, 2.7)."""

from typing import Any

import pytest
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from tests.salesforce_emulator.conftest import Client, Emulator, Raw


def refusal(sf: Client, act: Any) -> dict[str, Any]:
    with pytest.raises((SalesforceMalformedRequest, SalesforceResourceNotFound)) as refused:
        act(sf)
    content: Any = refused.value.content
    error: dict[str, Any] = content[0]
    return error


def test_a_new_record_answers_201_with_its_place(raw: Raw) -> None:
    """Sheet 2.3 POST sobjects/X."""
    answer = raw("POST", "sobjects/Account", {"Name": "New"})
    body = answer.json()
    assert answer.status_code == 201
    assert body == {"id": body["id"], "success": True, "errors": []}
    assert answer.headers["Location"] == f"/services/data/v62.0/sobjects/Account/{body['id']}"
    assert len(body["id"]) == 18 and body["id"].startswith("001")


def test_a_record_shows_all_fields_with_nulls(sf: Client) -> None:
    """Sheet 2.3 GET sobjects/X/id: attributes, every readable field, nulls included; compound address."""
    made = sf.Account.create({"Name": "Full", "BillingStreet": "1 Main", "BillingCity": "Chicago"})
    shown = sf.Account.get(made["id"])
    assert shown["attributes"]["url"].endswith(made["id"])
    assert shown["Phone"] is None
    assert shown["BillingAddress"]["city"] == "Chicago"
    assert shown["ShippingAddress"] is None
    assert (
        shown["CreatedDate"] == shown["LastModifiedDate"] == shown["SystemModstamp"] == "2026-03-04T16:05:00.000+0000"
    )
    assert shown["CreatedById"] == shown["OwnerId"] and shown["IsDeleted"] is False


def test_names_are_case_insensitive_and_answers_canonical(raw: Raw) -> None:
    """Sheet 2.1."""
    made = raw("POST", "sobjects/account/", {"nAME": "Case"}).json()["id"]
    shown = raw("GET", f"sobjects/ACCOUNT/{made}?fields=name,PHONE").json()
    assert shown["attributes"]["type"] == "Account"
    assert {"Name", "Phone", "Id"} == shown.keys() - {"attributes"}


def test_an_id_is_taken_in_both_forms(raw: Raw) -> None:
    """Sheet 2.3 Ids: 15 or 18 characters, the latter whatever its case."""
    made = raw("POST", "sobjects/Account", {"Name": "Ids"}).json()["id"]
    for form in (made[:15], made, made.lower(), made.upper()):
        assert raw("GET", f"sobjects/Account/{form}?fields=Id").json()["Id"] == made


def test_null_and_empty_text_clear_and_blanks_are_cut(sf: Client) -> None:
    """Sheet 2.3 Values."""
    made = sf.Account.create({"Name": "  Blanks  ", "Phone": "1", "Site": "x"})
    sf.Account.update(made["id"], {"Phone": "", "Site": None})
    shown = sf.Account.get(made["id"])
    assert (shown["Name"], shown["Phone"], shown["Site"]) == ("Blanks", None, None)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-11-23T15:00:00Z", "2026-11-23T15:00:00.000+0000"),
        ("2026-11-23T15:00:00+01:00", "2026-11-23T14:00:00.000+0000"),
        ("2026-11-23T15:00:00.123+0000", "2026-11-23T15:00:00.000+0000"),
        ("2026-11-23", "2026-11-23T00:00:00.000+0000"),
    ],
)
def test_moments_come_back_in_utc(sf: Client, given: str, shown: str) -> None:
    """Sheet 2.3 Values: datetime."""
    made = sf.WorkOrder.create({"StartDate": given})
    assert sf.WorkOrder.get(made["id"])["StartDate"] == shown


@pytest.mark.parametrize(
    ("name", "fields", "code", "message", "at"),
    [
        (
            "Contact",
            {"FirstName": "x"},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            ["LastName"],
        ),
        ("Account", {"Name": "x", "Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Account", None),
        (
            "Account",
            {"Name": "x" * 256},
            "STRING_TOO_LONG",
            f"Name: data value too large: {'x' * 256} (max length=255)",
            ["Name"],
        ),
        (
            "ServiceResource",
            {"Name": "x", "ResourceType": "Z"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Resource Type: bad value for restricted picklist field: Z",
            ["ResourceType"],
        ),
        (
            "WorkOrder",
            {"StatusCategory": "New"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: StatusCategory. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set.",
            ["StatusCategory"],
        ),
        ("Contact", {"LastName": "x", "AccountId": "nonsense"}, "MALFORMED_ID", "malformed id nonsense", ["AccountId"]),
        (
            "Contact",
            {"LastName": "x", "AccountId": "003Hq0000000001IAA"},
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: 003Hq0000000001IAA",
            ["AccountId"],
        ),
        (
            "Contact",
            {"LastName": "x", "AccountId": "001Hq00000zzzzz"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            ["AccountId"],
        ),
        (
            "Contact",
            {"LastName": "x", "Email": "nobody"},
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: nobody",
            ["Email"],
        ),
        ("WorkOrder", {"Tax": True}, "JSON_PARSER_ERROR", None, None),
        ("WorkOrder", {"StartDate": "tomorrow"}, "JSON_PARSER_ERROR", None, None),
        ("Account", {"Name": 5}, "JSON_PARSER_ERROR", None, None),
        ("ServiceAppointment", {}, "REQUIRED_FIELD_MISSING", None, ["ParentRecordId", "EarliestStartTime", "DueDate"]),
        (
            "TimeSlot",
            {"StartTime": "10:00:00"},
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [OperatingHoursId, EndTime]",
            ["OperatingHoursId", "EndTime"],
        ),
        ("Skill", {"MasterLabel": "x"}, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", None, []),
    ],
)
def test_a_bad_record_is_refused_with_the_documented_words(
    sf: Client, name: str, fields: dict[str, Any], code: str, message: str | None, at: list[str] | None
) -> None:
    """Sheet 2.7."""
    error = refusal(sf, lambda client: getattr(client, name).create(fields))
    assert error["errorCode"] == code
    assert message is None or error["message"] == message
    assert error.get("fields") == at


def test_a_unique_value_is_taken_once(sf: Client) -> None:
    """Sheet 2.7 DUPLICATE_VALUE; case matters only where the field says so."""
    first = sf.Case.create({"Agent_Key__c": "Key"})
    sf.Case.create({"Agent_Key__c": "key"})
    error = refusal(sf, lambda client: client.Case.create({"Agent_Key__c": "Key"}))
    assert error["errorCode"] == "DUPLICATE_VALUE"
    assert error["message"] == (
        f"duplicate value found: Agent_Key__c duplicates value on record with id: {first['id'][:15]}"
    )


def test_updates_answer_204_and_move_the_stamps(raw: Raw, emulator: Emulator) -> None:
    """Sheet 2.3 PATCH; 1.1 system fields."""
    made = raw("POST", "sobjects/Account", {"Name": "Stamp"}).json()["id"]
    emulator.post("/emulator/clock", {"advance": 90})
    answer = raw("PATCH", f"sobjects/Account/{made}", {"Phone": "5"})
    assert (answer.status_code, answer.content) == (204, b"")
    shown = raw("GET", f"sobjects/Account/{made}").json()
    assert shown["SystemModstamp"] == "2026-03-04T16:06:30.000+0000"
    assert shown["CreatedDate"] == "2026-03-04T16:05:00.000+0000"


def test_deleted_records_wait_in_the_recycle_bin(sf: Client) -> None:
    """Sheet 2.3 DELETE, 2.4 queryAll, 2.7 ENTITY_IS_DELETED; contacts go with their account."""
    made = sf.Account.create({"Name": "Gone"})["id"]
    contact = sf.Contact.create({"LastName": "Gone", "AccountId": made})["id"]
    sf.Account.delete(made)
    assert sf.query(f"SELECT Id FROM Contact WHERE Id = '{contact}'")["totalSize"] == 0
    everything = sf.query(f"SELECT IsDeleted FROM Contact WHERE Id = '{contact}'", include_deleted=True)
    assert everything["records"][0]["IsDeleted"] is True
    error = refusal(sf, lambda client: client.Account.update(made, {"Name": "x"}))
    assert error == {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}


def test_an_unknown_id_is_not_found(sf: Client) -> None:
    """Sheet 2.7 NOT_FOUND: well-formed but unknown; and the wrong kind of id is malformed."""
    unknown = "001Hq00000zzzzz"
    error = refusal(sf, lambda client: client.Account.get(unknown))
    assert error["errorCode"] == "NOT_FOUND"
    assert error["message"].startswith(
        "Provided external ID field does not exist or is not accessible: 001Hq00000zzzzz"
    )
    assert refusal(sf, lambda client: client.Contact.get(unknown))["errorCode"] == "MALFORMED_ID"


def test_service_resources_cannot_be_deleted(sf: Client) -> None:
    """Sheet 0.5."""
    resource = sf.query("SELECT Id FROM ServiceResource LIMIT 1")["records"][0]["Id"]
    assert sf.ServiceResource.describe()["deletable"] is False
    refusal(sf, lambda client: client.ServiceResource.delete(resource))


def test_upsert_creates_then_updates_by_external_id(raw: Raw) -> None:
    """Sheet 2.3 external id rows: 201 created, 200 updated, 204 before version 46."""
    path = "sobjects/Case/Agent_Key__c/k-1"
    made = raw("PATCH", path, {"Subject": "one"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = raw("PATCH", path, {"Subject": "two"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    assert Raw(raw.emulator, raw.token, "45.0")("PATCH", path, {"Subject": "three"}).status_code == 204
    assert raw("GET", path + "?fields=Subject").json()["Subject"] == "three"
    assert raw("DELETE", path).status_code == 204
    assert raw("GET", path).status_code == 404


def test_upsert_bounds(raw: Raw) -> None:
    """Sheet 2.3: updateOnly, neither Id nor key in the body, no upsert by an ordinary field."""
    assert raw("PATCH", "sobjects/Case/Agent_Key__c/none?updateOnly=true", {"Subject": "x"}).status_code == 404
    assert raw("PATCH", "sobjects/Case/Agent_Key__c/k", {"Agent_Key__c": "k"}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert raw("PATCH", "sobjects/Case/Agent_Key__c/k", {"Id": "x"}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert raw("PATCH", "sobjects/Case/Subject/k", {"Priority": "Low"}).json()[0]["errorCode"] == "NOT_FOUND"


def test_several_matches_answer_300_with_their_places(sf: Client, emulator: Emulator) -> None:
    """Sheet 2.3: several matches give 300; simple-salesforce raises MoreThanOneRecord."""
    desk = next(caller for caller in emulator.get("/emulator/info")["callers"] if caller["name"] == "Front desk")
    for contact in sf.query("SELECT Id FROM Contact WHERE Title = 'Front desk'")["records"]:
        sf.Contact.update(contact["Id"], {"Phone_E164__c": desk["number"]})
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        sf.Contact.upsert(f"Phone_E164__c/{desk['number'].replace('+', '%2B')}", {"Title": "x"})
    content: Any = several.value.content
    assert len(content) == 5
    assert all("/sobjects/Contact/003" in url for url in content)


def test_a_parent_may_be_given_by_its_external_id(sf: Client) -> None:
    """Sheet 1.8: external ids; a lookup as {"Relationship": {"Key__c": value}}."""
    order = sf.WorkOrder.create({"Agent_Key__c": "wo-7"})["id"]
    line = sf.WorkOrderLineItem.create({"WorkOrder": {"Agent_Key__c": "wo-7"}, "Subject": "x"})["id"]
    assert sf.WorkOrderLineItem.get(line)["WorkOrderId"] == order


def test_relationships_can_be_followed_by_path(raw: Raw) -> None:
    """Sheet 2.3 GET sobjects/X/id/RelationshipName."""
    visit = raw("GET", "query?q=SELECT+Id,AccountId+FROM+ServiceAppointment+WHERE+AccountId!=null+LIMIT+1").json()
    record = visit["records"][0]
    up = raw("GET", f"sobjects/ServiceAppointment/{record['Id']}/Account?fields=Name").json()
    assert up["Id"] == record["AccountId"]
    down = raw("GET", f"sobjects/Account/{record['AccountId']}/Contacts").json()
    assert down["done"] is True and down["totalSize"] == len(down["records"])
    assert raw("GET", f"sobjects/Account/{record['AccountId']}/Nothing").status_code == 404


def test_replication_lists_what_changed_and_what_went(raw: Raw) -> None:
    """Sheet 2.3 deleted and updated."""
    kept = raw("POST", "sobjects/Account", {"Name": "Kept"}).json()["id"]
    gone = raw("POST", "sobjects/Account", {"Name": "Gone"}).json()["id"]
    raw("DELETE", f"sobjects/Account/{gone}")
    span = "?start=2026-03-04T16:00:00%2B00:00&end=2026-03-04T17:00:00%2B00:00"
    assert kept in raw("GET", f"sobjects/Account/updated/{span}").json()["ids"]
    assert [one["id"] for one in raw("GET", f"sobjects/Account/deleted/{span}").json()["deletedRecords"]] == [gone]


def test_describe_tells_types_picklists_and_children(sf: Client) -> None:
    """Sheet 2.3 describe, 1.4 (relationship to AssignedResource is called ServiceResources)."""
    described = sf.ServiceAppointment.describe()
    fields = {field["name"]: field for field in described["fields"]}
    assert fields["EarliestStartTime"]["nillable"] is False
    assert fields["ParentRecordId"]["updateable"] is False and fields["ParentRecordId"]["polymorphicForeignKey"] is True
    assert fields["StatusCategory"]["createable"] is False
    assert [one["value"] for one in fields["Status"]["picklistValues"]][:3] == ["None", "Scheduled", "Dispatched"]
    assert "ArrivalWindowStart" not in fields and "ArrivalWindowStartTime" in fields
    children = {child["relationshipName"]: child["childSObject"] for child in described["childRelationships"]}
    assert children["ServiceResources"] == "AssignedResource"
    names = {obj["name"] for obj in sf.describe()["sobjects"]}
    assert {"ProductConsumed", "AI_Interaction__c", "FSL__Scheduling_Policy__c"} <= names


def test_an_unchanged_describe_need_not_be_sent(raw: Raw) -> None:
    """Sheet 2.3: If-Modified-Since on a describe gives 304."""
    answer = raw("GET", "sobjects/Account/describe", If_Modified_Since="Wed, 04 Mar 2026 17:00:00 GMT")
    assert answer.status_code == 304


def test_paths_and_methods_that_do_not_exist(raw: Raw) -> None:
    """Sheet 2.1, 2.7 NOT_FOUND, METHOD_NOT_ALLOWED."""
    assert raw("GET", "nothing").json()[0]["errorCode"] == "NOT_FOUND"
    assert raw("GET", "sobjects/Nothing/describe").json()[0]["errorCode"] == "NOT_FOUND"
    assert raw("PUT", "query").json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"
    assert Raw(raw.emulator, raw.token, "12.0")("GET", "limits").status_code == 404
    broken = raw("POST", "sobjects/Account")
    assert broken.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_versions_and_resources_are_listed(emulator: Emulator, raw: Raw) -> None:
    """Sheet 2.1: versions need no token and carry their release."""
    labels = {one["version"]: one["label"] for one in emulator.get("/services/data")}
    assert (labels["65.0"], labels["66.0"], labels["67.0"], labels["68.0"]) == (
        "Winter '26",
        "Spring '26",
        "Summer '26",
        "Winter '27",
    )
    assert raw("GET", "").json()["composite"] == "/services/data/v62.0/composite"
