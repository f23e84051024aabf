"""One call of the judge: what is computed once and used by several of its considerations."""

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
from steps.judge.filters.warmup import without_warmup
from steps.judge.power.detectable_effect import detectable_share
from steps.judge.rules import Rules
from steps.judge.statistics.likelihood_ratio import LikelihoodRatio
from steps.judge.statistics.windows import Window
from steps.model.evidence import Evidence, Health, MetricEvidence, MetricKind, Stratum
from steps.model.judgement import GuardJudgement


class Case:
    """The evidence as it is judged, and every number that is made of it.

    Attributes:
        given: the evidence as it came, for notes.
        evidence: without what happened while the canary's pods were disrupted, with unattributed failures where they
            belong, and without stray requests at weight 100.
        unattributed: what failed before an upstream was chosen.
        alone: the canary has all the traffic.
        unlike: stable fails so much that its latency and answers are those of failures.
        late: nothing is waited for any more.
        whole: the metrics with series. weighed: the same after the warm-up was left out, weighed.
        seen: what was seen on the present rung.
        main: the metric that counts every request: errors, else the first.
        guards: of the objectives, in their order.
    """

    def __init__(self, evidence: Evidence, health: Health | None, rules: Rules, *, deadline_reached: bool) -> None:
        self.given, self.health, self.rules, self.late = evidence, health, rules, deadline_reached
        undisturbed = disruptions.without_disruptions(evidence, health)
        attributed, self.unattributed = unattributed.attribute(undisturbed, rules)
        self.evidence = full_weight.without_strays(attributed)
        self.alone = evidence.weight == full_weight.FULL_WEIGHT
        self.unlike = stable_is_incomparable(self.evidence.metrics)
        self.whole = self._whole()
        self.odds = LikelihoodRatio(rules.ratio)
        self.results = self._weigh()
        self.seen = sample_size.count_rung(self.evidence)
        self.main = next((one for one in self.results if one.evidence.kind is MetricKind.ERRORS), None) or next(
            iter(self.results), None
        )
        self.objectives = objectives(self.evidence.metrics, rules)
        self.guards = tuple(map(self._guard, self.objectives))

    @property
    def e_value(self) -> float:
        """The fail statistic now; 1 means that nothing was learnt."""
        return self.path[-1][1] if self.path else 1.0

    @property
    def exposed(self) -> tuple[Stratum, ...]:
        """The main metric's strata since the canary's first request."""
        return self.main.exposed if self.main else ()

    @property
    def totals(self) -> tuple[int, int]:
        """The canary's requests, and the scrapes that had any."""
        return sum(stratum.canary.total for stratum in self.exposed), sample_size.strata_with_canary(self.exposed)

    @cached_property
    def path(self) -> list[tuple[float, float]]:
        """(end of the stratum, fail statistic) in order of time, of the metrics that can be compared."""
        return combined_path(self.compared)

    @cached_property
    def alarm(self) -> Alarm | None:
        """The comparison's first alarm."""
        return first_alarm(self.compared, self.path, self.rules)

    @cached_property
    def compared(self) -> list[MetricResult]:
        """The metrics that the comparison may go by."""
        return [one for one in self.results if not (self.unlike and one.evidence.kind is MetricKind.LATENCY)]

    @cached_property
    def detectable(self) -> float | None:
        """Smallest share (0-1) of failures that would have been caught; None = not even a total failure."""
        if self.main is None:
            return None
        if not self.alone:
            return detectable_share(self.main, self.rules, self.odds)
        return full_weight.detectable(self.main, self._limits(self.main), self.seen.canary, self.rules)

    @cached_property
    def better(self) -> tuple[str, float] | None:
        """Metric and upper limit of the ratio of the rates, where the canary is better beyond doubt; else None."""
        if self.alone or self.main is None:
            return None
        if any(self.above(objective) for objective in self.objectives):
            return None
        judged = [(self.main.judgement.name, self.exposed)]
        judged += [
            (one.metric.name, tuple(s for s in one.series.strata if s.end > self.evidence.started))
            for one in self.objectives
            if one.series is one.metric.objective
        ]
        phi = self.main.phi
        limits = ((name, superiority.ratio_upper_limit(strata, self.rules.alpha, phi)) for name, strata in judged)
        return next(((name, limit) for name, limit in limits if limit is not None), None)

    @cached_property
    def pasts(self) -> list[tuple[MetricResult, int, full_weight.ReferenceComparison]]:
        """At weight 100: each series (by metric and index) against its past, where it has one."""
        found = []
        for one in self.results if self.alone else ():
            for index, series in enumerate(one.evidence.series):
                compared = full_weight.compare_with_reference(
                    series, one.judgement.floor, self.evidence.rung_started, one.paths[index].phi, self.rules,
                    aligned=self.aligned(one.evidence), parts=len(one.paths),
                )  # fmt: skip
                if compared is not None:
                    found.append((one, index, compared))
        return found

    def above(self, objective: Objective) -> list[Window]:
        """Return the windows in which the canary is above an objective in plain numbers."""
        return objective.above(self.evidence.rung_started, self.allowed(objective))

    def allowed(self, objective: Objective) -> float:
        """Return the share (0-1) that an objective allows; more at weight 100 where both arms lived above it."""
        if not self.alone:
            return objective.allowed
        phi = self.main.phi if self.main else 1.0
        return full_weight.allowed_share(objective.series.strata, objective.allowed, self.evidence.rung_started, phi)

    def aligned(self, metric: MetricEvidence) -> bool:
        """Tell whether both arms of a metric were counted in the same scrape."""
        return self.evidence.aligned if metric.aligned is None else metric.aligned

    def _limits(self, one: MetricResult) -> list[tuple[float, float]]:
        """Return the shares that the canary alone is held against, each with the line of its evidence."""
        line = 1.0 / self.rules.guard_alpha
        found = [(self.allowed(o), line) for o in self.objectives if o.series in one.evidence.series]
        parts = len(one.paths)
        return found + [(past.allowed, line * parts) for metric, _, past in self.pasts if metric is one]

    def _whole(self) -> list[MetricEvidence]:
        metrics = self.evidence.metrics
        return [
            without_failed_requests(metric, metrics) if self.unlike else metric for metric in metrics if metric.series
        ]

    def _weigh(self) -> list[MetricResult]:
        metrics = [without_warmup(metric, self.health, self.rules) for metric in self.whole]
        total = sum(metric.weight for metric in metrics)
        limit = log(1.0 / self.rules.alpha)
        return [
            assess_metric(
                metric, metric.weight / total, self.rules, limit, aligned=self.aligned(metric), odds=self.odds
            )
            for metric in metrics
        ]

    def _guard(self, objective: Objective) -> GuardJudgement:
        # No warm-up here: a promise holds from the first request on. At weight 100 the earlier rungs are the past.
        strata, main = objective.series.strata, self.main
        same = not self.alone and main is not None and objective.series is main.evidence.series[-1]
        known = main.paths[-1].pasts if main is not None and same else ()
        return judge_guard(
            objective.metric.name, full_weight.rung_only(strata, self.evidence.rung_started) if self.alone else strata,
            self.allowed(objective), self.rules,
            aligned=self.evidence.aligned, alone=self.alone, known=known,
        )  # fmt: skip
