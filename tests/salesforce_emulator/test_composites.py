"""Several calls in one: composite, batch, graph, tree, collections (sheet 2.6)."""

from typing import Any

import pytest

from tests.salesforce_emulator.conftest import Client, Emulator, Raw

V = "/services/data/v62.0"


def part(reference: str, method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
    return {"referenceId": reference, "method": method, "url": f"{V}/{path}", "body": body, **more}


def composite(raw: Raw, *parts: dict[str, Any], all_or_none: bool = True) -> list[dict[str, Any]]:
    answer = raw("POST", "composite", {"allOrNone": all_or_none, "compositeRequest": list(parts)})
    assert answer.status_code == 200, answer.text
    replies: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return replies


def codes(replies: list[dict[str, Any]]) -> list[int]:
    return [reply["httpStatusCode"] for reply in replies]


def test_later_parts_refer_to_earlier_ones(raw: Raw) -> None:
    """References in body and url, to a created id and to a row of a query; 204 has a null body."""
    replies = composite(
        raw,
        part("account", "POST", "sobjects/Account", {"Name": "Linked"}),
        part("contact", "POST", "sobjects/Contact", {"LastName": "One", "AccountId": "@{account.id}"}),
        part("found", "GET", "query?q=SELECT+Id+FROM+Contact+WHERE+AccountId='@{account.id}'"),
        part("named", "PATCH", "sobjects/Contact/@{found.records[0].Id}", {"Title": "of @{account.id}"}),
        part("read", "GET", "sobjects/Contact/@{contact.id}?fields=Title,Account.Name"),
    )
    assert codes(replies) == [201, 201, 200, 204, 200]
    assert replies[0]["httpHeaders"]["Location"].endswith(replies[0]["body"]["id"])
    assert replies[3]["body"] is None
    assert replies[4]["body"]["Title"] == f"of {replies[0]['body']['id']}"
    assert replies[4]["body"]["Account"]["Name"] == "Linked"


def test_all_or_none_undoes_everything_and_says_so(raw: Raw, emulator: Emulator) -> None:
    replies = composite(
        raw,
        part("good", "POST", "sobjects/Account", {"Name": "Undone"}),
        part("bad", "POST", "sobjects/Contact", {}),
        part("later", "POST", "sobjects/Account", {"Name": "Never"}),
    )
    assert codes(replies) == [400, 400, 400]
    assert [reply["body"][0]["errorCode"] for reply in replies] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
    ]
    assert replies[0]["body"][0]["message"] == (
        "The transaction was rolled back since another operation in the same transaction failed."
    )
    assert emulator.ledger() == []


