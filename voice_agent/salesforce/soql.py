"""SOQL and SOSL from constant templates with named holes; what goes into a hole is quoted by its type.

    soql("SELECT Id FROM Contact WHERE LastName = {name} AND CreatedDate > {since}", name="O'Neil", since=now)

The template is code and never comes from outside; a value never becomes syntax. Rules of 2.4 and 2.5.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite


@dataclass(frozen=True, slots=True)
class Containing:
    """A LIKE pattern: anything that contains `text`, in which the text's own % and _ stand for themselves."""

    text: str


HOLE = re.compile(r"\{(\w+)\}")
ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
SOSL_RESERVED = re.compile(r"([?&|!{}\[\]()^~*:\\\"'+\-])")


def soql(template: str, **values: object) -> str:
    """The statement with every hole filled. KeyError for a hole without a value, TypeError for a value not expected."""
    holes = set(HOLE.findall(template))
    if unused := values.keys() - holes:
        raise TypeError(f"no such hole: {', '.join(sorted(unused))}")
    statement = HOLE.sub(lambda hole: quote(values[hole[1]]), template)
    return " ".join(statement.split("\n")) if "\n" in template else statement


def quote(value: object) -> str:
    """A literal. Strings are quoted and escaped, dates are bare, datetimes need a zone, a sequence becomes a list.

    An empty sequence has no SOQL form (`IN ()` is malformed), so it stands for a list that nothing is in.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            if not isfinite(value):
                raise TypeError("SOQL has no literal for infinity or NaN")
            return repr(value)
        case str():
            return "'" + escape(value) + "'"
        case datetime():
            if value.tzinfo is None:
                raise TypeError("a datetime in SOQL needs its zone")
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Containing():
            return "'%" + escape(value.text).replace("%", "\\%").replace("_", "\\_") + "%'"
        case bytes() | bytearray():
            raise TypeError("bytes have no SOQL form")
        case Sequence() | Set():
            items = sorted(value, key=str) if isinstance(value, Set) else value
            if any(isinstance(item, Sequence | Set) and not isinstance(item, str) for item in items):
                raise TypeError("a list in SOQL holds plain values")
            return "(" + (", ".join(quote(item) for item in items) or "''") + ")"
        case _:
            raise TypeError(f"{type(value).__name__} has no SOQL form")


def escape(text: str) -> str:
    """The inside of a quoted literal. Other control characters have no escape in SOQL and are dropped."""
    return "".join(ESCAPES.get(c, c) for c in text if c in ESCAPES or c >= " ")


def record_id(value: str) -> str:
    """`value` if it has the form of a record id, for use in a path. TypeError otherwise: never a path of someone's."""
    if not ID.fullmatch(value):
        raise TypeError("not a record id")
    return value


def sosl_term(text: str) -> str:
    """Words for FIND {...}: reserved characters escaped, operators made plain words by quoting the whole phrase."""
    cleaned = "".join(c for c in text if c >= " ")
    return '"' + SOSL_RESERVED.sub(r"\\\1", cleaned) + '"'


def find_phone(spellings: Sequence[str], returning: str, limit: int) -> str:
    """A SOSL statement over phone fields for any of `spellings`; `returning` is a constant of ours (2.5)."""
    terms = " OR ".join(sosl_term(spelling) for spelling in spellings)
    return f"FIND {{{terms}}} IN PHONE FIELDS RETURNING {returning} LIMIT {limit:d}"
