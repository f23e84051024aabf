"""The reporter to judge by, Istio's label: never the sum of several, which would count requests twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from steps.evidence.definitions.promql import ArmLabels, selector
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import values_by_label
from steps.model.evidence import Arm

AUTO: Final = "auto"
_ORDER: Final = ("source", "waypoint", "destination")
_ENOUGH: Final = 0.8


@dataclass(frozen=True, slots=True)
class Reporter:
    """The chosen reporter, and the reason for people."""

    name: str
    reason: str

    @property
    def aligned(self) -> bool:
        """Whether each of its proxies sees both arms, so that both are counted in the same scrape."""
        return self.name in {"source", "waypoint"}


NO_MESH: Final = Reporter("", "the mesh's metrics are not read")
"""For a release that is judged by custom metrics alone."""


def choose_reporter(prometheus: Prometheus, arms: ArmLabels, wanted: str) -> Reporter | None:
    """Choose the reporter; None if stable has no series. One query.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    requests = selector(arms.metrics.requests, arms.matchers(arms=[Arm.STABLE]))
    rate = f"sum by (reporter) (rate({requests}[5m]))"
    answer = prometheus.query(f"{rate} or sum by (reporter) ({requests}) * 0")
    return reporter_of_rates(values_by_label(answer.result, "reporter"), wanted)


def reporter_of_rates(rates: Mapping[str, float], wanted: str) -> Reporter | None:
    """Choose by stable's requests per second as each reporter counts them (0: series without traffic)."""
    if wanted != AUTO:
        return Reporter(wanted, "as set") if wanted in rates else None
    most = max(rates.values(), default=0.0)
    for name in _ORDER[:-1]:
        if name in rates and rates[name] >= _ENOUGH * most:
            return Reporter(name, _WHY[name])
    if "destination" in rates:
        return Reporter("destination", _WHY["destination"])
    return next((Reporter(name, "the only one that reports") for name in _ORDER if name in rates), None)


_WHY: Final = {
    "source": "callers are in the mesh: they also see failed connections, and count both arms in the same scrape",
    "waypoint": "waypoints report: they count both arms in the same scrape",
    "destination": "most callers are not in the mesh, so only the pods' own proxies count all requests",
}
