"""Rows of an object: create, read, update, delete, by id or by external id (sheet 2.3)."""

from collections.abc import Sequence
from datetime import datetime

from voice_agent.demo.salesforce import ids, values
from voice_agent.demo.salesforce.errors import ApiError, method_not_allowed, no_such_record, not_found
from voice_agent.demo.salesforce.metadata import Field, SObject
from voice_agent.demo.salesforce.rest import conditional
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request


def create(context: Context, request: Request, name: str) -> Reply:
    obj = context.object(name)
    fields = request.fields()
    if "id" in {key.lower() for key in fields}:
        reason = "The Id field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", reason)
    return _created(request, obj, context.records.insert(obj, fields))


def record(context: Context, request: Request, name: str, rest: tuple[str, ...]) -> Reply:
    """A path of id, of external id field and value, or of id and relationship."""
    obj = context.object(name)
    match rest:
        case (record_id,):
            if record_id.lower() == "id" and request.method == "POST":
                return create(context, request, name)
            return _by_id(context, request, obj, checked_id(obj, record_id))
        case (first, second):
            key = obj.field(first)
            if key is not None and context.viewer.sees(obj, key) and ids.normalise(first) is None:
                return _by_key(context, request, obj, key, second)
            if ids.normalise(first) is None:
                raise not_found()
            return _related(context, request, obj, checked_id(obj, first), second)
        case ("User", _, "password"):
            raise not_found()
        case _:
            raise not_found()


def replicated(context: Context, request: Request, name: str, what: str) -> Reply:
    """Ids deleted or updated in a span of time."""
    obj = context.object(name)
    start, end = _bound(request, "start"), _bound(request, "end")
    deleted = what == "deleted"
    rows = context.database.connection.execute(
        f'SELECT "Id", "LastModifiedDate" FROM "{obj.name}" WHERE "IsDeleted" = ? AND "SystemModstamp" >= ? '
        f'AND "SystemModstamp" <= ? ORDER BY rowid',
        [int(deleted), start, end],
    ).fetchall()
    covered = end[:-1] + "+0000"
    if deleted:
        gone = [{"id": row[0], "deletedDate": row[1][:-1] + "+0000"} for row in rows]
        return Reply(body={"deletedRecords": gone, "earliestDateAvailable": covered, "latestDateCovered": covered})
    return Reply(body={"ids": [row[0] for row in rows], "latestDateCovered": covered})


def read(context: Context, request: Request, obj: SObject, record_id: str, wanted: Sequence[str]) -> dict[str, object]:
    """One record with the wanted fields, or with all that this user may read."""
    names = list(wanted) or [f.name for f in obj.fields if context.viewer.sees(obj, f)]
    for name in wanted:
        f = obj.field(name.split(".")[0])
        if "." not in name and (f is None or not context.viewer.sees(obj, f)):
            raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {obj.name}")
    unique = list(dict.fromkeys(name.lower() for name in names))
    if wanted and "id" not in unique:
        names.append("Id")
        unique.append("id")
    by_lower = {name.lower(): name for name in reversed(names)}
    statement = f"SELECT {', '.join(by_lower[name] for name in unique)} FROM {obj.name} WHERE Id = '{record_id}'"
    found = context.selector(request, deleted=True).run(statement).records
    if not found:
        raise no_such_record(record_id)
    return found[0]


def checked_id(obj: SObject, record_id: str) -> str:
    """The long form of an id of this object. Raises NOT_FOUND, or MALFORMED_ID for another object's."""
    long = ids.normalise(record_id)
    if long is None:
        raise no_such_record(record_id)
    if long[:3] != obj.prefix:
        raise ApiError(400, "MALFORMED_ID", f"{obj.label} ID: id value of incorrect type: {record_id}", ["Id"])
    return long


