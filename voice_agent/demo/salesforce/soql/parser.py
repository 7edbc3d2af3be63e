"""Reads SOQL by recursive descent into a `Query` (sheet 2.4 "SOQL subset to implement")."""

import re
from datetime import date, datetime
from typing import NoReturn, cast

from voice_agent.demo.salesforce.errors import QueryError
from voice_agent.demo.salesforce.soql.statement import (
    Among,
    AmongRows,
    And,
    Call,
    Comparator,
    Comparison,
    Condition,
    DateRange,
    Geolocation,
    Grouping,
    Includes,
    Literal_,
    Not,
    Operand,
    Or,
    Order,
    Path,
    Query,
    Scalar,
    Selected,
    SelectedGroup,
    SelectedRows,
    SelectedType,
    SelectItem,
    Text,
)
from voice_agent.demo.salesforce.soql.tokens import Token, tokenize

_COMPARATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_RANGE = re.compile(
    r"YESTERDAY|TODAY|TOMORROW"
    r"|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)"
    r"|LAST_90_DAYS|NEXT_90_DAYS"
)
_COUNTED = re.compile(
    r"(?:LAST_N|NEXT_N)_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)"
    r"|N_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)_AGO"
)
_CLAUSES = frozenset({"FROM", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "ALL"})


def parse(statement: str) -> Query:
    """The statement as a tree. Raises QueryError MALFORMED_QUERY where it stops making sense."""
    parser = Parser(statement)
    query = parser.query(nested=False)
    parser.expect_end()
    return query


def parse_condition(text: str) -> Condition:
    """A bare condition, as SOSL, parameterised search, sharing and validation rules use them."""
    parser = Parser(text)
    condition = parser.condition()
    parser.expect_end()
    return condition


