"""Keeps what the server remembers of the org true: changes that others make are heard and what they concern is dropped.

Nothing rests on it. Without change events everything goes stale by age; with them, within a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.streaming import ChangeListener, Places

log = logging.getLogger(__name__)

OBJECTS = (
    "ServiceAppointment",
    "WorkOrder",
    "AssignedResource",
    "ProductItem",
    "TimeSlot",
    "OperatingHours",
    "WorkType",
    "Pending_AI_Action__c",
)
"""What is kept between questions. An org that sends no events for one of them is asked again by age instead."""
AFTER_A_MISTAKE = 30.0
"""Seconds before listening goes on after something that no one foresaw."""


class PlacesInMemory:
    """Places that last as long as the process: after a restart listening begins with what happens from then on."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._kept: dict[str, tuple[int, datetime]] = {}

    async def load(self, channel: str) -> tuple[int, datetime] | None:
        return self._kept.get(channel)

    async def store(self, channel: str, replay_id: int) -> None:
        self._kept[channel] = (replay_id, self._now())


async def listen(
    salesforce: Salesforce,
    field: FieldService,
    places: Places | None = None,
    *,
    objects: Sequence[str] = OBJECTS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    also: Callable[[Change], Awaitable[None]] | None = None,
) -> None:
    """Runs until cancelled and raises nothing else: lost connections, refusals and expired tokens are waited out.

    `also` is told of every change after what was kept of it has been dropped.
    """

    async def hear(change: Change) -> None:
        field.note(change)
        if also is not None:
            await also(change)

    kept = places or PlacesInMemory(now)
    while True:
        listener = ChangeListener(salesforce, objects, places=kept, on_change=hear, now=now, wait=wait)
        try:
            await listener.run()
        except Exception as mistake:  # a caller must never feel that a background listener fell over
            log.exception("listening for changes broke off", extra={"why": type(mistake).__name__})
            await wait(AFTER_A_MISTAKE)
