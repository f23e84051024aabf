"""The result of one metric: e-values, counts, shares, and whether it may call the canary worse."""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.judge.rules import Rules
from steps.judge.statistics.e_process import EProcessPath, run_e_process
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, MetricEvidence, Series, Stratum
from steps.model.judgement import MetricJudgement, SeriesJudgement

_RECENT = 12
"""Scrapes in which a late fault is looked for."""


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric with the paths of its e-processes.

    Attributes:
        values: (end of the stratum, e-value of the metric) in order of time.
        is_harmful: some series has enough bad requests and a difference worth acting on.
        worst: index of the series with the largest e-value.
    """

    evidence: MetricEvidence
    judgement: MetricJudgement
    paths: tuple[EProcessPath, ...]
    values: tuple[tuple[float, float], ...]
    is_harmful: bool
    worst: int

    @property
    def phi(self) -> float:
        """Overdispersion in the worst series, >= 1."""
        return max(1.0, self.paths[self.worst].phi) if self.paths else 1.0

    @property
    def exposed(self) -> tuple[Stratum, ...]:
        """Strata of the worst series since the canary's first exposure."""
        if not self.paths:
            return ()
        return self.evidence.series[self.worst].strata[self.paths[self.worst].exposed :]


def assess_metric(
    metric: MetricEvidence, weight: float, rules: Rules, limit: float, *, aligned: bool, ratios: LikelihoodRatio
) -> MetricResult:
    """Assess one metric; `weight` is its share of the budget, `limit` is ln(1/alpha)."""
    paths = tuple(
        run_e_process(series.strata, rules, limit, aligned=aligned, ratios=ratios) for series in metric.series
    )
    shown = tuple(_show(series, path) for series, path in zip(metric.series, paths, strict=True))
    floor = rules.floors[metric.kind] if metric.floor is None else metric.floor
    harms = [
        is_harmful(series.strata[path.exposed :], floor, rules)
        for series, path in zip(metric.series, paths, strict=True)
    ]
    worst = max(range(len(shown)), key=lambda i: (harms[i], shown[i].e_value), default=0)
    value = sum(one.e_value for one in shown) / len(shown) if shown else 1.0
    judgement = MetricJudgement(
        name=metric.name, kind=str(metric.kind), unit=metric.unit, weight=weight, e_value=value, floor=floor,
        series=shown, dropped_deltas=metric.dropped_deltas, unclassified=metric.unclassified, queries=metric.queries,
    )  # fmt: skip
    return MetricResult(metric, judgement, paths, _mean_path(metric.series, paths), any(harms), worst)


def weighted_shares(strata: Sequence[Stratum]) -> tuple[int, int, float]:
    """Return canary requests, bad canary requests, and stable's share weighted by the canary's requests by stratum.

    Strata in which stable had no requests are left out. The weighting makes the two shares comparable under drift.
    """
    requests = bad = 0
    expected = 0.0
    for stratum in strata:
        canary, stable = stratum.canary, stratum.stable
        if stable.total:
            requests += canary.total
            bad += canary.bad
            expected += canary.total * stable.bad / stable.total
    return requests, bad, expected / requests if requests else 0.0


def _show(series: Series, path: EProcessPath) -> SeriesJudgement:
    strata = series.strata[path.exposed :]
    canary, stable = arm_counts(strata, Arm.CANARY), arm_counts(strata, Arm.STABLE)
    return SeriesJudgement(
        label=series.label,
        bound=series.bound,
        canary_total=canary.total,
        canary_bad=canary.bad,
        stable_total=stable.total,
        stable_bad=stable.bad,
        canary_ratio=canary.bad / canary.total if canary.total else 0.0,
        stable_ratio=weighted_shares(strata)[2],
        e_value=path.values[-1] if path.values else 1.0,
        e_max=max(path.values, default=1.0),
        phi=path.phi,
        capped=path.capped,
        informative=path.informative,
    )


def is_harmful(strata: tuple[Stratum, ...], floor: float, rules: Rules) -> bool:
    """Return whether the difference, over the run or recently (a late fault), is worth acting on.

    That is: at least `rules.min_bad` bad canary requests, and a share larger than stable's by `floor`.
    """
    informative = [stratum for stratum in strata if stratum.canary.total]
    if sum(stratum.canary.bad for stratum in informative) < rules.min_bad:
        return False
    for part in (informative, informative[-_RECENT:]):
        requests, bad, stable = weighted_shares(part)
        if requests and bad / requests - stable >= floor:
            return True
    return False


def _mean_path(series: tuple[Series, ...], paths: tuple[EProcessPath, ...]) -> tuple[tuple[float, float], ...]:
    """Average the paths of a metric's series by stratum; a series that began later counts as 1 before."""
    longest = max(range(len(paths)), key=lambda i: len(paths[i].values), default=None)
    if longest is None:
        return ()
    count = len(paths)
    ends = [stratum.end for stratum in series[longest].strata[paths[longest].exposed :]]
    if count == 1:
        return tuple(zip(ends, paths[0].values, strict=True))
    columns = [[1.0] * (len(ends) - len(path.values)) + list(path.values) for path in paths]
    return tuple((end, sum(values) / count) for end, *values in zip(ends, *columns, strict=True))
