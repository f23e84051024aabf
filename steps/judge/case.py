"""The case of one judgement: the filtered evidence, and every number that more than one question needs.

Whatever is costly, and not always needed, is computed on first use.
"""

from functools import cached_property
from math import log

from steps.judge.checks import full_weight, sample_size
from steps.judge.checks.guard import judge_guard
from steps.judge.checks.objective import Objective, objectives
from steps.judge.comparison import superiority
from steps.judge.comparison.combined import Alarm, combined_path, first_alarm
from steps.judge.comparison.metric_result import MetricResult, assess_metric
from steps.judge.filters import disruptions, unattributed
from steps.judge.filters.comparability import stable_is_incomparable, without_failed_requests
from steps.judge.filters.idle_pods import without_idle
from steps.judge.filters.warmup import without_warmup
from steps.judge.power.detectable_effect import detectable_share
from steps.judge.rules import Rules
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.strata import strata_with_canary
from steps.judge.statistics.windows import Window
from steps.model.evidence import Evidence, Health, MetricEvidence, MetricKind, Stratum
from steps.model.judgement import GuardJudgement


class Case:
    """The evidence as it is judged, and all numbers computed from it.

    Attributes:
        given: the evidence as it came, for notes.
        evidence: without requests of the times in which the canary's pods were disrupted, with unattributed failures
            counted for the arm they belong to, and without stray requests at weight 100.
        unattributed: the failures before an upstream was chosen.
        full_weight: the canary has all the traffic.
        stable_is_incomparable: stable fails so much that its latency and answers describe its failures.
        deadline_reached: there is no more time to wait.
        whole: the metrics with series.
        metrics: the same without latency of idle pods, before the warm-up is left out.
        results: their results, after the warm-up is left out.
        rung: counts of the present rung.
        main: the metric that counts every request: errors, else the first.
        guards: one for each objective, in their order.
    """

    def __init__(self, evidence: Evidence, health: Health | None, rules: Rules, *, deadline_reached: bool) -> None:
        self.given, self.health, self.rules, self.deadline_reached = evidence, health, rules, deadline_reached
        undisrupted = disruptions.without_disruptions(evidence, health)
        attributed, self.unattributed = unattributed.attribute(undisrupted, rules)
        self.evidence = full_weight.without_strays(attributed)
        self.full_weight = evidence.weight == full_weight.FULL_WEIGHT
        self.stable_is_incomparable = stable_is_incomparable(self.evidence.metrics)
        self.whole = [metric for metric in self.evidence.metrics if metric.series]
        self.metrics = self._comparable_metrics()
        self.ratios = LikelihoodRatio(rules.ratio)
        self.results = self._results()
        self.rung = sample_size.count_rung(self.evidence)
        errors = (one for one in self.results if one.evidence.kind is MetricKind.ERRORS)
        self.main = next(errors, None) or next(iter(self.results), None)
        self.objectives = objectives(self.evidence.metrics, rules)
        self.guards = tuple(map(self._guard, self.objectives))

    @property
    def e_value(self) -> float:
        """The fail statistic now; 1 means that nothing was learnt."""
        return self.path[-1][1] if self.path else 1.0

    @cached_property
    def suspicion(self) -> float:
        """The part of the fail statistic now that comes from differences which may be worth acting on.

        A difference that is surely tolerated is not suspicious, however certain it is.
        """
        if self.e_value < self.rules.suspect_e:
            return self.e_value
        return sum(one.judgement.weight * one.suspicious_value() for one in self.compared)

    @property
    def exposed(self) -> tuple[Stratum, ...]:
        """The main metric's strata since the canary's first request."""
        return self.main.exposed if self.main else ()

    @property
    def totals(self) -> tuple[int, int]:
        """The canary's requests, and the scrapes with canary traffic."""
        return sum(stratum.canary.total for stratum in self.exposed), strata_with_canary(self.exposed)

    @cached_property
    def path(self) -> list[tuple[float, float]]:
        """(end of the stratum, fail statistic) in order of time, of the metrics that can be compared.

        Empty after the promotion, since the arms were compared rung by rung before it; and for a hotfix.
        """
        return combined_path(self.compared) if self.evidence.has_comparison else []

    @cached_property
    def alarm(self) -> Alarm | None:
        """The comparison's first alarm."""
        return first_alarm(self.compared, self.path, self.rules) if self.evidence.has_comparison else None

    @cached_property
    def compared(self) -> list[MetricResult]:
        """Results of the metrics that can be compared."""
        latency_counts = not self.stable_is_incomparable
        return [one for one in self.results if latency_counts or one.evidence.kind is not MetricKind.LATENCY]

    @cached_property
    def detectable(self) -> float | None:
        """Smallest share (0-1) of failures that would have been caught; None = not even a total failure."""
        if self.main is None:
            return None
        if not self.full_weight:
            return detectable_share(self.main, self.rules, self.ratios)
        return full_weight.detectable(self.main, self._limits(self.main), self.rung.canary, self.rules)

    @cached_property
    def superiority(self) -> tuple[str, float] | None:
        """Metric in which the canary is surely better, and the upper limit of the ratio of the rates; else None."""
        if self.full_weight or self.main is None:
            return None
        if any(self._windows_above(objective) for objective in self.objectives):
            return None
        candidates = [(self.main.judgement.name, self.exposed)]
        candidates += [
            (one.metric.name, tuple(s for s in one.series.strata if s.end > self.evidence.started))
            for one in self.objectives
            if one.series is one.metric.objective
        ]
        alpha, phi = self.rules.alpha, self.main.phi
        limits = ((name, superiority.ratio_upper_limit(strata, alpha, phi)) for name, strata in candidates)
        return next(((name, limit) for name, limit in limits if limit is not None), None)

    @cached_property
    def references(self) -> list[tuple[MetricResult, int, full_weight.ReferenceComparison]]:
        """At weight 100: each series (by result and index) against its reference, if it has one."""
        found = []
        for one in self.results if self.full_weight and not self.evidence.alone else ():
            kind, floor = one.evidence.kind, one.judgement.floor
            tolerance = full_weight.tolerance_of(kind, floor, promoted=self.evidence.promoted)
            for index, series in enumerate(one.evidence.series):
                compared = full_weight.compare_with_reference(
                    series, tolerance, self.evidence.rung_started, one.paths[index].phi, self.rules,
                    aligned=self.aligned(one.evidence), parts=len(one.paths),
                )  # fmt: skip
                if compared is not None:
                    found.append((one, index, compared))
        return found

    def allowed(self, objective: Objective) -> float:
        """Return the share (0-1) that an objective allows; more at weight 100 if both arms were above it before.

        A hotfix gets no more: that stable was above it is the reason for the hotfix.
        """
        if not self.full_weight or self.evidence.alone:
            return objective.allowed
        phi = self.main.phi if self.main else 1.0
        return full_weight.allowed_share(
            objective.series.strata, objective.allowed, self.evidence.rung_started, phi
        )  # fmt: skip

    def aligned(self, metric: MetricEvidence) -> bool:
        """Return whether both arms of a metric were counted in the same scrape."""
        return self.evidence.aligned if metric.aligned is None else metric.aligned

    def _windows_above(self, objective: Objective) -> list[Window]:
        return objective.above(self.evidence.rung_started, self.allowed(objective))

    def _limits(self, one: MetricResult) -> list[tuple[float, float]]:
        """Return the allowed shares that judge the canary alone, each with the alarm line of its evidence."""
        line = 1.0 / self.rules.guard_alpha
        found = [(self.allowed(o), line) for o in self.objectives if o.series in one.evidence.series]
        parts = len(one.paths)
        return found + [(compared.allowed, line * parts) for result, _, compared in self.references if result is one]

    def _comparable_metrics(self) -> list[MetricEvidence]:
        metrics = [without_idle(metric, self.evidence, self.health) for metric in self.whole]
        if not self.stable_is_incomparable:
            return metrics
        return [without_failed_requests(metric, self.evidence.metrics) for metric in metrics]

    def _results(self) -> list[MetricResult]:
        metrics = [without_warmup(metric, self.health, self.rules) for metric in self.metrics]
        total = sum(metric.weight for metric in metrics)
        limit = log(1.0 / self.rules.alpha)
        return [
            assess_metric(
                metric, metric.weight / total, self.rules, limit, aligned=self.aligned(metric), ratios=self.ratios
            )
            for metric in metrics
        ]

    def _guard(self, objective: Objective) -> GuardJudgement:
        # No warm-up here: an objective holds from the first request on. At weight 100 earlier rungs are the reference.
        strata, main = objective.series.strata, self.main
        same_series = not self.full_weight and main is not None and objective.series is main.evidence.series[-1]
        histories = main.paths[-1].histories if main is not None and same_series else ()
        judged = full_weight.rung_only(strata, self.evidence.rung_started) if self.full_weight else strata
        return judge_guard(
            objective.metric.name, judged, self.allowed(objective), self.rules,
            aligned=self.evidence.aligned, full_weight=self.full_weight, histories=histories,
        )  # fmt: skip
