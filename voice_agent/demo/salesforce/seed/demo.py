"""Puts a demo org together: its description and its records."""

from random import Random

from voice_agent.demo.salesforce.org import Status
from voice_agent.demo.salesforce.seed import people, workforce
from voice_agent.demo.salesforce.seed.brightwater import BRIGHTWATER
from voice_agent.demo.salesforce.seed.loader import SeedRecord
from voice_agent.demo.salesforce.seed.northgate import NORTHGATE
from voice_agent.demo.salesforce.seed.people import People
from voice_agent.demo.salesforce.seed.variant import Variant
from voice_agent.demo.salesforce.seed.visits import Visits

VARIANTS = {"first": BRIGHTWATER, "second": NORTHGATE}
_TRANSITIONS = (
    ("None", "Canceled"),
    ("None", "Scheduled"),
    ("Scheduled", "None"),
    ("Scheduled", "Dispatched"),
    ("Scheduled", "Canceled"),
    ("Dispatched", "Canceled"),
    ("Dispatched", "InProgress"),
    ("InProgress", "Completed"),
    ("InProgress", "CannotComplete"),
)
"""The package's default life cycle, by category (sheet 3.3)."""
LIMITED_CLIENT_ID = "3MVG9limitedVoiceAgentDemo"
LIMITED_CLIENT_SECRET = "limited-demo-client-secret"


def generate(variant: Variant) -> tuple[dict[str, object], dict[str, list[SeedRecord]]]:
    """The org description and the records of a variant; the same every time."""
    random = Random(variant.org_id)
    crowd = people.generate(variant, random)
    phones = _technician_numbers(variant, crowd)
    records = workforce.generate(variant, random, phones)
    records["Account"] = crowd.accounts
    records["Contact"] = crowd.contacts
    records["AccountContactRelation"] = [
        {"AccountId": "#biz-0", "ContactId": "#enroute", "Roles": "Business User"},
    ]
    records["Opt_In__c"] = crowd.opt_ins
    visits = Visits(variant, crowd, random)
    records |= visits.generate()
    records["ProductRequired"] += visits.estimates
    records["FSL__Scheduling_Policy__c"] = [
        {"key": "policy", "Name": "Customer First", "FSL__Description__c": "Prefers the earliest slot."}
    ]
    return _description(variant, crowd, phones), records


def _technician_numbers(variant: Variant, crowd: People) -> dict[str, str]:
    """The lead technician calls from the number of the story, the others from the far end of the block."""
    phones = {"alex": crowd.numbers["alex"]}
    for place, technician in enumerate(variant.technicians[1:]):
        stem = variant.number_block[place % len(variant.number_block)]
        phones[technician.key] = f"{stem}{99 - place // len(variant.number_block)}"
    return phones


def _description(variant: Variant, crowd: People, phones: dict[str, str]) -> dict[str, object]:
    appointment = {status.category: status.value for status in variant.appointment_statuses}
    limited = f"limited.{variant.username}"
    return {
        "name": variant.name,
        "org_id": variant.org_id,
        "zone": variant.zone,
        "calling_code": variant.calling_code,
        "package": True,
        "api_limit": 100_000,
        "appointment_statuses": [_status(status) for status in variant.appointment_statuses],
        "work_order_statuses": [_status(status) for status in variant.work_order_statuses],
        "transitions": [[appointment[before], appointment[after]] for before, after in _TRANSITIONS],
        "logins": [
            {"username": variant.username, "password": variant.password, "security_token": "demoToken"},
            {"username": limited, "password": variant.password, "security_token": "", "rights": _limited_rights()},
        ],
        "apps": [
            {
                "client_id": variant.client_id,
                "client_secret": variant.client_secret,
                "run_as": variant.username,
            },
            {"client_id": LIMITED_CLIENT_ID, "client_secret": LIMITED_CLIENT_SECRET, "run_as": limited},
        ],
        "rules": [
            {
                "object": "WorkOrder",
                "condition": "Account.On_Stop__c = true",
                "message": "This account is on stop. Accounts receivable must release it before work is booked.",
                "field": "AccountId",
            }
        ],
        "locked": ["sa-locked"],
        "callers": _callers(variant, crowd, phones),
    }


def _limited_rights() -> dict[str, object]:
    """A user whose permission sets fell short: what the start-up check must notice (sheet 7.1)."""
    return {
        "objects": {"Case": "r", "ProductConsumed": "r", "AI_Interaction__c": "rc", "Pending_AI_Action__c": ""},
        "hidden": ["Contact.Phone_E164__c", "ServiceResource.Voice_Pin__c", "Account.AccountNumber"],
        "read_only": ["ServiceAppointment.SchedStartTime", "WorkOrder.Priority"],
        "sharing": {"Account": "On_Stop__c = false", "WorkOrder": "Account.On_Stop__c = false"},
        "read_only_records": {"WorkOrder": "Priority = 'High'"},
    }


def _callers(variant: Variant, crowd: People, phones: dict[str, str]) -> list[dict[str, object]]:
    lead = variant.technicians[0]
    second = variant.technicians[1]

    def customer(role: str, note: str) -> dict[str, object]:
        first, last = variant.named[role]
        number = crowd.numbers[role]
        return {"name": f"{first} {last}", "number": number, "role": "customer", "pin": None, "note": note}

    return [
        {
            "name": f"{lead.first} {lead.last}",
            "number": phones["alex"],
            "role": "technician",
            "pin": variant.pins[0].digits,
            "note": "several jobs today, one under way",
        },
        customer("maria", "a visit in two working days that can be moved"),
        {
            "name": "Unknown caller",
            "number": crowd.numbers["unknown"],
            "role": "unknown",
            "pin": None,
            "note": "a number that no record has",
        },
        customer("enroute", "technician on the way, seen minutes ago"),
        customer("stale", "technician dispatched, last seen hours ago"),
        customer("stopped", "account on stop: new work orders are refused"),
        customer("lockedout", "appointment held by somebody else"),
        customer("paid", "another territory"),
        customer("ten", "one person with ten numbers"),
        customer("quoted", "quotes, a backslash and invisible characters in the record"),
        {
            "name": "Front desk",
            "number": crowd.numbers["office"],
            "role": "customer",
            "pin": None,
            "note": "one number on five contacts",
        },
        {
            "name": f"{second.first} {second.last}",
            "number": phones["dana"],
            "role": "technician",
            "pin": variant.pins[1].digits,
            "note": "on the way to a customer",
        },
    ]


def _status(status: Status) -> dict[str, object]:
    return {
        "value": status.value,
        "label": status.label,
        "category": status.category,
        "default": status.default,
    }
