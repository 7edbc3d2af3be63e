"""Parts: which product is meant by the words spoken, where it lies, and how far that is. The van comes first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from voice_agent.salesforce import rows, travel
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.records import Job, RequiredPart, StockedPart, Technician
from voice_agent.salesforce.soql import Containing, soql
from voice_agent.salesforce.statements import STOCK
from voice_agent.salesforce.travel import Point
from voice_agent.salesforce.wishes import PartStock

CERTAIN = 0.8
"""Score from which a product in the van is what was meant, so that nobody else's stock need be asked for."""
GOOD_ENOUGH = 0.62
"""Score below which a product is not what was said; found on the demo org's parts, misspelt as recognisers do."""
FILLERS = frozenset(
    "a an the of for some new my one two de la el un una los las gallon galon pound libra box caja foot feet".split()
)
"""Words around a part that do not name it, units among them."""

VAN = f"SELECT {STOCK} FROM ProductItem WHERE LocationId = {{van}} LIMIT 500"
ELSEWHERE = f"SELECT {STOCK} FROM ProductItem WHERE ({{like}}) AND LocationId != {{van}} LIMIT 200"
EVERYWHERE = f"SELECT {STOCK} FROM ProductItem WHERE Product2Id = {{product}} AND QuantityOnHand > 0 LIMIT 200"
REQUIRED = """SELECT Product2Id, ProductName, QuantityRequired, QuantityUnitOfMeasure FROM ProductRequired
    WHERE ParentRecordId IN {parents} ORDER BY ProductName LIMIT 50"""
WHEREABOUTS = """SELECT Id, LocationId, LastKnownLatitude, LastKnownLongitude, (SELECT Latitude, Longitude
    FROM ServiceTerritories WHERE TerritoryType = 'P' LIMIT 1) FROM ServiceResource WHERE LocationId != null
    AND IsActive = true LIMIT 500"""


async def of_van(salesforce: Salesforce, technician: Technician) -> tuple[StockedPart, ...]:
    """Everything the van holds or should hold, items at zero included."""
    if technician.van_id is None:
        return ()
    found = await salesforce.query(soql(VAN, van=technician.van_id))
    return tuple(rows.stocked_part(row, van_id=technician.van_id) for row in found)


async def required(salesforce: Salesforce, job: Job) -> tuple[RequiredPart, ...]:
    """What the job's order and line item call for; nothing where the org keeps no such list, or hides it."""
    visit = job.appointment
    parents = [one for one in (visit.work_order_id, visit.line_item.id if visit.line_item else None) if one]
    if not parents:
        return ()
    found = await salesforce.queries({"required": soql(REQUIRED, parents=parents)}, missing_ok={"required"})
    return tuple(rows.required_part(row) for row in found["required"])


async def elsewhere(salesforce: Salesforce, technician: Technician, spoken: str) -> tuple[StockedPart, ...]:
    """Stock of other places whose product begins like one of the words; a rough net, `best` decides."""
    said = words(spoken)
    stems = {word[:5] for word in said if len(word) > 2} | ({squeeze(spoken)} if said else set())
    if not stems:
        return ()
    clauses = " OR ".join(
        soql("Product2.Name LIKE {stem} OR Product2.ProductCode LIKE {stem}", stem=Containing(stem))
        for stem in sorted(stems)[:6]
    )
    statement = soql(ELSEWHERE.replace("{like}", "\0"), van=technician.van_id).replace("\0", clauses)
    return tuple(rows.stocked_part(row, van_id=technician.van_id) for row in await salesforce.query(statement))


def best(stocked: Iterable[StockedPart], spoken: str) -> tuple[StockedPart, ...]:
    scored = [replace(part, score=score(spoken, part)) for part in stocked]
    fitting = sorted(
        (part for part in scored if part.score >= GOOD_ENOUGH), key=lambda part: (-part.score, not part.mine, part.name)
    )
    by_product: dict[str, StockedPart] = {}
    for part in sorted(fitting, key=lambda part: not part.mine):
        by_product.setdefault(part.product_id, part)
    top = sorted(by_product.values(), key=lambda part: (not part.mine, -part.score, part.name))
    return tuple(top[:5])


def score(spoken: str, part: StockedPart) -> float:
    """0-1: how well the words fit the name, or 1 for the part number however it is spaced and punctuated."""
    said = words(spoken)
    squeezed = squeeze(spoken)
    if squeezed and squeezed == squeeze(part.code):
        return 1.0
    if len(squeezed) >= 4 and any(c.isdigit() for c in squeezed) and squeezed in squeeze(part.name):
        return 1.0
    name = words(part.name)
    if not said or not name:
        return 0.0
    heard = sum(max(alike(word, other) for other in name) for word in said) / len(said)
    covered = sum(max(alike(word, other) for other in said) for word in name) / len(name)
    return 0.7 * heard + 0.3 * covered


def squeeze(text: str) -> str:
    """Letters and digits alone: a part number however it is spaced, spelled out or punctuated."""
    return re.sub(r"[\W_]", "", text).lower()


def words(text: str) -> list[str]:
    """Lower-case words without plural s, accents kept; filler words out unless nothing else was said."""
    found = [_singular(word) for word in re.findall(r"\w+", text.lower().replace("-", ""))]
    return [word for word in found if word not in FILLERS] or found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def alike(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other).ratio()


async def stock(salesforce: Salesforce, technician: Technician, part: StockedPart) -> PartStock:
    """Where the product lies now, nearest to the technician first."""
    found = await salesforce.queries(
        {"stock": soql(EVERYWHERE, product=part.product_id), "vans": soql(WHEREABOUTS)}, missing_ok={"vans"}
    )
    places = {str(row["LocationId"]): point for row in found["vans"] if (point := _whereabouts(row))}
    here = places.get(technician.van_id or "")
    lying = [_located(rows.stocked_part(row, van_id=technician.van_id), places, here) for row in found["stock"]]
    return PartStock(
        van=next((one for one in lying if one.mine), None),
        others=nearest(one for one in lying if one.mobile and not one.mine),
        warehouses=nearest(one for one in lying if not one.mobile),
    )


def nearest(stocked: Iterable[StockedPart]) -> tuple[StockedPart, ...]:
    return tuple(sorted(stocked, key=lambda part: (part.km is None, part.km or 0.0, part.location)))


def _located(part: StockedPart, places: dict[str, Point], here: Point | None) -> StockedPart:
    """A van is where its technician was seen last; its Location row, if it has coordinates, is where it was bought."""
    point = places.get(part.location_id) if part.mobile else part.point
    km = round(travel.kilometres(here, point), 1) if here and point else None
    return replace(part, point=point, km=km)


def _whereabouts(row: rows.Row) -> Point | None:
    homes: Sequence[rows.Row] = rows.children(row, "ServiceTerritories")
    return rows.point(row, "LastKnownLatitude", "LastKnownLongitude") or (
        rows.point(homes[0], "Latitude", "Longitude") if homes else None
    )
