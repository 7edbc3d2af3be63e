"""SOSL and parameterised search in phone, name, email and text fields (sheet 2.5).

How the real index cuts words is not published in full. Here phone terms match digits contained in a stored number,
and other terms match whole words, with `*` and `?`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import assert_never

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.metadata import TEXTUAL, SObject
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request
from voice_agent.demo.salesforce.soql.parser import parse
from voice_agent.demo.salesforce.soql.statement import Among, And, Path, Query, Text

_MOST = 2000
_DEFAULT_OBJECTS = ("Account", "Contact", "Case", "Asset", "WorkOrder", "ServiceAppointment", "ServiceResource", "User")
_GROUPS = frozenset({"ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR"})
_HEAD = re.compile(r"\s*FIND\s*\{", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:WHERE|ORDER\s+BY|LIMIT|OFFSET|USING)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase; wildcards still stand in it."""

    text: str


@dataclass(frozen=True, slots=True)
class Both:
    terms: "tuple[Wanted, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    terms: "tuple[Wanted, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    term: "Wanted"


Wanted = Term | Both | Either | Without


@dataclass(frozen=True, slots=True)
class Returned:
    """One object to return, and the SOQL that says which fields, filter, order and limit."""

    object_name: str
    statement: str


def sosl(context: Context, request: Request) -> Reply:
    text = request.query.get("q", "")
    wanted, rest = _find(text)
    group_found = re.match(r"\s*IN\s+(\w+)\s+FIELDS\b", rest, re.IGNORECASE)
    group = group_found[1].upper() if group_found else "ALL"
    if group not in _GROUPS:
        raise _malformed(f"unexpected token: '{group}'")
    rest = rest[group_found.end() :] if group_found else rest
    returning, rest = _returning(rest)
    limit = re.fullmatch(r"\s*(?:WITH\s+[^)]*?)?\s*(?:LIMIT\s+(\d+))?\s*", rest, re.IGNORECASE)
    if limit is None:
        raise _malformed(f"unexpected token: '{rest.strip().split()[0]}'")
    most = min(int(limit[1] or _MOST), _MOST)
    records = _run(context, request, wanted, group, returning or _everywhere(context), most)
    if float(request.version) < 37:
        return Reply(body=records)
    return Reply(body={"searchRecords": records})


def parameterized(context: Context, request: Request) -> Reply:
    """The POST form with a JSON body, and the GET form with `sobject=` and `Contact.fields=` (sheet 2.5)."""
    asked = dict(request.fields()) if request.method == "POST" else _from_query(request)
    text = asked.get("q")
    if not isinstance(text, str) or not text.strip():
        raise ApiError(400, "INVALID_SEARCH", "A search string has to be specified", [])
    group = str(asked.get("in", "ALL")).upper().removesuffix(" FIELDS")
    if group not in _GROUPS:
        raise ApiError(400, "INVALID_SEARCH", f"Invalid value for in: {group}", [])
    common = asked.get("fields") or ["Id"]
    default = int(str(asked.get("defaultLimit", _MOST)))
    most = int(str(asked.get("overallLimit", _MOST)))
    returned: list[Returned] = []
    listed = asked.get("sobjects") or []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, Mapping):
            raise ApiError(400, "INVALID_SEARCH", "sobjects must be a list of objects", [])
        names = one.get("fields") or common
        statement = f"SELECT {', '.join(map(str, names if isinstance(names, list) else [names]))} FROM {one['name']}"
        statement += f" WHERE {one['where']}" if one.get("where") else ""
        statement += f" ORDER BY {one['orderBy']}" if one.get("orderBy") else ""
        returned.append(Returned(str(one["name"]), f"{statement} LIMIT {one.get('limit', default)}"))
    found = _run(context, request, _wanted(text), group, returned or _everywhere(context), min(most, _MOST))
    return Reply(body={"searchRecords": found[int(str(asked.get("offset", 0))) :]})


