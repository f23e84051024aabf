"""After the promotion: the arm that serves everybody is judged like a canary at weight 100, by what was before.

Three parts of the evidence are kept apart. Before the promotion, canary and stable are what they were: the reference.
While the promotion went on, pods of both versions answered for the same arm: these requests say nothing and are left
out. Since then the promoted arm has all users, so its requests are the canary's, whichever arm it is.
"""

from dataclasses import dataclass, replace
from typing import Final

from steps.judge.checks.full_weight import FULL_WEIGHT
from steps.model.evidence import Arm, Counts, Evidence, MetricEvidence, MetricKind, Series, Stratum

_NO_REQUESTS: Final = Counts(0, 0)


@dataclass(frozen=True, slots=True)
class Promotion:
    """When a promotion happened, and which arm serves since then.

    Args:
        arm: the one that serves: stable, if it got the judged template; the canary, if the arms take turns.
        judged_until: until when the arms were what they were judged as, unix seconds.
        since: from when all pods that serve run the promoted version, unix seconds (>= judged_until).
    """

    arm: Arm
    judged_until: float
    since: float


def as_promoted(evidence: Evidence, promotion: Promotion) -> Evidence:
    """Return the evidence with the promoted arm as a canary at weight 100 since the end of the promotion."""

    def view(metric: MetricEvidence) -> MetricEvidence:
        def seen(series: Series) -> Series:
            strata = (_own_failures(one, promotion) if is_errors else one for one in series.strata)
            return replace(series, strata=tuple(_seen(one, promotion) for one in strata))

        is_errors = metric.kind is MetricKind.ERRORS
        objective = None if metric.objective is None else seen(metric.objective)
        return replace(metric, series=tuple(map(seen, metric.series)), objective=objective)

    metrics = tuple(map(view, evidence.metrics))
    return replace(
        evidence, metrics=metrics, rung_started=promotion.since, weight=FULL_WEIGHT, promoted=True, control=""
    )


def _seen(stratum: Stratum, promotion: Promotion) -> Stratum:
    if stratum.end <= promotion.judged_until:
        return stratum
    if stratum.start < promotion.since:
        return replace(stratum, stable=_NO_REQUESTS, canary=_NO_REQUESTS, stable_pods=(), unattributed=0, nowhere=0)
    serving = stratum.stable if promotion.arm is Arm.STABLE else stratum.canary
    return replace(stratum, stable=_NO_REQUESTS, canary=serving, stable_pods=())


def _own_failures(stratum: Stratum, promotion: Promotion) -> Stratum:
    """Count failures before an upstream was chosen for the arm that has the users: no other arm can be meant.

    Those that name no service may be another app's behind the same gateway, so they are left out.
    """
    failed = stratum.unattributed - stratum.nowhere
    own = replace(stratum, unattributed=0, nowhere=0)
    if stratum.end > promotion.judged_until and promotion.arm is Arm.CANARY:
        return replace(own, canary=Counts(own.canary.total + failed, own.canary.bad + failed))
    return replace(own, stable=Counts(own.stable.total + failed, own.stable.bad + failed))
