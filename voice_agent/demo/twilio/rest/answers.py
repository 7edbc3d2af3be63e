"""Answers in Twilio's shapes: resources, pages of them, and errors (sheet section 7.1)."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.responses import JSONResponse, Response

T = TypeVar("T")

API = "2010-04-01"
DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000


class RestError(Exception):
    """A request Twilio refuses: HTTP status, Twilio's code and a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Response:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return JSONResponse(body, self.status)


def not_found(path: str) -> RestError:
    return RestError(404, 20404, f"The requested resource {path} was not found")


def not_built(what: str) -> RestError:
    """What real Twilio has and this emulator does not: never a quiet success."""
    return RestError(501, 20501, f"{what} is not built in this emulator")


class Parameters:
    """The form or query of a request: repeated names give lists, blanks count as given."""

    def __init__(self, given: FormData | QueryParams) -> None:
        self._given = [(name, value) for name, value in given.multi_items() if isinstance(value, str)]

    def text(self, name: str, default: str = "") -> str:
        return next((value for given, value in self._given if given == name), default)

    def all(self, name: str) -> list[str]:
        return [value for given, value in self._given if given == name]

    def has(self, name: str) -> bool:
        return any(given == name for given, _ in self._given)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Raises RestError for what is no whole number in range."""
        if not self.has(name):
            return default
        text = self.text(name)
        if not text.lstrip("-").isdigit() or not least <= int(text) <= most:
            raise RestError(400, 20001, f"Parameter '{name}' must be between {least} and {most}")
        return int(text)

    def items(self) -> list[tuple[str, str]]:
        return list(self._given)


def page_2010(
    key: str, rows: Sequence[T], show: Callable[[T], dict[str, Any]], path: str, query: Parameters
) -> dict[str, Any]:
    """One page in the style of 2010: the list under its own name, URIs without host."""
    size, number, start = _position(query)
    shown = rows[start : start + size]

    def uri(page: int) -> str:
        kept = [(name, value) for name, value in query.items() if name not in ("Page", "PageToken")]
        kept = [*(pair for pair in kept if pair[0] != "PageSize"), ("PageSize", str(size)), ("Page", str(page))]
        token = [("PageToken", f"PA{secrets.token_hex(16)}")] if page else []
        return f"{path}?{urlencode(kept + token)}"

    return {
        key: [show(row) for row in shown],
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if start + size < len(rows) else None,
        "previous_page_uri": uri(number - 1) if number else None,
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(shown) - 1),
        "uri": uri(number),
    }


def page_meta(
    key: str, rows: Sequence[T], show: Callable[[T], dict[str, Any]], url: str, query: Parameters
) -> dict[str, Any]:
    """One page in the style of the newer hosts: `meta` with whole URLs."""
    size, number, start = _position(query)

    def address(page: int) -> str:
        return f"{url}?{urlencode({'PageSize': size, 'Page': page})}"

    meta = {
        "key": key,
        "page": number,
        "page_size": size,
        "first_page_url": address(0),
        "previous_page_url": address(number - 1) if number else None,
        "next_page_url": address(number + 1) if start + size < len(rows) else None,
        "url": address(number),
    }
    return {key: [show(row) for row in rows[start : start + size]], "meta": meta}


def _position(query: Parameters) -> tuple[int, int, int]:
    size = min(query.number("PageSize", DEFAULT_PAGE_SIZE, 1, 10**6), MAX_PAGE_SIZE)
    number = query.number("Page", 0, 0, 10**9)
    return size, number, size * number


def rfc2822(moment: datetime | None) -> str | None:
    """`Sat, 21 Nov 2026 16:00:00 +0000`, the dates of 2010."""
    return None if moment is None else format_datetime(moment.replace(microsecond=0))


def iso8601(moment: datetime | None) -> str | None:
    """`2026-11-21T16:00:00Z`, the dates of the newer hosts."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def matches_date(moment: datetime | None, name: str, query: Parameters) -> bool:
    """The filters `Name`, `Name<` and `Name>`, each a date or an ISO 8601 moment."""
    for operator in ("", "<", ">"):
        wanted = query.text(name + operator)
        if not wanted:
            continue
        if moment is None:
            return False
        shown = moment.strftime("%Y-%m-%d") if len(wanted) == 10 else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        fits: Mapping[str, bool] = {"": shown == wanted, "<": shown <= wanted, ">": shown >= wanted}
        if not fits[operator]:
            return False
    return True
