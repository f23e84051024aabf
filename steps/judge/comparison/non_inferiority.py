"""Non-inferiority, the "proven" pass: the canary is shown to be worse than stable by less than the margin."""

from collections.abc import Iterator, Sequence
from math import log
from typing import Final

from steps.judge.comparison.metric_result import MetricResult
from steps.judge.rules import Rules
from steps.judge.statistics.universal_inference import DifferenceTest, Margin
from steps.judge.wording import waits
from steps.model.evidence import Counts, MetricKind

_LATENCY_PART: Final = 0.5
"""A tenth or half of stable's requests are slower than latency's inner bounds. A percentage point of those is nothing
and would take hours to prove, so there the canary may have half as many again. Beyond the outer bounds it may have
twice as many, up to two percentage points."""

_LATENCY_POINTS: Final = 0.02


def not_proven(results: Sequence[MetricResult], rules: Rules) -> str | None:
    """Return the sentence for the first metric that is not proven yet, or None if all are.

    Each metric must be proven alone at `beta` (an intersection-union test, Berger 1982, needs no correction for their
    number).
    """
    for one in results:
        allowed = margin(one, rules)
        seen = any(series.canary_total for series in one.judgement.series)
        for test in difference_tests(one):
            if seen and not test.canary.total:
                continue  # left out of the comparison: the pods were idle
            if test.log_evidence(allowed) < log(1.0 / rules.beta):
                usual = test.stable.bad / max(test.stable.total, 1)
                worse = test.excluded(allowed, rules.beta)
                return waits.not_proven(one.judgement.name, worse, allowed(usual))
    return None


def margin(result: MetricResult, rules: Rules) -> Margin:
    """Return by how much the canary's bad share may exceed stable's."""
    minimum = max(rules.proven_difference, result.judgement.floor)
    if result.evidence.kind is not MetricKind.LATENCY:
        return lambda _: minimum
    return lambda share: max(minimum, _LATENCY_PART * share, min(share, _LATENCY_POINTS))


def difference_tests(result: MetricResult) -> Iterator[DifferenceTest]:
    """Yield the test of each series.

    Stable's counts are scaled to its share weighted by the canary's requests, which drift does not bias.
    """
    for evidence, path, series in zip(result.evidence.series, result.paths, result.judgement.series, strict=True):
        past = [stratum.stable for stratum in evidence.strata[: path.exposed]]
        yield DifferenceTest(
            Counts(series.canary_total, series.canary_bad),
            Counts(series.stable_total, min(round(series.stable_ratio * series.stable_total), series.stable_total)),
            Counts(sum(counts.total for counts in past), sum(counts.bad for counts in past)),
            series.phi,
        )