def test_without_all_or_none_only_dependents_fail(raw: Raw) -> None:
    replies = composite(
        raw,
        part("bad", "POST", "sobjects/Contact", {}),
        part("good", "POST", "sobjects/Account", {"Name": "Kept"}),
        part("child", "POST", "sobjects/Task", {"Subject": "x", "WhoId": "@{bad.id}"}),
        all_or_none=False,
    )
    assert codes(replies) == [400, 201, 400]
    assert replies[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert replies[2]["body"][0]["message"].startswith("Invalid reference specified. No value for bad.id")


def test_a_unique_key_makes_a_repeat_roll_back_as_a_whole(raw: Raw, emulator: Emulator) -> None:
    """The product's exactly-once rule rests on this: DUPLICATE_VALUE undoes the change that rides along."""
    order = raw("GET", "query?q=SELECT+Id+FROM+WorkOrder+WHERE+WorkOrderNumber='00004512'").json()["records"][0]["Id"]

    def write(note: str) -> list[int]:
        return codes(
            composite(
                raw,
                part("change", "PATCH", f"sobjects/WorkOrder/{order}", {"Description": note}),
                part("audit", "POST", "sobjects/AI_Interaction__c", {"Agent_Key__c": "w-1", "Kind__c": "Write"}),
            )
        )

    assert write("first") == [204, 201]
    before = emulator.ledger()
    assert write("second") == [400, 400]
    assert emulator.ledger() == before


def test_headers_of_a_part_count(raw: Raw) -> None:
    order = raw("POST", "sobjects/WorkOrder", {"Subject": "x"}).json()["id"]
    stale = {"httpHeaders": {"If-Unmodified-Since": "Wed, 04 Mar 2026 16:00:00 GMT"}}
    replies = composite(raw, part("write", "PATCH", f"sobjects/WorkOrder/{order}", {"Subject": "y"}, **stale))
    assert codes(replies) == [412]


@pytest.mark.parametrize(
    "parts",
    [
        [part(f"r{n}", "GET", "limits") for n in range(26)],
        [part(f"r{n}", "GET", "query?q=SELECT+Id+FROM+Account") for n in range(6)],
        [part("same", "GET", "limits"), part("same", "GET", "limits")],
        [part("bad name", "GET", "limits")],
        [],
        ["nonsense"],
    ],
)
def test_a_malformed_composite_is_refused_as_a_whole(raw: Raw, parts: list[Any]) -> None:
    """25 parts, 5 of them queries; references unique, of letters, digits and underscore."""
    assert raw("POST", "composite", {"compositeRequest": parts}).status_code == 400


def test_search_cannot_ride_in_a_composite(raw: Raw) -> None:
    assert codes(composite(raw, part("s", "GET", "search?q=FIND+{Acme}"))) == [404]


def test_a_composite_is_one_call_and_a_batch_is_many(raw: Raw) -> None:
    """Sforce-Limit-Info counts (sheet 2.1, 2.6)."""

    def used(answer: Any) -> int:
        return int(answer.headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])

    before = used(raw("GET", "limits"))
    parts = [part(f"r{n}", "GET", "limits") for n in range(4)]
    after = used(raw("POST", "composite", {"compositeRequest": parts}))
    assert after == before + 1
    requests = [{"method": "GET", "url": "v62.0/limits"}] * 4
    assert used(raw("POST", "composite/batch", {"batchRequests": requests})) == after + 4


def test_batch_parts_are_independent(raw: Raw) -> None:
    answer = raw(
        "POST",
        "composite/batch",
        {
            "batchRequests": [
                {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "Batched"}},
                {"method": "GET", "url": "v62.0/sobjects/Account/nonsense"},
                {"method": "GET", "url": "v62.0/query?q=SELECT+Name+FROM+Account+WHERE+Name='Batched'"},
            ]
        },
    ).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [201, 404, 200]
    assert answer["results"][2]["result"]["totalSize"] == 1


def test_batch_halts_on_error_when_asked(raw: Raw) -> None:
    answer = raw(
        "POST",
        "composite/batch",
        {
            "haltOnError": True,
            "batchRequests": [
                {"method": "GET", "url": "v62.0/sobjects/Account/nonsense"},
                {"method": "GET", "url": "v62.0/limits"},
            ],
        },
    ).json()
    assert [result["statusCode"] for result in answer["results"]] == [404, 412]


def test_each_graph_is_atomic(raw: Raw) -> None:
    def graph(name: str, last: str) -> dict[str, Any]:
        parts = [
            part("a", "POST", "sobjects/Account", {"Name": last}),
            part("c", "POST", "sobjects/Contact", {"LastName": last, "AccountId": "@{a.id}"}),
        ]
        return {"graphId": name, "compositeRequest": parts}

    bad = graph("2", "Bad")
    bad["compositeRequest"][1]["body"] = {}
    queries = {"graphId": "3", "compositeRequest": [part("q", "GET", "query?q=SELECT+Id+FROM+Account")]}
    answer = raw("POST", "composite/graph", {"graphs": [graph("1", "Good"), bad, queries]}).json()["graphs"]
    assert [one["isSuccessful"] for one in answer] == [True, False, False]
    found = raw("GET", "query?q=SELECT+Name+FROM+Account+WHERE+Name+IN+('Good','Bad')").json()
    assert [record["Name"] for record in found["records"]] == ["Good"]


