"""Names of the org's service territories, asked seldom; without the org the ids stand for themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voice_agent.errors import SalesforceError
from voice_agent.salesforce.client import Salesforce

FRESH_SECONDS = 600.0
STATEMENT = "SELECT Id, Name FROM ServiceTerritory WHERE IsActive = true ORDER BY Name LIMIT 200"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Territories:
    salesforce: Salesforce
    wall: Callable[[], float]
    _names: Mapping[str, str] = field(default_factory=dict)
    _read: float = 0.0

    async def names(self) -> Mapping[str, str]:
        """Record id -> name; what was read last when the org does not answer."""
        if self.wall() - self._read > FRESH_SECONDS:
            self._read = self.wall()
            try:
                rows = await self.salesforce.query(STATEMENT, essential=False)
                self._names = {str(row["Id"]): str(row["Name"]) for row in rows}
            except SalesforceError as error:
                log.warning("territories could not be read", extra={"why": str(error)})
        return self._names
