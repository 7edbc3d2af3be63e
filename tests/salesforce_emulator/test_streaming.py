"""Change events over CometD (sheet 4), spoken by hand."""

from typing import Any

import pytest
import requests

from tests.salesforce_emulator.conftest import Client, Emulator

Messages = list[dict[str, Any]]
VISITS = "/data/ServiceAppointmentChangeEvent"


class Subscriber:
    """A Bayeux client that says exactly what it is told to."""

    def __init__(self, emulator: Emulator, token: str) -> None:
        self._url = f"{emulator.url}/cometd/62.0"
        self._headers = {"Authorization": f"OAuth {token}"}
        self.client_id = self.send({"channel": "/meta/handshake", "version": "1.0"})[0]["clientId"]
        self.connect()

    def send(self, message: dict[str, Any]) -> Messages:
        answer = requests.post(self._url, json=[message], headers=self._headers, timeout=30)
        messages: Messages = answer.json()
        return messages

    def subscribe(self, channel: str, replay: int | None = None) -> dict[str, Any]:
        ext = {} if replay is None else {"ext": {"replay": {channel: replay}}}
        message = {"channel": "/meta/subscribe", "clientId": self.client_id, "subscription": channel, **ext}
        return self.send(message)[0]

    def connect(self) -> Messages:
        message = {"channel": "/meta/connect", "clientId": self.client_id, "connectionType": "long-polling"}
        return [one for one in self.send(message) if one["channel"] != "/meta/connect"]


@pytest.fixture
def subscriber(emulator: Emulator, sf: Client) -> Subscriber:
    return Subscriber(emulator, sf.session_id)


@pytest.fixture
def visit(sf: Client) -> str:
    found: str = sf.query("SELECT Id FROM ServiceAppointment WHERE Contact.Name = 'Maria Gonzalez'")["records"][0]["Id"]
    return found


def test_a_change_is_told_with_its_changed_fields_only(subscriber: Subscriber, sf: Client, visit: str) -> None:
    """No old values, no unchanged fields, no SystemModstamp."""
    assert subscriber.subscribe(VISITS)["successful"] is True
    sf.ServiceAppointment.update(visit, {"Status": "Dispatched"})
    (event,) = subscriber.connect()
    assert event["channel"] == VISITS
    payload = event["data"]["payload"]
    header = payload.pop("ChangeEventHeader")
    assert payload == {
        "Status": "Dispatched",
        "StatusCategory": "Dispatched",
        "LastModifiedDate": "2026-03-04T16:05:00.000Z",
    }
    assert (header["entityName"], header["recordIds"], header["changeType"]) == (
        "ServiceAppointment",
        [visit],
        "UPDATE",
    )
    assert header["changeOrigin"].startswith("com/salesforce/api/rest/62.0")
    assert header["commitTimestamp"] == 1772640300000
    assert {"transactionKey", "sequenceNumber", "commitUser", "commitNumber"} <= header.keys()


def test_replay_begins_where_it_is_told(subscriber: Subscriber, sf: Client, visit: str, emulator: Emulator) -> None:
    """-1 new only, -2 all that is kept, or after a stored id."""
    sf.ServiceAppointment.update(visit, {"Subject": "one"})
    sf.ServiceAppointment.update(visit, {"Subject": "two"})
    subscriber.subscribe(VISITS, -2)
    both = subscriber.connect()
    assert [event["data"]["payload"]["Subject"] for event in both] == ["one", "two"]
    other = Subscriber(emulator, sf.session_id)
    other.subscribe(VISITS, both[0]["data"]["event"]["replayId"])
    assert [event["data"]["payload"]["Subject"] for event in other.connect()] == ["two"]
    late = Subscriber(emulator, sf.session_id)
    late.subscribe(VISITS, -1)
    sf.ServiceAppointment.update(visit, {"Subject": "three"})
    assert [event["data"]["payload"]["Subject"] for event in late.connect()] == ["three"]


