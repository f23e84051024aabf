"""A family of rollouts: traffic, bad requests, latency and sizes of both arms over time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]
Shares = NDArray[np.float64]
Shape = Callable[[Times, np.random.Generator], Shares]
"""Shares (0-1) at the given times, in seconds since the canary's first exposure (negative: before)."""

TICK_SECONDS = 3
HISTORY_SECONDS = 600
"""How long the simulation ran before the canary: what a reader may learn about stable."""

RUN_SECONDS = 1800


def flat(share: float) -> Shape:
    """Return the same share at all times."""
    return lambda times, _: np.full(len(times), share)


ONE = flat(1.0)
NONE = flat(0.0)
USUAL = flat(0.001)
TENTH = flat(0.1)


def steps(before: float, *changes: tuple[float, float]) -> Shape:
    """Return `before`, then for each (second, share) that share from then on."""

    def shape(times: Times, _: np.random.Generator) -> Shares:
        found = np.full(len(times), before)
        for second, share in changes:
            found[times >= second] = share
        return found

    return shape


def line(start: float, end: float) -> Shape:
    """Return a share that goes from `start` to `end` over the run."""
    return lambda times, _: np.interp(times, [0, RUN_SECONDS], [start, end])


def incident(share: float, seconds: float) -> Shape:
    """Return an incident of about this share and length at a random moment of the ten minutes before the canary."""

    def shape(times: Times, rng: np.random.Generator) -> Shares:
        length, height = seconds * rng.uniform(0.8, 1.25), min(1.0, share * rng.uniform(0.8, 1.25))
        start = rng.uniform(-HISTORY_SECONDS + 30.0, -length)
        return np.where((times >= start) & (times < start + length), height, 0.001)

    return shape


@dataclass(frozen=True)
class Latency:
    """Lognormal durations: median in ms, spread (sigma of the logarithm), and a slow mode with its share (0-1)."""

    median_ms: float = 40.0
    sigma: float = 0.5
    slow_ratio: float = 0.0
    slow_ms: float = 1500.0


@dataclass(frozen=True)
class Own:
    """What a pod does for itself.

    Attributes:
        factor: its arm's share of failures is multiplied by this.
        fails: a further share (0-1) of its requests that fails.
        slow: share (0-1) of its good answers that are of the slow mode.
        slower: its median duration is multiplied by this.
    """

    factor: Shape = ONE
    fails: Shape = NONE
    slow: Shape = NONE
    slower: float = 1.0


class Pods(Protocol):
    """Knows what each pod does for itself."""

    def pod(self, arm: str, number: int, generation: int = 0) -> Own:
        """Return it, the same at every call; fresh pods are of the next generation."""


@dataclass(frozen=True)
class Client:
    """A client whose requests are not spread as the others'.

    Attributes:
        part: of all requests (0-1).
        fails: share (0-1) of its requests that fail, whichever arm answers.
        place: two numbers (0-1) for a second and a generation, which pick the arm and the pod that it sticks to; None:
            all pods of stable alike, whatever the weight is.
        workload: its own workload if it is in the mesh, so that its own proxy counts its requests too; "": it comes
            through the gateways.
        load: factor of its traffic over time; None: 1.
    """

    part: float
    fails: Shape
    place: Callable[[float, int], tuple[float, float]] | None = None
    workload: str = ""
    load: Shape | None = None


@dataclass(frozen=True)
class Family:
    """Rollouts of one kind; a seed makes one of them.

    Attributes:
        fault: the canary is worse, and should be rolled back.
        held_out: never used to tune the judge, reported separately.
        rps: requests per second of both arms together.
        stable, canary: share (0-1) of requests that fail.
        per_pod: a further share that each pod draws for itself (same law in both arms).
        part: the canary's part of the requests (0-1).
        batch: failed requests come in batches of this mean size (1: one at a time).
        small, canary_small: share of the good answers that are nearly empty.
        stable_pods, canary_pods: pods of the arms.
        bad_pods: only so many of the canary's pods fail; the others behave like stable (None: all).
        odd_pod: a further share (0-1) of the first stable pod's requests that always fails.
        first_pod: a further share of the first stable pod's requests that fails, by time.
        missing: share of the answers of both arms that are 404, drawn once for both; None: none.
        canary_missing: the canary's own share of 404 instead; None: the same.
        baseline: ours compares with an equally large baseline of the stable version instead of stable.
        gateways: proxies in front that count for reporter "source"; 0: only the pods' own proxies count.
        scrape_seconds: Prometheus' interval.
        known_seconds: time before the canary of which Prometheus has samples (at most HISTORY_SECONDS).
        gap: chance that a scrape of a target fails.
        restart: (arm's first pod of stable, of canary) restarts at these seconds; its counters start at 0 again.
        grpc: failures are HTTP 200 with gRPC status 14.
        load: factor of all traffic over time; None: 1.
        pods: what each pod does for itself; None: nothing.
        clients: those whose requests are not spread as the others'.
        kind: several families of one kind differ in load and reporter; "" = a kind of its own.
        lasting: one pod, node or client serves worse for good, so that some false roll-backs are tolerated.
        vary: draws the numbers of one rollout; None: they are as they stand here.
    """

    name: str
    rps: float
    stable: Shape = USUAL
    canary: Shape = USUAL
    fault: bool = False
    held_out: bool = False
    per_pod: Shape | None = None
    part: Shape = TENTH
    batch: float = 1.0
    latency: Latency = Latency()
    canary_latency: Latency = Latency()
    small: float = 0.003
    canary_small: float = 0.003
    stable_pods: int = 5
    canary_pods: int = 1
    bad_pods: int | None = None
    odd_pod: float = 0.0
    first_pod: Shape | None = None
    missing: Shape | None = None
    canary_missing: Shape | None = None
    baseline: bool = False
    gateways: int = 0
    scrape_seconds: int = 15
    known_seconds: int = HISTORY_SECONDS
    gap: float = 0.0
    restart: tuple[float | None, float | None] = (None, None)
    grpc: bool = False
    load: Shape | None = None
    pods: Pods | None = None
    clients: tuple[Client, ...] = ()
    kind: str = ""
    lasting: bool = False
    vary: "Callable[[Family, np.random.Generator], Family] | None" = None

    def drawn(self, seed: int) -> "Family":
        """Return the family with the numbers of one rollout."""
        if self.vary is None:
            return self
        return self.vary(self, np.random.default_rng([seed, 2, *self.name.encode()]))

    @property
    def group(self) -> str:
        """The kind and the reporter, for which loads are added up; the name of a family without a kind."""
        return f"{self.kind}{', gateways' if self.gateways else ''}" if self.kind else self.name

    @property
    def aligned(self) -> bool:
        """Both arms are counted by the same proxies."""
        return self.gateways > 0
