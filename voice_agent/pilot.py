"""Where the agent is on trial: territories and technicians named by the business. Everybody else gets a person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from voice_agent.errors import SalesforceError
from voice_agent.grants import Grant
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.wishes import CallerContext

TECHNICIAN = "technician:"
"""In front of a technician's employee number or name; what stands without it is a territory's name or id."""
TERRITORIES = "SELECT Id, Name FROM ServiceTerritory ORDER BY Name LIMIT 2000"

log = logging.getLogger(__name__)


class Pilot:
    """`named` tells what is in it now; nothing named means everybody."""

    def __init__(self, named: Callable[[], Sequence[str]]) -> None:
        self._named = named
        self._ids: dict[str, str] = {}

    async def learn(self, salesforce: Salesforce) -> None:
        """The org's names of territories. Until they are known only ids are."""
        try:
            rows = await salesforce.query(TERRITORIES)
        except SalesforceError as error:
            log.warning("the names of territories are not known yet", extra={"error": type(error).__name__})
            return
        self._ids = {str(row["Name"]).lower(): str(row["Id"]) for row in rows}
        if unknown := [name for name in self._territories() if name not in self._ids.values()]:
            log.error("the pilot names territories that the org does not have", extra={"count": len(unknown)})

    def admits(self, grant: Grant, context: CallerContext | None) -> bool:
        """Whether the agent may serve this caller. Who is not known yet is served until they are."""
        if not self._named():
            return True
        territories = set(self._territories())
        if grant.technician is not None:
            names = {grant.technician.employee_number.lower(), grant.technician.name.lower()}
            return bool(names & set(self._technicians())) or _within(grant.technician.territory_ids, territories)
        if grant.contact is None or not territories:
            return True
        visits = context.of(grant.contact, account=True) if context is not None else ()
        return _within((visit.territory_id for visit in visits if visit.territory_id), territories)

    def _territories(self) -> list[str]:
        named = (name for name in self._named() if not name.lower().startswith(TECHNICIAN))
        return [self._ids.get(name.lower(), name) for name in named]

    def _technicians(self) -> list[str]:
        return [
            name[len(TECHNICIAN) :].strip().lower() for name in self._named() if name.lower().startswith(TECHNICIAN)
        ]


def _within(found: Iterable[str], territories: set[str]) -> bool:
    return any(str(one) in territories for one in found)
