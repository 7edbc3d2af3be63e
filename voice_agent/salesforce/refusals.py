"""What the org or the network said, turned into the small tree of `errors`: split by whether trying again helps.

The org's texts may quote record contents, so an error's own text carries codes, field names and paths only. The one
text passed on is an administrator's validation message, to the model, as data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from voice_agent import errors
from voice_agent.salesforce.rows import plain

FORBIDDEN = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        # A field or object that is hidden answers in the very words of one that does not exist (7.1).
        "INVALID_FIELD",
        "INVALID_TYPE",
        "API_DISABLED_FOR_ORG",
        "API_CURRENTLY_DISABLED",
    }
)
CONFLICT = frozenset({"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID", "DUPLICATES_DETECTED", "PRECONDITION_FAILED"})
READABLE = frozenset(
    {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"}
)
# Our own words where the org gave none.
NO_ANSWER, LOST, NOT_SENT, BUSY, CIRCUIT_OPEN = "NO_ANSWER", "LOST", "NOT_SENT", "BUSY", "CIRCUIT_OPEN"
TRIGGER_PREFIX = re.compile(r"^.*caused by: (?:[\w.]+Exception: )?", re.DOTALL)


def refusal(status: int, content: object, where: str) -> errors.SalesforceError:
    """The error for an answer of 300 or above. `content` is a list, an object or text: proxies answer in HTML."""
    code, message, fields = first_error(content)
    shown = f"{where}: HTTP {status} {code}".rstrip() + (f" on {', '.join(fields)}" if fields else "")
    kind = _kind(status, code)
    error = kind(shown, code=code, status=status, fields=fields)
    if code in READABLE and isinstance(error, errors.InvalidInput):
        said = plain(TRIGGER_PREFIX.sub("", message), 200)
        error.for_model = f'The records refuse it, saying "{said}". Tell the caller in your own words; do not retry.'
    return error


def first_error(content: object) -> tuple[str, str, tuple[str, ...]]:
    """Code, message and fields of an answer in any of the shapes of 2.1: list, OAuth object, collection item, text."""
    item = content[0] if isinstance(content, Sequence) and not isinstance(content, str | bytes) and content else content
    if not isinstance(item, Mapping):
        return "", "", ()
    code = item.get("errorCode") or item.get("statusCode") or item.get("error") or ""
    message = item.get("message") or item.get("error_description") or ""
    fields = item.get("fields") or ()
    return str(code), str(message), tuple(str(field) for field in fields)


def _kind(status: int, code: str) -> type[errors.SalesforceError]:
    if code == "UNABLE_TO_LOCK_ROW":
        return errors.Locked
    if code == "REQUEST_LIMIT_EXCEEDED" or status == 429:
        return errors.RateLimited
    if code == "QUERY_TIMEOUT":
        return errors.SalesforceTimeout
    if code in FORBIDDEN:
        return errors.Forbidden
    if code in CONFLICT or status in (300, 409, 412):
        return errors.Conflict
    if status == 401 or code == "INVALID_SESSION_ID":
        return errors.SignInFailed
    if status == 403:
        return errors.Forbidden
    if status in (404, 410) or code in ("NOT_FOUND", "ENTITY_IS_DELETED"):
        return errors.NotFound
    if 400 <= status < 500:
        return errors.InvalidInput
    return errors.SalesforceUnavailable


def sign_in_refusal(code: object, status: int = 400) -> errors.SalesforceError:
    """`code` is the OAuth `error` word, or an HTTP status where the token host did not answer JSON."""
    if isinstance(code, int) and code >= 500:
        return errors.SalesforceUnavailable(f"sign-in: HTTP {code}", status=code)
    word = str(code or "unknown")
    if word == "rate_limit_exceeded":
        return errors.RateLimited("sign-in: rate_limit_exceeded", code=word, status=status)
    return errors.SignInFailed(f"sign-in refused: {plain(word, 60)}", code=word, status=status)


def fault(exc: Exception, where: str, *, sent: bool) -> errors.SalesforceError:
    """A network fault. `sent` False means that the request is known never to have reached the org."""
    if sent:
        code = NO_ANSWER if isinstance(exc, TimeoutError) or "Timeout" in type(exc).__name__ else LOST
        return errors.SalesforceTimeout(f"{where}: no answer ({type(exc).__name__})", code=code)
    return errors.SalesforceUnavailable(f"{where}: not reachable ({type(exc).__name__})", code=NOT_SENT)


def composite_cause(subresponses: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The sub-response that made an allOrNone composite roll back, None if all went well.

    The innocent ones report PROCESSING_HALTED "was rolled back since another operation ... failed" (2.6).
    """
    failed = [sub for sub in subresponses if int(sub["httpStatusCode"]) >= 300]
    for sub in failed:
        code, message, _ = first_error(sub["body"])
        if code != "PROCESSING_HALTED" or "rolled back" not in message:
            return sub
    return failed[0] if failed else None
