"""Who is behind a number, and what is open for them: one round trip, a second one only when nobody was found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from voice_agent import errors
from voice_agent.salesforce import jobs, rows
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.records import Appointment, Contact, Job, Technician
from voice_agent.salesforce.soql import find_phone, soql
from voice_agent.salesforce.statements import APPOINTMENT, CONTACT, ENTITLEMENT, OPEN, TECHNICIAN, WORK_ORDER
from voice_agent.salesforce.wishes import CallerContext, StrangersOrder

E164 = re.compile(r"\+[1-9]\d{6,14}")
SWITCHBOARD = 10
"""More people than this behind one number tell nothing (sheet 7.2)."""
FORGOTTEN = timedelta(days=2)
"""An appointment nobody closed still counts for so long after its end."""

PEOPLE = f"""SELECT {CONTACT} FROM Contact
    WHERE Phone_E164__c = {{number}} OR Account.Phone_E164__c = {{number}} ORDER BY LastModifiedDate DESC LIMIT 12"""
PHONED = "Phone_E164__c = {number} OR Account.Phone_E164__c = {number}"
TECHNICIANS = f"""SELECT {TECHNICIAN} FROM ServiceResource
    WHERE {{which}} AND IsActive = true AND ResourceType IN ('T', 'C') LIMIT 5"""
VISITS = f"""SELECT {APPOINTMENT} FROM ServiceAppointment
    WHERE AccountId IN ({{accounts}}) AND StatusCategory IN {{open}}
    AND (SchedEndTime = null OR SchedEndTime > {{since}})
    ORDER BY SchedStartTime ASC NULLS LAST LIMIT 200"""
ENTITLEMENTS = f"SELECT {ENTITLEMENT} FROM Entitlement WHERE AccountId IN ({{accounts}}) ORDER BY EndDate DESC LIMIT 50"
PHONE_FIELDS = ("Phone", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone")
FOUND_BY_PHONE = f"Contact({CONTACT}, {', '.join(PHONE_FIELDS)} LIMIT 20)"


async def context(salesforce: Salesforce, number: str, now: datetime) -> tuple[CallerContext, tuple[Job, ...]]:
    """Everything about a caller, and the near jobs if it is one technician.

    A number that is not E.164 (withheld, "anonymous") finds nobody and asks nothing.
    """
    if not E164.fullmatch(number):
        return CallerContext((), (), (), now), ()
    accounts = soql(f"SELECT AccountId FROM Contact WHERE {PHONED}", number=number)
    read = await salesforce.queries(
        {
            "people": soql(PEOPLE, number=number),
            "technicians": _technicians("Phone_E164__c = {value}", number, now),
            "visits": _filled(VISITS, accounts, open=OPEN, since=now - FORGOTTEN),
            "entitlements": _filled(ENTITLEMENTS, accounts),
            "jobs": soql(jobs.OF_CALLER, number=number, start=now - jobs.NEAR, end=now + jobs.NEAR),
        },
        missing_ok={"visits", "technicians", "entitlements", "jobs"},
    )
    technicians = tuple(rows.technician(row) for row in read["technicians"])
    people = [rows.contact(row) for row in read["people"]]
    direct = [person for person in people if person.phone_e164 == number]
    matches = tuple(direct or people)
    if not matches and not technicians:
        matches = await _by_any_phone(salesforce, number)
        appointments = await of_accounts(salesforce, matches, now) if matches else ()
        return CallerContext(matches, (), appointments, now), ()
    if len(matches) > SWITCHBOARD:
        matches = ()
    of_matches = {person.account_id for person in matches}
    found = visits(read["visits"], read["entitlements"], now)
    appointments = tuple(visit for visit in found if visit.account_id in of_matches)
    near: tuple[Job, ...] = ()
    if len(technicians) == 1:
        near = tuple(jobs.job(rows.appointment(row, read_at=now), technicians[0].id) for row in read["jobs"])
    return CallerContext(matches, technicians, appointments, now), near


async def of_accounts(salesforce: Salesforce, people: Iterable[Contact], now: datetime) -> tuple[Appointment, ...]:
    """The open appointments of these people's accounts."""
    ids = sorted({person.account_id for person in people if person.account_id})
    if not ids:
        return ()
    listed = ", ".join(soql("{id}", id=one) for one in ids)
    read = await salesforce.queries(
        {
            "visits": _filled(VISITS, listed, open=OPEN, since=now - FORGOTTEN),
            "entitlements": _filled(ENTITLEMENTS, listed),
        },
        missing_ok={"entitlements"},
    )
    return visits(read["visits"], read["entitlements"], now)


