"""The traffic: requests of every pod in ticks of three seconds, drawn exactly (no normal approximations)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tests.bench.simulation.durations import duration_shares
from tests.bench.simulation.family import HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, Client, Family, Latency, Own
from tests.bench.simulation.pod_traffic import Counts, PodTraffic, merged

SIZES = (100.0, 500.0, 1000.0, 5000.0, 10000.0)
"""Bucket bounds of response bytes."""

_SIZE_SHARES = (0.0, 0.0, 0.3, 0.6, 0.09, 0.01)
BASELINE = "baseline"
ARMS = ("stable", "canary", BASELINE)


def ticks() -> NDArray[np.float64]:
    """Return the start of each tick, in seconds since the canary's first exposure."""
    return np.arange(-HISTORY_SECONDS, RUN_SECONDS, TICK_SECONDS, dtype=np.float64)


def draw(
    family: Family, rng: np.random.Generator, times: NDArray[np.float64] | None = None, generation: int = 0
) -> list[PodTraffic]:
    """Draw a rollout's traffic. The baseline is a second stable of the canary's size, for rules that want one.

    Args:
        family: what to draw.
        rng: random numbers.
        times: starts of the ticks; default all of a rollout.
        generation: of the canary's pods; it rises when fresh ones take their place.
    """
    times = ticks() if times is None else times
    part = np.where(times >= 0, family.part(times, rng), 0.0)
    requests = family.rps * TICK_SECONDS * (family.load(times, rng) if family.load else np.ones(len(times)))
    spread = requests * (1.0 - sum(client.part for client in family.clients))
    stable, canary = family.stable(times, rng), family.canary(times, rng)
    missing = family.missing(times, rng) if family.missing else np.zeros(len(times))
    own = family.canary_missing(times, rng) if family.canary_missing else missing
    pods = []
    for arm in ARMS:
        traffic = spread * (1.0 - part) if arm == "stable" else spread * part
        count = family.stable_pods if arm == "stable" else family.canary_pods
        for number in range(count):
            sick = arm == "canary" and (family.bad_pods is None or number < family.bad_pods)
            this = _pod_of(family, arm, number, generation, sick=sick)
            shares = _extra(family, rng, times, canary if sick else stable, this)
            pod = _pod(family, rng, this, traffic / count, shares, times)
            pods.append(_without(pod, own if sick else missing, rng))
    return merged([*pods, *_clients_traffic(family, rng, times, part, requests, generation)])


@dataclass(frozen=True)
class _Pod:
    name: str
    arm: str
    own: Own
    sick: bool


def _pod_of(family: Family, arm: str, number: int, generation: int, *, sick: bool) -> _Pod:
    fresh = generation if arm == "canary" else 0
    name = f"{arm}-{fresh}-{number}" if fresh else f"{arm}-{number}"
    return _Pod(name, arm, family.pods.pod(arm, number, fresh) if family.pods else Own(), sick)


def _extra(
    family: Family, rng: np.random.Generator, times: NDArray[np.float64], shares: NDArray[np.float64], pod: _Pod
) -> NDArray[np.float64]:
    """Add failures of single pods beyond their arm's share."""
    first = pod.name == "stable-0"
    found = shares * pod.own.factor(times, rng) + pod.own.fails(times, rng)
    if family.per_pod:
        found = found + family.per_pod(times, rng)
    if first:
        found = found + family.odd_pod
    if first and family.first_pod:
        found = found + family.first_pod(times, rng)
    return np.minimum(1.0, found)


def _clients_traffic(
    family: Family,
    rng: np.random.Generator,
    times: NDArray[np.float64],
    part: NDArray[np.float64],
    requests: NDArray[np.float64],
    generation: int,
) -> list[PodTraffic]:
    """Draw the requests of clients that stick to a pod, or call stable without the route."""
    found = []
    for client in family.clients:
        traffic = client.part * requests * (client.load(times, rng) if client.load else 1.0)
        shares = client.fails(times, rng)
        for arm, number, chosen in _chosen(client, family, times, part, generation):
            this = _pod_of(family, arm, number, generation, sick=False)
            pod = _pod(family, rng, this, traffic * chosen, shares, times)
            found.append(replace(pod, caller=client.workload))
    return found


def _chosen(
    client: Client, family: Family, times: NDArray[np.float64], part: NDArray[np.float64], generation: int
) -> list[tuple[str, int, NDArray[np.float64]]]:
    """Return the pods that a client calls, each with its part (0-1) of the client's requests by tick."""
    if client.place is None:
        even = np.full(len(times), 1.0 / family.stable_pods)
        return [("stable", number, even) for number in range(family.stable_pods)]
    counts = {"stable": family.stable_pods, "canary": family.canary_pods}
    found: dict[tuple[str, int], NDArray[np.float64]] = {}
    for i, at in enumerate(times):
        which, where = client.place(float(at), generation)
        arm = "canary" if which < part[i] else "stable"
        found.setdefault((arm, int(where * counts[arm])), np.zeros(len(times)))[i] = 1.0
    return [(arm, number, chosen) for (arm, number), chosen in found.items()]


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
    pod: _Pod,
    means: NDArray[np.float64],
    shares: NDArray[np.float64],
    times: NDArray[np.float64],
) -> PodTraffic:
    total = rng.poisson(means)
    bad = _batched(family.batch, rng, total, shares) if family.batch > 1 else rng.binomial(total, shares)
    good = total - bad
    durations = _durations(family.canary_latency if pod.sick else family.latency, pod.own, good, times, rng)
    small = family.canary_small if pod.sick else family.small
    sizes = rng.multinomial(good, [small, *(share * (1.0 - small) for share in _SIZE_SHARES[1:])])
    return PodTraffic(pod.arm, pod.name, good, bad, durations, sizes, np.zeros(len(good), dtype=np.int64))


def _durations(
    latency: Latency, own: Own, good: Counts, times: NDArray[np.float64], rng: np.random.Generator
) -> Counts:
    """Draw the good answers' durations; those that the pod itself slows down are all of the slow mode."""
    usual = duration_shares(replace(latency, median_ms=latency.median_ms * own.slower))
    slow = own.slow(times, rng)
    if not slow.any():
        return rng.multinomial(good, usual)
    struck = rng.binomial(good, slow)
    found: Counts = rng.multinomial(good - struck, usual)
    found += rng.multinomial(struck, duration_shares(replace(latency, slow_ratio=1.0)))
    return found


def _batched(mean: float, rng: np.random.Generator, total: Counts, shares: NDArray[np.float64]) -> Counts:
    """Draw batches of geometric size; the expected share stays the same."""
    batches = rng.poisson(total * shares / mean)
    extra = np.where(batches > 0, rng.negative_binomial(np.maximum(batches, 1), 1.0 / mean), 0)
    return np.minimum(total, batches + extra)
