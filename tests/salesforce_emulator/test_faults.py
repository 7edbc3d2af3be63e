"""Trouble on demand, the clock, the ledger and the live page's feed (sheet 6.2; contract: /emulator/*)."""

import threading
import time
from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceRefusedRequest

from tests.salesforce_emulator.conftest import Client, Emulator, Raw, wait_for

CASE = "POST .*/sobjects/Case"


def fault(emulator: Emulator, name: str, match: str = CASE, **more: Any) -> None:
    emulator.post("/emulator/faults", [{"match": match, "fault": name, **more}])


def cases(sf: Client) -> int:
    return int(sf.query("SELECT COUNT() FROM Case")["totalSize"])


def test_an_expired_session_once(emulator: Emulator, raw: Raw) -> None:
    fault(emulator, "401", "GET .*/limits")
    assert [raw("GET", "limits").status_code for _ in range(2)] == [401, 200]


def test_the_request_limit(emulator: Emulator, sf: Client) -> None:
    """Sheet 2.7: 403 REQUEST_LIMIT_EXCEEDED, TotalRequests Limit exceeded."""
    fault(emulator, "403")
    with pytest.raises(SalesforceRefusedRequest) as refused:
        sf.Case.create({"Subject": "x"})
    content: Any = refused.value.content
    assert content == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


def test_unavailable_is_a_page_of_html(emulator: Emulator, sf: Client) -> None:
    fault(emulator, "503")
    with pytest.raises(SalesforceGeneralError) as refused:
        sf.Case.create({"Subject": "x"})
    assert refused.value.status == 503
    assert "<html>" in str(refused.value.content)


