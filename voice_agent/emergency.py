"""Puts an emergency on record: Case (High), WorkOrder (Critical), audited and exactly once. Asks nobody's leave.

The caller has heard the guidance before this starts. When the org does not answer, the attempt goes on in the
background under the same key, and the caller is told that it is still being passed on.
"""

from __future__ import annotations

import asyncio
import logging

from voice_agent.agent.context import Speak
from voice_agent.agent.toolbox import Writer
from voice_agent.errors import VoiceAgentError
from voice_agent.grants import Grant
from voice_agent.salesforce.field_service import FieldService

ANSWER_SECONDS = 4.0
RETRIES = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0)

log = logging.getLogger(__name__)


class EmergencyDesk:
    def __init__(self, field: FieldService, writer: Writer) -> None:
        self._field = field
        self._writer = writer
        self._late: set[asyncio.Task[bool]] = set()

    async def record(self, *, hazard: str, words: str, grant: Grant, call_sid: str, speak: Speak) -> tuple[str, str]:
        """(sentence for the caller, note for the model). Both say what is true now; nothing is raised."""
        attempt = asyncio.ensure_future(self._until_done(hazard, words, grant, call_sid))
        self._late.add(attempt)
        attempt.add_done_callback(self._late.discard)
        done, _ = await asyncio.wait({attempt}, timeout=ANSWER_SECONDS)
        if done and attempt.result():
            return speak("emergency.recorded"), f"Emergency {hazard}: Case and WorkOrder are in the records."
        return speak("emergency.queued"), f"Emergency {hazard}: not in the records yet, still being passed on."

    async def _until_done(self, hazard: str, words: str, grant: Grant, call_sid: str) -> bool:
        for wait in (0.0, *RETRIES):
            await asyncio.sleep(wait)
            try:
                plan = await self._field.plan_emergency(
                    hazard=hazard, said=words, number=grant.number or None, contact=grant.contact
                )
                audit = {"call_sid": call_sid, "tool": "emergency", "request": hazard, "decision": "no leave needed"}
                committed = await self._writer(plan, f"{call_sid}:emergency:{hazard}", audit)
            except VoiceAgentError as error:
                log.error("emergency not recorded yet", extra={"error": type(error).__name__, "why": str(error)})
                continue
            if committed.status == "applied":
                log.warning("emergency recorded", extra={"hazard": hazard, "repeated": committed.repeated})
                return True
        log.critical("emergency never reached the records", extra={"hazard": hazard})
        return False
