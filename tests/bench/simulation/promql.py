"""The part of PromQL that the rules' own queries need, evaluated over simulated samples as in Prometheus 3.

Known: selectors with = != =~ !~, also without a name; ranges, rate, increase, irate, sum and count (by before or
after), histogram_quantile, numbers and * / or. `rate` extrapolates to the window's ends by Prometheus' rules, so births
and resets have the same effect as there.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r'\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)|(\d+(?:\.\d+)?(?:[smh])?)|("(?:\\.|[^"\\])*")|(=~|!~|!=|[-=*/(){},\[\]]))'
)
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Selector:
    """A metric's name ("": any), its matchers (label, test) and the range in seconds (0: instant)."""

    name: str
    matchers: tuple[tuple[str, Callable[[str], bool]], ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class Call:
    """A function or an aggregation with its arguments and the labels it groups by."""

    name: str
    arguments: tuple["Node", ...]
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Binary:
    """Two vectors, or a vector and a number, and what is done with them."""

    sign: str
    left: "Node"
    right: "Node"


Node = Selector | Call | Binary | float


@lru_cache(maxsize=512)
def parse(text: str) -> Node:
    """Parse a query.

    Raises:
        ValueError: it says something this subset does not know.
    """
    parser = _Parser(_tokens(text))
    node = parser.either()
    if parser.peek():
        raise ValueError(f"not understood: {parser.peek()!r} in {text!r}")
    return node


def _tokens(text: str) -> list[str]:
    found, position, text = [], 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"not understood: {text[position : position + 20]!r}")
        found.append(match.group(0).strip())
        position = match.end()
    return found


@dataclass
class _Parser:
    tokens: Sequence[str]
    position: int = field(default=0)

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise ValueError(f"{wanted or 'more'} expected, {token!r} found")
        self.position += 1
        return token

    def either(self) -> Node:
        node = self.product()
        while self.peek() == "or":
            node = Binary(self.take(), node, self.product())
        return node

    def product(self) -> Node:
        node = self.atom()
        while self.peek() in {"*", "/"}:
            node = Binary(self.take(), node, self.atom())
        return node

    def atom(self) -> Node:
        if self.peek() == "{":
            return self.selector("")
        token = self.take()
        if token == "(":
            node = self.either()
            self.take(")")
            return node
        if token[0].isdigit():
            return float(token)
        if self.peek() in {"(", "by"}:
            return self.call(token)
        return self.selector(token)

    def call(self, name: str) -> Node:
        by = self.by()
        self.take("(")
        arguments = [self.either()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.either())
        self.take(")")
        return Call(name, tuple(arguments), by or self.by())

    def by(self) -> tuple[str, ...]:
        if self.peek() != "by":
            return ()
        self.take()
        self.take("(")
        labels = []
        while self.peek() != ")":
            label = self.take()
            labels += [label] if label != "," else []
        self.take(")")
        return tuple(labels)

    def selector(self, name: str) -> Node:
        matchers = []
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                label, sign, value = self.take(), self.take(), self.take()
                matchers.append((label, _test(sign, _unquoted(value))))
                if self.peek() == ",":
                    self.take()
            self.take("}")
        seconds = 0.0
        if self.peek() == "[":
            self.take()
            text = self.take()
            seconds = float(text[:-1]) * _UNITS[text[-1]]
            self.take("]")
        return Selector(name, tuple(matchers), seconds)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match.group(1), match.group(1)), text[1:-1])


def _test(sign: str, value: str) -> Callable[[str], bool]:
    if sign in {"=", "!="}:
        return (lambda text: text == value) if sign == "=" else (lambda text: text != value)
    pattern = re.compile(value)
    if sign == "=~":
        return lambda text: pattern.fullmatch(text) is not None
    return lambda text: pattern.fullmatch(text) is None
