"""Free times and bookings: the Apex class that a package installs, and the standard action (sheet 3.1, 3.2).

Both are there only where the org has them: `scheduling` of org.json, or `/emulator/switch`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

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
    """Which of `apex` and `action` the org has."""
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


def _free(context: Context, request: Request) -> list[dict[str, object]]:
    asked = request.query
    if asked.get("probe") == "true":
        return []
    visit = _visit(context, asked.get("appointment", ""))
    now = context.viewer.now
    earliest = max(now, values.moment(str(visit["EarliestStartTime"])), _moment(asked.get("from")) or now)
    latest = _moment(asked.get("to")) or values.moment(str(visit["DueDate"]))
    windows = Planner(context.records, visit).windows(earliest, min(latest, now + _FARTHEST))
    slots: list[dict[str, object]] = []
    for window, _ in zip(windows, range(int(asked.get("max", _MOST))), strict=False):
        waiting = (window.start - earliest) / timedelta(days=1)
        grade = round(max(0.0, 100 - 5 * waiting), 2)
        slots.append({"start": _shown(window.start), "finish": _shown(window.end), "grade": grade})
    return slots


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
