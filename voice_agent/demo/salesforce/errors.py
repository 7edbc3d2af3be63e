"""How the org refuses: one exception that carries the HTTP status, the error code, the words and the fields.

ApiError            a JSON array of one error (sheet 2.1 "Error body", codes and texts of 2.7)
  QueryError        the same with the excerpt, caret line and position that SOQL errors have
OAuthError          the token endpoint's object form
"""

from collections.abc import Sequence


class ApiError(Exception):
    """A refusal in the form of `[{"message", "errorCode", "fields"}]`."""

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields
        """Names of the fields at fault; None leaves the key out, as for everything but record changes."""

    def as_rest(self) -> dict[str, object]:
        """The entry of a REST error array."""
        entry: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = list(self.fields)
        return entry

    def as_save_result(self) -> dict[str, object]:
        """The entry of a collection's or tree's `errors`, which says `statusCode` (sheet 2.1)."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


class QueryError(ApiError):
    """A SOQL error at a position of the statement (sheet 2.7)."""

    def __init__(self, code: str, reason: str, statement: str, at: int) -> None:
        super().__init__(400, code, f"\n{_excerpt(statement, at)}\nERROR at Row:{_row(statement, at)}\n{reason}")
        self.at = at


class OAuthError(Exception):
    """A refusal of the token endpoint: `{"error", "error_description"}` (sheet 2.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}


def invalid_session() -> ApiError:
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def not_found() -> ApiError:
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def no_such_record(value: str) -> ApiError:
    """The answer to a well-formed id that is not there, or that this user may not see."""
    return ApiError(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {value}")


def malformed_json(reason: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", reason)


def method_not_allowed(method: str, allowed: str) -> ApiError:
    return ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}")


def _excerpt(statement: str, at: int) -> str:
    """The part of the statement's line around the position, and a caret below it."""
    start = statement.rfind("\n", 0, at) + 1
    end = statement.find("\n", at)
    line = statement[start : end if end >= 0 else len(statement)]
    column = at - start
    left = max(0, column - 60)
    return f"{line[left : column + 60]}\n{' ' * (column - left)}^"


def _row(statement: str, at: int) -> str:
    row = statement.count("\n", 0, at) + 1
    return f"{row}:Column:{at - (statement.rfind(chr(10), 0, at) + 1) + 1}"