def test_an_unknown_replay_id_or_channel_is_refused(subscriber: Subscriber, emulator: Emulator, sf: Client) -> None:
    wrong = subscriber.subscribe(VISITS, 10_000_000)
    assert wrong["successful"] is False
    assert "The replayId {10000000} you provided was invalid" in wrong["error"]
    assert subscriber.subscribe("/data/NothingChangeEvent")["error"].startswith("404:")
    assert subscriber.subscribe("/data/ProfileChangeEvent")["successful"] is False
    task = sf.Task.create({"Subject": "x"})
    assert task["success"]
    newest = emulator.ledger()[-1]["seq"]
    emulator.post("/emulator/retain", {"from": newest + 1})
    assert subscriber.subscribe(VISITS, newest - 1)["successful"] is False


def test_custom_objects_and_all_changes_have_channels(subscriber: Subscriber, sf: Client) -> None:
    subscriber.subscribe("/data/AI_Interaction__ChangeEvent")
    subscriber.subscribe("/data/ChangeEvents")
    sf.AI_Interaction__c.create({"Agent_Key__c": "e-1"})
    events = subscriber.connect()
    assert {event["channel"] for event in events} == {"/data/AI_Interaction__ChangeEvent", "/data/ChangeEvents"}
    assert {event["data"]["payload"]["ChangeEventHeader"]["changeType"] for event in events} == {"CREATE"}


def test_what_was_rolled_back_is_not_told(subscriber: Subscriber, sf: Client, visit: str) -> None:
    subscriber.subscribe(VISITS)
    body = {
        "allOrNone": True,
        "compositeRequest": [
            {
                "method": "PATCH",
                "url": f"/services/data/v62.0/sobjects/ServiceAppointment/{visit}",
                "referenceId": "a",
                "body": {"Subject": "undone"},
            },
            {"method": "POST", "url": "/services/data/v62.0/sobjects/Contact", "referenceId": "b", "body": {}},
        ],
    }
    sf.restful("composite", method="POST", json=body)
    sf.ServiceAppointment.update(visit, {"Subject": "kept"})
    assert [event["data"]["payload"]["Subject"] for event in subscriber.connect()] == ["kept"]


def test_gap_events_carry_a_header_and_nothing_else(subscriber: Subscriber, emulator: Emulator, visit: str) -> None:
    subscriber.subscribe(VISITS)
    emulator.post("/emulator/gap", {"object": "ServiceAppointment", "id": visit, "change": "GAP_UPDATE"})
    (event,) = subscriber.connect()
    payload = event["data"]["payload"]
    assert payload.keys() == {"ChangeEventHeader"}
    assert payload["ChangeEventHeader"]["changeType"] == "GAP_UPDATE"


def test_own_changes_can_be_told_by_their_client_name(subscriber: Subscriber, sf: Client, visit: str) -> None:
    """Sheet 2.1 Sforce-Call-Options, 4 changeOrigin."""
    subscriber.subscribe(VISITS)
    sf.ServiceAppointment.update(visit, {"Subject": "x"}, headers={"Sforce-Call-Options": "client=voice"})
    (event,) = subscriber.connect()
    assert event["data"]["payload"]["ChangeEventHeader"]["changeOrigin"].endswith(";client=voice")


def test_an_unknown_client_must_shake_hands_again(subscriber: Subscriber, emulator: Emulator) -> None:
    subscriber.client_id = "nobody"
    message = {"channel": "/meta/connect", "clientId": "nobody", "connectionType": "long-polling"}
    (answer,) = subscriber.send(message)
    assert answer["error"] == "403::Unknown client"
    assert answer["advice"]["reconnect"] == "handshake"
    refused = requests.post(f"{emulator.url}/cometd/62.0", json=[{"channel": "/meta/handshake"}], timeout=10)
    assert refused.json()[0]["error"] == "401::Authentication invalid"