async def by_employee_number(salesforce: Salesforce, number: str, now: datetime) -> Technician | None:
    found = await salesforce.query(_technicians("Employee_Number__c = {value}", number, now))
    return rows.technician(found[0]) if len(found) == 1 else None


async def strangers_order(salesforce: Salesforce, number: str, now: datetime) -> StrangersOrder | None:
    """A work order named by a customer on another phone. None when it is unknown, ambiguous, or has no number to prove.

    All of these answer alike, so that nobody learns which numbers exist (design, section 7 rule 1).
    """
    digits = re.sub(r"\D", "", number).lstrip("0")
    if not 2 <= len(digits) <= 10:
        return None
    spelled = sorted({digits, *(digits.zfill(width) for width in (5, 6, 7, 8, 9, 10))})
    which = soql("SELECT ContactId FROM WorkOrder WHERE WorkOrderNumber IN {spelled}", spelled=spelled)
    read = await salesforce.queries(
        {
            "orders": soql(f"SELECT Id, {WORK_ORDER} FROM WorkOrder WHERE WorkOrderNumber IN {{s}} LIMIT 3", s=spelled),
            "people": f"SELECT {CONTACT} FROM Contact WHERE Id IN ({which}) LIMIT 3",
            "visits": _filled(VISITS, which.replace("ContactId", "AccountId"), open=OPEN, since=now - FORGOTTEN),
        }
    )
    people = [rows.contact(row) for row in read["people"]]
    if len(read["orders"]) != 1 or len(people) != 1 or not people[0].phone_e164:
        return None
    order = rows.work_order(read["orders"][0])
    found = tuple(v for v in visits(read["visits"], (), now) if v.work_order_id == order.id)
    return StrangersOrder(order.id, people[0], people[0].phone_e164, found)


def visits(found: Iterable[rows.Row], entitlements: Iterable[rows.Row], now: datetime) -> tuple[Appointment, ...]:
    entitled = [rows.entitlement(row) for row in entitlements]
    return tuple(rows.appointment(row, read_at=now, entitlements=entitled) for row in found)


async def _by_any_phone(salesforce: Salesforce, number: str) -> tuple[Contact, ...]:
    """People who have the number in any phone field and any spelling, the found ones checked digit by digit.

    The search index lags and splits numbers as it likes (2.5), so it only proposes.
    """
    spellings = spelled(number)
    try:
        proposed = await salesforce.search(find_phone(spellings, FOUND_BY_PHONE, 40), essential=False)
    except (errors.RateLimited, errors.InvalidInput):
        return ()
    people = [
        replace(person, phone_e164=person.phone_e164 or number)
        for row in proposed
        if any(_same(row.get(field), number) for field in PHONE_FIELDS)
        for person in [rows.contact(row)]
    ]
    return tuple(people) if len(people) <= SWITCHBOARD else ()


def spelled(number: str) -> tuple[str, ...]:
    """The ways people write an E.164 number: bare, national with the usual marks between its groups (2.5)."""
    import phonenumbers  # 60 ms, and needed only for a number nobody has on record

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return (number[1:],)
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = re.findall(r"\d+", national)
    joined = (mark.join(digits) for mark in ("-", ".", " ", ""))
    return tuple(dict.fromkeys((number[1:], str(parsed.national_number), national, *joined)))


def _same(stored: object, number: str) -> bool:
    """The stored digits end in the number's, extensions and a national zero put aside; nine digits at least."""
    digits = re.sub(r"\D", "", re.split(r"(?i)\s*(?:x|ext\.?|#)\s*\d+\s*$", str(stored or ""))[0]).lstrip("0")
    return len(digits) >= 9 and number[1:].endswith(digits)


def _technicians(which: str, value: str, now: datetime) -> str:
    return soql(TECHNICIANS.replace("{which}", which), value=value, now=now)


def _filled(template: str, accounts: str, **values: object) -> str:
    """`accounts` is a sub-query or a list of literals that `soql` has already made."""
    return soql(template.replace("{accounts}", "\0"), **values).replace("\0", accounts)