class Parser:
    """Reads one statement from left to right; `peek` is the next token."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._tokens = tokenize(statement)
        self._next = 0

    @property
    def peek(self) -> Token:
        return self._tokens[self._next]

    def _after(self, places: int) -> Token:
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

    # -- statement ---------------------------------------------------------------------------------------------------

    def query(self, nested: bool) -> Query:
        self.expect("SELECT")
        select = self._select()
        self.expect("FROM")
        source = self._name()
        aliases = self._aliases(source)
        scope = ""
        if self.accept("USING"):
            self.expect("SCOPE")
            scope = self._name().text.lower()
        where = self.condition() if self.accept("WHERE") else None
        while self.accept("WITH"):
            self._security()
        grouping = self._grouping()
        having = self.condition() if self.accept("HAVING") else None
        order = self._order()
        limit = self._whole() if self.accept("LIMIT") else None
        offset_at = self.peek.at
        offset = self._whole() if self.accept("OFFSET") else None
        while self.accept("FOR"):
            if self.peek.word not in ("VIEW", "REFERENCE", "UPDATE"):
                self.refuse()
            self.take()
        if not nested and self.peek.word == "ALL":
            self.refuse()
        first = select[0]
        counts_only = (
            len(select) == 1
            and isinstance(first, Selected)
            and isinstance(first.what, Call)
            and first.what.name == "COUNT"
            and not first.what.arguments
        )
        if having is not None and grouping is None:
            self.refuse()
        return Query(
            select,
            source.text,
            source.at,
            aliases,
            scope,
            where,
            grouping,
            having,
            order,
            limit,
            offset,
            offset_at,
            counts_only,
        )

    def _select(self) -> tuple[SelectItem, ...]:
        items = [self._item()]
        while self.accept(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> SelectItem:
        at = self.peek.at
        if self.accept("("):
            query = self.query(nested=True)
            self.expect(")")
            return SelectedRows(query, at)
        if self.peek.word == "TYPEOF":
            return self._typeof()
        if self.peek.word == "FIELDS" and self._tokens[self._next + 1].text == "(":
            self.take()
            self.expect("(")
            group = self._name().text.upper()
            if group not in ("ALL", "STANDARD", "CUSTOM"):
                self.refuse()
            self.expect(")")
            return SelectedGroup(group, at)
        if self.peek.word in _CLAUSES:
            self.refuse()
        what = self._operand()
        alias = ""
        if self.peek.kind == "name" and self.peek.word not in _CLAUSES and isinstance(what, Call):
            alias = self.take().text
        elif self.peek.kind == "name" and (self._after(1).word == "FROM" or self._after(1).text == ","):
            alias = self.take().text
        return Selected(what, alias)

    def _typeof(self) -> SelectedType:
        self.take()
        path = self._path()
        whens: list[tuple[str, tuple[Path, ...]]] = []
        while self.accept("WHEN"):
            name = self._name().text
            self.expect("THEN")
            whens.append((name, self._paths()))
        if not whens:
            self.refuse()
        otherwise = self._paths() if self.accept("ELSE") else ()
        self.expect("END")
        return SelectedType(path, tuple(whens), otherwise)

    def _paths(self) -> tuple[Path, ...]:
        paths = [self._path()]
        while self.accept(","):
            paths.append(self._path())
        return tuple(paths)

    def _aliases(self, source: Token) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """`FROM Contact c, c.Account a` names paths; each alias may stand in place of its path."""
        known: dict[str, tuple[str, ...]] = {source.text.lower(): ()}
        if self.peek.kind == "name" and self.peek.word not in _CLAUSES:
            known[self.take().text.lower()] = ()
        while self.accept(","):
            parts = self._name().text.split(".")
            stem = known.get(parts[0].lower())
            path = (*stem, *parts[1:]) if stem is not None else tuple(parts)
            alias = self._name()
            known[alias.text.lower()] = path
        return tuple(known.items())

    def _security(self) -> None:
        """USER_MODE and SECURITY_ENFORCED say what holds here anyhow: the caller's own rights apply."""
        if self.peek.word not in ("SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"):
            self.refuse()
        self.take()

    def _grouping(self) -> Grouping | None:
        if not self.accept("GROUP"):
            return None
        self.expect("BY")
        if self.peek.word in ("ROLLUP", "CUBE") and self._tokens[self._next + 1].text == "(":
            kind = self.take().word
            self.expect("(")
            by = self._operands()
            self.expect(")")
            return Grouping("rollup" if kind == "ROLLUP" else "cube", by)
        return Grouping("plain", self._operands())

    def _operands(self) -> tuple[Path | Call, ...]:
        found = [self._operand()]
        while self.accept(","):
            found.append(self._operand())
        return tuple(found)

    def _order(self) -> tuple[Order, ...]:
        if not self.accept("ORDER"):
            return ()
        self.expect("BY")
        orders: list[Order] = []
        while True:
            by = self._operand()
            descending = self.accept("DESC")
            if not descending:
                self.accept("ASC")
            nulls_last: bool | None = None
            if self.accept("NULLS"):
                nulls_last = self.accept("LAST")
                if not nulls_last:
                    self.expect("FIRST")
            orders.append(Order(by, descending, nulls_last))
            if not self.accept(","):
                return tuple(orders)

    # -- conditions --------------------------------------------------------------------------------------------------

    def condition(self) -> Condition:
        """Terms joined by AND alone or by OR alone: mixing them needs parentheses (sheet 2.4)."""
        first = self._term()
        joint = self.peek.word
        if joint not in ("AND", "OR"):
            return first
        terms = [first]
        while self.peek.word in ("AND", "OR"):
            if self.peek.word != joint:
                self.refuse()
            self.take()
            terms.append(self._term())
        return And(tuple(terms)) if joint == "AND" else Or(tuple(terms))

    def _term(self) -> Condition:
        if self.accept("NOT"):
            return Not(self._term())
        if self.accept("("):
            inner = self.condition()
            self.expect(")")
            return inner
        left = self._operand()
        operator = self.take()
        if operator.kind == "symbol" and operator.text in _COMPARATORS:
            return Comparison(left, cast(Comparator, _COMPARATORS[operator.text]), self._literal())
        match operator.word:
            case "LIKE":
                if self.peek.kind != "string":
                    self.refuse()
                return Comparison(left, "LIKE", self._literal())
            case "IN":
                return self._among(left, negated=False)
            case "NOT":
                self.expect("IN")
                return self._among(left, negated=True)
            case "INCLUDES" | "EXCLUDES" if isinstance(left, Path):
                self.expect("(")
                values = [self._text()]
                while self.accept(","):
                    values.append(self._text())
                self.expect(")")
                return Includes(left, tuple(values), operator.word == "EXCLUDES")
            case _:
                self.refuse(operator)

    def _among(self, left: Path | Call, negated: bool) -> Condition:
        self.expect("(")
        if self.peek.word == "SELECT" and isinstance(left, Path):
            query = self.query(nested=True)
            self.expect(")")
            return AmongRows(left, query, negated)
        values = [self._literal()]
        while self.accept(","):
            values.append(self._literal())
        self.expect(")")
        return Among(left, tuple(values), negated)

    # -- the small parts ---------------------------------------------------------------------------------------------

    def _operand(self) -> Path | Call:
        name = self._name()
        if self.peek.kind != "symbol" or self.peek.text != "(":
            return Path(tuple(name.text.split(".")), name.at)
        self.take()
        arguments: list[Operand] = []
        if not self.accept(")"):
            arguments.append(self._argument())
            while self.accept(","):
                arguments.append(self._argument())
            self.expect(")")
        return Call(name.word, tuple(arguments), name.at)

    def _argument(self) -> Operand:
        if self.peek.kind == "string":
            return self._text()
        if self.peek.word == "GEOLOCATION":
            self.take()
            self.expect("(")
            latitude = self._decimal()
            self.expect(",")
            longitude = self._decimal()
            self.expect(")")
            return Geolocation(latitude, longitude)
        return self._operand()

    def _literal(self) -> Literal_:
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
                return DateRange(word, self._whole(), token.at)
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

    def _text(self) -> Text:
        token = self.take()
        if token.kind != "string":
            self.refuse(token)
        return Text(token.text, token.pattern, token.at)

    def _name(self) -> Token:
        if self.peek.kind != "name":
            self.refuse()
        return self.take()

    def _path(self) -> Path:
        name = self._name()
        return Path(tuple(name.text.split(".")), name.at)

    def _whole(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            self.refuse(token)
        return int(token.text)

    def _decimal(self) -> float:
        token = self.take()
        if token.kind != "number":
            self.refuse(token)
        return float(token.text)
