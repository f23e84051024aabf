"""The "proven" pass: the canary is shown to be no worse than stable by more than the tolerated difference."""

from collections.abc import Iterator, Sequence
from math import log
from typing import Final

from steps.judge.comparison.metric_result import MetricResult
from steps.judge.rules import Rules
from steps.judge.statistics.universal_inference import DifferenceTest, Tolerated
from steps.judge.wording import phrases
from steps.model.evidence import Counts, MetricKind

_LATENCY_PART: Final = 0.5
"""Above latency's inner bounds lie a tenth or half of stable's requests, of which a percentage point is nothing and
would take hours to prove: there the canary may have half as many again. Beyond the outer ones it may have twice as
many, up to two percentage points."""

_LATENCY_POINTS: Final = 0.02


def not_proven(weighed: Sequence[MetricResult], rules: Rules) -> str | None:
    """Give the sentence for the first metric that is not proven yet, or None if all are.

    Each metric must be proven alone at `beta` (intersection-union: no correction for their number).
    """
    for one in weighed:
        allowed = margin(one, rules)
        for difference in difference_tests(one):
            if difference.log_evidence(allowed) < log(1.0 / rules.beta):
                usual = difference.stable.bad / max(difference.stable.total, 1)
                worse = difference.excluded(allowed, rules.beta)
                return phrases.not_proven(one.judgement.name, worse, allowed(usual))
    return None


def margin(weighed: MetricResult, rules: Rules) -> Tolerated:
    """Give what the canary's bad share may exceed stable's by."""
    least = max(rules.proven_difference, weighed.judgement.floor)
    if weighed.evidence.kind is not MetricKind.LATENCY:
        return lambda _: least
    return lambda share: max(least, _LATENCY_PART * share, min(share, _LATENCY_POINTS))


def difference_tests(weighed: MetricResult) -> Iterator[DifferenceTest]:
    """Give the counts of each series.

    Stable's are scaled to its share weighted by the canary's requests, which drift does not bias.
    """
    for evidence, path, series in zip(weighed.evidence.series, weighed.paths, weighed.judgement.series, strict=True):
        past = [stratum.stable for stratum in evidence.strata[: path.exposed]]
        yield DifferenceTest(
            Counts(series.canary_total, series.canary_bad),
            Counts(series.stable_total, min(round(series.stable_ratio * series.stable_total), series.stable_total)),
            Counts(sum(counts.total for counts in past), sum(counts.bad for counts in past)),
            series.phi,
        )
