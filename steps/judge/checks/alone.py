"""A hotfix is judged alone: by objectives, pods and probes. Stable is the broken one, so its counts excuse nothing.

The evidence becomes that of a canary with all the traffic and without a past, for which the rules of weight 100 are
made: the objectives judge the canary's own counts.
"""

from dataclasses import replace
from typing import Final

from steps.judge.checks.full_weight import FULL_WEIGHT
from steps.model.evidence import Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

_NO_REQUESTS: Final = Counts(0, 0)


def as_alone(evidence: Evidence) -> Evidence:
    """Return the evidence of the canary without stable."""
    has_all_users = evidence.weight == FULL_WEIGHT

    def view(metric: MetricEvidence) -> MetricEvidence:
        def seen(series: Series) -> Series:
            exposed = (one for one in series.strata if one.end > evidence.started)
            return replace(series, strata=tuple(_alone(one, counts_all=is_own(one)) for one in exposed))

        def is_own(stratum: Stratum) -> bool:
            return has_all_users and metric.kind is MetricKind.ERRORS and stratum.start >= evidence.rung_started

        objective = None if metric.objective is None else seen(metric.objective)
        return replace(metric, series=tuple(map(seen, metric.series)), objective=objective)

    return replace(evidence, metrics=tuple(map(view, evidence.metrics)), weight=FULL_WEIGHT, alone=True, control="")


def _alone(stratum: Stratum, *, counts_all: bool) -> Stratum:
    """Leave stable out, and the failures before an upstream was chosen unless they can only be the canary's.

    Below weight 100 they may be those of the broken stable. Failures that name no service may be another app's.
    """
    failed = stratum.unattributed - stratum.nowhere if counts_all else 0
    canary = Counts(stratum.canary.total + failed, stratum.canary.bad + failed)
    return replace(stratum, stable=_NO_REQUESTS, canary=canary, stable_pods=(), unattributed=0, nowhere=0)
