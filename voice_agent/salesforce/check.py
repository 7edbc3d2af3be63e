"""Does this org have what the agent needs, and may its user use it? A finding a line, each with the mend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from voice_agent import errors
from voice_agent.salesforce import sources
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.rights import EDITED, NEEDS, PACKAGE, STATUS_TABLES, Need
from voice_agent.salesforce.soql import soql

CATEGORIES: Mapping[str, frozenset[str]] = {
    "ServiceAppointmentStatus": frozenset(
        {"None", "Scheduled", "Dispatched", "InProgress", "CannotComplete", "Completed", "Canceled"}
    ),
    "WorkOrderStatus": frozenset({"New", "InProgress", "OnHold", "CannotComplete", "Completed", "Canceled"}),
}
SLOT_SOURCES: Mapping[sources.Kind, str] = {
    "apex": "the package's Apex class",
    "action": "our own rules; the standard action places what was booked",
    "scheduler": "Salesforce Scheduler, with our own rules for drives and windows",
    "rules": "our own rules (no Apex class, no scheduling action, no Scheduler)",
}
FILLED = "SELECT COUNT() FROM Contact WHERE Phone_E164__c != null"
CONTACTS = "SELECT COUNT() FROM Contact"
HOURLESS = """SELECT Name FROM ServiceTerritory WHERE IsActive = true AND OperatingHoursId NOT IN (
    SELECT OperatingHoursId FROM TimeSlot) ORDER BY Name LIMIT 20"""


@dataclass(frozen=True, slots=True)
class Finding:
    """`state`: "ok", "missing" (the agent cannot work so) or "note" (it works, with less)."""

    state: str
    what: str
    mend: str = ""


async def check(salesforce: Salesforce) -> AsyncIterator[Finding]:
    """Findings in the order of dependence; after a failed sign-in there are no more."""
    try:
        await salesforce.connect()
    except errors.SalesforceError as exc:
        yield Finding("missing", f"Salesforce sign-in: {exc}", _sign_in_mend(exc))
        return
    yield Finding("ok", f"Salesforce sign-in, API {salesforce.api_version}")
    for need in NEEDS:
        async for finding in _object(salesforce, need):
            yield finding
    for table in STATUS_TABLES:
        yield await _statuses(salesforce, table)
    yield await _phones(salesforce)
    async for finding in _territories(salesforce):
        yield finding
    yield await slot_source(salesforce)


async def _object(salesforce: Salesforce, need: Need) -> AsyncIterator[Finding]:
    try:
        described = await salesforce.request("GET", f"sobjects/{need.object}/describe")
    except (errors.NotFound, errors.Forbidden):
        state = "note" if need.missing_is_fine else "missing"
        yield Finding(state, f"{need.object}: not there, or hidden from the user", need.mend or "grant Read on it")
        return
    fields = {str(field["name"]): field for field in described["fields"]}
    absent = sorted(need.fields - fields.keys())
    if absent:
        mend = PACKAGE if any(name.endswith("__c") for name in absent) else "grant Read on these fields"
        yield Finding("missing", f"{need.object}: cannot see {', '.join(absent)}", mend)
    unset = sorted(name for name in need.settable - set(absent) if not _settable(fields[name]))
    if unset:
        yield Finding("missing", f"{need.object}: cannot set {', '.join(unset)}", "grant Edit on these fields")
    lacking = [
        right for right, needed in (("createable", need.create), ("updateable", need.object in EDITED)) if needed
    ]
    for right in lacking:
        if not described.get(right):
            verb = "Create" if right == "createable" else "Edit"
            yield Finding("missing", f"{need.object}: no {verb} right", f"grant {verb} on {need.object}")
    without = sorted(need.optional_fields - fields.keys())
    if without:
        yield Finding("note", f"{need.object}: works without {', '.join(without)}")
    if not absent and not unset and all(described.get(right) for right in lacking):
        yield Finding("ok", need.object)


def _settable(field: Mapping[str, Any]) -> bool:
    return bool(field.get("createable") or field.get("updateable"))


async def _statuses(salesforce: Salesforce, table: str) -> Finding:
    try:
        rows = await salesforce.query(soql(f"SELECT StatusCode FROM {table}"))
    except errors.SalesforceError as exc:
        return Finding("missing", f"{table}: {exc}", "grant Read on it")
    absent = sorted(CATEGORIES[table] - {str(row["StatusCode"]).replace(" ", "") for row in rows})
    if absent:
        return Finding(
            "note", f"{table}: no value of category {', '.join(absent)}", "add one, or those acts are refused"
        )
    return Finding("ok", f"{table}: {len(rows)} values")


async def _phones(salesforce: Salesforce) -> Finding:
    try:
        filled = (await salesforce.request("GET", "query", params={"q": FILLED}))["totalSize"]
        contacts = (await salesforce.request("GET", "query", params={"q": CONTACTS}))["totalSize"]
    except errors.SalesforceError as exc:
        return Finding("missing", f"Contact.Phone_E164__c: {exc}", PACKAGE)
    if contacts and not filled:
        return Finding("missing", "no contact has Phone_E164__c", "run the package's flow over the existing contacts")
    return Finding("ok", f"{filled} of {contacts} contacts have a number that callers can be found by")


async def _territories(salesforce: Salesforce) -> AsyncIterator[Finding]:
    try:
        rows = await salesforce.query(HOURLESS)
    except errors.SalesforceError:
        return
    for row in rows:
        mend = "give its operating hours time slots, or visits there need a dispatcher"
        yield Finding("note", f"territory {row['Name']} has no hours", mend)


async def slot_source(salesforce: Salesforce) -> Finding:
    """Which of the ways of 3.1 to find free times this org has; the server chooses the same one."""
    try:
        kind = await sources.detect(salesforce)
    except errors.SalesforceError as exc:
        return Finding("note", f"free times: could not be found out ({exc})", "our own rules are used meanwhile")
    return Finding("ok", f"free times: {SLOT_SOURCES[kind]}")


def _sign_in_mend(exc: errors.SalesforceError) -> str:
    if isinstance(exc, errors.SignInFailed):
        return "check SALESFORCE_DOMAIN, SALESFORCE_CLIENT_ID and the secret or key; the app needs a run-as user"
    return "check SALESFORCE_DOMAIN and that this machine may reach it"
