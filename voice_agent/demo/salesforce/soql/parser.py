"""Reads SOQL by recursive descent into a `Query` (sheet 2.4 "SOQL subset to implement")."""

from functools import lru_cache
from typing import cast

from voice_agent.demo.salesforce.soql.cursor import Cursor
from voice_agent.demo.salesforce.soql.statement import (
    Among,
    AmongRows,
    And,
    Call,
    Comparator,
    Comparison,
    Condition,
    Geolocation,
    Grouping,
    Includes,
    Not,
    Operand,
    Or,
    Order,
    Path,
    Query,
    Selected,
    SelectedGroup,
    SelectedRows,
    SelectedType,
    SelectItem,
)
from voice_agent.demo.salesforce.soql.tokens import Token

_COMPARATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CLAUSES = frozenset({"FROM", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "USING", "ALL"})


@lru_cache(512)
def parse(statement: str) -> Query:
    """The statement as a tree, which nobody changes; clients send the same statements again and again.

    Raises QueryError MALFORMED_QUERY where it stops making sense."""
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


class Parser(Cursor):
    """Reads one statement from left to right."""

    # -- statement ---------------------------------------------------------------------------------------------------

    def query(self, nested: bool) -> Query:
        self.expect("SELECT")
        select = self._select()
        self.expect("FROM")
        source = self.name()
        aliases = self._aliases(source)
        scope = ""
        if self.accept("USING"):
            self.expect("SCOPE")
            scope = self.name().text.lower()
        where = self.condition() if self.accept("WHERE") else None
        while self.accept("WITH"):
            self._security()
        grouping = self._grouping()
        having = self.condition() if self.accept("HAVING") else None
        order = self._order()
        limit = self.whole() if self.accept("LIMIT") else None
        offset_at = self.peek.at
        offset = self.whole() if self.accept("OFFSET") else None
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
            group = self.name().text.upper()
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
        elif self.peek.kind == "name" and (self.after(1).word == "FROM" or self.after(1).text == ","):
            alias = self.take().text
        return Selected(what, alias)

    def _typeof(self) -> SelectedType:
        self.take()
        path = self.path()
        whens: list[tuple[str, tuple[Path, ...]]] = []
        while self.accept("WHEN"):
            name = self.name().text
            self.expect("THEN")
            whens.append((name, self._paths()))
        if not whens:
            self.refuse()
        otherwise = self._paths() if self.accept("ELSE") else ()
        self.expect("END")
        return SelectedType(path, tuple(whens), otherwise)

    def _paths(self) -> tuple[Path, ...]:
        paths = [self.path()]
        while self.accept(","):
            paths.append(self.path())
        return tuple(paths)

    def _aliases(self, source: Token) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """`FROM Contact c, c.Account a` names paths; each alias may stand in place of its path."""
        known: dict[str, tuple[str, ...]] = {source.text.lower(): ()}
        if self.peek.kind == "name" and self.peek.word not in _CLAUSES:
            known[self.take().text.lower()] = ()
        while self.accept(","):
            parts = self.name().text.split(".")
            stem = known.get(parts[0].lower())
            path = (*stem, *parts[1:]) if stem is not None else tuple(parts)
            alias = self.name()
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
            return Comparison(left, cast(Comparator, _COMPARATORS[operator.text]), self.literal())
        match operator.word:
            case "LIKE":
                if self.peek.kind != "string":
                    self.refuse()
                return Comparison(left, "LIKE", self.literal())
            case "IN":
                return self._among(left, negated=False)
            case "NOT":
                self.expect("IN")
                return self._among(left, negated=True)
            case "INCLUDES" | "EXCLUDES" if isinstance(left, Path):
                self.expect("(")
                values = [self.text()]
                while self.accept(","):
                    values.append(self.text())
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
        values = [self.literal()]
        while self.accept(","):
            values.append(self.literal())
        self.expect(")")
        return Among(left, tuple(values), negated)

    # -- the small parts ---------------------------------------------------------------------------------------------

    def _operand(self) -> Path | Call:
        name = self.name()
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
            return self.text()
        if self.peek.word == "GEOLOCATION":
            self.take()
            self.expect("(")
            latitude = self.decimal()
            self.expect(",")
            longitude = self.decimal()
            self.expect(")")
            return Geolocation(latitude, longitude)
        return self._operand()