def _by_id(context: Context, request: Request, obj: SObject, record_id: str) -> Reply:
    tagged = obj.name == "Account"
    match request.method:
        case "GET" | "HEAD":
            row = context.records.visible(obj, record_id)
            if conditional.not_modified_since(request, values.moment(str(row["LastModifiedDate"]))):
                return Reply(304)
            conditional.check_unmodified(request, row, tagged)
            headers = {"Last-Modified": conditional.http_date(row)}
            if tagged:
                headers["ETag"] = conditional.tag(row)
                if conditional.has_tag(request, row):
                    return Reply(304, headers=headers)
            return Reply(body=read(context, request, obj, record_id, _wanted(request)), headers=headers)
        case "PATCH":
            conditional.check_unmodified(request, context.records.visible(obj, record_id), tagged)
            context.records.update(obj, record_id, request.fields())
            return Reply(204)
        case "DELETE":
            context.records.delete(obj, record_id)
            return Reply(204)
        case "POST" if request.query.get("_HttpMethod", "").upper() == "PATCH":
            context.records.update(obj, record_id, request.fields())
            return Reply(204)
        case _:
            raise method_not_allowed(request.method, "GET,PATCH,DELETE,HEAD")


def _by_key(context: Context, request: Request, obj: SObject, key: Field, value: str) -> Reply:
    if not key.id_lookup:
        raise no_such_record(value)
    if request.method in ("PATCH", "POST"):
        return _upsert(context, request, obj, key, value)
    found = context.records.by_external_id(obj, key, value)
    if not found:
        raise no_such_record(value)
    if len(found) > 1:
        return Reply(300, [f"{request.base}/sobjects/{obj.name}/{one}" for one in found])
    return _by_id(context, request, obj, found[0])


def _upsert(context: Context, request: Request, obj: SObject, key: Field, value: str) -> Reply:
    fields = request.fields()
    named = {name.lower() for name in fields}
    if "id" in named or key.name.lower() in named:
        given = "Id" if "id" in named else key.name
        reason = f"The {given} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", reason)
    if key.type == "id":
        record_id = checked_id(obj, value)
        context.records.update(obj, record_id, fields)
        return Reply(204)
    found = context.records.by_external_id(obj, key, value)
    if len(found) > 1:
        return Reply(300, [f"{request.base}/sobjects/{obj.name}/{one}" for one in found])
    update_only = request.query.get("updateOnly", "").lower() == "true"
    done = context.records.upsert(obj, key, value, fields, update_only)
    if done.created:
        made = _created(request, obj, done.id)
        return Reply(201, {**_success(done.id), "created": True}, made.headers)
    if float(request.version) < 46:
        return Reply(204)
    return Reply(200, {**_success(done.id), "created": False})


def _related(context: Context, request: Request, obj: SObject, record_id: str, relationship: str) -> Reply:
    """A parent record, or the children in the shape of a query answer."""
    context.records.visible(obj, record_id)
    up = obj.by_relationship.get(relationship.lower())
    if up is not None:
        row = context.records.row(obj, record_id)
        parent = context.records.parent(row[up.name]) if row else None
        if parent is None:
            raise not_found()
        return Reply(body=read(context, request, parent[0], str(parent[1]["Id"]), _wanted(request)))
    down = context.schema.child(obj.name, relationship)
    if down is None:
        raise not_found()
    child = context.object(down.child)
    names = _wanted(request) or [f.name for f in child.fields if context.viewer.sees(child, f)]
    statement = f"SELECT {', '.join(names)} FROM {child.name} WHERE {down.field.name} = '{record_id}'"
    found = context.selector(request).run(statement)
    return Reply(body={"totalSize": found.total, "done": True, "records": found.records})


def _wanted(request: Request) -> list[str]:
    return [name.strip() for name in request.query.get("fields", "").split(",") if name.strip()]


def _created(request: Request, obj: SObject, record_id: str) -> Reply:
    return Reply(201, _success(record_id), {"Location": f"{request.base}/sobjects/{obj.name}/{record_id}"})


def _success(record_id: str) -> dict[str, object]:
    return {"id": record_id, "success": True, "errors": []}


def _bound(request: Request, name: str) -> str:
    text = request.query.get(name, "").replace(" ", "+")
    try:
        return values.instant(datetime.fromisoformat(text))
    except ValueError as problem:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} is no date and time: {text}") from problem
