"""A range over an emulated org, and the tally of a run over many cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.red_team.oracle import Cell, expected
from tests.red_team.trying import Range, Remembering, Tried, attempt
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.agent.policy import TABLE, Rule
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.field_service import FieldService


@asynccontextmanager
async def a_range(
    org: EmulatedOrg, *, rules: Mapping[str, Rule] = TABLE, commits: bool = False
) -> AsyncIterator[Range]:
    """With `commits` changes are made for real; without, every record is read once and nothing is written."""
    told = org.info["salesforce"]
    secret = Credentials(domain="acme.my", client_id=told["client_id"], client_secret=told["client_secret"])
    salesforce = (Salesforce if commits else Remembering)(secret, api_base_url=org.url)
    service = FieldService(salesforce, now=lambda: org.now)
    where = Range(service, org.now, rules)
    if commits:
        where.writer = lambda plan, key, audit: service.commit(plan, key=key, audit=audit)
    try:
        await where.prepare()
        yield where
    finally:
        await salesforce.close()


@dataclass
class Tally:
    cells: int = 0
    permitted: int = 0
    effects: int = 0
    forbidden: list[Cell] = field(default_factory=list)
    blocked: list[Cell] = field(default_factory=list)
    by_fault: Counter[str] = field(default_factory=Counter)

    def count(self, cell: Cell, tried: Tried) -> None:
        wanted = expected(cell)
        self.cells += 1
        self.permitted += wanted.reads or wanted.effects > 0 or wanted.before_dispatcher > 0
        self.effects += tried.effects
        match tried.differs(wanted):
            case "forbidden":
                self.forbidden.append(cell)
            case "blocked":
                self.blocked.append(cell)
            case _:
                pass


async def tally(where: Range, cells: Iterable[Cell]) -> Tally:
    counted = Tally()
    for cell in cells:
        counted.count(cell, await attempt(where, cell))
    return counted
