"""The traffic: requests of every pod in ticks of three seconds, drawn exactly (no normal approximations)."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import erf, log, sqrt

import numpy as np
from numpy.typing import NDArray

from tests.bench.simulation.family import HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, Family, Latency

Counts = NDArray[np.int64]
DURATIONS_MS = (5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)
SIZES = (100.0, 500.0, 1000.0, 5000.0, 10000.0)
"""Bucket bounds; the mesh of the benchmark has fewer than Envoy's 20, as an annotation may set them."""

_SIZE_SHARES = (0.0, 0.0, 0.3, 0.6, 0.09, 0.01)
BASELINE = "baseline"
ARMS = ("stable", "canary", BASELINE)


@dataclass(frozen=True)
class PodTraffic:
    """One pod: rows are ticks. Durations and sizes are those of good answers, by bucket (the last is +Inf).

    `missing` are the answers with code 404; they are neither good nor bad.
    """

    arm: str
    name: str
    good: Counts
    bad: Counts
    durations: Counts
    sizes: Counts
    missing: Counts

    @property
    def columns(self) -> tuple[Counts, Counts, Counts, Counts, Counts]:
        """The fields from `good` to `missing`."""
        return self.good, self.bad, self.durations, self.sizes, self.missing

    def then(self, later: "PodTraffic") -> "PodTraffic":
        """Return the pod with the ticks of `later` after its own."""
        pairs = zip(self.columns, later.columns, strict=True)
        return PodTraffic(self.arm, self.name, *(np.concatenate(pair) for pair in pairs))

    def until(self, count: int) -> "PodTraffic":
        """Return the first `count` ticks, followed by idle ones if there are fewer."""
        lacking = max(0, count - len(self.good))
        idle = (np.zeros((lacking, *column.shape[1:]), dtype=np.int64) for column in self.columns)
        pairs = zip(self.columns, idle, strict=True)
        return PodTraffic(self.arm, self.name, *(np.concatenate([one[:count], more]) for one, more in pairs))


def ticks() -> NDArray[np.float64]:
    """Return the start of each tick, in seconds since the canary's first exposure."""
    return np.arange(-HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, dtype=np.float64)


def draw(family: Family, rng: np.random.Generator, times: NDArray[np.float64] | None = None) -> list[PodTraffic]:
    """Draw a rollout's traffic. The baseline is a second stable of the canary's size, for rules that want one.

    Args:
        family: what to draw.
        rng: random numbers.
        times: starts of the ticks; default all of a rollout.
    """
    times = ticks() if times is None else times
    part = np.where(times >= 0, family.part(times, rng), 0.0)
    requests = family.rps * TICK_SECONDS
    stable, canary = family.stable(times, rng), family.canary(times, rng)
    missing = family.missing(times, rng) if family.missing else np.zeros(len(times))
    own = family.canary_missing(times, rng) if family.canary_missing else missing
    pods = []
    for arm in ARMS:
        traffic = requests * (1.0 - part) if arm == "stable" else requests * part
        count = family.stable_pods if arm == "stable" else family.canary_pods
        for number in range(count):
            sick = arm == "canary" and (family.bad_pods is None or number < family.bad_pods)
            shares = _extra(family, rng, times, canary if sick else stable, first=(arm, number) == ("stable", 0))
            pod = _pod(family, rng, arm, number, traffic / count, shares, sick=sick)
            pods.append(_without(pod, own if sick else missing, rng))
    return pods


def _extra(
    family: Family, rng: np.random.Generator, times: NDArray[np.float64], shares: NDArray[np.float64], *, first: bool
) -> NDArray[np.float64]:
    """Add failures of single pods beyond their arm's share."""
    if family.per_pod:
        shares = np.minimum(1.0, shares + family.per_pod(times, rng))
    if first:
        shares = np.minimum(1.0, shares + family.odd_pod)
    if first and family.first_pod:
        shares = np.minimum(1.0, shares + family.first_pod(times, rng))
    return shares


def _without(pod: PodTraffic, share: NDArray[np.float64], rng: np.random.Generator) -> PodTraffic:
    """Turn a share of the good answers into 404; these have no duration and no size here."""
    if not share.any():
        return pod
    missing = rng.binomial(pod.good, share)
    kept = pod.good - missing
    durations, sizes = (_thinned(cells, kept, rng) for cells in (pod.durations, pod.sizes))
    return replace(pod, good=kept, missing=missing, durations=durations, sizes=sizes)


def _thinned(cells: Counts, kept: Counts, rng: np.random.Generator) -> Counts:
    """Keep some of a tick's requests, drawn regardless of their bucket."""
    return np.array([rng.multivariate_hypergeometric(row, number) for row, number in zip(cells, kept, strict=True)])


def _pod(
    family: Family,
    rng: np.random.Generator,
    arm: str,
    number: int,
    means: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    sick: bool,
) -> PodTraffic:
    total = rng.poisson(means)
    bad = _batched(family.batch, rng, total, shares) if family.batch > 1 else rng.binomial(total, shares)
    good = total - bad
    durations = rng.multinomial(good, duration_shares(family.canary_latency if sick else family.latency))
    small = family.canary_small if sick else family.small
    sizes = rng.multinomial(good, [small, *(share * (1.0 - small) for share in _SIZE_SHARES[1:])])
    return PodTraffic(arm, f"{arm}-{number}", good, bad, durations, sizes, np.zeros(len(good), dtype=np.int64))


def _batched(mean: float, rng: np.random.Generator, total: Counts, shares: NDArray[np.float64]) -> Counts:
    """Draw batches of geometric size; the expected share stays the same."""
    batches = rng.poisson(total * shares / mean)
    extra = np.where(batches > 0, rng.negative_binomial(np.maximum(batches, 1), 1.0 / mean), 0)
    return np.minimum(total, batches + extra)


def duration_shares(latency: Latency) -> list[float]:
    """Return the share of requests in each bucket, the last one above all bounds."""
    below = [
        (1.0 - latency.slow_ratio) * _normal(log(bound / latency.median_ms) / latency.sigma)
        + latency.slow_ratio * _normal(log(bound / latency.slow_ms) / 0.2)
        for bound in DURATIONS_MS
    ]
    shares = [below[0], *(after - before for before, after in pairwise(below)), 1.0 - below[-1]]
    whole = sum(max(0.0, share) for share in shares)
    return [max(0.0, share) / whole for share in shares]


def _normal(value: float) -> float:
    return 0.5 * (1.0 + erf(value / sqrt(2.0)))
