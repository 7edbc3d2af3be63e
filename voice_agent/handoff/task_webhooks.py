"""TaskRouter's two webhooks: what to do with a reservation, within five seconds, and what became of it.

By default a worker's phone is called with our own leg document (`call`): they hear the summary and press 1 like anybody
else, and `<Dial><Queue reservationSid>` takes the caller out of the queue without any REST. The other instructions are
there for desks that work differently; the target's `assign` chooses.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.responses import Response

from voice_agent.errors import StoreUnavailable
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Via, Wish
from voice_agent.handoff.targets import Target
from voice_agent.handoff.workers import Worker
from voice_agent.lines import Line

REJECT: Mapping[str, Any] = {"instruction": "reject"}
WITHOUT_A_KEY = frozenset({"dequeue", "conference", "accept", "redirect"})
"""Instructions after which nobody presses 1: the accepted reservation itself is the answer."""

Form = dict[str, str]

log = logging.getLogger(__name__)


class TaskWebhooks:
    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def table(self) -> dict[str, Callable[[Form], Awaitable[Response]]]:
        return {"/twilio/task/assign": self.assign, "/twilio/task/event": self.event}

    async def assign(self, form: Form) -> Response:
        """A worker was found. The answer must come in five seconds; a worker who cannot be called is sent back."""
        attributes, worker = _object(form.get("TaskAttributes")), _object(form.get("WorkerAttributes"))
        call_sid = str(attributes.get("call") or attributes.get("call_sid") or "")
        phone = str(worker.get("contact_uri") or "")
        try:
            waiting = await self._dispatch.load(call_sid)
            if waiting is None or waiting.state is State.OVER:
                return _json(REJECT)
            target = self._dispatch.target_of(waiting)
            if target.assign != "accept" and not self._dispatch.targets.dialable(phone):
                log.warning("a worker's contact_uri may not be dialled", extra={"worker": form.get("WorkerSid", "")})
                return _json(REJECT)
            reservation = "/".join(form.get(name, "") for name in ("WorkspaceSid", "TaskSid", "ReservationSid"))
            same = [each for each in waiting.attempts if each.reservation_sid == reservation]
            attempt = (
                same[-1]
                if same
                else await self._dispatch.begin(
                    waiting, by=form.get("WorkerName", ""), phone=phone, via=Via.TASK, reservation_sid=reservation
                )
            )
        except StoreUnavailable:
            return Response(status_code=503)  # the fallback URL, or the reservation's own time-out, brings the next
        if attempt is None:
            return _json(REJECT)
        return _json(self._instruction(target, attempt, self._dispatch.line_of(waiting), worker))

    def _instruction(
        self, target: Target, attempt: Attempt, line: Line, worker: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        documents = self._dispatch.documents
        called = {
            "from": line.number,
            "to": attempt.phone,
            "timeout": target.ring_seconds,
            "status_callback_url": documents.status_url(attempt.key),
        }
        after = {"post_work_activity_sid": str(worker["after_sid"])} if worker.get("after_sid") else {}
        events = {"status_callback_events": "ringing,answered,completed"}
        match target.assign:
            case "accept":
                return {"instruction": "accept"}
            case "dequeue":
                return {"instruction": "dequeue", **called, **events, **after}
            case "conference":
                return {"instruction": "conference", **called, "end_conference_on_exit": True, **after}
            case "redirect" if worker.get("call_sid"):  # a worker who sits on an open line
                url = documents.leg_url(attempt)
                return {"instruction": "redirect", "call_sid": str(worker["call_sid"]), "url": url, "accept": False}
            case _:
                return {"instruction": "call", **called, "url": documents.leg_url(attempt), "accept": False}

    async def event(self, form: Form) -> Response:
        """At least once and in any order: each event only confirms what is so, or ends what is open."""
        kind = form.get("EventType", "")
        attributes = _object(form.get("TaskAttributes"))
        call_sid = str(attributes.get("call") or attributes.get("call_sid") or "")
        try:
            match kind:
                case "reservation.accepted":
                    await self._taken(call_sid, form)
                case "reservation.timeout" | "reservation.canceled" | "reservation.rescinded":
                    await self._ended(call_sid, form, Outcome.NO_ANSWER)
                case "reservation.rejected":
                    await self._ended(call_sid, form, Outcome.DECLINED)
                case "task.canceled":
                    await self._dispatch.wish(call_sid, Wish.NEXT)  # nobody is left to ask: on to the next target
                case "worker.activity.update":
                    await self._dispatch.worker_is(_worker(form, self._dispatch.wall()))
                case _:
                    pass
        except StoreUnavailable as error:
            log.warning("an event of TaskRouter was not noted", extra={"event": kind, "why": str(error)})
        return Response(status_code=204)

    async def _of(self, call_sid: str, form: Form) -> Attempt | None:
        waiting = await self._dispatch.load(call_sid)
        wanted = form.get("ReservationSid", "")
        if waiting is None or not wanted:
            return None
        return next((each for each in waiting.attempts if each.reservation_sid.endswith(f"/{wanted}")), None)

    async def _taken(self, call_sid: str, form: Form) -> None:
        attempt = await self._of(call_sid, form)
        waiting = await self._dispatch.load(call_sid)
        if attempt is None or waiting is None:
            return
        assign = self._dispatch.target_of(waiting).assign
        if assign in WITHOUT_A_KEY:
            await self._dispatch.accepted(attempt.key)
        if assign != "accept":  # then somebody else brings them together, or nobody does
            await self._dispatch.connected(attempt.key)

    async def _ended(self, call_sid: str, form: Form, outcome: Outcome) -> None:
        attempt = await self._of(call_sid, form)
        if attempt is not None and not attempt.was_accepted:
            await self._dispatch.settle(attempt.key, outcome)


def _worker(form: Form, now: float) -> Worker:
    moment = form.get("TimestampMs", "")
    since = int(moment) / 1000 if moment.isascii() and moment.isdigit() else now
    return Worker(
        form.get("WorkerSid", ""), form.get("WorkerName", ""), form.get("WorkerActivityName", ""), None, since
    )


def _object(text: str | None) -> dict[str, Any]:
    try:
        read = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def _json(instruction: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(instruction), media_type="application/json")
