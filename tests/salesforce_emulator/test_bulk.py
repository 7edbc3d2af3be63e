"""Bulk API 2.0, by simple-salesforce's own client (Bulk API 2.0 guide; sheet 5.1)."""

import csv
import io

from tests.salesforce_emulator.conftest import Client, Raw


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_query_job_exports_csv(sf: Client) -> None:
    pages = list(
        sf.bulk2.Contact.query("SELECT LastName, Account.Name, DoNotCall FROM Contact ORDER BY LastName", wait=0)
    )
    found = rows(pages[0])
    assert len(found) == 45
    assert found[0].keys() == {"LastName", "Account.Name", "DoNotCall"}
    assert {row["DoNotCall"] for row in found} == {"false"}
    assert all(row["Account.Name"] for row in found)


def test_results_come_in_pages_with_a_locator(sf: Client) -> None:
    pages = list(sf.bulk2.Contact.query("SELECT Id FROM Contact", max_records=20, wait=0))
    assert [len(rows(page)) for page in pages] == [20, 20, 5]


def test_an_insert_job_tells_successes_from_failures(sf: Client) -> None:
    records = [
        {"LastName": "Bulk One", "Title": "a,b"},
        {"LastName": "", "Title": "no name"},
        {"LastName": "Bulk Two", "Title": ""},
    ]
    (job,) = sf.bulk2.Contact.insert(records=records, wait=0)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 1)
    good = rows(sf.bulk2.Contact.get_successful_records(job["job_id"]))
    bad = rows(sf.bulk2.Contact.get_failed_records(job["job_id"]))
    assert [(row["sf__Created"], row["Title"]) for row in good] == [("true", "a,b"), ("true", "")]
    assert bad[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName")
    assert sf.query("SELECT Title FROM Contact WHERE LastName = 'Bulk One'")["records"][0]["Title"] == "a,b"


def test_an_upsert_job_by_external_id_updates_and_clears(sf: Client) -> None:
    made = sf.Case.create({"Agent_Key__c": "b-1", "Subject": "old", "Reason": "Breakdown"})["id"]
    records = [
        {"Agent_Key__c": "b-1", "Subject": "new", "Reason": "#N/A", "Priority": ""},
        {"Agent_Key__c": "b-2", "Subject": "made", "Reason": "", "Priority": "High"},
    ]
    (job,) = sf.bulk2.Case.upsert(records=records, external_id_field="Agent_Key__c", wait=0)
    assert job["numberRecordsFailed"] == 0
    shown = sf.Case.get(made)
    assert (shown["Subject"], shown["Reason"], shown["Priority"]) == ("new", None, "Medium")


def test_a_delete_job(sf: Client) -> None:
    made = sf.Task.create({"Subject": "x"})["id"]
    (job,) = sf.bulk2.Task.delete(records=[{"Id": made}], wait=0)
    assert job["numberRecordsFailed"] == 0
    assert sf.query(f"SELECT Id FROM Task WHERE Id = '{made}'")["totalSize"] == 0


def test_jobs_can_be_aborted_listed_and_removed(raw: Raw) -> None:
    made = raw("POST", "jobs/ingest", {"object": "Task", "operation": "insert"}).json()
    assert made["state"] == "Open"
    assert raw("PATCH", f"jobs/ingest/{made['id']}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert raw("PATCH", f"jobs/ingest/{made['id']}", {"state": "UploadComplete"}).status_code == 400
    assert [job["id"] for job in raw("GET", "jobs/ingest").json()["records"]] == [made["id"]]
    assert raw("DELETE", f"jobs/ingest/{made['id']}").status_code == 204
    assert raw("GET", f"jobs/ingest/{made['id']}").status_code == 404
    assert raw("POST", "jobs/query", {"operation": "query", "query": "SELECT COUNT() FROM Task"}).status_code == 400


def test_ten_thousand_records_load_in_one_job(sf: Client) -> None:
    records = [{"LastName": f"Load {n}", "MobilePhone": f"(312) 555-{n % 100 + 100:04d}"} for n in range(10_000)]
    (job,) = sf.bulk2.Contact.insert(records=records, wait=0)
    assert job["numberRecordsFailed"] == 0
    assert sf.query("SELECT COUNT() FROM Contact WHERE LastName LIKE 'Load%'")["totalSize"] == 10_000
