"""SOSL and parameterised search (sheet 2.5)."""

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from tests.salesforce_emulator.conftest import Client, Emulator, Raw


def names(answer: Any) -> list[str]:
    return sorted(record["Name"] for record in answer["searchRecords"])


def number(emulator: Emulator, name: str) -> str:
    found: str = next(caller for caller in emulator.get("/emulator/info")["callers"] if caller["name"] == name)[
        "number"
    ]
    return found


@pytest.mark.parametrize("form", ["{national}", "{area}*{line}", '"({area}) 555-{line}"', "1{national} OR {national}"])
def test_a_phone_is_found_however_it_was_typed(reader: Client, read_only: Emulator, form: str) -> None:
    national = number(read_only, "Maria Gonzalez")[2:]
    text = form.format(national=national, area=national[:3], line=national[6:])
    if "*" in form:
        text = national[:6] + "*"
    answer = reader.search(f"FIND {{{text}}} IN PHONE FIELDS RETURNING Contact(Id, Name) LIMIT 200")
    assert "Maria Gonzalez" in names(answer)


def test_an_office_number_finds_all_who_share_it(reader: Client, read_only: Emulator) -> None:
    national = number(read_only, "Front desk")[2:]
    assert len(names(reader.search(f"FIND {{{national}}} IN PHONE FIELDS RETURNING Contact(Id, Name)"))) == 5


def test_a_number_with_an_extension_is_only_found_by_search(reader: Client) -> None:
    """Such a contact has no normalised number: SOSL is the second way in."""
    contact = reader.query("SELECT Name, MobilePhone, Phone_E164__c FROM Contact WHERE Name = 'Olivia Brennan'")
    record = contact["records"][0]
    assert record["MobilePhone"].endswith("x12") and record["Phone_E164__c"] is None
    digits = "".join(char for char in record["MobilePhone"][:-3] if char.isdigit())
    assert "Olivia Brennan" in names(reader.search(f"FIND {{{digits}}} IN PHONE FIELDS RETURNING Contact(Name)"))


def test_names_match_by_word_and_wildcard(reader: Client) -> None:
    assert names(reader.search("FIND {gonzalez} IN NAME FIELDS RETURNING Contact(Name)")) == ["Maria Gonzalez"]
    assert names(reader.search("FIND {gonz*} IN NAME FIELDS RETURNING Contact(Name)")) == ["Maria Gonzalez"]
    assert names(reader.search("FIND {gonz} IN NAME FIELDS RETURNING Contact(Name)")) == []
    assert names(reader.search('FIND {"maria gonzalez"} RETURNING Contact(Name)')) == ["Maria Gonzalez"]


def test_operators_combine(reader: Client) -> None:
    both = "FIND {maria AND gonzalez} IN NAME FIELDS RETURNING Contact(Name)"
    either = "FIND {gonzalez OR haddad} IN NAME FIELDS RETURNING Contact(Name)"
    without = "FIND {(gonzalez OR haddad) AND NOT maria} IN NAME FIELDS RETURNING Contact(Name)"
    assert names(reader.search(both)) == ["Maria Gonzalez"]
    assert names(reader.search(either)) == ["Maria Gonzalez", "Nadia Haddad"]
    assert names(reader.search(without)) == ["Nadia Haddad"]


def test_returning_filters_orders_and_limits(reader: Client) -> None:
    soql = "FIND {555*} IN PHONE FIELDS RETURNING Contact(Name WHERE Title = 'Manager' ORDER BY Name LIMIT 3)"
    found = [record["Name"] for record in reader.search(soql)["searchRecords"]]
    assert len(found) == 3 and found == sorted(found, key=str.casefold)


def test_nothing_found_is_no_error(reader: Client) -> None:
    assert reader.search("FIND {zzzznobody} RETURNING Contact(Id)")["searchRecords"] == []


@pytest.mark.parametrize(
    "sosl", ["FIND {x} RETURNING Contact(Id)", "FIND {*abc}", "LOOK {abc}", "FIND {abc", "FIND {a OR}"]
)
def test_a_malformed_search_is_refused(reader: Client, sosl: str) -> None:
    """At least two characters, no leading wildcard (sheet 2.7 MALFORMED_SEARCH)."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        reader.search(sosl)
    content: Any = refused.value.content
    assert content[0]["errorCode"] == "MALFORMED_SEARCH"


def test_before_version_37_the_answer_is_a_bare_list(read_only: Emulator, reader: Client) -> None:
    answer = Raw(read_only, reader.session_id, "36.0")("GET", "search?q=FIND+{gonzalez}+RETURNING+Contact(Id)").json()
    assert isinstance(answer, list)


def test_parameterized_search_in_both_forms(read_only: Emulator, reader: Client) -> None:
    raw = Raw(read_only, reader.session_id)
    body = {"q": "gonzalez", "in": "NAME", "sobjects": [{"name": "Contact", "fields": ["Id", "Name"], "limit": 5}]}
    assert names(raw("POST", "parameterizedSearch", body).json()) == ["Maria Gonzalez"]
    path = "parameterizedSearch?q=gonzalez&in=NAME&sobject=Contact&Contact.fields=id,name&Contact.limit=5"
    assert names(raw("GET", path).json()) == ["Maria Gonzalez"]
    assert raw("POST", "parameterizedSearch", {}).status_code == 400
