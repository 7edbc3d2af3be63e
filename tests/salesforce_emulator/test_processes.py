"""The emulator as processes of its own, two of them on one file; and how fast it answers."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.salesforce_emulator.conftest import NOW, Client, Emulator

pytestmark = pytest.mark.process
Begin = Callable[..., str]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts `python -m voice_agent.demo.salesforce` and gives its address."""
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> str:
        command = [sys.executable, "-m", "voice_agent.demo.salesforce", "--port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Salesforce emulator on http://127.0.0.1:")
        return line.split(" on ")[1].strip()

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


def sign_in(url: str) -> dict[str, str]:
    known = requests.get(f"{url}/emulator/info", timeout=10).json()["salesforce"]
    form = {"grant_type": "client_credentials", **{key: known[key] for key in ("client_id", "client_secret")}}
    answer = requests.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def test_two_processes_share_one_org(begin: Begin, tmp_path: Path) -> None:
    """Tokens, records, keys and change events are common; a unique key is taken once whoever asks."""
    file = str(tmp_path / "org.sqlite3")
    one = begin("--db", file, "--now", NOW.isoformat())
    two = begin("--db", file)
    token = sign_in(one)

    def create(n: int) -> int:
        url = (one, two)[n % 2] + "/services/data/v62.0/sobjects/Case"
        body = {"Subject": "x", "Agent_Key__c": f"key-{n // 2}"}
        return requests.post(url, json=body, headers=token, timeout=20).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(create, range(80)))
    assert sorted(set(codes)) == [201, 400]
    assert codes.count(201) == 40
    for url in (one, two):
        soql = {"q": "SELECT COUNT() FROM Case WHERE Agent_Key__c LIKE 'key-%'"}
        answer = requests.get(f"{url}/services/data/v62.0/query", params=soql, headers=token, timeout=10)
        assert answer.json()["totalSize"] == 40
    entries = requests.get(f"{two}/emulator/ledger", timeout=10).json()
    assert [entry["seq"] for entry in entries] == sorted({entry["seq"] for entry in entries})
    assert len([entry for entry in entries if entry["object"] == "Case"]) == 40


def test_a_file_outlives_its_process(begin: Begin, tmp_path: Path) -> None:
    file = str(tmp_path / "org.sqlite3")
    first = begin("--db", file)
    token = sign_in(first)
    requests.post(f"{first}/services/data/v62.0/sobjects/Account", json={"Name": "Kept"}, headers=token, timeout=10)
    again = begin("--db", file)
    soql = {"q": "SELECT COUNT() FROM Account WHERE Name = 'Kept'"}
    answer = requests.get(f"{again}/services/data/v62.0/query", params=soql, headers=token, timeout=10)
    assert answer.json()["totalSize"] == 1


def test_what_stops_the_start_is_one_sentence(begin: Begin, tmp_path: Path) -> None:
    """A wrong seed, a port in use, an address others can reach, a file of another version."""
    url = begin()
    old = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA user_version = 7")
    command = [sys.executable, "-m", "voice_agent.demo.salesforce"]
    port = url.rsplit(":", 1)[1]
    for options in (["--seed", str(tmp_path)], ["--port", port], ["--host", "0.0.0.0"], ["--db", str(old)]):
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("cannot start the Salesforce emulator: ")
        assert done.stderr.count("\n") == 1


CONTEXT = (
    "SELECT+Id,Name,AccountId,Account.Name,Account.On_Stop__c+FROM+Contact+WHERE+Phone_E164__c='{number}'",
    "SELECT+Id,AppointmentNumber,Status,StatusCategory,SchedStartTime,SchedEndTime,ArrivalWindowStartTime,"
    "ArrivalWindowEndTime,DueDate,WorkType.Name,ServiceTerritory.OperatingHours.TimeZone,SystemModstamp,"
    "(SELECT+ServiceResource.Name,ServiceResource.LastKnownLocationDate,EstimatedTravelTime+FROM+ServiceResources)"
    "+FROM+ServiceAppointment+WHERE+Contact.Phone_E164__c='{number}'"
    "+AND+StatusCategory+NOT+IN+('Completed','Canceled','CannotComplete')",
    "SELECT+Id,WorkOrderNumber,Status,Priority,Subject+FROM+WorkOrder+WHERE+Contact.Phone_E164__c='{number}'",
    "SELECT+Id,Name,Status,EndDate+FROM+Entitlement+WHERE+AccountId+IN"
    "+(SELECT+AccountId+FROM+Contact+WHERE+Phone_E164__c='{number}')",
    "SELECT+Id,Name,Employee_Number__c,Voice_Pin__c+FROM+ServiceResource+WHERE+Phone_E164__c='{number}'",
)


def test_a_callers_context_comes_in_one_composite(emulator: Emulator, sf: Client) -> None:
    """Five queries, one request, over HTTP with the real client (sheet 2.6)."""
    number = emulator.get("/emulator/info")["callers"][1]["number"].replace("+", "%2B")
    parts = [
        {"method": "GET", "url": f"/services/data/v62.0/query?q={soql.format(number=number)}", "referenceId": f"q{n}"}
        for n, soql in enumerate(CONTEXT)
    ]
    answer = sf.restful("composite", method="POST", json={"compositeRequest": parts})
    assert [reply["httpStatusCode"] for reply in answer["compositeResponse"]] == [200] * 5
    assert [reply["body"]["totalSize"] for reply in answer["compositeResponse"]] == [1, 1, 1, 1, 0]
