"""Cuts a SOQL statement into tokens that remember where they stood (sheet 2.4 "Strings", literals)."""

import re
from dataclasses import dataclass
from typing import Literal

from voice_agent.demo.salesforce.errors import QueryError

TokenKind = Literal["name", "string", "number", "date", "datetime", "symbol", "end"]

_PATTERN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\d:T]))
    | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<symbol><=|>=|!=|<>|[=<>(),:])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `at` is the offset of its first character."""

    kind: TokenKind
    text: str
    at: int
    pattern: str = ""
    """For a string: the text with `\\%` and `\\_` still escaped, as LIKE wants it."""

    @property
    def word(self) -> str:
        """The text of a name in capitals, for keywords; empty for everything else."""
        return self.text.upper() if self.kind == "name" else ""


def tokenize(statement: str) -> list[Token]:
    """All tokens, the last of kind `end`. Raises QueryError MALFORMED_QUERY at the first unreadable character."""
    tokens: list[Token] = []
    at = 0
    while True:
        while at < len(statement) and statement[at].isspace():
            at += 1
        if at >= len(statement):
            tokens.append(Token("end", "<EOF>", len(statement)))
            return tokens
        if statement[at] == "'":
            token, at = _string(statement, at)
            tokens.append(token)
            continue
        found = _PATTERN.match(statement, at)
        if not found or not found.lastgroup:
            reason = f"line 1:{at} no viable alternative at character '{statement[at]}'"
            raise QueryError("MALFORMED_QUERY", reason, statement, at)
        kind = found.lastgroup
        tokens.append(Token(kind, found[kind], found.start(kind)))  # type: ignore[arg-type]  # groups are kinds
        at = found.end()


def _string(statement: str, start: int) -> tuple[Token, int]:
    value: list[str] = []
    pattern: list[str] = []
    at = start + 1
    while at < len(statement):
        char = statement[at]
        if char == "'":
            return Token("string", "".join(value), start, "".join(pattern)), at + 1
        if char != "\\":
            value.append(char)
            pattern.append(char)
            at += 1
            continue
        escaped = statement[at + 1 : at + 2]
        if escaped in _ESCAPES and escaped:
            value.append(_ESCAPES[escaped])
            pattern.append("\\\\" if escaped == "\\" else _ESCAPES[escaped])
            at += 2
        elif escaped in ("_", "%") and escaped:
            value.append(escaped)
            pattern.append("\\" + escaped)
            at += 2
        elif escaped == "u" and re.fullmatch(r"[0-9A-Fa-f]{4}", statement[at + 2 : at + 6]):
            char = chr(int(statement[at + 2 : at + 6], 16))
            value.append(char)
            pattern.append(char)
            at += 6
        else:
            reason = f"Invalid string literal '{statement[start : at + 2]}'. Illegal character sequence '\\{escaped}'."
            raise QueryError("MALFORMED_QUERY", reason, statement, at)
    reason = f"unexpected token: '{statement[start:]}'"
    raise QueryError("MALFORMED_QUERY", reason, statement, start)