def test_a_tree_is_planted_whole_or_not_at_all(raw: Raw, emulator: Emulator) -> None:
    def tree(last: dict[str, Any]) -> dict[str, Any]:
        children = [
            {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Branch"},
            {"attributes": {"type": "Contact", "referenceId": "c2"}, **last},
        ]
        attributes = {"type": "Account", "referenceId": "a1"}
        return {"records": [{"attributes": attributes, "Name": "Tree", "Contacts": {"records": children}}]}

    good = raw("POST", "composite/tree/Account", tree({"LastName": "Leaf"}))
    assert good.status_code == 201
    assert [one["referenceId"] for one in good.json()["results"]] == ["a1", "c1", "c2"]
    before = emulator.ledger()
    bad = raw("POST", "composite/tree/Account", tree({}))
    assert bad.status_code == 400
    assert bad.json()["hasErrors"] is True
    assert [one["referenceId"] for one in bad.json()["results"]] == ["c2"]
    assert bad.json()["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert emulator.ledger() == before


def test_collections_create_update_upsert_read_and_delete(raw: Raw) -> None:
    made = raw(
        "POST",
        "composite/sobjects",
        {
            "records": [
                {"attributes": {"type": "Account"}, "Name": "One"},
                {"attributes": {"type": "Contact"}},
                {"attributes": {"type": "Case"}, "Subject": "Two", "Agent_Key__c": "c-2"},
            ]
        },
    ).json()
    assert [one["success"] for one in made] == [True, False, True]
    assert made[1]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [LastName]",
            "fields": ["LastName"],
        }
    ]
    account, case = made[0]["id"], made[2]["id"]
    changed = raw(
        "PATCH", "composite/sobjects", {"records": [{"attributes": {"type": "Account"}, "id": account, "Site": "x"}]}
    ).json()
    assert changed[0]["success"] is True
    upserted = raw(
        "PATCH",
        "composite/sobjects/Case/Agent_Key__c",
        {
            "records": [
                {"attributes": {"type": "Case"}, "Agent_Key__c": "c-2", "Subject": "Three"},
                {"attributes": {"type": "Case"}, "Agent_Key__c": "c-3"},
            ]
        },
    ).json()
    assert [(one["id"] == case, one["created"]) for one in upserted] == [(True, False), (False, True)]
    read = raw("GET", f"composite/sobjects/Account?ids={account},001Hq00000zzzzzAAA&fields=Id,Site").json()
    assert read[0]["Site"] == "x" and read[1] is None
    gone = raw("DELETE", f"composite/sobjects?ids={account},{case}&allOrNone=true").json()
    assert [one["success"] for one in gone] == [True, True]


def test_a_collection_with_all_or_none_keeps_nothing_of_a_failure(raw: Raw, emulator: Emulator) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "One"}, {"attributes": {"type": "Contact"}}]
    made = raw("POST", "composite/sobjects", {"allOrNone": True, "records": records}).json()
    assert made[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert made[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert emulator.ledger() == []
    many = [{"attributes": {"type": "Account"}, "Name": "x"}] * 201
    assert raw("POST", "composite/sobjects", {"records": many}).status_code == 400


def test_long_answers_come_in_pages(sf: Client, raw: Raw) -> None:
    """Sheet 2.4: 2000 a page, 200 at least, totalSize is the whole."""
    for _ in range(3):
        records = [{"attributes": {"type": "Task"}, "Subject": "page"}] * 200
        raw("POST", "composite/sobjects", {"records": records})
    first = raw("GET", "query?q=SELECT+Id+FROM+Task+WHERE+Subject='page'", Sforce_Query_Options="batchSize=250").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (600, False, 250)
    second = raw("GET", first["nextRecordsUrl"].split("v62.0/")[1]).json()
    third = raw("GET", second["nextRecordsUrl"].split("v62.0/")[1]).json()
    assert (len(second["records"]), len(third["records"]), third["done"]) == (250, 100, True)
    ids = {record["Id"] for page in (first, second, third) for record in page["records"]}
    assert len(ids) == 600
    assert raw("GET", "query/01gnothing-250").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert len(sf.query_all("SELECT Id FROM Task WHERE Subject = 'page'")["records"]) == 600
