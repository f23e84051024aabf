"""The "proven" pass: the canary is shown to be no worse than stable by more than the tolerated difference."""

from collections.abc import Sequence

from steps.judge import sentences
from steps.judge.limits import lower_share, upper_share
from steps.judge.rules import Rules
from steps.judge.weigh import Weighed
from steps.model.evidence import MetricKind
from steps.model.judgement import SeriesJudgement

_CANARY_PART = 0.9
"""Share of beta for the canary's limit: it has fewer requests, so its limit is the one that decides."""

_LATENCY_PART = 0.5
"""Above latency's inner bounds lie a tenth or half of stable's requests, of which a percentage point is nothing and
would take hours to prove: there the canary may have half as many again. Beyond the outer ones it may have twice as
many, up to two percentage points."""

_LATENCY_POINTS = 0.02


def missing(weighed: Sequence[Weighed], rules: Rules) -> str | None:
    """Give the sentence for the first metric that is not proven yet, or None if all are.

    Each metric must be proven alone at `beta` (intersection-union: no correction for their number).
    """
    for one in weighed:
        for series in one.judgement.series:
            upper, lower = limits(series, rules)
            tolerated = max(rules.proven_difference, one.judgement.floor)
            if one.evidence.kind is MetricKind.LATENCY:
                tolerated = max(tolerated, _LATENCY_PART * lower, min(lower, _LATENCY_POINTS))
            if upper > lower + tolerated:
                return sentences.not_proven(one.judgement.name, upper, lower, tolerated)
    return None


def limits(series: SeriesJudgement, rules: Rules) -> tuple[float, float]:
    """Give the any-time upper limit of the canary's bad share and the lower limit of stable's (0-1).

    Stable's counts are scaled to its share weighted by the canary's requests, which drift does not bias.
    """
    stable_bad = min(round(series.stable_ratio * series.stable_total), series.stable_total)
    upper = upper_share(series.canary_total, series.canary_bad, rules.beta * _CANARY_PART, series.phi)
    lower = lower_share(series.stable_total, stable_bad, rules.beta * (1.0 - _CANARY_PART), series.phi)
    return upper, lower
