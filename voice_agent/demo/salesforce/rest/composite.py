"""Several calls in one: composite with references and rollback, and batch without (sheet 2.6)."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from voice_agent.demo.salesforce.errors import ApiError, not_found
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request, refused

Dispatch = Callable[[Context, Request], Reply]

_MOST = 25
_MOST_QUERIES = 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])+)\}")
_HEAVY = re.compile(r"/v[\d.]+/(query|queryAll|composite/sobjects)\b")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_HALTED = "PROCESSING_HALTED"
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."


class MissingReferenceError(Exception):
    """A `@{ref.path}` that has no value."""


class _RollbackError(Exception):
    """Undoes the whole composite."""


def index(request: Request) -> Reply:
    names = ("batch", "graph", "sobjects", "tree")
    return Reply(body={name: f"{request.base}/composite/{name}" for name in names})


def composite(context: Context, request: Request, dispatch: Dispatch) -> Reply:
    """Runs the sub-requests in their order, each able to refer to what came before.

    With allOrNone any failure undoes everything and the others say PROCESSING_HALTED. Raises ApiError only for a
    body that is malformed as a whole.
    """
    body = request.fields()
    parts = _parts(body, "compositeRequest")
    all_or_none = body.get("allOrNone") is True
    _check(parts)
    replies = run(context, request, parts, dispatch, all_or_none)
    return Reply(body={"compositeResponse": replies})


def run(
    context: Context,
    request: Request,
    parts: list[Mapping[str, object]],
    dispatch: Dispatch,
    all_or_none: bool,
) -> list[dict[str, object]]:
    """The answers of the sub-requests of a composite, or of one graph."""
    answers: dict[str, object] = {}
    replies: list[dict[str, object]] = []
    failed = False
    try:
        with context.database.savepoint():
            for part in parts:
                reference = str(part["referenceId"])
                if failed:
                    replies.append(_reply(reference, _halted(_ROLLED_BACK)))
                    continue
                reply = _one(context, request, part, answers, dispatch)
                replies.append(_reply(reference, reply))
                if reply.status < 300:
                    answers[reference] = reply.body
                elif all_or_none:
                    failed = True
            if failed:
                raise _RollbackError
    except _RollbackError:
        return [_undone(reply) for reply in replies]
    return replies


def batch(context: Context, request: Request, answer: Dispatch) -> Reply:
    """Independent calls; each succeeds or fails by itself, unless haltOnError."""
    body = request.fields()
    parts = _parts(body, "batchRequests")
    if len(parts) > _MOST:
        raise ApiError(400, "INVALID_INPUT", f"A batch has at most {_MOST} subrequests")
    halt = body.get("haltOnError") is True
    results: list[dict[str, object]] = []
    stopped = False
    for part in parts:
        if stopped:
            reason = "Failed due to previous failure in batch and haltOnError is set to true"
            results.append({"statusCode": 412, "result": [{"errorCode": "BATCH_PROCESSING_HALTED", "message": reason}]})
            continue
        url = str(part.get("url", ""))
        url = url if url.startswith("/services/data/") else f"/services/data/{url.lstrip('/')}"
        inner = sub_request(request, str(part.get("method", "GET")), url, part.get("richInput"), {})
        reply = answer(context, inner) if inner.path[:1] != ("composite",) else refused(not_found())
        results.append({"statusCode": reply.status, "result": reply.body})
        stopped = halt and reply.status >= 400
    failed = any(isinstance(r["statusCode"], int) and r["statusCode"] >= 400 for r in results)
    return Reply(body={"hasErrors": failed, "results": results})


def sub_request(outer: Request, method: str, url: str, body: object, headers: Mapping[str, str]) -> Request:
    """The request that a part describes. Raises NOT_FOUND for a path outside of the API."""
    split = urlsplit(url)
    segments = [unquote(part) for part in split.path.split("/") if part]
    if segments[:2] != ["services", "data"] or len(segments) < 4 or not segments[2].startswith("v"):
        raise not_found()
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    lowered = {name.lower(): value for name, value in headers.items()}
    return Request(method.upper(), tuple(segments[3:]), query, lowered, body, segments[2][1:], nested=True)


def fill(value: object, answers: Mapping[str, object]) -> object:
    """The value with its `@{ref.path}` replaced. Raises MissingReferenceError."""
    match value:
        case str() if whole := _REFERENCE.fullmatch(value):
            return _referred(whole, answers)
        case str():
            return _REFERENCE.sub(lambda found: str(_referred(found, answers)), value)
        case Mapping():
            return {key: fill(inner, answers) for key, inner in value.items()}
        case list():
            return [fill(inner, answers) for inner in value]
        case _:
            return value


def _one(
    context: Context,
    request: Request,
    part: Mapping[str, object],
    answers: Mapping[str, object],
    dispatch: Dispatch,
) -> Reply:
    try:
        url = fill(str(part.get("url", "")), answers)
        body = fill(part.get("body"), answers)
        headers = part.get("httpHeaders") or {}
        given = {str(k): str(v) for k, v in headers.items()} if isinstance(headers, Mapping) else {}
        inner = sub_request(request, str(part.get("method", "GET")), str(url), body, given)
        if inner.path[:1] in (("search",), ("parameterizedSearch",)) or inner.path[:2] in (
            ("composite",),
            ("composite", "batch"),
            ("composite", "graph"),
        ):
            raise not_found()
        with context.database.savepoint():
            return dispatch(context, inner)
    except MissingReferenceError as missing:
        return _halted(f"Invalid reference specified. No value for {missing} found")
    except ApiError as error:
        return refused(error)


def _referred(found: re.Match[str], answers: Mapping[str, object]) -> object:
    value: object = answers.get(found[1])
    for step in _STEP.finditer(found[2]):
        name, place = step[1], step[2]
        if name is not None and isinstance(value, Mapping) and name in value:
            value = value[name]
        elif place is not None and isinstance(value, list) and int(place) < len(value):
            value = value[int(place)]
        else:
            raise MissingReferenceError(found[0][2:-1])
    if value is None or isinstance(value, Mapping | list):
        raise MissingReferenceError(found[0][2:-1])
    return value


def _parts(body: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    listed = body.get(key)
    if not isinstance(listed, list) or not all(isinstance(part, Mapping) for part in listed) or not listed:
        raise ApiError(400, "JSON_PARSER_ERROR", f"{key} must be a list of subrequests")
    return listed


def _check(parts: list[Mapping[str, object]]) -> None:
    references = [part.get("referenceId") for part in parts]
    if len(parts) > _MOST:
        reason = f"Limit exceeded: at most {_MOST} subrequests are allowed in a composite request"
        raise ApiError(400, "INVALID_INPUT", reason)
    for reference in references:
        if not isinstance(reference, str) or not re.fullmatch(r"[A-Za-z]\w*", reference, re.ASCII):
            raise ApiError(400, "INVALID_INPUT", f"Invalid reference ID: {reference}")
    if len(set(references)) < len(references):
        raise ApiError(400, "INVALID_INPUT", "Duplicate reference IDs are not allowed")
    heavy = sum(1 for part in parts if _HEAVY.search(str(part.get("url"))))
    if heavy > _MOST_QUERIES:
        reason = f"Limit exceeded: at most {_MOST_QUERIES} query and sObject collection operations are allowed"
        raise ApiError(400, "INVALID_INPUT", reason)


def _halted(reason: str) -> Reply:
    return Reply(400, [{"errorCode": _HALTED, "message": reason}])


def _reply(reference: str, reply: Reply) -> dict[str, object]:
    return {
        "body": reply.body,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": reference,
    }


def _undone(reply: dict[str, object]) -> dict[str, object]:
    status = reply["httpStatusCode"]
    if isinstance(status, int) and status >= 300:
        return reply
    return _reply(str(reply["referenceId"]), _halted(_ROLLED_BACK))
