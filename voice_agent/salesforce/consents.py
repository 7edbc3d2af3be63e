"""Whom the org allows us to text: Contact and Opt_In__c. The newest row about a number says what holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from voice_agent.salesforce import rows
from voice_agent.salesforce.bookings import stamp
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.records import Contact
from voice_agent.salesforce.soql import soql
from voice_agent.salesforce.statements import CONTACT

OPT_IN = "Id, Phone_E164__c, Status__c, Captured__c, CreatedDate"
MOST = 50


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody said about texts to a number, and when (UNIX seconds)."""

    allowed: bool
    at: float


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A person and what they said. None where they never said anything."""

    contact: Contact
    given: Given | None


async def on_record(salesforce: Salesforce, contact_id: str) -> OnRecord | None:
    """The contact and their consent, in one round trip; None without such a contact."""
    read = await salesforce.queries(
        {
            "person": soql(f"SELECT {CONTACT} FROM Contact WHERE Id = {{id}} LIMIT 1", id=contact_id),
            "opt_ins": soql(
                f"SELECT {OPT_IN} FROM Opt_In__c WHERE Contact__c = {{id}} ORDER BY CreatedDate DESC LIMIT {MOST}",
                id=contact_id,
            ),
        },
        missing_ok={"opt_ins"},
    )
    if not read["person"]:
        return None
    contact = rows.contact(read["person"][0])
    return OnRecord(contact, newest(read["opt_ins"], contact.phone_e164))


def newest(found: Iterable[rows.Row], number: str | None) -> Given | None:
    """The last word about this number."""
    given = [
        Given(row.get("Status__c") == "OptedIn", moment.timestamp())
        for row in found
        if row.get("Phone_E164__c") == number and number
        if (moment := rows.moment(row.get("Captured__c")) or rows.moment(row.get("CreatedDate"))) is not None
    ]
    return max(given, key=lambda one: one.at, default=None)


async def record(salesforce: Salesforce, *, number: str, given: Given, source: str, wording: str) -> bool:
    """Put on record what somebody texted or said; True if it was not there yet. What was said is never rewritten."""
    moment = datetime.fromtimestamp(int(given.at), UTC)
    status = "OptedIn" if given.allowed else "OptedOut"
    read = await salesforce.queries(
        {
            "known": soql(
                "SELECT Id FROM Opt_In__c WHERE Phone_E164__c = {number} AND Status__c = {status} "
                "AND Captured__c = {moment} LIMIT 1",
                number=number,
                status=status,
                moment=moment,
            ),
            "people": soql("SELECT Id FROM Contact WHERE Phone_E164__c = {number} LIMIT 2", number=number),
        }
    )
    if read["known"]:
        return False
    row = {
        "Phone_E164__c": number,
        "Channel__c": "SMS",
        "Status__c": status,
        "Source__c": source[:80],
        "Captured__c": stamp(moment),
        "Wording_Version__c": wording[:40],
    }
    if len(read["people"]) == 1:
        row["Contact__c"] = str(read["people"][0]["Id"])
    await salesforce.request("POST", "sobjects/Opt_In__c", json=row)
    return True
