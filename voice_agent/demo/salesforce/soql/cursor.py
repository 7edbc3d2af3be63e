"""Steps through the tokens of a statement and reads its smallest parts: names, numbers, literals (sheet 2.4)."""

import re
from datetime import date, datetime
from typing import NoReturn

from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.soql.statement import DateRange, Literal_, Path, Scalar, Text
from voice_agent.demo.salesforce.soql.tokens import Token, tokenize

_RANGE = re.compile(
    r"YESTERDAY|TODAY|TOMORROW"
    r"|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)"
    r"|LAST_90_DAYS|NEXT_90_DAYS"
)
_COUNTED = re.compile(
    r"(?:LAST_N|NEXT_N)_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)"
    r"|N_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)_AGO"
)


class Cursor:
    """A statement and the place reached in it; `peek` is the next token."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._tokens = tokenize(statement)
        self._next = 0

    @property
    def peek(self) -> Token:
        return self._tokens[self._next]

    def after(self, places: int) -> Token:
        return self._tokens[min(self._next + places, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def refuse(self, token: Token | None = None) -> NoReturn:
        wrong = token or self.peek
        raise QueryError("MALFORMED_QUERY", f"unexpected token: '{wrong.text}'", self.statement, wrong.at)

    def accept(self, text: str) -> bool:
        """Takes the symbol or keyword if it comes next."""
        found = self.peek.word == text or (self.peek.kind == "symbol" and self.peek.text == text)
        self._next += found
        return found

    def expect(self, text: str) -> Token:
        if not (self.peek.word == text or (self.peek.kind == "symbol" and self.peek.text == text)):
            if self.peek.kind == "end" or text in (")", "("):
                self.refuse()
            raise QueryError("MALFORMED_QUERY", f"unexpected token: '{self.peek.text}'", self.statement, self.peek.at)
        return self.take()

    def expect_end(self) -> None:
        if self.peek.kind != "end":
            self.refuse()

    def literal(self) -> Literal_:
        token = self.take()
        match token.kind:
            case "string":
                return Text(token.text, token.pattern, token.at)
            case "number":
                whole = re.fullmatch(r"[+-]?\d+", token.text)
                return Scalar(int(token.text) if whole else float(token.text), token.text, token.at)
            case "date":
                return Scalar(self._day(token), token.text, token.at)
            case "datetime":
                return Scalar(self._moment(token), token.text, token.at)
            case "name":
                return self._worded(token)
            case _:
                self.refuse(token)

    def _worded(self, token: Token) -> Literal_:
        match token.word:
            case "NULL":
                return Scalar(None, token.text, token.at)
            case "TRUE" | "FALSE":
                return Scalar(token.word == "TRUE", token.text, token.at)
            case word if _RANGE.fullmatch(word):
                return DateRange(word, 0, token.at)
            case word if _COUNTED.fullmatch(word):
                self.expect(":")
                return DateRange(word, self.whole(), token.at)
            case _:
                self.refuse(token)

    def _day(self, token: Token) -> date:
        try:
            return date.fromisoformat(token.text)
        except ValueError as problem:
            reason = f"line 1:{token.at} invalid date: {token.text}"
            raise QueryError("MALFORMED_QUERY", reason, self.statement, token.at) from problem

    def _moment(self, token: Token) -> datetime:
        try:
            return datetime.fromisoformat(token.text.upper())
        except ValueError as problem:
            reason = f"line 1:{token.at} invalid date: {token.text}"
            raise QueryError("MALFORMED_QUERY", reason, self.statement, token.at) from problem

    def text(self) -> Text:
        token = self.take()
        if token.kind != "string":
            self.refuse(token)
        return Text(token.text, token.pattern, token.at)

    def name(self) -> Token:
        if self.peek.kind != "name":
            self.refuse()
        return self.take()

    def path(self) -> Path:
        name = self.name()
        return Path(tuple(name.text.split(".")), name.at)

    def whole(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            self.refuse(token)
        return int(token.text)

    def decimal(self) -> float:
        token = self.take()
        if token.kind != "number":
            self.refuse(token)
        return float(token.text)
