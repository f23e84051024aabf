"""Whether custom metrics are what their owner meant, asked of stable's series before any traffic moves.

A misspelt name would be found only on the first rung, as an inconclusive end. A counter of failures is another matter:
it is often born with the first failure, so that its absence proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from steps.evidence.bounds import number
from steps.evidence.custom import CustomMetric, OwnArms, Selection, own_arms
from steps.evidence.prometheus import Prometheus
from steps.evidence.samples import scalar_by
from steps.evidence.selectors import selector
from steps.model.evidence import Arm


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is wrong with custom metrics: full sentences.

    Attributes:
        faults: what keeps every canary from passing.
        warnings: what may be right.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def doubts(prometheus: Prometheus, metrics: Sequence[CustomMetric], namespace: str) -> Doubts:
    """Look for stable's series of every custom metric; one to three queries each.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    faults: list[str] = []
    warnings: list[str] = []
    for metric in metrics:
        arms = own_arms(metric, namespace)
        if absent := _absent(prometheus, metric, arms):
            (faults if metric.required else warnings).append(absent)
        elif metric.histogram is not None and (unbound := _unbound(prometheus, metric, metric.histogram, arms)):
            faults.append(unbound)
        if metric.bad is not None and (unseen := _unseen(prometheus, metric, metric.bad)):
            warnings.append(unseen)
    return Doubts(tuple(faults), tuple(warnings))


def _absent(prometheus: Prometheus, metric: CustomMetric, arms: OwnArms) -> str:
    """Say that stable has no series that count all events, and where to look for the mistake."""
    whole = metric.histogram or metric.every
    if whole is None or _count(prometheus, wanted := _of_stable(whole, arms)):
        return ""
    elsewhere = _count(prometheus, selector(whole.metric, []))
    silent = "" if not metric.required else ", or say `required: false` where silence is normal"
    if not elsewhere:
        return (
            f"metric {metric.name}: Prometheus has no series {whole.metric} at all: check its name, and that the pods"
            f" are scraped{silent}"
        )
    return (
        f"metric {metric.name}: Prometheus has {elsewhere} series {whole.metric}, but none of stable's ({wanted}):"
        f" check match, arm-label and namespace-label{silent}"
    )


def _unbound(prometheus: Prometheus, metric: CustomMetric, buckets: Selection, arms: OwnArms) -> str:
    """Say that the histogram has no bucket with the bound that was asked for, and which it has."""
    answer = prometheus.query(f"count by (le) ({_of_stable(buckets, arms)})")
    bounds = sorted(number(text) for text in scalar_by(answer.result, "le") if text and number(text) < inf)
    if metric.bound in bounds:
        return ""
    known = ", ".join(f"{bound:g}" for bound in bounds) or "none: name its _bucket series"
    return (
        f"metric {metric.name}: {buckets.metric} has no bucket bound {metric.bound:g}, which no count can be read at;"
        f" its bounds are {known}"
    )


def _unseen(prometheus: Prometheus, metric: CustomMetric, bad: Selection) -> str:
    """Say that nobody, stable or not, ever had such a bad event."""
    wanted = selector(bad.metric, bad.matchers)
    if _count(prometheus, wanted):
        return ""
    return (
        f"metric {metric.name}: no series {wanted} was seen yet, which is right if nothing was ever bad, but a mistaken"
        f" name or label would look the same"
    )


def _of_stable(selection: Selection, arms: OwnArms) -> str:
    return selector(selection.metric, [*arms.matchers(arms=[Arm.STABLE]), *selection.matchers])


def _count(prometheus: Prometheus, chosen: str) -> int:
    return round(sum(scalar_by(prometheus.query(f"count({chosen})").result, "").values()))
