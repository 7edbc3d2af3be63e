"""Accounts and contacts with the phone troubles of a real CRM (sheet 6.3, 7.2)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from voice_agent.demo.salesforce.seed.loader import SeedRecord
from voice_agent.demo.salesforce.seed.variant import Place, Variant

NOT_ASKED = "quoted"
OPTED_OUT = "stale"
_ACCOUNTS = 30
_CONTACTS = 45


@dataclass(slots=True)
class People:
    """The accounts, the contacts, and who lives where."""

    accounts: list[SeedRecord] = field(default_factory=list)
    contacts: list[SeedRecord] = field(default_factory=list)
    place_of: dict[str, Place] = field(default_factory=dict)
    """Account key to its territory."""
    contact_of: dict[str, str] = field(default_factory=dict)
    """Account key to its first contact's key."""
    numbers: dict[str, str] = field(default_factory=dict)
    """Role in the story to the E.164 number it calls from."""
    opt_ins: list[SeedRecord] = field(default_factory=list)
    """What people said about texts: most that they want them, one that she does not, some nothing."""


class Numbers:
    """Fictional numbers, each given once."""

    def __init__(self, variant: Variant) -> None:
        width = 12 if variant.calling_code == "1" else 13
        self._stream = self._all(variant.number_block, width)

    def take(self) -> str:
        return next(self._stream)

    @staticmethod
    def _all(stems: tuple[str, ...], width: int) -> Iterator[str]:
        """Round the stems, so that neighbours differ in more than the last digit."""
        digits = width - len(stems[0])
        for number in range(3, 10**digits):
            for stem in stems:
                yield f"{stem}{number:0{digits}d}"


def written(e164: str, form: int) -> str:
    """A number as eight different people typed it."""
    if e164.startswith("+44"):
        n = "0" + e164[3:]
        forms = (
            e164,
            f"{n[:5]} {n[5:]}",
            n,
            f"{n[:5]} {n[5:8]} {n[8:]}",
            f"+44 {n[1:5]} {n[5:]}",
            f"{n[:5]}-{n[5:]}",
            f"+44 (0){n[1:5]} {n[5:]}",
            f"{n[:5]} {n[5:]} x12",
        )
    else:
        a, b, c = e164[2:5], e164[5:8], e164[8:]
        forms = (
            e164,
            f"({a}) {b}-{c}",
            f"{a}-{b}-{c}",
            f"{a}.{b}.{c}",
            f"1{a}{b}{c}",
            f"{a}{b}{c}",
            f"+1 {a} {b} {c}",
            f"{a}-{b}-{c} x12",
        )
    return forms[form % len(forms)]


def generate(variant: Variant, random: Random) -> People:
    """Thirty accounts and forty-five contacts; the named ones of the story first."""
    people = People()
    numbers = Numbers(variant)
    for role in ("alex", "unknown"):
        people.numbers[role] = numbers.take()
    for place, (role, (first, last)) in enumerate(variant.named.items()):
        _named(people, variant, numbers, role, first, last, variant.places[place % 3 == 2])
    for place, name in enumerate(variant.businesses):
        _business(people, variant, numbers, random, place, name)
    surnames = iter(zip(variant.first_names, variant.last_names, strict=True))
    while len(people.accounts) < _ACCOUNTS:
        first, last = next(surnames)
        key = f"acct-{len(people.accounts)}"
        where = variant.places[len(people.accounts) % 2]
        _account(people, variant, random, key, variant.household.format(last), where)
        number = numbers.take()
        _contact(people, key, first, last, Phone=written(number, len(people.contacts)))
        _opt_in(people, number)
    office = numbers.take()
    people.numbers["office"] = office
    shared = [key for key in people.place_of if key.startswith("biz-")][0]
    while len(people.contacts) < _CONTACTS:
        first, last = next(surnames)
        spare = _CONTACTS - len(people.contacts)
        if spare <= 5:
            _contact(people, shared, first, last, Phone=written(office, spare), Title="Front desk")
        else:
            key = list(people.place_of)[len(people.contacts) % len(people.place_of)]
            _contact(people, key, first, last, HomePhone=written(numbers.take(), len(people.contacts)))
    return people


