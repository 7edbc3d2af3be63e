"""Free times and bookings: a package's Apex class, the standard action, Salesforce Scheduler (sheet 3.1, 3.2).

Each is there only where the org has them: `scheduling` of org.json, or `/emulator/switch`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from voice_agent.demo.salesforce import ids, values
from voice_agent.demo.salesforce.errors import ApiError, malformed_json, not_found
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request
from voice_agent.demo.salesforce.scheduling import Planner, Span
from voice_agent.demo.salesforce.values import Row

APEX_PATH = ("ai", "slots")
_ACTION = "scheduleServiceAppointment"
_ACTION_SINCE = 62.0
_MOST = 6
_FARTHEST = timedelta(days=31)


def services(context: Context) -> frozenset[str]:
    """Which of `apex`, `action` and `scheduler` the org has."""
    switched = context.database.setting("scheduling")
    return frozenset(map(str, switched)) if isinstance(switched, list) else frozenset(context.org.scheduling)


def apex(context: Context, request: Request) -> Reply:
    """`/services/apexrest/ai/slots`: GET gives free windows, POST books one inside the arrival window."""
    if request.path != APEX_PATH or "apex" not in services(context):
        raise ApiError(404, "NOT_FOUND", "Could not find a match for URL")
    if request.method == "GET":
        return Reply(body=_free(context, request))
    if request.method == "POST":
        return Reply(body=_book(context, str(request.fields().get("appointment", ""))))
    raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are GET,POST")


def actions(context: Context, request: Request, rest: tuple[str, ...]) -> Reply:
    """`actions/standard`: the list, and the one action that is served."""
    there = "action" in services(context) and float(request.version) >= _ACTION_SINCE
    match request.method, rest:
        case "GET", ():
            url = f"{request.base}/actions/standard/{_ACTION}"
            one = {"label": "Schedule Service Appointment", "name": _ACTION, "type": _ACTION.upper(), "url": url}
            return Reply(body={"actions": [one] if there else []})
        case "POST", (name,) if name == _ACTION and there:
            inputs = request.fields().get("inputs")
            if not isinstance(inputs, list):
                raise malformed_json("inputs must be a list")
            return Reply(body=[_act(context, given) for given in inputs if isinstance(given, Mapping)])
        case _:
            raise not_found()


def scheduler(context: Context, request: Request, rest: tuple[str, ...]) -> Reply:
    """`scheduling/`: the list of its resources, free times of a whole team, and those of given technicians."""
    if "scheduler" not in services(context):
        raise not_found()
    match request.method, rest:
        case "GET", ():
            names = ("getAppointmentCandidates", "getAppointmentSlots")
            return Reply(body={name: f"{request.base}/scheduling/{name}" for name in names})
        case "POST", ("getAppointmentCandidates",):
            return Reply(body={"candidates": _candidates(context, request.fields())})
        case "POST", ("getAppointmentSlots",):
            wanted = _ids(request.fields(), "requiredResourceIds")
            found = _candidates(context, request.fields())
            return Reply(
                body={
                    "timeSlots": [
                        {name: one[name] for name in ("startTime", "endTime", "territoryId")}
                        for one in found
                        if set(wanted) <= set(one["resources"])
                    ]
                }
            )
        case _:
            raise not_found()


def _candidates(context: Context, asked: Mapping[str, object]) -> list[dict[str, Any]]:
    """Quarter-hour starts on which somebody of the territories is free, in order of time."""
    now = context.viewer.now
    earliest = max(now, _moment(str(asked.get("startTime") or "")) or now)
    latest = min(_moment(str(asked.get("endTime") or "")) or now + _FARTHEST, earliest + _FARTHEST)
    work = _work(context, asked)
    found: dict[tuple[datetime, datetime, str], list[str]] = {}
    for territory in _ids(asked, "territoryIds"):
        planner = Planner(context.records, {**work, "ServiceTerritoryId": territory}, travel=timedelta())
        for one in planner.starts(earliest, latest):
            found.setdefault((one.span.start, one.span.end, territory), []).append(one.resource_id)
    return [
        {"startTime": _shown(start), "endTime": _shown(end), "territoryId": territory, "resources": resources}
        for (start, end, territory), resources in sorted(found.items())
    ]


def _work(context: Context, asked: Mapping[str, object]) -> Row:
    """What is to be done, in the terms of an appointment: its duration, and where its skills are written down."""
    given = asked.get("workType")
    if not isinstance(given, Mapping) or not (given.get("id") or given.get("durationInMinutes")):
        raise ApiError(400, "MISSING_ARGUMENT", "workType with id or durationInMinutes is required")
    minutes, kind = given.get("durationInMinutes"), None
    if given.get("id"):
        kind = ids.normalise(str(given["id"]))
        obj = context.schema.objects["WorkType"]
        if kind is None or not kind.startswith(obj.prefix):
            raise ApiError(400, "INVALID_INPUT", "workType.id is not the id of a work type")
        row = context.records.visible(obj, kind)
        minutes = minutes if minutes is not None else row["DurationInMinutes"]
    return {"Id": None, "DurationInMinutes": float(str(minutes)), "ParentRecordId": kind}


def _ids(asked: Mapping[str, object], name: str) -> list[str]:
    given = asked.get(name)
    if not isinstance(given, list) or not given:
        raise ApiError(400, "MISSING_ARGUMENT", f"{name} is required")
    found = [ids.normalise(str(one)) for one in given]
    if None in found:
        raise ApiError(400, "INVALID_INPUT", f"{name} holds an invalid id")
    return [str(one) for one in found]


def _free(context: Context, request: Request) -> list[dict[str, object]]:
    asked = request.query
    if asked.get("probe") == "true":
        return []
    visit = _visit(context, asked.get("appointment", ""))
    now = context.viewer.now
    earliest = max(now, values.moment(str(visit["EarliestStartTime"])), _moment(asked.get("from")) or now)
    latest = _moment(asked.get("to")) or values.moment(str(visit["DueDate"]))
    calendar = _hours(context, asked["calendar"]) if asked.get("calendar") else None
    windows = Planner(context.records, visit).windows(earliest, min(latest, now + _FARTHEST), calendar)
    slots: list[dict[str, object]] = []
    for window, _ in zip(windows, range(int(asked.get("max", _MOST))), strict=False):
        waiting = (window.start - earliest) / timedelta(days=1)
        grade = round(max(0.0, 100 - 5 * waiting), 2)
        slots.append({"start": _shown(window.start), "finish": _shown(window.end), "grade": grade})
    return slots


def _hours(context: Context, named: str) -> str:
    found = context.records.parent(ids.normalise(named))
    if found is None or found[0].name != "OperatingHours":
        raise ApiError(400, "APEX_ERROR", f"Invalid id: {named}")
    return str(found[1]["Id"])


def _book(context: Context, appointment: str) -> dict[str, object]:
    visit = _visit(context, appointment)
    if not visit["ArrivalWindowStartTime"] or not visit["ArrivalWindowEndTime"]:
        window = Span(values.moment(str(visit["EarliestStartTime"])), values.moment(str(visit["DueDate"])))
    else:
        start, end = str(visit["ArrivalWindowStartTime"]), str(visit["ArrivalWindowEndTime"])
        window = Span(values.moment(start), values.moment(end))
    placed = Planner(context.records, visit).place(window)
    if placed is None:
        return {"scheduled": False, "start": None, "finish": None, "resource": None}
    status = next(s.value for s in context.org.appointment_statuses if s.category == "Scheduled")
    times = {
        "SchedStartTime": values.instant(placed.span.start),
        "SchedEndTime": values.instant(placed.span.end),
        "Status": status,
    }
    context.records.adjust("ServiceAppointment", visit["Id"], times)
    assigned = context.records.rows("AssignedResource", "ServiceAppointmentId", visit["Id"])
    if assigned:
        context.records.adjust("AssignedResource", assigned[0]["Id"], {"ServiceResourceId": placed.resource_id})
    else:
        keys = {"ServiceAppointmentId": visit["Id"], "ServiceResourceId": placed.resource_id}
        context.records.create("AssignedResource", keys)
    return {
        "scheduled": True,
        "start": _shown(placed.span.start),
        "finish": _shown(placed.span.end),
        "resource": placed.resource_id,
    }


def _act(context: Context, given: Mapping[str, object]) -> dict[str, object]:
    appointment = str(given.get("serviceAppointmentId", ""))
    try:
        booked = _book(context, appointment)
    except ApiError as error:
        problems = [{"statusCode": error.code, "message": error.message, "fields": list(error.fields or ())}]
        return {"actionName": _ACTION, "errors": problems, "isSuccess": False, "outputValues": None}
    output = {"serviceAppointmentId": appointment} if booked["scheduled"] else {}
    return {"actionName": _ACTION, "errors": None, "isSuccess": booked["scheduled"], "outputValues": output}


def _visit(context: Context, appointment: str) -> Row:
    obj = context.schema.objects["ServiceAppointment"]
    record_id = ids.normalise(appointment)
    if record_id is None or not record_id.startswith(obj.prefix):
        raise ApiError(400, "INVALID_ID_FIELD", f"Invalid id: {appointment}")
    return context.records.visible(obj, record_id)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return values.moment(text.replace(" ", "+"))
    except ValueError as problem:
        raise ApiError(400, "APEX_ERROR", f"Invalid date/time: {text}") from problem


def _shown(moment: datetime) -> str:
    return values.instant(moment)
