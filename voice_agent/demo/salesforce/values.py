"""One value, three forms: what JSON brings, what SQLite keeps, what JSON shows (sheet 2.3 "Values").

Kept: booleans as 0 and 1, instants as UTC text of one width (so that they sort), ids with 18 characters.
"""

import re
from datetime import UTC, date, datetime, time

from voice_agent.demo.salesforce import ids
from voice_agent.demo.salesforce.errors import ApiError, malformed_json
from voice_agent.demo.salesforce.metadata import NUMERIC, Field, Schema

Stored = str | int | float | None
Row = dict[str, Stored]
"""A record as kept: field name in its canonical case to stored value."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?")
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?Z?")


def instant(moment: datetime) -> str:
    """The kept form of an aware moment, to the second (sheet 6.2: SystemModstamp to the second)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def moment(kept: str) -> datetime:
    return datetime.fromisoformat(kept)


def store(field: Field, value: object, schema: Schema) -> Stored:
    """The kept form of a value from a request; "" is null and blanks around text go.

    Raises ApiError: JSON_PARSER_ERROR for another JSON type, and the code of the rule that the value breaks.
    """
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    if field.type in NUMERIC:
        return _number(field, value)
    match field.type:
        case "boolean":
            return _boolean(value)
        case "date":
            return _date(value)
        case "datetime":
            return _datetime(value)
        case "time":
            return _time(value)
        case "reference" | "id":
            return _reference(field, value, schema)
        case "address" | "location":
            raise _wrong_type(field.type, value)
        case _:
            return _text(field, value)


def show(field: Field, kept: Stored) -> object:
    """The JSON form of a kept value."""
    if kept is None:
        return False if field.type == "boolean" else None
    match field.type:
        case "boolean":
            return bool(kept)
        case "datetime" if isinstance(kept, str):
            return kept[:-1] + "+0000"
        case "double" | "currency" | "percent":
            return float(kept)
        case "int":
            return int(kept)
        case _:
            return kept


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type("string", value)
    if field.length and len(value) > field.length:
        reason = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", reason, [field.name])
    if field.type == "email" and not _EMAIL.fullmatch(value):
        reason = f"{field.label}: invalid email address: {value}"
        raise ApiError(400, "INVALID_EMAIL_ADDRESS", reason, [field.name])
    if field.type in ("picklist", "multipicklist") and field.restricted:
        _check_listed(field, value)
    return value


def _check_listed(field: Field, value: str) -> None:
    known = {listed.value.lower() for listed in field.values}
    for part in value.split(";") if field.type == "multipicklist" else [value]:
        if part.lower() not in known:
            reason = f"{field.label}: bad value for restricted picklist field: {part}"
            raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", reason, [field.name])


def _number(field: Field, value: object) -> float | int:
    kind = "int" if field.type == "int" else "double"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong_type(kind, value)
    try:
        number = float(value)
    except ValueError as problem:
        raise _wrong_type(kind, value) from problem
    whole = field.precision - field.scale
    if abs(number) >= 10**whole:
        reason = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", reason, [field.name])
    return round(number) if field.type == "int" else round(number, field.scale)


def _boolean(value: object) -> int:
    match value:
        case bool():
            return int(value)
        case str() if value.lower() in ("true", "false", "1", "0"):
            return int(value.lower() in ("true", "1"))
        case 0 | 1:
            return int(bool(value))
        case _:
            raise _wrong_type("boolean", value)


def _date(value: object) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat() if isinstance(value, str) else _refuse("date", value)
    except ValueError as problem:
        raise _wrong_type("date", value) from problem


def _datetime(value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type("datetime", value)
    try:
        if _DATETIME.fullmatch(value):
            read = datetime.fromisoformat(value)
            return instant(read if read.tzinfo else read.replace(tzinfo=UTC))
        return instant(datetime.combine(date.fromisoformat(value), time(), UTC))
    except ValueError as problem:
        raise _wrong_type("datetime", value) from problem


def _time(value: object) -> str:
    parts = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not parts or int(parts[1]) > 23 or int(parts[2]) > 59 or int(parts[3] or 0) > 59:
        raise _wrong_type("time", value)
    return f"{parts[1]}:{parts[2]}:{parts[3] or '00'}.{(parts[4] or '').ljust(3, '0')}Z"


def _reference(field: Field, value: object, schema: Schema) -> str:
    if not isinstance(value, str):
        raise _wrong_type("string", value)
    if (long := ids.normalise(value)) is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {value}", [field.name])
    target = schema.of_id(long)
    if target is None or (field.reference_to and target.name not in field.reference_to):
        reason = f"{field.label}: id value of incorrect type: {value}"
        raise ApiError(400, "MALFORMED_ID", reason, [field.name])
    return long


def _refuse(kind: str, value: object) -> str:
    raise _wrong_type(kind, value)


def _wrong_type(kind: str, value: object) -> ApiError:
    match value:
        case bool():
            token = f"VALUE_{str(value).upper()}"
        case int():
            token = "VALUE_NUMBER_INT"
        case float():
            token = "VALUE_NUMBER_FLOAT"
        case str():
            token = "VALUE_STRING"
        case list():
            token = "START_ARRAY"
        case _:
            token = "START_OBJECT"
    shown = f" value {value}" if isinstance(value, str | int | float) else ""
    return malformed_json(
        f"Cannot deserialize instance of {kind} from {token}{shown} or request may be missing a required field"
    )
