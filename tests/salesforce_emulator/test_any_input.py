"""Whatever is sent, the org answers in its own words: no statement and no body makes it stumble."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.salesforce_emulator import soql_list
from tests.salesforce_emulator.conftest import NOW
from voice_agent.demo.salesforce.seed import directory
from voice_agent.demo.salesforce.server import DEPLOYED
from voice_agent.demo.salesforce.service import Service

STATEMENTS = [
    case.soql for listed in (soql_list.GOOD, soql_list.BAD) for statements in listed.values() for case in statements
]
WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE ( ) , = != < > null TODAY LAST_N_DAYS : 3 1.5 'x' '%' \\ ' ORDER BY GROUP "
    "HAVING LIMIT OFFSET COUNT ( ) SUM(Tax) Id Name Account Account.Name Owner.Name What.Type TYPEOF WHEN THEN END "
    "99999999999999999999 1e999 2026-02-30 2026-03-04T00:00:00Z Contacts DISTANCE GEOLOCATION BillingAddress "
    "FIELDS(ALL) "
    "ROLLUP CUBE GROUPING toLabel FORMAT convertTimezone CALENDAR_YEAR NULLS LAST DESC FOR VIEW ; -- /* \x00 \u200b"
).split(" ")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = {
    "ServiceAppointment": ["ParentRecordId", "EarliestStartTime", "DueDate", "Status", "Duration", "FSL__Pinned__c"],
    "Contact": ["LastName", "AccountId", "Account", "MobilePhone", "Email", "DoNotCall", "attributes", "Id"],
    "ProductConsumed": ["WorkOrderId", "ProductItemId", "QuantityConsumed", "PricebookEntryId"],
    "TimeSlot": ["OperatingHoursId", "DayOfWeek", "StartTime", "EndTime"],
    "Nothing": ["x"],
}
LIKELY = st.sampled_from(
    ["", "0WOHq0000000001", "0WOHq0000000001OAA", "001", "2026-03-04T10:00:00Z", "10:00:00", "None", "é" * 300, "-1"]
)
BRIEFLY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    org = Service(directory.read(None), packages=[DEPLOYED], now=NOW)
    yield org
    org.close()


@pytest.fixture(scope="module")
def headers(service: Service) -> dict[str, str]:
    app = service.org.apps[0]
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
    with service.database.transaction(write=True):
        token = service.sessions.token(form, "", "http://localhost", NOW)["access_token"]
    return {"authorization": f"Bearer {token}"}


def status(service: Service, headers: dict[str, str], method: str, path: str, query: dict[str, str], body: Any) -> int:
    reply = service.rest(method, "62.0", tuple(path.split("/")), query, headers, body)
    if reply.status >= 400:
        assert isinstance(reply.body, list) and reply.body[0]["errorCode"] and reply.body[0]["message"]
    return reply.status


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A statement of the list with a few words dropped, doubled, swapped or put in."""
    words = draw(st.sampled_from(STATEMENTS)).split(" ")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(words)))
        match draw(st.integers(0, 3)):
            case 0:
                words[place:place] = [draw(st.sampled_from(WORDS))]
            case 1:
                del words[place : place + 1]
            case 2:
                words[place : place + 1] = [draw(st.sampled_from(WORDS))]
            case _:
                words[place:place] = words[place : place + 2]
    return " ".join(words)


@BRIEFLY
@given(statement=spoilt() | st.text(max_size=60))
def test_any_statement_is_answered_or_refused(service: Service, headers: dict[str, str], statement: str) -> None:
    assert status(service, headers, "GET", "query", {"q": statement}, None) in (200, 400)


@BRIEFLY
@given(text=st.text(alphabet="FIND{}()\\\"'*? abANDORNT&|:1", max_size=40))
def test_any_search_is_answered_or_refused(service: Service, headers: dict[str, str], text: str) -> None:
    assert status(service, headers, "GET", "search", {"q": text}, None) in (200, 400)
    assert status(service, headers, "GET", "search", {"q": f"FIND {{{text}}} RETURNING Contact(Id)"}, None) in (
        200,
        400,
    )


@BRIEFLY
@given(data=st.data())
def test_any_record_is_saved_or_refused(service: Service, headers: dict[str, str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    body = data.draw(JSON | st.dictionaries(st.sampled_from(FIELDS[name]), LIKELY | JSON, max_size=6))
    assert status(service, headers, "POST", f"sobjects/{name}", {}, body) in (201, 400, 404)


@BRIEFLY
@given(
    body=JSON
    | st.fixed_dictionaries(
        {
            "allOrNone": st.booleans() | JSON,
            "compositeRequest": st.lists(
                st.fixed_dictionaries(
                    {
                        "referenceId": st.sampled_from(["a", "b", "c", "1", ""]),
                        "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE", "BREW"]),
                        "url": st.sampled_from(
                            [
                                "/services/data/v62.0/limits",
                                "/services/data/v62.0/sobjects/Account",
                                "/services/data/v62.0/sobjects/Account/@{a.id}",
                                "/services/data/v62.0/query?q=SELECT+Id+FROM+@{a.records[0].Id}",
                                "/services/data/v62.0/composite",
                                "http://elsewhere/",
                                "",
                            ]
                        ),
                        "body": JSON | st.just({"Name": "@{b.id}"}),
                    }
                ),
                max_size=4,
            ),
        }
    )
)
def test_any_composite_is_answered_or_refused(service: Service, headers: dict[str, str], body: Any) -> None:
    assert status(service, headers, "POST", "composite", {}, body) in (200, 400)


@BRIEFLY
@given(
    path=st.lists(st.sampled_from(["sobjects", "Account", "composite", "tree", "001", "..", "", "é", "jobs", "query"]))
)
def test_any_path_is_answered_or_refused(service: Service, headers: dict[str, str], path: list[str]) -> None:
    reply = service.rest("POST", "62.0", tuple(path), {}, headers, {"records": [{}], "graphs": [], "batchRequests": []})
    assert reply.status in (200, 201, 300, 400, 404, 405)
