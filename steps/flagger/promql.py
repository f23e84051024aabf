"""Read queries: a ratio of two counters or a quantile of a histogram, however they are written."""

from dataclasses import replace
from typing import Any, Final

import promql_parser as promql

from steps.flagger.query_forms import Form, Matcher, Quantile, Ratio, Series

_MAX_LENGTH: Final = 5000
_MAX_DEPTH: Final = 60
_RATES: Final = {"rate", "irate", "increase"}


def form_of(query: str) -> Form | str:
    """Return the form of a query, or why it has none, in words that follow "the query"."""
    if len(query) > _MAX_LENGTH or _depth(query) > _MAX_DEPTH:
        return "is too long to be read"
    try:
        tree = promql.parse(query)
    except ValueError as error:
        return f"is not PromQL: {' '.join(str(error).split())[:200]}"
    return _form(tree) or "is neither a ratio of two counters nor a quantile of a histogram"


def _depth(query: str) -> int:
    deepest = depth = 0
    for one in query:
        depth += (one in "({[") - (one in ")}]")
        deepest = max(deepest, depth)
    return max(deepest, query.count("-") // 4)


def _form(node: Any) -> Form | None:  # noqa: ANN401 - the parser has no common base of its nodes
    node = _bare(node)
    if isinstance(node, promql.BinaryExpr):
        return _binary(node)
    if isinstance(node, promql.AggregateExpr) and str(node.op) in {"sum", "max", "avg"}:
        return _form(node.expr)
    if isinstance(node, promql.Call) and node.func.name == "histogram_quantile":
        number, buckets = node.args[0], _counter(node.args[1])
        if isinstance(number, promql.NumberLiteral) and 0 < number.val < 1 and buckets is not None:
            return Quantile(number.val, buckets)
    return None


def _binary(node: Any) -> Form | None:  # noqa: ANN401 - see `_form`
    operator, left, right = str(node.op), _number(node.lhs), _number(node.rhs)
    if operator == "*" and (left or right):
        return _scaled(_form(node.rhs if left else node.lhs), left or right or 1.0)
    if operator == "/" and right:
        return _scaled(_form(node.lhs), 1.0 / right)
    if operator == "-" and left:
        inner = _form(node.rhs)
        same = isinstance(inner, Ratio) and abs(inner.scale - left) < 1e-9 and not inner.is_complement  # noqa: PLR2004 - equal but for rounding
        return replace(inner, is_complement=True) if same and isinstance(inner, Ratio) else None
    if operator == "/":
        factor, node_part = _factor(node.lhs)
        part, whole = _counter(node_part), _counter(node.rhs)
        return Ratio(part, whole, factor) if part and whole else None
    return None


def _factor(node: Any) -> tuple[float, Any]:  # noqa: ANN401 - see `_form`
    """Return the factor of a product and the rest: `100 * a / b` divides the product."""
    bare = _bare(node)
    if isinstance(bare, promql.BinaryExpr) and str(bare.op) == "*":
        left, right = _number(bare.lhs), _number(bare.rhs)
        if left or right:
            return left or right or 1.0, bare.rhs if left else bare.lhs
    return 1.0, node


def _scaled(form: Form | None, factor: float) -> Form | None:
    return replace(form, scale=form.scale * factor) if form is not None else None


def _counter(node: Any) -> Series | None:  # noqa: ANN401 - see `_form`
    """Return the series whose rate or increase is summed."""
    node = _bare(node)
    if isinstance(node, promql.AggregateExpr) and str(node.op) == "sum":
        return _counter(node.expr)
    if not isinstance(node, promql.Call) or node.func.name not in _RATES:
        return None
    selector = _bare(node.args[0])
    if not isinstance(selector, promql.MatrixSelector):
        return None
    found = selector.vector_selector
    if not found.name or found.offset is not None or found.at is not None or found.matchers.or_matchers:
        return None
    return Series(found.name, frozenset(map(_matcher, found.matchers.matchers)))


def _matcher(found: Any) -> Matcher:  # noqa: ANN401 - see `_form`
    names = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    return Matcher(found.name, names[str(found.op).rpartition(".")[2]], found.value)


def _bare(node: Any) -> Any:  # noqa: ANN401 - see `_form`
    """Return an expression without parentheses, and without `or vector(0)` or `or on() vector(0)` behind it."""
    while True:
        if isinstance(node, promql.ParenExpr):
            node = node.expr
        elif isinstance(node, promql.BinaryExpr) and str(node.op) == "or" and _is_vector(node.rhs):
            node = node.lhs
        else:
            return node


def _is_vector(node: Any) -> bool:  # noqa: ANN401 - see `_form`
    node = _bare(node)
    return isinstance(node, promql.Call) and node.func.name == "vector"


def _number(node: Any) -> float | None:  # noqa: ANN401 - see `_form`
    node = _bare(node)
    return float(node.val) if isinstance(node, promql.NumberLiteral) else None
