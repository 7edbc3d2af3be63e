"""SOQL over HTTP, in pages (sheet 2.4)."""

import re
import secrets

import orjson

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request

_PAGE = 2000
_SMALLEST_PAGE = 200


def first_page(context: Context, request: Request, deleted: bool) -> Reply:
    """The first records; the rest is kept under a locator until it is fetched."""
    statement = request.query.get("q")
    if not statement or not statement.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    found = context.selector(request, deleted).run(statement)
    size = _page_size(request)
    if len(found.records) <= size:
        return Reply(body={"totalSize": found.total, "done": True, "records": found.records})
    locator = "01g" + secrets.token_hex(7) + "A"
    for first in range(size, len(found.records), size):
        page: dict[str, object] = {"totalSize": found.total, "done": True}
        if first + size < len(found.records):
            page |= {"done": False, "nextRecordsUrl": f"{request.base}/query/{locator}-{first + size}"}
        page["records"] = found.records[first : first + size]
        context.database.connection.execute("INSERT INTO _pages VALUES (?, ?, ?)", [locator, first, orjson.dumps(page)])
    return Reply(
        body={
            "totalSize": found.total,
            "done": False,
            "nextRecordsUrl": f"{request.base}/query/{locator}-{size}",
            "records": found.records[:size],
        }
    )


def next_page(context: Context, request: Request, locator: str) -> Reply:
    """A page by its locator. Raises INVALID_QUERY_LOCATOR for one that is not known."""
    name, _, first = locator.rpartition("-")
    row = None
    if first.isdigit():
        row = context.database.connection.execute(
            "SELECT body FROM _pages WHERE locator = ? AND first = ?", [name, int(first)]
        ).fetchone()
    if row is None:
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return Reply(body=orjson.loads(row[0]))


def _page_size(request: Request) -> int:
    """`Sforce-Query-Options: batchSize=200`, from 200 to 2000."""
    wanted = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""))
    return min(_PAGE, max(_SMALLEST_PAGE, int(wanted[1]))) if wanted else _PAGE
