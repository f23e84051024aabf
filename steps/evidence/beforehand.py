"""Whether custom metrics are what their owner meant, asked of stable's series before any traffic moves.

A misspelt name would be found only on the first rung, as an inconclusive end. A counter of failures is another matter:
it is often born with the first failure, so that its absence proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from steps.evidence import worlds
from steps.evidence.alike import alike
from steps.evidence.bounds import finite_bounds
from steps.evidence.custom import Around, CustomMetric, OwnArms, Selection, own_arms
from steps.evidence.naming import BUCKET, whole
from steps.evidence.prometheus import Prometheus
from steps.evidence.samples import scalar_by
from steps.evidence.selectors import further, selector
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


def doubts(prometheus: Prometheus, metrics: Sequence[CustomMetric], around: Around, *, alone: bool = False) -> Doubts:
    """Look for stable's series of every custom metric; one to three queries each.

    Args:
        prometheus: the client.
        metrics: what is looked for.
        around: what they share.
        alone: no mesh's metric was looked at, so that these must tell whether they come from several clusters.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    faults: list[str] = []
    warnings: list[str] = []
    for metric in metrics:
        arms = own_arms(metric, around)
        if absent := _absent(prometheus, metric, arms):
            (faults if metric.required else warnings).append(absent)
        elif metric.histogram is not None and (unbound := _unbound(prometheus, metric, metric.histogram, arms)):
            faults.append(unbound)
        elif alone and (several := worlds.undecided(worlds.worlds(prometheus, metric.names[0], arms), arms.more)):
            faults.append(f"metric {metric.name}: {worlds.sentence(several)}")
        if metric.bad is not None and (unseen := _unseen(prometheus, metric, metric.bad, around)):
            warnings.append(unseen)
    return Doubts(tuple(faults), tuple(warnings))


def _absent(prometheus: Prometheus, metric: CustomMetric, arms: OwnArms) -> str:
    """Say that stable has no series that count all events, and where to look for the mistake."""
    counted = metric.histogram or metric.every
    if counted is None or _is_there(prometheus, wanted := _of_stable(counted, arms), arms):
        return ""
    elsewhere = _count(prometheus, selector(counted.metric, further(arms.more)))
    silent = "" if not metric.required else ", or say `required: false` where silence is normal"
    if not elsewhere:
        return (
            f"metric {metric.name}: Prometheus has no series {counted.metric} at all"
            f"{_instead(prometheus, counted.metric)}:"
            f" check its name, and that the pods are scraped{silent}"
        )
    return (
        f"metric {metric.name}: Prometheus has {elsewhere} series {counted.metric}, but none of stable's ({wanted}):"
        f" check match, {'pod-label' if arms.by_pod_name else 'arm-label'} and namespace-label{silent}"
    )


def _instead(prometheus: Prometheus, name: str) -> str:
    """Say what is there in place of a metric: a native histogram, or names that look like it."""
    close = alike(prometheus, name)
    if name.endswith(BUCKET) and whole(name) in close:
        return (
            f", but {whole(name)}: if that is a native histogram, let Prometheus keep the classic buckets too"
            f" (always_scrape_classic_histograms)"
        )
    return f", but {', '.join(close)}" if close else ""


def _unbound(prometheus: Prometheus, metric: CustomMetric, buckets: Selection, arms: OwnArms) -> str:
    """Say that the histogram has no bucket with the bound that was asked for, and which it has."""
    answer = prometheus.query(f"count by (le) ({_of_stable(buckets, arms)})")
    bounds = finite_bounds(scalar_by(answer.result, "le"))
    if metric.bound in bounds:
        return ""
    known = ", ".join(f"{bound:g}" for bound in bounds) or "none: name its _bucket series"
    return (
        f"metric {metric.name}: {buckets.metric} has no bucket bound {metric.bound:g}, which no count can be read at;"
        f" its bounds are {known}"
    )


def _unseen(prometheus: Prometheus, metric: CustomMetric, bad: Selection, around: Around) -> str:
    """Say that nobody, stable or not, ever had such a bad event."""
    wanted = selector(bad.metric, [*bad.matchers, *further(around.more)])
    if _count(prometheus, wanted):
        return ""
    return (
        f"metric {metric.name}: no series {wanted} was seen yet, which is right if nothing was ever bad, but a mistaken"
        f" name or label would look the same"
    )


def _of_stable(selection: Selection, arms: OwnArms) -> str:
    return selector(selection.metric, [*arms.matchers(arms=[Arm.STABLE]), *selection.matchers])


def _is_there(prometheus: Prometheus, chosen: str, arms: OwnArms) -> bool:
    """Tell whether stable has such series; of pods, those of its own alone count."""
    if not arms.by_pod_name:
        return _count(prometheus, chosen) > 0
    found = scalar_by(prometheus.query(f"count by ({arms.label}) ({chosen})").result, arms.label)
    return any(arms.arm_of({arms.label: pod}) is Arm.STABLE for pod in found)


def _count(prometheus: Prometheus, chosen: str) -> int:
    return round(sum(scalar_by(prometheus.query(f"count({chosen})").result, "").values()))
