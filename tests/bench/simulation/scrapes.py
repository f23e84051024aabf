"""What Prometheus has of the traffic: samples of raw counters with phases, births, resets and gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bench.simulation.durations import DURATIONS_MS
from tests.bench.simulation.family import HISTORY_SECONDS, TICK_SECONDS, Family
from tests.bench.simulation.pod_traffic import PodTraffic
from tests.bench.simulation.traffic import SIZES

EPOCH = 1_700_000_000.0
"""Unix seconds of the canary's first exposure."""

_DOWN_SECONDS = 20.0
_REQUESTS = "istio_requests_total"
_DURATION = "istio_request_duration_milliseconds_bucket"
_BYTES = "istio_response_bytes_bucket"


@dataclass(frozen=True, slots=True)
class Stored:
    """A series in the database: name, labels, and its samples (unix seconds, value)."""

    name: str
    labels: Mapping[str, str]
    times: list[float]
    values: list[float]


@dataclass(frozen=True)
class _Target:
    """A scrape target: when it was scraped (seconds since exposure), and when its counters started at 0 again."""

    labels: Mapping[str, str]
    at: NDArray[np.float64]
    reset: float | None


def scrape(family: Family, pods: Sequence[PodTraffic], seed: int) -> list[Stored]:
    """Scrape the pods, the gateways if the family has some, and the proxies of callers in the mesh.

    A target's moments depend on seed and names alone, so more of the same traffic is scraped at the same ones.
    """
    found: list[Stored] = []
    seconds = len(pods[0].good) * TICK_SECONDS - HISTORY_SECONDS
    outside = "istio-ingressgateway" if family.gateways else "unknown"
    for name in dict.fromkeys(pod.name for pod in pods):
        mine = [pod for pod in pods if pod.name == name]
        target = _target(family, seed, name, min(mine[0].gone, seconds), _reset(family, name))
        for caller in dict.fromkeys(pod.caller for pod in mine):
            columns = _sums([pod for pod in mine if pod.caller == caller])
            found += _series(family, target, ("destination", caller or outside), mine[0].arm, columns)
    arms = sorted({pod.arm for pod in pods})
    for number in range(family.gateways):
        target = _target(family, seed, f"gateway-{number}", seconds)
        for arm in arms:
            seen = [pod for pod in pods if pod.arm == arm and not pod.caller]
            found += _series(family, target, ("source", outside), arm, _part(family, _sums(seen), number))
    for caller in sorted({pod.caller for pod in pods if pod.caller}):
        target = _target(family, seed, f"{caller}-0", seconds)
        for arm in arms:
            if called := [pod for pod in pods if pod.arm == arm and pod.caller == caller]:
                found += _series(family, target, ("source", caller), arm, _sums(called))
    return found


def _reset(family: Family, name: str) -> float | None:
    of_stable, of_canary = family.restart
    return {"stable-0": of_stable, "canary-0": of_canary}.get(name)


def _target(family: Family, seed: int, name: str, until: float, reset: float | None = None) -> _Target:
    rng = np.random.default_rng([seed, *f"{family.name}: {name}".encode()])
    phase = rng.uniform(0.0, family.scrape_seconds)
    at = np.arange(-HISTORY_SECONDS + phase, until, family.scrape_seconds)
    kept = (rng.random(len(at)) >= family.gap) & (at >= -family.known_seconds)
    if reset is not None:
        kept &= (at < reset) | (at >= reset + _DOWN_SECONDS)
    return _Target({"job": "kubernetes-pods", "instance": f"{name}:15020", "pod": name}, at[kept], reset)


_Column = NDArray[np.int64]
_Columns = tuple[_Column, _Column, _Column, _Column, _Column]


def _sums(pods: Sequence[PodTraffic]) -> _Columns:
    """Return the requests of several pods, or of several clients of one."""
    good, bad, durations, sizes, missing = (np.sum(columns, axis=0) for columns in zip(*_columns(pods), strict=True))
    return good, bad, durations, sizes, missing


def _columns(pods: Sequence[PodTraffic]) -> list[_Columns]:
    return [pod.columns for pod in pods]


def _part(family: Family, columns: _Columns, number: int) -> _Columns:
    """Return what one of the gateways sees of an arm: every n-th request."""

    def part(column: _Column) -> _Column:
        mine = (np.cumsum(column, axis=0) + number) // family.gateways
        first: _Column = mine[:1]
        return np.concatenate([first, np.diff(mine, axis=0)])

    good, bad, durations, sizes, missing = columns
    return part(good), part(bad), part(durations), part(sizes), part(missing)


def _series(family: Family, target: _Target, reported: tuple[str, str], arm: str, columns: _Columns) -> list[Stored]:
    """Return the series of one proxy for one arm; `reported` has the reporter and the caller's workload."""
    good, bad, durations, sizes, missing = columns
    reporter, caller = reported
    workload = {"stable": "shop", "canary": "shop-canary"}.get(arm, f"shop-{arm}")
    base = {
        **target.labels, "namespace": "shop", "reporter": reporter, "source_workload": caller,
        "destination_workload": workload,
        "destination_workload_namespace": "shop", "destination_service": f"{workload}.shop.svc.cluster.local",
    }  # fmt: skip
    fine = {**base, "response_code": "200", "response_flags": "-"}
    if family.grpc:
        fine = {**fine, "grpc_response_status": "0"}
        failed = {**base, "response_code": "200", "response_flags": "-", "grpc_response_status": "14"}
    else:
        failed = {**base, "response_code": "503", "response_flags": "-"}
    absent = {**fine, "response_code": "404"}
    answers = ((fine, good), (failed, bad), (absent, missing))
    found = [_counter(_REQUESTS, labels, target, column) for labels, column in answers]
    born = _born(target, good)
    for metric, bounds, cells in ((_DURATION, DURATIONS_MS, durations), (_BYTES, SIZES, sizes)):
        cumulative = np.cumsum(cells, axis=1)
        for index, bound in enumerate((*bounds, None)):
            labels = {**fine, "le": "+Inf" if bound is None else f"{bound:g}"}
            found.append(_counter(metric, labels, target, cumulative[:, index], born))
    return [series for series in found if series.times]


def _values(target: _Target, column: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the counter's value at each scrape; ticks that had ended by then count."""
    whole = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(column)])
    index = np.minimum(((target.at + HISTORY_SECONDS) // TICK_SECONDS).astype(np.int64), len(column))
    values: NDArray[np.int64] = whole[index]
    if target.reset is not None:
        until = int((target.reset + HISTORY_SECONDS) // TICK_SECONDS)
        values = np.where(target.at >= target.reset, values - whole[until], values)
    return values


def _born(target: _Target, column: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return at which scrapes the series exists: from its first event since the proxy started."""
    there: NDArray[np.bool_] = _values(target, column) > 0
    return there


def _counter(
    name: str,
    labels: Mapping[str, str],
    target: _Target,
    column: NDArray[np.int64],
    born: NDArray[np.bool_] | None = None,
) -> Stored:
    values = _values(target, column)
    there = values > 0 if born is None else born
    times = (target.at[there] + EPOCH).round(3)
    return Stored(name, labels, times.tolist(), values[there].astype(np.float64).tolist())
