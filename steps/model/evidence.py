"""What was observed: counts per scrape interval for both arms, which `evidence` reads and the judge weighs.

Times are unix seconds by the clock of Prometheus' samples. Counts are exact integers: differences of raw counters.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Arm(StrEnum):
    """A side of the comparison."""

    STABLE = "stable"
    CANARY = "canary"


class MetricKind(StrEnum):
    """What a "bad" request means for a metric.

    A metric is defined in several places. Its kind is here. Series, bad requests and part of the error budget:
    `steps/evidence/definitions/standard_metrics.py`. Minimum difference that counts as harm: `steps/judge/rules.py`.
    Wording: `steps/judge/wording/phrases.py`. Its name, which custom metrics may not have: `steps/settings/metrics.py`.
    """

    ERRORS = "errors"
    LATENCY = "latency"
    SMALL_BODIES = "small-bodies"
    ANSWERS = "answers"
    CUSTOM = "custom"


class ProblemKind(StrEnum):
    """Why evidence is missing or cannot be trusted; users see these words as codes."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    BAD_QUERY = "bad-query"
    BUSY = "busy"
    NOT_PROMETHEUS = "not-prometheus"
    PARTIAL = "partial"
    WARNINGS = "warnings"
    METRICS_LATE = "metrics-late"
    NO_SERIES = "no-series"
    NO_TRAFFIC = "no-traffic"
    BOUNDS_DIFFER = "bounds-differ"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no evidence: the kind, and one full sentence with the remedy."""

    kind: ProblemKind
    sentence: str


@dataclass(frozen=True, slots=True)
class Counts:
    """All requests and the bad ones: 0 <= bad <= total."""

    total: int
    bad: int


@dataclass(frozen=True, slots=True)
class Stratum:
    """One scrape interval, (start, end], for both arms.

    `stable_pods` splits stable by pod: position i is the same pod in every stratum of a metric, (0, 0)
    while it is away. Where gateways or callers count the arms (reporter source), it holds what the pods' own proxies
    counted, which need not add up to `stable`; it is empty where they have no series.
    `unattributed` counts requests that failed before an upstream was chosen, where both arms share one service: their
    arm is unknown, so neither arm counts them. `nowhere` counts those of them that name no service at all, which may
    belong to another application behind the same gateway.
    """

    start: float
    end: float
    stable: Counts
    canary: Counts
    stable_pods: tuple[Counts, ...] = ()
    unattributed: int = 0
    nowhere: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """The strata of one definition of "bad", in order of time.

    Strata from before the canary's first request have an empty canary; from them the judge learns stable's own spread.

    Attributes:
        bound: the `le` above which (latency), or at or below which (small bodies), a request is bad, in the metric's
            unit; None where no bound is involved.
        label: its name in messages: "p99", or "".
    """

    strata: tuple[Stratum, ...]
    bound: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class LatencyObjective:
    """A latency objective: at least the share `quantile` (0-1) of requests takes at most `limit_ms`."""

    quantile: float
    limit_ms: float


@dataclass(frozen=True, slots=True)
class MetricEvidence:
    """One metric: one series, or one per bucket bound whose e-values the judge averages.

    Attributes:
        unit: unit of `Series.bound`: "ms" or "s" (latency), "bytes", or the unit of a custom metric; "" without a
            bound.
        weight: share of the error budget that this metric may use, > 0; the judge scales all weights to sum 1.
        dropped_deltas: unknown increases that were left out (the first sample of a series without siblings).
        unclassified: canary requests that are neither good nor bad (no response code was sent).
        queries: PromQL as sent, for the reader of the judgement.
        floor: minimum difference of the bad shares (0-1) that counts as harm; None = the judge's default for this kind.
        aligned: as in `Evidence`, for this metric alone; None = as the evidence.
        objective: strata of the latency objective, in which a request is bad if it took longer than the bound (the
            bucket bound at its limit, else the next larger one); None = no objective for this metric. The guard reads
            it, the comparison does not.
    """

    name: str
    kind: MetricKind
    series: tuple[Series, ...]
    unit: str = ""
    weight: float = 1.0
    dropped_deltas: int = 0
    unclassified: int = 0
    queries: tuple[str, ...] = ()
    floor: float | None = None
    aligned: bool | None = None
    objective: Series | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything observed of a rollout so far.

    Attributes:
        started: when the run began to expose the canary.
        rung_started: when the current weight was set; equals `started` on the first rung.
        until: end of the newest closed stratum, or `started` while there is none.
        aligned: both arms were counted by the same proxies in the same scrape, so that an event cannot fall into
            different strata for the two arms.
        reporter: which proxies counted: "source", "destination" or "waypoint"; `reporter_reason` says why.
        weight: the canary's weight on this rung in percent, if known: only to distinguish no traffic from little
            traffic. With a baseline, the canary's part of the requests that both get.
        control: name of the baseline whose requests are counted as stable's, "" where stable itself is compared.
        problem: why reading fails at this moment; strata already read stay valid.
        promoted: since `rung_started` the canary's requests are those of the promoted version, which has all users.
        alone: the canary is judged without stable, by objectives, pods and probes: a hotfix.
        newest: end of the newest closed stratum, stable's past included; 0 while there is none. The next scrape is due
            an interval later.
        before_promotion: the weight is the last of the run's ladder: after a pass all users get the canary's version.
    """

    metrics: tuple[MetricEvidence, ...]
    started: float
    rung_started: float
    until: float
    scrape_interval_seconds: float
    aligned: bool
    reporter: str = ""
    reporter_reason: str = ""
    weight: int | None = None
    notes: tuple[str, ...] = ()
    problem: Problem | None = None
    control: str = ""
    promoted: bool = False
    alone: bool = False
    newest: float = 0.0
    before_promotion: bool = False

    @property
    def has_comparison(self) -> bool:
        """Whether the arms are compared."""
        return not self.promoted and not self.alone


@dataclass(frozen=True, slots=True)
class Health:
    """The canary's pods as Kubernetes sees them, since the run began.

    Attributes:
        desired: pods that the Deployment asks for, >= 0.
        ready: pods that are ready now.
        unready_seconds: for how long fewer than `desired` have been ready; 0 when all are.
        restarts: container restarts since the run began, all pods together.
        vanished: pods of the canary that disappeared since the run began, except by our own scaling.
        detail: a cause to quote, such as "CrashLoopBackOff: exit code 1"; may be empty.
        disruption: why pods are missing if the version is not to blame, such as "pod shop-canary-x was evicted"; empty
            where no such event explains it, and where a container of the canary crashed.
        ready_at: when the pods that are ready now became ready, unix seconds by the API server.
        disrupted: (began, ended, what happened) for every disruption since the run began, oldest first, in unix
            seconds by the API server: requests in that time say nothing about the version. Ended is 0 while it lasts.
        stable_pods: pods of stable when the run started; 0 = unknown.
    """

    desired: int
    ready: int
    unready_seconds: float = 0.0
    restarts: int = 0
    vanished: int = 0
    detail: str = ""
    disruption: str = ""
    ready_at: tuple[float, ...] = field(default=(), compare=False)
    disrupted: tuple[tuple[float, float, str], ...] = ()
    stable_pods: int = 0