def _named(people: People, variant: Variant, numbers: Numbers, role: str, first: str, last: str, where: Place) -> None:
    key = f"acct-{role}"
    _account(people, variant, Random(role), key, variant.household.format(last), where)
    if role == "stopped":
        people.accounts[-1]["On_Stop__c"] = True
    match role:
        case "silent":
            _contact(people, key, first, last)
        case "ten":
            mine = [numbers.take() for _ in range(4)]
            people.numbers[role] = mine[0]
            _contact(
                people,
                key,
                first,
                last,
                MobilePhone=written(mine[0], 1),
                Phone=written(mine[1], 2),
                HomePhone=written(mine[2], 3),
                OtherPhone=written(mine[3], 4),
                AssistantPhone=written(numbers.take(), 5),
                Fax=written(numbers.take(), 6),
                Description="Also: " + ", ".join(written(numbers.take(), form) for form in range(4)),
            )
        case _:
            people.numbers[role] = numbers.take()
            form = {"maria": 1, "enroute": 2, "stale": 3}.get(role, 7 if role == "busy" else 0)
            _contact(people, key, first, last, MobilePhone=written(people.numbers[role], form))
    people.contacts[-1]["key"] = role
    people.contact_of[key] = role
    if role in people.numbers and role != NOT_ASKED:
        _opt_in(people, people.numbers[role], "OptedOut" if role == OPTED_OUT else "OptedIn")


def _business(people: People, variant: Variant, numbers: Numbers, random: Random, place: int, name: str) -> None:
    key = f"biz-{place}"
    _account(people, variant, random, key, name, variant.places[place % 2])
    people.accounts[-1] |= {"Phone": written(numbers.take(), place), "Industry": "Retail"}
    first, last = variant.first_names[-1 - place], variant.last_names[-1 - place]
    mobile = numbers.take()
    email = f"{first}.{last}@{variant.domain}".lower()
    _contact(people, key, first, last, MobilePhone=written(mobile, place + 1), Email=email, Title="Manager")
    _opt_in(people, mobile)


def _account(people: People, variant: Variant, random: Random, key: str, name: str, where: Place) -> None:
    number = random.randrange(100, 6900)
    people.accounts.append(
        {
            "key": key,
            "Name": name,
            "AccountNumber": f"C-{1000 + len(people.accounts)}",
            "Type": "Customer",
            "BillingStreet": f"{number} {random.choice(where.streets)}",
            "BillingCity": where.city,
            "BillingState": where.state,
            "BillingPostalCode": random.choice(where.postal_codes),
            "BillingCountry": where.country,
            "BillingLatitude": round(where.latitude + random.uniform(-0.06, 0.06), 5),
            "BillingLongitude": round(where.longitude + random.uniform(-0.06, 0.06), 5),
        }
    )
    people.place_of[key] = where


def _opt_in(people: People, number: str, status: str = "OptedIn") -> None:
    """Of the contact made last."""
    people.opt_ins.append(
        {
            "Contact__c": f"#{people.contacts[-1]['key']}",
            "Phone_E164__c": number,
            "Channel__c": "SMS",
            "Status__c": status,
            "Source__c": "Web form",
            "Captured__c": "2024-05-06T14:00:00.000+0000",
            "Wording_Version__c": "2024-05",
        }
    )


def _contact(people: People, account: str, first: str, last: str, **fields: str) -> None:
    key = f"contact-{len(people.contacts)}"
    people.contacts.append({"key": key, "AccountId": f"#{account}", "FirstName": first, "LastName": last, **fields})
    people.contact_of.setdefault(account, key)