def test_a_lock_hits_sub_requests_too_and_rolls_back(emulator: Emulator, raw: Raw) -> None:
    """Sheet 2.7 UNABLE_TO_LOCK_ROW inside an allOrNone composite."""
    fault(emulator, "lock", times=2)
    alone = raw("POST", "sobjects/Case", {"Subject": "x"})
    assert (alone.status_code, alone.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    url = "/services/data/v62.0/sobjects"
    parts = [
        {"method": "POST", "url": f"{url}/Task", "referenceId": "t", "body": {"Subject": "x"}},
        {"method": "POST", "url": f"{url}/Case", "referenceId": "c", "body": {"Subject": "x"}},
    ]
    replies = raw("POST", "composite", {"allOrNone": True, "compositeRequest": parts}).json()["compositeResponse"]
    assert [reply["body"][0]["errorCode"] for reply in replies] == ["PROCESSING_HALTED", "UNABLE_TO_LOCK_ROW"]
    assert emulator.ledger() == []
    assert raw("POST", "sobjects/Case", {"Subject": "x"}).status_code == 201


def test_latency_delays_the_answer(emulator: Emulator, raw: Raw) -> None:
    fault(emulator, "latency", "GET .*/limits", ms=150)
    began = time.monotonic()
    assert raw("GET", "limits").status_code == 200
    assert time.monotonic() - began >= 0.15


def test_applied_but_never_answered(emulator: Emulator, sf: Client, raw: Raw) -> None:
    """The ambiguous time-out: the change is there, the caller cannot know."""
    before = cases(sf)
    fault(emulator, "apply_then_hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{emulator.url}/services/data/v62.0/sobjects/Case",
            json={"Subject": "x"},
            headers={"Authorization": f"Bearer {raw.token}"},
            timeout=0.4,
        )
    assert cases(sf) == before + 1
    fault(emulator, "apply_then_drop")
    with pytest.raises(requests.exceptions.ConnectionError):
        raw("POST", "sobjects/Case", {"Subject": "y"})
    assert cases(sf) == before + 2


def test_hung_and_dropped_requests_do_nothing(emulator: Emulator, sf: Client, raw: Raw) -> None:
    before = cases(sf)
    fault(emulator, "hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(
            f"{emulator.url}/services/data/v62.0/sobjects/Case",
            json={"Subject": "x"},
            headers={"Authorization": f"Bearer {raw.token}"},
            timeout=0.3,
        )
    fault(emulator, "drop")
    with pytest.raises(requests.exceptions.ConnectionError):
        raw("POST", "sobjects/Case", {"Subject": "y"})
    assert cases(sf) == before


def test_faults_wait_are_counted_and_are_cleared(emulator: Emulator, raw: Raw) -> None:
    fault(emulator, "500", "GET .*/limits", times=None, after=1)
    assert [raw("GET", "limits").status_code for _ in range(3)] == [200, 500, 500]
    (listed,) = emulator.get("/emulator/faults")
    assert (listed["fault"], listed["hits"], listed["left"]) == ("500", 2, None)
    assert requests.delete(f"{emulator.url}/emulator/faults", timeout=5).json() == []
    assert raw("GET", "limits").status_code == 200
    wrong = requests.post(f"{emulator.url}/emulator/faults", json={"fault": "flood"}, timeout=5)
    assert wrong.status_code == 400 and "unknown fault" in wrong.json()["error"]


def test_the_daily_limit_is_real(emulator: Emulator, raw: Raw) -> None:
    """Sheet 2.3 limits, 7.4."""
    first = raw("GET", "limits")
    limits = first.json()["DailyApiRequests"]
    assert first.headers["Sforce-Limit-Info"] == f"api-usage={limits['Max'] - limits['Remaining']}/{limits['Max']}"
    emulator.app.state.service.database.connection.execute("UPDATE _counters SET last = 100000 WHERE name = 'requests'")
    answer = raw("GET", "limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_the_clock_freezes_and_advances(emulator: Emulator, sf: Client) -> None:
    assert emulator.get("/emulator/clock") == {"now": "2026-03-04T16:05:00+00:00", "frozen": True}
    emulator.post("/emulator/clock", {"advance": 3600})
    made = sf.Task.create({"Subject": "x"})["id"]
    assert sf.Task.get(made)["CreatedDate"] == "2026-03-04T17:05:00.000+0000"
    emulator.post("/emulator/clock", {"now": "2026-03-08T07:59:00Z", "freeze": True})
    assert sf.query("SELECT COUNT() FROM Task WHERE CreatedDate = LAST_WEEK")["totalSize"] == 1
    moving = emulator.post("/emulator/clock", {"freeze": False})
    assert moving["frozen"] is False
    wrong = requests.post(f"{emulator.url}/emulator/clock", json={"now": "soon"}, timeout=5)
    assert wrong.status_code == 400


def test_today_is_the_users_today_across_the_clock_change(emulator: Emulator, sf: Client) -> None:
    """Sheet 2.4: in the user's zone. 8 March 2026 has 23 hours in Chicago, from 06:00Z to 05:00Z."""
    for moment in ("2026-03-08T05:59:00Z", "2026-03-08T06:01:00Z", "2026-03-09T04:59:00Z", "2026-03-09T05:01:00Z"):
        emulator.post("/emulator/clock", {"freeze": moment})
        sf.Task.create({"Subject": moment})
    emulator.post("/emulator/clock", {"freeze": "2026-03-08T20:00:00Z"})
    found = sf.query("SELECT Subject FROM Task WHERE CreatedDate = TODAY ORDER BY Subject")["records"]
    assert [record["Subject"] for record in found] == ["2026-03-08T06:01:00Z", "2026-03-09T04:59:00Z"]


def test_the_ledger_keeps_order_transactions_and_both_values(emulator: Emulator, sf: Client) -> None:
    order = sf.query("SELECT Id FROM WorkOrder WHERE WorkOrderNumber = '00004512'")["records"][0]["Id"]
    sf.WorkOrder.update(order, {"Subject": "changed"})
    sf.WorkOrder.update(order, {"Subject": "changed"})
    sf.Task.delete(sf.Task.create({"Subject": "x"})["id"])
    entries = emulator.ledger()
    assert [(entry["object"], entry["change"]) for entry in entries] == [
        ("WorkOrder", "UPDATE"),
        ("Task", "CREATE"),
        ("Task", "DELETE"),
    ]
    assert entries[0]["fields"] == {"Subject": ["Air conditioner not cooling", "changed"]}
    assert entries[0]["id"] == order
    assert len({entry["transaction"] for entry in entries}) == 3
    assert emulator.get(f"/emulator/ledger?since={entries[0]['seq']}") == entries[1:]


def test_changes_can_be_waited_for(emulator: Emulator, sf: Client) -> None:
    """A long poll returns with the change; without one it returns empty."""
    assert emulator.get("/emulator/changes?timeout=0.1") == []
    heard: list[Any] = []
    listener = threading.Thread(target=lambda: heard.extend(emulator.get("/emulator/changes?since=0&timeout=10")))
    listener.start()
    sf.Task.create({"Subject": "heard"})
    listener.join(10)
    assert heard[-1]["fields"]["Subject"] == [None, "heard"]


def test_changes_stream_as_events(emulator: Emulator, sf: Client) -> None:
    headers = {"Accept": "text/event-stream"}
    with requests.get(f"{emulator.url}/emulator/changes", headers=headers, stream=True, timeout=10) as stream:
        lines: list[str] = []
        reader = threading.Thread(target=lambda: lines.extend(_until_data(stream)), daemon=True)
        reader.start()
        wait_for(lambda: bool(lines) or reader.is_alive())
        sf.Task.create({"Subject": "streamed"})
        reader.join(10)
    assert any("streamed" in line for line in lines)


def _until_data(stream: requests.Response) -> list[str]:
    lines: list[str] = []
    for line in stream.iter_lines(chunk_size=1, decode_unicode=True):
        lines.append(line)
        if line.startswith("data:"):
            break
    return lines


def test_reset_brings_the_first_state_back(emulator: Emulator, sf: Client) -> None:
    sf.Account.create({"Name": "Temporary"})
    fault(emulator, "500", ".*", times=None)
    emulator.post("/emulator/reset")
    fresh = emulator.client()
    assert fresh.query("SELECT COUNT() FROM Account")["totalSize"] == 30
    assert emulator.ledger() == []
