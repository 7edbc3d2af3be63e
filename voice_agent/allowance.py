"""How many changes one person may have made in a day, over all calls and processes: the table's number, counted."""

from __future__ import annotations

from voice_agent.agent.toolbox import Spend
from voice_agent.grants import Grant
from voice_agent.tallies import Limit, Tallies

DAY = 86_400.0
NOBODY_KNOWN = 20
"""So many times one person's share is what all callers without a number have together."""


def allowance(tallies: Tallies) -> Spend:
    """StoreUnavailable when it cannot be counted: then nothing is changed either."""

    async def spend(key: str, grant: Grant, tool: str, most: int) -> bool:
        who = grant.technician.id if grant.technician else grant.contact.id if grant.contact else grant.number
        limit = Limit(f"tool:{tool}", who or "withheld", most if who else most * NOBODY_KNOWN, DAY)
        return await tallies.take(f"tool:{key}", [limit]) is None

    return spend
