"""What kind of work a described problem is, and which of the customer's machines it is about."""

from __future__ import annotations

from voice_agent.salesforce import rows
from voice_agent.salesforce.catalogue import Catalogue
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.parts import alike, squeeze, words
from voice_agent.salesforce.records import Asset, RecordId, WorkType
from voice_agent.salesforce.soql import soql

ASSETS = """SELECT Id, Name, SerialNumber, Product2.Name FROM Asset
    WHERE AccountId = {account} AND Status != 'Obsolete' ORDER BY InstallDate DESC NULLS LAST LIMIT 50"""
FITS = 0.8
"""How alike two words must be to count: recogniser slips yes, other words no."""


async def like(catalogue: Catalogue, said: str) -> tuple[WorkType, ...]:
    """Kinds of work that share words with what was said, best first, at most three."""
    scored = [(overlap(said, f"{kind.name} {kind.description}"), kind) for kind in await catalogue.work_types()]
    best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].name))
    return tuple(kind for _, kind in best[:3])


async def assets_like(salesforce: Salesforce, account_id: RecordId | None, said: str) -> tuple[Asset, ...]:
    """The account's machines by serial number (its last four characters are enough), else by words; at most three."""
    if account_id is None:
        return ()
    found = [rows.asset(row) for row in await salesforce.query(soql(ASSETS, account=account_id))]
    serials = [one for one in found if len(tail := _tail(one)) >= 4 and tail in squeeze(said)]
    if serials:
        return tuple(serials[:3])
    scored = [(overlap(said, f"{one.name} {one.product}"), one) for one in found]
    best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
    return tuple(one for _, one in best[:3])


def overlap(said: str, named: str) -> float:
    """Share of the named words that were said, close spellings included."""
    heard = [word for word in words(said) if len(word) > 1]
    names = [word for word in words(named) if len(word) > 1]
    hits = sum(any(alike(name, word) >= FITS for word in heard) for name in set(names))
    return hits / len(set(names)) if names else 0.0


def _tail(asset: Asset) -> str:
    return squeeze(asset.serial)[-4:]