def matches(wanted: Wanted, texts: Sequence[str], numbers: Sequence[str], phones_only: bool) -> bool:
    """Whether a record with these texts and phone digits is found."""
    match wanted:
        case Both(terms):
            return all(matches(term, texts, numbers, phones_only) for term in terms)
        case Either(terms):
            return any(matches(term, texts, numbers, phones_only) for term in terms)
        case Without(term):
            return not matches(term, texts, numbers, phones_only)
        case Term(text):
            sought = re.sub(r"\D", "", text)
            if len(sought) >= 2 and not re.search(r"[A-Za-z]", text) and any(sought in number for number in numbers):
                return True
            return not phones_only and any(_in_text(text, one) for one in texts)
        case _:
            assert_never(wanted)


def _in_text(term: str, text: str) -> bool:
    sought, words = _words(term), _words(text)
    width = len(sought)
    return width > 0 and any(
        all(fnmatchcase(word, one) for word, one in zip(words[at : at + width], sought, strict=True))
        for at in range(len(words) - width + 1)
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[\w*?]+", text.casefold())


def _run(
    context: Context, request: Request, wanted: Wanted, group: str, returning: Sequence[Returned], most: int
) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []
    for item in returning:
        obj = context.object_or_malformed(item.object_name)
        found = _ids(context, obj, wanted, group)
        if not found:
            continue
        query = parse(item.statement)
        records += context.selector(request).answer(_among(query, found), item.statement).records
    return records[:most]


def _among(query: Query, found: Sequence[str]) -> Query:
    here = Among(Path(("Id",), 0), tuple(Text(one, one, 0) for one in found), negated=False)
    return replace(query, where=here if query.where is None else And((here, query.where)))


def _ids(context: Context, obj: SObject, wanted: Wanted, group: str) -> list[str]:
    connection = context.database.connection
    numbers: dict[str, list[str]] = {}
    if group in ("ALL", "PHONE"):
        rows = connection.execute(
            "SELECT record, digits FROM _phones WHERE record >= ? AND record < ?", [obj.prefix, obj.prefix + "\x7f"]
        )
        for record, digits in rows:
            numbers.setdefault(record, []).append(digits)
    if group == "PHONE":
        return [record for record, stored in numbers.items() if matches(wanted, (), stored, True)]
    names = _text_fields(obj, group)
    columns = "".join(f', "{name}"' for name in names)
    rows = connection.execute(f'SELECT "Id"{columns} FROM "{obj.name}" WHERE "IsDeleted" = 0 ORDER BY rowid')
    return [
        row[0]
        for row in rows.fetchall()
        if matches(wanted, [text for text in row[1:] if text], numbers.get(row[0], ()), False)
    ]


def _text_fields(obj: SObject, group: str) -> list[str]:
    match group:
        case "NAME":
            return [f.name for f in obj.fields if f.is_name and f.stored]
        case "EMAIL":
            return [f.name for f in obj.fields if f.type == "email" and f.stored]
        case _:
            return [f.name for f in obj.fields if f.type in TEXTUAL and f.type != "phone" and f.stored]


def _everywhere(context: Context) -> list[Returned]:
    return [
        Returned(name, f"SELECT Id FROM {name}")
        for name in _DEFAULT_OBJECTS
        if context.viewer.rights.allows("r", name) and context.schema.find(name)
    ]


# -- reading the statement ---------------------------------------------------------------------------------------------


def _find(text: str) -> tuple[Wanted, str]:
    head = _HEAD.match(text)
    if head is None:
        raise _malformed(f"unexpected token: '{text.strip().split(' ')[0] if text.strip() else '<EOF>'}'")
    at = head.end()
    while at < len(text) and text[at] != "}":
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise _malformed("missing closing brace")
    return _wanted(text[head.end() : at]), text[at + 1 :]


def _wanted(text: str) -> Wanted:
    tokens = re.findall(r'"(?:\\.|[^"\\])*"|\(|\)|(?:\\.|[^\s()"\\])+', text)
    if not tokens:
        raise _malformed("search term must be longer than one character: ")
    wanted, left = _either(tokens)
    if left:
        raise _malformed(f"unexpected token: '{left[0]}'")
    return wanted


def _either(tokens: list[str]) -> tuple[Wanted, list[str]]:
    first, tokens = _both(tokens)
    terms = [first]
    while tokens and tokens[0].upper() == "OR":
        term, tokens = _both(tokens[1:])
        terms.append(term)
    return (terms[0] if len(terms) == 1 else Either(tuple(terms))), tokens


def _both(tokens: list[str]) -> tuple[Wanted, list[str]]:
    first, tokens = _single(tokens)
    terms = [first]
    while tokens and tokens[0] != ")" and tokens[0].upper() != "OR":
        if tokens[0].upper() == "AND":
            tokens = tokens[1:]
        negated = bool(tokens) and tokens[0].upper() == "NOT"
        term, tokens = _single(tokens[1:] if negated else tokens)
        terms.append(Without(term) if negated else term)
    return (terms[0] if len(terms) == 1 else Both(tuple(terms))), tokens


def _single(tokens: list[str]) -> tuple[Wanted, list[str]]:
    if not tokens or tokens[0] == ")" or tokens[0].upper() in ("OR", "AND"):
        raise _malformed(f"unexpected token: '{tokens[0] if tokens else '<EOF>'}'")
    if tokens[0] == "(":
        inner, tokens = _either(tokens[1:])
        if not tokens:
            raise _malformed("unexpected token: '<EOF>'")
        return inner, tokens[1:]
    text = tokens[0].strip('"') if tokens[0].startswith('"') else tokens[0]
    bare = re.sub(r"\\(.)", r"\1", text)
    if len(bare.strip("*?")) < 2:
        raise _malformed(f"search term must be longer than one character: {bare}")
    if text.startswith("*"):
        raise _malformed("search term must not begin with a wildcard")
    return Term(bare), tokens[1:]


def _returning(rest: str) -> tuple[list[Returned], str]:
    head = re.match(r"\s*RETURNING\b", rest, re.IGNORECASE)
    if head is None:
        return [], rest
    rest = rest[head.end() :]
    returned: list[Returned] = []
    while True:
        name = re.match(r"\s*(\w+)\s*", rest)
        if name is None:
            raise _malformed("unexpected token: '<EOF>'")
        rest = rest[name.end() :]
        inside = ""
        if rest.startswith("("):
            inside, rest = _parenthesised(rest)
        clause = _CLAUSE.search(inside)
        fields = inside[: clause.start()] if clause else inside
        tail = inside[clause.start() :] if clause else ""
        returned.append(Returned(name[1], f"SELECT {fields.strip() or 'Id'} FROM {name[1]} {tail}".strip()))
        comma = re.match(r"\s*,", rest)
        if comma is None:
            return returned, rest
        rest = rest[comma.end() :]


def _parenthesised(text: str) -> tuple[str, str]:
    depth, quoted, at = 0, False, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'":
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return text[1:at], text[at + 1 :]
        at += 1
    raise _malformed("unexpected token: '<EOF>'")


def _from_query(request: Request) -> dict[str, object]:
    asked: dict[str, object] = {key: value for key, value in request.query.items() if "." not in key}
    asked["fields"] = [name.strip() for name in request.query.get("fields", "Id").split(",")]
    names = [name.strip() for name in request.query.get("sobject", "").split(",") if name.strip()]
    objects: list[dict[str, object]] = []
    for name in names:
        one: dict[str, object] = {"name": name}
        for option in ("fields", "where", "limit", "orderBy"):
            if value := request.query.get(f"{name}.{option}"):
                one[option] = [part.strip() for part in value.split(",")] if option == "fields" else value
        objects.append(one)
    asked["sobjects"] = objects
    return asked


def _malformed(reason: str) -> ApiError:
    return ApiError(400, "MALFORMED_SEARCH", reason)
