"""The result of one metric: e-values, counts, shares, and whether it may call the canary worse."""

from bisect import bisect_right
from dataclasses import dataclass

from steps.judge.comparison.harm import Harm, is_surely_tolerated, weighted_share
from steps.judge.rules import Rules
from steps.judge.statistics.e_process import EProcessPath, run_e_process
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.strata import arm_counts
from steps.model.evidence import Arm, MetricEvidence, Series, Stratum
from steps.model.judgement import MetricJudgement, SeriesJudgement


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric with the paths of its e-processes.

    Attributes:
        values: (end of the stratum, e-value of the metric) in order of time.
        harms: of each series, whether its difference is worth acting on.
        worst: index of the series with the largest e-value, of the harmful ones if there are some.
    """

    evidence: MetricEvidence
    judgement: MetricJudgement
    paths: tuple[EProcessPath, ...]
    values: tuple[tuple[float, float], ...]
    harms: tuple[Harm, ...]
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
        return self._strata(self.worst)

    def harmful_value(self, end: float) -> float:
        """Return the part of the e-value at a time (unix seconds) that comes from series with harm up to then.

        The other series count as 0, which lowers the e-value, so it stays valid.
        """
        return self._mean([i for i, harm in enumerate(self.harms) if harm.is_harmful(end)], end)

    def suspicious_value(self) -> float:
        """Return the part of the e-value now that comes from series whose difference may be worth acting on."""
        floor = self.judgement.floor
        doubtful = [i for i in range(len(self.paths)) if not is_surely_tolerated(self._strata(i), floor)]
        return self._mean(doubtful, float("inf"))

    def _mean(self, indexes: list[int], end: float) -> float:
        return sum(self._value_at(index, end) for index in indexes) / max(1, len(self.paths))

    def _value_at(self, index: int, end: float) -> float:
        strata, path = self.evidence.series[index].strata, self.paths[index]
        count = bisect_right(strata, end, lo=path.exposed, key=lambda stratum: stratum.end) - path.exposed
        return path.values[count - 1] if count else 1.0

    def _strata(self, index: int) -> tuple[Stratum, ...]:
        return self.evidence.series[index].strata[self.paths[index].exposed :]


def assess_metric(
    metric: MetricEvidence, weight: float, rules: Rules, limit: float, *, aligned: bool, ratios: LikelihoodRatio
) -> MetricResult:
    """Assess one metric; `weight` is its share of the budget, `limit` is ln(1/alpha)."""
    paths = tuple(
        run_e_process(series.strata, rules, limit, aligned=aligned, ratios=ratios) for series in metric.series
    )
    shown = tuple(_show(series, path) for series, path in zip(metric.series, paths, strict=True))
    floor = rules.floors[metric.kind] if metric.floor is None else metric.floor
    harms = tuple(
        Harm(series.strata[path.exposed :], floor, rules) for series, path in zip(metric.series, paths, strict=True)
    )
    worst = 0
    if len(shown) > 1:
        worst = max(range(len(shown)), key=lambda i: (harms[i].is_harmful(), shown[i].e_value))
    value = sum(one.e_value for one in shown) / len(shown) if shown else 1.0
    judgement = MetricJudgement(
        name=metric.name, kind=str(metric.kind), unit=metric.unit, weight=weight, e_value=value, floor=floor,
        series=shown, dropped_deltas=metric.dropped_deltas, unclassified=metric.unclassified, queries=metric.queries,
    )  # fmt: skip
    return MetricResult(metric, judgement, paths, _mean_path(metric.series, paths), harms, worst)


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
        stable_ratio=weighted_share(strata),
        e_value=path.values[-1] if path.values else 1.0,
        e_max=max(path.values, default=1.0),
        phi=path.phi,
        capped=path.capped,
        informative=path.informative,
    )


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
