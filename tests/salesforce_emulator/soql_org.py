"""A small org whose every row is known, for the SOQL conformance list."""

from pathlib import Path
from typing import Any

from voice_agent.demo.salesforce.seed import demo, directory
from voice_agent.demo.salesforce.seed.brightwater import BRIGHTWATER

Rows = list[dict[str, Any]]


def _account(key: str, name: str, created: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "Name": name, "CreatedDate": created, **fields}


ACCOUNTS: Rows = [
    _account(
        "acme",
        "Acme",
        "2026-03-04T14:00:00Z",
        Type="Customer",
        Industry="Energy",
        BillingCity="San Francisco",
        BillingState="CA",
        BillingLatitude=37.775,
        BillingLongitude=-122.418,
        Phone="(415) 555-0101",
    ),
    _account(
        "west",
        "acme west",
        "2026-03-03T20:00:00Z",
        Type="Customer",
        BillingCity="Los Angeles",
        BillingState="CA",
        BillingLatitude=34.05,
        BillingLongitude=-118.24,
        ParentId="#acme",
    ),
    _account(
        "bob",
        "Bob's Diner",
        "2026-02-25T12:00:00Z",
        Type="Prospect",
        Industry="Retail",
        BillingCity="Chicago",
        BillingState="IL",
        BillingLatitude=41.88,
        BillingLongitude=-87.63,
    ),
    _account("pure", "100% Pure", "2026-01-15T12:00:00Z", Industry="Retail"),
    _account(
        "under",
        "Under_score",
        "2026-01-01T05:30:00Z",
        Type="Partner",
        Industry="Energy",
        BillingCity="Chicago",
        BillingState="IL",
        Description="long text",
    ),
    _account("back", "Back\\slash", "2025-03-05T12:00:00Z", Type="Customer", ParentId="#west"),
    _account("uni", "Ünder Über", "2024-07-01T12:00:00Z", Industry="Banking"),
]
CONTACTS: Rows = [
    {
        "key": "ann",
        "FirstName": "Ann",
        "LastName": "Ames",
        "AccountId": "#acme",
        "Birthdate": "1980-03-04",
        "DoNotCall": True,
        "Email": "ann@acme.example",
    },
    {"key": "bo", "FirstName": "Bo", "LastName": "Bell", "AccountId": "#acme", "Birthdate": "2026-03-04"},
    {"key": "cy", "FirstName": "Cy", "LastName": "Cole", "AccountId": "#bob", "ReportsToId": "#ann"},
    {"key": "di", "LastName": "Dunn"},
    {"key": "eve", "FirstName": "Eve", "LastName": "O'Neil", "AccountId": "#west", "Birthdate": "2026-03-05"},
]
RELATIONS: Rows = [
    {"AccountId": "#bob", "ContactId": "#ann", "Roles": "Business User;Decision Maker"},
    {"AccountId": "#bob", "ContactId": "#bo", "Roles": "Influencer"},
    {"AccountId": "#pure", "ContactId": "#cy", "Roles": "Business User;Influencer"},
    {"AccountId": "#pure", "ContactId": "#eve"},
]
CASES: Rows = [
    {"key": "case1", "CaseNumber": "00001001", "AccountId": "#acme", "Status": "New", "Priority": "High"},
    {"key": "case2", "CaseNumber": "00001002", "AccountId": "#acme", "Status": "Closed", "Priority": "Low"},
    {"key": "case3", "CaseNumber": "00001003", "AccountId": "#bob", "Status": "New", "Priority": "Medium"},
]
ORDERS: Rows = [
    {"key": "wo1", "WorkOrderNumber": "00000001", "AccountId": "#acme", "Tax": 10, "Priority": "High"},
    {"key": "wo2", "WorkOrderNumber": "00000002", "AccountId": "#acme", "Tax": 20, "Priority": "Low"},
    {"key": "wo3", "WorkOrderNumber": "00000003", "AccountId": "#bob", "Tax": 60, "Priority": "Low"},
    {"key": "wo4", "WorkOrderNumber": "00000004", "Priority": "Low", "Subject": "no account"},
]
TASKS: Rows = [
    {"key": "t1", "Subject": "for account", "WhatId": "#acme", "WhoId": "#ann", "CreatedDate": "2026-03-04T02:30:00Z"},
    {"key": "t2", "Subject": "for case", "WhatId": "#case1", "CreatedDate": "2026-03-04T15:30:00Z"},
    {"key": "t3", "Subject": "for nobody", "CreatedDate": "2026-03-04T23:30:00Z"},
]


def write(folder: Path) -> Path:
    """The seed directory of this org."""
    description, records = demo.generate(BRIGHTWATER)
    kept = {name: records[name] for name in ("Organization", "Profile", "Group", "User")}
    kept["Account"] = ACCOUNTS
    kept["Contact"] = CONTACTS
    kept["AccountContactRelation"] = RELATIONS
    kept["Case"] = CASES
    kept["WorkOrder"] = ORDERS
    kept["Task"] = TASKS
    directory.write(folder, description | {"locked": [], "rules": [], "callers": []}, kept)
    return folder
