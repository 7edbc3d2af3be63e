"""The little language of filters and targets: `skill == 'gas' AND worker.level >= 2` over attributes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'[^']*'|"[^"]*")
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<operator>==|!=|>=|<=|>|<|\(|\)|\[|\]|,|=)
      | (?P<name>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"==", "=", "!=", ">", "<", ">=", "<=", "IN", "HAS", "CONTAINS", "NOT"}
_WORDS = {"TRUE": True, "FALSE": False, "NULL": None}


class _Missing:
    """An attribute that is not there: it equals NULL and nothing else, not even another missing one."""

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None

    __hash__ = None  # type: ignore[assignment]  # never a key


MISSING = _Missing()


class BadExpression(ValueError):
    """The expression does not parse. Hyphens in attribute names do not, as at Twilio."""


def matches(expression: str, attributes: Mapping[str, Any]) -> bool:
    """Whether `expression` holds for `attributes` (names may be dotted). An empty one always holds.

    A missing attribute equals only NULL; values of different kinds never compare; `HAS` on what is no list never
    matches. Raises BadExpression.
    """
    if not expression.strip():
        return True
    parser = _Parser(list(_tokens(expression)), attributes)
    result = parser.either()
    parser.end()
    return bool(result)


def _tokens(expression: str) -> Iterator[str]:
    at = 0
    while expression[at:].strip():
        found = _TOKEN.match(expression, at)
        if found is None:
            raise BadExpression(f"{expression!r} is not understood at {expression[at:].strip()[:10]!r}")
        yield found.group().strip()
        at = found.end()


class _Parser:
    """Reads and evaluates in one go: expressions are short and both sides of AND are harmless."""

    def __init__(self, tokens: list[str], attributes: Mapping[str, Any]) -> None:
        self._tokens = tokens
        self._attributes = attributes
        self._at = 0

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise BadExpression(f"{self._tokens[self._at]!r} is too much")

    def either(self) -> bool:
        result = self._both()
        while self._take("OR"):
            right = self._both()
            result = result or right
        return result

    def _both(self) -> bool:
        result = self._negated()
        while self._take("AND"):
            right = self._negated()
            result = result and right
        return result

    def _negated(self) -> bool:
        if self._take("NOT"):
            return not self._negated()
        if self._take("("):
            result = self.either()
            self._expect(")")
            return result
        return self._comparison()

    def _comparison(self) -> bool:
        left = self._value()
        operator = self._peek()
        if operator not in _COMPARISONS:
            return bool(left)
        self._at += 1
        if operator == "NOT":
            self._expect("IN")
            return not _holds(left, "IN", self._value())
        return _holds(left, operator, self._value())

    def _value(self) -> Any:
        if self._take("["):
            values = []
            while not self._take("]"):
                values.append(self._value())
                self._take(",")
            return values
        token = self._next()
        if token[0] in "'\"":
            return token[1:-1]
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token)
        if token.upper() in _WORDS:
            return _WORDS[token.upper()]
        if not (token[0].isalpha() or token[0] == "_"):
            raise BadExpression(f"{token!r} is no value")
        return _look_up(self._attributes, token)

    def _peek(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        return token.upper() if token.upper() in _COMPARISONS | {"AND", "OR"} else token

    def _take(self, token: str) -> bool:
        if self._peek() == token:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise BadExpression(f"{token!r} is missing")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise BadExpression("the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]


def _look_up(attributes: Mapping[str, Any], name: str) -> Any:
    if name in attributes:
        return attributes[name]
    value: Any = attributes
    for part in name.split("."):
        value = value.get(part, MISSING) if isinstance(value, Mapping) else MISSING
    return value


def _holds(left: Any, operator: str, right: Any) -> bool:
    match operator:
        case "==" | "=":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "IN":
            return isinstance(right, list) and left in right
        case "HAS":
            return isinstance(left, list) and right in left
        case "CONTAINS":
            return isinstance(left, str) and isinstance(right, str) and right in left
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if not numbers and not (isinstance(left, str) and isinstance(right, str)):
        return False
    return bool({">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[operator])
