"""sObject collections: up to 200 records of mixed types in one call (sheet 2.6)."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from voice_agent.demo.salesforce import ids
from voice_agent.demo.salesforce.errors import ApiError, malformed_json, method_not_allowed, not_found
from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.rest import sobjects
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request

_MOST = 200
_MOST_READ = 2000
_ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"
Saved = dict[str, object]
T = TypeVar("T")


class _RollbackError(Exception):
    """Undoes the whole collection."""


def collection(context: Context, request: Request, rest: tuple[str, ...]) -> Reply:
    match request.method, rest:
        case "POST", ():
            return Reply(body=_each(context, request, lambda record: _create(context, record)))
        case "PATCH", ():
            return Reply(body=_each(context, request, lambda record: _update(context, record)))
        case "DELETE", ():
            return Reply(body=_delete(context, request))
        case "PATCH", (name, key):
            return Reply(body=_each(context, request, lambda record: _upsert(context, record, name, key)))
        case (("GET" | "POST"), (name,)):
            return Reply(body=_read(context, request, name))
        case _, () | (_,) | (_, _):
            raise method_not_allowed(request.method, "GET,POST,PATCH,DELETE")
        case _:
            raise not_found()


def saved(record_id: str) -> Saved:
    return {"id": record_id, "success": True, "errors": []}


def unsaved(error: ApiError) -> Saved:
    return {"success": False, "errors": [error.as_save_result()]}


def type_of(context: Context, record: Mapping[str, object]) -> SObject:
    """The object that a record's attributes name."""
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, Mapping) else None
    if not isinstance(name, str):
        raise ApiError(400, "INVALID_INPUT", "type is required in the attributes of every record")
    return context.object(name)


def _each(context: Context, request: Request, act: Callable[[Mapping[str, object]], Saved]) -> list[Saved]:
    body = request.fields()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(record, Mapping) for record in records):
        raise malformed_json("records must be a list of records")
    if len(records) > _MOST:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_MOST} records")
    return _all(context, records, act, body.get("allOrNone") is True)


def _all(context: Context, items: list[T], act: Callable[[T], Saved], all_or_none: bool) -> list[Saved]:
    """Each item by itself; with allOrNone one failure undoes the others and they say so."""
    results: list[Saved] = []
    try:
        with context.database.savepoint():
            for item in items:
                try:
                    with context.database.savepoint():
                        results.append(act(item))
                except ApiError as error:
                    results.append(unsaved(error))
            if all_or_none and not all(result["success"] for result in results):
                raise _RollbackError
    except _RollbackError:
        undone = unsaved(ApiError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK, []))
        return [undone if result["success"] else result for result in results]
    return results


def _create(context: Context, record: Mapping[str, object]) -> Saved:
    return saved(context.records.insert(type_of(context, record), record))


def _update(context: Context, record: Mapping[str, object]) -> Saved:
    obj = type_of(context, record)
    given = next((value for name, value in record.items() if name.lower() == "id"), None)
    if not isinstance(given, str):
        raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call", [])
    record_id = sobjects.checked_id(obj, given)
    context.records.update(obj, record_id, record)
    return saved(record_id)


def _upsert(context: Context, record: Mapping[str, object], name: str, key_name: str) -> Saved:
    obj = context.object(name)
    key = obj.field(key_name)
    if key is None or not key.id_lookup:
        raise not_found()
    value = next((value for field, value in record.items() if field.lower() == key.name.lower()), None)
    if value is None:
        raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [])
    rest = {field: inner for field, inner in record.items() if field.lower() != key.name.lower()}
    done = context.records.upsert(obj, key, str(value), rest)
    return {**saved(done.id), "created": done.created}


def _delete(context: Context, request: Request) -> list[Saved]:
    listed = [one.strip() for one in request.query.get("ids", "").split(",") if one.strip()]
    if not listed or len(listed) > _MOST:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"from 1 to {_MOST} ids are needed")

    def act(given: str) -> Saved:
        long = ids.normalise(given)
        obj = context.schema.of_id(long) if long else None
        if obj is None or long is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {given}", [])
        context.records.delete(obj, long)
        return saved(long)

    return _all(context, listed, act, request.query.get("allOrNone", "").lower() == "true")


def _read(context: Context, request: Request, name: str) -> list[object]:
    obj = context.object(name)
    if request.method == "POST":
        body = request.fields()
        listed, wanted = body.get("ids"), body.get("fields")
    else:
        listed = request.query.get("ids", "").split(",")
        wanted = request.query.get("fields", "").split(",")
    if not isinstance(listed, list) or not isinstance(wanted, list) or not all(wanted) or not all(listed):
        raise ApiError(400, "MISSING_ARGUMENT", "ids and fields are required")
    if len(listed) > _MOST_READ:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"at most {_MOST_READ} ids are allowed")
    found: list[object] = []
    for given in listed:
        try:
            record_id = sobjects.checked_id(obj, str(given))
            context.records.visible(obj, record_id)
            found.append(sobjects.read(context, request, obj, record_id, [str(one).strip() for one in wanted]))
        except ApiError as error:
            if error.code == "INVALID_FIELD":
                raise
            found.append(None)
    return found
