"""Whose word counts on free times: the org's own service, where it has one, else our twelve rules alone.

What the org calls free is offered only where our rules find somebody to send, because one composite request books times
and technician together; so a slot of any source is verified in the same way when it is committed (sheet 3.1, 3.2).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, assert_never

from voice_agent import errors
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.records import Appointment
from voice_agent.salesforce.rows import moment
from voice_agent.salesforce.windows import HORIZON, LEAD
from voice_agent.salesforce.wishes import SlotWish
from voice_agent.salesforce.workforce import OrgTimes

log = logging.getLogger(__name__)

Kind = Literal["apex", "action", "scheduler", "rules"]
SEARCH_SECONDS = 4.0
"""A slot search of the package may take 10 s and more; nobody waits that long on the phone (sheet 3.2)."""
PAUSE = 10 * 60.0
"""Seconds for which a service that failed is not asked again."""
APEX_CLASS = "ai/slots"
ACTION = "scheduleServiceAppointment"
SCHEDULER = "scheduling/getAppointmentCandidates"
MOST_WINDOWS = 200


async def detect(salesforce: Salesforce) -> Kind:
    """The best way of 3.1 that this org has, in up to three requests. SalesforceError when it cannot be reached."""
    if await _has(salesforce.apex("GET", APEX_CLASS, params={"probe": "true"})) is not None:
        return "apex"
    listed = await _has(salesforce.request("GET", "actions/standard"))
    actions = listed.get("actions") if isinstance(listed, Mapping) else None
    if isinstance(actions, list) and any(isinstance(one, Mapping) and one.get("name") == ACTION for one in actions):
        return "action"
    if SCHEDULER.rpartition("/")[2] in str(await _has(salesforce.request("GET", "scheduling/"))):
        return "scheduler"
    return "rules"


async def _has(asking: Any) -> Any:
    """The answer, None where the org says that there is no such thing for this user."""
    try:
        return await asking
    except (errors.NotFound, errors.Forbidden, errors.InvalidInput):
        return None


class SlotSource(Protocol):
    """One way to learn what is free. Errors of `errors`, or ValueError for an answer that makes no sense."""

    kind: Kind

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        """What the org calls free; None when it leaves that to our rules."""
        ...

    async def booked(self, appointment_id: str) -> None:
        """The visit has just been committed to a window and a technician."""
        ...


class OwnRules:
    kind: Kind = "rules"

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        return None

    async def booked(self, appointment_id: str) -> None:
        return None


class ApexClass:
    """The class of our package: free windows of the customer's calendar, else of the territory's."""

    kind: Kind = "apex"

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        earliest, latest = _reach(appointment, wish, now)
        asked = {
            "appointment": str(appointment.id),
            "from": _iso(earliest),
            "to": _iso(latest),
            "max": str(MOST_WINDOWS),
        }
        entitled = appointment.entitlement
        if entitled and entitled.booking_hours_id:
            asked["calendar"] = str(entitled.booking_hours_id)
        found = await self._salesforce.apex("GET", APEX_CLASS, params=asked)
        return OrgTimes(windows=tuple(sorted((_at(one, "start"), _at(one, "finish")) for one in _listed(found))))

    async def booked(self, appointment_id: str) -> None:
        return None  # its engine had its say when it named the window


class StandardAction:
    """The engine names no free times: it places a visit within the window that was promised, after the fact.

    So our rules make the offer and the booking, and the engine may then choose better within the promise. When it
    cannot, the booking stands as it is.
    """

    kind: Kind = "action"

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        return None

    async def booked(self, appointment_id: str) -> None:
        body = {"inputs": [{"serviceAppointmentId": appointment_id}]}
        answers = _listed(await self._salesforce.request("POST", f"actions/standard/{ACTION}", json=body))
        if not all(one.get("isSuccess") for one in answers):
            log.info("the org's engine left a booking as it was", extra={"appointment": appointment_id})


class Scheduler:
    """Salesforce Scheduler: starts by technician, without travel; our rules add the drives and the windows."""

    kind: Kind = "scheduler"

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        earliest, latest = _reach(appointment, wish, now)
        work: dict[str, Any] = {"id": appointment.work_type_id} if appointment.work_type_id else {}
        work["durationInMinutes"] = round(appointment.duration_minutes or 60)
        body = {
            "startTime": _iso(earliest),
            "endTime": _iso(latest),
            "territoryIds": [appointment.territory_id],
            "workType": work,
            **({"accountId": appointment.account_id} if appointment.account_id else {}),
        }
        found = await self._salesforce.request("POST", SCHEDULER, json=body, writes=False)
        if not isinstance(found, Mapping):
            raise ValueError("candidates come in an object")
        starts: dict[str, set[datetime]] = {}
        for one in _listed(found.get("candidates")):
            resources = one.get("resources")
            if not isinstance(resources, list):
                raise ValueError("a candidate without resources")
            for resource in resources:
                starts.setdefault(str(resource), set()).add(_at(one, "startTime"))
        return OrgTimes(starts={resource: frozenset(found) for resource, found in starts.items()})

    async def booked(self, appointment_id: str) -> None:
        return None


class Sources:
    """The org's source: found out once, kept, and left alone for a while after it failed."""

    def __init__(
        self,
        salesforce: Salesforce,
        *,
        clock: Callable[[], float] = time.monotonic,
        search_seconds: float = SEARCH_SECONDS,
    ) -> None:
        self._salesforce = salesforce
        self._clock = clock
        self._seconds = search_seconds
        self._chosen: SlotSource | None = None
        self._not_before = 0.0

    @property
    def kind(self) -> Kind | None:
        """None until the org was asked."""
        return self._chosen.kind if self._chosen else None

    async def chosen(self) -> SlotSource:
        """Our own rules while the org cannot be asked; it is asked again after a pause."""
        if self._chosen is None:
            if self._clock() < self._not_before:
                return OwnRules()
            try:
                async with asyncio.timeout(self._seconds):
                    self._chosen = _source(await detect(self._salesforce), self._salesforce)
            except (errors.SalesforceError, TimeoutError) as problem:
                self._drop("detection", problem)
                return OwnRules()
            log.info("free times have a source", extra={"source": self._chosen.kind})
        return self._chosen

    async def times(self, appointment: Appointment, wish: SlotWish, *, now: datetime) -> OrgTimes | None:
        """What the org's service calls free; None, which leaves it to our rules, when it has none or does not answer.

        Never raises an error of the org's: the search goes on with our own rules.
        """
        source = await self.chosen()
        try:
            async with asyncio.timeout(self._seconds):
                return await source.times(appointment, wish, now=now)
        except (errors.SalesforceError, TimeoutError, ValueError) as problem:
            self._drop(source.kind, problem)
            return None

    async def booked(self, appointment_id: str) -> None:
        """Tell the source of a booking that stands. Whatever it answers, and if it does not, the booking stands."""
        source = self._chosen
        if source is None:
            return
        try:
            async with asyncio.timeout(self._seconds):
                await source.booked(appointment_id)
        except (errors.SalesforceError, TimeoutError, ValueError) as problem:
            self._drop(source.kind, problem)

    def _drop(self, what: str, problem: Exception) -> None:
        log.warning("slot source dropped, own rules instead", extra={"source": what, "why": type(problem).__name__})
        self._chosen = None
        self._not_before = self._clock() + PAUSE


def _source(kind: Kind, salesforce: Salesforce) -> SlotSource:
    match kind:
        case "apex":
            return ApexClass(salesforce)
        case "action":
            return StandardAction(salesforce)
        case "scheduler":
            return Scheduler(salesforce)
        case "rules":
            return OwnRules()
        case _:
            assert_never(kind)


def _reach(appointment: Appointment, wish: SlotWish, now: datetime) -> tuple[datetime, datetime]:
    """Rules 1 and 12: not before the lead time, not past the due date unless that was agreed to."""
    earliest = max(now + LEAD, appointment.earliest_start or now)
    latest = earliest + HORIZON
    if appointment.due and not wish.past_due:
        latest = max(min(latest, appointment.due), earliest)
    return earliest, latest


def _listed(answer: object) -> Iterable[Mapping[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(one, Mapping) for one in answer):
        raise ValueError("the slot service answers with a list of objects")
    return answer


def _at(one: Mapping[str, Any], field: str) -> datetime:
    found = moment(one.get(field))
    if found is None:
        raise ValueError(f"a free time without {field}")
    return found.astimezone(UTC)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
