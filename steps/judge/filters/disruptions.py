"""Disruptions of the canary's pods by the cluster: requests of that time are left out, and the pods are waited for.

While its pods are being evicted, deleted or lost, users see errors that any version would show them. The canary's
requests of these scrapes are left out, in every metric. They are chosen by what happened to the pods, which does not
depend on the outcome of requests, so the test stays valid.
"""

from dataclasses import dataclass, replace
from typing import Final

from steps.judge.rules import Rules
from steps.judge.wording import phrases
from steps.model.evidence import Counts, Evidence, Health, MetricEvidence, Series, Stratum

_NO_REQUESTS: Final = Counts(0, 0)
Span = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class PodWait:
    """Why the canary cannot pass while pods are missing that the cluster took; and whether the wait is over."""

    sentence: str
    is_over: bool


def without_disruptions(evidence: Evidence, health: Health | None) -> Evidence:
    """Return the evidence without the canary's requests of the times in which its pods were disrupted."""
    if health is None or not health.disrupted:
        return evidence
    spans = health.disrupted

    def trimmed(series: Series) -> Series:
        return replace(series, strata=tuple(_trimmed(stratum, spans) for stratum in series.strata))

    def without(metric: MetricEvidence) -> MetricEvidence:
        objective = trimmed(metric.objective) if metric.objective is not None else None
        return replace(metric, series=tuple(map(trimmed, metric.series)), objective=objective)

    return replace(evidence, metrics=tuple(map(without, evidence.metrics)))


def _trimmed(stratum: Stratum, spans: tuple[Span, ...]) -> Stratum:
    if any(stratum.end > began and (not ended or stratum.start < ended) for began, ended, _ in spans):
        return replace(stratum, canary=_NO_REQUESTS, unattributed=0, nowhere=0)
    return stratum


def is_recent(health: Health | None, since: float) -> bool:
    """Return whether a disruption lasted until after a moment (unix seconds) and so explains silence."""
    return any(not ended or ended > since for _, ended, _ in (health.disrupted if health is not None else ()))


def pod_wait(health: Health | None, rules: Rules) -> PodWait | None:
    """Return why the canary is waited for, or not any longer; None if no disruption explains missing pods."""
    if health is None or not health.disruption:
        return None
    if len(health.disrupted) > rules.max_disruptions:
        often = (
            f"the canary's pods were disrupted {len(health.disrupted)} times in this run, more than the maximum of"
            f" {rules.max_disruptions}; the last time: {health.disruption}. Find out why the cluster takes them away"
            f" (resource requests too small, low priority, drains), then release again"
        )
        return PodWait(often, is_over=True)
    detail = f"; {health.detail.rstrip('.')}" if health.detail else ""
    seen = f"{health.disruption}, which says nothing about the version; {health.ready} of {health.desired} ready"
    limit = phrases.span(rules.disruption_seconds)
    if health.unready_seconds >= rules.disruption_seconds:
        return PodWait(f"{seen} after {limit} (--disruption-seconds){detail}", is_over=True)
    return PodWait(f"{seen}; waiting for up to {limit} (--disruption-seconds){detail}", is_over=False)


def notes(health: Health | None) -> tuple[str, ...]:
    """Return a note for each disruption: which requests were left out, and why."""
    return tuple(
        f"canary requests from {phrases.clock(began)} {f'to {phrases.clock(ended)}' if ended else 'on'} are left"
        f" out: {what}"
        for began, ended, what in (health.disrupted if health is not None else ())
    )
