"""What a SOQL statement says, as a tree; `at` is the offset in the text, for error messages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Comparator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE"]


@dataclass(frozen=True, slots=True)
class Path:
    """A field, possibly of a parent: `Account.Owner.Name`."""

    parts: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Geolocation:
    """GEOLOCATION(latitude, longitude), degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Call:
    """A function of fields: `COUNT(Id)`, `CALENDAR_YEAR(convertTimezone(CreatedDate))`, `DISTANCE(...)`."""

    name: str
    arguments: "tuple[Operand, ...]"
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string; `pattern` keeps the escapes that LIKE needs."""

    value: str
    pattern: str
    at: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """An unquoted literal."""

    value: float | int | bool | date | datetime | None
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date literal such as TODAY or LAST_N_DAYS:30."""

    name: str
    count: int
    at: int


Literal_ = Text | Scalar | DateRange
Operand = Path | Call | Text | Geolocation


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Path | Call
    comparator: Comparator
    right: Literal_


@dataclass(frozen=True, slots=True)
class Among:
    """IN and NOT IN with a list."""

    left: Path | Call
    values: tuple[Literal_, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class AmongRows:
    """IN and NOT IN with a semi-join."""

    left: Path
    query: "Query"
    negated: bool


@dataclass(frozen=True, slots=True)
class Includes:
    """INCLUDES and EXCLUDES on a multi-select picklist; each value may be `A;B`, meaning both."""

    left: Path
    values: tuple[Text, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class And:
    terms: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    terms: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    term: "Condition"


Condition = Comparison | Among | AmongRows | Includes | And | Or | Not


@dataclass(frozen=True, slots=True)
class Selected:
    """A field or function in SELECT, with its alias or ""."""

    what: Path | Call
    alias: str


@dataclass(frozen=True, slots=True)
class SelectedType:
    """TYPEOF What WHEN Account THEN Phone ELSE Name END."""

    path: Path
    whens: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SelectedRows:
    """A child sub-query."""

    query: "Query"
    at: int


@dataclass(frozen=True, slots=True)
class SelectedGroup:
    """FIELDS(ALL | STANDARD | CUSTOM)."""

    group: str
    at: int


SelectItem = Selected | SelectedType | SelectedRows | SelectedGroup


@dataclass(frozen=True, slots=True)
class Order:
    by: Path | Call
    descending: bool
    nulls_last: bool | None
    """None: not said, so nulls come first (sheet 2.4)."""


@dataclass(frozen=True, slots=True)
class Grouping:
    kind: Literal["plain", "rollup", "cube"]
    by: tuple[Path | Call, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT, top level or nested."""

    select: tuple[SelectItem, ...]
    source: str
    source_at: int
    aliases: tuple[tuple[str, tuple[str, ...]], ...]
    """Alias to the path it stands for; the object itself is the empty path."""
    scope: str
    where: Condition | None
    grouping: Grouping | None
    having: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int | None
    offset_at: int
    counts_only: bool
    """SELECT COUNT() with nothing else: only a total is wanted."""
