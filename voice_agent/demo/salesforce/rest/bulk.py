"""Bulk API 2.0 for small sets: query jobs and ingest jobs, done at once when their data is complete.

The rules are those of the Bulk API 2.0 guide: CSV with a header, `#N/A` for null, an empty cell leaves a field alone.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from voice_agent.demo.salesforce import ids
from voice_agent.demo.salesforce.errors import ApiError, malformed_json, method_not_allowed, not_found
from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.rest import sobjects
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request
from voice_agent.demo.salesforce.soql.parser import parse
from voice_agent.demo.salesforce.soql.statement import Path, Query, Selected

_DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_PREFIX = "750"
_LARGEST = 100 * 1024 * 1024
Job = dict[str, object]


@dataclass(slots=True)
class Outcome:
    """What became of one CSV row."""

    row: Mapping[str, str]
    record_id: str = ""
    created: bool = False
    error: str = ""


def bulk(context: Context, request: Request, rest: tuple[str, ...]) -> Reply:
    """Everything below `/jobs`."""
    match request.method, rest:
        case "POST", ("query",):
            return Reply(body=_start_query(context, request))
        case "POST", ("ingest",):
            return Reply(body=_start_ingest(context, request))
        case "GET", ("query" | "ingest" as kind,):
            return Reply(body={"done": True, "records": _all(context, kind), "nextRecordsUrl": None})
        case "GET", ("query" | "ingest", job_id):
            return Reply(body=_job(context, job_id))
        case "PATCH", ("query" | "ingest", job_id):
            return Reply(body=_set_state(context, request, job_id))
        case "DELETE", ("query" | "ingest", job_id):
            _job(context, job_id)
            context.database.connection.execute("DELETE FROM _jobs WHERE id = ?", [job_id])
            return Reply(204)
        case "GET", ("query", job_id, "results"):
            return _results(context, request, job_id)
        case "PUT", ("ingest", job_id, "batches"):
            return _upload(context, request, job_id)
        case "GET", ("ingest", job_id, ("successfulResults" | "failedResults" | "unprocessedrecords") as kind):
            return _outcomes(context, job_id, kind)
        case "GET", ("ingest", job_id, "unprocessedRecords"):
            return _outcomes(context, job_id, "unprocessedrecords")
        case _, ("query" | "ingest", *_):
            raise method_not_allowed(request.method, "GET,POST,PATCH,PUT,DELETE")
        case _:
            raise not_found()


# -- jobs --------------------------------------------------------------------------------------------------------------


def _new(context: Context, request: Request, operation: str, object_name: str, kind: str) -> Job:
    body = request.fields()
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if delimiter not in _DELIMITERS or ending not in _ENDINGS or body.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", "unsupported contentType, columnDelimiter or lineEnding")
    stamp = context.viewer.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return {
        "id": ids.mint(_PREFIX, context.database.next("_jobs")),
        "operation": operation,
        "object": object_name,
        "createdById": context.viewer.user_id,
        "createdDate": stamp,
        "systemModstamp": stamp,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(request.version),
        "jobType": "V2Query" if kind == "query" else "V2Ingest",
        "lineEnding": ending,
        "columnDelimiter": delimiter,
    }


def _keep(context: Context, job: Job, data: bytes | None = None) -> Job:
    connection = context.database.connection
    text = orjson.dumps(job).decode()
    if data is None:
        connection.execute(
            "INSERT INTO _jobs (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            [job["id"], text],
        )
    else:
        connection.execute("INSERT OR REPLACE INTO _jobs (id, body, data) VALUES (?, ?, ?)", [job["id"], text, data])
    return job


def _job(context: Context, job_id: str) -> Job:
    row = context.database.connection.execute("SELECT body FROM _jobs WHERE id = ?", [job_id]).fetchone()
    if row is None:
        raise not_found()
    job: Job = orjson.loads(row[0])
    return job


def _data(context: Context, job_id: str) -> bytes:
    row = context.database.connection.execute("SELECT data FROM _jobs WHERE id = ?", [job_id]).fetchone()
    return row[0] if isinstance(row[0], bytes) else str(row[0]).encode()


def _all(context: Context, kind: str) -> list[Job]:
    rows = context.database.connection.execute("SELECT body FROM _jobs ORDER BY id").fetchall()
    jobs: list[Job] = [orjson.loads(row[0]) for row in rows]
    return [job for job in jobs if job["jobType"] == ("V2Query" if kind == "query" else "V2Ingest")]


def _set_state(context: Context, request: Request, job_id: str) -> Job:
    job = _job(context, job_id)
    match request.fields().get("state"):
        case "Aborted":
            return _keep(context, {**job, "state": "Aborted"})
        case "UploadComplete" if job["jobType"] == "V2Ingest" and job["state"] == "Open":
            _keep(context, {**job, "state": "UploadComplete"})
            _ingest(context, job)
            return {**job, "state": "UploadComplete"}
        case state:
            raise ApiError(400, "INVALIDJOBSTATE", f"Invalid job state: {state}")


# -- query jobs --------------------------------------------------------------------------------------------------------


def _start_query(context: Context, request: Request) -> Job:
    body = request.fields()
    operation, statement = str(body.get("operation", "")), str(body.get("query", ""))
    if operation not in ("query", "queryAll"):
        raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
    query = parse(statement)
    columns = _columns(query)
    found = context.selector(request, deleted=operation == "queryAll").run(statement)
    job = _new(context, request, operation, query.source, "query")
    rows = [[_cell(_along(record, column)) for column in columns] for record in found.records]
    job |= {"state": "JobComplete", "numberRecordsProcessed": len(rows), "retries": 0, "totalProcessingTime": 1}
    kept = orjson.dumps({"columns": [".".join(column) for column in columns], "rows": rows})
    return {**_keep(context, job, kept), "state": "UploadComplete"}


def _columns(query: Query) -> list[tuple[str, ...]]:
    """The selected paths; functions and sub-queries cannot be exported."""
    columns: list[tuple[str, ...]] = []
    for item in query.select:
        match item:
            case Selected(what=Path() as path, alias=""):
                columns.append(path.parts)
            case _:
                raise ApiError(400, "INVALIDJOB", "Bulk queries select plain fields only")
    return columns


def _along(record: Mapping[str, object], path: tuple[str, ...]) -> object:
    value: object = record
    for part in path:
        if not isinstance(value, Mapping):
            return None
        lowered = {key.lower(): inner for key, inner in value.items()}
        value = lowered.get(part.lower())
    return value


def _results(context: Context, request: Request, job_id: str) -> Reply:
    job = _job(context, job_id)
    kept = orjson.loads(_data(context, job_id))
    first = int(request.query.get("locator") or 0)
    most = int(request.query.get("maxRecords") or len(kept["rows"]) or 1)
    rows = kept["rows"][first : first + most]
    more = first + most < len(kept["rows"])
    headers = {
        "Sforce-Locator": str(first + most) if more else "null",
        "Sforce-NumberOfRecords": str(len(rows)),
        "Content-Type": "text/csv",
    }
    return Reply(200, _written(job, [kept["columns"], *rows]), headers)


# -- ingest jobs -------------------------------------------------------------------------------------------------------


def _start_ingest(context: Context, request: Request) -> Job:
    body = request.fields()
    operation = str(body.get("operation", ""))
    if operation not in _OPERATIONS:
        raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
    obj = context.object(str(body.get("object", "")))
    job = _new(context, request, operation, obj.name, "ingest")
    if operation == "upsert":
        key = obj.field(str(body.get("externalIdFieldName", "")))
        if key is None or not key.id_lookup:
            raise ApiError(400, "INVALIDJOB", "upsert needs an externalIdFieldName")
        job["externalIdFieldName"] = key.name
    job["state"] = "Open"
    job["contentUrl"] = f"services/data/v{request.version}/jobs/ingest/{job['id']}/batches"
    return _keep(context, job)


def _upload(context: Context, request: Request, job_id: str) -> Reply:
    job = _job(context, job_id)
    if job["state"] != "Open" or not isinstance(request.body, bytes):
        raise ApiError(400, "INVALIDJOBSTATE", "the job takes one CSV upload while it is open")
    if len(request.body) > _LARGEST:
        raise ApiError(400, "INVALIDJOB", "the upload is larger than 100 MB")
    _keep(context, job, request.body)
    return Reply(201)


def _ingest(context: Context, job: Job) -> None:
    """Each row by itself, in the order of the file."""
    obj = context.object(str(job["object"]))
    outcomes = [_one(context, obj, job, row) for row in _read(job, _data(context, str(job["id"])))]
    failed = sum(1 for outcome in outcomes if outcome.error)
    job |= {
        "state": "JobComplete",
        "numberRecordsProcessed": len(outcomes),
        "numberRecordsFailed": failed,
        "retries": 0,
        "totalProcessingTime": 1,
    }
    kept = [[dict(o.row), o.record_id, o.created, o.error] for o in outcomes]
    _keep(context, job, orjson.dumps(kept))


def _one(context: Context, obj: SObject, job: Job, row: Mapping[str, str]) -> Outcome:
    fields = _fields(row)
    given = next((str(value) for name, value in fields.items() if name.lower() == "id"), "")
    try:
        with context.database.savepoint():
            match job["operation"]:
                case "insert":
                    return Outcome(row, context.records.insert(obj, fields), created=True)
                case "update":
                    record_id = sobjects.checked_id(obj, given)
                    context.records.update(obj, record_id, fields)
                    return Outcome(row, record_id)
                case "upsert":
                    key = obj.field(str(job["externalIdFieldName"]))
                    assert key is not None
                    value = next((v for name, v in fields.items() if name.lower() == key.name.lower()), None)
                    rest = {name: v for name, v in fields.items() if name.lower() != key.name.lower()}
                    done = context.records.upsert(obj, key, str(value), rest)
                    return Outcome(row, done.id, done.created)
                case _:
                    record_id = sobjects.checked_id(obj, given)
                    context.records.delete(obj, record_id)
                    return Outcome(row, record_id)
    except ApiError as error:
        where = ",".join(error.fields or ()) or "--"
        return Outcome(row, error=f"{error.code}:{error.message}:{where} ")


def _fields(row: Mapping[str, str]) -> dict[str, object]:
    """`#N/A` is null, an empty cell says nothing, `Parent.Key__c` names a parent by its external id."""
    fields: dict[str, object] = {}
    for name, cell in row.items():
        if cell == "":
            continue
        value = None if cell == "#N/A" else cell
        up, _, key = name.partition(".")
        fields[up] = {key: value} if key else value
    return fields


def _outcomes(context: Context, job_id: str, kind: str) -> Reply:
    job = _job(context, job_id)
    if job["state"] != "JobComplete":
        rows: list[list[str]] = []
    else:
        listed = orjson.loads(_data(context, job_id))
        rows = []
        for row, record_id, created, error in listed:
            if kind == "successfulResults" and not error:
                rows.append([record_id, _cell(created), *row.values()])
            elif kind == "failedResults" and error:
                rows.append([record_id, error, *row.values()])
    names = list(orjson.loads(_data(context, job_id))[0][0]) if rows else []
    head = {"successfulResults": ["sf__Id", "sf__Created"], "failedResults": ["sf__Id", "sf__Error"]}.get(kind, [])
    return Reply(200, _written(job, [[*head, *names], *rows]), {"Content-Type": "text/csv"})


# -- CSV ---------------------------------------------------------------------------------------------------------------


def _read(job: Job, data: bytes) -> list[dict[str, str]]:
    delimiter = _DELIMITERS[str(job["columnDelimiter"])]
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter, strict=True)
        return [{name: cell or "" for name, cell in row.items() if name} for row in reader]
    except (csv.Error, UnicodeDecodeError) as problem:
        raise malformed_json(f"the upload is no CSV: {problem}") from problem


def _written(job: Job, rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=_DELIMITERS[str(job["columnDelimiter"])],
        lineterminator=_ENDINGS[str(job["lineEnding"])],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerows(rows)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return value.removesuffix("+0000") + "Z" if value.endswith(".000+0000") else value
        case _:
            return str(value)
