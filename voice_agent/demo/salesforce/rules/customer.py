"""Names, the normalised phone, cases and entitlements (sheet 1.3)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.phones import e164
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


def before_person(records: "Records", obj: SObject, old: Row | None, new: Row) -> None:
    """`Name` is First Last; `Phone_E164__c` follows the numbers as the org's before-save flow does."""
    if obj.has("LastName"):
        new["Name"] = " ".join(str(part) for part in (new["FirstName"], new["LastName"]) if part)
    if not obj.has("Phone_E164__c"):
        return
    sources = [name for name in ("MobilePhone", "Phone", "HomePhone", "OtherPhone") if obj.has(name)]
    given = new["Phone_E164__c"] is not None if old is None else new["Phone_E164__c"] != old["Phone_E164__c"]
    moved = old is None or any(new[name] != old[name] for name in sources)
    if moved and not given:
        found = (e164(str(new[name]), records.org.calling_code) for name in sources if new[name])
        new["Phone_E164__c"] = next((number for number in found if number), None)


def before_case(records: "Records", old: Row | None, new: Row) -> None:
    """IsClosed and ClosedDate follow Status; the account follows the contact when it is left out."""
    new["IsClosed"] = int(str(new["Status"] or "").lower() == "closed")
    if old is None:
        new["IsClosedOnCreate"] = new["IsClosed"]
        if new["AccountId"] is None and (found := records.parent(new["ContactId"])):
            new["AccountId"] = found[1]["AccountId"]
    if not new["IsClosed"]:
        new["ClosedDate"] = None
    elif old is None or not old["IsClosed"]:
        new["ClosedDate"] = records.now


def before_entitlement(records: "Records", new: Row) -> None:
    """Status by dates (sheet 1.3, unconfirmed): before StartDate Inactive, after EndDate Expired."""
    today = records.viewer.now.astimezone(records.viewer.zone).date().isoformat()
    if new["EndDate"] and str(new["EndDate"]) < today:
        new["Status"] = "Expired"
    else:
        new["Status"] = "Inactive" if new["StartDate"] and str(new["StartDate"]) > today else "Active"
