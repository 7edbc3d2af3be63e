"""composite/tree: records with their children in one all-or-nothing call (sheet 2.6)."""

from collections.abc import Mapping

from voice_agent.demo.salesforce.errors import ApiError, malformed_json
from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request

_MOST = 200
_LEVELS = 5
Result = dict[str, object]


class _RollbackError(Exception):
    """Undoes the whole tree."""


def tree(context: Context, request: Request, name: str) -> Reply:
    """201 with an id for each reference, or 400 with the errors and nothing kept."""
    obj = context.object(name)
    results: list[Result] = []
    try:
        with context.database.savepoint():
            _plant(context, obj, _records(request.fields()), {}, results, 1)
            if any("errors" in result for result in results):
                raise _RollbackError
    except _RollbackError:
        return Reply(400, {"hasErrors": True, "results": [result for result in results if "errors" in result]})
    return Reply(201, {"hasErrors": False, "results": results})


def _plant(
    context: Context,
    obj: SObject,
    records: list[Mapping[str, object]],
    above: Mapping[str, object],
    results: list[Result],
    level: int,
) -> None:
    if level > _LEVELS or len(results) + len(records) > _MOST:
        raise ApiError(400, "INVALID_INPUT", f"A tree has at most {_MOST} records and {_LEVELS} levels")
    for record in records:
        attributes = record.get("attributes")
        reference = attributes.get("referenceId") if isinstance(attributes, Mapping) else None
        if not isinstance(reference, str):
            raise ApiError(400, "INVALID_INPUT", "Include a reference ID for each record in the request.")
        own = {key: value for key, value in record.items() if not _is_children(value)}
        try:
            with context.database.savepoint():
                record_id = context.records.insert(obj, {**own, **above})
        except ApiError as error:
            results.append({"referenceId": reference, "errors": [error.as_save_result()]})
            continue
        results.append({"referenceId": reference, "id": record_id})
        for key, value in record.items():
            if not _is_children(value):
                continue
            down = context.schema.child(obj.name, key)
            if down is None:
                raise ApiError(400, "INVALID_FIELD", f"No such relationship '{key}' on sobject of type {obj.name}")
            assert isinstance(value, Mapping)
            child = context.object(down.child)
            _plant(context, child, _records(value), {down.field.name: record_id}, results, level + 1)


def _is_children(value: object) -> bool:
    return isinstance(value, Mapping) and "records" in value


def _records(body: Mapping[str, object]) -> list[Mapping[str, object]]:
    listed = body.get("records")
    if not isinstance(listed, list) or not all(isinstance(record, Mapping) for record in listed):
        raise malformed_json("records must be a list of records")
    return listed
