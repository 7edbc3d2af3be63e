"""Conditional headers: dates compare at one second, entity tags exist only for accounts (sheet 2.3)."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from voice_agent.demo.salesforce import values
from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.rest.exchange import Request
from voice_agent.demo.salesforce.values import Row


def not_modified_since(request: Request, changed: datetime) -> bool:
    """Whether a GET may be answered with 304."""
    since = _moment(request, "if-modified-since")
    return since is not None and changed.replace(microsecond=0) <= since


def check_unmodified(request: Request, row: Row, tagged: bool) -> None:
    """Raises 412 when the record changed after the date, or its tag is another; 400 for an unreadable date."""
    changed = values.moment(str(row["LastModifiedDate"]))
    before = _moment(request, "if-unmodified-since")
    after = _moment(request, "if-modified-since") if request.method != "GET" else None
    stale = before is not None and changed > before
    unchanged = after is not None and changed <= after
    wanted, unwanted = request.headers.get("if-match"), request.headers.get("if-none-match")
    other = tagged and wanted is not None and not _listed(wanted, row)
    same = tagged and request.method != "GET" and unwanted is not None and _listed(unwanted, row)
    if stale or unchanged or other or same:
        raise ApiError(412, "PRECONDITION_FAILED", "The precondition given in the request header was not met.")


def has_tag(request: Request, row: Row) -> bool:
    """Whether If-None-Match of a GET names the record as it is."""
    wanted = request.headers.get("if-none-match")
    return wanted is not None and _listed(wanted, row)


def tag(row: Row) -> str:
    """The entity tag of a record."""
    return '"' + hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()[:40] + '--gzip"'


def http_date(row: Row) -> str:
    """The Last-Modified header of a record."""
    return format_datetime(values.moment(str(row["LastModifiedDate"])), usegmt=True)


def _listed(header: str, row: Row) -> bool:
    names = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in names or tag(row) in names


def _moment(request: Request, name: str) -> datetime | None:
    header = request.headers.get(name)
    if header is None:
        return None
    try:
        read = parsedate_to_datetime(header)
    except ValueError as problem:
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid date in header {name}: {header}") from problem
    return read if read.tzinfo else read.replace(tzinfo=UTC)
