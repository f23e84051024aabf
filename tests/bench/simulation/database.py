"""Queries over simulated samples: the evaluation half of the PromQL subset."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from math import inf, isnan, nan
from typing import Any

from tests.bench.simulation.promql import Binary, Call, Node, Selector, parse
from tests.bench.simulation.scrapes import Stored

LOOKBACK_SECONDS = 300.0
NAME = "__name__"
Labels = tuple[tuple[str, str], ...]
Vector = dict[Labels, float]
Window = Sequence[tuple[float, float]]


class Database:
    """Series by metric; answers an instant query at any time, from samples up to that time."""

    def __init__(self, series: Sequence[Stored]) -> None:
        self._by_name: dict[str, list[Stored]] = defaultdict(list)
        for one in series:
            self._by_name[one.name].append(one)
        self._found: dict[int, list[Stored]] = {}

    def query(self, promql: str, at: float) -> list[dict[str, Any]]:
        """Return `data.result` of the HTTP API: a matrix for a range selector, else a vector."""
        node = parse(promql)
        if isinstance(node, Selector) and node.seconds:
            return self._matrix(node, at)
        vector = self._evaluate(node, at)
        if isinstance(vector, float):
            raise TypeError(f"a number is not a series: {promql}")
        return [{"metric": dict(labels), "value": [at, str(value)]} for labels, value in vector.items()]

    def number(self, promql: str, at: float) -> float | None:
        """Return the only value of a vector, None if there is none (NaN is a value)."""
        vector = self._evaluate(parse(promql), at)
        if isinstance(vector, float):
            return vector
        return next(iter(vector.values()), None)

    def _matrix(self, node: Selector, at: float) -> list[dict[str, Any]]:
        found = []
        for series in self._select(node):
            low, high = bisect_right(series.times, at - node.seconds), bisect_right(series.times, at)
            if low < high:
                pairs = zip(series.times[low:high], series.values[low:high], strict=True)
                values = [[time, f"{value:.0f}"] for time, value in pairs]
                labels = {NAME: series.name} | dict(series.labels)
                found.append({"metric": labels, "values": values})
        return found

    def _select(self, node: Selector) -> list[Stored]:
        if id(node) not in self._found:  # nodes are cached for ever, so their ids stay unique
            known = self._by_name.get(node.name, ()) if node.name else chain.from_iterable(self._by_name.values())
            self._found[id(node)] = [
                series for series in known if all(test(_label(series, label)) for label, test in node.matchers)
            ]
        return self._found[id(node)]

    def _evaluate(self, node: Node, at: float) -> Vector | float:
        if isinstance(node, float):
            return node
        if isinstance(node, Selector):
            return self._instant(node, at)
        if isinstance(node, Binary):
            return _combine(node.sign, self._evaluate(node.left, at), self._evaluate(node.right, at))
        return self._call(node, at)

    def _call(self, node: Call, at: float) -> Vector:
        first = node.arguments[0]
        if node.name in {"rate", "increase", "irate"}:
            if not isinstance(first, Selector):
                raise TypeError(f"{node.name} needs a range")
            return self._over_range(node.name, first, at)
        values = self._evaluate(node.arguments[-1], at)
        if isinstance(values, float):
            raise TypeError(f"{node.name} needs a vector")
        if node.name == "sum":
            return _sum(values, node.by)
        if node.name == "count":
            return _sum(dict.fromkeys(values, 1.0), node.by)
        if node.name == "histogram_quantile" and isinstance(first, float):
            return _quantile(first, values)
        raise ValueError(f"unknown function: {node.name}")

    def _instant(self, node: Selector, at: float) -> Vector:
        found = {}
        for series in self._select(node):
            index = bisect_right(series.times, at) - 1
            if index >= 0 and series.times[index] > at - LOOKBACK_SECONDS:
                found[_labels(series.labels, "" if node.name else series.name)] = series.values[index]
        return found

    def _over_range(self, name: str, node: Selector, at: float) -> Vector:
        found = {}
        for series in self._select(node):
            low, high = bisect_right(series.times, at - node.seconds), bisect_right(series.times, at)
            if high - low < 2:
                continue
            times, values = series.times[low:high], series.values[low:high]
            if name == "irate":
                found[_labels(series.labels)] = _latest(times, values)
            else:
                increase = extrapolated(times, values, at - node.seconds, at)
                found[_labels(series.labels)] = increase if name == "increase" else increase / node.seconds
        return found


def extrapolated(times: Sequence[float], values: Sequence[float], start: float, end: float) -> float:
    """Return increase() of at least two samples in (start, end], as Prometheus' extrapolatedRate does."""
    rise = values[-1] - values[0]
    rise += sum(before for before, after in pairwise(values) if after < before)
    covered = times[-1] - times[0]
    average = covered / (len(times) - 1)
    to_start, to_end, limit = times[0] - start, end - times[-1], average * 1.1
    if to_start >= limit:
        to_start = average / 2
    if rise > 0 and values[0] >= 0:
        to_start = min(to_start, covered * values[0] / rise)
    if to_end >= limit:
        to_end = average / 2
    return rise * (covered + to_start + to_end) / covered


def _latest(times: Sequence[float], values: Sequence[float]) -> float:
    rise = values[-1] - values[-2]
    return (rise if rise >= 0 else values[-1]) / (times[-1] - times[-2])


def _label(series: Stored, label: str) -> str:
    return series.name if label == NAME else series.labels.get(label, "")


def _labels(labels: Mapping[str, str], name: str = "") -> Labels:
    """Return labels in order, with the metric's name if it distinguishes series."""
    return tuple(sorted([*labels.items(), *([(NAME, name)] if name else [])]))


def _sum(values: Vector, by: tuple[str, ...]) -> Vector:
    found: Vector = defaultdict(float)
    for labels, value in values.items():
        found[tuple((name, text) for name, text in labels if name in by)] += value
    return dict(found)


def _quantile(share: float, buckets: Vector) -> Vector:
    """Interpolate within the bucket, as Prometheus does; one group only."""
    pairs = sorted((float(dict(labels)["le"]), count) for labels, count in buckets.items())
    if not pairs or pairs[-1][0] < inf:
        return {}
    if pairs[-1][1] == 0:
        return {(): nan}
    rank = share * pairs[-1][1]
    index = next(i for i, (_, count) in enumerate(pairs) if count >= rank)
    if index == len(pairs) - 1:
        return {(): pairs[-2][0]}
    low, below = pairs[index - 1] if index else (0.0, 0.0)
    high, above = pairs[index]
    return {(): low + (high - low) * (rank - below) / (above - below)}


def _combine(sign: str, left: Vector | float, right: Vector | float) -> Vector | float:
    if isinstance(left, float) and isinstance(right, float):
        return _apply(sign, left, right)
    if isinstance(right, float) and not isinstance(left, float):
        return {labels: _apply(sign, value, right) for labels, value in left.items()}
    if isinstance(left, float) or isinstance(right, float):
        raise TypeError("a number stands on the right only")
    if sign == "or":
        return left | {labels: value for labels, value in right.items() if labels not in left}
    return {labels: _apply(sign, value, right[labels]) for labels, value in left.items() if labels in right}


def _apply(sign: str, left: float, right: float) -> float:
    if sign == "*":
        return left * right
    if right == 0:
        return nan if left == 0 or isnan(left) else inf
    return left / right
