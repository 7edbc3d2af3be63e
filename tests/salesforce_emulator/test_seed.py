"""The demo orgs: what the story needs is there, the same every time, and nothing of it is tied to one org."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from tests.salesforce_emulator.conftest import Client, Emulator, Start
from voice_agent.demo.salesforce.seed import demo, directory, loader, visits
from voice_agent.demo.salesforce.seed.brightwater import BRIGHTWATER
from voice_agent.demo.salesforce.seed.northgate import NORTHGATE
from voice_agent.demo.salesforce.seed.variant import Variant


@pytest.fixture(scope="module")
def second(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Emulator:
    folder = Path(tmp_path_factory.mktemp("second"))
    directory.write(folder, *demo.generate(NORTHGATE))
    return start(seed=folder)


def callers(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.get("/emulator/info")["callers"]
    return found


@pytest.fixture(params=["first", "second"])
def org(request: pytest.FixtureRequest, read_only: Emulator, second: Emulator) -> Emulator:
    return read_only if request.param == "first" else second


@pytest.fixture
def client(org: Emulator) -> Client:
    return org.client()


def count(client: Client, soql: str) -> int:
    return int(client.query(f"SELECT COUNT() FROM {soql}")["totalSize"])


@pytest.mark.parametrize("variant", list(demo.VARIANTS.values()), ids=list(demo.VARIANTS))
def test_an_org_is_the_same_every_time(variant: Variant) -> None:
    assert demo.generate(variant) == demo.generate(variant)


@pytest.mark.parametrize("variant", list(demo.VARIANTS.values()), ids=list(demo.VARIANTS))
def test_each_hash_belongs_to_its_pin(variant: Variant) -> None:
    """The form that the product reads: scrypt$N$r$p$salt$hash."""
    for pin in variant.pins:
        kind, n, r, p, salt, hashed = pin.hashed.split("$")
        found = hashlib.scrypt(pin.digits.encode(), salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p), dklen=32)
        assert kind == "scrypt" and found == base64.b64decode(hashed)
        assert re.fullmatch(r"\d{6}", pin.digits)


def test_the_orgs_share_no_names_numbers_pins_or_status_values() -> None:
    def words(variant: Variant) -> set[str]:
        people = {f"{one.first} {one.last}" for one in variant.technicians} | set(variant.businesses)
        statuses = {s.value for s in variant.appointment_statuses} - {"Could Not Complete"}
        return people | statuses | {pin.digits for pin in variant.pins} | set(variant.number_block)

    assert not words(BRIGHTWATER) & words(NORTHGATE)
    assert "Cancelled" in {status.value for status in NORTHGATE.appointment_statuses}


def test_the_figures_of_the_contract(client: Client) -> None:
    """Design section 10."""
    assert count(client, "ServiceTerritory") == 2
    assert count(client, "ServiceResource WHERE IsActive = true AND ResourceType = 'T'") == 8
    assert count(client, "ServiceResource WHERE IsActive = true AND Voice_Pin__c = null") == 0
    assert count(client, "Account") == 30
    assert count(client, "Contact") == 45
    assert count(client, "ServiceAppointment") == 60
    assert count(client, "Location WHERE LocationType = 'Van' AND IsInventoryLocation = true") == 8
    assert count(client, "ProductItem WHERE QuantityOnHand = 0") > 3
    assert count(client, "ResourceAbsence") >= 3
    assert count(client, "Holiday") >= 1
    categories = client.query("SELECT StatusCategory FROM ServiceAppointment GROUP BY StatusCategory")["records"]
    assert len(categories) == 7
    entitlements = client.query("SELECT Status FROM Entitlement GROUP BY Status")["records"]
    assert {row["Status"] for row in entitlements} == {"Active", "Expired"}


def test_the_first_caller_has_a_job_under_way_and_one_next(org: Emulator, client: Client) -> None:
    lead = callers(org)[0]
    assert lead["role"] == "technician" and re.fullmatch(r"\d{6}", lead["pin"])
    rows = client.query(
        "SELECT ServiceAppointment.StatusCategory, ServiceAppointment.SchedStartTime FROM AssignedResource "
        f"WHERE ServiceResource.Phone_E164__c = '{lead['number']}' AND ServiceAppointment.SchedStartTime = TODAY "
        "ORDER BY ServiceAppointment.SchedStartTime"
    )["records"]
    assert [row["ServiceAppointment"]["StatusCategory"] for row in rows] == [
        "Completed",
        "InProgress",
        "Dispatched",
        "Scheduled",
    ]
    refrigerant = "Product2.Family = 'Refrigerant' AND Location.LocationType = 'Van' AND QuantityOnHand > 5"
    assert count(client, f"ProductItem WHERE {refrigerant}") >= 1


@pytest.mark.parametrize("hour", [0, 5, 12, 23])
def test_what_has_begun_began_before_now_at_any_hour(start: Start, hour: int) -> None:
    """Whoever starts the demo after midnight must be able to complete the job that is under way."""
    now = datetime(2026, 3, 4, hour, 21, tzinfo=ZoneInfo("America/Chicago"))
    client = start(now=now.astimezone(UTC)).client()
    visits = client.query(
        "SELECT StatusCategory, ActualStartTime, ActualEndTime FROM ServiceAppointment WHERE ActualStartTime != NULL"
    )["records"]
    assert any(visit["StatusCategory"] == "InProgress" for visit in visits)
    for visit in visits:
        for name in ("ActualStartTime", "ActualEndTime"):
            assert visit[name] is None or datetime.fromisoformat(visit[name]) < now, visit


def test_the_story_work_order_is_the_one_under_way(reader: Client) -> None:
    order = reader.query("SELECT StatusCategory FROM WorkOrder WHERE WorkOrderNumber LIKE '%4512'")["records"]
    assert [row["StatusCategory"] for row in order] == ["InProgress"]


def test_the_second_caller_is_one_contact_with_a_movable_visit(org: Emulator, client: Client) -> None:
    customer = callers(org)[1]
    assert (customer["role"], customer["pin"]) == ("customer", None)
    rows = client.query(
        "SELECT StatusCategory, SchedStartTime, DueDate, (SELECT Id FROM ServiceResources) FROM ServiceAppointment "
        f"WHERE Contact.Phone_E164__c = '{customer['number']}'"
    )["records"]
    assert len(rows) == 1 and rows[0]["StatusCategory"] == "Scheduled"
    assert rows[0]["ServiceResources"]["totalSize"] == 1
    assert rows[0]["DueDate"] > rows[0]["SchedStartTime"]
    assert count(client, f"Contact WHERE Phone_E164__c = '{customer['number']}'") == 1


def test_one_location_is_fresh_and_one_is_stale(org: Emulator, client: Client) -> None:
    """Sheet 3.2: the age decides whether minutes may be quoted."""
    now = datetime.fromisoformat(org.get("/emulator/clock")["now"])

    def age(caller: dict[str, Any]) -> timedelta:
        row = client.query(
            "SELECT ServiceResource.LastKnownLocationDate, ServiceAppointment.StatusCategory FROM AssignedResource "
            f"WHERE ServiceAppointment.Contact.Phone_E164__c = '{caller['number']}'"
        )["records"][0]
        assert row["ServiceAppointment"]["StatusCategory"] == "Dispatched"
        return now - datetime.fromisoformat(row["ServiceResource"]["LastKnownLocationDate"])

    assert age(callers(org)[3]) < timedelta(minutes=10)
    assert age(callers(org)[4]) > timedelta(hours=1)


def test_nobody_has_the_number_of_the_unknown_caller(org: Emulator, client: Client) -> None:
    unknown = callers(org)[2]
    assert unknown["role"] == "unknown"
    national = unknown["number"][-10:]
    returning = "RETURNING Contact(Id), Account(Id), ServiceResource(Id), User(Id)"
    assert client.search(f"FIND {{{national}}} IN PHONE FIELDS {returning}")["searchRecords"] == []


def test_all_callers_have_numbers_kept_for_fiction(org: Emulator) -> None:
    for caller in callers(org):
        number = phonenumbers.parse(caller["number"])
        assert phonenumbers.is_possible_number(number)
        assert re.fullmatch(r"\+1\d{3}55501\d\d|\+447700900\d{3}", caller["number"])


def test_numbers_are_written_in_many_ways(reader: Client) -> None:
    """Sheet 6.3: eight forms, one number on five contacts, one contact with many, one with none."""
    rows = reader.query("SELECT Phone, MobilePhone, HomePhone, OtherPhone, AssistantPhone, Fax FROM Contact")["records"]
    written = [value for row in rows for key, value in row.items() if key != "attributes" and value]
    shapes = {re.sub(r"\d", "9", value) for value in written}
    assert len(shapes) >= 8
    assert any(not any(value for key, value in row.items() if key != "attributes") for row in rows)


def test_awkward_text_survives_the_way_there_and_back(org: Emulator, client: Client) -> None:
    """Quotes, backslashes, wildcards and invisible characters are data like any other."""
    caller = next(one for one in callers(org) if '"' in one["name"])
    name = caller["name"].replace("\\", "\\\\").replace("'", "\\'")
    rows = client.query(
        f"SELECT Name, (SELECT Description FROM ServiceAppointments) FROM Contact WHERE Name = '{name}'"
    )
    assert rows["records"][0]["Name"] == caller["name"]
    texts = {row["Description"] for row in rows["records"][0]["ServiceAppointments"]["records"]}
    assert visits.AWKWARD in texts


def test_one_zone_changes_its_clocks(reader: Client) -> None:
    zones = {row["TimeZone"] for row in reader.query("SELECT TimeZone FROM OperatingHours")["records"]}
    assert {"America/Chicago", "America/Phoenix"} <= zones


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("@now-5m", "2026-03-04T16:00:00.000Z"),
        ("@quarter+30m", "2026-03-04T16:30:00.000Z"),
        ("@shift+0m Asia/Tokyo", "2026-03-05T00:00:00.000Z"),
        ("@day+1 09:00 America/Chicago", "2026-03-05T15:00:00.000Z"),
        ("@day+5 09:00 America/Chicago", "2026-03-09T14:00:00.000Z"),
        ("@work+3 09:00 America/Chicago", "2026-03-09T14:00:00.000Z"),
        ("@work-3 09:00 America/Phoenix", "2026-02-27T16:00:00.000Z"),
        ("@date+30", "2026-04-03"),
    ],
)
def test_relative_dates_fall_where_the_wall_clock_says(text: str, moment: str) -> None:
    """Spring forward in Chicago is on 8 March 2026; Phoenix never changes."""
    now = datetime(2026, 3, 4, 16, 5, tzinfo=UTC)
    assert loader.resolve(text, now, ZoneInfo("America/Chicago")) == moment


def test_a_seed_that_cannot_be_loaded_says_where(tmp_path: Path) -> None:
    with pytest.raises(loader.SeedError, match="org.json"):
        directory.read(tmp_path)
    description, records = demo.generate(BRIGHTWATER)
    records["Account"][0]["Nonsense__c"] = 1
    directory.write(tmp_path, description, records)
    from voice_agent.demo.salesforce.server import DEPLOYED
    from voice_agent.demo.salesforce.service import Service

    with pytest.raises(loader.SeedError, match=r"Account acct-maria: no field Nonsense__c"):
        Service(directory.read(tmp_path), packages=[DEPLOYED])
